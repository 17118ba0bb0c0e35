"""What the campaign with mail programs shares: who writes to whom, and what a program has sent."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

from ..mail_server import RealServer

EMMA: Final = "emma@example.org"
READER: Final = "patel@example.org"
MODES: Final = ("inline", "attached", "answered", "redirected")
# Seconds until a program that was told to send has sent; it needs one or two on a quiet machine.
_PATIENCE: Final = 60.0


@dataclass
class Sent:
    """What a program has sent in each mode; None where nothing came."""

    version: str
    by_mode: dict[str, bytes | None] = field(default_factory=dict)


def newest(relay: RealServer, after: int = 0) -> bytes | None:
    """The source of the mail that came last, once there are more than `after`."""
    end = time.monotonic() + _PATIENCE
    while len(relay.mails) <= after and time.monotonic() < end:
        time.sleep(0.1)
    return relay.mails[-1].data if len(relay.mails) > after else None
