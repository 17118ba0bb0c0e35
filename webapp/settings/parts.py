"""Reading one setting each; every error names the variable and never its value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from email.utils import parseaddr
from pathlib import Path
from typing import Final, Literal, cast
from urllib.parse import SplitResult, unquote, urlsplit

from email_validator import EmailNotValidError, validate_email

from ..errors import SettingsError
from ..mail.typed import number_in
from ..post.relay import is_loopback
from ..post.smtp import Security, SmtpServer
from ..store.ledger import Limits

DirectSend = Literal["on", "allowlist", "off"]

# A shorter secret could be guessed; 32 bytes is what every derived key is long.
SECRET_BYTES: Final = 32

_SECURITY: Final[Mapping[str, tuple[Security, int]]] = {
    "smtp": ("none", 25),
    "smtp+starttls": ("starttls", 587),
    "smtps": ("tls", 465),
}


_USUAL_PORTS: Final = {"https": ":443", "http": ":80"}


@dataclass(frozen=True)
class OutboxFolder:
    """Mails are written into a folder, one file each: for the demo only."""

    path: Path


def secret(name: str, value: str) -> str:
    """A secret that is long enough."""
    value = value.strip()
    if len(value.encode()) < SECRET_BYTES:
        raise SettingsError(f"{name} is too short: it needs at least {SECRET_BYTES} bytes.")
    return value


def secrets_in(value: str) -> tuple[str, ...]:
    """Older secrets, with commas between them."""
    return tuple(secret("SECRET_KEY_FALLBACKS", one) for one in value.split(",") if one.strip())


def public_url(value: str) -> str:
    """The address by which people come: https, or this very machine."""
    parts = _split("PUBLIC_URL", value.strip())
    loopback = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if not parts.hostname or not (parts.scheme == "https" or loopback):
        raise SettingsError("PUBLIC_URL has to begin with https:// (http:// only on loopback).")
    bare = not (parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc)
    if not bare or not parts.netloc.isascii():
        raise SettingsError("PUBLIC_URL has to be a host alone, such as https://letters.example.")
    # As browsers write an origin: in small letters, and without the usual port.
    address = f"{parts.scheme}://{parts.netloc}".lower()
    return address.removesuffix(_USUAL_PORTS[parts.scheme])


def mail(values: Mapping[str, str], *, demo: bool) -> SmtpServer | OutboxFolder | None:
    """How a mail leaves, or that none does."""
    value = values["MAIL_URL"].strip()
    if value == "none":
        return None
    if value.startswith("outbox:"):
        if not demo:
            raise SettingsError("MAIL_URL may be an outbox only with WORD_AHEAD_DEMO=1.")
        return OutboxFolder(Path(value.removeprefix("outbox:")))
    parts = _split("MAIL_URL", value)
    if parts.scheme not in _SECURITY or not parts.hostname:
        known = ", ".join(f"{scheme}://" for scheme in _SECURITY)
        raise SettingsError(f"MAIL_URL has to be none, or begin with {known}.")
    security, usual_port = _SECURITY[parts.scheme]
    if security == "none" and not is_loopback(parts.hostname):
        raise SettingsError("MAIL_URL may be smtp:// only to this machine; use smtp+starttls://.")
    return SmtpServer(
        host=parts.hostname,
        port=parts.port or usual_port,
        security=security,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        ca_file=_ca_file(values.get("MAIL_CA_FILE", "").strip()),
    )


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


def database_url(values: Mapping[str, str], instance: Path) -> str:
    """Where the limits are kept, and letters that wait; a file of SQLite where nothing is said."""
    value = values.get("DATABASE_URL", "").strip()
    if not value:
        return f"sqlite:///{instance / 'word-ahead.db'}"
    if not value.startswith(("sqlite:", "postgresql:", "postgres:", "postgresql+psycopg:")):
        raise SettingsError("DATABASE_URL has to begin with postgresql:// or sqlite:///.")
    return value


def direct_send(values: Mapping[str, str]) -> DirectSend:
    """Whether letters go straight to a named person."""
    wanted = choice(values, "DIRECT_SEND", ("on", "allowlist", "off"))
    if wanted == "allowlist" and not domains(values):
        raise SettingsError("DIRECT_SEND_DOMAINS is not set, and DIRECT_SEND=allowlist needs it.")
    return cast("DirectSend", wanted)


def domains(values: Mapping[str, str]) -> tuple[str, ...]:
    """The domains that direct letters may go to."""
    found = values.get("DIRECT_SEND_DOMAINS", "").replace(",", " ").split()
    return tuple(one.lower().lstrip("*").lstrip("@.") for one in found)


def limits(values: Mapping[str, str]) -> Limits:
    """The limits, each settable as LIMITS_ and its name in capitals."""
    usual = Limits()
    return Limits(
        **{
            one.name: number(values, f"LIMITS_{one.name.upper()}", usual=getattr(usual, one.name))
            for one in fields(Limits)
        }
    )


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
    value = value.strip()
    if not value.isprintable():
        raise SettingsError(f"{name} has to be one line of plain text.")
    return value


def contact(name: str, value: str) -> str:
    """How to write to the host: one line, and no telephone number for people who cannot call."""
    value = one_line(name, value)
    if number_in(" ".join(one for one in value.split() if not set("@/") & set(one))):
        raise SettingsError(f"{name} may hold no telephone number: who reads it cannot call.")
    return value


def _ca_file(value: str) -> Path | None:
    if value and not Path(value).is_file():
        raise SettingsError("MAIL_CA_FILE names a file that is not there.")
    return Path(value) if value else None


def _split(name: str, value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise SettingsError(f"{name} cannot be read as an address.") from None
    return parts
