"""Something waits under seal, and its code goes by mail to the one inbox that may open it."""

from __future__ import annotations

import base64
import dataclasses
from dataclasses import dataclass, field

from ..errors import WordAheadError
from ..mail.message import Mail
from ..post import Outcome, Result
from ..services import Services
from ..store.ledger import CODE, Submission, ToOwn
from ..store.sealing import new_token
from ..store.waiting import Ticket, WaitingLetters
from .notices import Purpose, code_notice
from .within_limits import Press, send_within_limits


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
    # What the press was made with: a second press of the same button mails no second code.
    press: tuple[str, ...] = field(default=(), repr=False)
    # Where the code is sent again: the token of the letter that the new one takes the place of.
    instead_of: str = field(default="", repr=False)
    # Whether what this browser has put before, and not sent, stays beside it.
    keeps_older: bool = False


@dataclass(frozen=True)
class MailedCode:
    """What waits: its page's token, whether the code surely left, and what it has replaced."""

    token: str = field(repr=False)
    is_code_sent: bool
    ticket: Ticket | None = field(default=None, repr=False)
    replaced: int = 0


def seal_and_mail(
    payload: bytes, room: WaitingLetters, asker: Asker, services: Services, purpose: Purpose
) -> MailedCode:
    """Seal it and mail the code; what nobody will ever have a code for is dropped at once.

    Raises LimitReached, MailNotOffered, CodeNotSent, WaitingFull, Busy or DatabaseUnavailable:
    nothing waits then.
    """
    token = _token_of(asker, services)
    tickets: list[Ticket] = []

    def mail() -> Mail:
        tickets.append(room.put(payload, browser=asker.browser, token=token))
        return code_notice(asker.address, asker.language, tickets[-1], services, purpose=purpose)

    outcome = Outcome(Result.NOT_SENT)
    press = Press(Submission(f"code\0{purpose}\0{token}", b""))
    for one in (press, dataclasses.replace(press, again=True)):
        reader = ToOwn(asker.ip, asker.address, CODE, to_stop=purpose == "stop")
        outcome = send_within_limits(mail, reader, services, one)
        # An earlier press failed for certain: this one may try anew.
        if outcome.phase != "told" or outcome.result in (Result.SENT, Result.PERHAPS_SENT):
            break
    ticket = tickets[-1] if tickets else None
    if outcome.result not in (Result.SENT, Result.PERHAPS_SENT):
        if ticket:
            room.drop(ticket)
        raise CodeNotSent(outcome)
    return MailedCode(token, outcome.result is Result.SENT, ticket)


def _token_of(asker: Asker, services: Services) -> str:
    """The same for two presses of one button, and known to that browser alone."""
    if not asker.press:
        return new_token()
    secret = bytes.fromhex(services.keys.fingerprint("token/v1", *asker.press))
    return base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
