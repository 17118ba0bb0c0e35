"""The rows that limits are counted from: one for each thing that a mail counts for, and second."""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import sqlalchemy as sa

from ..database.tables import counted
from .hashes import DailyHashes
from .limits import DAY, Rule

# Built once: SQLAlchemy takes longer to build a statement than the database to run it.
_THESE: Final = (counted.c.key.in_(sa.bindparam("keys", expanding=True))) & (
    counted.c.at == sa.bindparam("its_time")
)
_TAKE: Final = sa.update(counted).where(_THESE).values(number=counted.c.number - 1)
_EMPTY: Final = sa.delete(counted).where(_THESE, counted.c.number <= 0)
_OLD: Final = sa.delete(counted).where(counted.c.at <= sa.bindparam("end"))


class Counting:
    """Works on a connection that it is handed, inside that transaction."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._daily = DailyHashes(secrets)

    def count(
        self, connection: sa.Connection, kept: Sequence[Rule], now: int
    ) -> tuple[bytes, ...] | Rule:
        """Count one mail; returns the keys of its rows, or the first rule that it would break."""
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
        keys = tuple(today for today, *_ in near.values())
        added = {f"key_{place}": key for place, key in enumerate(keys)}
        connection.execute(_add(len(keys)), {"now": now, **added})
        return keys

    def give_back(self, connection: sa.Connection, keys: Sequence[bytes], at: int) -> None:
        """Take out a mail that was counted then, and certainly did not go."""
        these = {"keys": keys, "its_time": at}
        connection.execute(_TAKE, these)
        connection.execute(_EMPTY, these)

    def sweep(self, connection: sa.Connection, now: int) -> int:
        """Forget what no rule looks at any more; returns how many rows."""
        return connection.execute(_OLD, {"end": now - DAY}).rowcount


@cache
def _add(number: int) -> sa.TextClause:
    """All rows of a mail by one statement, as text: SQLAlchemy builds its own anew each time."""
    rows = ", ".join(f"(:key_{place}, :now, 1)" for place in range(number))
    return sa.text(
        f"INSERT INTO counted (key, at, number) VALUES {rows}"  # noqa: S608  only numbers
        " ON CONFLICT (key, at) DO UPDATE SET number = counted.number + 1"
    )


@cache
def _look(rules: int, hashes: int) -> sa.Select[*tuple[int, ...]]:
    """One query that counts for each rule what came within its time, under any of its hashes."""
    return sa.select(*(_number(place, hashes) for place in range(rules)))


def _number(place: int, hashes: int) -> sa.ScalarSelect[int]:
    keys: list[sa.BindParameter[bytes]] = [
        sa.bindparam(f"key_{place}_{which}") for which in range(hashes)
    ]
    return (
        sa.select(sa.func.coalesce(sa.func.sum(counted.c.number), 0))
        .where(counted.c.key.in_(keys), counted.c.at > sa.bindparam(f"since_{place}"))
        .scalar_subquery()
    )
