"""Who may still send: limits, the block list and one-use submissions, all over keyed hashes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

import sqlalchemy as sa

from ...errors import warn
from ..database import Database, DatabaseUnavailable, Turn
from . import blocks, figures
from .blocks import BlockList
from .counting import Counting, broken
from .figures import Count
from .limits import MINUTE, Kind, Limits, ToOwn, ToPerson, fold, network, rules
from .look import Asked, Look, Press
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
    "fold",
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
        self._look = Look(database.time, self._counting, self._submissions, self._block_list)
        self._next_sweep = 0

    def reserve(
        self, mail: ToOwn | ToPerson, submission: Submission | None = None, *, again: bool = False
    ) -> Reservation | Refusal | Told | Changed:
        """Count one mail before it is sent, or say why it may not be.

        `again` (a pressed "try again") lets a submission that did not end as sent go once more.
        """
        press = Press(mail, rules(mail, self._limits), submission, again)
        asked = self._look.asked(press)
        with self._writing() as connection:
            self._database.take_turns(connection, Turn.COUNT)
            return self._reserve(connection, press, asked)

    def _reserve(
        self, connection: sa.Connection, press: Press, asked: Asked
    ) -> Reservation | Refusal | Told | Changed:
        seen = self._look.see(connection, press, asked)
        if not self._next_sweep - SWEEP <= seen.now < self._next_sweep:
            self._sweep(connection, seen.now)
        attempt: int | Told | Changed = 1
        if press.submission:
            attempt = self._submissions.attempt(press.submission, seen, again=press.again)
        if not isinstance(attempt, int):
            return attempt
        if rule := broken(press.kept, seen):
            warn("limit-reached", setting=f"LIMITS_{rule.name.upper()}")
            return Refusal.SITE if rule.site else Refusal.LIMIT
        keys = self._counting.add(connection, press.kept, seen.now)
        # Counted all the same: else a page would answer for ever where an address is blocked.
        if self._block_list.is_blocked(connection, press.mail.reader, seen):
            return Refusal.BLOCKED
        if not press.submission:
            return Reservation(keys, seen.now, kind=press.mail.kind)
        id_ = self._submissions.accept(connection, press.submission, attempt=attempt, now=seen.now)
        return Reservation(keys, seen.now, id_, attempt, press.mail.kind)

    def settle(self, reservation: Reservation, result: str) -> None:
        """Note how the send ended, in the day's figures too; what did not go is not counted."""
        if result not in RESULTS:
            raise ValueError("this is no result of a send")
        with self._writing() as connection:
            if result == "not sent":
                # Others count on the same rows, in an order of their own.
                self._database.take_turns(connection, Turn.COUNT)
                self._counting.give_back(connection, reservation.keys, reservation.at)
            if id_ := reservation.submission:
                self._submissions.settle(connection, id_, reservation.attempt, result)
            if reservation.kind:
                figures.add(connection, reservation.kind, result, reservation.at)

    def block(self, address: str) -> None:
        """Send nothing to this address any more, however it is spelled."""
        with self._writing(lasting=True) as connection:
            self._database.take_turns(connection, Turn.COUNT)
            self._block_list.add(connection, address)

    def is_blocked(self, address: str) -> bool:
        """Whether nothing may be sent to this address."""
        with self._unavailable(), self._database.reading() as connection:
            seen = connection.execute(blocks.LOOK, self._block_list.values(address)).one()
        if seen.is_blocked is None:
            with self._writing() as connection:
                self._database.take_turns(connection, Turn.COUNT)
                return self._block_list.contains(connection, address)
        return bool(seen.is_blocked)

    def check_key(self) -> None:
        """Raise LedgerUnavailable if the block list was locked with a key that is not at hand."""
        with self._writing() as connection:
            self._block_list.check(connection)

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
