"""Who may still send: limits, the block list and one-use submissions, all over keyed hashes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

import sqlalchemy as sa

from ...errors import warn
from ...keys import Keys
from ...post import Result
from ..database import AdvisoryLock, Database, DatabaseUnavailable
from . import figures
from .blocks import BlockList
from .counting import MailCounts
from .figures import CODE, RECEIPT, Count
from .limits import (
    MINUTE,
    Kind,
    Limits,
    Reader,
    ToGroup,
    ToOwn,
    ToPerson,
    fold,
    network,
    rules,
)
from .submissions import EarlierPress, OtherContent, Submission, Submissions

__all__ = [
    "CODE",
    "RECEIPT",
    "Count",
    "EarlierPress",
    "Kind",
    "Ledger",
    "LedgerUnavailable",
    "Limits",
    "OtherContent",
    "Reader",
    "Refusal",
    "Reservation",
    "Submission",
    "ToGroup",
    "ToOwn",
    "ToPerson",
    "fold",
    "network",
]

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

    def __init__(self, database: Database, keys: Keys, limits: Limits | None = None) -> None:
        self._database = database
        self._limits = limits or Limits()
        self._mail_counts = MailCounts(keys)
        self._submissions = Submissions(keys)
        self._block_list = BlockList(keys)
        self._next_sweep = 0

    def reserve(
        self, mail: Reader, submission: Submission | None = None, *, again: bool = False
    ) -> Reservation | Refusal | EarlierPress | OtherContent:
        """Count one mail before it is sent, or say why it may not be.

        `again` (a pressed "try again") lets a submission that did not end as sent go once more.
        """
        with self._writing() as connection:
            self._database.lock(connection, AdvisoryLock.COUNT)
            now = self._database.now(connection)
            attempt: int | EarlierPress | OtherContent = 1
            if submission:
                attempt = self._submissions.next_attempt(connection, submission, now, again=again)
            if not self._next_sweep - SWEEP <= now < self._next_sweep:
                self._sweep(connection, now)
            if not isinstance(attempt, int):
                return attempt
            counted = self._count(connection, mail, now)
            if isinstance(counted, Refusal):
                return counted
            id_ = None
            if submission:
                id_ = self._submissions.accept(connection, submission, attempt, now)
            return Reservation(counted, now, id_, attempt, mail.kind)

    def _count(
        self, connection: sa.Connection, mail: Reader, now: int
    ) -> tuple[bytes, ...] | Refusal:
        """Count one mail by every rule, or say which stands in the way; the keys of its rows."""
        its_rules = rules(mail, self._limits)
        if broken := self._mail_counts.first_broken(connection, its_rules, now):
            warn("limit-reached", setting=f"LIMITS_{broken.name.upper()}")
            figures.add(connection, figures.LIMIT, broken.name, now)
            return Refusal.SITE if broken.site else Refusal.LIMIT
        keys = self._mail_counts.add(connection, its_rules, now)
        # Counted all the same: else a page would answer for ever where an address is blocked.
        if self._block_list.contains(connection, mail.reader):
            return Refusal.BLOCKED
        return keys

    def settle(self, reservation: Reservation, result: Result, step: str = "") -> None:
        """Note how the send ended, in the day's figures too; what did not go is not counted.

        `step`: at which step of the relay it failed, if it did.
        """
        with self._writing() as connection:
            if result is Result.NOT_SENT:
                # Others count on the same rows, in an order of their own.
                self._database.lock(connection, AdvisoryLock.COUNT)
                self._mail_counts.give_back(connection, reservation.keys, reservation.at)
            if id_ := reservation.submission:
                self._submissions.settle(connection, id_, reservation.attempt, result)
            if reservation.kind:
                figures.add(connection, reservation.kind, result.value, reservation.at)
            if step:
                figures.add(connection, figures.RELAY, step, reservation.at)

    def note(self, kind: Kind, result: str, step: str = "") -> None:
        """Note in the day's figures how a mail ended that no limit counts."""
        with self._writing() as connection:
            now = self._database.now(connection)
            figures.add(connection, kind, result, now)
            if step:
                figures.add(connection, figures.RELAY, step, now)

    def block(self, address: str) -> None:
        """Send nothing to this address any more, however it is spelled."""
        with self._writing(lasting=True) as connection:
            self._database.lock(connection, AdvisoryLock.COUNT)
            self._block_list.add(connection, address)

    def is_blocked(self, address: str) -> bool:
        """Whether nothing may be sent to this address."""
        with self._unavailable(), self._database.reading() as connection:
            return self._block_list.contains(connection, address)

    def check_key(self) -> None:
        """Raise LedgerUnavailable if the block list was locked with a key that is not at hand."""
        with self._writing(lasting=True) as connection:
            self._database.lock(connection, AdvisoryLock.COUNT)
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
        return self._mail_counts.sweep(connection, now) + self._submissions.sweep(connection, now)
