"""A relay that records every letter it gets whole, and can stand still at a chosen step."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage

PATIENCE = 60.0
# In the order in which a mail comes to them. At "dot" the relay has the whole letter, and will
# deliver it whoever hangs up (RFC 1047); "said" is when its 250 is on its way.
STEPS = ("greeting", "ehlo", "mail", "rcpt", "data", "payload", "dot", "said")
_ADDRESS = re.compile(rb"<([^>]*)>")
# So small that a long letter does not fit between us: its sender stands still with us.
_WINDOW, _SEGMENT = 1, 200
_BITE = 2000


@dataclass
class Trap:
    """Where the relay stands still, once, until it may go on."""

    step: str
    # At the first mail from now on, or at the second.
    mail: int = 1
    reached: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Taken:
    """A mail that the relay has."""

    recipient: str
    at: float
    data: bytes = field(repr=False)

    @property
    def message(self) -> EmailMessage:
        """As its reader's program reads it."""
        return message_from_bytes(self.data, policy=policy.default)


@dataclass
class Sink:
    """What was taken, how far the newest mails came, and how slow the relay is."""

    port: int = 0
    taken: list[Taken] = field(default_factory=list)
    # Seconds between a letter's dot and the answer.
    delay: float = 0.0
    trap: Trap | None = None
    # The steps reached since watch(), each with the number of the mail that reached it.
    steps: list[tuple[int, str]] = field(default_factory=list)
    begun: int = 0
    open: set[socket.socket] = field(default_factory=set)

    def watch(self, trap: Trap | None = None) -> None:
        """Count mails and steps from here, and set a trap for one of them."""
        self.begun, self.steps, self.trap = 0, [], trap

    def hang_up(self) -> None:
        """End all connections, so that the next mail needs a new one."""
        for connection in list(self.open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def furthest(self, mail: int = 1) -> str:
        """The last step that a mail reached; "" if the relay heard nothing of it."""
        reached = [step for number, step in list(self.steps) if number == mail]
        return max(reached, key=STEPS.index, default="")

    def to(self, recipient: str) -> list[Taken]:
        """What was taken for somebody, oldest first."""
        return [one for one in list(self.taken) if one.recipient == recipient]

    def reaches(self, step: str, number: int) -> None:
        """Note a step, and stand still there if that was wanted."""
        self.steps.append((number, step))
        trap = self.trap
        if trap and (trap.step, trap.mail) == (step, number) and not trap.reached.is_set():
            trap.reached.set()
            trap.go.wait(PATIENCE)


class _Talk:
    """One connection."""

    def __init__(self, sink: Sink, connection: socket.socket) -> None:
        self._sink = sink
        self._socket = connection
        self._buffer = b""
        self._number = 0

    def run(self) -> None:
        self._sink.open.add(self._socket)
        with suppress(OSError, EOFError):
            # A connection is opened for a mail: the next one.
            self._sink.reaches("greeting", self._sink.begun + 1)
            self._socket.sendall(b"220 sink.example\r\n")
            while True:
                self._command(self._line())
        self._sink.open.discard(self._socket)
        self._socket.close()

    def _command(self, line: bytes) -> None:
        verb = line[:4].upper()
        if verb == b"EHLO":
            self._sink.reaches("ehlo", self._sink.begun + 1)
            self._socket.sendall(b"250-sink.example\r\n250 PIPELINING\r\n")
        elif verb == b"MAIL":
            self._sink.begun += 1
            self._number = self._sink.begun
            self._answer("mail", b"250 ok\r\n")
        elif verb == b"RCPT":
            found = _ADDRESS.search(line)
            self._recipient = found[1].decode() if found else ""
            self._answer("rcpt", b"250 ok\r\n")
        elif verb == b"DATA":
            self._answer("data", b"354 go on\r\n")
            self._letter()
        else:
            self._socket.sendall(b"221 bye\r\n")
            raise EOFError

    def _letter(self) -> None:
        while len(self._buffer) < _BITE and b"\r\n.\r\n" not in self._buffer:
            self._more()
        self._sink.reaches("payload", self._number)
        while b"\r\n.\r\n" not in self._buffer:
            self._more()
        data, _, self._buffer = self._buffer.partition(b"\r\n.\r\n")
        whole = re.sub(rb"(?m)^\.\.", b".", data + b"\r\n")
        self._sink.taken.append(Taken(self._recipient, time.monotonic(), whole))
        self._sink.reaches("dot", self._number)
        time.sleep(self._sink.delay)
        # Noted before it is said: whoever sees "said" too early only calls a kill too late.
        self._answer("said", b"250 taken\r\n")

    def _answer(self, step: str, reply: bytes) -> None:
        self._sink.reaches(step, self._number)
        self._socket.sendall(reply)

    def _line(self) -> bytes:
        while b"\n" not in self._buffer:
            self._more()
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def _more(self) -> None:
        chunk = self._socket.recv(65536)
        if not chunk:
            raise EOFError
        self._buffer += chunk


@contextmanager
def running_sink(*, narrow: bool = True) -> Iterator[Sink]:
    """Run one on a free port; `narrow` makes a long letter stand still with us."""
    with socket.socket() as listening:
        if narrow:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WINDOW)
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SEGMENT)
        listening.bind(("127.0.0.1", 0))
        listening.listen(256)
        sink = Sink(port=listening.getsockname()[1])
        accepting = threading.Thread(target=_accept, args=(listening, sink), daemon=True)
        accepting.start()
        try:
            yield sink
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join(PATIENCE)
            if sink.trap:
                sink.trap.go.set()
            sink.hang_up()


def _accept(listening: socket.socket, sink: Sink) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=_Talk(sink, connection).run, daemon=True).start()
