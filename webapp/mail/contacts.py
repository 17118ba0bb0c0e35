"""Links, addresses and telephone numbers in typed text.

A letter goes to an inbox, where a mail program makes live links of what looks like one. No list
knows all endings of names, so any dot with two letters after it counts, wherever it stands.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Final, Literal

from .telephone import find_number
from .unseen import without_unseen

Kind = Literal["link", "address", "number", "list"]

# Longer than this nobody needs to see what was found.
_SHOWN: Final = 40

# Every dash is one; what looks like a full stop is one. The dot of Chinese and Japanese ends a
# sentence, and there no space follows it: it counts only before Latin letters, see below.
_PLAIN: Final = {
    **dict.fromkeys(
        map(ord, "\u00ad\u058a\u05be\u1806\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2e3a\u2e3b"
            "\u301c\u3030\u30a0\u30fc\uff5e"), "-"
    ),
    **dict.fromkeys(map(ord, "\u0701\u0702\ua4f8\ua60e\U00010a50\U0001d16d"), "."),
    # Letters in circles and squares, which have no plain letter in Unicode's tables.
    **{0x1F150 + i: chr(97 + i) for i in range(26)},
    **{0x1F170 + i: chr(97 + i) for i in range(26)},
}  # fmt: skip
_IDEOGRAPHIC_STOP: Final = re.compile(r"(?<=\S)\u3002(?=[A-Za-z])")

_SCHEMES: Final = (
    "about|bitcoin|blob|callto|cid|data|ethereum|facetime|facetime-audio|feed|file|ftp|geo|git"
    "|gtalk|http|https|im|intent|irc|itms|itms-apps|javascript|ldap|magnet|mailto|maps|market|mid"
    "|mms|mmsto|ms-\\w+|msteams|news|nntp|rtsp|sftp|sgnl|sip|sips|skype|slack|sms|smsto|spotify|ssh"
    "|tel|telnet|tg|threema|urn|vbscript|view-source|viber|wa|webcal|weixin|whatsapp|ws|wss|xmpp"
    "|zoommtg"
)
_LINK: Final = re.compile(
    r"[a-z][a-z0-9+.-]*://\S*"
    rf"|(?<![^\W_])(?:{_SCHEMES}):[^\s]\S*"
    r"|(?<!/)//\w\S*|\\\\\w\S*|(?<![^\W_])www\.\S+"
    # IPv4, and IPv6 in its brackets.
    r"|(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?!\.?\d)"
    r"|\[(?:[0-9a-f]*:){2,}[0-9a-f:.]*(?:%\w+)?\]",
    re.IGNORECASE,
)
_ADDRESS: Final = re.compile(r"[^\s@]+@[^\W_]\S*")
# A single dot; in a row of them ("well...maybe") none stands inside a name.
_DOT: Final = re.compile(r"(?<!\.)\.(?!\.)")


@dataclass(frozen=True)
class Contact:
    """What was found in a text, and of which kind it is."""

    kind: Kind
    found: str = field(repr=False)


def find_contact(text: str) -> Contact | None:
    """The first link, address or telephone number in a text; its "found" is plainly written."""
    plain = _plain(text)
    if link := _LINK.search(plain):
        return Contact("link", _short(link.group()))
    if address := _ADDRESS.search(plain):
        return Contact("address", _short(address.group()))
    if name := _host_name(plain):
        return Contact("link", _short(name))
    if number := find_number(_with_plain_digits(plain)):
        return Contact("list" if number.is_list else "number", _short(number.found))
    return None


def contact_in(text: str) -> str:
    """What `find_contact` finds; else ""."""
    contact = find_contact(text)
    return contact.found if contact else ""


def number_in(text: str) -> str:
    """The first telephone number in a text; else ""."""
    number = find_number(_with_plain_digits(_plain(text)))
    return number.found if number else ""


def _plain(text: str) -> str:
    """The text as a mail program may read it: nothing unseen, one form of each character."""
    if text.isascii():
        return text
    # Twice: some characters are made of others that show nothing.
    seen = without_unseen(unicodedata.normalize("NFKC", without_unseen(text)))
    return _IDEOGRAPHIC_STOP.sub(".", seen.translate(_PLAIN))


def _host_name(plain: str) -> str:
    """The first word with a dot and two letters after it; marks over letters do not count."""
    for dot in _DOT.finditer(plain):
        letters = 0
        for char in plain[dot.end() :]:
            category = unicodedata.category(char)
            if category[0] == "L":
                letters += 1
            elif category[0] != "M":
                break
            if letters == 2:
                return _word_round(plain, dot.start())
    return ""


def _word_round(plain: str, at: int) -> str:
    start = at
    while start and not plain[start - 1].isspace():
        start -= 1
    end = at
    while end < len(plain) and not plain[end].isspace():
        end += 1
    return plain[start:end]


def _with_plain_digits(plain: str) -> str:
    """The digits of all scripts, and those in circles, as 0 to 9."""
    return plain if plain.isascii() else "".join(map(_digit, plain))


def _digit(char: str) -> str:
    if char.isascii() or unicodedata.category(char) not in ("Nd", "No"):
        return char
    value = unicodedata.numeric(char, -1.0)
    return str(int(value)) if value.is_integer() and 0 <= value < 100 else char


def _short(found: str) -> str:
    found = found.strip()
    return found if len(found) <= _SHOWN else f"{found[: _SHOWN - 1]}…"
