"""What the limits are counted from: one row for each thing that a mail counts for, and second."""

from collections.abc import Sequence
from functools import cache
from typing import Final

import sqlalchemy as sa

from ...keys import Keys, keyed_hash
from ..database.tables import counted
from .limits import DAY, Rule

# Both databases know it; SQLAlchemy has a spelling of its own for each.
_ONE_MORE: Final = sa.text(
    "INSERT INTO counted (key, at, number) VALUES (:key, :at, 1)"
    " ON CONFLICT (key, at) DO UPDATE SET number = counted.number + 1"
)


class MailCounts:
    """Works on a connection that it is handed, inside that transaction.

    Its hashes are made under a key that is new every UTC day, so that days cannot be joined.
    """

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def first_broken(
        self, connection: sa.Connection, rules: Sequence[Rule], now: int
    ) -> Rule | None:
        """The first of some rules that one more mail would break."""
        days = self._hash_keys(now // DAY)
        asked: dict[str, bytes | int] = {}
        for number, rule in enumerate(rules):
            asked[f"after_{number}"] = now - rule.seconds
            for one, day in enumerate(days):
                asked[f"key_{number}_{one}"] = keyed_hash(day, rule.about.encode())
        numbers = connection.execute(_numbers(len(rules), len(days)), asked).one()
        broken = (rule for rule, number in zip(rules, numbers, strict=True) if number >= rule.most)
        return next(broken, None)

    def add(self, connection: sa.Connection, rules: Sequence[Rule], now: int) -> tuple[bytes, ...]:
        """Count one mail for each thing that these rules are about; returns the rows' keys."""
        today = self._hash_keys(now // DAY)[0]
        keys = tuple({keyed_hash(today, rule.about.encode()): None for rule in rules})
        connection.execute(_ONE_MORE, [{"key": key, "at": now} for key in keys])
        return keys

    def give_back(self, connection: sa.Connection, keys: Sequence[bytes], at: int) -> None:
        """Take out a mail that was counted then, and certainly did not go."""
        these = counted.c.key.in_(keys) & (counted.c.at == at)
        connection.execute(sa.update(counted).where(these).values(number=counted.c.number - 1))
        connection.execute(sa.delete(counted).where(these, counted.c.number <= 0))

    def sweep(self, connection: sa.Connection, now: int) -> int:
        """Forget what no rule looks at any more; returns how many rows."""
        return connection.execute(sa.delete(counted).where(counted.c.at <= now - DAY)).rowcount

    def _hash_keys(self, day: int) -> list[bytes]:
        """Under which something may have been counted in the 24 hours before a moment of this day.

        The first is the one to count under on this day (days since 1970-01-01).
        """
        days = [self._keys.keys(f"word-ahead/v1/ledger/day {one}") for one in (day, day - 1)]
        return [*days[0], *days[1]]


@cache
def _numbers(rules: int, keys: int) -> sa.Executable:
    """How many mails came within each rule's time, under any of so many hashes of its subject.

    Built once for each shape: that takes longer than the database's answer.
    """
    return sa.select(*(_number(rule, keys) for rule in range(rules)))


def _number(rule: int, keys: int) -> sa.ScalarSelect[int]:
    its_keys = counted.c.key.in_([sa.bindparam(f"key_{rule}_{one}") for one in range(keys)])
    its_rows = its_keys & (counted.c.at > sa.bindparam(f"after_{rule}"))
    return (
        sa.select(sa.func.coalesce(sa.func.sum(counted.c.number), sa.literal_column("0")))
        .where(its_rows)
        .scalar_subquery()
    )
