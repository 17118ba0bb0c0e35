"""One mail as a value, and its bytes: plain ASCII lines, written by us and checked before use."""

import base64
import hashlib
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

from ..errors import MailRefused
from ..keys import keyed_hash, told_apart
from .body import body_part
from .guard import LINE, check_address, check_head
from .unseen import BLANK

# The sender's name in every letter: no letter tells by its sender who is behind it.
SENDER_NAME = "Word Ahead"
# One line of a mail list on a screen; RFC 5322 asks the same of a line.
LONGEST_SUBJECT = 78
# RFC 2047, 2: a line with an encoded word has at most 76 characters, its header's name counted.
ENCODED_LINE = 76
# What is left for encoded text in "Subject: =?utf-8?q?…?=" on one line.
WORD_ROOM = ENCODED_LINE - len("Subject: ") - len("=?utf-8?q??=")
# RFC 2047, 5 (3): what may stand for itself in an encoded word, wherever that word stands.
_PLAIN_IN_WORD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/"
_Q_ENCODED = [
    chr(x) if x in _PLAIN_IN_WORD else "_" if x == 32 else f"={x:02X}" for x in range(256)
]

_BLANK = dict.fromkeys(map(ord, BLANK))
_SPACES = {"Cc", "Zs", "Zl", "Zp"}
# Format (bidi, zero width), half characters, and what only one program or font understands.
_DROPPED = {"Cf", "Cs", "Co"}


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A mail to exactly one person, in one language, as text and as HTML."""

    sender: str = field(repr=False)
    recipient: str = field(repr=False)
    reply_to: str | None = field(default=None, repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)
    language: str
    message_id: str
    date: datetime
    auto_submitted: bool
    list_unsubscribe: str | None = field(default=None, repr=False)

    def to_bytes(self) -> bytes:
        """Write the mail: 7-bit, CRLF, and the same bytes each time. Raises MailRefused."""
        # Between quoted-printable lines "=_" cannot occur: there "=" is followed by hex or an end.
        boundary = (
            f"=_{hashlib.sha256(self.message_id.encode('utf-8', 'replace')).hexdigest()[:32]}"
        )
        headers = _headers(self, boundary)
        head = "".join(_header_lines(name, value) for name, value in headers.items())
        checked_head = check_head(head, headers)
        parts = (body_part("plain", self.text), body_part("html", self.html))
        fence = f"\r\n--{boundary}".encode()
        return b"".join(
            (checked_head, *(fence + b"\r\n" + part for part in parts), fence, b"--\r\n")
        )


def message_id(key: bytes, domain: str, *parts: str) -> str:
    """Make the id of a mail: always the same for the same parts, and telling nothing of them."""
    digest = keyed_hash(key, b"message-id/v1" + told_apart(*parts))
    # 120 bits: no two mails meet, and the line stays short.
    return f"<{base64.b32encode(digest[:15]).decode().lower()}@{domain}>"


def clean_name(text: str) -> str:
    """Give a name as it may stand in a header: only what can be seen, in one line, without "=?"."""
    if text.isascii() and text.isprintable() and "=?" not in text:
        return " ".join(text.split())
    composed = unicodedata.normalize("NFC", text).translate(_BLANK)
    seen = (_seen(character) for character in composed)
    one_line = " ".join("".join(seen).split())
    # Last, since what was dropped may have stood between the two.
    return unicodedata.normalize("NFC", one_line).replace("=?", "= ?")


def subject_line(text: str) -> str:
    """Give a subject as it is sent: cleaned, and where it is too long, cut between characters."""
    subject = clean_name(text)
    if len(subject) <= LONGEST_SUBJECT:
        return subject
    cut = LONGEST_SUBJECT - len("…")
    while cut and not _starts_character(subject, cut):
        cut -= 1
    return subject[: cut or LONGEST_SUBJECT - len("…")].rstrip() + "…"


def _seen(character: str) -> str:
    category = unicodedata.category(character)
    if category in _SPACES:
        return " "
    is_noncharacter = ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF
    return "" if category in _DROPPED or is_noncharacter else character


def _starts_character(text: str, index: int) -> bool:
    """Tell whether a reader sees a new character begin here (most of Unicode's annex 29)."""
    here, before = text[index], text[index - 1]
    is_flag = "\U0001f1e6" <= here <= "\U0001f1ff" and "\U0001f1e6" <= before <= "\U0001f1ff"
    is_skin_tone = "\U0001f3fb" <= here <= "\U0001f3ff"
    return not (unicodedata.category(here).startswith("M") or is_flag or is_skin_tone)


def _headers(mail: Mail, boundary: str) -> dict[str, str]:
    """List the headers, in order, each with its plain value."""
    for address in filter(None, (mail.sender, mail.recipient, mail.reply_to)):
        check_address(address)
    subject = subject_line(mail.subject)
    if mail.date.tzinfo is None:
        raise MailRefused("A mail needs a date with its zone.")
    headers: dict[str, str | None] = {
        "From": f"{SENDER_NAME} <{mail.sender}>",
        "To": mail.recipient,
        "Reply-To": mail.reply_to,
        "Subject": subject,
        "Date": format_datetime(mail.date),
        "Message-ID": mail.message_id,
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative;\r\n boundary="{boundary}"',
        "Content-Language": mail.language,
        "Auto-Submitted": "auto-generated" if mail.auto_submitted else None,
        "List-Unsubscribe": f"<{mail.list_unsubscribe}>" if mail.list_unsubscribe else None,
    }
    return {name: value for name, value in headers.items() if value is not None}


def _header_lines(name: str, value: str) -> str:
    written = _encoded(value) if name == "Subject" else value
    line = f"{name}: {written}"
    if len(line) > LINE and name in {"From", "To", "Reply-To", "List-Unsubscribe"}:
        # At its last space: an address or a URL then has a line of its own.
        start, _, end = line.rpartition(" ")
        line = f"{start}\r\n {end}"
    return f"{line}\r\n"


def _encoded(subject: str) -> str:
    """Write a subject in ASCII, broken so that each line has room for its header's name."""
    if subject.isascii():
        lines = _lines(subject.split(" "), LINE - len("Subject: "), " ")
        if lines is not None:
            return "\r\n ".join(lines)
    by_quoting = ["".join(_Q_ENCODED[byte] for byte in x.encode()) for x in subject]
    if len("".join(by_quoting)) <= len(subject.encode()) * 4 // 3:
        words = [f"=?utf-8?q?{x}?=" for x in _lines(by_quoting, WORD_ROOM) or ()]
    else:
        # Three bytes become four letters; each line holds whole characters.
        by_bytes = [x.encode().decode("latin-1") for x in subject]
        lines = _lines(by_bytes, WORD_ROOM // 4 * 3) or []
        encoded = (base64.b64encode(x.encode("latin-1")).decode() for x in lines)
        words = [f"=?utf-8?b?{x}?=" for x in encoded]
    return "\r\n ".join(words)


def _lines(pieces: list[str], room: int, between: str = "") -> list[str] | None:
    """Join pieces to lines of at most that many characters; none if a piece has no room at all."""
    lines = [""]
    for index, piece in enumerate(pieces):
        if len(piece) > room:
            return None
        longer = f"{lines[-1]}{between}{piece}" if index else piece
        if len(longer) > room:
            lines.append(piece)
        else:
            lines[-1] = longer
    return lines
