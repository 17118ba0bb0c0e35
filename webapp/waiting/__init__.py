"""Letters that wait, sealed, for a yes from their writer's inbox; each is sent at most once."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ..database import Database, Turn
from ..database.tables import DECOY, tries, waiting
from ..sealing import Key, Sealer, new_code, new_token, parse_code, slot
from . import rows
from .states import (
    DECOY_WRAP,
    FREE_TRIES,
    LEASE,
    LIFE,
    MINUTE,
    MOST_AGAIN,
    MOST_ATTEMPTS,
    MOST_WAITING,
    RESULTS,
    SLOW_TRY,
    Event,
    State,
)
from .tickets import Claim, Opened, Ticket, WaitingFull

__all__ = ["LIFE", "Claim", "Event", "Opened", "State", "Ticket", "WaitingFull", "WaitingLetters"]


class WaitingLetters:
    """All letters that wait; every change is one transaction, durable when the method returns.

    Every method may raise DatabaseUnavailable: then nothing may be sent.
    """

    def __init__(
        self, database: Database, sealer: Sealer, *, life: int = LIFE, most: int = MOST_WAITING
    ) -> None:
        self._database = database
        self._sealer = sealer
        self._life = life
        self._most = most

    def put(self, payload: bytes, *, browser: bytes | None = None) -> Ticket:
        """Seal a letter; what this browser put before stays until replace_older()."""
        labels = self._sealer.labels(browser) if browser else []
        while True:
            ticket, row = self._sealed(payload, labels)
            if self._keep(row, labels):
                return ticket

    def replace_older(self, ticket: Ticket, browser: bytes) -> int:
        """Delete what this browser put before this letter and has not sent; how many letters."""
        older = self._of(self._sealer.labels(browser)) & (waiting.c.expires_at < ticket.expires_at)
        with self._database.writing() as connection:
            return rows.delete(connection, older & rows.may(Event.REPLACE))

    def drop(self, ticket: Ticket) -> None:
        """Delete a letter whose code mail was certainly not sent: nobody could ever open it."""
        this = waiting.c.id == self._sealer.id_of(ticket.token)
        with self._database.writing() as connection:
            rows.delete(connection, this & (waiting.c.attempt == 0) & rows.may(Event.CANCEL))

    def open(self, token: str, code: str) -> Opened | None:
        """The letter, if code and token are right; None tells nothing about why not.

        The try is counted, durably, before anything is decrypted; a right one is given back.
        Raises SealingBusy before it counts.
        """
        digits = parse_code(code)
        if digits is None:
            return None
        id_ = self._sealer.id_of(token)
        with slot():
            tried = self._count_try(id_)
            row = (tried.expires_at, tried.kind, tried.sealed) if tried else None
            found = self._sealer.try_open(token, digits, row)
        return self._look(found[0], tried) if tried and found else None

    def claim(self, opened: Opened, *, again: int | None = None) -> Claim | State:
        """Leave to send, or the state that stands in the way.

        `again` is the attempt that the page with the tick "send again" named: one tick, one send.
        """
        event = Event.CLAIM if again is None else Event.CLAIM_AGAIN
        known = sa.true() if again is None else waiting.c.attempt == again
        with self._database.writing() as connection:
            now = self._hold(connection, opened.id)
            alive = (waiting.c.expires_at > now) & (waiting.c.attempt < MOST_ATTEMPTS)
            claimed = connection.execute(
                rows.moved(
                    event, waiting.c.id == opened.id, alive, known, waiting.c.doubts <= MOST_AGAIN
                )
                .values(attempt=waiting.c.attempt + 1, lease_until=now + LEASE)
                .returning(waiting.c.attempt)
            ).scalar()
            return (
                Claim(opened.key, claimed) if claimed else rows.standing(connection, opened.id, now)
            )

    def settle(self, claim: Claim, result: str) -> State:
        """Note how a claimed send ended; a newer attempt's state is never overwritten."""
        event = Event(result)
        if event not in RESULTS:
            raise ValueError("this is no result of a send")
        mine = (waiting.c.id == claim.key.id, waiting.c.attempt == claim.attempt)
        with self._database.writing() as connection:
            now = self._database.now(connection)
            moved = rows.moved(event, *mine).values(lease_until=0)
            if event is Event.SENT:
                minute = str(now - now % MINUTE).encode()
                outcome = self._sealer.seal(claim.key, rows.kind(State.SENT), minute)
                moved = moved.values(sealed=outcome, browser=None)
            if event is Event.PERHAPS_SENT:
                moved = moved.values(doubts=waiting.c.doubts + 1)
            state = connection.execute(moved.returning(waiting.c.state)).scalar()
            return State(state) if state else rows.standing(connection, claim.key.id, now)

    def cancel(self, opened: Opened) -> State:
        """Delete a letter: GONE, or the state that stands in the way.

        One that was claimed since it was opened stays: its writer does not know yet what became of
        it, and would be told that nobody got it.
        """
        with self._database.writing() as connection:
            now = self._hold(connection, opened.id)
            seen = (waiting.c.id == opened.id) & (waiting.c.attempt == opened.attempt)
            rows.delete(connection, seen & rows.may(Event.CANCEL))
            return rows.standing(connection, opened.id, now)

    def cancel_from(self, browser: bytes) -> int:
        """Delete what this browser put and has not sent; returns how many letters."""
        its = self._of(self._sealer.labels(browser))
        with self._database.writing() as connection:
            rows.lapse(connection, its, now=self._database.now(connection))
            return rows.delete(connection, its & rows.may(Event.CANCEL))

    def purge(self) -> int:
        """Delete what has expired; only tidying, since nothing expired can be opened or claimed."""
        with self._database.writing() as connection:
            return self._sweep(connection)

    @staticmethod
    def _of(labels: Sequence[bytes]) -> sa.ColumnElement[bool]:
        return waiting.c.browser.in_(labels)

    def _newest(self, connection: sa.Connection, labels: Sequence[bytes]) -> int:
        """When the letter expires that this browser put last; 0 if it put none."""
        newest = sa.select(sa.func.max(waiting.c.expires_at)).where(self._of(labels))
        return connection.scalar(newest) or 0

    def _sealed(self, payload: bytes, labels: Sequence[bytes]) -> tuple[Ticket, dict[str, Any]]:
        """A letter under a fresh token and code; it expires after all that this browser put."""
        with self._database.reading() as connection:
            usual = self._database.now(connection) + self._life
            expires_at = max(usual, self._newest(connection, labels) + 1)
        ticket = Ticket(new_token(), new_code(), expires_at)
        with slot():
            key = self._sealer.key(ticket.token, ticket.code, expires_at)
        return ticket, {
            "id": key.id,
            "sealed": self._sealer.seal(key, rows.kind(State.WAITING), payload),
            "expires_at": expires_at,
            "state": State.WAITING.value,
            "attempt": 0,
            "doubts": 0,
            "lease_until": 0,
            "browser": labels[0] if labels else None,
        }

    def _keep(self, row: Mapping[str, Any], labels: Sequence[bytes]) -> bool:
        """Store a sealed letter, unless the same browser has put a newer one meanwhile.

        So what a browser puts expires in the order in which it was put, and "older" is clear.
        """
        with self._database.writing() as connection:
            self._database.take_turns(connection, Turn.PUT)
            self._sweep(connection)
            if (connection.scalar(sa.select(sa.func.count(waiting.c.id))) or 0) >= self._most:
                raise WaitingFull("too many letters wait already")
            if self._newest(connection, labels) >= row["expires_at"]:
                return False
            connection.execute(sa.insert(waiting).values(row))
            connection.execute(sa.insert(tries).values(id=row["id"], number=0, last_at=0))
            return True

    def _sweep(self, connection: sa.Connection) -> int:
        now = self._database.now(connection)
        over = waiting.c.expires_at <= now
        rows.lapse(connection, over, now=now)
        return rows.delete(connection, over & rows.may(Event.EXPIRE), skip_locked=True)

    def _hold(self, connection: sa.Connection, id_: bytes) -> int:
        """Keep others from this row until the transaction ends; the time once we have it."""
        connection.execute(sa.select(waiting.c.id).where(waiting.c.id == id_).with_for_update())
        now = self._database.now(connection)
        rows.lapse(connection, waiting.c.id == id_, now=now)
        return now

    def _count_try(self, id_: bytes) -> rows.Try | None:
        """Count a try; None if there is nothing to try it on, or not yet: the decoy counts then."""
        with self._database.writing() as connection:
            old = connection.execute(
                sa.select(tries).where(tries.c.id == id_, tries.c.id != DECOY).with_for_update()
            ).one_or_none()
            now = self._database.now(connection)
            row = connection.execute(
                sa.select(waiting.c.sealed, waiting.c.expires_at, waiting.c.state).where(
                    waiting.c.id == id_, waiting.c.expires_at > now
                )
            ).one_or_none()
            may_try = old and (old.number < FREE_TRIES or old.last_at <= now - SLOW_TRY)
            tried = None
            if row and old and may_try:
                kind = rows.kind_of(row.state)
                tried = rows.Try(row.sealed, row.expires_at, kind, old.number, old.last_at, now)
            connection.execute(
                sa.update(tries)
                .where(tries.c.id == (id_ if tried else DECOY))
                .values(number=(tries.c.number + 1) % DECOY_WRAP, last_at=now)
            )
            return tried

    def _look(self, key: Key, tried: rows.Try) -> Opened | None:
        """The letter as it stands now, after a right code."""
        with self._database.writing() as connection:
            now = self._hold(connection, key.id)
            rows.give_back(connection, key.id, tried)
            row = connection.execute(
                sa.select(waiting).where(waiting.c.id == key.id, waiting.c.expires_at > now)
            ).one_or_none()
        if row is None:
            return None
        state = State(row.state)
        text = self._sealer.open(key, rows.kind(state), row.sealed)
        if text is None:
            return None
        return Opened(
            id=key.id,
            state=state,
            expires_at=row.expires_at,
            payload=b"" if state is State.SENT else text,
            sent_at=int(text) if state is State.SENT else None,
            attempt=row.attempt,
            may_send_again=state is State.UNCERTAIN
            and row.doubts <= MOST_AGAIN
            and row.attempt < MOST_ATTEMPTS,
            key=key,
        )
