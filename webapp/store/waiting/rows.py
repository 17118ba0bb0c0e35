"""The statements that read and move letters; they go only where the table of states leads."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.sql.dml import ReturningUpdate

from ...post import Result
from ..database.tables import waiting
from . import tries
from .states import ENDINGS, MOST_AGAIN, MOST_ATTEMPTS, MOVES, Ending, Event, Happening, State


def kind(state: State) -> str:
    """What is sealed in a row of this state: bound to it, so that neither passes for the other."""
    return "outcome" if state is State.SENT else "letter"


def kind_of(stored: str) -> str:
    """The same for a state as read, where a tampered one opens nothing."""
    known = {state.value for state in State}
    return kind(State(stored)) if stored in known else "nothing"


def sealed(row: sa.Row[*tuple[Any, ...]]) -> tuple[int, str, bytes]:
    """A row as a sealer takes it: expiry, kind, sealed text."""
    return row.expires_at, kind_of(row.state), row.sealed


def _may(event: Happening) -> sa.ColumnElement[bool]:
    """The rows to which this can happen."""
    return waiting.c.state.in_([state.value for state, moves in MOVES.items() if event in moves])


def _moved(event: Happening, *which: sa.ColumnElement[bool]) -> sa.Update:
    """One UPDATE that moves rows along the table, and only along the table."""
    goals = {state.value: moves[event].value for state, moves in MOVES.items() if event in moves}
    goal = sa.case(goals, value=waiting.c.state)
    return sa.update(waiting).where(_may(event), *which).values(state=goal)


def _lapsed(which: sa.ColumnElement[bool]) -> sa.Update:
    """Claims whose sender has died: nobody knows whether the letter went."""
    moved = _moved(Event.LEASE_OVER, which, waiting.c.lease_until <= _NOW)
    return moved.values(doubts=waiting.c.doubts + 1)


def _claimed(event: Event, *which: sa.ColumnElement[bool]) -> ReturningUpdate[int]:
    alive = (waiting.c.expires_at > _NOW) & (waiting.c.attempt < MOST_ATTEMPTS)
    moved = _moved(event, _THIS, alive, waiting.c.doubts <= MOST_AGAIN, *which)
    until: sa.BindParameter[int] = sa.bindparam("until")
    return moved.values(attempt=waiting.c.attempt + 1, lease_until=until).returning(
        waiting.c.attempt
    )


def _settled(ending: Ending) -> ReturningUpdate[str]:
    moved = _moved(ending, _THIS, _SEEN).values(lease_until=0)
    if ending is Result.SENT:
        moved = moved.values(sealed=sa.bindparam("outcome"), browser=None)
    if ending is Result.PERHAPS_SENT:
        moved = moved.values(doubts=waiting.c.doubts + 1)
    if ending is Event.NOT_TRIED:
        # The next claim takes this number again, so a page that named the attempt before it may be
        # pressed once more. No two senders have the same number at one time: this one says that it
        # is done, and if its lease had run out before, the row would be UNCERTAIN, which has no
        # move for NOT_TRIED.
        moved = moved.values(attempt=waiting.c.attempt - 1)
    return moved.returning(waiting.c.state)


def _held(
    event: Event, *which: sa.ColumnElement[bool], skip: bool = False
) -> sa.Select[*tuple[Any, ...]]:
    """Held before they are deleted, and in one order: two never wait crosswise."""
    held = sa.select(waiting.c.id).where(_may(event), *which).order_by(waiting.c.id)
    return held.with_for_update(skip_locked=skip)


_NOW: Final = sa.bindparam("now", type_=sa.BigInteger)
_THIS: Final = waiting.c.id == sa.bindparam("this")
_SEEN: Final = waiting.c.attempt == sa.bindparam("seen")
_OF_BROWSER: Final = waiting.c.browser.in_(sa.bindparam("labels", expanding=True))
_THESE: Final = waiting.c.id.in_(sa.bindparam("ids", expanding=True))
_OVER: Final = waiting.c.expires_at <= _NOW

NUMBER: Final = sa.select(sa.func.count(waiting.c.id))
OF_BROWSER: Final = sa.select(waiting.c.id).where(_OF_BROWSER)
PUT: Final = sa.insert(waiting)
HOLD: Final = (
    sa.select(
        waiting.c.sealed,
        waiting.c.expires_at,
        waiting.c.state,
        waiting.c.attempt,
        waiting.c.doubts,
        waiting.c.lease_until,
    )
    .where(_THIS)
    .with_for_update()
)
# All that a browser put, sent or not: none of it moves while the transaction lasts.
HOLD_OF_BROWSER: Final = OF_BROWSER.order_by(waiting.c.id).with_for_update()
CLAIM: Final = _claimed(Event.CLAIM)
# One tick, one send: it names the attempt that its page told of.
CLAIM_AGAIN: Final = _claimed(Event.CLAIM_AGAIN, _SEEN)
SETTLE: Final = {ending: _settled(ending) for ending in ENDINGS}
LAPSE_THIS: Final = _lapsed(_THIS)
LAPSE_OF_BROWSER: Final = _lapsed(_OF_BROWSER)
LAPSE_OVER: Final = _lapsed(_OVER)
CANCEL_SEEN: Final = _held(Event.CANCEL, _THIS, _SEEN)
CANCEL_OF_BROWSER: Final = _held(Event.CANCEL, _OF_BROWSER)
REPLACE: Final = _held(Event.REPLACE, _THESE)
EXPIRE: Final = _held(Event.EXPIRE, _OVER, skip=True)
LOOK: Final = sa.select(
    waiting.c.sealed, waiting.c.expires_at, waiting.c.state, waiting.c.attempt
).where(_THIS, waiting.c.expires_at > _NOW)
_STANDING: Final = sa.select(waiting.c.state).where(_THIS, waiting.c.expires_at > _NOW)
_DELETE: Final = sa.delete(waiting).where(_THESE)

_SENDING: Final = {state.value for state, moves in MOVES.items() if Event.LEASE_OVER in moves}
SENDING_OF_BROWSER: Final = sa.select(sa.func.count(waiting.c.id)).where(
    _OF_BROWSER, waiting.c.state.in_(_SENDING)
)


def is_lapsed(row: sa.Row[*tuple[Any, ...]], now: int) -> bool:
    """Whether this row's sender has died."""
    return row.state in _SENDING and row.lease_until <= now


def standing(connection: sa.Connection, id_: bytes, now: int) -> State:
    """How a letter stands; GONE where there is none."""
    state = connection.scalar(_STANDING, {"this": id_, "now": now})
    return State(state or State.GONE.value)


def delete(
    connection: sa.Connection, held: sa.Select[*tuple[Any, ...]], values: Mapping[str, Any]
) -> Sequence[bytes]:
    """Delete letters; their ids."""
    ids: Sequence[bytes] = connection.scalars(held, values).all()
    if ids:
        connection.execute(_DELETE, {"ids": ids})
        tries.forget(connection, ids)
    return ids
