"""What the log says of a trouble: one line a minute for each cause, from all processes together."""

from __future__ import annotations

import logging
import mmap
import struct
import threading
import time
import zlib
from typing import Final

TOLD_AGAIN: Final = 60.0  # seconds between two lines that say the same

_PLACES: Final = 512  # many more than there are causes
_TOLD: Final = struct.Struct("=Id")  # which line, and when on the machine's own clock

_log = logging.getLogger("webapp")
# Made before the workers are forked, so that they share it.
_told = mmap.mmap(-1, _PLACES * _TOLD.size)
_writing = threading.Lock()


def warn(event: str, **values: object) -> None:
    """Say it at WARNING, unless this very line was said within a minute; None is left out.

    Values are words of ours and numbers: never an address, nor anything that was typed.
    """
    said = " ".join(f"{name}={value}" for name, value in values.items() if value is not None)
    line = f"event={event} {said}".rstrip()
    if _is_due(line):
        _log.warning("%s", line)


def forget() -> None:
    """Have said nothing yet."""
    _told[:] = bytes(len(_told))


def _is_due(line: str) -> bool:
    mark = zlib.crc32(line.encode())
    place = mark % _PLACES * _TOLD.size
    now = time.monotonic()
    with _writing:
        last, at = _TOLD.unpack_from(_told, place)
        if last == mark and now - at < TOLD_AGAIN:
            return False
        _TOLD.pack_into(_told, place, mark, now)
    return True
