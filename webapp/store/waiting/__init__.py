"""Letters that wait, sealed, for a yes from their writer's inbox; each is sent at most once."""

import sqlalchemy as sa

from ...post import Result
from ..database import AdvisoryLock, Database
from ..sealing import SCRYPT_SLOTS, Key, Sealer, new_code, new_token, parse_code
from . import rows, tries
from .rows import Row
from .states import (
    LIFE,
    MINUTE,
    MOST_AGAIN,
    MOST_ATTEMPTS,
    MOST_WAITING,
    Ending,
    Event,
    State,
)
from .tickets import Claim, OpenedLetter, Ticket, WaitingFull, Withdrawal
from .tries import Try

__all__ = [
    "LIFE",
    "Claim",
    "Event",
    "OpenedLetter",
    "State",
    "Ticket",
    "WaitingFull",
    "WaitingLetters",
    "Withdrawal",
]


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

    def put(self, payload: bytes, *, browser: bytes | None = None, token: str = "") -> Ticket:
        """Seal a letter; what this browser put before stays until replace_older()."""
        labels = self._sealer.labels(browser) if browser else []
        with self._database.reading() as connection:
            expires_at = self._database.now(connection) + self._life
        token, code = token or new_token(), new_code()
        with SCRYPT_SLOTS.taken():
            key = self._sealer.key(token, code, expires_at)
        row = {
            "id": key.id,
            "sealed": self._sealer.seal(key, rows.kind(State.WAITING), payload),
            "expires_at": expires_at,
            "state": State.WAITING.value,
            "attempt": 0,
            "doubts": 0,
            "lease_until": 0,
            "browser": labels[0] if labels else None,
        }
        with self._database.writing() as connection:
            self._database.lock(connection, AdvisoryLock.PUT)
            self._sweep(connection)
            if rows.number(connection) >= self._most:
                raise WaitingFull("too many letters wait already")
            older = rows.ids(connection, rows.of_browser(labels))
            rows.put(connection, row)
        return Ticket(token, code, expires_at, tuple(older))

    def waits_from(self, browser: bytes) -> int:
        """How many letters this browser has put that a newer one could replace."""
        its = rows.of_browser(self._sealer.labels(browser))
        with self._database.reading() as connection:
            return rows.replaceable(connection, its, self._database.now(connection))

    def replace_older(self, ticket: Ticket, token: str = "") -> int:
        """Delete what its browser had put before this letter and not sent; how many letters.

        With a token, that one's letter alone. Of letters put at the same moment each knows those
        that were stored before it: one stays.
        """
        which = rows.these(ticket.older)
        if token:
            which &= rows.this(self._sealer.id_of(token))
        with self._database.writing() as connection:
            return rows.delete(connection, Event.REPLACE, which)

    def drop(self, ticket: Ticket) -> None:
        """Delete a letter whose code mail was certainly not sent: nobody could ever open it."""
        never_claimed = rows.attempt(self._sealer.id_of(ticket.token), 0)
        with self._database.writing() as connection:
            rows.delete(connection, Event.CANCEL, never_claimed)

    def open(self, token: str, code: str, *, to_send: bool = False) -> OpenedLetter | None:
        """The letter, if code and token are right; None tells nothing about why not.

        The try is counted, durably, before anything is decrypted. A right one is given back:
        at once, or `to_send` by claim() or give_back(), of which one must follow: so sending waits
        for the disk once.
        Raises SealingBusy before it counts.
        """
        digits = parse_code(code)
        if digits is None:
            return None
        id_ = self._sealer.id_of(token)
        with SCRYPT_SLOTS.taken():
            row, tried = self._count_try(id_)
            found = self._sealer.try_open(token, digits, rows.sealed(row) if row else None)
        if row is None or tried is None or found is None:
            return None
        key, text = found
        if to_send and row.state == State.WAITING.value:
            # claim() looks again, and says if it is another by then.
            return _opened(key, row, text, tried=tried)
        return self._as_it_stands(key, tried, to_send=to_send)

    def claim(self, opened: OpenedLetter, *, again: int | None = None) -> Claim | State:
        """Leave to send, or the state that stands in the way.

        `again` is the attempt that the page with the tick "send again" named: one tick, one send.
        """
        with self._database.writing() as connection:
            now, _ = self._hold(connection, opened.id)
            if opened.tried:
                tries.give_back(connection, opened.id, opened.tried)
            if attempt := rows.claim(connection, opened.id, again, now):
                return Claim(opened.key, attempt)
            return rows.standing(connection, opened.id, now)

    def give_back(self, opened: OpenedLetter) -> State:
        """Give back the try of a letter that was opened to send, and is not claimed after all.

        Returns the letter's state, which may be another by now.
        """
        with self._database.writing() as connection:
            if opened.tried:
                tries.give_back(connection, opened.id, opened.tried)
            return rows.standing(connection, opened.id, self._database.now(connection))

    def settle(self, claim: Claim, ending: Ending) -> State:
        """Note how a claimed send ended, once; a newer attempt's state is never overwritten.

        NOT_TRIED gives the attempt back: no byte was sent.
        """
        outcome = None
        with self._database.writing() as connection:
            now = self._database.now(connection)
            if ending is Result.SENT:
                minute = str(now - now % MINUTE).encode()
                outcome = self._sealer.seal(claim.key, rows.kind(State.SENT), minute)
            state = rows.settle(connection, claim.key.id, claim.attempt, ending, outcome)
            return state or rows.standing(connection, claim.key.id, now)

    def cancel(self, opened: OpenedLetter) -> State:
        """Delete a letter: GONE, or the state that stands in the way.

        One that was claimed since it was opened stays: its writer does not know yet what became of
        it, and would be told that nobody got it.
        """
        with self._database.writing() as connection:
            now, _ = self._hold(connection, opened.id)
            rows.delete(connection, Event.CANCEL, rows.attempt(opened.id, opened.attempt))
            return rows.standing(connection, opened.id, now)

    def cancel_from(self, browser: bytes) -> Withdrawal:
        """Delete what this browser put and has not sent.

        What is being sent at this moment stays, and is told: it may yet wait again.
        """
        its = rows.of_browser(self._sealer.labels(browser))
        with self._database.writing() as connection:
            # Held first: one whose send ends between two statements would be in neither number.
            rows.hold(connection, its)
            rows.lapse(connection, its, self._database.now(connection))
            deleted = rows.delete(connection, Event.CANCEL, its)
            return Withdrawal(deleted, rows.sending(connection, its))

    def purge(self) -> int:
        """Delete what has expired; only tidying, since nothing expired can be opened or claimed."""
        with self._database.writing() as connection:
            return self._sweep(connection)

    def _sweep(self, connection: sa.Connection) -> int:
        now = self._database.now(connection)
        rows.lapse(connection, rows.over(now), now)
        return rows.delete(connection, Event.EXPIRE, rows.over(now), skip=True)

    def _hold(self, connection: sa.Connection, id_: bytes) -> tuple[int, Row | None]:
        """Keep others from this row until the transaction ends; the time once we have it."""
        row = rows.hold_one(connection, id_)
        now = self._database.now(connection)
        if row and rows.is_lapsed(row, now):
            rows.lapse(connection, rows.this(id_), now)
            row = rows.hold_one(connection, id_)
        return now, row

    def _count_try(self, id_: bytes) -> tuple[Row | None, Try | None]:
        """Count a try; nothing if there is nothing to try it on, or not yet."""
        with self._database.writing() as connection:
            old = tries.held(connection, id_)
            now = self._database.now(connection)
            row = rows.find(connection, id_, now)
            may = row and old and tries.may_try(old.number, old.last_at, now)
            tries.count(connection, id_ if may else None, now)
        if not (row and old and may):
            return None, None
        return row, Try(old.number, old.last_at, now)

    def _as_it_stands(self, key: Key, tried: Try, *, to_send: bool) -> OpenedLetter | None:
        """The letter as it stands now, after a right code."""
        with self._database.writing() as connection:
            now, row = self._hold(connection, key.id)
            if not to_send:
                tries.give_back(connection, key.id, tried)
        if row is None or row.expires_at <= now:
            return None
        state = State(row.state)
        text = self._sealer.open(key, rows.kind(state), row.sealed)
        if text is None:
            return None
        may_again = row.doubts <= MOST_AGAIN and row.attempt < MOST_ATTEMPTS
        return _opened(key, row, text, tried=tried if to_send else None, may_again=may_again)


def _opened(
    key: Key, row: Row, text: bytes, *, tried: Try | None, may_again: bool = False
) -> OpenedLetter:
    """A letter as its row says, and the text that was sealed in it."""
    state = State(row.state)
    return OpenedLetter(
        id=key.id,
        state=state,
        expires_at=row.expires_at,
        payload=b"" if state is State.SENT else text,
        sent_at=int(text) if state is State.SENT else None,
        attempt=row.attempt,
        may_send_again=may_again and state is State.UNCERTAIN,
        key=key,
        tried=tried,
    )
