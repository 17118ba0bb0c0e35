"""The app as a host would serve it, but for limits that nobody reaches; and what else goes on."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
# Seconds. A busy machine may take long to start the app; no answer takes this long.
PATIENCE = 180.0
_NO_LIMIT = "1000000000"
_LIMITS = (
    "IP_TEN_MINUTES IP_DAY OWN_SIX_HOURS OWN_DAY RECIPIENT_DAY PAIR_DAY SITE_HOUR FLOOD_MINUTE"
)


class NotTaken(RuntimeError):
    """The machine did not let us take a measure; the sentence says why."""


def environment(port: int, relay_port: int, database_url: str) -> dict[str, str]:
    """The settings of an app at a port."""
    return {
        "SECRET_KEY": "a secret of the bench long enough to be one",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "MAIL_URL": f"smtp://127.0.0.1:{relay_port}",
        "MAIL_FROM": "letters@wordahead.example",
        "HOST_NAME": "A host",
        "HOST_CONTACT": "host@example.org",
        "CHECK_DOMAINS": "off",
        "DATABASE_URL": database_url,
        "DIRECT_SEND": "on",
    } | {f"LIMITS_{name}": _NO_LIMIT for name in _LIMITS.split()}


@dataclass(frozen=True)
class Cores:
    """What the machine's cores did up to a moment, in the system's ticks."""

    all: int
    busy: int  # for whatever process, ours or not, and for other guests of the same hardware
    ours: int  # for this process and all that it started

    def others_until(self, later: Cores) -> float:
        """Which share of the cores others had between two moments."""
        passed = later.all - self.all
        others = (later.busy - self.busy) - (later.ours - self.ours)
        return min(1.0, max(0.0, others / passed)) if passed else 0.0


def cores() -> Cores:
    """As proc(5) tells it; all zeros where the system does not tell."""
    try:
        # user, nice, system, idle, iowait, irq, softirq, steal; what devices cost is nobody's.
        spent = [int(one) for one in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    except OSError:
        return Cores(0, 0, 0)
    return Cores(sum(spent), sum(spent[:3]) + spent[7], _ours())


def _ours() -> int:
    """The ticks of this process and of everyone that came from it."""
    parents, ticks = {}, {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            told = file.read_text().rpartition(")")[2].split()
            pid = int(file.parent.name)
            parents[pid], ticks[pid] = int(told[1]), int(told[11]) + int(told[12])
    found = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return sum(ticks.get(pid, 0) for pid in found)


@contextmanager
def served(target: str, relay_port: int) -> Iterator[tuple[int, int]]:
    """Run an app under gunicorn as a host would; gives its port and its process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("BENCH_DATABASE_URL", f"sqlite:///{folder}/b.db")
        process = subprocess.Popen(  # noqa: S603  # this project, started by itself
            [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", target],
            cwd=ROOT,
            env=environment(port, relay_port, url) | {"PATH": os.environ["PATH"]},
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for(port, process)
            yield port, process.pid
        finally:
            process.terminate()
            process.wait()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the app ended with {process.returncode} in place of starting")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise NotTaken(f"the app did not start within {PATIENCE:.0f} s")
