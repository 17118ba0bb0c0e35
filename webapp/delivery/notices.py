"""The mails around a letter: the code, and the receipt with what the letter itself said.

No subject, and nothing in a code mail, says a word about health: they stand on lock screens.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from ..letter.words import Words, fill
from ..mail.message import Mail, message_id
from ..services import Services
from ..store.waiting import OpenedLetter, State, Ticket
from .envelope import Envelope, in_parts

# "493 027" is read and typed more surely than six digits in a row.
_HALF: Final = 3

Purpose = Literal["code", "own", "stop", "invitation"]

# Below which page of ours the code is typed, where that is not the usual one.
_PATHS: Final = {"stop": "stop", "invitation": "group"}

# What the receipt says of the letter here; in any other state it still waits.
_LEFT_HERE: Final = {State.SENT: "deleted", State.GONE: "gone"}


def code_notice(
    address: str, language: str, ticket: Ticket, services: Services, *, purpose: Purpose = "code"
) -> Mail:
    """The mail with the code: who asked, when, and what to do if it was not you."""
    words = services.library.words(language)
    texts = words.texts["group" if purpose == "invitation" else "mails"][purpose]
    # From right to left, a plain space would let the halves change places (UAX 9).
    space = "\u00a0" if words.frame.direction == "rtl" else " "
    code = f"{ticket.code[:_HALF]}{space}{ticket.code[_HALF:]}"
    path = _PATHS.get(purpose, "confirm")
    values = {"hours": _hours_left(ticket.expires_at, services)}
    context: dict[str, Any] = {
        "title": texts["title"],
        "subject": texts["subject"],
        "asked": texts["asked"],
        "you": texts["you"],
        "code": code,
        "link": f"{services.settings.public_url}/{path}/{ticket.token}",
        "after": [fill(texts[key], values) for key in ("until", "not_you", "nobody")],
    }
    return notice_mail("code", address, ticket.token, frame_of(words) | context, services)


def receipt_notice(
    envelope: Envelope, opened: OpenedLetter, services: Services, state: State
) -> Mail:
    """The writer's proof: the letter, to whom, when, what was agreed, what was deleted.

    `state` is the letter's own now: only as SENT it is deleted. Where the sending could not be
    noted, or its attempt was overtaken, the letter still waits, and the receipt says so.
    """
    words = services.library.words(envelope.language)
    texts = words.texts["mails"]["receipt"]
    values = {
        "hours": _hours_left(opened.expires_at, services),
        "recipient": envelope.recipient_name,
        "address": envelope.mail.recipient,
        "consent": envelope.consent,
        "version": envelope.version,
    }
    letter = in_parts(envelope, services)
    last = _LEFT_HERE.get(state, "still_here")
    keys = ("sent", "handed", "reply", "consent", "words", last)
    context: dict[str, Any] = {
        "title": texts["title"],
        "subject": texts["subject"],
        "lines": [fill(texts[key], values) for key in keys],
        "below": texts["below"],
        "letter": letter,
        "reply_line": letter.reply_to(envelope.own) if letter else "",
        "letter_lines": envelope.mail.text.splitlines(),
    }
    return notice_mail(
        "receipt", envelope.own, opened.id.hex(), frame_of(words) | context, services
    )


def frame_of(words: Words) -> dict[str, Any]:
    """What the templates of every mail are given."""
    return {"language": words.frame.code, "direction": words.frame.direction}


def notice_mail(
    kind: str, address: str, one: str, context: dict[str, Any], services: Services
) -> Mail:
    """A mail of a kind; `one` tells it from every other of that kind."""
    bodies = services.templates.notice_bodies(kind, context["direction"], context)
    sender = services.settings.mail_from
    return Mail(
        sender=sender,
        recipient=address,
        subject=bodies.subject,
        text=bodies.text,
        html=bodies.html,
        language=context["language"],
        message_id=message_id(
            services.keys.key("message-id/v1"), sender.rpartition("@")[2], kind, one
        ),
        date=services.clock(),
        auto_submitted=True,
    )


def _hours_left(expires_at: int, services: Services) -> str:
    """Whole hours, at least one: no clock and no zone that could be another than the reader's."""
    return str(max(1, round((expires_at - services.clock().timestamp()) / 3600)))
