"""Settings: read from the environment once, complete or the app does not start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Final, Literal, cast
from urllib.parse import urlsplit

from ..keys import Keys
from ..post.relay import is_loopback
from ..post.smtp import SmtpServer
from ..store.ledger import Limits
from . import addresses, parts
from .addresses import OutboxFolder
from .demo import demo_values
from .greeting import ehlo_name
from .names import faults_in
from .parts import DirectSend
from .reading import Reading

__all__ = ["OutboxFolder", "Settings", "from_environment", "is_loopback"]

# More hops than this are a slip, and each one that is not there lets a visitor make up an address.
_MOST_PROXIES: Final = 5
# More processes than this are a slip: each takes some 100 MB.
_MOST_WORKERS: Final = 64
# Two evenings to find the mail, and to think it over.
USUAL_WAITING_HOURS: Final = 48
# Requests a minute from one address, for each page and method. A person taps once in a second or
# two; a classroom behind one address, a few times that.
USUAL_FLOOD: Final = 240


# Which letters go to a typed address only after the code from its inbox; the first is the usual.
OwnInboxCode = Literal["free-text", "always", "never"]
OWN_INBOX_CODES: Final = ("free-text", "always", "never")


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
    own_inbox_code: OwnInboxCode = "free-text"
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
    def step(self) -> int:
        """Which of a host's three steps this is: no mail, one's own inbox, a named person."""
        return 1 if self.mail is None else 2 if self.direct_send == "off" else 3

    @property
    def keys(self) -> Keys:
        """All keys: from the secret in use, and from those before it."""
        return Keys(self.secret_key, self.secret_key_fallbacks)

    @property
    def secure(self) -> bool:
        """Whether visitors come by HTTPS."""
        return self.public_url.startswith("https://")

    @property
    def public_host(self) -> str:
        """The host name in PUBLIC_URL."""
        return urlsplit(self.public_url).hostname or ""


def from_environment(environ: Mapping[str, str], instance: Path) -> Settings:
    """Read the settings; raises SettingsError with a sentence for each that is missing or wrong."""
    said = environ.get("WORD_AHEAD_DEMO", "").strip()
    demo = said == "1"
    values = demo_values(environ, instance) if demo else environ
    reading = Reading(values, [*faults_in(environ)])
    if said not in ("", "0", "1"):
        reading.faults.append("WORD_AHEAD_DEMO has to be 1, or left out.")
    lasts = demo or bool(values.get("DATABASE_URL", "").strip())
    ca_file = reading.any(addresses.ca_file, None)
    mail = reading.needed("MAIL_URL", partial(addresses.mail, demo=demo, ca_file=ca_file), None)
    usual = Settings("", "", mail, "", "", "", "")
    # Whoever set a relay that cannot be read wants mail, too.
    sends = values.get("MAIL_URL", "").strip() not in ("", "none")
    settings = Settings(
        secret_key=reading.needed("SECRET_KEY", partial(parts.secret, demo=demo), ""),
        secret_key_fallbacks=reading.any(parts.secrets_in, ()),
        public_url=reading.needed("PUBLIC_URL", addresses.public_url, ""),
        mail=mail,
        mail_from=reading.any(partial(parts.mail_from, needed=sends), ""),
        host_name=reading.needed("HOST_NAME", parts.one_line, ""),
        host_contact=reading.needed("HOST_CONTACT", parts.contact, ""),
        ehlo_name=reading.any(ehlo_name, ""),
        demo=demo,
        own_inbox_code=cast("OwnInboxCode", reading.choice("OWN_INBOX_CODE", OWN_INBOX_CODES)),
        check_domains=not demo and reading.choice("CHECK_DOMAINS", ("on", "off")) == "on",
        trusted_proxies=reading.number("TRUSTED_PROXIES", usual=0, most=_MOST_PROXIES),
        database_url=reading.any(partial(addresses.database_url, instance=instance), ""),
        database_lasts=lasts,
        direct_send=reading.any(parts.direct_send, usual.direct_send),
        direct_send_domains=parts.domains(values),
        waiting_hours=reading.number("WAITING_HOURS", usual=usual.waiting_hours, least=1, most=168),
        flood_storage=reading.any(addresses.flood_storage, usual.flood_storage),
        flood_minute=reading.number("LIMITS_FLOOD_MINUTE", usual=usual.flood_minute, least=1),
        limits=_limits(reading),
    )
    _check_what_the_server_reads(reading)
    reading.end()
    return settings if lasts and mail is not None else replace(settings, direct_send="off")


def _limits(reading: Reading) -> Limits:
    """The limits, each settable as LIMITS_ and its name in capitals."""
    return Limits(
        **{
            one.name: reading.number(f"LIMITS_{one.name.upper()}", usual=getattr(Limits, one.name))
            for one in fields(Limits)
        }
    )


def _check_what_the_server_reads(reading: Reading) -> None:
    """gunicorn.conf.py reads these two by itself, and would end with a traceback."""
    reading.number("WEB_CONCURRENCY", usual=1, least=1, most=_MOST_WORKERS)
    reading.number("PORT", usual=0, most=parts.MOST_PORT)
