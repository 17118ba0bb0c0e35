"""The rows that limits are counted from: one for each thing that a mail counts for."""

from collections.abc import Sequence
from functools import cache
from secrets import token_bytes
from typing import Any, Final

import sqlalchemy as sa

from ..database.tables import counted
from .hashes import HASH_BYTES, DailyHashes
from .limits import DAY, Rule

# Built once: SQLAlchemy takes longer to build a statement than the database to run it.
_OLD: Final = sa.delete(counted).where(counted.c.at <= sa.bindparam("end"))
_GIVEN_BACK: Final = sa.delete(counted).where(counted.c.id.in_(sa.bindparam("ids", expanding=True)))


class Counting:
    """Works on a connection that it is handed, inside that transaction."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._daily = DailyHashes(secrets)

    def count(
        self, connection: sa.Connection, kept: Sequence[Rule], now: int
    ) -> tuple[bytes, ...] | Rule:
        """Count one mail; returns the ids of its rows, or the first rule that it would break."""
        near = {text: self._daily.near(text, now // DAY) for text in {x.counted for x in kept}}
        values: dict[str, Any] = {}
        for place, rule in enumerate(kept):
            values[f"since_{place}"] = now - rule.seconds
            for which, key in enumerate(near[rule.counted]):
                values[f"key_{place}_{which}"] = key
        numbers = connection.execute(_look(len(kept), self._daily.number), values).one()
        for rule, number in zip(kept, numbers, strict=True):
            if number >= rule.most:
                return rule
        ids = tuple(token_bytes(HASH_BYTES) for _ in near)
        added: dict[str, Any] = {"now": now}
        for place, (today, *_) in enumerate(near.values()):
            added |= {f"id_{place}": ids[place], f"key_{place}": today}
        connection.execute(_add(len(ids)), added)
        return ids

    def give_back(self, connection: sa.Connection, ids: Sequence[bytes]) -> None:
        """Take out the rows of a mail that certainly did not go."""
        connection.execute(_GIVEN_BACK, {"ids": ids})

    def sweep(self, connection: sa.Connection, now: int) -> int:
        """Forget what no rule looks at any more; returns how many rows."""
        return connection.execute(_OLD, {"end": now - DAY}).rowcount


@cache
def _add(number: int) -> sa.TextClause:
    """All rows of a mail by one statement, as text: SQLAlchemy builds its own anew each time."""
    rows = ", ".join(f"(:id_{place}, :key_{place}, :now)" for place in range(number))
    return sa.text(f"INSERT INTO counted (id, key, at) VALUES {rows}")  # noqa: S608  only numbers


@cache
def _look(rules: int, hashes: int) -> sa.Select[*tuple[int, ...]]:
    """One query that counts for each rule what came within its time, under any of its hashes."""
    return sa.select(*(_number(place, hashes) for place in range(rules)))


def _number(place: int, hashes: int) -> sa.ScalarSelect[int]:
    keys: list[sa.BindParameter[bytes]] = [
        sa.bindparam(f"key_{place}_{which}") for which in range(hashes)
    ]
    return (
        sa.select(sa.func.count())
        .select_from(counted)
        .where(counted.c.key.in_(keys), counted.c.at > sa.bindparam(f"since_{place}"))
        .scalar_subquery()
    )
