"""Where the server may be killed, and what is noted of each kill."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Final

from webapp.keys import Keys
from webapp.store.sealing import Sealer

from ..direct import CHEAP
from .server import SECRET

# Where the server is killed, as it is seen from outside just after the kill.
BEFORE_CLAIM: Final = "before the claim"
CLAIMED: Final = "claimed, relay not called"
PAGE_READY: Final = "noted, page not out"
PAGE_OUT: Final = "page out"
RANDOM: Final = "random"
AT_THE_RELAY: Final = {
    "greeting": "connected",
    "ehlo": "connected",
    "mail": "MAIL",
    "rcpt": "RCPT",
    "data": "DATA",
    "payload": "letter half over",
    "dot": "dot there, 250 not said",
    "said": "250 said, not noted",
}
PHASES: Final = (
    BEFORE_CLAIM,
    CLAIMED,
    *dict.fromkeys(AT_THE_RELAY.values()),
    PAGE_READY,
    PAGE_OUT,
)
STEP_OF: Final = {phase: step for step, phase in reversed(AT_THE_RELAY.items())}


@dataclass
class Run:
    """One kill, and what came of it."""

    wanted: str
    recipient: str
    token: str = field(repr=False)
    code: str = field(repr=False)
    letter: str = field(repr=False)
    phase: str = ""
    answered: bool = False
    delivered_by_kill: int = 0
    # What the plain second click was told, and what it delivered.
    shown: str = ""
    delivered_plain: int = 0
    ticked: bool = False
    delivered: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        """Where its code is asked for."""
        return f"/confirm/{self.token}"

    @property
    def id(self) -> bytes:
        """Its row."""
        return Sealer(Keys(SECRET), cost=CHEAP).id_of(self.token)


def wanted_phases(number: int, seed: int) -> list[str]:
    """Each phase equally often, an eighth at random moments, in no order."""
    chance = random.Random(seed)  # noqa: S311  picks an order, guards nothing
    at_random = number // 8
    wanted = [RANDOM] * at_random
    wanted += [PHASES[at % len(PHASES)] for at in range(number - at_random)]
    chance.shuffle(wanted)
    return wanted
