"""The statements that read and move letters; they go only where the table of states leads."""

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.sql.dml import ReturningUpdate

from ...post import Result
from ..database.tables import waiting
from . import tries
from .states import (
    ENDINGS,
    LEASE,
    MOST_AGAIN,
    MOST_ATTEMPTS,
    MOVES,
    Ending,
    Event,
    Happening,
    State,
)

Row = sa.Row[*tuple[Any, ...]]
Which = sa.ColumnElement[bool]

_SENDING: Final = {state.value for state, moves in MOVES.items() if Event.LEASE_OVER in moves}


def kind(state: State) -> str:
    """What is sealed in a row of this state: bound to it, so that neither passes for the other."""
    return "outcome" if state is State.SENT else "letter"


def kind_of(stored: str) -> str:
    """The same for a state as read, where a tampered one opens nothing."""
    known = {state.value for state in State}
    return kind(State(stored)) if stored in known else "nothing"


def sealed(row: Row) -> tuple[int, str, bytes]:
    """A row as a sealer takes it: expiry, kind, sealed text."""
    return row.expires_at, kind_of(row.state), row.sealed


def this(id_: bytes) -> Which:
    """One letter."""
    return waiting.c.id == id_


def attempt(id_: bytes, number: int) -> Which:
    """One letter, unless another attempt at it was begun."""
    return this(id_) & (waiting.c.attempt == number)


def these(ids: Sequence[bytes]) -> Which:
    """Some letters."""
    return waiting.c.id.in_(ids)


def of_browser(labels: Sequence[bytes]) -> Which:
    """All that a browser put, sent or not."""
    return waiting.c.browser.in_(labels)


def over(now: int) -> Which:
    """What has expired."""
    return waiting.c.expires_at <= now


def put(connection: sa.Connection, row: dict[str, Any]) -> None:
    """Store a new letter, which no code was tried at yet."""
    connection.execute(sa.insert(waiting).values(row))
    tries.begin(connection, row["id"])


def number(connection: sa.Connection) -> int:
    """How many letters there are."""
    return connection.scalar(sa.select(sa.func.count(waiting.c.id))) or 0


def ids(connection: sa.Connection, which: Which) -> Sequence[bytes]:
    """The ids of some letters."""
    return connection.scalars(sa.select(waiting.c.id).where(which)).all()


def find(connection: sa.Connection, id_: bytes, now: int) -> Row | None:
    """A letter that has not expired."""
    its = sa.select(waiting).where(this(id_), waiting.c.expires_at > now)
    return connection.execute(its).one_or_none()


def hold_one(connection: sa.Connection, id_: bytes) -> Row | None:
    """A letter, kept from others until the transaction ends."""
    its = sa.select(waiting).where(this(id_)).with_for_update()
    return connection.execute(its).one_or_none()


def hold(connection: sa.Connection, *which: Which, skip: bool = False) -> Sequence[bytes]:
    """Keep letters from others, in one order: two never wait crosswise. `skip` leaves held ones."""
    held = sa.select(waiting.c.id).where(*which).order_by(waiting.c.id)
    return connection.scalars(held.with_for_update(skip_locked=skip)).all()


def standing(connection: sa.Connection, id_: bytes, now: int) -> State:
    """How a letter stands; GONE where there is none."""
    row = find(connection, id_, now)
    return State(row.state) if row else State.GONE


def is_lapsed(row: Row, now: int) -> bool:
    """Whether this row's sender has died."""
    return row.state in _SENDING and row.lease_until <= now


def sending(connection: sa.Connection, which: Which) -> int:
    """How many of some letters are being sent."""
    count = sa.select(sa.func.count(waiting.c.id))
    return connection.scalar(count.where(which, waiting.c.state.in_(_SENDING))) or 0


def replaceable(connection: sa.Connection, which: Which, now: int) -> int:
    """How many of some letters a newer one could replace."""
    count = sa.select(sa.func.count(waiting.c.id))
    return (
        connection.scalar(count.where(which, _may(Event.REPLACE), waiting.c.expires_at > now)) or 0
    )


def lapse(connection: sa.Connection, which: Which, now: int) -> None:
    """Note of claims whose sender has died: nobody knows whether the letter went."""
    moved = _moved(Event.LEASE_OVER, which, waiting.c.lease_until <= now)
    connection.execute(moved.values(doubts=waiting.c.doubts + 1))


def claim(connection: sa.Connection, id_: bytes, again: int | None, now: int) -> int | None:
    """The number of the attempt that may now be made, or None.

    One tick, one send: a second one names the attempt that the page with the tick told of.
    """
    event, which = (
        (Event.CLAIM, this(id_)) if again is None else (Event.CLAIM_AGAIN, attempt(id_, again))
    )
    alive = (waiting.c.expires_at > now) & (waiting.c.attempt < MOST_ATTEMPTS)
    moved = _moved(event, which, alive, waiting.c.doubts <= MOST_AGAIN)
    claimed = moved.values(attempt=waiting.c.attempt + 1, lease_until=now + LEASE)
    number: int | None = connection.scalar(claimed.returning(waiting.c.attempt))
    return number


def settle(
    connection: sa.Connection, id_: bytes, seen: int, ending: Ending, outcome: bytes | None
) -> State | None:
    """Move a letter as the attempt `seen` ended; None where a newer attempt or none is under way.

    `outcome` takes the place of the sealed letter once it is sent.
    """
    settled = settlement(id_, seen, ending)
    if outcome is not None:
        settled = settled.values(sealed=outcome, browser=None)
    state = connection.scalar(settled)
    return State(state) if state else None


def settlement(id_: bytes, seen: int, ending: Ending) -> ReturningUpdate[str]:
    """The statement that settles, but for the outcome."""
    if ending not in ENDINGS:
        raise ValueError("this ends no claim")
    moved = _moved(ending, attempt(id_, seen)).values(lease_until=0)
    if ending is Result.PERHAPS_SENT:
        moved = moved.values(doubts=waiting.c.doubts + 1)
    if ending is Event.NOT_TRIED:
        # The next claim gets this number again, so the page that asked for this one can be pressed
        # once more. Two senders never have one number at a time: this sender has just said that it
        # is done. Had its lease run out before that, the letter would be UNCERTAIN, and the table
        # of states has no move from there by NOT_TRIED.
        moved = moved.values(attempt=waiting.c.attempt - 1)
    return moved.returning(waiting.c.state)


def delete(connection: sa.Connection, event: Event, which: Which, *, skip: bool = False) -> int:
    """Delete those of some letters to which this can happen; how many."""
    ids = hold(connection, _may(event), which, skip=skip)
    if ids:
        connection.execute(sa.delete(waiting).where(these(ids)))
        tries.forget(connection, ids)
    return len(ids)


def _may(event: Happening) -> Which:
    """The rows to which this can happen."""
    return waiting.c.state.in_([state.value for state, moves in MOVES.items() if event in moves])


def _moved(event: Happening, *which: Which) -> sa.Update:
    """One UPDATE that moves rows along the table, and only along the table."""
    goals = {state.value: moves[event].value for state, moves in MOVES.items() if event in moves}
    goal = sa.case(goals, value=waiting.c.state)
    return sa.update(waiting).where(_may(event), *which).values(state=goal)
