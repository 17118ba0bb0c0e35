"""The statements that read and move rows; they go only where the table of states leads."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from ..database.tables import tries, waiting
from .states import MOVES, Event, State


@dataclass(frozen=True)
class Try:
    """A counted try: the row as it stood, and what to restore if the code was right."""

    sealed: bytes = field(repr=False)
    expires_at: int
    kind: str
    number: int
    before: int
    at: int


def kind(state: State) -> str:
    """What is sealed in a row of this state: bound to it, so that neither passes for the other."""
    return "outcome" if state is State.SENT else "letter"


def kind_of(stored: str) -> str:
    """The same for a state as read, where a tampered one opens nothing."""
    known = {state.value for state in State}
    return kind(State(stored)) if stored in known else "nothing"


def may(event: Event) -> sa.ColumnElement[bool]:
    """The rows to which this can happen."""
    return waiting.c.state.in_([state.value for state, moves in MOVES.items() if event in moves])


def moved(event: Event, *conditions: sa.ColumnElement[bool]) -> sa.Update:
    """One UPDATE that moves rows along the table, and only along the table."""
    goals = {state.value: moves[event].value for state, moves in MOVES.items() if event in moves}
    goal = sa.case(goals, value=waiting.c.state)
    return sa.update(waiting).where(may(event), *conditions).values(state=goal)


def lapse(connection: sa.Connection, rows: sa.ColumnElement[bool], *, now: int) -> None:
    """Claims whose sender has died: nobody knows whether the letter went."""
    lapsed = moved(Event.LEASE_OVER, rows, waiting.c.lease_until <= now)
    connection.execute(lapsed.values(doubts=waiting.c.doubts + 1))


def standing(connection: sa.Connection, id_: bytes, now: int) -> State:
    state = connection.scalar(
        sa.select(waiting.c.state).where(waiting.c.id == id_, waiting.c.expires_at > now)
    )
    return State(state or State.GONE.value)


def delete(
    connection: sa.Connection, rows: sa.ColumnElement[bool], *, skip_locked: bool = False
) -> int:
    """Delete letters and their tries; held first, in one order: two never wait crosswise."""
    held = sa.select(waiting.c.id).where(rows).order_by(waiting.c.id)
    ids: Sequence[bytes] = connection.scalars(held.with_for_update(skip_locked=skip_locked)).all()
    if ids:
        connection.execute(sa.delete(waiting).where(waiting.c.id.in_(ids)))
        connection.execute(sa.delete(tries).where(tries.c.id.in_(ids)))
    return len(ids)


def give_back(connection: sa.Connection, id_: bytes, tried: Try) -> None:
    """Undo exactly this try; others that were counted meanwhile stay."""
    untouched = (tries.c.number == tried.number + 1) & (tries.c.last_at == tried.at)
    connection.execute(
        sa.update(tries)
        .where(tries.c.id == id_)
        .values(
            number=tries.c.number - 1,
            last_at=sa.case((untouched, tried.before), else_=tries.c.last_at),
        )
    )
