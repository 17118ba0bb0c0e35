"""A letter for a named person, before it is sealed and after it was opened."""

from __future__ import annotations

import dataclasses
import datetime
import json
import secrets
from dataclasses import dataclass, field
from typing import Any, Final

from ..letter.compose import Letter
from ..mail.message import Mail, message_id, subject_line
from ..services import Services

# The date of a mail comes when it is sent.
_NOT_YET: Final = datetime.datetime.fromtimestamp(0, datetime.UTC)


@dataclass(frozen=True, kw_only=True)
class ForPerson:
    """A letter for a named person, and the words by which its writer agreed to send it."""

    letter: Letter = field(repr=False)
    language: str
    situation: str
    draft_id: str
    own: str = field(repr=False)
    recipient: str = field(repr=False)
    recipient_name: str = field(repr=False)
    consent: str = field(repr=False)
    browser: bytes = field(repr=False)
    ip: str = field(default="", repr=False)


@dataclass(frozen=True)
class SealedLetter:
    """What waits under seal: the very mail, and what the receipt will say."""

    mail: Mail = field(repr=False)
    draft_id: str
    recipient_name: str = field(repr=False)
    own: str = field(repr=False)
    consent: str = field(repr=False)
    version: str
    language: str
    situation: str
    level: str


def letter_to_person(order: ForPerson, services: Services) -> Mail:
    """The mail to the named person; its answer goes to the writer. The id comes with the seal."""
    note = services.library.words(order.language).texts["mails"]["person"]["note"]
    sender = services.settings.mail_from
    letter = dataclasses.replace(order.letter, note=note.replace("{sender}", sender))
    bodies = services.templates.letter_bodies(letter, order.own)
    return Mail(
        sender=sender,
        recipient=order.recipient,
        reply_to=order.own,
        # As it is sent: consent page, seal and confirm page show this very subject.
        subject=subject_line(bodies.subject),
        text=bodies.text,
        html=bodies.html,
        language=letter.language,
        message_id="",
        date=_NOT_YET,
        auto_submitted=False,
    )


_PLAIN: Final = (
    "draft_id",
    "recipient_name",
    "own",
    "consent",
    "version",
    "language",
    "situation",
    "level",
)
_MAILED: Final = ("sender", "recipient", "reply_to", "subject", "text", "html", "language")


# 256 random bits, used once and kept nowhere.
_KEY_BYTES: Final = 32


def pack(order: ForPerson, services: Services) -> bytes:
    """What is sealed, with the id under which every attempt sends it.

    The id is random and sealed with the letter: it tells of nothing, and stays the same whatever
    becomes of keys and settings.
    """
    mail = letter_to_person(order, services)
    domain = mail.sender.rpartition("@")[2]
    table: dict[str, Any] = {
        "draft_id": order.draft_id,
        "recipient_name": order.recipient_name,
        "own": order.own,
        "consent": order.consent,
        "version": order.letter.version,
        "language": order.language,
        "situation": order.situation,
        "level": order.letter.level,
        "mail": {name: getattr(mail, name) for name in _MAILED},
        # Beside the mail: a release that knows of no sealed id still opens this letter.
        "message_id": message_id(secrets.token_bytes(_KEY_BYTES), domain, "person"),
    }
    return json.dumps(table, ensure_ascii=False).encode("utf-8", "surrogatepass")


def unpack(payload: bytes) -> SealedLetter:
    """What was sealed, as it was then: no later change of words or templates touches it."""
    table = json.loads(payload.decode("utf-8", "surrogatepass"))
    mail = Mail(
        **table["mail"],
        # Letters sealed before their id was: it comes at sending.
        message_id=table.get("message_id", ""),
        date=_NOT_YET,
        auto_submitted=False,
    )
    return SealedLetter(mail=mail, **{name: table[name] for name in _PLAIN})
