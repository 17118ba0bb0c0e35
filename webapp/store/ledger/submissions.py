"""One-use ids of check pages: a double click, a reload and a second tab send once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from ..database.tables import submissions
from ..sealing import derive_key
from .hashes import keyed_hash
from .limits import DAY, MINUTE

ACCEPTED: Final = "accepted"  # reserved; how the send ended is not known yet
SEND_TIME: Final = 2 * MINUTE  # a send ends within 25 s; after this its process has died
LIFE: Final = 2 * DAY  # as long as a phone may bring back an old page and post it anew

SEEN: Final = (
    submissions.c.state,
    submissions.c.content,
    submissions.c.attempt,
    submissions.c.at,
)

_ACCEPT: Final = sa.insert(submissions)
_OF_IDS: Final = submissions.c.id.in_(sa.bindparam("ids", expanding=True))
_FORGET: Final = sa.delete(submissions).where(_OF_IDS)
_OLD: Final = sa.delete(submissions).where(submissions.c.at <= sa.bindparam("end"))
_SETTLE: Final = (
    sa.update(submissions)
    .where(
        submissions.c.id == sa.bindparam("its_id"),
        submissions.c.attempt == sa.bindparam("its_attempt"),
    )
    .values(state=sa.bindparam("result"))
)


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

    def asked(self) -> sa.ColumnElement[bool]:
        """Which row a reservation looks at, if there is one: SEEN is empty if not."""
        ids: list[sa.BindParameter[bytes]] = [
            sa.bindparam(f"id_{place}") for place in range(len(self._ids))
        ]
        return submissions.c.id.in_(ids)

    def values(self, pressed: Submission | None) -> dict[str, bytes]:
        """What `asked` is asked with; nothing is found where nothing was pressed."""
        ids = self._hashes(pressed) if pressed else [b""] * len(self._ids)
        return {f"id_{place}": id_ for place, id_ in enumerate(ids)}

    def attempt(
        self, pressed: Submission, row: sa.Row[*tuple[Any, ...]], *, again: bool
    ) -> int | Told | Changed:
        """The number of the attempt that may now be made, or what was done before."""
        if row.state is None:
            return 1
        if row.content not in [keyed_hash(key, pressed.content) for key in self._contents]:
            return Changed()
        result = row.state
        if result == ACCEPTED:
            result = "perhaps sent" if row.at <= row.now - SEND_TIME else None
        if again and result not in (None, "sent"):
            return int(row.attempt) + 1
        return Told(result)

    def accept(
        self, connection: sa.Connection, pressed: Submission, *, attempt: int, now: int
    ) -> bytes:
        """Note, before it is sent, that this attempt is being made; returns the row's id."""
        ids = self._hashes(pressed)
        if attempt > 1:
            connection.execute(_FORGET, {"ids": ids})
        content = keyed_hash(self._contents[0], pressed.content)
        row = {"id": ids[0], "content": content, "state": ACCEPTED, "attempt": attempt, "at": now}
        connection.execute(_ACCEPT, row)
        return ids[0]

    def settle(self, connection: sa.Connection, id_: bytes, attempt: int, result: str) -> None:
        """Note how an attempt ended, unless a newer one has begun."""
        connection.execute(_SETTLE, {"its_id": id_, "its_attempt": attempt, "result": result})

    def sweep(self, connection: sa.Connection, now: int) -> int:
        """Forget old ones; returns how many."""
        return connection.execute(_OLD, {"end": now - LIFE}).rowcount

    def _hashes(self, pressed: Submission) -> list[bytes]:
        """The row's id, and those that it may have under an older secret."""
        return [keyed_hash(key, pressed.id.encode()) for key in self._ids]
