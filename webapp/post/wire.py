"""A socket on which whole replies are read: each in time, of bounded length, none out of turn."""

import re
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from .relay import is_loopback

# Seconds on a clock that never goes back.
MonotonicClock = Callable[[], float]

# RFC 5321, 4.5.3.1.5 allows 512 bytes a line; some servers say more. No server needs this much.
LONGEST_REPLY_LINE = 2048
# A long list of extensions has some 30 lines.
MOST_LINES = 100
_CHUNK = 4096
# RFC 3463: what a reply is about, after its number.
_ENHANCED = re.compile(rb"([245]\.\d{1,3}\.\d{1,3})(?:\s|\Z)")
_REPLY_LINE = re.compile(rb"([2-5][0-9][0-9])(?:([ -])(.*))?", re.DOTALL)


class NoAnswer(Exception):
    """No readable reply in time; `kind` says why, in a word of ours and none of the server's."""

    def __init__(self, kind: str = "unreadable") -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True)
class SmtpReply:
    """A whole reply: its number, and its lines of text, which stay in here."""

    code: int
    lines: tuple[bytes, ...] = field(repr=False)

    @property
    def enhanced(self) -> str:
        """What it is about ("5.1.1"); "" where it does not say, or says it of another class."""
        found = _ENHANCED.match(self.lines[0])
        said = found[1].decode() if found else ""
        return said if said[:1] == str(self.code)[:1] else ""


class Wire:
    """A connection that sends bytes and reads replies, each until a moment on the clock.

    Raises NoAnswer for whatever goes wrong.
    """

    def __init__(self, connection: socket.socket, clock: MonotonicClock) -> None:
        self._socket = connection
        self._clock = clock
        self._unread = b""

    def start_tls(self, context: ssl.SSLContext, host: str, until: float) -> None:
        """Make the connection private, and be sure who is at its other end.

        What arrived before the handshake could come from anybody: with it, the connection is given
        up, since those bytes would otherwise be taken for words from inside (CVE-2011-0411 and its
        family).
        """
        if not self.is_quiet():
            raise NoAnswer
        self._socket.settimeout(self._left(until))
        try:
            self._socket = context.wrap_socket(self._socket, server_hostname=host)
        except (OSError, ValueError) as error:
            raise NoAnswer(handshake_kind(error)) from None

    def send(self, data: bytes, until: float) -> None:
        """Send all of it. A server that has spoken before it was asked is not spoken to."""
        if self._unread:
            raise NoAnswer
        rest = memoryview(data)
        while rest:
            self._socket.settimeout(self._left(until))
            try:
                rest = rest[self._socket.send(rest) :]
            except OSError as error:
                raise NoAnswer(_kind(error)) from None

    def read(self, until: float) -> SmtpReply:
        """Read one whole reply (RFC 5321, 4.2)."""
        lines: list[bytes] = []
        codes: set[bytes] = set()
        while len(lines) < MOST_LINES:
            found = _REPLY_LINE.fullmatch(self._line(until))
            if found is None:
                raise NoAnswer
            codes.add(found[1])
            lines.append(found[3] or b"")
            if len(codes) > 1:
                raise NoAnswer
            if found[2] != b"-":
                return SmtpReply(int(found[1]), tuple(lines))
        raise NoAnswer

    def is_quiet(self) -> bool:
        """Tell whether the other end is still there and has said nothing that was not read."""
        if self._unread:
            return False
        try:
            self._socket.settimeout(0)
            self._socket.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return True
        except OSError:
            pass
        return False

    def close(self) -> None:
        """Let go, without a word and without waiting."""
        with suppress(OSError):
            self._socket.close()

    def _line(self, until: float) -> bytes:
        while b"\n" not in self._unread:
            if len(self._unread) > LONGEST_REPLY_LINE:
                raise NoAnswer
            self._unread += self._receive(until)
        line, _, self._unread = self._unread.partition(b"\n")
        if len(line) > LONGEST_REPLY_LINE:
            raise NoAnswer
        return line.removesuffix(b"\r")

    def _receive(self, until: float) -> bytes:
        self._socket.settimeout(self._left(until))
        try:
            received = self._socket.recv(_CHUNK)
        except OSError as error:
            raise NoAnswer(_kind(error)) from None
        if not received:
            raise NoAnswer("hung-up")
        return received

    def _left(self, until: float) -> float:
        left = until - self._clock()
        if left <= 0:
            raise NoAnswer("no-answer")
        return left

    @property
    def certificate_ends(self) -> str:
        """Until when the other end's certificate is valid, as it says; "" without one."""
        shown = self._socket.getpeercert() if isinstance(self._socket, ssl.SSLSocket) else None
        return str((shown or {}).get("notAfter", ""))


def handshake_kind(error: Exception) -> str:
    """Why no privacy came about; a certificate that is not believed has a kind for each reason."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return "handshake" if isinstance(error, ssl.SSLError | ValueError) else _kind(error)
    if "key usage extension" in error.verify_message:
        # Python 3.13 reads authorities as RFC 5280 has it; many private ones are older.
        return "ca-without-key-usage"
    return _CERTIFICATE_KINDS.get(error.verify_code, "untrusted")


# OpenSSL's X509_V_ERR_ numbers; every other one is about who vouches for it.
_CERTIFICATE_KINDS = {9: "not-yet-valid", 10: "expired", 62: "wrong-name", 64: "wrong-name"}


def _kind(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no-answer"
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    return "hung-up" if isinstance(error, ConnectionError | ssl.SSLError) else "unreachable"


def connect(host: str, port: int, *, only_here: bool, until: float, clock: MonotonicClock) -> Wire:
    """Open a connection to the first address that answers; raises NoAnswer.

    `only_here` takes no address but this machine's own, whatever the name says. Looking up the
    name is the system's own affair, and the one step whose time is the resolver's to limit.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        is_away = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
        raise NoAnswer("name-server-away" if is_away else "unknown-host") from None
    if only_here:
        found = [entry for entry in found if is_loopback(str(entry[4][0]))]
    why = "no-answer" if found else "elsewhere"
    for tried, (family, kind, protocol, _, address) in enumerate(found):
        # Shared out, so that an address without a way to it leaves time for the next.
        left = (until - clock()) / (len(found) - tried)
        if left <= 0:
            break
        connection = socket.socket(family, kind, protocol)
        try:
            connection.settimeout(left)
            connection.connect(address)
            # Else the second small packet of a mail waits 40 ms for the first one's receipt.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            why = _kind(error)
            connection.close()
            continue
        return Wire(connection, clock)
    raise NoAnswer(why)
