"""How many mails of a kind a day had: nothing of whose they were."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

import sqlalchemy as sa

from ..database.tables import daily
from .limits import DAY, Kind

LIFE: Final = 400 * DAY  # a year's report, and a month to write it
FEW: Final = 5  # smaller figures could be one person

# What is no letter has no situation and no level.
CODE: Final = Kind("code", "-")  # for a letter, an inbox or /stop
RECEIPT: Final = Kind("receipt", "-")
LIMIT: Final = Kind("limit", "-")  # mails that a limit stopped, by the limit
RELAY: Final = Kind("relay", "-")  # failures of the relay, by the step
# Of these the log tells each one anyway, and nothing of a person.
_SHOWN_WHOLE: Final = {RELAY.situation}

# Both databases know it; SQLAlchemy has a spelling of its own for each.
_ONE_MORE: Final = sa.text(
    "INSERT INTO daily (day, situation, level, outcome, number)"
    " VALUES (:day, :situation, :level, :outcome, 1)"
    " ON CONFLICT (day, situation, level, outcome) DO UPDATE SET number = daily.number + 1"
)


@dataclass(frozen=True)
class Count:
    """How many mails of a kind a day had; None is a figure too small to show."""

    day: date
    situation: str
    level: str
    outcome: str
    number: int | None


def add(connection: sa.Connection, kind: Kind, outcome: str, now: int) -> None:
    """One more of these today."""
    values = {"situation": kind.situation, "level": kind.level, "outcome": outcome}
    connection.execute(_ONE_MORE, {"day": now // DAY, **values})


def shown(connection: sa.Connection) -> list[Count]:
    """All days' figures, the small ones hidden."""
    every = sa.select(daily).order_by(*daily.primary_key.columns)
    return [_count(row) for row in connection.execute(every)]


def sweep(connection: sa.Connection, now: int) -> int:
    """Forget the oldest days; returns how many rows."""
    old = sa.delete(daily).where(daily.c.day < (now - LIFE) // DAY)
    return connection.execute(old).rowcount


def _count(row: sa.Row[Any]) -> Count:
    return Count(
        datetime.fromtimestamp(row.day * DAY, UTC).date(),
        row.situation,
        row.level,
        row.outcome,
        row.number if row.number >= FEW or row.situation in _SHOWN_WHOLE else None,
    )
