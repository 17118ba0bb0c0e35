"""What is said to the relay, step by step, so that it is known at each moment how far it went."""

import base64
import re
import ssl

from . import Outcome, Result
from .relay import Deadlines, SmtpServer, Timeouts
from .wire import MonotonicClock, NoAnswer, SmtpReply, Wire, connect

# The steps, in order. "payload" has begun when its first byte is sent, "dot" when the dot's is.
PHASES = (
    "connect",
    "greeting",
    "ehlo",
    "tls",
    "auth",
    "mail",
    "rcpt",
    "data",
    "payload",
    "dot",
    "done",
)
_BEFORE_PAYLOAD = frozenset(PHASES[: PHASES.index("payload")])
# Only after the dot has the relay seen the mail, so a lasting no is about the mail only there.
# RFC 3463: 5.1.x is about an address (5.1.8 about the sender's), 5.2.x about its mailbox, and said
# to RCPT it is the reader's. Every other no before the dot, to MAIL or DATA too, is the relay's or
# the host's matter, and may be mended: the same mail can go later.
_ABOUT_THE_ADDRESS = re.compile(r"5\.(?:1\.(?!8\Z)\d+|2\.\d+)")
_SHUTTING_DOWN = 421


class Declined(Exception):
    """The relay answered in words, and not with a yes."""

    def __init__(self, reply: SmtpReply) -> None:
        super().__init__(reply.code)
        self.reply = reply


def dot_stuffed(mail: bytes) -> bytes:
    """Double each dot that begins a line, so that none is taken for the end (RFC 5321, 4.5.2)."""
    stuffed = mail.replace(b"\n.", b"\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed


class Conversation:
    """One connection to the relay, which carries one mail after the other."""

    def __init__(
        self, server: SmtpServer, timeouts: Timeouts, clock: MonotonicClock, our_name: str
    ) -> None:
        self.phase = "connect"
        # True only between two mails, when both sides agree where they are.
        self.is_ready = False
        # How many mails it has carried, whatever became of them.
        self.delivered = 0
        self._server = server
        self._timeouts = timeouts
        self._clock = clock
        self._our_name = our_name
        self._deadlines = timeouts.within(timeouts.whole, clock())
        self._extensions: dict[str, frozenset[str]] = {}
        self._wire: Wire | None = None

    def open(self, context: ssl.SSLContext | None, deadlines: Deadlines) -> Outcome | None:
        """Connect, get private, log in; gives an outcome only where that failed."""
        self._deadlines = deadlines
        try:
            self._connect(context)
            self._log_in()
        except NoAnswer as silence:
            return self._ended(None, silence.kind)
        except Declined as declined:
            return self._ended(declined.reply)
        return None

    def deliver(self, sender: str, recipient: str, payload: bytes, deadlines: Deadlines) -> Outcome:
        """Hand one mail over; the payload is dot-stuffed and ends with a line's end."""
        self._deadlines = deadlines
        self.is_ready = False
        self.delivered += 1
        try:
            self._announce(sender, recipient)
            self._hand_over(payload)
        except NoAnswer as silence:
            return self._ended(None, silence.kind)
        except Declined as declined:
            return self._ended(declined.reply)
        self.phase = "done"
        self.is_ready = True
        return Outcome(Result.SENT)

    def is_quiet(self) -> bool:
        """Tell whether the relay is there and waits for us."""
        return self._wire is not None and self._wire.is_quiet()

    def close(self, *, politely: bool = False) -> None:
        """Hang up; politely says so first, and waits for no reply."""
        if self._wire is None:
            return
        try:
            if politely:
                self._wire.send(b"QUIT\r\n", self._clock() + self._timeouts.command)
        except NoAnswer:
            pass
        finally:
            self._wire.close()

    @property
    def certificate_ends(self) -> str:
        """Until when the relay's certificate is valid, as it says; "" without one."""
        return self._wire.certificate_ends if self._wire else ""

    def _ended(self, reply: SmtpReply | None, kind: str = "") -> Outcome:
        self.close()
        code, enhanced = (reply.code, reply.enhanced) if reply else (None, "")
        if code is not None:
            kind = "later" if 400 <= code <= 499 else "declined"
        return Outcome(_result(self.phase, code, enhanced), self.phase, code, enhanced, kind)

    def _connect(self, context: ssl.SSLContext | None) -> None:
        server = self._server
        self._wire = connect(
            server.host,
            server.port,
            only_here=server.security == "none",
            until=self._until(self._timeouts.connect),
            clock=self._clock,
        )
        if server.security == "tls":
            self._start_tls(context)
        self.phase = "greeting"
        self._expect(220)
        self._greet()
        if server.security == "starttls":
            self.phase = "tls"
            if "STARTTLS" not in self._extensions:
                raise NoAnswer("not-offered")
            self._ask(b"STARTTLS", 220)
            self._start_tls(context)
            self._greet()

    def _start_tls(self, context: ssl.SSLContext | None) -> None:
        self.phase = "tls"
        if context is None:
            raise NoAnswer
        self._line.start_tls(context, self._server.host, self._until(self._timeouts.command))

    def _greet(self) -> None:
        """Name ourselves and learn what the relay can do; forgets what it said before."""
        self.phase = "ehlo"
        lines = self._ask(f"EHLO {self._our_name}".encode("ascii"), 250).lines[1:]
        words = [line.decode("ascii", "replace").upper().split() for line in lines]
        self._extensions = {word[0]: frozenset(word[1:]) for word in words if word}

    def _log_in(self) -> None:
        if not self._server.user:
            return
        self.phase = "auth"
        offered = self._extensions.get("AUTH", frozenset())
        user, password = self._server.user.encode(), self._server.password.encode()
        if "PLAIN" in offered:
            self._ask(b"AUTH PLAIN " + base64.b64encode(b"\0%b\0%b" % (user, password)), 235)
        elif "LOGIN" in offered:
            self._ask(b"AUTH LOGIN", 334)
            self._ask(base64.b64encode(user), 334)
            self._ask(base64.b64encode(password), 235)
        else:
            raise NoAnswer("not-offered")

    def _announce(self, sender: str, recipient: str) -> None:
        """Say from whom and to whom, and be asked for the mail; in one go where the relay can."""
        steps = (
            ("mail", f"MAIL FROM:<{sender}>".encode("ascii"), (250,)),
            ("rcpt", f"RCPT TO:<{recipient}>".encode("ascii"), (250, 251)),
            ("data", b"DATA", (354,)),
        )
        if "PIPELINING" not in self._extensions:
            for self.phase, command, wanted in steps:
                self._ask(command, *wanted)
            return
        self.phase = "mail"
        self._say(b"\r\n".join(command for _, command, _ in steps))
        refusal: tuple[str, Declined] | None = None
        for phase, _, wanted in steps:
            try:
                self.phase = phase
                self._expect(*wanted)
            except Declined as declined:
                refusal = refusal or (phase, declined)
            except NoAnswer as found:
                silence = found
                break
        else:
            if refusal is None:
                return
        if refusal is None:
            raise silence
        self.phase = refusal[0]
        raise refusal[1]

    def _hand_over(self, payload: bytes) -> None:
        """Send the mail, then the dot that makes it the relay's."""
        self.phase = "payload"
        self._line.send(payload, self._deadlines.before_dot)
        # A reply that is there before the dot is no reply to it.
        if not self._line.is_quiet():
            raise NoAnswer
        until = self._clock() + self._deadlines.after_dot
        self.phase = "dot"
        self._line.send(b".\r\n", until)
        reply = self._line.read(until)
        if not 200 <= reply.code <= 299:
            raise Declined(reply)

    @property
    def _line(self) -> Wire:
        if self._wire is None:
            raise NoAnswer
        return self._wire

    def _until(self, limit: float) -> float:
        return min(self._deadlines.before_dot, self._clock() + limit)

    def _say(self, command: bytes) -> None:
        self._line.send(command + b"\r\n", self._until(self._timeouts.command))

    def _expect(self, *wanted: int) -> SmtpReply:
        reply = self._line.read(self._until(self._timeouts.command))
        if reply.code not in wanted:
            raise Declined(reply)
        return reply

    def _ask(self, command: bytes, *wanted: int) -> SmtpReply:
        self._say(command)
        return self._expect(*wanted)


def died_early(outcome: Outcome) -> bool:
    """Tell whether a connection was lost before any byte of the mail was on it."""
    lost = outcome.code in (None, _SHUTTING_DOWN)
    return lost and outcome.phase in _BEFORE_PAYLOAD


def _result(phase: str, code: int | None, enhanced: str) -> Result:
    """Tell what became of a mail whose relay did not say yes, from where that was."""
    if code is not None and 500 <= code <= 599:
        if phase == "dot":
            return Result.REFUSED
        if phase == "rcpt" and _ABOUT_THE_ADDRESS.fullmatch(enhanced):
            return Result.REFUSED
    is_clear_no = code is not None and 400 <= code <= 599
    if phase == "dot" and not is_clear_no:
        return Result.PERHAPS_SENT
    return Result.NOT_SENT
