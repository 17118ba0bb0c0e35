"""Keyed hashes: what the ledger keeps in place of every address, network and content."""

import hmac
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from ..sealing import derive_key

HASH_BYTES: Final = 16  # enough that two never meet by chance


def keyed_hash(key: bytes, text: bytes) -> bytes:
    """HMAC-SHA256, cut to what a row needs."""
    return hmac.digest(key, text, "sha256")[:HASH_BYTES]


class DailyHashes:
    """Hashes under a key that is new every UTC day, so that days cannot be joined."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = tuple(secrets)

    def on(self, text: str, day: int) -> bytes:
        """The one to store on a day (days since 1970-01-01)."""
        return keyed_hash(_keys(self._secrets, day)[0], text.encode())

    def near(self, text: str, day: int) -> tuple[bytes, ...]:
        """What may have been stored in the 24 hours before a moment of this day: on(), and more."""
        return tuple(keyed_hash(key, text.encode()) for key in _keys(self._secrets, day))

    @property
    def number(self) -> int:
        """How many hashes a text has at any time."""
        return 2 * len(self._secrets)


@lru_cache(maxsize=4)
def _keys(secrets: tuple[str, ...], day: int) -> tuple[bytes, ...]:
    """Derived once a day: fifteen derivations for each mail cost more than its hashes do."""
    days = ((secret, one) for secret in secrets for one in (day, day - 1))
    return tuple(derive_key(secret, f"ledger/day {one}") for secret, one in days)
