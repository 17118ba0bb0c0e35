"""Whether what was typed could say anything to anybody, or is plainly somebody's name."""

from __future__ import annotations

import unicodedata
from typing import Final

from .answers import Answers

LONGEST: Final = 40
MOST_WORDS: Final = 4
# Beside letters and marks; the joiners belong to words of some scripts (UAX 31).
_BETWEEN: Final = frozenset(" -'.\u2019\u2010\u2011\u200c\u200d")


def is_plain_name(text: str) -> bool:
    """Letters, marks, spaces, hyphens, apostrophes and full stops: few, as a name has them."""
    is_short = len(text) <= LONGEST and len(text.split()) <= MOST_WORDS
    return is_short and all(one in _BETWEEN or unicodedata.category(one)[0] in "LM" for one in text)


def has_own_words(answers: Answers) -> bool:
    """Whether the letter says more than ticks and plain names: anything could stand there."""
    names = (answers.name, answers.to_name, answers.writer)
    return bool(answers.first or answers.own_words) or not all(map(is_plain_name, names))
