"""The demo's post: each mail becomes a file in a folder, and nothing leaves this machine."""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from ..mail.message import Mail
from . import Outcome, Result


def _now() -> datetime:
    return datetime.now(UTC)


class OutboxPost:
    """Writes each mail into a folder as one `.eml` file; the names sort by time."""

    def __init__(self, folder: Path, now: Callable[[], datetime] = _now) -> None:
        self._folder = folder
        self._now = now

    def send(self, mail: Mail, *, seconds: float = 25.0) -> Outcome:
        """Write the whole mail, then give it its name: nobody reads half of one."""
        data = mail.to_bytes()
        # The random end keeps two mails of one moment apart, and tells nothing.
        name = f"{self._now():%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(4)}"
        unfinished = self._folder / f".{name}.part"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(unfinished, data)
            unfinished.rename(self._folder / f"{name}.eml")
        except OSError:
            with suppress(OSError):
                unfinished.unlink()
            return Outcome(Result.NOT_SENT, "payload")
        return Outcome(Result.SENT)

    def is_open(self, our_name: str) -> bool:
        """A folder that is not there yet is made with the first mail."""
        return not self._folder.exists() or os.access(self._folder, os.W_OK)

    def close(self) -> None:
        """Nothing is kept open between mails."""


def _write(path: Path, data: bytes) -> None:
    """Write a new file that only its owner may read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
