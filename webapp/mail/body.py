"""A body as it travels: 7-bit lines that no mail server on the way has reason to change."""

import base64
import re

from ..errors import MailRefused

# RFC 2045, 6.7: lines of at most 76 characters, the soft break's "=" counted.
BODY_LINE = 76
_PLAIN_IN_BODY = bytes(range(32, 127)) + b"\n"
# base64 makes four of three, and its lines: from here on it is clearly the shorter one.
_MUCH_LONGER = 1.6
# What would be changed on the way: a space at a line's end, "From " at its start, a dot there.
_UNSAFE_LINE = re.compile(rb"\n(?:(?<= \n)|From |\.)")
_SHORT_LINES = rb"(?:.{0,%d}+\n)" % BODY_LINE
# The start of a line that is too long, with one column left for the "=" of the break, which falls
# neither inside an escape nor before "From " or a dot: at most three such places stand in a row.
_LONG_START = rb"(?s:.{%d,%d})(?<!=)(?<!=.)(?!From |\.)" % (BODY_LINE - 4, BODY_LINE - 1)
# All that stands between two soft breaks, found at once: quicker than line by line.
_UP_TO_SOFT_BREAK = re.compile(rb"%b*+%b|%b++" % (_SHORT_LINES, _LONG_START, _SHORT_LINES))


def body_part(subtype: str, text: str) -> bytes:
    """A text or HTML body with its headers, in the shorter way; mostly plain stays readable.

    Raises MailRefused.
    """
    data = _utf8(text)
    body, encoding = _quoted_printable(data), "quoted-printable"
    # For most scripts of the world an escape takes six to nine columns a letter, base64 four.
    if len(body) > _MUCH_LONGER * len(data):
        body, encoding = _base64(data), "base64"
    head = (
        f'Content-Type: text/{subtype}; charset="utf-8"\r\n'
        f"Content-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    return head.encode() + body


def _utf8(text: str) -> bytes:
    """A body with plain line ends. Raises MailRefused."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise MailRefused("A body holds half a character.") from None


def _base64(data: bytes) -> bytes:
    """Lines of 76 columns, with the line ends that text has in a mail (RFC 2045, 6.8)."""
    return base64.encodebytes(data.replace(b"\n", b"\r\n")).replace(b"\n", b"\r\n").rstrip()


def _quoted_printable(data: bytes) -> bytes:
    """Lines of at most 76 columns (RFC 2045, 6.7)."""
    data = data.replace(b"=", b"=3D")
    # A letter has few other bytes, if any: each sort is replaced at once, quicker than by a regex.
    for byte in set(data.translate(None, _PLAIN_IN_BODY)):
        data = data.replace(bytes((byte,)), b"=%02X" % byte)
    # So that there is always a place for a soft break, which no dot may follow.
    if b".." in data or b".From " in data:
        data = data.replace(b"..", b".=2E").replace(b".From ", b"=2EFrom ")
    if _UNSAFE_LINE.search(b"\n%b\n" % data):
        data = b"\n".join(map(_safe_line, data.split(b"\n")))
    broken = b"=\n".join(_UP_TO_SOFT_BREAK.findall(data + b"\n"))
    return broken[:-1].replace(b"\n", b"\r\n")


def _safe_line(line: bytes) -> bytes:
    """A line without what is known to be changed on the way."""
    if line.endswith(b" "):
        line = line[:-1] + b"=20"
    # Old mailboxes put ">" before a line that begins "From ", which would break a signature.
    if line.startswith(b"From "):
        return b"From=20" + line[5:]
    # A dot there is doubled on the way and halved again (RFC 5321, 4.5.2), but not by every server;
    # addresses and styles break by one dot more or less.
    return b"=2E" + line[1:] if line.startswith(b".") else line
