"""Everything that can go wrong, each in one sentence; and what a host's log says of it."""

from __future__ import annotations

import logging
import mmap
import struct
import threading
import time
import zlib
from typing import Final


class WordAheadError(Exception):
    """The root of all errors of this project."""


# How a start ends that no later one would mend (sysexits.h, EX_CONFIG): systemd does not try again.
WRONG_SETTINGS: Final = 78


class StartError(WordAheadError, SystemExit):
    """The app does not start.

    Also a SystemExit: gunicorn and `flask run` then end with this one line, not with a traceback
    in which a setting's value could stand.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        # What SystemExit prints; its own __init__ is not the one that runs here.
        self.code = sentence


class SettingsError(StartError):
    """Settings are missing or cannot be used: a line for each, which never says its value."""


class WordsError(StartError):
    """The words cannot be used; names file and key."""


class TemplateError(StartError):
    """A mail template cannot be used; names file and line."""


class Busy(WordAheadError):
    """Too many do the same at this moment; nothing was begun, and a press later may go through."""


class MailRefused(WordAheadError):
    """The header guard let this mail not out; holds nothing that was typed."""


class BallotError(WordAheadError):
    """A ballot, a count or its result cannot be used; the sentence names file and row."""


class AnswersError(WordAheadError):
    """An answer cannot be used; holds the sentence for the person, and the field it is about."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


TOLD_AGAIN: Final = 60.0  # seconds between two lines that say the same

_PLACES: Final = 512  # many more than there are causes
_LINE: Final = struct.Struct("=Id")  # which line, and when on the machine's own clock

_log = logging.getLogger("webapp")
# Made before the workers are forked, so that they share it.
_last_lines = mmap.mmap(-1, _PLACES * _LINE.size)
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
    _last_lines[:] = bytes(len(_last_lines))


def _is_due(line: str) -> bool:
    mark = zlib.crc32(line.encode())
    place = mark % _PLACES * _LINE.size
    now = time.monotonic()
    with _writing:
        last, at = _LINE.unpack_from(_last_lines, place)
        if last == mark and now - at < TOLD_AGAIN:
            return False
        _LINE.pack_into(_last_lines, place, mark, now)
    return True
