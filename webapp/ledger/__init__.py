"""Who may still send: limits, the block list and one-use submissions, all over keyed hashes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import Enum
from secrets import token_bytes
from typing import Final

import sqlalchemy as sa

from ..database import Database, DatabaseUnavailable, Turn
from ..database.tables import counted, daily
from .blocks import BlockList
from .hashes import HASH_BYTES, DailyHashes
from .limits import DAY, Limits, Rule, ToOwn, ToPerson, network, rules
from .submissions import Changed, Submission, Submissions, Told

__all__ = [
    "Changed",
    "Count",
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
COUNTS_LIFE: Final = 400 * DAY  # a year's report, and a month to write it
FEW: Final = 5  # smaller figures could be one person


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

    rows: tuple[bytes, ...] = field(repr=False)
    submission: bytes | None = field(default=None, repr=False)
    attempt: int = 0


@dataclass(frozen=True)
class Count:
    """How many mails of a kind a day had; None is a figure too small to show."""

    day: date
    situation: str
    level: str
    outcome: str
    number: int | None


class Ledger:
    """Counts before a mail is sent; every method may raise LedgerUnavailable: then send nothing."""

    def __init__(
        self, database: Database, secrets: Sequence[str], limits: Limits | None = None
    ) -> None:
        self._database = database
        self._limits = limits or Limits()
        self._daily = DailyHashes(secrets)
        self._submissions = Submissions(secrets)
        self._block_list = BlockList(secrets)

    def reserve(
        self, mail: ToOwn | ToPerson, submission: Submission | None = None, *, again: bool = False
    ) -> Reservation | Refusal | Told | Changed:
        """Count one mail before it is sent, or say why it may not be.

        `again` (a pressed "try again") lets a submission that did not end as sent go once more.
        """
        with self._writing() as connection:
            self._database.take_turns(connection, Turn.COUNT)
            now = self._database.now(connection)
            self._sweep(connection, now)
            attempt: int | Told | Changed = 1
            if submission:
                attempt = self._submissions.attempt(connection, submission, again=again, now=now)
            if not isinstance(attempt, int):
                return attempt
            if refusal := self._refusal(connection, mail, now):
                return refusal
            rows = self._count_mail(connection, mail, now)
            if not submission:
                return Reservation(rows)
            id_ = self._submissions.accept(connection, submission, attempt=attempt, now=now)
            return Reservation(rows, id_, attempt)

    def settle(self, reservation: Reservation, result: str) -> None:
        """Note how the send ended; one that certainly did not go is not counted."""
        if result not in RESULTS:
            raise ValueError("this is no result of a send")
        with self._writing() as connection:
            if result == "not sent":
                connection.execute(sa.delete(counted).where(counted.c.id.in_(reservation.rows)))
            if reservation.submission:
                self._submissions.settle(
                    connection, reservation.submission, reservation.attempt, result
                )

    def block(self, address: str) -> None:
        """Send nothing to this address any more, however it is spelled."""
        with self._writing() as connection:
            self._database.take_turns(connection, Turn.COUNT)
            self._block_list.add(connection, address)

    def is_blocked(self, address: str) -> bool:
        """Whether nothing may be sent to this address."""
        with self._writing() as connection:
            self._database.take_turns(connection, Turn.COUNT)
            return self._block_list.contains(connection, address)

    def count(self, *, situation: str, level: str, outcome: str) -> None:
        """One more of these today; nothing of whose it was."""
        with self._writing() as connection:
            self._database.take_turns(connection, Turn.COUNT)
            day = self._database.now(connection) // DAY
            values = {"day": day, "situation": situation, "level": level, "outcome": outcome}
            same = sa.and_(*(daily.c[name] == value for name, value in values.items()))
            more = sa.update(daily).where(same).values(number=daily.c.number + 1)
            if connection.execute(more).rowcount == 0:
                connection.execute(sa.insert(daily).values(number=1, **values))

    def counts(self) -> list[Count]:
        """All days' figures, the small ones hidden."""
        order = (daily.c.day, daily.c.situation, daily.c.level, daily.c.outcome)
        with self._unavailable(), self._database.reading() as connection:
            rows = connection.execute(sa.select(daily).order_by(*order)).all()
        return [
            Count(
                datetime.fromtimestamp(row.day * DAY, UTC).date(),
                row.situation,
                row.level,
                row.outcome,
                row.number if row.number >= FEW else None,
            )
            for row in rows
        ]

    def purge(self) -> int:
        """Delete what no rule looks at any more; returns how many rows."""
        with self._writing() as connection:
            now = self._database.now(connection)
            old = sa.delete(daily).where(daily.c.day < (now - COUNTS_LIFE) // DAY)
            return self._sweep(connection, now) + connection.execute(old).rowcount

    @contextmanager
    def _unavailable(self) -> Iterator[None]:
        try:
            yield
        except LedgerUnavailable:
            raise
        except DatabaseUnavailable as error:
            raise LedgerUnavailable(str(error)) from None

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with self._unavailable(), self._database.writing() as connection:
            yield connection

    def _sweep(self, connection: sa.Connection, now: int) -> int:
        gone = connection.execute(sa.delete(counted).where(counted.c.at <= now - DAY)).rowcount
        return gone + self._submissions.sweep(connection, now)

    def _refusal(
        self, connection: sa.Connection, mail: ToOwn | ToPerson, now: int
    ) -> Refusal | None:
        if self._block_list.contains(connection, mail.reader):
            return Refusal.BLOCKED
        kept = rules(mail, self._limits)
        numbers = connection.execute(sa.select(*(self._number(rule, now) for rule in kept))).one()
        broken = [rule for rule, number in zip(kept, numbers, strict=True) if number >= rule.most]
        if not broken:
            return None
        return Refusal.SITE if broken[0].site else Refusal.LIMIT

    def _number(self, rule: Rule, now: int) -> sa.ScalarSelect[int]:
        """How many were counted within the rule's time."""
        hashes = self._daily.near(rule.counted, now // DAY)
        return (
            sa.select(sa.func.count())
            .select_from(counted)
            .where(counted.c.key.in_(hashes), counted.c.at > now - rule.seconds)
            .scalar_subquery()
        )

    def _count_mail(
        self, connection: sa.Connection, mail: ToOwn | ToPerson, now: int
    ) -> tuple[bytes, ...]:
        day = now // DAY
        keys = {self._daily.of(rule.counted, day) for rule in rules(mail, self._limits)}
        ids = tuple(token_bytes(HASH_BYTES) for _ in keys)
        rows = [{"id": id_, "key": key, "at": now} for id_, key in zip(ids, keys, strict=True)]
        connection.execute(sa.insert(counted), rows)
        return ids
