"""The app as a host runs it: real gunicorn, real HTTP, and a relay whose faults a test chooses."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from webapp.store.database import Database
from webapp.store.database.tables import waiting

from .builders import ROOT
from .direct import CANARY, EMMA, MANAGER, NAME, paths_in
from .fault_server import Faults, FaultServer, fault_server
from .mails import code_in
from .visitor import Page, Visitor

# A busy machine may take long to start it; no test waits this long for anything else.
PATIENCE = 180.0
# As many connections as a test ever makes.
MANY = 500


@dataclass
class Served:
    """A running server, its relay, and what it wrote."""

    process: subprocess.Popen[bytes]
    base: str
    url: str
    relay: FaultServer
    output: Path

    def workers(self) -> list[int]:
        """The processes that serve; their parent starts new ones in their place."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def relay_does(self, faults: Faults) -> None:
        """From now on, the relay has these faults on every connection."""
        for connection in self.relay.open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.relay.faults = [faults] * MANY

    def mails(self, address: str) -> list[EmailMessage]:
        """What the relay got whole for an address, oldest first."""
        read = [message_from_bytes(data, policy=policy.default) for data in self.relay.whole]
        return [mail for mail in read if mail["To"] == address]

    def newest_code(self) -> tuple[str, str]:
        """Link and code in Emma's newest code mail."""
        mail = [one for one in self.mails(EMMA) if "code" in str(one["Subject"])][-1]
        return paths_in(mail)[0], code_in(mail)

    @contextmanager
    def hears(self, step: str) -> Iterator[None]:
        """Go on after the block when the relay has heard this command once more.

        "dot" is the end of a whole mail.
        """
        heard = self._heard(step)
        yield
        self._wait(lambda: self._heard(step) > heard)

    def _heard(self, step: str) -> int:
        return len(self.relay.whole) if step == "dot" else self.relay.commands.count(step)

    def kill_workers(self) -> None:
        """Kill all processes that serve, at once; others take their place."""
        old = self.workers()
        for pid in old:
            os.kill(pid, signal.SIGKILL)
        self._wait(lambda: len(self.workers()) == len(old) and not set(old) & set(self.workers()))

    def ends_leases(self) -> None:
        """Let the time pass after which a send that says nothing counts as uncertain."""
        database = Database(self.url)
        with database.writing() as connection:
            connection.execute(sa.update(waiting).values(lease_until=1))
        database.close()

    def _wait(self, until: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not until():
            if time.monotonic() > end:
                raise TimeoutError("what the test waits for did not come")
            time.sleep(0.02)


@contextmanager
def served(url: str, folder: Path, **environ: str) -> Iterator[Served]:
    """Serve the app over a database; it ends with the block."""
    with fault_server() as relay, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        output = folder / "output.txt"
        with output.open("wb") as file:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "gunicorn",
                    f"--bind=127.0.0.1:{port}",
                    "webapp:create_app()",
                ],
                cwd=ROOT,
                env=_environ(url, port, relay.server.port) | environ,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        try:
            _wait_until_up(port, process)
            yield Served(process, f"http://127.0.0.1:{port}", url, relay, output)
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _environ(url: str, port: int, relay: int) -> dict[str, str]:
    limits = ("IP_TEN_MINUTES", "IP_DAY", "OWN_SIX_HOURS", "OWN_DAY", "RECIPIENT_DAY", "PAIR_DAY")
    return {
        "PATH": os.environ["PATH"],
        "SECRET_KEY": "a secret of the tests, long enough to be one",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "MAIL_URL": f"smtp://127.0.0.1:{relay}",
        "MAIL_FROM": "letters@wordahead.example",
        "HOST_NAME": "The Willow Group",
        "HOST_CONTACT": "hello@willow.example",
        "DATABASE_URL": url,
        "DIRECT_SEND": "on",
        "CHECK_DOMAINS": "off",
        "LIMITS_FLOOD_MINUTE": "100000",
        "LIMITS_SITE_HOUR": "100000",
        **{f"LIMITS_{name}": "100000" for name in limits},
    }


def _wait_until_up(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("the server did not start")


class Caller(Visitor):
    """A visitor over real HTTP."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.page = Page(0, "", {}, "")
        self._open = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(CookieJar())
        ).open

    def opens(self, path: str) -> Caller:
        """Open an address, and follow where it leads."""
        return self._asks(urllib.request.Request(self.base + path))  # noqa: S310  our own server

    def posts(
        self, path: str, data: object = None, *, headers: Mapping[str, str] | None = None
    ) -> Caller:
        """Post something, and follow where it leads."""
        body = urllib.parse.urlencode(data or {}, doseq=True).encode()  # type: ignore[arg-type]
        request = urllib.request.Request(self.base + path, body, dict(headers or {}))  # noqa: S310
        return self._asks(request)

    def asks_for_a_letter(self, address: str = MANAGER) -> Caller:
        """The whole way to the page that asks for the code."""
        self.reaches_check(more=CANARY).opens("/letter/someone")
        fields = {"recipient_name": NAME, "recipient_email": address, "email": EMMA, "may": "me"}
        self.submits("/letter/someone", **fields)
        self.submits("/letter/someone", consent="yes")
        return self

    def _asks(self, request: urllib.request.Request) -> Caller:
        try:
            answer: Any = self._open(request, timeout=PATIENCE)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            path = re.sub(r"^https?://[^/]+", "", answer.url).partition("?")[0]
            html = answer.read().decode()
            self.page = Page(answer.status, path, dict(answer.headers), html)
        return self
