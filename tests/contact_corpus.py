"""What people type, in tests/data: what could be tapped in a mail, and harmless sentences."""

from __future__ import annotations

import re
from pathlib import Path

_FOLDER = Path(__file__).parent / "data"


def lines_of(name: str) -> list[str]:
    """The lines of a corpus; in a file an unseen character is written as \\u{…}."""
    lines = (_FOLDER / f"{name}.txt").read_text("utf-8").split("\n")
    return [_seen(line) for line in lines if line and not line.startswith("# ")]


def _seen(line: str) -> str:
    return re.sub(r"\\u\{([0-9a-f]+)\}", lambda found: chr(int(found[1], 16)), line)


CONTACTS = lines_of("contacts")
NO_CONTACTS = lines_of("no_contacts")
SPACES_MISSING = lines_of("spaces_missing")
