"""People who send a request byte by byte, hundreds of them, until a block ends."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from .proxies import HOST
from .server import wait

# Seconds from byte to byte.
BEAT: Final = 3.0
# Senders that come in a second, and the seconds after which one that was shown out comes back.
RISE, BACK = 100.0, 0.5
# Seconds until all are there; a quiet machine needs six.
_PATIENCE: Final = 120.0
_FORM: Final = b"Content-Type: application/x-www-form-urlencoded\r\n"


@dataclass(frozen=True)
class Slow:
    """One way to send slowly: what comes at once, and what with each beat."""

    name: str
    connections: int
    opening: bytes
    beat: bytes = b"a"
    protocol: str = "http/1.1"


HEAD: Final = Slow("head", 400, b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
BODY: Final = Slow(
    "body", 50, b"POST / HTTP/1.1\r\nHost: localhost\r\n" + _FORM + b"Content-Length: 9999\r\n\r\n"
)
CHUNKS: Final = Slow(
    "body in chunks",
    50,
    b"POST / HTTP/1.1\r\nHost: localhost\r\n" + _FORM + b"Transfer-Encoding: chunked\r\n\r\n",
    b"1\r\na\r\n",
)
# The preface, no settings, and the start of a frame of 4096 bytes that would hold the head.
HTTP2_HEAD: Final = Slow(
    "HTTP/2 head",
    50,
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    + bytes.fromhex("000000 04 00 00000000")
    + bytes.fromhex("001000 01 05 00000001"),
    protocol="h2",
)


@dataclass
class Crowd:
    """Slow senders from many addresses; whoever is shown out comes back."""

    port: int
    authority: Path | None
    kinds: Sequence[Slow]
    held: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def size(self) -> int:
        """How many they are."""
        return sum(kind.connections for kind in self.kinds)

    async def all(self) -> None:
        """Send until it is over."""
        everyone = [kind for kind in self.kinds for _ in range(kind.connections)]
        tasks = [asyncio.create_task(self._comes(kind, at)) for at, kind in enumerate(everyone)]
        while not self.over.is_set():
            await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _comes(self, kind: Slow, at: int) -> None:
        tls = trusting(self.authority, kind.protocol) if self.authority else None
        await asyncio.sleep(at / RISE)
        while True:
            try:
                reader, writer = await asyncio.open_connection(
                    "127.0.0.1",
                    self.port,
                    ssl=tls,
                    server_hostname=HOST if tls else None,
                    local_addr=(f"127.0.0.{2 + at % 50}", 0),
                )
            except OSError:
                self.ended[f"{kind.name}, not let in"] += 1
            else:
                await self._sends(kind, reader, writer)
            await asyncio.sleep(BACK)

    async def _sends(
        self, kind: Slow, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.held += 1
        try:
            writer.write(kind.opening)
            while not await _is_ended(reader):
                writer.write(kind.beat)
            self.ended[kind.name] += 1
        finally:
            self.held -= 1
            writer.transport.abort()


async def _is_ended(reader: asyncio.StreamReader) -> bool:
    """Whether the other side ends the connection within a beat."""
    try:
        async with asyncio.timeout(BEAT):
            while await reader.read(4096):
                pass
    except TimeoutError:
        return False
    except OSError:
        pass
    return True


@contextmanager
def slow_senders(port: int, authority: Path | None, kinds: Sequence[Slow]) -> Iterator[Crowd]:
    """Have them send until the block ends; it begins when all are there."""
    crowd = Crowd(port, authority, kinds)
    thread = threading.Thread(target=lambda: asyncio.run(crowd.all()))
    thread.start()
    try:
        wait(lambda: crowd.held >= crowd.size, _PATIENCE)
        yield crowd
    finally:
        crowd.over.set()
        thread.join()


def trusting(authority: Path, protocol: str = "http/1.1") -> ssl.SSLContext:
    """TLS with whoever has a certificate of that authority."""
    context = ssl.create_default_context(cafile=str(authority))
    context.set_alpn_protocols([protocol])
    return context
