"""The encrypted cookie: a person's answers live in their own browser and nowhere else."""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, cast

from flask import Flask, Request, Response, session
from flask.sessions import SessionInterface, SessionMixin

from ..keys import NONCE_BYTES, TAG_BYTES, Keys, seal, unseal
from ..letter.compose import Answers
from ..letter.words import LEVELS, TERMS, THEY, VOICES, Library, short_hash

# All that the browser has to keep for us; browsers promise 4,096 bytes, we stay well below.
MAX_COOKIE_BYTES: Final = 3072
# The longest address there is (RFC 5321, 4.5.3.1.3), and some more to mend.
ADDRESS_ROOM: Final = 320
# One draft of many in the world: 72 bits are not met twice.
_DRAFT_BYTES: Final = 9
_BROWSER_BYTES: Final = 16
_HASH_BYTES: Final = 4
# An old copy of a cookie is not read: it would show a letter after its "Delete".
LIFE: Final = 2 * 24 * 60 * 60
# Of a token's hash, and what is told of it; the address follows.
AWAITED: Final = 5
# A guess at a proof is right once in 2^64.
PROOF: Final = 8
MOST_PROOFS: Final = 3
_CSRF_KEY: Final = "csrf_token"
_PURPOSE: Final = "cookie/v1"


@dataclass(frozen=True)
class Addresses:
    """What the last pages ask; it stays until the letter went, so that no change loses it."""

    own: str = field(default="", repr=False)
    reader: str = field(default="", repr=False)
    reader_name: str = field(default="", repr=False)
    # The voice under whose sentence the tick was set: "I am 13 or over" is no parent's yes.
    may: str = ""
    # How the reader of a copy can answer.
    answer_by: str = field(default="", repr=False)


class Draft(dict[str, Any], SessionMixin):
    """What the cookie holds: the answers, the draft's id, and the seed of the form tokens.

    It is also Flask's session, in which Flask-WTF keeps its seed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.answers: Answers | None = None
        self.id = ""
        self.level_chosen = False
        self.kept = ""
        # The free texts that were typed with something in them that a letter has no place for.
        self.taken_out: frozenset[str] = frozenset()
        self.sent_at = 0
        self.sent_what = ""
        self.sent_straight = False
        self.browser = b""
        # Inboxes from which a code was typed here, each as a keyed hash.
        self.proofs: tuple[bytes, ...] = ()
        # What the next page says once: a key of its words; it is never taken from an address line.
        self.told = ""
        # The letter whose code may be on its way, or nobody knows: 4 bytes of its token's hash.
        self.awaited = b""
        # The letter that it was asked for, as a keyed hash: "Send the code again" is for no other.
        self.asked_for = b""
        # A letter of which nobody knows whether it went; told until that is answered.
        self.doubt = ""
        self.issued_at = 0
        self.addresses = Addresses()
        self.deleted: bytes = b""
        self.deleted_at = 0
        self.came_with_cookie = False
        self.opened: bytes = b""

    def __repr__(self) -> str:
        return "Draft()"

    @property
    def has_letter(self) -> bool:
        """Whether it holds answers for a situation that there is."""
        return self.answers is not None and bool(self.answers.situation)

    def begin(self, answers: Answers) -> None:
        """Put answers in under a new id, so that another tab's form can no longer change them."""
        self.answers = answers
        self.id = secrets.token_hex(_DRAFT_BYTES)
        self.kept = self.doubt = ""
        self.mark_sent(0)

    def mark_sent(self, moment: int, *, straight: bool = False, what: str = "") -> None:
        """Close the letter: it has left at this moment, `straight` to a named person or not.

        `what` stands for the letter and its address (8 hexadecimal digits), to know it again.
        """
        self.sent_at, self.sent_straight, self.sent_what = moment, straight, what
        if moment:
            self.doubt = ""
            self.addresses = Addresses()

    def mark_browser(self) -> bytes:
        """Know this browser again when its letter waits for a code: to replace it, or cancel it."""
        self.browser = self.browser or secrets.token_bytes(_BROWSER_BYTES)
        return self.browser

    def take_told(self) -> str:
        """What was to be said once."""
        told, self.told = self.told, ""
        return told

    def forget(self) -> None:
        """Delete everything that the person said, and what tells this browser from another.

        Whoever comes next to this browser can then neither cancel nor replace a letter that waits.
        """
        self.answers = None
        self.id = self.kept = ""
        self.taken_out = frozenset()
        self.level_chosen = False
        self.browser = self.awaited = self.asked_for = self.deleted = b""
        self.deleted_at = 0
        self.proofs = ()
        self.told = self.doubt = ""
        self.addresses = Addresses()
        self.mark_sent(0)

    def delete(self, moment: int, place: str = "") -> None:
        """Forget everything, but for what brings the answers back in the next minute.

        A second time nothing is kept. The place is where the person was.
        """
        packed = b""
        if self.answers is not None and not self.sent_at:
            packed = _joined([("P", place.encode())]) + _pack_letter(self)
        self.forget()
        if packed:
            self.deleted, self.deleted_at = packed, moment

    def bring_back(self, library: Library) -> str:
        """Undo the deleting; gives the place where the person was."""
        fields = dict(_split(self.deleted))
        self.forget()
        _unpack_letter(fields, self, library)
        return fields.get("P", b"").decode()


def draft() -> Draft:
    """The draft of this request's browser."""
    return cast("Draft", session._get_current_object())  # type: ignore[attr-defined]


@dataclass(frozen=True)
class AnswersCookie(SessionInterface):
    """Opens and closes the cookie (AES-256-GCM under a key derived from SECRET_KEY)."""

    keys: Keys
    library: Library
    secure: bool
    # The time in whole seconds since 1970.
    now: Callable[[], int] = lambda: int(time.time())

    @property
    def name(self) -> str:
        """The cookie's name; the prefix binds it to this very host (RFC 6265bis, 4.1.3.2)."""
        return "__Host-letter" if self.secure else "letter"

    def open_session(self, app: Flask, request: Request) -> Draft:
        """Read the cookie; one that cannot be opened counts as none."""
        found = Draft()
        sealed = request.cookies.get(self.name)
        if sealed:
            opened = self._open(sealed)
            issued_at = int.from_bytes(dict(_split(opened)).get("i", b""), "big")
            if abs(self.now() - issued_at) <= LIFE:
                found.opened, found.issued_at = opened, issued_at
                found.came_with_cookie = bool(opened)
                _unpack(opened, found, self.library)
        return found

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie where something changed."""
        found = cast("Draft", session)
        if _pack(found) == found.opened:
            return
        found.issued_at = self.now()
        packed = _pack(found)
        if len(packed) > self._room():
            # Where every field is full, the addresses are what is left out.
            found.addresses = Addresses(answer_by=found.addresses.answer_by)
            found.awaited = found.awaited[:AWAITED]
            packed = _pack(found)
        if len(packed) > self._room():
            found.addresses = Addresses()
            packed = _pack(found)
        response.set_cookie(
            self.name, self._seal(packed), secure=self.secure, httponly=True, samesite="Lax"
        )

    def _room(self) -> int:
        """How many bytes can be sealed, so that the whole line stays small."""
        line = f"{self.name}=; Secure; HttpOnly; Path=/; SameSite=Lax"
        return (MAX_COOKIE_BYTES - len(line)) * 3 // 4 - NONCE_BYTES - TAG_BYTES

    def _seal(self, packed: bytes) -> str:
        sealed = seal(self.keys.key(_PURPOSE), packed, self.name.encode())
        return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()

    def _open(self, cookie: str) -> bytes:
        try:
            sealed = base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
        except ValueError:
            return b""
        for key in self.keys.keys(_PURPOSE):
            if packed := unseal(key, sealed, self.name.encode()):
                return packed
        return b""


# The cookie's content is a row of fields: one letter, two bytes of length, the bytes.
_TEXTS: Final = (
    *(("n", "name"), ("t", "to_name"), ("f", "first"), ("o", "own_words")),
    ("w", "writer"),
)
FREE_TEXTS: Final = tuple(name for _, name in _TEXTS)
_ALL_TYPED: Final = (*_TEXTS, ("A", "answer_by"), ("N", "recipient_name"))
_ADDRESSES: Final = (
    ("e", "own"),
    ("E", "reader"),
    ("N", "reader_name"),
    ("m", "may"),
    ("A", "answer_by"),
)


def _pack(draft: Draft) -> bytes:
    return _joined(_fields(draft)) + _pack_letter(draft)


def _pack_letter(draft: Draft) -> bytes:
    """The letter alone: what is brought back where it was deleted by a slip."""
    return _joined(_fields_of_letter(draft))


def _joined(fields: Iterable[tuple[str, bytes]]) -> bytes:
    return b"".join(
        tag.encode() + len(content).to_bytes(2, "big") + content
        for tag, content in fields
        if content
    )


def _fields(draft: Draft) -> Iterator[tuple[str, bytes]]:
    yield "c", bytes.fromhex(draft.get(_CSRF_KEY, ""))
    yield "b", draft.browser
    yield "i", draft.issued_at.to_bytes(4, "big") if draft.issued_at else b""
    yield "P", b"".join(draft.proofs)
    yield "a", draft.awaited
    yield "F", draft.asked_for
    yield "T", draft.told.encode()
    yield "?", draft.doubt.encode()
    yield "x", "".join(tag for tag, name in _ALL_TYPED if name in draft.taken_out).encode()
    how = bytes((draft.sent_straight,)) + bytes.fromhex(draft.sent_what)
    yield "S", draft.sent_at.to_bytes(4, "big") + how if draft.sent_at else b""
    yield "D", draft.deleted_at.to_bytes(4, "big") + draft.deleted if draft.deleted else b""


def _fields_of_letter(draft: Draft) -> Iterator[tuple[str, bytes]]:
    yield "d", bytes.fromhex(draft.id)
    yield "k", bytes.fromhex(draft.kept)
    answers = draft.answers
    if answers is None:
        return
    yield "l", answers.language.encode()
    yield "s", short_hash(answers.situation)
    level, voice = LEVELS.index(answers.level), VOICES.index(answers.voice)
    yield "h", bytes((level, voice, draft.level_chosen))
    yield "p", bytes((THEY.index(answers.they), TERMS.index(answers.term)))
    yield "y", b"".join(map(short_hash, answers.say))
    yield "r", short_hash(answers.rights) if answers.rights else b""
    for tag, name in _TEXTS:
        yield tag, getattr(answers, name).encode("utf-8", "surrogatepass")
    for tag, name in _ADDRESSES:
        yield tag, getattr(draft.addresses, name).encode("utf-8", "surrogatepass")


def _unpack(packed: bytes, draft: Draft, library: Library) -> None:
    fields = dict(_split(packed))
    if seed := fields.get("c"):
        draft[_CSRF_KEY] = seed.hex()
    draft.browser = fields.get("b", b"")
    proofs = fields.get("P", b"")
    draft.proofs = tuple(proofs[at : at + PROOF] for at in range(0, len(proofs), PROOF))
    draft.awaited = fields.get("a", b"")
    draft.asked_for = fields.get("F", b"")
    draft.told = fields.get("T", b"").decode()
    draft.doubt = fields.get("?", b"").decode()
    taken_out = fields.get("x", b"").decode()
    draft.taken_out = frozenset(name for tag, name in _ALL_TYPED if tag in taken_out)
    sent = fields.get("S", b"")
    straight = sent[4:5] == b"\x01"
    _unpack_letter(fields, draft, library)
    draft.mark_sent(int.from_bytes(sent[:4], "big"), straight=straight, what=sent[5:].hex())
    deleted = fields.get("D", b"")
    draft.deleted_at, draft.deleted = int.from_bytes(deleted[:4], "big"), deleted[4:]


def _unpack_letter(fields: dict[str, bytes], draft: Draft, library: Library) -> None:
    draft.id = fields.get("d", b"").hex()
    draft.kept = fields.get("k", b"").hex()
    draft.answers = _answers(fields, library)
    draft.level_chosen = fields.get("h", b"")[2:] == b"\x01"
    draft.addresses = Addresses(
        **{name: fields.get(tag, b"").decode("utf-8", "replace") for tag, name in _ADDRESSES}
    )


def _split(packed: bytes) -> Iterator[tuple[str, bytes]]:
    at = 0
    while at + 3 <= len(packed):
        end = at + 3 + int.from_bytes(packed[at + 1 : at + 3], "big")
        yield chr(packed[at]), packed[at + 3 : end]
        at = end


def _answers(fields: dict[str, bytes], library: Library) -> Answers | None:
    """The answers, with what a change of the words has taken away left out."""
    language = fields.get("l", b"").decode()
    if not language or "h" not in fields:
        return None
    words = library.words(language)
    # "" where a change of the words took the situation away: it is asked again, the rest is kept.
    situation = _named_by(words.situations, fields.get("s", b""))
    ticked = fields.get("y", b"")
    hashes = {ticked[at : at + _HASH_BYTES] for at in range(0, len(ticked), _HASH_BYTES)}
    level, voice, _ = fields["h"]
    # A cookie from before these were asked has none.
    they, term = fields.get("p", bytes(2))
    return Answers(
        situation=situation,
        level=LEVELS[level],
        voice=VOICES[voice],
        they=THEY[they],
        term=TERMS[term],
        language=words.language,
        say=tuple(one for one in words.statements if short_hash(one) in hashes),
        rights=_named_by(words.rights, fields.get("r", b"")),
        **{name: fields.get(tag, b"").decode("utf-8", "replace") for tag, name in _TEXTS},
    )


def _named_by(ids: Iterable[str], wanted: bytes) -> str:
    return next((one for one in ids if wanted and short_hash(one) == wanted), "")
