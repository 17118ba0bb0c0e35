"""A mail over a line of 40 ms there and back, with STARTTLS: kept connections against new ones."""

import asyncio
import json
import smtplib
import ssl
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.mail_server import make_certificate, real_server
from webapp.mail.message import Mail
from webapp.post import Result
from webapp.post.smtp import SmtpPost, SmtpServer

from .bench_mail import LETTER
from .host import NotTaken

# Seconds each way.
DELAY = 0.020
MAILS = 7
# The two round trips that SMTP cannot do without, of the eleven that a new connection takes.
AT_MOST = 0.25


@contextmanager
def far_away(port: int) -> Iterator[int]:
    """Stand before a server so that each piece of data arrives later; gives the port to use."""
    loop = asyncio.new_event_loop()
    listening = loop.run_until_complete(_listen(port))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(_stop(listening), loop).result(timeout=10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.close()


async def _listen(port: int) -> asyncio.Server:
    async def carry(near: asyncio.StreamReader, to_near: asyncio.StreamWriter) -> None:
        # The first of a TCP handshake's packets has to travel, too: there and back.
        await asyncio.sleep(2 * DELAY)
        far, to_far = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(_one_way(near, to_far), _one_way(far, to_near))

    return await asyncio.start_server(carry, "127.0.0.1", 0)


async def _one_way(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Pass on each piece when it has travelled; pieces travel side by side, as on a real line."""
    pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def arrive() -> None:
        while True:
            due, piece = await pieces.get()
            await asyncio.sleep(due - time.monotonic())
            if not piece:
                target.close()
                return
            target.write(piece)

    arriving = asyncio.create_task(arrive())
    piece = b"-"
    while piece:
        try:
            piece = await source.read(65536)
        except ConnectionError:
            piece = b""
        pieces.put_nowait((time.monotonic() + DELAY, piece))
    await arriving


async def _stop(listening: asyncio.Server) -> None:
    listening.close()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    # Both ends have hung up by now; this only takes its way.
    if tasks:
        await asyncio.wait(tasks, timeout=5)


def by_smtplib(server: SmtpServer, mail: Mail) -> None:
    """The same mail as most programs send it: by a new connection, each command by itself."""
    context = ssl.create_default_context(cafile=server.ca_file)
    with smtplib.SMTP(server.host, server.port, timeout=25) as smtp:
        smtp.starttls(context=context)
        smtp.sendmail(mail.sender, [mail.recipient], mail.to_bytes())


def _seconds(times: int, send: Any) -> list[float]:  # noqa: ANN401  whatever sends a mail
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        send()
        taken.append(time.perf_counter() - start)
    return taken


def main() -> dict[str, Any]:
    """Measure one after the other, the medians of a few mails each."""
    with tempfile.TemporaryDirectory() as folder:
        certificate = make_certificate(Path(folder))
        with (
            real_server(certificate, security="starttls") as real,
            far_away(real.server.port) as port,
        ):
            server = replace(real.server, port=port)
            with closing(SmtpPost(server)) as post:
                first = _seconds(1, lambda: _sent(post))
                kept = statistics.median(_seconds(MAILS, lambda: _sent(post)))
            new = statistics.median(_seconds(MAILS, lambda: by_smtplib(server, LETTER)))
            arrived = len(real.mails)
    if arrived != 1 + 2 * MAILS:
        raise NotTaken(f"{arrived} of {1 + 2 * MAILS} mails arrived")
    return {
        "measure": "kept SmtpPost / new smtplib.SMTP, 40 ms round trip, STARTTLS",
        "ratio": round(kept / new, 3),
        "at_most": AT_MOST,
        "kept_ms": round(kept * 1000),
        "new_ms": round(new * 1000),
        "our_first_ms": round(first[0] * 1000),
    }


def _sent(post: SmtpPost) -> None:
    outcome = post.send(LETTER)
    if outcome.result is not Result.SENT:
        raise NotTaken(f"the relay of the bench did not take a mail: {outcome}")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main()) + "\n")
