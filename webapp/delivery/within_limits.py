"""Counted first, sent then: no mail leaves beyond the limits, and none leaves twice by a slip."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ..errors import Busy, MailRefused, WordAheadError
from ..mail.message import Mail
from ..post import Outcome, Result
from ..services import Services
from ..slots import Slots
from ..store.ledger import (
    LedgerUnavailable,
    OtherContent,
    Reader,
    Refusal,
    Reservation,
    Submission,
)
from ..store.opening import Store

_log = logging.getLogger("webapp")

# Seconds for a whole press, receipt included: most platforms cut a request off after 30.
WHOLE_PRESS: Final = 25.0

# A second press while the first is still sending waits for its outcome, and then needs this long
# to tell it.
_TELLING_SECONDS: Final = 1.0
_LOOK_AGAIN_SECONDS: Final = 0.25


@dataclass(frozen=True)
class Press:
    """What was pressed, whether that is to go again, and when the answer is due, by our clock."""

    submission: Submission | None = field(default=None, repr=False)
    again: bool = False
    due: float = field(default_factory=lambda: time.monotonic() + WHOLE_PRESS)

    @property
    def seconds_left(self) -> float:
        """How long whatever is done for it may still take."""
        return self.due - time.monotonic()


class SendingBusy(Busy):
    """Too many mails are being sent at this moment; nothing was counted, claimed or sent."""


# Of the eight threads of a process; a relay that hangs keeps each for up to 25 seconds. Whoever
# waits longer than the patience, in seconds, keeps a thread from the others, too.
SENDING: Final = Slots(6, patience=0.5, busy=SendingBusy)


class MailNotOffered(WordAheadError):
    """This host sends no mail for such a letter."""


class LimitReached(WordAheadError):
    """This mail would be beyond the limits, or its reader wants none; the page tells neither."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__("This mail is beyond the limits.")
        self.refusal = refusal


def send_within_limits(
    mail: Mail | Callable[[], Mail], reader: Reader, services: Services, press: Press
) -> Outcome:
    """Send one mail within the limits; a submission that was sent before is only told again.

    A mail that has to be made first is made once it may leave.

    Raises LimitReached, or LedgerUnavailable: nothing was sent then.
    """
    if services.store is None or services.post is None:
        raise MailNotOffered("This host sends no mail.")
    leave = _leave_to_send(services.store, reader, press)
    if isinstance(leave, Outcome):
        return leave
    try:
        made = mail if isinstance(mail, Mail) else mail()
        outcome = services.post.send(made, seconds=press.seconds_left)
    except MailRefused:
        outcome = Outcome(Result.REFUSED, "head")
    except WordAheadError:
        # It could not even be made.
        _settle(services.store, leave, Outcome(Result.NOT_SENT))
        raise
    _settle(services.store, leave, outcome)
    return outcome


def _leave_to_send(store: Store, reader: Reader, press: Press) -> Reservation | Outcome:
    again = press.again
    while True:
        answer = store.ledger.reserve(reader, press.submission, again=again)
        if isinstance(answer, Refusal):
            raise LimitReached(answer)
        if isinstance(answer, Reservation):
            return answer
        if isinstance(answer, OtherContent):
            return Outcome(Result.NOT_SENT, "changed")
        if answer.result is not None:
            return Outcome(answer.result, "told")
        # Somebody else's press is being sent: this one only waits to be told, and sends no more.
        again = False
        if press.seconds_left < _TELLING_SECONDS:
            return Outcome(Result.PERHAPS_SENT, "told")
        time.sleep(_LOOK_AGAIN_SECONDS)


def _settle(store: Store, reservation: Reservation, outcome: Outcome) -> None:
    try:
        store.ledger.settle(reservation, outcome.result, failed_at(outcome))
    except LedgerUnavailable:
        # The count stays: rather one letter fewer than one too many.
        _log.error("event=settle-failed outcome=%s", outcome.result.value)


def failed_at(outcome: Outcome) -> str:
    """The relay's step that failed; "" where it took the mail, or was never asked."""
    return "" if outcome.result is Result.SENT or outcome.phase == "head" else outcome.step
