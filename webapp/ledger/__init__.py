"""Who may still send: limits, the block list and one-use submissions, all over keyed hashes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

import sqlalchemy as sa

from ..database import Database, DatabaseUnavailable, Turn
from . import figures
from .blocks import BlockList
from .counting import Counting
from .figures import Count
from .limits import MINUTE, Kind, Limits, Rule, ToOwn, ToPerson, network, rules
from .submissions import Changed, Submission, Submissions, Told

__all__ = [
    "Changed",
    "Count",
    "Kind",
    "Ledger",
    "LedgerUnavailable",
    "Limits",
    "Refusal",
    "Reservation",
    "Submission",
    "ToOwn",
    "ToPerson",
    "Told",
    "network",
]

RESULTS: Final = ("sent", "not sent", "refused", "perhaps sent")  # as the post spells them
SWEEP: Final = MINUTE  # between two sweeps of a process: old rows are only ever in the way


class LedgerUnavailable(DatabaseUnavailable):
    """Nobody can say whether this mail is within the limits, so it may not be sent."""


class Refusal(Enum):
    """Why not; for the log. The page says the same for LIMIT and BLOCKED."""

    LIMIT = "limit"
    SITE = "site"
    BLOCKED = "blocked"


@dataclass(frozen=True)
class Reservation:
    """Leave to send one mail now; settle it afterwards."""

    keys: tuple[bytes, ...] = field(repr=False)
    at: int  # UTC seconds
    submission: bytes | None = field(default=None, repr=False)
    attempt: int = 0
    kind: Kind | None = None


class Ledger:
    """Counts before a mail is sent; every method may raise LedgerUnavailable: then send nothing."""

    def __init__(
        self, database: Database, secrets: Sequence[str], limits: Limits | None = None
    ) -> None:
        self._database = database
        self._limits = limits or Limits()
        self._counting = Counting(secrets)
        self._submissions = Submissions(secrets)
        self._block_list = BlockList(secrets)
        self._next_sweep = 0

    def reserve(
        self, mail: ToOwn | ToPerson, submission: Submission | None = None, *, again: bool = False
    ) -> Reservation | Refusal | Told | Changed:
        """Count one mail before it is sent, or say why it may not be.

        `again` (a pressed "try again") lets a submission that did not end as sent go once more.
        """
        with self._writing() as connection:
            self._database.take_turns(connection, Turn.COUNT)
            now = self._database.now(connection)
            if not self._next_sweep - SWEEP <= now < self._next_sweep:
                self._sweep(connection, now)
            attempt: int | Told | Changed = 1
            if submission:
                attempt = self._submissions.attempt(connection, submission, again=again, now=now)
            if not isinstance(attempt, int):
                return attempt
            keys = self._counting.count(connection, rules(mail, self._limits), now)
            if isinstance(keys, Rule):
                return Refusal.SITE if keys.site else Refusal.LIMIT
            # Counted all the same: else a page would answer for ever where an address is blocked.
            if self._block_list.contains(connection, mail.reader):
                return Refusal.BLOCKED
            if not submission:
                return Reservation(keys, now, kind=mail.kind)
            id_ = self._submissions.accept(connection, submission, attempt=attempt, now=now)
            return Reservation(keys, now, id_, attempt, mail.kind)

    def settle(self, reservation: Reservation, result: str) -> None:
        """Note how the send ended, in the day's figures too; what did not go is not counted."""
        if result not in RESULTS:
            raise ValueError("this is no result of a send")
        with self._writing() as connection:
            if result == "not sent":
                # Others count on the same rows, in an order of their own.
                self._database.take_turns(connection, Turn.COUNT)
                self._counting.give_back(connection, reservation.keys, reservation.at)
            if reservation.submission:
                self._submissions.settle(
                    connection, reservation.submission, reservation.attempt, result
                )
            if reservation.kind:
                figures.add(connection, reservation.kind, result, reservation.at)

    def block(self, address: str) -> None:
        """Send nothing to this address any more, however it is spelled."""
        with self._writing(lasting=True) as connection:
            self._database.take_turns(connection, Turn.COUNT)
            self._block_list.add(connection, address)

    def is_blocked(self, address: str) -> bool:
        """Whether nothing may be sent to this address."""
        with self._writing() as connection:
            self._database.take_turns(connection, Turn.COUNT)
            return self._block_list.contains(connection, address)

    def counts(self) -> list[Count]:
        """All days' figures, the small ones hidden."""
        with self._unavailable(), self._database.reading() as connection:
            return figures.shown(connection)

    def purge(self) -> int:
        """Delete what no rule looks at any more; returns how many rows."""
        with self._writing() as connection:
            now = self._database.now(connection)
            return self._sweep(connection, now) + figures.sweep(connection, now)

    @contextmanager
    def _unavailable(self) -> Iterator[None]:
        try:
            yield
        except LedgerUnavailable:
            raise
        except DatabaseUnavailable as error:
            raise LedgerUnavailable(str(error)) from None

    @contextmanager
    def _writing(self, *, lasting: bool = False) -> Iterator[sa.Connection]:
        with self._unavailable(), self._database.writing(lasting=lasting) as connection:
            yield connection

    def _sweep(self, connection: sa.Connection, now: int) -> int:
        self._next_sweep = now + SWEEP
        return self._counting.sweep(connection, now) + self._submissions.sweep(connection, now)
