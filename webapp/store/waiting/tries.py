"""Tries at a letter's code, counted before the code is looked at; a right one is given back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from ..database.tables import DECOY, tries
from .states import DECOY_WRAP, FREE_TRIES, SLOW_TRY

_THIS: Final = tries.c.id == sa.bindparam("this")
_BEGIN: Final = sa.insert(tries)
# The decoy's own number is nobody's: an id that asks for it is unknown.
_HOLD: Final = (
    sa.select(tries.c.number, tries.c.last_at).where(_THIS, tries.c.id != DECOY).with_for_update()
)
_COUNT: Final = (
    sa.update(tries)
    .where(_THIS)
    .values(number=(tries.c.number + 1) % DECOY_WRAP, last_at=sa.bindparam("now"))
)
_UNTOUCHED: Final = (tries.c.number == sa.bindparam("counted")) & (
    tries.c.last_at == sa.bindparam("at", type_=sa.BigInteger)
)
_GIVE_BACK: Final = (
    sa.update(tries)
    .where(_THIS, tries.c.number > 0)
    .values(
        number=tries.c.number - 1,
        last_at=sa.case(
            (_UNTOUCHED, sa.bindparam("before", type_=sa.BigInteger)), else_=tries.c.last_at
        ),
    )
)
_FORGET: Final = sa.delete(tries).where(tries.c.id.in_(sa.bindparam("ids", expanding=True)))


@dataclass(frozen=True)
class Try:
    """A counted try, and what to restore if the code was right."""

    number: int
    before: int
    at: int


def begin(connection: sa.Connection, id_: bytes) -> None:
    """A new letter's tries: none yet."""
    connection.execute(_BEGIN, {"id": id_, "number": 0, "last_at": 0})


def held(connection: sa.Connection, id_: bytes) -> sa.Row[int, int] | None:
    """A letter's number of tries and the time of the last, kept from others until the end."""
    return connection.execute(_HOLD, {"this": id_}).one_or_none()


def may_try(number: int, last_at: int, now: int) -> bool:
    """A tired person mistypes; after that, one an hour counts."""
    return number < FREE_TRIES or last_at <= now - SLOW_TRY


def count(connection: sa.Connection, id_: bytes | None, now: int) -> None:
    """One more try; at nothing, it counts on the decoy and costs the same."""
    connection.execute(_COUNT, {"this": id_ or DECOY, "now": now})


def give_back(connection: sa.Connection, id_: bytes, tried: Try) -> None:
    """Undo exactly this try; others that were counted meanwhile stay."""
    values = {"counted": tried.number + 1, "at": tried.at, "before": tried.before}
    connection.execute(_GIVE_BACK, {"this": id_, **values})


def forget(connection: sa.Connection, ids: Sequence[bytes]) -> None:
    """The tries of letters that are no more."""
    connection.execute(_FORGET, {"ids": ids})
