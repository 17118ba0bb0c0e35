"""Turns the link's token and the mail's code into the key that alone opens a waiting letter."""

import base64
import hashlib
import re
import unicodedata
from dataclasses import dataclass, field
from secrets import randbelow, token_bytes
from typing import Final

from ..errors import Busy, WordAheadError
from ..keys import KEY_BYTES, NONCE_BYTES, TAG_BYTES, Keys, expand, keyed_hash, seal, unseal
from ..slots import Slots

TOKEN_BYTES: Final = 16  # 128 random bits: never guessed, so a row's id alone says nothing
TOKEN_LENGTH: Final = 22  # what 16 bytes make in url-safe base64 without its padding
CODE_DIGITS: Final = 6  # as many as phones fill in from a mail; the tries are counted
ID_BYTES: Final = 16  # as long as the token: two rows never meet
LENGTH_BYTES: Final = 4  # before the text: how much of the padded block is text
EXPIRY_BYTES: Final = 8
STEP: Final = 16 * 1024  # most letters fill one step: its size does not tell how much was ticked
MOST_BYTES: Final = 256 * 1024  # ten times the longest letter; keeps a row small

# OWASP's smallest scrypt that still costs 16 MiB and about 80 ms a guess; more would let a few
# visitors at once exhaust a small server.
SCRYPT_N: Final = 2**14
SCRYPT_R: Final = 8
SCRYPT_P: Final = 1
SCRYPT_MEMORY: Final = 64 * 1024 * 1024  # OpenSSL's ceiling, four times what the numbers above need

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
_NO_TOKEN: Final = re.compile(r"[^A-Za-z0-9_-]", re.ASCII)


class SealingBusy(Busy):
    """Too many codes are being checked at this moment; this one was not counted as a try."""


# So many scrypts at once a process: 32 MiB, and other pages keep a processor. Whoever waits longer
# than these seconds is asked to press again.
SCRYPT_SLOTS: Final = Slots(2, patience=5.0, busy=SealingBusy)


class TooLong(WordAheadError):
    """This is too long to be sealed."""


@dataclass(frozen=True)
class Key:
    """What opens one row; lives only as long as the request that knows token and code."""

    id: bytes
    expires_at: int
    secret: bytes = field(repr=False)


def parse_code(text: str) -> str | None:
    """The only six digits in what was typed or pasted, whatever stands round or between them."""
    digits = [str(unicodedata.digit(one)) for one in text if unicodedata.digit(one, -1) >= 0]
    return "".join(digits) if len(digits) == CODE_DIGITS else None


def token_in(text: str) -> str:
    """The token in the end of a link, without what no token holds: a full stop, a bracket."""
    return _NO_TOKEN.sub("", text)


def parse_token(text: str) -> bytes | None:
    """The token of a link; only the one spelling that was handed out counts."""
    if not _TOKEN.fullmatch(text):
        return None
    token = base64.urlsafe_b64decode(text + "==")
    return token if _spell(token) == text else None


def new_code() -> str:
    """Six digits, each of the million equally likely."""
    return f"{randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"


def new_token() -> str:
    """A fresh token, as it stands in the link."""
    return _spell(token_bytes(TOKEN_BYTES))


class Sealer:
    """Makes ids and keys, seals and opens.

    The caller holds one of SCRYPT_SLOTS while keys are made. `purpose` keeps letters and other
    sealed things apart: a token made for one is unknown to the other.
    """

    def __init__(self, keys: Keys, *, purpose: str = "letter", cost: int = SCRYPT_N) -> None:
        self._name = f"word-ahead/v1/{purpose}"
        self._cost = cost
        self._salts = keys.keys(f"{self._name}/scrypt salt")
        self._labels = keys.keys(f"{self._name}/browser")
        self._nobody = token_bytes(TOKEN_BYTES)
        self._blank = token_bytes(NONCE_BYTES + STEP + TAG_BYTES)

    def id_of(self, token: str) -> bytes:
        """The row that belongs to a token; a token that cannot be one belongs to no row."""
        return expand(parse_token(token) or self._nobody, f"{self._name}/id", ID_BYTES)

    def labels(self, browser: bytes) -> list[bytes]:
        """What marks a browser's own rows, the newest secret first; nothing leads back from it."""
        return [keyed_hash(key, browser) for key in self._labels]

    def key(self, token: str, code: str, expires_at: int) -> Key:
        """The key for sealing something new, under the newest secret."""
        return self._key(self._salts[0], token, code, expires_at)

    def seal(self, key: Key, kind: str, text: bytes) -> bytes:
        """Nonce and ciphertext, padded to whole steps; id, expiry and kind cannot be changed."""
        if len(text) > MOST_BYTES:
            raise TooLong("this is too long to be sealed")
        framed = len(text).to_bytes(LENGTH_BYTES) + text
        padded = framed.ljust(-(-len(framed) // STEP) * STEP, b"\0")
        return seal(key.secret, padded, self._bound(key, kind))

    def open(self, key: Key, kind: str, sealed: bytes) -> bytes | None:
        """The text, or None if one bit of anything differs."""
        padded = unseal(key.secret, sealed, self._bound(key, kind))
        if padded is None:
            return None
        length = int.from_bytes(padded[:LENGTH_BYTES])
        return padded[LENGTH_BYTES : LENGTH_BYTES + length]

    def try_open(
        self, token: str, code: str, row: tuple[int, str, bytes] | None
    ) -> tuple[Key, bytes] | None:
        """Key and text of a row (expiry, kind, sealed), tried under each secret in turn.

        Without a row it does the same work for nothing, so that time tells no stranger
        whether a token is known.
        """
        expires_at, kind, sealed = row or (0, "nothing", self._blank)
        for salt in self._salts:
            key = self._key(salt, token, code, expires_at)
            text = self.open(key, kind, sealed)
            if text is not None:
                return key, text
        return None

    def _key(self, salt: bytes, token: str, code: str, expires_at: int) -> Key:
        stretched = hashlib.scrypt(
            f"{token}\0{code}".encode(),
            salt=salt,
            n=self._cost,
            r=SCRYPT_R,
            p=SCRYPT_P,
            maxmem=SCRYPT_MEMORY,
            dklen=KEY_BYTES,
        )
        secret = expand(stretched, f"{self._name}/key", KEY_BYTES)
        return Key(self.id_of(token), expires_at, secret)

    def _bound(self, key: Key, kind: str) -> bytes:
        """What is sealed along: this text is this row's, until this second, of this kind."""
        head = f"{self._name}/{kind}/".encode()
        return head + key.id + key.expires_at.to_bytes(EXPIRY_BYTES, signed=True)


def _spell(token: bytes) -> str:
    return base64.urlsafe_b64encode(token).decode("ascii").rstrip("=")
