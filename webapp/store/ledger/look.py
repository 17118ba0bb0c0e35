"""What a reservation sees before it counts: all by one query, since everybody else waits for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from ..database.tables import submissions
from . import blocks
from .blocks import BlockList
from .counting import Counting
from .limits import DAY, Rule, ToOwn, ToPerson
from .submissions import SEEN as ITS_SUBMISSION
from .submissions import Submission, Submissions

Query = sa.Select[*tuple[Any, ...]]
Seen = sa.Row[*tuple[Any, ...]]
Asked = Mapping[str, Any]


@dataclass(frozen=True)
class Press:
    """A mail that somebody wants sent, and the rules that it must keep."""

    mail: ToOwn | ToPerson
    kept: list[Rule] = field(repr=False)
    submission: Submission | None = None
    again: bool = False


class Look:
    """The query, and what it is asked with: hashes under keys that change every day."""

    def __init__(
        self,
        time: sa.ColumnElement[int],
        counting: Counting,
        submissions: Submissions,
        block_list: BlockList,
    ) -> None:
        self._time = time
        self._counting = counting
        self._submissions = submissions
        self._block_list = block_list
        self._queries: dict[int, Query] = {}  # by the number of rules
        self._day = 0  # since 1970-01-01, as the database last said

    def asked(self, press: Press) -> Asked:
        """What to ask; to be made before the transaction begins."""
        day = self._day  # once: another thread may learn of midnight just now
        return {
            "day": day,
            **self._counting.values(press.kept, day),
            **self._submissions.values(press.submission),
            **self._block_list.values(press.mail.reader),
        }

    def see(self, connection: sa.Connection, press: Press, asked: Asked) -> Seen:
        """Ask, and once more if the day is another than was thought."""
        seen = connection.execute(self._query(len(press.kept)), asked).one()
        if seen.now // DAY == asked["day"]:
            return seen
        self._day = seen.now // DAY
        return self.see(connection, press, self.asked(press))

    def _query(self, rules: int) -> Query:
        if rules not in self._queries:
            self._queries[rules] = self._build(rules)
        return self._queries[rules]

    def _build(self, rules: int) -> Query:
        day = sa.select(sa.bindparam("day", type_=sa.BigInteger).label("asked_day")).subquery()
        return sa.select(
            self._time.label("now"),
            blocks.SEEN,
            *ITS_SUBMISSION,
            *self._counting.seen(rules, self._time),
        ).select_from(day.outerjoin(submissions, self._submissions.asked()))
