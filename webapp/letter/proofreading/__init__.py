"""The gates that every word passes: length, reading age, hard words, and the wall."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ..compose import (
    UNCHOSEN_WORDS,
    Answers,
    Letter,
    compose,
    legal_combinations,
    unchosen_words,
)
from ..length import count_words
from ..words import LEVELS, Level, Words, read
from ..words.fitting import too_much
from .form_words import form_problems
from .manners import manners_problems
from .sentences import (
    HARDEST_GRADE,
    LONGEST_SENTENCE,
    SHORT_NAME,
    has_phrase,
    long_sentences_in,
    reading_grade,
    sentences_in,
)

# One side of paper with eight ticks, read in a minute.
USUAL_LENGTH: Final = (120, 240)

_PLACEHOLDER: Final = re.compile(r"\{\w+\}")
_OTHER_CLOSINGS: Final = ("closing_without_asks", "closing_beside_rights")

__all__ = [
    "UNCHOSEN_WORDS",
    "USUAL_LENGTH",
    "Report",
    "count_words",
    "printed_words",
    "problems_in",
    "sentences_in",
    "texts_of",
    "unchosen_words",
]


@dataclass(frozen=True)
class Report:
    """What is wrong, and the figures behind it."""

    problems: tuple[str, ...]
    figures: tuple[str, ...]


def problems_in(folder: Path) -> Report:
    """Look at all words in a folder."""
    library, problems = read(folder)
    figures: list[str] = []
    if library is not None:
        for words in library.languages.values():
            problems.extend(_sentences(words))
            problems.extend(_hard_words(words))
            problems.extend(_leaks(words))
            problems.extend(_orphans(words))
            problems.extend(manners_problems(words))
            problems.extend(_lengths(words, figures))
            problems.extend(form_problems(words, figures))
            if words.frame.code.startswith("en"):
                problems.extend(_reading_age(words, figures))
    return Report(tuple(problems), tuple(figures))


def printed_words(letter: Letter) -> int:
    """How many words a letter has in all, its title aside."""
    chosen = [
        *letter.before_opening,
        *letter.after_opening,
        letter.fact,
        letter.first,
        *letter.own_words,
        letter.rights,
    ]
    chosen += [item for part in letter.parts for item in part.items]
    chosen += [*letter.ending, letter.name]
    return unchosen_words(letter) + sum(map(count_words, chosen))


def texts_of(words: Words) -> Iterator[tuple[str, str, frozenset[Level]]]:
    """Every text that a letter can print: its file and key, itself, the levels that print it."""
    every = frozenset(LEVELS)
    for section in words.sections.values():
        file = f"{words.language}/statements/{section.id}.toml"
        yield f"{file}: title.me", section.title.me, every
        yield f"{file}: title.them", section.title.them, every
        if section.lead is not None:
            yield f"{file}: lead.me", section.lead.me, every
            yield f"{file}: lead.them", section.lead.them, every
        for statement in section.statement:
            levels = frozenset(statement.levels)
            yield f"{file}: {statement.id}.me", statement.me, levels
            yield f"{file}: {statement.id}.them", statement.them, levels
    yield from _texts_of_situations(words, every)
    yield from _texts_of_frame(words, every)
    yield from _texts_of_rights(words)


def _texts_of_situations(
    words: Words, every: frozenset[Level]
) -> Iterator[tuple[str, str, frozenset[Level]]]:
    for situation in words.situations.values():
        file = f"{words.language}/situations/{situation.id}.toml"
        yield f"{file}: subject.without_name", situation.subject.without_name, every
        for key in ("subject", "opening", "closing", *_OTHER_CLOSINGS):
            wording = getattr(situation, key)
            if wording is not None:
                yield f"{file}: {key}.me", wording.me, every
                yield f"{file}: {key}.them", wording.them, every
        for reply in situation.replies:
            yield f"{file}: replies.label", reply.label, every
            yield f"{file}: replies.body", reply.body, every


_SAID_AT_EVERY_LEVEL: Final = (
    *("fallback", "about", "greeting", "reply", "sign_off", "first", "own_words"),
    *("closing_to_one_ask", "version"),
)


def _texts_of_frame(
    words: Words, every: frozenset[Level]
) -> Iterator[tuple[str, str, frozenset[Level]]]:
    frame, file = words.frame, f"{words.language}/frame.toml"
    for part in _SAID_AT_EVERY_LEVEL:
        for key, text in getattr(frame, part):
            # What a group agreed to stands beside a text, and is none.
            if isinstance(text, str):
                yield f"{file}: {part}.{key}", text, every
    for reply in (*frame.replies_to_one_ask, *frame.replies_without_asks):
        yield f"{file}: replies.label", reply.label, every
        yield f"{file}: replies.body", reply.body, every
    for line in frame.paper.lines:
        yield f"{file}: paper.lines", line, every
    for key, text in (("credit.text", frame.credit.text), ("agreed.text", frame.agreed.text)):
        yield f"{file}: {key}", text, frozenset({"named"})
    for level in LEVELS:
        if fact := frame.fact_at(level):
            yield f"{file}: fact.{level}.me", fact.me, frozenset({level})
            yield f"{file}: fact.{level}.them", fact.them, frozenset({level})


def _texts_of_rights(words: Words) -> Iterator[tuple[str, str, frozenset[Level]]]:
    for right in words.rights.values():
        # Whoever chose a paragraph on rights chose its legal words: only the name stays out.
        for voice, text in (("me", right.me), ("them", right.them)):
            key = f"{words.language}/rights.toml: {right.id}.{voice}"
            yield key, text, frozenset(right.levels) - {"needs"}


def _sentences(words: Words) -> Iterator[str]:
    for key, text, _ in texts_of(words):
        for length in long_sentences_in(text):
            yield f"{key}: a sentence of {length} words; {LONGEST_SENTENCE} is the most"


def _hard_words(words: Words) -> Iterator[str]:
    hard = words.condition.hard
    for key, text, _ in texts_of(words):
        for one, plain in hard.items():
            if has_phrase(text, one):
                yield f"{key}: “{one}” is hard; say “{plain}”"


def _leaks(words: Words) -> Iterator[str]:
    wall = words.wall
    for key, text, levels in texts_of(words):
        if levels - {"named"} and (names := wall.names_in(text)):
            yield f"{key}: names the condition below “named”: {', '.join(names)}"
        for level in sorted(levels):
            for found in too_much(text, level, words):
                yield f"{key}: may not say “{found}” at level “{level}”"
    for right in words.rights.values():
        if set(right.levels) - {"named"} and wall.is_named_in(right.me, right.them):
            yield f"{words.language}/rights.toml: {right.id}: names the condition below “named”"


def _orphans(words: Words) -> Iterator[str]:
    for statement in words.statements.values():
        if not any(
            statement.fits(situation, level) for situation in words.situations for level in LEVELS
        ):
            file = f"{words.language}/statements/{statement.section}.toml"
            yield f"{file}: {statement.id}: fits no situation at any level"
    for level, stems in words.condition.banned.items():
        if not stems:
            yield f"{words.language}/condition.toml: banned.{level}: is empty"


def _lengths(words: Words, figures: list[str]) -> Iterator[str]:
    unchosen, lengths, with_fact = [], [], []
    for situation, level, voice in legal_combinations(words):
        for name in (SHORT_NAME, ""):
            answers = Answers(situation, level, voice, words.language, name=name)
            every = tuple(s.id for s in words.statements_for(words.situations[situation], level))
            starters = words.situations[situation].starters.at(level)
            full = replace(answers, say=every, first="A.", own_words="A.")
            unchosen.append(unchosen_words(compose(full, words)))
            letter = compose(replace(answers, say=starters), words)
            lengths.append(printed_words(letter))
            with_fact.append(unchosen_words(letter) + count_words(letter.fact))
            where = f"{words.language}/situations/{situation}.toml: {level}, {voice}"
            low, high = USUAL_LENGTH
            if unchosen[-1] > UNCHOSEN_WORDS:
                yield f"{where}: {unchosen[-1]} words nobody chose; {UNCHOSEN_WORDS} is the most"
            if not low <= lengths[-1] <= high:
                yield f"{where}: {lengths[-1]} words with the starters; {low} to {high} is right"
    figures.append(f"{words.language}: {min(lengths)} to {max(lengths)} words with eight ticks")
    figures.append(
        f"{words.language}: at most {max(unchosen)} words that nobody chose; with eight ticks, and "
        f"what the level's button says counted too, {max(with_fact)}"
    )


def _reading_age(words: Words, figures: list[str]) -> Iterator[str]:
    for section in words.sections.values():
        texts = [text for s in section.statement for text in (s.me, s.them)]
        if section.lead is not None:
            leads = (section.lead.me, section.lead.them)
            pairs = (
                (lead, text)
                for s in section.statement
                for lead, text in zip(leads, (s.me, s.them), strict=True)
            )
            texts = [f"{lead} {text}" for lead, text in pairs]
        plain = _without_names(" ".join(texts), words)
        grade = reading_grade(plain)
        figures.append(
            f"{words.language}/{section.id}: {len(section.statement)} statements, "
            f"reading grade {grade:.1f}"
        )
        if grade > HARDEST_GRADE:
            file = f"{words.language}/statements/{section.id}.toml"
            yield f"{file}: reading grade {grade:.1f}; {HARDEST_GRADE} is the hardest"


def _without_names(text: str, words: Words) -> str:
    for name in words.condition.names:
        text = re.sub(re.escape(name), "this", text, flags=re.IGNORECASE)
    return _PLACEHOLDER.sub(SHORT_NAME, text)
