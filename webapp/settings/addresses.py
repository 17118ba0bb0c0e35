"""The settings that are addresses: each refused in one sentence, which never repeats it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from ..errors import SettingsError
from ..post.relay import Security, SmtpServer, is_loopback
from ..post.smtp import trust
from ..store.database.engines import parse

_SECURITY: Final[Mapping[str, tuple[Security, int]]] = {
    "smtp": ("none", 25),
    "smtp+starttls": ("starttls", 587),
    "smtps": ("tls", 465),
}
_FLOOD_STORES: Final = ("redis", "rediss")
_USUAL_PORTS: Final = {"https": ":443", "http": ":80"}
# A sign that begins a code, and is none.
_LONE_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_BLANK: Final = re.compile(r"[\s\x00-\x1f\x7f]")


@dataclass(frozen=True)
class OutboxFolder:
    """Mails are written into a folder, one file each: for the demo only."""

    path: Path


def public_url(name: str, value: str) -> str:
    """The address by which people come: https, or this very machine."""
    parts = _split(name, value)
    loopback = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if not parts.hostname or not (parts.scheme == "https" or loopback):
        raise SettingsError(f"{name} has to begin with https:// (http:// only on loopback).")
    bare = not (parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc)
    if not bare or not parts.netloc.isascii():
        raise SettingsError(f"{name} has to be a host alone, such as https://letters.example.")
    # As browsers write an origin: in small letters, and without the usual port.
    address = f"{parts.scheme}://{parts.netloc}".lower()
    return address.removesuffix(_USUAL_PORTS[parts.scheme])


def mail(
    name: str, value: str, *, demo: bool, ca_file: Path | None
) -> SmtpServer | OutboxFolder | None:
    """How a mail leaves, or that none does."""
    if value == "none":
        return None
    if value.startswith("outbox:"):
        if not demo:
            raise SettingsError(f"{name} may be an outbox only with WORD_AHEAD_DEMO=1.")
        return OutboxFolder(Path(value.removeprefix("outbox:")))
    if value.partition("://")[0] not in _SECURITY:
        known = ", ".join(f"{scheme}://" for scheme in _SECURITY)
        raise SettingsError(f"{name} has to be none, or begin with {known}.")
    parts = _server(name, value)
    if parts.path.strip("/") or not parts.hostname or parts.port == 0:
        raise SettingsError(f"{name} has to be user:password@host:port, and nothing after it.")
    security, usual_port = _SECURITY[parts.scheme]
    return SmtpServer(
        host=parts.hostname,
        port=parts.port or usual_port,
        security=security,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        ca_file=ca_file,
    )


def ca_file(values: Mapping[str, str]) -> Path | None:
    """One more certificate to trust; it is read once here, so that a wrong one is told at once."""
    value = values.get("MAIL_CA_FILE", "").strip()
    if not value:
        return None
    if not Path(value).is_file():
        raise SettingsError("MAIL_CA_FILE names a file that is not there.")
    trust(Path(value))
    return Path(value)


def database_url(values: Mapping[str, str], instance: Path) -> str:
    """Where the limits are kept, and letters that wait; a file of SQLite where nothing is said."""
    value = values.get("DATABASE_URL", "").strip()
    if not value:
        return f"sqlite:///{instance / 'word-ahead.db'}"
    parse(value)
    return value


def flood_storage(values: Mapping[str, str]) -> str:
    """Where floods are counted: in each process for itself, or in a Valkey or Redis."""
    name = "RATELIMIT_STORAGE_URI"
    value = values.get(name, "").strip()
    if value in ("", "memory://"):
        return "memory://"
    if value.partition("://")[0] not in _FLOOD_STORES:
        raise SettingsError(f"{name} has to begin with redis:// or rediss://.")
    parts = _server(name, value)
    number = parts.path.strip("/")
    is_number = not number or (number.isascii() and number.isdecimal())
    if not parts.hostname or not is_number:
        raise SettingsError(f"{name} has to be a host and, after a /, the number of a database.")
    return value


def _server(name: str, value: str) -> SplitResult:
    """A server's address with user and password; whatever they would be cut at is refused."""
    encode = (
        f"{name} cannot be read: percent-encode what is no letter or digit in user and password"
        " (# is %23, / is %2F, ? is %3F, @ is %40, % is %25)."
    )
    try:
        parts = _split(name, value)
    except SettingsError:
        raise SettingsError(encode if "@" in value else f"{name} has no readable port.") from None
    behind = f"{parts.path}{parts.query}{parts.fragment}"
    is_cut = parts.netloc.count("@") > 1 or "@" in behind or "#" in value or "?" in value
    if is_cut or _LONE_PERCENT.search(parts.netloc):
        raise SettingsError(encode)
    return parts


def _split(name: str, value: str) -> SplitResult:
    """The parts of an address; the library would leave out blanks within it, without a word."""
    try:
        parts = urlsplit(value)
        _ = parts.port
        # Else somebody's blank in a password would be lost, and the login fail.
        if _BLANK.search(value):
            raise ValueError
    except ValueError:
        raise SettingsError(f"{name} cannot be read as an address.") from None
    return parts
