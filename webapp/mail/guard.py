"""The last look at a mail's head before it leaves: by our grammar, then as others read it."""

import re
from collections.abc import Mapping
from email.errors import HeaderParseError, MultipartInvariantViolationDefect
from email.header import decode_header, make_header
from email.parser import HeaderParser
from email.utils import getaddresses

from ..errors import MailRefused

# RFC 5321, 4.5.3.1: the longest address, and the longest part before its "@".
LONGEST_ADDRESS = 254
LONGEST_LOCAL_PART = 64
# RFC 5322, 2.1.1: a line should stay within 78 characters, and must within 998. Only what cannot
# be broken (an address, an id, a URL) may use the second.
LINE = 78
LONGEST_LINE = 998

# RFC 5322 dot-atom without "%" and "!", by which old servers were made to pass mail on.
ATOM = r"[A-Za-z0-9#$&'*+/=?^_`{|}~-]+"
LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADDRESS = rf"{ATOM}(?:\.{ATOM})*@{LABEL}(?:\.{LABEL})*"
FOLD = r"(?:\r\n)? "
PRINTABLE = r"[\x20-\x7e]"
PLAIN_LINE = r"[\x21-\x7e][\x20-\x7e]*"
WORD = r"=\?utf-8\?[qb]\?[\x21-\x3e\x40-\x7e]+\?="

GRAMMAR = {
    "From": rf" Word Ahead{FOLD}<{ADDRESS}>",
    "To": FOLD + ADDRESS,
    "Reply-To": FOLD + ADDRESS,
    "Subject": rf" (?:{WORD}(?:\r\n {WORD})*|(?!.*=\?){PLAIN_LINE}(?:\r\n {PLAIN_LINE})*)",
    "Date": r" [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}",
    "Message-ID": rf" <[A-Za-z0-9._-]+@{LABEL}(?:\.{LABEL})*>",
    "MIME-Version": r" 1\.0",
    "Content-Type": r' multipart/alternative;\r\n boundary="=_[0-9a-f]{32}"',
    "Content-Language": r" [A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*",
    "Auto-Submitted": r" auto-generated",
    "List-Unsubscribe": rf"{FOLD}<https?://[\x21-\x3b\x3d\x3f-\x7e]+>",
}
_UNBREAKABLE = {"From", "To", "Reply-To", "Message-ID", "List-Unsubscribe"}
_ADDRESS = re.compile(ADDRESS)
_FIELD_START = re.compile(r"\r\n(?! )")
_PARSER = HeaderParser()


def _well_formed(name: str, rule: str) -> re.Pattern[str]:
    """A whole field: each line printable, not too long, and more than the space that continues."""
    longest = LONGEST_LINE if name in _UNBREAKABLE else LINE
    line = rf"{PRINTABLE}{{0,{longest - 1}}}[\x21-\x7e]"
    return re.compile(rf"(?={line}(?:\r\n{line})*\Z){name}:(?:{rule})", re.DOTALL | re.ASCII)


_GRAMMAR = {name: _well_formed(name, rule) for name, rule in GRAMMAR.items()}


def check_address(address: str) -> None:
    """Let only one plain ASCII address pass, which can be nothing else in a header or a command.

    Raises MailRefused.
    """
    local = address.partition("@")[0]
    if (
        len(address) > LONGEST_ADDRESS
        or len(local) > LONGEST_LOCAL_PART
        or "=?" in address
        or not _ADDRESS.fullmatch(address)
    ):
        raise MailRefused("An address is not one plain address.")


def check_head(head: str, meant: Mapping[str, str]) -> bytes:
    """Compare a finished head with what was meant, name by name, and give its bytes.

    Raises MailRefused.
    """
    fields = _FIELD_START.split(head.removesuffix("\r\n"))
    names = [field.partition(":")[0] for field in fields]
    if not head.endswith("\r\n") or names != list(meant):
        raise MailRefused("The head does not hold exactly the headers it should.")
    for name, field in zip(names, fields, strict=True):
        if not _GRAMMAR[name].fullmatch(field):
            raise MailRefused(f"The header {name} is not well formed.")
    # Plain ASCII by now: the grammar knows nothing else.
    _check_reading(head, meant)
    return head.encode("ascii")


def _check_reading(head: str, meant: Mapping[str, str]) -> None:
    """Read the head as its receiver would: nothing more, and nobody else, may be in it."""
    read = _PARSER.parsestr(head + "\r\n")
    # Older Pythons (3.11.2) miss the parts here; the head is read without its body on purpose.
    defects = [x for x in read.defects if not isinstance(x, MultipartInvariantViolationDefect)]
    if read.keys() != list(meant) or read.get_payload() or defects:
        raise MailRefused("The head is read with other headers than were meant.")
    for name in ("To", "Reply-To"):
        # Where it was not meant it is not there: the names were just compared.
        if name in meant and getaddresses(read.get_all(name, [])) != [("", meant[name])]:
            raise MailRefused(f"The header {name} is read as other addresses than were meant.")
    if _decoded(read["Subject"]) != meant["Subject"]:
        raise MailRefused("The subject is read as another one than was meant.")


def _decoded(subject: str) -> str:
    try:
        return str(make_header(decode_header(subject.replace("\r\n ", " "))))
    except (HeaderParseError, UnicodeError, LookupError):
        raise MailRefused("The subject cannot be read.") from None
