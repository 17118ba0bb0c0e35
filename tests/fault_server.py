"""A mail server that does, at one step, what the test says; elsewhere it is in order."""

from __future__ import annotations

import select
import socket
import ssl
import struct
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum

from webapp.post.smtp import Security, SmtpServer


class Act(Enum):
    """What the server may do instead of answering."""

    HANG_UP = "hangs up"
    RESET = "resets"
    SILENCE = "says nothing"
    DEAFNESS = "does not even listen"


# A step's name ("rcpt", or "rcpt 2" for the second time on one connection), and what then happens.
Faults = Mapping[str, bytes | Act]

USUAL = {
    "greeting": b"220 fault.example here\r\n",
    "starttls": b"220 go ahead\r\n",
    "auth": b"235 welcome\r\n",
    "mail": b"250 ok\r\n",
    "rcpt": b"250 ok\r\n",
    "data": b"354 go ahead\r\n",
    "payload": b"",
    "dot": b"250 taken\r\n",
    "quit": b"221 bye\r\n",
}
COMMANDS = {
    b"EHLO": "ehlo",
    b"STARTTLS": "starttls",
    b"AUTH": "auth",
    b"MAIL": "mail",
    b"RCPT": "rcpt",
    b"DATA": "data",
    b"QUIT": "quit",
}
# No test waits this long; a thread that does is lost, not the whole run.
PATIENCE = 60.0


class Over(Exception):
    """This connection has ended."""


@dataclass
class FaultServer:
    """What was seen, for the test to look at."""

    server: SmtpServer
    faults: Sequence[Faults]
    extensions: tuple[str, ...]
    context: ssl.SSLContext | None
    # How long to look for bytes that come before DATA is answered.
    listens_before_354: float = 0.0
    connections: int = 0
    chunks: list[bytes] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    # Mails that were there whole, up to their dot, whatever was answered.
    whole: list[bytes] = field(default_factory=list)
    early: bytes = b""
    threads: list[threading.Thread] = field(default_factory=list)
    open: list[socket.socket] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    # To be set by the test once its mail was sent: what comes "later" waits for it.
    was_read: threading.Event = field(default_factory=threading.Event)
    # Set once "later" has come to pass on a connection, or one has ended.
    later: threading.Event = field(default_factory=threading.Event)


class _Connection:
    def __init__(self, seen: FaultServer, connection: socket.socket, faults: Faults) -> None:
        self._seen = seen
        self._socket = connection
        self._faults = faults
        self._times: Counter[str] = Counter()
        self._buffer = b""
        self._private = False

    def serve(self) -> None:
        try:
            if self._seen.server.security == "tls":
                self._start_tls()
            self._answer("greeting", USUAL["greeting"])
            while True:
                self._command(self._until(b"\n"))
        except (Over, OSError):
            pass
        finally:
            with suppress(OSError):
                self._socket.close()
            self._seen.later.set()

    def _command(self, line: bytes) -> None:
        step = COMMANDS.get(line.split(maxsplit=1)[0].upper() if line.strip() else b"", "unknown")
        self._seen.commands.append(step)
        if step == "data" and self._seen.listens_before_354:
            ready, _, _ = select.select([self._socket], [], [], self._seen.listens_before_354)
            self._seen.early += self._buffer + (self._socket.recv(4096) if ready else b"")
        usual = self._ehlo() if step == "ehlo" else USUAL.get(step, b"500 what?\r\n")
        answer = self._answer(step, usual)
        if step == "starttls" and answer.startswith(b"220"):
            self._start_tls()
        if step == "data" and answer.startswith(b"354"):
            if isinstance(self._faults.get("payload"), bytes):
                # A word in the middle of the mail, not before it.
                self._more()
            self._answer("payload", b"")
            self._seen.whole.append(self._until(b"\r\n.\r\n"))
            self._answer("dot", USUAL["dot"])
            if "later" in self._faults:
                # The reply before it has to be read by itself.
                self._seen.was_read.wait(PATIENCE)
                self._answer("later", b"")
                self._seen.later.set()
        if step == "quit":
            raise Over

    def _ehlo(self) -> bytes:
        can_tls = self._seen.server.security == "starttls" and not self._private
        names = [*self._seen.extensions, *(["STARTTLS"] if can_tls else [])]
        lines = ["fault.example", *names]
        ends = ["-"] * (len(lines) - 1) + [" "]
        return "".join(f"250{end}{x}\r\n" for end, x in zip(ends, lines, strict=True)).encode()

    def _answer(self, step: str, usual: bytes) -> bytes:
        self._times[step] += 1
        act = self._faults.get(f"{step} {self._times[step]}", self._faults.get(step, usual))
        if isinstance(act, bytes):
            self._socket.sendall(act)
            return act
        if act is Act.SILENCE:
            while self._socket.recv(65536):
                pass
        if act is Act.DEAFNESS:
            self._seen.over.wait(PATIENCE)
        if act is Act.RESET:
            linger = struct.pack("ii", 1, 0)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        raise Over

    def _start_tls(self) -> None:
        handshake = self._faults.get("handshake")
        if isinstance(handshake, bytes):
            self._socket.sendall(handshake)
        if handshake is Act.SILENCE:
            while self._socket.recv(65536):
                pass
        if handshake is not None or self._seen.context is None:
            raise Over
        self._socket = self._seen.context.wrap_socket(self._socket, server_side=True)
        self._seen.open.append(self._socket)
        self._private = True

    def _more(self) -> None:
        chunk = self._socket.recv(65536)
        if not chunk:
            raise Over
        self._seen.chunks.append(chunk)
        self._buffer += chunk

    def _until(self, end: bytes) -> bytes:
        while end not in self._buffer:
            self._more()
        found, _, self._buffer = self._buffer.partition(end)
        return found + end


@contextmanager
def fault_server(
    *faults: Faults,
    security: Security = "none",
    context: ssl.SSLContext | None = None,
    extensions: tuple[str, ...] = ("PIPELINING",),
    listens_before_354: float = 0.0,
) -> Iterator[FaultServer]:
    """Run one; its first connection gets the first faults, and so on; later ones get none."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = SmtpServer("localhost", listening.getsockname()[1], security)
        seen = FaultServer(server, faults, extensions, context, listens_before_354)
        accepting = threading.Thread(target=_accept, args=(listening, seen), daemon=True)
        accepting.start()
        try:
            yield seen
        finally:
            seen.over.set()
            seen.was_read.set()
            # Wakes up the thread that waits in accept().
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join(PATIENCE)
            for connection in seen.open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            for thread in seen.threads:
                thread.join(PATIENCE)


def _accept(listening: socket.socket, seen: FaultServer) -> None:
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        connection.settimeout(PATIENCE)
        # Else a word that nobody asked for waits for the answer to the one before.
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        faults = seen.faults[seen.connections] if seen.connections < len(seen.faults) else {}
        seen.connections += 1
        seen.open.append(connection)
        one = _Connection(seen, connection, faults)
        thread = threading.Thread(target=one.serve, daemon=True)
        seen.threads.append(thread)
        thread.start()
