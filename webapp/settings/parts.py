"""Reading one setting each; every error names the variable and never its value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from itertools import pairwise
from typing import Final, Literal, cast

from email_validator import EmailNotValidError, validate_email

from ..errors import SettingsError
from ..mail.typed import number_in

DirectSend = Literal["on", "allowlist", "off"]

# A shorter secret could be guessed; 32 bytes is what every derived key is long.
SECRET_BYTES: Final = 32
MOST_PORT: Final = 65_535

# What programs' own examples say, and what an unexpanded command looks like; letters alone.
_PLACEHOLDERS: Final = (
    "changeme",
    "changethis",
    "replaceme",
    "placeholder",
    "insecure",
    "yoursecret",
    "yourkey",
    "tokenurlsafe",
)
# A random text of 32 signs has about 30 different triples of neighbours; one that repeats has few.
_LEAST_TRIPLES: Final = 20


def secret(name: str, value: str, *, demo: bool) -> str:
    """A secret that is long enough and not to be guessed; what the demo's guards is nobody's."""
    if not demo and _is_guessable(_long_enough(name, value)):
        raise SettingsError(
            f"{name} can be guessed. Make a random one: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    return _long_enough(name, value)


def _long_enough(name: str, value: str) -> str:
    if len(value.encode()) < SECRET_BYTES:
        raise SettingsError(f"{name} is too short: it needs at least {SECRET_BYTES} bytes.")
    return value


def _is_guessable(value: str) -> bool:
    """Whether a secret is a placeholder, repeats itself, or runs on as the alphabet does."""
    letters = "".join(one for one in value.casefold() if one.isalpha())
    triples = {value[at : at + 3] for at in range(len(value) - 2)}
    steps = sum(ord(b) - ord(a) == 1 for a, b in pairwise(value))
    return (
        any(one in letters for one in _PLACEHOLDERS)
        or len(triples) < _LEAST_TRIPLES
        or steps > len(value) // 2
    )


def secrets_in(values: Mapping[str, str]) -> tuple[str, ...]:
    """Older secrets, with commas between them.

    One that can be guessed is taken: it stands here so that its host can get away from it.
    """
    found = [one.strip() for one in values.get("SECRET_KEY_FALLBACKS", "").split(",")]
    return tuple(_long_enough("SECRET_KEY_FALLBACKS", one) for one in found if one)


def mail_from(values: Mapping[str, str], *, needed: bool) -> str:
    """The one address in MAIL_FROM; a name before it is left out, mails have their own."""
    value = values.get("MAIL_FROM", "").strip()
    if not value and not needed:
        return ""
    try:
        found = validate_email(
            parseaddr(value)[1] if value.endswith(">") else value,
            check_deliverability=False,
            allow_smtputf8=False,
            test_environment=True,
        )
    except EmailNotValidError:
        raise SettingsError("MAIL_FROM has to be one email address, and nothing else.") from None
    return found.ascii_email or found.normalized


def direct_send(values: Mapping[str, str]) -> DirectSend:
    """Whether letters go straight to a named person."""
    wanted = choice(values, "DIRECT_SEND", ("off", "on", "allowlist"))
    if wanted == "allowlist" and not domains(values):
        raise SettingsError("DIRECT_SEND_DOMAINS is not set, and DIRECT_SEND=allowlist needs it.")
    return cast("DirectSend", wanted)


def domains(values: Mapping[str, str]) -> tuple[str, ...]:
    """The domains that direct letters may go to."""
    found = values.get("DIRECT_SEND_DOMAINS", "").replace(",", " ").split()
    return tuple(one.lower().lstrip("*").lstrip("@.") for one in found)


def choice(values: Mapping[str, str], name: str, known: Sequence[str]) -> str:
    """One of some words; the first where nothing is said."""
    value = values.get(name, "").strip().lower() or known[0]
    if value not in known:
        raise SettingsError(f"{name} has to be one of: {', '.join(known)}.")
    return value


def number(
    values: Mapping[str, str], name: str, *, usual: int, least: int = 0, most: int = 1_000_000_000
) -> int:
    """A whole number."""
    value = values.get(name, "").strip() or str(usual)
    is_number = value.isascii() and value.isdecimal() and len(value) < 11
    if not (is_number and least <= int(value) <= most):
        raise SettingsError(f"{name} has to be a whole number from {least} to {most}.")
    return int(value)


def one_line(name: str, value: str) -> str:
    """One line of plain text."""
    if not value.isprintable():
        raise SettingsError(f"{name} has to be one line of plain text.")
    return value


def contact(name: str, value: str) -> str:
    """How to write to the host: one line, and no telephone number for people who cannot call."""
    value = one_line(name, value)
    if number_in(" ".join(one for one in value.split() if not set("@/") & set(one))):
        raise SettingsError(f"{name} may hold no telephone number: who reads it cannot call.")
    return value
