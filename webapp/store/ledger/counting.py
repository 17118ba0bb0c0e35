"""The rows that limits are counted from: one for each thing that a mail counts for, and second."""

from collections.abc import Iterable, Sequence
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

    def seen(self, rules: int, time: sa.ColumnElement[int]) -> list[sa.Label[int]]:
        """For each rule, how many came within its time, under any hash of what it counts."""
        return [
            _number(place, self._daily.number, time).label(f"number_{place}")
            for place in range(rules)
        ]

    def values(self, kept: Sequence[Rule], day: int) -> dict[str, Any]:
        """What they are asked with on a day (since 1970-01-01)."""
        values: dict[str, Any] = {}
        near = {thing: self._daily.near(thing, day) for thing in _things(kept)}
        for place, rule in enumerate(kept):
            values[f"seconds_{place}"] = rule.seconds
            for which, key in enumerate(near[rule.counted]):
                values[f"key_{place}_{which}"] = key
        return values

    def add(self, connection: sa.Connection, kept: Sequence[Rule], now: int) -> tuple[bytes, ...]:
        """Count one mail for each thing that these rules count; returns the keys of its rows."""
        keys = tuple(self._daily.on(thing, now // DAY) for thing in _things(kept))
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


def _things(kept: Sequence[Rule]) -> Iterable[str]:
    """What the rules count, each once."""
    return dict.fromkeys(rule.counted for rule in kept)


@cache
def _add(number: int) -> sa.TextClause:
    """All rows of a mail by one statement, as text: SQLAlchemy builds its own anew each time."""
    rows = ", ".join(f"(:key_{place}, :now, 1)" for place in range(number))
    return sa.text(
        f"INSERT INTO counted (key, at, number) VALUES {rows}"  # noqa: S608  only numbers
        " ON CONFLICT (key, at) DO UPDATE SET number = counted.number + 1"
    )


def _number(place: int, hashes: int, time: sa.ColumnElement[int]) -> sa.ScalarSelect[int]:
    keys: list[sa.BindParameter[bytes]] = [
        sa.bindparam(f"key_{place}_{which}") for which in range(hashes)
    ]
    since = time - sa.bindparam(f"seconds_{place}", type_=sa.BigInteger)
    return (
        sa.select(sa.func.coalesce(sa.func.sum(counted.c.number), 0))
        .where(counted.c.key.in_(keys), counted.c.at > since)
        .scalar_subquery()
    )


def broken(kept: Sequence[Rule], seen: sa.Row[*tuple[Any, ...]]) -> Rule | None:
    """The first rule that one more mail would break, by what its column said."""
    for place, rule in enumerate(kept):
        if getattr(seen, f"number_{place}") >= rule.most:
            return rule
    return None
