"""The keys of a round and of its ballots, and what is sealed under them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from ...errors import WordAheadError
from ...keys import KEY_BYTES, expand, seal, unseal
from ..sealing import ID_BYTES, LENGTH_BYTES, parse_token

# Every ballot takes as much, whether it is empty or full: a section of fifty sentences, and forty
# own wordings with a reason. A row's size tells nothing.
BALLOT_ROOM: Final = 96 * 1024
# Two results, and the addresses of fifteen people.
STATE_ROOM: Final = 256 * 1024

_NAME: Final = "word-ahead/v1/round"


class TooMuch(WordAheadError):
    """There is no room for so many words."""


@dataclass(frozen=True)
class BallotKeys:
    """What a member's token stands for: where the ballot is, and what opens it."""

    id: bytes
    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, token: str) -> BallotKeys:
        """The keys of a token; what cannot be one belongs to no row."""
        found = parse_token(token) or b""
        material = found or b"no token"
        return cls(
            expand(material, f"{_NAME}/ballot/id", ID_BYTES),
            expand(material, f"{_NAME}/ballot/key", KEY_BYTES),
        )

    def seal(self, round_: bytes, content: bytes) -> bytes:
        """A ballot, padded to the one length. Raises TooMuch."""
        return seal(self.secret, _padded(content, BALLOT_ROOM), _bound("ballot", round_))

    def open(self, round_: bytes, sealed: bytes) -> bytes | None:
        """The ballot, or None if one bit of anything differs."""
        return _content(unseal(self.secret, sealed, _bound("ballot", round_)))


@dataclass(frozen=True)
class RoundKeys:
    """What a coordinator's root stands for: the round's place, and two keys."""

    id: bytes
    secret: bytes = field(repr=False)
    wrapping: bytes = field(repr=False)

    @classmethod
    def of(cls, root: bytes) -> RoundKeys:
        """The keys of a root."""
        return cls(
            expand(root, f"{_NAME}/id", ID_BYTES),
            expand(root, f"{_NAME}/key", KEY_BYTES),
            expand(root, f"{_NAME}/wrapping", KEY_BYTES),
        )

    def seal(self, state: bytes) -> bytes:
        """The state of a round, padded to the one length. Raises TooMuch."""
        return seal(self.secret, _padded(state, STATE_ROOM), _bound("state", self.id))

    def open(self, sealed: bytes) -> bytes | None:
        """The state, or None if one bit of anything differs."""
        return _content(unseal(self.secret, sealed, _bound("state", self.id)))

    def row(self, keys: BallotKeys, content: bytes) -> dict[str, bytes]:
        """A new ballot's row: sealed under its own key, which the coordinator's root opens."""
        return {
            "id": keys.id,
            "round": self.id,
            "wrapped": seal(self.wrapping, keys.secret, _bound("key", self.id)),
            "sealed": keys.seal(self.id, content),
        }

    def open_row(self, row: sa.Row[*tuple[Any, ...]]) -> bytes:
        """A ballot, for the count. Raises TooMuch never, ValueError where a row was changed."""
        secret = unseal(self.wrapping, row.wrapped, _bound("key", self.id))
        content = BallotKeys(row.id, secret).open(self.id, row.sealed) if secret else None
        if content is None:
            raise ValueError("a ballot was changed by somebody else")
        return content


def _padded(content: bytes, room: int) -> bytes:
    if len(content) > room - LENGTH_BYTES:
        raise TooMuch("there is no room for so many words")
    return (len(content).to_bytes(LENGTH_BYTES) + content).ljust(room, b"\0")


def _content(padded: bytes | None) -> bytes | None:
    if padded is None:
        return None
    length = int.from_bytes(padded[:LENGTH_BYTES])
    return padded[LENGTH_BYTES : LENGTH_BYTES + length]


def _bound(kind: str, round_: bytes) -> bytes:
    """A row belongs to its round; not to its id, which is overwritten at the end."""
    return f"{_NAME}/{kind}/".encode() + round_
