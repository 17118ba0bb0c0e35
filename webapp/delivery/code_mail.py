"""Something waits under seal, and its code goes by mail to the one inbox that may open it."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import WordAheadError
from ..post import Outcome, Result
from ..services import Services
from ..store.ledger import CODE, LedgerUnavailable, ToOwn
from ..store.waiting import Ticket, WaitingLetters
from .notices import Purpose, code_notice
from .within_limits import LimitReached, send_within_limits


class CodeNotSent(WordAheadError):
    """The code did not leave for the inbox, so nobody could ever open what waits."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("The code was not sent.")
        self.outcome = outcome


@dataclass(frozen=True)
class Asker:
    """Whose inbox gets the code, in which language, and from where that was asked for."""

    address: str = field(repr=False)
    language: str
    ip: str = field(default="", repr=False)
    # What tells this browser from another, where it may take back what it had sealed.
    browser: bytes | None = field(default=None, repr=False)


def seal_and_mail(
    payload: bytes, room: WaitingLetters, asker: Asker, services: Services, purpose: Purpose
) -> tuple[Ticket, Outcome]:
    """Seal it and mail the code; what nobody will ever have a code for is dropped at once.

    Raises LimitReached, MailNotOffered, CodeNotSent, WaitingFull, Busy or DatabaseUnavailable:
    nothing waits then.
    """
    ticket = room.put(payload, browser=asker.browser)
    mail = code_notice(asker.address, asker.language, ticket, services, purpose=purpose)
    try:
        outcome = send_within_limits(
            mail, ToOwn(ip=asker.ip, own=asker.address, kind=CODE), services
        )
    except (LimitReached, LedgerUnavailable):
        room.drop(ticket)
        raise
    if outcome.result not in (Result.SENT, Result.PERHAPS_SENT):
        room.drop(ticket)
        raise CodeNotSent(outcome)
    return ticket, outcome
