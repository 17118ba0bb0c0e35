"""One-use ids of check pages: a double click, a reload and a second tab send once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import sqlalchemy as sa

from ..database.tables import submissions
from ..sealing import derive_key
from .hashes import keyed_hash
from .limits import DAY, MINUTE

ACCEPTED: Final = "accepted"  # reserved; how the send ended is not known yet
SEND_TIME: Final = 2 * MINUTE  # a send ends within 25 s; after this its process has died
LIFE: Final = 2 * DAY  # as long as a phone may bring back an old page and post it anew


@dataclass(frozen=True)
class Submission:
    """The one-use id of a check page, and the exact mail that it sends."""

    id: str = field(repr=False)
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Told:
    """This submission was pressed before; how that ended, or None while it is being sent."""

    result: str | None


@dataclass(frozen=True)
class Changed:
    """This submission was pressed before, with another content: nothing may be sent."""


class Submissions:
    """Works on a connection that it is handed, inside that transaction."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._ids = [derive_key(secret, "ledger/submission") for secret in secrets]
        self._contents = [derive_key(secret, "ledger/content") for secret in secrets]

    def attempt(
        self, connection: sa.Connection, pressed: Submission, *, again: bool, now: int
    ) -> int | Told | Changed:
        """The number of the attempt that may now be made, or what was done before."""
        row = connection.execute(sa.select(submissions).where(self._named(pressed))).one_or_none()
        if row is None:
            return 1
        if row.content not in [keyed_hash(key, pressed.content) for key in self._contents]:
            return Changed()
        result = row.state
        if result == ACCEPTED:
            result = "perhaps sent" if row.at <= now - SEND_TIME else None
        if again and result not in (None, "sent"):
            return int(row.attempt) + 1
        return Told(result)

    def accept(
        self, connection: sa.Connection, pressed: Submission, *, attempt: int, now: int
    ) -> bytes:
        """Note, before it is sent, that this attempt is being made; returns the row's id."""
        connection.execute(sa.delete(submissions).where(self._named(pressed)))
        id_ = keyed_hash(self._ids[0], pressed.id.encode())
        content = keyed_hash(self._contents[0], pressed.content)
        row = {"id": id_, "content": content, "state": ACCEPTED, "attempt": attempt, "at": now}
        connection.execute(sa.insert(submissions).values(row))
        return id_

    def settle(self, connection: sa.Connection, id_: bytes, attempt: int, result: str) -> None:
        """Note how an attempt ended, unless a newer one has begun."""
        mine = (submissions.c.id == id_) & (submissions.c.attempt == attempt)
        connection.execute(sa.update(submissions).where(mine).values(state=result))

    def sweep(self, connection: sa.Connection, now: int) -> int:
        """Forget old ones; returns how many."""
        old = sa.delete(submissions).where(submissions.c.at <= now - LIFE)
        return connection.execute(old).rowcount

    def _named(self, pressed: Submission) -> sa.ColumnElement[bool]:
        return submissions.c.id.in_([keyed_hash(key, pressed.id.encode()) for key in self._ids])
