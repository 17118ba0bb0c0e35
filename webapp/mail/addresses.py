"""Email addresses: one, plain, and probably the one that was meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

import dns.exception
import dns.resolver
from email_validator import EmailNotValidError, validate_email

from ..errors import AnswersError, Busy
from ..slots import Slots
from .unseen import without_unseen

# RFC 5321, 4.5.3.1.3: a path has at most 256 octets, its angle brackets counted.
LONGEST: Final = 254
# RFC 5321, 4.5.3.1.1: so much may stand before the "@".
LONGEST_LOCAL: Final = 64
# A slow name server may cost a person this many seconds at most.
LOOKUP_SECONDS: Final = 1.5

# No name before an address is longer; more of a text is not looked at.
_LONGEST_PASTED: Final = 1_000
# Full-width signs, as some keyboards type them, and the dots that they have.
_WIDE: Final = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    **dict.fromkeys((0x3002, 0xFF61), "."),
    0xFE6B: "@",
    0xFE52: ".",
    0xA0: " ",
    0x3000: " ",
}
# What a sentence puts round an address.
_ROUND: Final = ".,;:!?()[]\"'`“”‘’„«»<>*"
_NAMED: Final = re.compile(r"(?P<name>[^<>\r\n]*)<(?P<address>[^<>\s]+)>?")
_SPACED_AT: Final = re.compile(r" *@ *")

_PROVIDERS: Final = (
    "gmail.com",
    "googlemail.com",
    "hotmail.com",
    "hotmail.co.uk",
    "outlook.com",
    "live.co.uk",
    "yahoo.com",
    "yahoo.co.uk",
    "icloud.com",
    "btinternet.com",
    "proton.me",
    "protonmail.com",
)
# Alike enough to be a slip (gmial.com), and far enough from other names people really have.
_ALIKE: Final = 0.82
_REAL_NEIGHBOURS: Final = frozenset({"mail.com", "email.com", "ymail.com", "live.com", "gmx.com"})
_ENDING_SLIPS: Final = (".con", ".cmo", ".vom", ".comm", ".ocm", ".co.ku", ".couk", ".og.uk")

# Of a process's eight threads, so many may wait for a name server; the question is only a help.
_LOOKING_UP: Final = Slots(2, patience=0)

DomainExists = Callable[[str], bool]


def read_address(text: str, field: str = "email") -> str:
    """The one plain address in a text, its domain in ASCII (RFC 5890).

    What clearly comes from pasting is taken off: a name before it, `mailto:`, a comma after it.
    Raises AnswersError whose sentence is a key of the form's errors.
    """
    text = _pasted(text[:_LONGEST_PASTED])
    if not text:
        raise AnswersError(field, "email_missing")
    if len(text) > LONGEST:
        raise AnswersError(field, "email_too_long")
    try:
        found = validate_email(
            text, check_deliverability=False, allow_smtputf8=False, allow_quoted_local=False
        )
    except EmailNotValidError:
        raise AnswersError(field, _why(text)) from None
    address = found.ascii_email
    if address is None or not _is_plain(found.local_part) or len(address) > LONGEST:
        raise AnswersError(field, "email_malformed")
    return address


def _pasted(text: str) -> str:
    """The address as it was meant where a text was pasted; what is not clear stays as it is."""
    seen = without_unseen(text)
    # Joiners belong to a few domains in other scripts; between Latin letters they only hide.
    text = (seen if seen.isascii() else without_unseen(text, keep_joiners=True)).translate(_WIDE)
    text = text.strip().strip(_ROUND).strip()
    if named := _NAMED.fullmatch(text):
        name, inner = named["name"].strip().strip(_ROUND), _bare(named["address"])
        # "emma@example.org <emma@example.org>" names one address; two different ones are not clear.
        text = inner if "@" not in name or _bare(name).casefold() == inner.casefold() else text
    return _bare(text)


def _bare(text: str) -> str:
    """Without `mailto:` and what is round it, and without spaces at the "@"."""
    text = text.strip().strip(_ROUND)
    if text[:7].casefold() == "mailto:":
        text = unquote(text[7:].partition("?")[0])
    return _SPACED_AT.sub("@", text.strip().strip(_ROUND).strip())


def _why(text: str) -> str:
    if text.count("@") > 1 or "," in text or ";" in text:
        return "email_two"
    if not text.partition("@")[0].isascii():
        return "email_letters"
    return "email_malformed"


def _is_plain(local: str) -> bool:
    """No percent hack or bang path, by which an old relay could be talked into another address."""
    return len(local) <= LONGEST_LOCAL and not set(local) & set('%!"\\') and "=?" not in local


# Names by which a list of people is often reached; "office" or "reception" is one desk.
_MANY: Final = frozenset(
    {
        *("all", "allstaff", "everybody", "everyone", "staff", "team", "teams", "parents"),
        *("carers", "pupils", "students", "members", "list", "lists", "group", "groups", "class"),
        *("year", "whole", "company", "school", "colleagues", "volunteers", "employees"),
    }
)


def is_for_many(address: str) -> bool:
    """Whether an address looks like a list of people: all-staff@, parents@, the.team@."""
    return not _MANY.isdisjoint(re.split(r"[^a-z]+", address.rpartition("@")[0].lower()))


def likely_meant(address: str) -> str:
    """The address that was probably meant where this one looks like a slip; else ""."""
    local, _, domain = address.rpartition("@")
    domain = domain.lower()
    if domain in _PROVIDERS or domain in _REAL_NEIGHBOURS:
        return ""
    for slip in _ENDING_SLIPS:
        if domain.endswith(slip):
            right = ".co.uk" if "k" in slip else ".com"
            domain = domain.removesuffix(slip) + right
            return f"{local}@{_near(domain) or domain}"
    near = _near(domain)
    return f"{local}@{near}" if near and near != domain else ""


def _near(domain: str) -> str:
    found = difflib.get_close_matches(domain, _PROVIDERS, n=1, cutoff=_ALIKE)
    return found[0] if found else ""


def domain_exists(domain: str) -> bool:
    """Whether the domain takes mail, or may: only a clear "no such name" counts as no."""
    try:
        with _LOOKING_UP.taken():
            resolver = dns.resolver.Resolver()
            resolver.lifetime = LOOKUP_SECONDS
            resolver.resolve(domain, "MX")
    except dns.resolver.NXDOMAIN:
        return False
    except (Busy, dns.exception.DNSException):
        return True
    return True
