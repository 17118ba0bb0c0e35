"""From the form to the writer's own inbox."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import MailRefused, WordAheadError
from ..letter import Letter
from ..mail import Mail, message_id
from ..post import Outcome, Result
from ..services import Services
from .shown import check_shown


class MailNotOffered(WordAheadError):
    """This host sends no mail for such a letter."""


@dataclass(frozen=True)
class ToSelf:
    """A letter, its writer's address, and the proof of what the writer saw."""

    letter: Letter = field(repr=False)
    language: str
    draft_id: str
    shown: str
    address: str = field(repr=False)


def send_to_self(order: ToSelf, services: Services) -> Outcome:
    """Email the letter to its writer, at once, exactly as it was shown.

    Raises LetterChanged or MailNotOffered; nothing was sent then.
    """
    if services.post is None or services.mail_reason(order.language, order.letter.level):
        raise MailNotOffered("This host sends no mail for such a letter.")
    check_shown(order.shown, order.letter, order.draft_id, services)
    try:
        return services.post.send(letter_to_self(order, services))
    except MailRefused:
        return Outcome(Result.REFUSED, "head")


def letter_to_self(order: ToSelf, services: Services) -> Mail:
    """The mail to the writer: the letter and nothing else, so that it can be forwarded."""
    bodies = services.templates.letter_bodies(order.letter, order.address)
    sender = services.settings.mail_from
    return Mail(
        sender=sender,
        recipient=order.address,
        subject=bodies.subject,
        text=bodies.text,
        html=bodies.html,
        language=order.letter.language,
        message_id=message_id(
            services.keys.key("message-id/v1"),
            sender.rpartition("@")[2],
            "letter",
            order.draft_id,
            order.shown,
            order.address,
        ),
        date=services.clock(),
        auto_submitted=True,
    )
