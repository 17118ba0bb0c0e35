"""The database and what is kept in it: limits, letters that wait for a yes, and rounds."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from ..errors import warn
from ..keys import Keys
from .database import Database, DatabaseUnavailable
from .feedback import Feedback
from .ledger import Ledger, Limits
from .rounds import Rounds
from .sealing import Sealer
from .waiting import WaitingLetters

_HOUR: Final = 3600
# A code that blocks an address is fetched at once, or not at all.
_STOP_HOURS: Final = 2
# A coordinator's invitation: three rounds of two weeks, and time to talk between them.
_INVITATION_HOURS: Final = 90 * 24


@dataclass(frozen=True)
class Store:
    """What lasts longer than a request; none of it can be read without the writer's code."""

    database: Database
    counts: Database
    ledger: Ledger
    waiting: WaitingLetters
    stopping: WaitingLetters
    inviting: WaitingLetters
    rounds: Rounds
    feedback: Feedback

    def start(self) -> None:
        """Make ready to serve; SQLite brings its tables up to date by itself."""
        was_lost = self.database.has_file and not self.counts.has_file
        self.database.start()
        self.counts.start()
        if was_lost:
            # With the limits went the list of who wants no mail.
            warn("limits-file-new", cure="restore-the-block-list")
        with suppress(DatabaseUnavailable):
            self.ledger.check_key()

    def upgrade(self) -> None:
        """Bring the tables up to date."""
        self.database.upgrade()
        self.counts.upgrade()


def open_store(database_url: str, keys: Keys, limits: Limits, waiting_hours: int) -> Store:
    """The store, not yet connected: start() makes it ready."""
    database = Database(database_url)
    counts = Database(database_url, counts=True)

    def sealed(purpose: str, hours: int) -> WaitingLetters:
        return WaitingLetters(database, Sealer(keys, purpose=purpose), life=hours * _HOUR)

    return Store(
        database=database,
        counts=counts,
        ledger=Ledger(counts, keys, limits),
        waiting=sealed("letter", waiting_hours),
        stopping=sealed("stop", _STOP_HOURS),
        inviting=sealed("group", _INVITATION_HOURS),
        rounds=Rounds(database),
        feedback=Feedback(counts),
    )
