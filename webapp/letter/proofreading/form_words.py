"""The gates for the words around the letters: the form, the pages and the mails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..words import Words, leaves
from .sentences import (
    HARDEST_GRADE,
    SHORT_NAME,
    has_phrase,
    long_sentences_in,
    reading_grade,
    stems_in,
)

# Stand on lock screens and beside a letter at any level: no word about health, at any time.
_SILENT: Final = (
    *("mails.code.", "mails.stop.", "mails.person.", "group.invitation.", "group.invite_member."),
    *("group.reminder.", "group.outcome."),
)
_SILENT_PARTS: Final = ("mails.receipt.subject", "mails.receipt.title")

_PLACEHOLDER: Final = re.compile(r"\{\w+\}")
_ENDS: Final = (".", "?", "…", "”")


def form_problems(words: Words, figures: list[str]) -> Iterator[str]:
    """Everything wrong with the form's own words; puts the reading grades into `figures`."""
    for key, text in form_texts(words):
        file, _, rest = key.partition(".")
        for problem in _problems_in(key, text, words):
            yield f"{words.language}/{file}.toml: {rest}: {problem}"
    if words.frame.code.startswith("en"):
        yield from _reading_age(words, figures)


def form_texts(words: Words) -> Iterator[tuple[str, str]]:
    """Every text of the form, the pages and the mails, by file, table and key."""
    yield from leaves("", words.texts)


def _problems_in(key: str, text: str, words: Words) -> Iterator[str]:
    for length in long_sentences_in(text):
        yield f"a sentence of {length} words"
    for hard, plain in words.condition.hard.items():
        if has_phrase(text, hard):
            yield f"“{hard}” is hard; say “{plain}”"
    for phrase, instead in words.condition.unwelcome.items():
        if has_phrase(text, phrase):
            yield f"“{phrase}” is unwelcome: {instead}"
    if "!" in text:
        yield "an exclamation mark"
    if key.startswith(_SILENT) or key in _SILENT_PARTS:
        yield from _words_on_health(text, words)


def _words_on_health(text: str, words: Words) -> Iterator[str]:
    told = words.wall.names_in(text)
    for stems in words.condition.banned.values():
        told += filter(None, [stems_in(text, stems)])
    if told:
        yield f"“{told[0]}” tells about health"


def _reading_age(words: Words, figures: list[str]) -> Iterator[str]:
    for file, table in words.texts.items():
        # Labels and headings are left out: so short, they would hide a hard sentence.
        texts = [text for _, text in leaves("", table) if text.rstrip().endswith(_ENDS)]
        if not texts:
            continue
        grade = reading_grade(_PLACEHOLDER.sub(SHORT_NAME, " ".join(texts)))
        figures.append(f"{words.language}/{file}: {len(texts)} texts, reading grade {grade:.1f}")
        if grade > HARDEST_GRADE:
            yield (
                f"{words.language}/{file}.toml: reading grade {grade:.1f}; "
                f"{HARDEST_GRADE} is the hardest"
            )
