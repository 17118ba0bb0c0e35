"""Settings: read from the environment once, complete or the app does not start."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from email_validator import EmailNotValidError, validate_email

from .errors import SettingsError
from .post.smtp import Security, SmtpServer

# A shorter secret could be guessed; 32 bytes is what every derived key is long.
SECRET_BYTES: Final = 32

_SECURITY: Final[Mapping[str, tuple[Security, int]]] = {
    "smtp": ("none", 25),
    "smtp+starttls": ("starttls", 587),
    "smtps": ("tls", 465),
}
_NEEDED: Final = ("SECRET_KEY", "PUBLIC_URL", "MAIL_URL", "HOST_NAME", "HOST_CONTACT")


@dataclass(frozen=True)
class OutboxFolder:
    """Mails are written into a folder, one file each: for the demo only."""

    path: Path


@dataclass(frozen=True)
class Settings:
    """What a host decides; see the table in README.md."""

    secret_key: str = field(repr=False)
    public_url: str
    mail: SmtpServer | OutboxFolder | None
    mail_from: str
    host_name: str
    host_contact: str
    demo: bool = False
    secret_key_fallbacks: tuple[str, ...] = field(default=(), repr=False)
    check_domains: bool = True
    trusted_proxies: int = 0

    @property
    def secure(self) -> bool:
        """Whether visitors come by HTTPS."""
        return self.public_url.startswith("https://")

    @property
    def public_host(self) -> str:
        """The host name in PUBLIC_URL."""
        return urlsplit(self.public_url).hostname or ""


def from_environment(environ: Mapping[str, str], instance: Path) -> Settings:
    """Read the settings; raises SettingsError that names the first variable that is wrong."""
    demo = environ.get("WORD_AHEAD_DEMO", "") == "1"
    values = _demo_values(environ, instance) if demo else dict(environ)
    for name in _NEEDED:
        if not values.get(name, "").strip():
            raise SettingsError(f"{name} is not set. README.md says what it is for.")
    ca_file = values.get("MAIL_CA_FILE", "").strip()
    mail = _mail(values["MAIL_URL"].strip(), Path(ca_file) if ca_file else None, demo=demo)
    return Settings(
        secret_key=_secret("SECRET_KEY", values["SECRET_KEY"]),
        secret_key_fallbacks=tuple(
            _secret("SECRET_KEY_FALLBACKS", one)
            for one in values.get("SECRET_KEY_FALLBACKS", "").split(",")
            if one.strip()
        ),
        public_url=_public_url(values["PUBLIC_URL"]),
        mail=mail,
        mail_from=_mail_from(values, needed=mail is not None),
        host_name=_one_line("HOST_NAME", values["HOST_NAME"]),
        host_contact=_one_line("HOST_CONTACT", values["HOST_CONTACT"]),
        demo=demo,
        check_domains=not demo and values.get("CHECK_DOMAINS", "on").strip().lower() != "off",
        trusted_proxies=_hops(values.get("TRUSTED_PROXIES", "0")),
    )


def _demo_values(environ: Mapping[str, str], instance: Path) -> dict[str, str]:
    """The environment, with what `make run` needs filled in."""
    port = environ.get("PORT", "5000")
    return {
        "SECRET_KEY": environ.get("SECRET_KEY") or _kept_secret(instance / "secret_key"),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "MAIL_URL": f"outbox:{instance / 'outbox'}",
        "MAIL_FROM": "letters@wordahead.example",
        "HOST_NAME": "A demo on this computer",
        "HOST_CONTACT": "demo@wordahead.example",
    } | {name: value for name, value in environ.items() if value.strip()}


def _kept_secret(path: Path) -> str:
    """The demo's own secret: made once, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        if kept := path.read_text().strip():
            return kept
    path.write_text(secrets.token_urlsafe(SECRET_BYTES))
    return path.read_text()


def _secret(name: str, value: str) -> str:
    value = value.strip()
    if len(value.encode()) < SECRET_BYTES:
        raise SettingsError(f"{name} is too short: it needs at least {SECRET_BYTES} bytes.")
    return value


def _public_url(value: str) -> str:
    parts = _split("PUBLIC_URL", value.strip())
    loopback = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if not parts.hostname or not (parts.scheme == "https" or loopback):
        raise SettingsError("PUBLIC_URL has to begin with https:// (http:// only on loopback).")
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        raise SettingsError("PUBLIC_URL has to be a host alone, such as https://letters.example.")
    return f"{parts.scheme}://{parts.netloc}"


def _mail(value: str, ca_file: Path | None, *, demo: bool) -> SmtpServer | OutboxFolder | None:
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
    if ca_file is not None and not ca_file.is_file():
        raise SettingsError("MAIL_CA_FILE names a file that is not there.")
    return SmtpServer(
        host=parts.hostname,
        port=parts.port or usual_port,
        security=security,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        ca_file=ca_file,
    )


def _split(name: str, value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise SettingsError(f"{name} cannot be read as an address.") from None
    return parts


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this very machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _mail_from(values: Mapping[str, str], *, needed: bool) -> str:
    value = values.get("MAIL_FROM", "").strip()
    if not value and not needed:
        return ""
    try:
        found = validate_email(
            value, check_deliverability=False, allow_smtputf8=False, test_environment=True
        )
    except EmailNotValidError:
        raise SettingsError("MAIL_FROM has to be one email address, and nothing else.") from None
    return found.ascii_email or found.normalized


def _one_line(name: str, value: str) -> str:
    value = value.strip()
    if not value.isprintable():
        raise SettingsError(f"{name} has to be one line of plain text.")
    return value


def _hops(value: str) -> int:
    if not value.strip().isdecimal():
        raise SettingsError("TRUSTED_PROXIES has to be a number, such as 0 or 1.")
    return int(value)
