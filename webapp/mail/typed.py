"""What people type: cleaned, measured, and looked through for contact details."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Characters without a place in a letter: controls, lone surrogates, private use, unassigned.
_DROPPED_CATEGORIES: Final = frozenset({"Cc", "Cs", "Co", "Cn"})
# Format characters turn lines round or hide text; only the joiners belong to words (UAX 31).
_JOINERS: Final = frozenset({"\u200c", "\u200d"})
# Letters and marks that show nothing, and are no control characters: a name of them looks empty.
BLANK: Final = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
_NOTHING: Final = dict.fromkeys(map(ord, BLANK + "".join(_JOINERS)))
_LINE_BREAKS: Final = re.compile(r"\r\n?|[\u0085\u2028\u2029\v\f]")
_SPACES: Final = re.compile(r"[^\S\n]+")

_ENDINGS: Final = "com|org|net|info|biz|xyz|zip|uk|ie|eu|us|ca|au|de|fr|io|me|co|ru|cn|tk|ly|ai"
_LINK: Final = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://|www\.)\S+|\S+@\S+|\b(?:mailto|tel|sms|javascript|data|file):\S+"
    # Mail programs make links of names with endings that they know, and nobody can know them all:
    # any two small letters after a dot count, any letters before a slash, and GOO.GL in capitals.
    # "e.g.", "9.30am", "B.SC." and "I nod.Then I write" are none.
    r"|(?<![\w.])(?:[^\W_](?:[\w-]{0,62})\.){1,8}"
    rf"(?:(?:(?-i:[^\W\d_A-Z]{{2,}})|{_ENDINGS}|xn--[a-z0-9-]+)(?![\w-])(?:/\S*)?|[^\W\d_]{{2,}}/\S*)"
    r"|(?-i:(?<![\w.])[A-Z0-9-]{2,63}\.[A-Z]{2,}(?![\w-]))"
    r"|(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])",
    re.IGNORECASE,
)
_HOURS: Final = r"(?:[01]?\d|2[0-3])\.[0-5]\d"
_YEAR: Final = r"(?:19|20)\d\d"
# What has many digits and is no telephone number: 23/11/2026, 9.30-10.30, 2019-2023, 1,000,000.
_DATE: Final = re.compile(
    r"(?<![\d.])(?:(?:\d{1,2}([./-])\d{1,2}\1(?:\d\d){1,2}|\d{4}([./-])\d{1,2}\2\d{1,2})"
    rf"|{_HOURS}\s?-\s?{_HOURS}|{_YEAR}\s?[-/]\s?{_YEAR}"
    r"|[1-9]\d?\d?,\d{3},\d{3})(?![.,]?\d)"
)
# Seven digits are the shortest telephone number; spaces, dots, commas, brackets do not hide it.
_NUMBER: Final = re.compile(r"\+?\(?\d(?:[\s().,_+/-]{0,3}\d){6,}")
# Joiners hide nothing here, and every dash is one.
_PLAIN: Final = {
    **dict.fromkeys(map(ord, _JOINERS)),
    **dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-"),
    ord("\u3002"): ".",
}
# No field holds so much; a longer text is refused as it is, for composing it could take seconds.
_LONGEST: Final = 5_000


def clean_line(text: str) -> str:
    """One line of text: composed (NFC), without controls or characters that cannot be seen."""
    return _seen(" ".join(_clean(text).split()))


def clean_lines(text: str) -> str:
    """Lines of text, cleaned each; never more than one empty line between two paragraphs."""
    lines = [_SPACES.sub(" ", line).strip() for line in _clean(text).split("\n")]
    return _seen(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n"))


def _seen(text: str) -> str:
    """The text; or "" where nobody would see any of it."""
    return text if text.isascii() or text.translate(_NOTHING).strip() else ""


def _clean(text: str) -> str:
    kept = "".join(char for char in _LINE_BREAKS.sub("\n", text) if _belongs(char))
    return unicodedata.normalize("NFC", kept) if len(kept) <= _LONGEST else kept


def _belongs(char: str) -> bool:
    category = unicodedata.category(char)
    if category == "Cf":
        return char in _JOINERS
    return char == "\n" or char == "\t" or category not in _DROPPED_CATEGORIES


def contact_in(text: str) -> str:
    """The first link, address or telephone number in a text, as it stands there; else ""."""
    plain = unicodedata.normalize("NFKC", text).translate(_PLAIN)
    if link := _LINK.search(plain):
        return link.group()
    return number_in(plain)


def number_in(text: str) -> str:
    """The first telephone number in a text; else ""."""
    plain = unicodedata.normalize("NFKC", text).translate(_PLAIN)
    number = _NUMBER.search(_DATE.sub(lambda date: "-" * len(date.group()), plain))
    return number.group().strip() if number else ""


def utf8_length(text: str) -> int:
    """How many bytes a text takes."""
    return len(text.encode("utf-8", "surrogatepass"))
