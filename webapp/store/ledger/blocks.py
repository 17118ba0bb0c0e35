"""The block list: addresses that get nothing more, as hashes under one lasting key."""

from secrets import token_bytes
from typing import Final

import sqlalchemy as sa

from ...errors import warn
from ...keys import KEY_BYTES, Keys, keyed_hash, seal, unseal
from ..database import DatabaseUnavailable
from ..database.tables import blocked, lasting_keys
from .limits import fold, plain

NAME: Final = "block list"

_THIS: Final = lasting_keys.c.name == NAME
# Built once: each mail asks for both.
_STORED: Final = sa.select(lasting_keys.c.sealed).where(_THIS)
_IS_BLOCKED: Final = sa.select(
    sa.exists().where(blocked.c.key.in_(sa.bindparam("keys", expanding=True)))
)


class BlockList:
    """Works on a connection that it is handed, inside that transaction.

    Its key is random, and stored only sealed under SECRET_KEY. So the list outlives a new
    SECRET_KEY, if the old one stands among the fallbacks at one start of the app.
    """

    def __init__(self, keys: Keys) -> None:
        self._seals = keys.keys("word-ahead/v1/ledger/block list")

    def add(self, connection: sa.Connection, address: str) -> None:
        """Block an address, however it is spelled."""
        key = self._key(connection)
        if key is None:
            key = token_bytes(KEY_BYTES)
            connection.execute(sa.delete(lasting_keys).where(_THIS))
            connection.execute(sa.insert(lasting_keys).values(name=NAME, sealed=self._sealed(key)))
        known = set(connection.scalars(sa.select(blocked.c.key)))
        if fresh := [{"key": one} for one in _hashes(key, address) - known]:
            connection.execute(sa.insert(blocked), fresh)

    def contains(self, connection: sa.Connection, address: str) -> bool:
        """Whether an address is blocked; raises DatabaseUnavailable if the key is lost."""
        key = self._key(connection)
        if key is None:
            return False
        return bool(connection.scalar(_IS_BLOCKED, {"keys": list(_hashes(key, address))}))

    def check(self, connection: sa.Connection) -> None:
        """Seal the key anew if SECRET_KEY has changed; raises DatabaseUnavailable if it is lost."""
        key, stored = self._key(connection), self._stored(connection)
        if key and stored and unseal(self._seals[0], stored, NAME.encode()) is None:
            kept = sa.update(lasting_keys).where(_THIS).values(sealed=self._sealed(key))
            connection.execute(kept)

    def _key(self, connection: sa.Connection) -> bytes | None:
        """The list's key; None if nobody is blocked."""
        stored = self._stored(connection)
        if stored is None:
            return None
        for secret in self._seals:
            if key := unseal(secret, stored, NAME.encode()):
                return key
        if connection.scalar(sa.select(sa.exists().where(blocked.c.key.is_not(None)))):
            warn("block-list-key", cure="the-former-SECRET_KEY-into-SECRET_KEY_FALLBACKS")
            raise DatabaseUnavailable("the block list needs an older SECRET_KEY as a fallback")
        return None

    def _stored(self, connection: sa.Connection) -> bytes | None:
        stored: bytes | None = connection.scalar(_STORED)
        return stored

    def _sealed(self, key: bytes) -> bytes:
        return seal(self._seals[0], key, NAME.encode())


def _hashes(key: bytes, address: str) -> set[bytes]:
    """An address as typed and as folded: the first still holds if folding ever changes."""
    spellings = (plain(address), fold(address, dots=False))
    return {keyed_hash(key, spelling.encode()) for spelling in spellings}
