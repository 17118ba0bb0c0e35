"""How long a text is."""

from __future__ import annotations

import re
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+(?:[’'.-][^\W_]+)*")


def count_words(text: str) -> int:
    """How many words a text has; "A or B" has three, "face-to-face" one."""
    return len(_WORD.findall(text))
