"""What counts as a sentence and as a word."""

from __future__ import annotations

import re
from typing import Final

from ..length import count_words

# NHS service manual, "How we write": sentences of up to 20 words.
LONGEST_SENTENCE: Final = 20
# Words for a reading age of 9 to 11 (NHS): about this school grade, over many texts together.
HARDEST_GRADE: Final = 6.0
# A short name, as most are: what stands in for {name} when words are counted.
SHORT_NAME: Final = "Sam"

_SENTENCE_END: Final = re.compile(r"(?<=[.?!…])[”’\"']?\s+")


def sentences_in(text: str) -> list[str]:
    """The sentences of a text."""
    return [one for one in _SENTENCE_END.split(text.strip()) if one]


def long_sentences_in(text: str) -> list[int]:
    """The lengths of those sentences that are too long."""
    lengths = map(count_words, sentences_in(text))
    return [length for length in lengths if length > LONGEST_SENTENCE]


def reading_grade(text: str) -> float:
    """The school grade that can read a text (Flesch-Kincaid).

    ModuleNotFoundError names textstat where it is not installed: what serves does without it.
    """
    import textstat  # a second to load, and needed here alone

    return float(textstat.flesch_kincaid_grade(text))


def stems_in(text: str, stems: tuple[str, ...]) -> str:
    """The first word of a text that begins with one of these stems, or ""."""
    found = re.search("|".join(rf"\b{re.escape(stem)}\w*" for stem in stems), text, re.IGNORECASE)
    return found.group() if found and stems else ""


def has_phrase(text: str, phrase: str) -> bool:
    """Whether a text has these very words, as whole words and in any case."""
    return bool(re.search(rf"\b{re.escape(phrase)}\b", text, re.IGNORECASE))
