"""Keys: one SECRET_KEY, from which every other key is derived."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_KEY_BYTES = 32


@lru_cache(maxsize=64)
def derive(secret: str, purpose: str) -> bytes:
    """A 32-byte key for one purpose (HKDF-SHA256, RFC 5869)."""
    kdf = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=purpose.encode())
    return kdf.derive(secret.encode())


@dataclass(frozen=True)
class Keys:
    """The secret in use, and older ones that may still open what they closed."""

    secret: str = field(repr=False)
    fallbacks: tuple[str, ...] = field(default=(), repr=False)

    def key(self, purpose: str) -> bytes:
        """The key for a purpose, from the secret in use."""
        return derive(self.secret, purpose)

    def keys(self, purpose: str) -> list[bytes]:
        """The keys for a purpose, the one in use first."""
        return [derive(secret, purpose) for secret in (self.secret, *self.fallbacks)]

    def fingerprint(self, purpose: str, *parts: str) -> str:
        """A keyed hash over texts, each counted with its length; 32 hexadecimal digits."""
        digest = hmac.new(self.key(purpose), digestmod="sha256")
        for part in parts:
            content = part.encode("utf-8", "surrogatepass")
            digest.update(len(content).to_bytes(4, "big") + content)
        return digest.hexdigest()[:32]
