"""Places at the relay: however slow it is, threads are left for those who only read and write."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ..errors import Busy

# Of the eight threads of a process; a relay that hangs keeps each for up to 25 seconds.
PLACES: Final = 6
PATIENCE: Final = 0.5  # seconds: whoever waits keeps a thread from the others, too

_places = threading.BoundedSemaphore(PLACES)


class SendingBusy(Busy):
    """All places are taken; nothing was counted, claimed or sent."""


@contextmanager
def place() -> Iterator[None]:
    """One of the process's places for sending; raises SendingBusy if none falls free in time."""
    if not _places.acquire(timeout=PATIENCE):
        raise SendingBusy("too many mails are being sent at once")
    try:
        yield
    finally:
        _places.release()
