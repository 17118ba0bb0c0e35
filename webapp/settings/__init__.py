"""Settings: read from the environment once, complete or the app does not start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from ..errors import SettingsError
from ..post.relay import is_loopback
from ..post.smtp import SmtpServer
from ..store.ledger import Limits
from . import parts
from .demo import demo_values
from .greeting import ehlo_name
from .parts import DirectSend, OutboxFolder

__all__ = ["OutboxFolder", "Settings", "from_environment", "is_loopback"]

_NEEDED: Final = ("SECRET_KEY", "PUBLIC_URL", "MAIL_URL", "HOST_NAME", "HOST_CONTACT")
# More hops than this are a slip, and each one that is not there lets a visitor make up an address.
_MOST_PROXIES: Final = 5
# Two evenings to find the mail, and to think it over.
USUAL_WAITING_HOURS: Final = 48
# Requests a minute from one address, for each page and method. A person taps once in a second or
# two; a classroom behind one address, a few times that.
USUAL_FLOOD: Final = 240


@dataclass(frozen=True)
class Settings:
    """What a host decides; see the table in README.md."""

    secret_key: str = field(repr=False)
    public_url: str
    mail: SmtpServer | OutboxFolder | None
    mail_from: str
    host_name: str
    host_contact: str
    # SQLite in the instance folder, or PostgreSQL; not opened where there is no mail.
    database_url: str = field(repr=False)
    # Whether what is written there outlives a restart: setting DATABASE_URL says so.
    database_lasts: bool = True
    # How we name ourselves to the relay; "" for MAIL_FROM's domain.
    ehlo_name: str = ""
    demo: bool = False
    secret_key_fallbacks: tuple[str, ...] = field(default=(), repr=False)
    check_domains: bool = True
    trusted_proxies: int = 0
    direct_send: DirectSend = "off"
    direct_send_domains: tuple[str, ...] = ()
    waiting_hours: int = USUAL_WAITING_HOURS
    flood_storage: str = field(default="memory://", repr=False)
    flood_minute: int = USUAL_FLOOD
    limits: Limits = field(default_factory=Limits)

    def may_receive(self, address: str) -> bool:
        """Whether a direct letter may go to this address's domain."""
        if self.direct_send == "allowlist":
            domain = address.rpartition("@")[2].lower()
            allowed = self.direct_send_domains
            return any(domain == one or domain.endswith(f".{one}") for one in allowed)
        return self.direct_send == "on"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secret in use, then those that may still open what they closed."""
        return (self.secret_key, *self.secret_key_fallbacks)

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
    demo = environ.get("WORD_AHEAD_DEMO", "").strip() == "1"
    values = demo_values(environ, instance) if demo else dict(environ)
    for name in _NEEDED:
        if not values.get(name, "").strip():
            raise SettingsError(f"{name} is not set. README.md says what it is for.")
    mail = parts.mail(values, demo=demo)
    lasts = demo or bool(values.get("DATABASE_URL", "").strip())
    return Settings(
        secret_key=parts.secret("SECRET_KEY", values["SECRET_KEY"]),
        secret_key_fallbacks=parts.secrets_in(values.get("SECRET_KEY_FALLBACKS", "")),
        public_url=parts.public_url(values["PUBLIC_URL"]),
        mail=mail,
        mail_from=parts.mail_from(values, needed=mail is not None),
        host_name=parts.one_line("HOST_NAME", values["HOST_NAME"]),
        host_contact=parts.contact("HOST_CONTACT", values["HOST_CONTACT"]),
        ehlo_name=ehlo_name(values),
        demo=demo,
        check_domains=not demo and parts.choice(values, "CHECK_DOMAINS", ("on", "off")) == "on",
        trusted_proxies=parts.number(values, "TRUSTED_PROXIES", usual=0, most=_MOST_PROXIES),
        database_url=parts.database_url(values, instance),
        database_lasts=lasts,
        direct_send=parts.direct_send(values) if lasts and mail is not None else "off",
        direct_send_domains=parts.domains(values),
        waiting_hours=parts.number(
            values, "WAITING_HOURS", usual=USUAL_WAITING_HOURS, least=1, most=168
        ),
        flood_storage=values.get("RATELIMIT_STORAGE_URI", "").strip() or "memory://",
        flood_minute=parts.number(values, "LIMITS_FLOOD_MINUTE", usual=USUAL_FLOOD, least=1),
        limits=parts.limits(values),
    )
