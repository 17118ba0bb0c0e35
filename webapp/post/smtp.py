"""Mail by SMTP: over connections that are verified, kept, and never guessed about."""

import os
import ssl
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from ..errors import SettingsError, warn
from ..mail.message import Mail
from . import Outcome, Result
from .conversation import Conversation, died_early, dot_stuffed
from .relay import Security, SmtpServer, Timeouts
from .wire import MonotonicClock

__all__ = ["Security", "SmtpPost", "SmtpServer", "Timeouts"]

# As many as one worker has threads; more would lie idle.
MOST_KEPT = 8
# Exim (smtp_accept_queue_per_connection) lets the eleventh mail of a connection lie until its next
# queue run, half an hour later as a rule.
MOST_MAILS = 10


@dataclass(frozen=True)
class _Kept:
    """A connection between two mails, and which process may use it until when."""

    conversation: Conversation
    process: int
    until: float


class SmtpPost:
    """Hands mails to a relay, and tells for each whether the relay has it."""

    def __init__(
        self,
        server: SmtpServer,
        *,
        ehlo_name: str = "",
        timeouts: Timeouts = Timeouts(),  # noqa: B008  frozen, so it may be shared
        clock: MonotonicClock = time.monotonic,
    ) -> None:
        """Ask nothing of the relay yet; raises SettingsError where MAIL_CA_FILE is wrong."""
        self._server = server
        self._ehlo_name = ehlo_name
        self._timeouts = timeouts
        self._clock = clock
        self._context = None if server.security == "none" else trust(server.ca_file)
        # Taking from and adding to a deque needs no lock, so none can be held across a fork.
        self._kept: deque[_Kept] = deque()

    def send(self, mail: Mail, *, seconds: float = 25.0) -> Outcome:
        """Hand one mail over within the limits. Raises MailRefused before anything is sent."""
        outcome = self._send(mail, seconds)
        if outcome.result is not Result.SENT:
            _tell(outcome)
        return outcome

    def knock(self, our_name: str) -> Conversation | Outcome:
        """Go as far as before a mail: a conversation to be closed, or what stood in the way."""
        conversation = Conversation(
            self._server, self._timeouts, self._clock, self._ehlo_name or our_name
        )
        deadlines = self._timeouts.within(self._timeouts.whole, self._clock())
        failed = conversation.open(self._context, deadlines)
        return failed or conversation

    def is_open(self, our_name: str) -> bool:
        """Whether the relay lets us in; why not, is told to the log."""
        found = self.knock(our_name)
        if isinstance(found, Outcome):
            _tell(found)
            return False
        found.close(politely=True)
        return True

    def _send(self, mail: Mail, seconds: float) -> Outcome:
        payload = dot_stuffed(mail.to_bytes())
        if seconds <= 0:
            return Outcome(Result.NOT_SENT, "connect")
        deadlines = self._timeouts.within(seconds, self._clock())
        kept = self._take()
        if kept is not None:
            outcome = kept.deliver(mail.sender, mail.recipient, payload, deadlines)
            if not died_early(outcome):
                return self._finished(kept, outcome)
        # Our machine's real name would travel in the letter, and could name a group; an address in
        # its place is refused by relays that want a name.
        our_name = self._ehlo_name or mail.sender.rpartition("@")[2]
        fresh = Conversation(self._server, self._timeouts, self._clock, our_name)
        failed = fresh.open(self._context, deadlines)
        if failed is not None:
            return failed
        return self._finished(fresh, fresh.deliver(mail.sender, mail.recipient, payload, deadlines))

    def close(self) -> None:
        """Say goodbye on all kept connections."""
        while self._kept:
            self._drop(self._kept.pop())

    def _finished(self, conversation: Conversation, outcome: Outcome) -> Outcome:
        """Keep a connection that is in order; the outcome stands whatever comes of that."""
        is_fresh = conversation.delivered < MOST_MAILS
        if conversation.is_ready and is_fresh and len(self._kept) < MOST_KEPT:
            until = self._clock() + self._timeouts.idle
            self._kept.append(_Kept(conversation, os.getpid(), until))
        else:
            conversation.close(politely=conversation.is_ready)
        return outcome

    def _take(self) -> Conversation | None:
        """Take the connection used last, if it can still be used; drop those that cannot."""
        while True:
            try:
                kept = self._kept.pop()
            except IndexError:
                return None
            mine = kept.process == os.getpid()
            if mine and self._clock() < kept.until and kept.conversation.is_quiet():
                return kept.conversation
            self._drop(kept)

    def _drop(self, kept: _Kept) -> None:
        """Hang up; not a word on a connection that belongs to the process we were forked from."""
        mine = kept.process == os.getpid()
        kept.conversation.close(politely=mine and kept.conversation.is_quiet())


def _tell(outcome: Outcome) -> None:
    """Have the log say why a mail did not leave; nothing of the mail, nor of the relay's words."""
    warn(
        "relay-failed",
        step=outcome.step,
        kind=outcome.kind,
        code=outcome.code,
        status=outcome.enhanced or None,
    )


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """What this machine trusts, and the host's own certificate besides; raises SettingsError."""
    context = ssl.create_default_context()
    try:
        if ca_file is not None:
            context.load_verify_locations(ca_file)
    except (OSError, ValueError):
        raise SettingsError("MAIL_CA_FILE cannot be read as a certificate.") from None
    return context
