"""A peer group's rounds: ballots that only their own link or the coordinator's yes can read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from random import SystemRandom
from secrets import token_bytes
from typing import Final

import sqlalchemy as sa

from ...errors import WordAheadError
from ...keys import KEY_BYTES
from ..database import AdvisoryLock, Database, DatabaseUnavailable
from ..sealing import ID_BYTES
from . import rows
from .seals import BallotKeys, RoundKeys, TooMuch

__all__ = ["BallotGone", "Held", "RoundBusy", "Rounds", "Shown", "TooMuch"]

_DAY: Final = 86_400
# So long a result, or a round that nobody ended, waits for its coordinator.
KEPT: Final = 30 * _DAY
# Longer than any press: all its mails leave within 25 seconds.
LEASE: Final = 60

_random: Final = SystemRandom()


class RoundBusy(WordAheadError):
    """Another press for this round has not ended yet; this one changed nothing."""


class BallotGone(WordAheadError):
    """No ballot takes answers under this link: there was none, or its round has ended."""


@dataclass(frozen=True)
class Held:
    """A round as its coordinator sees it."""

    state: bytes = field(repr=False)
    until: int
    is_open: bool


@dataclass(frozen=True)
class Shown:
    """A ballot as whoever has its link sees it."""

    content: bytes = field(repr=False)
    until: int
    is_open: bool


class Rounds:
    """All rounds; every change is one transaction, durable when the method returns.

    What is kept is opaque here. A coordinator is known by the root that their invitation holds, a
    member by the token in their link; neither is stored. Every method may raise
    DatabaseUnavailable: nothing has changed then.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def now(self) -> int:
        """The time in UTC seconds, by the clock that ends rounds."""
        with self._database.reading() as connection:
            return self._database.now(connection)

    def read(self, root: bytes) -> Held | None:
        """The coordinator's round, or None where none was opened."""
        keys = RoundKeys.of(root)
        with self._database.reading() as connection:
            row = rows.round_of(connection, keys.id)
            now = self._database.now(connection)
        state = keys.open(row.sealed) if row else None
        return Held(state, row.until, row.until > now) if row and state else None

    @contextmanager
    def press(self, root: bytes) -> Iterator[None]:
        """One press at a time for this round; raises RoundBusy where another has not ended."""
        id_ = RoundKeys.of(root).id
        with self._writing() as connection:
            now = self._database.now(connection)
            if not rows.claim(connection, id_, now, now + LEASE):
                raise RoundBusy("another press has not ended")
        try:
            yield
        finally:
            # Where that cannot be written, the lease runs out.
            with suppress(DatabaseUnavailable), self._writing() as connection:
                rows.release(connection, id_)

    def open(self, root: bytes, state: bytes, until: int, ballots: Mapping[str, bytes]) -> None:
        """Begin, within press(): all ballots at once, in random order, under their tokens' ids."""
        keys = RoundKeys.of(root)
        made = [keys.row(BallotKeys.of(token), content) for token, content in ballots.items()]
        _random.shuffle(made)
        with self._writing() as connection:
            rows.delete_ballots(connection, keys.id)
            expires = {"until": until, "expires_at": until + KEPT}
            if not rows.put(connection, keys.id, keys.seal(state), expires):
                raise RoundBusy("the press took too long")
            rows.put_ballots(connection, made)

    def note(self, root: bytes, state: bytes) -> None:
        """Keep a changed state."""
        keys = RoundKeys.of(root)
        with self._writing() as connection:
            rows.put(connection, keys.id, keys.seal(state), {})

    def look(self, token: str) -> Shown | None:
        """The ballot behind a link; None where there is none, or none any more."""
        keys = BallotKeys.of(token)
        with self._database.reading() as connection:
            row = rows.ballot_of(connection, keys.id)
            now = self._database.now(connection)
        content = keys.open(row.round, row.sealed) if row else None
        return Shown(content, row.until, row.until > now) if row and content else None

    def change(self, token: str, step: Callable[[bytes], bytes]) -> None:
        """Change a ballot by `step`, which may raise to change nothing. Raises BallotGone.

        Nothing comes between reading and writing, so two phones lose neither's answer. All rows
        of the round are written, so that none of them stands out as the newest.
        """
        keys = BallotKeys.of(token)
        with self._writing() as connection:
            row = rows.ballot_of(connection, keys.id)
            content = keys.open(row.round, row.sealed) if row else None
            if row is None or content is None or row.until <= self._database.now(connection):
                raise BallotGone("no ballot takes answers under this link")
            rows.replace(connection, row.round, keys.id, keys.seal(row.round, step(content)))

    def end(self, root: bytes) -> None:
        """Take no more answers, and let no link lead to a ballot any more."""
        with self._writing() as connection:
            self._end(connection, [RoundKeys.of(root).id])

    def close(self, root: bytes, count: Callable[[bytes, list[bytes]], bytes]) -> None:
        """Count all ballots of a round that has ended: `count` makes its state anew; they go.

        The state that it gets is the one of this moment, so that a late second press can see that
        there is nothing left to count. Where `count` raises, everything is as before.
        """
        keys = RoundKeys.of(root)
        with self._writing() as connection:
            row = rows.round_of(connection, keys.id)
            state = keys.open(row.sealed) if row else None
            if state is None:
                return
            contents = [keys.open_row(row) for row in rows.ballots(connection, keys.id)]
            _random.shuffle(contents)
            expires = {"expires_at": self._database.now(connection) + KEPT}
            rows.put(connection, keys.id, keys.seal(count(state, contents)), expires)
            rows.delete_ballots(connection, keys.id)

    def delete(self, root: bytes) -> None:
        """Forget a round and all that belongs to it."""
        with self._writing() as connection:
            rows.delete(connection, [RoundKeys.of(root).id])

    def purge(self) -> int:
        """End the rounds whose time is over; delete those whose coordinator never came back."""
        with self._writing() as connection:
            now = self._database.now(connection)
            self._end(connection, rows.over(connection, now))
            return rows.delete(connection, rows.expired(connection, now))

    def _end(self, connection: sa.Connection, ids: Iterable[bytes]) -> None:
        for id_ in ids:
            found = [row._mapping for row in rows.ballots(connection, id_)]
            fresh = [{**row, "id": token_bytes(ID_BYTES)} for row in found]
            _random.shuffle(fresh)
            rows.delete_ballots(connection, id_)
            rows.put_ballots(connection, fresh)
            rows.stop(connection, id_)

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with self._database.writing() as connection:
            self._database.lock(connection, AdvisoryLock.ROUND)
            yield connection


def new_root() -> bytes:
    """What an invitation holds, and from which everything of its rounds is derived."""
    return token_bytes(KEY_BYTES)
