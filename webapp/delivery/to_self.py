"""From the form to the writer's own inbox."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

from ..letter.compose import Letter
from ..mail.message import Mail, message_id
from ..post import Outcome
from ..services import Services
from ..store.ledger import Kind, Submission, ToOwn
from .code_mail import Asker, MailedCode, seal_and_mail
from .envelope import Envelope, pack
from .shown import check_shown
from .within_limits import SENDING, MailNotOffered, Press, send_within_limits


@dataclass(frozen=True, kw_only=True)
class ToSelf:
    """A letter, its writer's address, and the proof of what the writer saw."""

    letter: Letter = field(repr=False)
    language: str
    situation: str
    draft_id: str
    shown: str
    address: str = field(repr=False)
    # Whether the letter could say anything to anybody, and whether this browser has shown before
    # that the inbox is its writer's.
    has_own_words: bool = False
    is_proved: bool = False
    ip: str = field(default="", repr=False)
    again: bool = False


def needs_code(order: ToSelf, services: Services) -> bool:
    """Whether the six digits go first: nobody's own words go to an inbox that was not proved."""
    return not order.is_proved and asks_code(services, has_own_words=order.has_own_words)


def asks_code(services: Services, *, has_own_words: bool) -> bool:
    """Whether this host lets such a letter go only to a proved inbox."""
    wanted = services.settings.own_inbox_code
    return wanted == "always" or (wanted == "free-text" and has_own_words)


def with_note(letter: Letter, language: str, services: Services) -> Letter:
    """The letter as an unproved inbox gets it: its last line says how it came, and how to stop."""
    note = services.library.words(language).texts["mails"]["unproved"]["note"]
    sender = services.settings.mail_from
    return dataclasses.replace(letter, note=note.replace("{sender}", sender))


def ask_own_inbox(order: ToSelf, asker: Asker, services: Services) -> MailedCode:
    """Seal the letter, and mail its code to the very inbox that the letter is for.

    Raises LetterChanged, and what seal_and_mail raises: nothing waits then.
    """
    store = services.store
    if store is None or services.mail_reason(order.language, order.letter.level):
        raise MailNotOffered("This host sends no mail for such a letter.")
    check_shown(order.shown, order.letter, order.draft_id, services)
    envelope = Envelope(
        mail=letter_to_self(order, services),
        letter=order.letter,
        draft_id=order.draft_id,
        recipient_name="",
        own=order.address,
        consent="",
        version=order.letter.version,
        language=order.language,
        situation=order.situation,
        level=order.letter.level,
        is_to_self=True,
    )
    with SENDING.taken():
        return seal_and_mail(pack(envelope), store.waiting, asker, services, "own")


def send_to_self(order: ToSelf, services: Services) -> Outcome:
    """Email the letter to its writer, at once, exactly as it was shown, and once only.

    Raises LetterChanged, MailNotOffered, SendingBusy, LimitReached or LedgerUnavailable: nothing
    was sent then.
    """
    if services.mail_reason(order.language, order.letter.level) or needs_code(order, services):
        raise MailNotOffered("This host sends no mail for such a letter, or not at once.")
    check_shown(order.shown, order.letter, order.draft_id, services)
    with SENDING.taken():
        return send_within_limits(
            letter_to_self(order, services),
            ToOwn(order.ip, order.address, Kind(order.situation, order.letter.level)),
            services,
            Press(_submission(order), again=order.again),
        )


def letter_to_self(order: ToSelf, services: Services) -> Mail:
    """The mail to the writer: the letter and nothing else, so that it can be forwarded."""
    bodies = services.templates.letter_bodies(order.letter, order.address)
    sender = services.settings.mail_from
    return Mail(
        sender=sender,
        recipient=order.address,
        # Whoever redirects it sends the answers to its writer, not to us.
        reply_to=order.address,
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
        list_unsubscribe=services.stop_url(order.language, order.letter.level),
    )


def _submission(order: ToSelf) -> Submission:
    """One letter to one address from one draft: a double click sends it once."""
    content = f"{order.shown}\0{order.address}".encode()
    return Submission(f"{order.draft_id}\0{order.shown}\0{order.address}", content)
