"""The app as a host would serve it, but for limits that nobody reaches; and what else goes on."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
# Seconds. A busy machine may take long to start the app; no answer takes this long.
PATIENCE = 180.0
# How long to listen to the machine, in seconds; where "idle" and "waits for a disk" stand.
_LISTENING, _IDLE = 0.5, slice(3, 5)
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


def others_share() -> float:
    """Which share of the cores others have, while nothing of ours goes on; 0 where nobody tells."""
    try:
        before = _ticks()
        time.sleep(_LISTENING)
        after = _ticks()
    except OSError:
        return 0.0
    spent = [late - early for early, late in zip(before, after, strict=True)]
    return 1 - sum(spent[_IDLE]) / sum(spent)


def _ticks() -> list[int]:
    """What the machine's cores did since it began, by kind (proc(5), /proc/stat)."""
    return [int(one) for one in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]


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
