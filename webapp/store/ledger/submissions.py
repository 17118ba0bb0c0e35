"""One-use ids of check pages: a double click, a reload and a second tab send once."""

from dataclasses import dataclass, field
from typing import Final

import sqlalchemy as sa

from ...keys import Keys, keyed_hash
from ...post import Result
from ..database.tables import submissions
from .limits import DAY, MINUTE

ACCEPTED: Final = "accepted"  # reserved; how the send ended is not known yet
SEND_TIME: Final = 2 * MINUTE  # a send ends within 25 s; after this its process has died
LIFE: Final = 2 * DAY  # as long as a phone may bring back an old page and post it anew

# Built once: for each mail anew, that would take longer than the database's answers.
_THESE: Final = submissions.c.id.in_(sa.bindparam("ids", expanding=True))
_FOUND: Final = sa.select(submissions).where(_THESE)
_FORGET: Final = sa.delete(submissions).where(_THESE)
_NOTE: Final = sa.insert(submissions)
_SETTLE: Final = (
    sa.update(submissions)
    .where(submissions.c.id == sa.bindparam("id_"), submissions.c.attempt == sa.bindparam("this"))
    .values(state=sa.bindparam("ended"))
)


@dataclass(frozen=True)
class Submission:
    """The one-use id of a check page, and the exact mail that it sends."""

    id: str = field(repr=False)
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class EarlierPress:
    """This submission was pressed before: how that ended, or None while it is being sent."""

    result: Result | None


@dataclass(frozen=True)
class OtherContent:
    """This submission was pressed before, with another content: nothing may be sent."""


class Submissions:
    """Works on a connection that it is handed, inside that transaction."""

    def __init__(self, keys: Keys) -> None:
        self._id_keys = keys.keys("word-ahead/v1/ledger/submission")
        self._content_keys = keys.keys("word-ahead/v1/ledger/content")

    def next_attempt(
        self, connection: sa.Connection, pressed: Submission, now: int, *, again: bool
    ) -> int | EarlierPress | OtherContent:
        """The number of the attempt that may now be made, or what was done before."""
        row = connection.execute(_FOUND, {"ids": self._ids(pressed)}).one_or_none()
        if row is None:
            return 1
        if row.content not in [keyed_hash(key, pressed.content) for key in self._content_keys]:
            return OtherContent()
        result = _result(row.state, row.at, now)
        if again and result not in (None, Result.SENT):
            return int(row.attempt) + 1
        return EarlierPress(result)

    def accept(
        self, connection: sa.Connection, pressed: Submission, attempt: int, now: int
    ) -> bytes:
        """Note, before it is sent, that this attempt is being made; returns the row's id."""
        ids = self._ids(pressed)
        if attempt > 1:
            connection.execute(_FORGET, {"ids": ids})
        content = keyed_hash(self._content_keys[0], pressed.content)
        values = {"id": ids[0], "content": content, "state": ACCEPTED, "attempt": attempt}
        connection.execute(_NOTE, values | {"at": now})
        return ids[0]

    def settle(self, connection: sa.Connection, id_: bytes, attempt: int, result: Result) -> None:
        """Note how an attempt ended, unless a newer one has begun."""
        connection.execute(_SETTLE, {"id_": id_, "this": attempt, "ended": result.value})

    def sweep(self, connection: sa.Connection, now: int) -> int:
        """Forget old ones; returns how many."""
        old = sa.delete(submissions).where(submissions.c.at <= now - LIFE)
        return connection.execute(old).rowcount

    def _ids(self, pressed: Submission) -> list[bytes]:
        """The row's id, and those that it may have under an older secret."""
        return [keyed_hash(key, pressed.id.encode()) for key in self._id_keys]


def _result(state: str, at: int, now: int) -> Result | None:
    """How a send ended, by its row; None while nobody knows yet."""
    if state != ACCEPTED:
        return Result(state)
    return Result.PERHAPS_SENT if at <= now - SEND_TIME else None
