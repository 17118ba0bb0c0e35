"""Which inboxes this browser has shown to be its writer's, and the letter as they get it."""

from __future__ import annotations

from ..delivery.to_self import asks_code, with_note
from ..letter.answers import Answers
from ..letter.compose import Letter, compose
from ..letter.plain_name import has_own_words
from ..store.sealing import parse_token, token_in
from .common import services, words
from .cookie import AWAITED, MOST_PROOFS, PROOF, draft

KINDS = ("own", "person")


def prove(address: str) -> None:
    """Remember that a code from this inbox was typed in this browser, until it closes."""
    found = _proof_of(address)
    others = [one for one in draft().proofs if one != found]
    draft().proofs = (found, *others)[:MOST_PROOFS]


def is_proved(address: str) -> bool:
    """Whether a code from this inbox was typed here; without an address, one from any."""
    return _proof_of(address) in draft().proofs if address else bool(draft().proofs)


def code_first(said: Answers, address: str = "") -> bool:
    """Whether the six digits go before this letter does."""
    own = has_own_words(said)
    return not is_proved(address) and asks_code(services(), has_own_words=own)


def letter_for(said: Answers, address: str = "") -> Letter:
    """The letter to oneself; unproved, its last line says how it came."""
    letter = compose(said, words())
    has_mail = not services().mail_reason(said.language, said.level)
    if (
        not has_mail
        or is_proved(address)
        or asks_code(services(), has_own_words=has_own_words(said))
    ):
        return letter
    return with_note(letter, said.language, services())


def await_code(token: str, kind: str, address: str, *, is_code_sent: bool, shown: str) -> None:
    """Remember whose code the next page asks for, so that a slip in the address can be seen."""
    draft().asked_for = _mark_of(shown)
    flags = KINDS.index(kind) + 2 * (not is_code_sent)
    draft().awaited = _mark_of(token) + bytes((flags,)) + address.encode()


def awaited(token: str) -> tuple[str, bool, str]:
    """What this browser knows of a token: kind, whether its code perhaps left, and to where."""
    found = draft().awaited
    if not found or found[: AWAITED - 1] != _mark_of(token):
        return "", False, ""
    flags = found[AWAITED - 1]
    return KINDS[flags % 2], flags >= 2, found[AWAITED:].decode()


def is_asked_for(shown: str) -> bool:
    """Whether the newest code was asked for this very letter, as it was shown."""
    return bool(shown) and draft().asked_for == _mark_of(shown)


def clean_token(typed: str) -> str:
    """The token in a link, whatever a mail program left at its end."""
    found = token_in(typed)
    return found if parse_token(found) else typed


def _proof_of(address: str) -> bytes:
    return bytes.fromhex(services().keys.fingerprint("proof/v1", address.lower()))[:PROOF]


def _mark_of(token: str) -> bytes:
    return bytes.fromhex(services().keys.fingerprint("awaited/v1", token))[: AWAITED - 1]
