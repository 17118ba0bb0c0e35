"""Keyed hashes: what the ledger keeps in place of every address, network and content."""

import hmac
from collections.abc import Sequence
from typing import Final

from ..sealing import derive_key

HASH_BYTES: Final = 16  # enough that two never meet by chance


def keyed_hash(key: bytes, text: bytes) -> bytes:
    """HMAC-SHA256, cut to what a row needs."""
    return hmac.digest(key, text, "sha256")[:HASH_BYTES]


class DailyHashes:
    """Hashes under a key that is new every UTC day, so that days cannot be joined."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = secrets

    def of(self, text: str, day: int) -> bytes:
        """The hash to store on this day (days since 1970-01-01)."""
        return keyed_hash(derive_key(self._secrets[0], f"ledger/day {day}"), text.encode())

    def near(self, text: str, day: int) -> list[bytes]:
        """What may have been stored in the last 24 hours: today's and yesterday's."""
        keys = [derive_key(s, f"ledger/day {d}") for s in self._secrets for d in (day, day - 1)]
        return [keyed_hash(key, text.encode()) for key in keys]
