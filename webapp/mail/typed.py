"""What people type: cleaned and measured; `contacts` looks through it for links and numbers."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from .contacts import contact_in, number_in
from .unseen import shows_something, without_tricks

__all__ = ["clean_line", "clean_lines", "contact_in", "hides_something", "number_in", "utf8_length"]

_LINE_BREAKS: Final = re.compile(r"\r\n?|[\u0085\u2028\u2029\v\f]")
_SPACES: Final = re.compile(r"[^\S\n]+")

# No field holds so much; a longer text is refused as it is, for composing it could take seconds.
_LONGEST: Final = 5_000


def clean_line(text: str) -> str:
    """One line of text: composed (NFC), without controls or characters that cannot be seen."""
    return _seen(" ".join(_clean(text).split()))


def clean_lines(text: str) -> str:
    """Lines of text, cleaned each; never more than one empty line between two paragraphs."""
    lines = [_SPACES.sub(" ", line).strip() for line in _clean(text).split("\n")]
    return _seen(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n"))


def hides_something(text: str) -> bool:
    """Whether there is more in it than a reader would see: that is taken out, and told."""
    broken = _LINE_BREAKS.sub("\n", text)
    return without_tricks(broken) != broken


def _seen(text: str) -> str:
    """The text; or "" where nobody would see any of it."""
    return text if shows_something(text) else ""


def _clean(text: str) -> str:
    kept = without_tricks(_LINE_BREAKS.sub("\n", text))
    return unicodedata.normalize("NFC", kept) if len(kept) <= _LONGEST else kept


def utf8_length(text: str) -> int:
    """How many bytes a text takes."""
    return len(text.encode("utf-8", "surrogatepass"))
