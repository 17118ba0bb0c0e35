"""Straight to a named person, after a yes from the writer's own inbox."""

from __future__ import annotations

import dataclasses
import hmac
import logging
from dataclasses import dataclass, field
from typing import Final

from ..errors import WordAheadError
from ..mail.message import message_id
from ..post import Outcome, Result
from ..services import Services
from ..store.database import DatabaseUnavailable
from ..store.ledger import Kind, LedgerUnavailable, ToOwn, ToPerson
from ..store.opening import Store
from ..store.waiting import Claim, Event, Opened, State
from .counted import LimitReached, MailNotOffered, send_counted
from .notices import code_notice, receipt_notice
from .places import SendingBusy, place
from .sealed_letter import ForPerson, SealedLetter, letter_to_person, pack, unpack
from .shown import LetterChanged

_log = logging.getLogger("webapp")

_SEAL: Final = "person/v1"


class CodeNotSent(WordAheadError):
    """The code did not leave for the writer's inbox, so the letter cannot be opened."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__("The code was not sent.")
        self.outcome = outcome


@dataclass(frozen=True)
class Asked:
    """A letter that waits: its page's token, and whether its code is surely on its way."""

    token: str = field(repr=False)
    is_code_sent: bool


@dataclass(frozen=True)
class Ended:
    """How an attempt to send ended, how the letter stands now, and whether that was noted down.

    The state may be another than the outcome's: after its lease an attempt is overtaken.
    """

    outcome: Outcome
    state: State
    noted: bool
    has_receipt: bool = False


class ConsentMissing(WordAheadError):
    """The writer has not agreed; nothing is prepared, let alone sent."""


def person_seal(order: ForPerson, services: Services) -> str:
    """A keyed hash over all that the consent page showed."""
    mail = letter_to_person(order, services)
    return services.keys.fingerprint(
        _SEAL,
        order.draft_id,
        order.own,
        order.recipient,
        order.recipient_name,
        order.consent,
        mail.subject,
        mail.text,
        mail.html,
    )


def ask_for_yes(order: ForPerson, seal: str, services: Services, *, agreed: bool) -> Asked:
    """Seal the letter and mail its code to the writer; nobody else gets anything.

    Raises ConsentMissing, MailNotOffered, LetterChanged, LimitReached, CodeNotSent, WaitingFull,
    Busy or DatabaseUnavailable: nothing was sent, and nothing waits.
    """
    if not agreed:
        raise ConsentMissing("The writer has not agreed.")
    store = services.store
    if store is None or services.direct_reason(order.language, order.letter.level):
        raise MailNotOffered("This host sends no letter to a named person.")
    if not services.settings.may_receive(order.recipient):
        raise MailNotOffered("This host sends no letter to this domain.")
    if not hmac.compare_digest(seal.encode(), person_seal(order, services).encode()):
        raise LetterChanged("Your answers have changed; this is the letter now.")
    with place():
        return _put_and_mail(order, services, store)


def _put_and_mail(order: ForPerson, services: Services, store: Store) -> Asked:
    """An older letter of this browser stays until the new one's code is surely on its way."""
    ticket = store.waiting.put(pack(order, services), browser=order.browser)
    try:
        outcome = send_counted(
            code_notice(order.own, order.language, ticket, services),
            ToOwn(ip=order.ip, own=order.own),
            services,
        )
    except (LimitReached, LedgerUnavailable):
        store.waiting.drop(ticket)
        raise
    if outcome.result not in (Result.SENT, Result.PERHAPS_SENT):
        store.waiting.drop(ticket)
        raise CodeNotSent(outcome)
    if outcome.result is Result.PERHAPS_SENT:
        # The older letter's code is at hand; nobody knows whether the new one's ever will be.
        return Asked(ticket.token, is_code_sent=False)
    try:
        store.waiting.replace_older(ticket)
    except DatabaseUnavailable:
        # The code is on its way: an older letter that stays for a while does less harm.
        _log.error("event=replace-failed")
    return Asked(ticket.token, is_code_sent=True)


def send_opened(
    opened: Opened, services: Services, *, ip: str, again: int | None = None
) -> Ended | State:
    """Send the opened letter, once; a State says what stands in the way.

    Claimed durably before the first byte; `again` is the tick beside "It may already have been
    sent". Raises SendingBusy, LimitReached, MailNotOffered or DatabaseUnavailable: nothing was sent
    then.
    """
    store = services.store
    if store is None:
        raise MailNotOffered("This host sends no letter to a named person.")
    if opened.state is State.SENT:
        store.waiting.give_back(opened)
        return State.SENT
    waiting = unpack(opened.payload)
    # Asked again here: the host may have closed this way since the letter was sealed.
    if not services.settings.may_receive(waiting.mail.recipient):
        store.waiting.give_back(opened)
        raise MailNotOffered("This host sends no letter to this domain.")
    try:
        with place():
            return _claim_and_send(opened, waiting, services, store, ip=ip, again=again)
    except SendingBusy:
        standing = store.waiting.give_back(opened)
        if standing is not opened.state:
            # Another press was quicker; "nothing was sent" could be wrong.
            return standing
        raise


def _claim_and_send(  # noqa: PLR0913  what send_opened has by then
    opened: Opened,
    waiting: SealedLetter,
    services: Services,
    store: Store,
    *,
    ip: str,
    again: int | None,
) -> Ended | State:
    """The letter, and its receipt from the same place."""
    claim = store.waiting.claim(opened, again=again)
    if isinstance(claim, State):
        return claim
    mail = dataclasses.replace(
        waiting.mail,
        message_id=waiting.mail.message_id or _message_id(opened, services),
        date=services.clock(),
    )
    reader = ToPerson(
        ip=ip,
        own=waiting.own,
        recipient=mail.recipient,
        again=again is not None,
        kind=Kind(waiting.situation, waiting.level),
    )
    try:
        outcome = send_counted(mail, reader, services)
    except (LimitReached, LedgerUnavailable, MailNotOffered):
        # No relay was asked: however often this is pressed, no attempt is used up.
        store.waiting.settle(claim, Event.NOT_TRIED)
        raise
    ended = _settle(claim, outcome, store)
    if outcome.result is not Result.SENT:
        return ended
    receipt = _send_receipt(waiting, opened, services, ended.state)
    return dataclasses.replace(ended, has_receipt=receipt.result is Result.SENT)


def _settle(claim: Claim, outcome: Outcome, store: Store) -> Ended:
    """Note how it ended; where that fails the letter shows as uncertain, and is never resent."""
    try:
        state = store.waiting.settle(claim, outcome.result)
    except WordAheadError:
        _log.error("event=settle-failed outcome=%s", outcome.result.value)
        return Ended(outcome, State.UNCERTAIN, noted=False)
    return Ended(outcome, state, noted=True)


def _send_receipt(
    waiting: SealedLetter, opened: Opened, services: Services, state: State
) -> Outcome:
    """The writer's copy. It never counts, and its failure never sends the letter again."""
    store, post = services.store, services.post
    try:
        if store is None or post is None or store.ledger.is_blocked(waiting.own):
            return Outcome(Result.NOT_SENT)
        return post.send(receipt_notice(waiting, opened, services, state))
    except WordAheadError:
        return Outcome(Result.NOT_SENT)


def _message_id(opened: Opened, services: Services) -> str:
    """For letters sealed before their id was: the same at every attempt while the keys stay."""
    domain = services.settings.mail_from.rpartition("@")[2]
    return message_id(services.keys.key("message-id/v1"), domain, "person", opened.id.hex())
