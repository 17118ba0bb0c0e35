"""Whose turn it is to write to a file of SQLite, among all threads and processes of a machine.

SQLite has one writer at a time, and lets the others wait ever longer before they ask again: under
load some waited for seconds while the file was free most of the time.
"""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

ASK_AGAIN: Final = 0.0003  # seconds: less than a transaction takes
PRIVATE_FILE: Final = 0o600


class TurnMissed(OSError):
    """Others wrote all the time, for longer than anybody waits."""


class WriterTurn:
    """Held by one thread of the machine; only a courtesy, since SQLite keeps others out anyway."""

    def __init__(self, file: Path) -> None:
        self._file = file.with_name(f"{file.name}-turn")
        self._thread = threading.Lock()  # a process's threads wait here, without asking

    @contextmanager
    def taken(self, patience: float) -> Iterator[None]:
        """Write now; raises TurnMissed after `patience` seconds."""
        until = time.monotonic() + patience
        if not self._thread.acquire(timeout=patience):
            raise TurnMissed
        try:
            # Opened each time: a descriptor that a forked process shares would share the turn.
            turn = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
            try:
                _wait_for(turn, until)
                yield
            finally:
                os.close(turn)
        finally:
            self._thread.release()

    def forget(self) -> None:
        """Leave the parent's threads alone: this process was forked from theirs."""
        self._thread = threading.Lock()


def _wait_for(turn: int, until: float) -> None:
    while True:
        try:
            return fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise TurnMissed from None
            time.sleep(ASK_AGAIN)
