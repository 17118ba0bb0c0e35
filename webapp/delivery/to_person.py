"""Straight to a named person, after a yes from the writer's own inbox."""

from __future__ import annotations

import dataclasses
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from ..errors import WordAheadError
from ..mail.message import message_id
from ..post import Outcome, Result
from ..services import Services
from ..store.database import DatabaseUnavailable
from ..store.ledger import RECEIPT, Kind, LedgerUnavailable, ToOwn, ToPerson
from ..store.opening import Store
from ..store.waiting import Claim, Event, OpenedLetter, State
from .code_mail import Asker, MailedCode, seal_and_mail
from .envelope import Envelope, check_envelope, pack, unpack
from .notices import receipt_notice
from .within_limits import (
    SENDING,
    LimitReached,
    MailNotOffered,
    Press,
    SendingBusy,
    failed_at,
    send_within_limits,
)

_log = logging.getLogger("webapp")

# The letter is what its writer waits for: a relay that took it and then stalls may keep the answer
# for so long, and no longer. With less than that left of the press, the receipt has what is left.
_RECEIPT_SECONDS: Final = 3.0


@dataclass(frozen=True)
class Attempt:
    """How an attempt to send ended, how the letter stands now, and whether that was noted down.

    The state may be another than the outcome's: after its lease an attempt is overtaken.
    """

    outcome: Outcome
    state: State
    noted: bool
    has_receipt: bool = False


class ConsentMissing(WordAheadError):
    """The writer has not agreed; nothing is prepared, let alone sent."""


def ask_for_yes(
    envelope: Envelope, seal: str, asker: Asker, services: Services, *, agreed: bool
) -> MailedCode:
    """Seal the letter and mail its code to the writer; nobody else gets anything.

    Raises ConsentMissing, LetterChanged, and what seal_and_mail raises: nothing was sent then,
    and nothing waits.
    """
    if not agreed:
        raise ConsentMissing("The writer has not agreed.")
    store = services.store
    if store is None or services.direct_reason(envelope.language, envelope.level):
        raise MailNotOffered("This host sends no letter to a named person.")
    if not services.settings.may_receive(envelope.mail.recipient):
        raise MailNotOffered("This host sends no letter to this domain.")
    check_envelope(seal, envelope, services)
    with SENDING.taken():
        mailed = seal_and_mail(pack(envelope), store.waiting, asker, services, "code")
    if mailed.ticket is None or not mailed.is_code_sent:
        # The older letter's code is at hand; nobody knows whether the new one's ever will be.
        return mailed
    if asker.keeps_older and not asker.instead_of:
        return mailed
    try:
        replaced = store.waiting.replace_older(mailed.ticket, asker.instead_of)
    except DatabaseUnavailable:
        # The code is on its way: an older letter that stays for a while does less harm.
        _log.error("event=replace-failed")
        return mailed
    return dataclasses.replace(mailed, replaced=replaced)


def send_opened(
    opened: OpenedLetter, services: Services, *, ip: str, again: int | None = None
) -> Attempt | State:
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
    envelope = unpack(opened.payload)
    # Asked again here: the host may have closed this way since the letter was sealed.
    if not (envelope.is_to_self or services.settings.may_receive(envelope.mail.recipient)):
        store.waiting.give_back(opened)
        raise MailNotOffered("This host sends no letter to this domain.")
    try:
        with SENDING.taken():
            return _claim_and_send(opened, envelope, services, store, ip=ip, again=again)
    except SendingBusy:
        standing = store.waiting.give_back(opened)
        if standing is not opened.state:
            # Another press was quicker; "nothing was sent" could be wrong.
            return standing
        raise


def _claim_and_send(  # noqa: PLR0913  what send_opened has by then
    opened: OpenedLetter,
    envelope: Envelope,
    services: Services,
    store: Store,
    *,
    ip: str,
    again: int | None,
) -> Attempt | State:
    """The letter, and its receipt from the same place."""
    press = Press()
    claim = store.waiting.claim(opened, again=again)
    if isinstance(claim, State):
        return claim
    mail = dataclasses.replace(
        envelope.mail,
        message_id=envelope.mail.message_id or _message_id(opened, services),
        date=services.clock(),
    )
    reader = _reader(envelope, ip=ip, again=again is not None)
    try:
        outcome = send_within_limits(mail, reader, services, press)
    except (LimitReached, LedgerUnavailable, MailNotOffered):
        # No relay was asked: however often this is pressed, no attempt is used up.
        store.waiting.settle(claim, Event.NOT_TRIED)
        raise
    attempt = _settle(claim, outcome, store)
    if outcome.result is not Result.SENT or envelope.is_to_self:
        return attempt
    share = min(_RECEIPT_SECONDS, press.seconds_left)
    receipt = _send_receipt(envelope, opened, services, attempt.state, seconds=share)
    return dataclasses.replace(attempt, has_receipt=receipt.result is Result.SENT)


def _reader(envelope: Envelope, *, ip: str, again: bool) -> ToOwn | ToPerson:
    """What the mail is counted as."""
    kind = Kind(envelope.situation, envelope.level)
    if envelope.is_to_self:
        return ToOwn(ip, envelope.own, kind)
    return ToPerson(ip, envelope.own, envelope.mail.recipient, again=again, kind=kind)


def _settle(claim: Claim, outcome: Outcome, store: Store) -> Attempt:
    """Note how it ended; where that fails the letter shows as uncertain, and is never resent."""
    try:
        state = store.waiting.settle(claim, outcome.result)
    except WordAheadError:
        _log.error("event=settle-failed outcome=%s", outcome.result.value)
        return Attempt(outcome, State.UNCERTAIN, noted=False)
    return Attempt(outcome, state, noted=True)


def _send_receipt(
    envelope: Envelope, opened: OpenedLetter, services: Services, state: State, *, seconds: float
) -> Outcome:
    """The writer's copy, as a rule over the connection on which the letter has just gone.

    It never counts, and its failure never sends the letter again.
    """
    store, post = services.store, services.post
    try:
        if store is None or post is None or store.ledger.is_blocked(envelope.own):
            return Outcome(Result.NOT_SENT)
        receipt = receipt_notice(envelope, opened, services, state)
        outcome = post.send(receipt, seconds=seconds)
        with suppress(LedgerUnavailable):
            store.ledger.note(RECEIPT, outcome.result.value, failed_at(outcome))
        return outcome
    except WordAheadError:
        return Outcome(Result.NOT_SENT)


def _message_id(opened: OpenedLetter, services: Services) -> str:
    """For letters sealed before their id was: the same at every attempt while the keys stay."""
    domain = services.settings.mail_from.rpartition("@")[2]
    return message_id(services.keys.key("message-id/v1"), domain, "person", opened.id.hex())
