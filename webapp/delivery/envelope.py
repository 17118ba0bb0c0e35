"""A letter that waits for a code, ready to leave: shown, sealed, opened and sent as one value."""

from __future__ import annotations

import dataclasses
import datetime
import hmac
import json
import secrets
from dataclasses import dataclass, field
from typing import Any, Final

from ..letter.compose import Letter, Part, Reply
from ..letter.words import Level
from ..mail.message import Mail, message_id, subject_line
from ..services import Services
from .shown import LetterChanged

# The date of a mail comes when it is sent, and its id when it is sealed.
_NOT_YET: Final = datetime.datetime.fromtimestamp(0, datetime.UTC)
_SEAL: Final = "person/v1"


@dataclass(frozen=True, kw_only=True)
class ForPerson:
    """What the form says of a letter for a named person."""

    letter: Letter = field(repr=False)
    language: str
    situation: str
    draft_id: str
    own: str = field(repr=False)
    recipient: str = field(repr=False)
    recipient_name: str = field(repr=False)
    consent: str = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """The very mail, the letter that it holds, and what its writer agreed to."""

    mail: Mail = field(repr=False)
    # The same sentences in their parts, for pages and the receipt; earlier releases sealed none.
    letter: Letter | None = field(default=None, repr=False)
    draft_id: str
    recipient_name: str = field(repr=False)
    own: str = field(repr=False)
    consent: str = field(repr=False)
    version: str
    language: str
    situation: str
    level: Level
    # To the inbox that gets the code: it goes as soon as the code was typed, and has no receipt.
    is_to_self: bool = False


def envelope_for(order: ForPerson, services: Services) -> Envelope:
    """Put a letter for a named person in its envelope; its answer goes to the writer."""
    note = services.library.words(order.language).texts["mails"]["person"]["note"]
    sender = services.settings.mail_from
    letter = dataclasses.replace(order.letter, note=note.replace("{sender}", sender))
    bodies = services.templates.letter_bodies(letter, order.own)
    mail = Mail(
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
    return Envelope(
        mail=mail,
        letter=letter,
        version=letter.version,
        level=letter.level,
        **{name: getattr(order, name) for name in _AS_ORDERED},
    )


def envelope_seal(envelope: Envelope, services: Services) -> str:
    """A keyed hash over all that the consent page showed."""
    mail = envelope.mail
    return services.keys.fingerprint(
        _SEAL,
        envelope.draft_id,
        envelope.own,
        mail.recipient,
        envelope.recipient_name,
        envelope.consent,
        mail.subject,
        mail.text,
        mail.html,
    )


def check_envelope(seal: str, envelope: Envelope, services: Services) -> None:
    """Raise LetterChanged unless this is what the consent page showed."""
    if not hmac.compare_digest(seal.encode(), envelope_seal(envelope, services).encode()):
        raise LetterChanged("Your answers have changed; this is the letter now.")


_AS_ORDERED: Final = (
    "draft_id",
    "recipient_name",
    "own",
    "consent",
    "language",
    "situation",
)
_PLAIN: Final = (*_AS_ORDERED, "version", "level")
_TO_SELF: Final = ("auto_submitted", "list_unsubscribe")
_MAILED: Final = ("sender", "recipient", "reply_to", "subject", "text", "html", "language")

# 256 random bits, used once and kept nowhere.
_KEY_BYTES: Final = 32


def pack(envelope: Envelope) -> bytes:
    """What is sealed, with the id under which every attempt sends it.

    The id is random and sealed with the letter: it tells of nothing, and stays the same whatever
    becomes of keys and settings.
    """
    mail = envelope.mail
    domain = mail.sender.rpartition("@")[2]
    table: dict[str, Any] = {
        **{name: getattr(envelope, name) for name in _PLAIN},
        "mail": {name: getattr(mail, name) for name in _MAILED},
        # Beside the mail: a release that knows of no sealed id, or letter, still opens this one.
        "message_id": message_id(secrets.token_bytes(_KEY_BYTES), domain, "person"),
        "letter": dataclasses.asdict(envelope.letter) if envelope.letter else None,
        "to_self": {name: getattr(mail, name) for name in _TO_SELF} if envelope.is_to_self else {},
    }
    return json.dumps(table, ensure_ascii=False).encode("utf-8", "surrogatepass")


def unpack(payload: bytes) -> Envelope:
    """What was sealed, as it was then: no later change of words or templates touches it."""
    table = json.loads(payload.decode("utf-8", "surrogatepass"))
    mail = Mail(
        **table["mail"],
        # Letters sealed before their id was: it comes at sending.
        message_id=table.get("message_id", ""),
        date=_NOT_YET,
        **{"auto_submitted": False} | table.get("to_self", {}),
    )
    return Envelope(
        mail=mail,
        letter=_letter(table.get("letter")),
        is_to_self=bool(table.get("to_self")),
        **{name: table[name] for name in _PLAIN},
    )


def in_parts(envelope: Envelope, services: Services) -> Letter | None:
    """The letter in its parts, to be shown as it looks; None where they would not say the mail.

    So it is after a deploy with other templates: then the mail's own text is what is shown.
    """
    letter = envelope.letter
    if letter is None:
        return None
    text = services.templates.letter_bodies(letter, envelope.own).text
    return letter if text == envelope.mail.text else None


def _letter(table: dict[str, Any] | None) -> Letter | None:
    """The letter in its parts; None where this release knows its parts by other names."""
    known = {one.name for one in dataclasses.fields(Letter)}
    if table is None or set(table) != known:
        return None
    values: dict[str, Any] = {
        name: tuple(one) if isinstance(one, list) else one for name, one in table.items()
    }
    values["parts"] = tuple(Part(**one | {"items": tuple(one["items"])}) for one in table["parts"])
    values["replies"] = tuple(Reply(**one) for one in table["replies"])
    return Letter(**values)
