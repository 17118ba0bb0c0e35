"""Tries at a letter's code, counted before the code is looked at; a right one is given back."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from ..database.tables import DECOY, tries
from .states import DECOY_WRAP, FREE_TRIES, SLOW_TRY


@dataclass(frozen=True)
class Try:
    """A counted try, and what to restore if the code was right."""

    number: int
    before: int
    at: int


def begin(connection: sa.Connection, id_: bytes) -> None:
    """A new letter's tries: none yet."""
    connection.execute(sa.insert(tries).values(id=id_, number=0, last_at=0))


def held(connection: sa.Connection, id_: bytes) -> sa.Row[int, int] | None:
    """A letter's number of tries and the time of the last, kept from others until the end."""
    # The decoy is no letter, so whoever asks for it by its own id finds nothing.
    its = sa.select(tries.c.number, tries.c.last_at).where(tries.c.id == id_, tries.c.id != DECOY)
    return connection.execute(its.with_for_update()).one_or_none()


def may_try(number: int, last_at: int, now: int) -> bool:
    """A tired person mistypes; after that, one an hour counts."""
    return number < FREE_TRIES or last_at <= now - SLOW_TRY


def count(connection: sa.Connection, id_: bytes | None, now: int) -> None:
    """One more try; at nothing, it counts on the decoy and costs the same."""
    one_more = sa.update(tries).where(tries.c.id == (id_ or DECOY))
    connection.execute(one_more.values(number=(tries.c.number + 1) % DECOY_WRAP, last_at=now))


def give_back(connection: sa.Connection, id_: bytes, tried: Try) -> None:
    """Undo exactly this try; others that were counted meanwhile stay."""
    untouched = (tries.c.number == tried.number + 1) & (tries.c.last_at == tried.at)
    last_at = sa.case((untouched, tried.before), else_=tries.c.last_at)
    one_less = sa.update(tries).where(tries.c.id == id_, tries.c.number > 0)
    connection.execute(one_less.values(number=tries.c.number - 1, last_at=last_at))


def forget(connection: sa.Connection, ids: Sequence[bytes]) -> None:
    """The tries of letters that are no more."""
    connection.execute(sa.delete(tries).where(tries.c.id.in_(ids)))
