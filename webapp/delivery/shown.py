"""What you saw is what is sent: a seal over the letter that the check page showed."""

from __future__ import annotations

import hmac

from ..errors import WordAheadError
from ..letter.compose import ADDRESS_SLOT, Letter
from ..services import Services


class LetterChanged(WordAheadError):
    """The letter is no longer the one that was shown; nothing was sent."""


def shown_seal(letter: Letter, draft_id: str, services: Services) -> str:
    """A keyed hash over the very mail that is shown, its address left open, and the draft's id."""
    bodies = services.templates.letter_bodies(letter, ADDRESS_SLOT)
    parts = (draft_id, bodies.subject, bodies.text, bodies.html)
    return services.keys.fingerprint("shown/v1", *parts)


def check_shown(seal: str, letter: Letter, draft_id: str, services: Services) -> None:
    """Raise LetterChanged unless the seal belongs to this letter."""
    expected = shown_seal(letter, draft_id, services)
    if not hmac.compare_digest(seal.encode(), expected.encode()):
        raise LetterChanged("Your answers have changed; this is the letter now.")
