"""So many at once in a process: what is slow or heavy leaves threads and memory to the others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from .errors import Busy


class Slots:
    """A number of slots; whoever finds none free within `patience` seconds is turned away."""

    def __init__(self, number: int, *, patience: float, busy: type[Busy] = Busy) -> None:
        self.number = number
        self.patience = patience
        self._busy = busy
        self._free = threading.BoundedSemaphore(number)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold one slot as long as the block lasts; raises the kind of Busy that was given."""
        if not self._free.acquire(timeout=self.patience):
            raise self._busy("too many do this at once")
        try:
            yield
        finally:
            self._free.release()
