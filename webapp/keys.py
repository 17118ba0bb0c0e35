"""Keys: one SECRET_KEY, from which every other key is derived, to seal by and to hash by."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32  # AES-256
NONCE_BYTES: Final = 12  # AES-GCM's own length
TAG_BYTES: Final = 16  # what AES-GCM adds to a text
HASH_BYTES: Final = 16  # enough that two never meet by chance


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
        """A keyed hash over texts; 32 hexadecimal digits."""
        return keyed_hash(self.key(purpose), told_apart(*parts)).hex()


def derive(secret: str, purpose: str) -> bytes:
    """The key of a secret for one purpose."""
    return expand(secret.encode(), purpose, KEY_BYTES)


def expand(material: bytes, purpose: str, length: int) -> bytes:
    """So many bytes for one purpose out of something secret (HKDF-SHA256, RFC 5869)."""
    kdf = HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose.encode())
    return kdf.derive(material)


def seal(key: bytes, text: bytes, bound: bytes) -> bytes:
    """A fresh nonce and what AES-256-GCM makes of a text; it opens only with the same `bound`."""
    nonce = token_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, text, bound)


def unseal(key: bytes, sealed: bytes, bound: bytes) -> bytes | None:
    """The text, or None if one bit of anything differs."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound)
    except (InvalidTag, ValueError):
        return None


def keyed_hash(key: bytes, content: bytes) -> bytes:
    """HMAC-SHA256, cut to 16 bytes: who has no key learns nothing of the content."""
    return hmac.digest(key, content, "sha256")[:HASH_BYTES]


def told_apart(*parts: str) -> bytes:
    """Several texts as one, each after its length: "ab" and "c" are not "a" and "bc"."""
    encoded = (part.encode("utf-8", "surrogatepass") for part in parts)
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
