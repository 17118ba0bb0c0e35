"""The wall: where a text, an address or a host name gives the condition's name away."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import Final

# Between the letters of a name, people put spaces, hyphens, dots; none of them hides it.
_BETWEEN = r"[\W_]*"

# A group's name of fewer letters counts only as a word of its own: "Kasmira" is not SMiRA.
_LONG_NAME: Final = 8


@dataclass(frozen=True)
class Wall:
    """Knows every form of the condition's name, and the names of groups that would tell it.

    `tokens` count only as words of their own, as "SM" does.
    """

    names: tuple[str, ...]
    tokens: tuple[str, ...]
    groups: tuple[str, ...]

    def names_in(self, text: str) -> list[str]:
        """The parts of a text that name the condition, as they stand there, each once."""
        found = self._pattern.findall(text) or self._pattern.findall(_folded(text))
        return list(dict.fromkeys(found))

    def is_named_in(self, *texts: str) -> bool:
        """Whether any of the texts names the condition."""
        return any(self._pattern.search(text + "\n" + _folded(text)) for text in texts)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        anywhere = [_spread(name) for name in self.names]
        words = [_dotted(token) for token in self.tokens]
        for group in self.groups:
            if len(group) >= _LONG_NAME:
                anywhere.append(_spread(group))
            else:
                words.append(_dotted(group))
        alone = [rf"(?<![^\W_]){word}(?![^\W_])" for word in words]
        return re.compile(
            "|".join(sorted((*anywhere, *alone), key=len, reverse=True)), re.IGNORECASE
        )


def _folded(text: str) -> str:
    """The text in plain letters: wide ones and accents hide no name (NFKD, UAX 15)."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(char for char in apart if not unicodedata.combining(char))


def _spread(name: str) -> str:
    return _BETWEEN.join(re.escape(letter) for letter in name if letter.isalnum())


def _dotted(token: str) -> str:
    return r"\.?".join(re.escape(letter) for letter in token if letter.isalnum())
