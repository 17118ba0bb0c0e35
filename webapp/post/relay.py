"""Where the relay is, and how long we wait for it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ..errors import SettingsError

Security = Literal["none", "starttls", "tls"]


@dataclass(frozen=True)
class SmtpServer:
    """The mail server that takes our mail and carries it on."""

    host: str
    port: int
    security: Security
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    # An extra certificate to trust, for a private relay.
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        """Raise SettingsError where a mail would travel in clear."""
        if self.security == "none" and not is_loopback(self.host):
            raise SettingsError(
                "MAIL_URL may be smtp:// only to this machine; use smtp+starttls:// or smtps://."
            )


@dataclass(frozen=True)
class Deadlines:
    """Until when all up to the final dot has to be said, and how long its reply may take."""

    before_dot: float
    after_dot: float


@dataclass(frozen=True)
class Timeouts:
    """How long each step of handing over may take, in seconds: a person is waiting."""

    # In all. A little under the 30 s after which most platforms cut a request off.
    whole: float = 25.0
    connect: float = 5.0
    # From one command to its whole reply; also for greeting and handshake.
    command: float = 5.0
    # From the final dot to its reply: a relay may look for viruses here, so longer than the rest.
    # It is set aside from the start, at most half of what there is: no dot is sent without the
    # full time to hear the answer.
    after_dot: float = 12.0
    # Unused for longer than this, a kept connection is not trusted to be alive.
    idle: float = 20.0

    def within(self, seconds: float, now: float) -> Deadlines:
        """When each part of one mail has to be over, where all of it may take so many seconds."""
        whole = min(self.whole, seconds)
        after_dot = min(self.after_dot, whole / 2)
        return Deadlines(now + whole - after_dot, after_dot)


def is_loopback(host: str) -> bool:
    """Tell whether a host's name or address is this very machine."""
    if host == "localhost":
        return True
    try:
        # Only IPv6 has zones (RFC 4007).
        return ipaddress.ip_address(host.partition("%")[0] if ":" in host else host).is_loopback
    except ValueError:
        return False
