"""Relays in a process of their own: one that takes every mail at once, and a real server.

At the first, the cost left is the sender's.
"""

import asyncio
import multiprocessing
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection
from typing import cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.mail_server import Certificate

_GREETING = b"220 relay.test ESMTP\r\n"
_EHLO = b"250-relay.test\r\n250-PIPELINING\r\n250 SIZE 1000000\r\n"
_END = b"\r\n.\r\n"


@contextmanager
def relay(
    *, real: bool = False, certificate: Certificate | None = None, delay: float = 0.0
) -> Iterator[int]:
    """Run the relay, or aiosmtpd, the `real` server of the tests; gives its port.

    With a certificate the real one takes mail in private only, after STARTTLS. The other one's
    every answer may come so many seconds later.
    """
    mine, theirs = multiprocessing.Pipe()
    target = (theirs, real, certificate, delay)
    process = multiprocessing.Process(target=_run, args=target, daemon=True)
    process.start()
    try:
        yield int(mine.recv())
    finally:
        process.kill()
        process.join()


def _run(pipe: Connection, real: bool, certificate: Certificate | None, delay: float) -> None:
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.chain, certificate.key)

    def real_talk() -> asyncio.Protocol:
        private = context is not None
        return SMTP(_Takes(), hostname="relay.test", tls_context=context, require_starttls=private)

    asyncio.run(_serve(pipe, real_talk if real else partial(_Talk, delay)))


class _Takes:
    """What aiosmtpd does with a mail."""

    async def handle_DATA(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:
        return "250 taken"


async def _serve(pipe: Connection, talk: Callable[[], asyncio.Protocol]) -> None:
    server = await asyncio.get_running_loop().create_server(talk, "127.0.0.1", 0)
    pipe.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


class _Talk(asyncio.Protocol):
    """One connection; commands may come many at once (RFC 2920)."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._unread = b""
        self._in_mail = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._say(_GREETING)

    def data_received(self, data: bytes) -> None:
        self._unread += data
        answers = []
        while answer := self._next():
            answers.append(answer)
        self._say(b"".join(answers))

    def _say(self, answer: bytes) -> None:
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, self._transport.write, answer)
        else:
            self._transport.write(answer)

    def _next(self) -> bytes:
        """The answer to what is whole by now; nothing while more has to come."""
        whole, end, rest = self._unread.partition(_END if self._in_mail else b"\r\n")
        if not end:
            return b""
        self._unread = rest
        if self._in_mail:
            self._in_mail = False
            return b"250 taken\r\n"
        verb = whole[:4].upper()
        self._in_mail = verb == b"DATA"
        return {b"EHLO": _EHLO, b"DATA": b"354 go\r\n", b"QUIT": b"221 bye\r\n"}.get(
            verb, b"250 ok\r\n"
        )
