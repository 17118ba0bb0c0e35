"""The block list: addresses that get nothing more, as hashes under one lasting key."""

from collections.abc import Sequence
from secrets import token_bytes
from typing import Any, Final

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ...errors import warn
from ..database import DatabaseUnavailable
from ..database.tables import blocked, lasting_keys
from ..sealing import KEY_BYTES, NONCE_BYTES, derive_key
from .hashes import keyed_hash
from .limits import fold, plain

NAME: Final = "block list"

SPELLINGS: Final = 2  # of an address: as typed and as folded

_WRAPPED: Final = sa.select(lasting_keys.c.sealed).where(lasting_keys.c.name == NAME)
_IS_BLOCKED: Final = sa.exists().where(
    blocked.c.key.in_([sa.bindparam(f"reader_{place}") for place in range(SPELLINGS)])
)
_ASK: Final = sa.select(_IS_BLOCKED)

# Seen without a change: empty if the key is another than the one that the hashes were made with.
SEEN: Final = sa.case(
    (~sa.exists().where(lasting_keys.c.name == NAME), sa.false()),
    (_WRAPPED.scalar_subquery() == sa.bindparam("wrapped"), _IS_BLOCKED),
    else_=sa.null(),
).label("is_blocked")
LOOK: Final = sa.select(SEEN)


class BlockList:
    """Works on a connection that it is handed, inside that transaction.

    Its key is random and stored only wrapped under SECRET_KEY: so the list outlives a new
    SECRET_KEY, if the old one stands among the fallbacks when the list is next looked at.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        self._wraps = [derive_key(secret, "ledger/block list") for secret in secrets]
        # The key as last read, wrapped and bare. Until then a key that nobody knows: what is asked
        # with travels to the database, and into its log if it keeps one.
        self._known: tuple[bytes, bytes] = (b"", token_bytes(KEY_BYTES))

    def add(self, connection: sa.Connection, address: str) -> None:
        """Block an address, however it is spelled."""
        key = self._key(connection)
        if key is None:
            key = token_bytes(KEY_BYTES)
            self._keep(connection, key)
        known = set(connection.scalars(sa.select(blocked.c.key)))
        fresh = [{"key": one} for one in set(_hashes(key, address)) - known]
        if fresh:
            connection.execute(sa.insert(blocked), fresh)

    def contains(self, connection: sa.Connection, address: str) -> bool:
        """Whether an address is blocked; raises DatabaseUnavailable if the key is lost."""
        key = self._key(connection)
        if key is None:
            return False
        return bool(connection.scalar(_ASK, _values(key, address)))

    def check(self, connection: sa.Connection) -> None:
        """Raise DatabaseUnavailable if the key is lost; one that is only older is locked anew."""
        self._key(connection)

    def values(self, address: str) -> dict[str, bytes]:
        """What SEEN is asked with: hashes under the key that was last read."""
        wrapped, key = self._known
        return {"wrapped": wrapped, **_values(key, address)}

    def is_blocked(
        self, connection: sa.Connection, address: str, seen: sa.Row[*tuple[Any, ...]]
    ) -> bool:
        """What SEEN says of an address, or what it would say under the right key."""
        if seen.is_blocked is None:
            return self.contains(connection, address)
        return bool(seen.is_blocked)

    def _key(self, connection: sa.Connection) -> bytes | None:
        """The list's key, wrapped anew if SECRET_KEY has changed; None if nobody is blocked."""
        stored = connection.scalar(_WRAPPED)
        if stored is None:
            return None
        wrapped, key = self._known
        if stored == wrapped:
            return key
        for place, wrap in enumerate(self._wraps):
            if found := _unwrapped(wrap, stored):
                if place:
                    self._keep(connection, found)
                else:
                    self._known = (stored, found)
                return found
        if connection.scalar(sa.select(sa.exists().where(blocked.c.key.is_not(None)))):
            warn("block-list-key", cure="the-former-SECRET_KEY-into-SECRET_KEY_FALLBACKS")
            raise DatabaseUnavailable("the block list needs an older SECRET_KEY as a fallback")
        return None

    def _keep(self, connection: sa.Connection, key: bytes) -> None:
        nonce = token_bytes(NONCE_BYTES)
        wrapped = nonce + AESGCM(self._wraps[0]).encrypt(nonce, key, NAME.encode())
        kept = sa.update(lasting_keys).where(lasting_keys.c.name == NAME).values(sealed=wrapped)
        if connection.execute(kept).rowcount == 0:
            connection.execute(sa.insert(lasting_keys).values(name=NAME, sealed=wrapped))


def _unwrapped(wrap: bytes, stored: bytes) -> bytes | None:
    try:
        return AESGCM(wrap).decrypt(stored[:NONCE_BYTES], stored[NONCE_BYTES:], NAME.encode())
    except (InvalidTag, ValueError):
        return None


def _hashes(key: bytes, address: str) -> list[bytes]:
    """An address as typed and as folded: the first still holds if folding ever changes."""
    spellings = (plain(address), fold(address, dots=False))
    return [keyed_hash(key, spelling.encode()) for spelling in spellings]


def _values(key: bytes, address: str) -> dict[str, bytes]:
    return {f"reader_{place}": found for place, found in enumerate(_hashes(key, address))}
