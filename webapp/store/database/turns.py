"""Whose turn it is to write to a file of SQLite, among all threads and processes of a machine.

SQLite has one writer at a time, and lets the others wait ever longer before they ask again: under
load some waited for a third of a second while the file was free most of the time.
"""

import errno
import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from .engines import PRIVATE_FILE

ASK_AGAIN: Final = 0.0003  # seconds: less than a transaction takes
# What a file system answers that knows no such lock.
_UNKNOWN: Final = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP}


class TurnMissed(OSError):
    """Others wrote all the time, for longer than anybody waits."""


class WriterTurn:
    """Held by one thread of the machine; only a courtesy, since SQLite keeps others out anyway."""

    def __init__(self, file: Path) -> None:
        self._database = file
        self._file = file.with_name(f"{file.name}-turn")
        self._thread = threading.Lock()  # a process's threads wait here, without asking

    @contextmanager
    def taken(self, patience: float) -> Iterator[None]:
        """Write now; raises TurnMissed after `patience` seconds, or OSError."""
        until = time.monotonic() + patience
        if not self._thread.acquire(timeout=patience):
            raise TurnMissed
        try:
            turn = self._open()
            try:
                _wait_for(turn, until)
                yield
            finally:
                # Said aloud: a process forked meanwhile still has the file open.
                with suppress(OSError):
                    fcntl.flock(turn, fcntl.LOCK_UN)
                os.close(turn)
        finally:
            self._thread.release()

    def forget(self) -> None:
        """Leave the parent's threads alone: this process was forked from theirs."""
        self._thread = threading.Lock()

    def _open(self) -> int:
        """Opened each time: a descriptor that a forked process shares would share the turn.

        No link is followed: where root runs a chore, it could lead to a file of root's.
        """
        flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            return os.open(self._file, flags)
        except FileNotFoundError:
            return self._make(flags)

    def _make(self, flags: int) -> int:
        try:
            turn = os.open(self._file, flags | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
        except FileExistsError:
            return os.open(self._file, flags)  # another process was quicker
        if os.geteuid() == 0:
            # Else a chore that root runs would keep the service out of its own turn.
            with suppress(OSError):
                owner = self._database.stat()
                os.fchown(turn, owner.st_uid, owner.st_gid)
        return turn


def _wait_for(turn: int, until: float) -> None:
    while True:
        try:
            return fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise TurnMissed from None
            time.sleep(ASK_AGAIN)
        except OSError as error:
            if error.errno in _UNKNOWN:
                return None
            raise
