"""Whether the words fit together as sentences: she, he and they; lead-ins and their ends; levels.

Lists of forms in grammar.toml decide, and no parser: whoever writes the words can read them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .library import Words
from .model import Level, Section, Wording

_THEY: Final = re.compile(r"\{[Tt]hey\}")
_NEXT_WORD: Final = re.compile(r"\s+([^\W\d_]+(?:’[^\W\d_]+)?)")
_LAST_WORD: Final = re.compile(r"([^\W\d_]+(?:’[^\W\d_]+)?)\s+$")
# An end of a sentence within a text, so that what follows would stand outside the request.
_ENDS_WITHIN: Final = re.compile(r"[.!?…]\s")


def check_fitting(words: Words) -> Iterator[str]:
    """Every sentence that would not fit, as "file: key: what is wrong"."""
    for section in words.sections.values():
        file = f"{words.language}/statements/{section.id}.toml"
        for key, wording in wordings_of(section):
            for problem in misfits(wording.them, words):
                yield f"{file}: {key}.them: {problem}"
        yield from _check_ends(words, file, section)
        if section.place != "body":
            yield from _check_levels(words, file, section)
    for file, key, wording in frame_wordings(words):
        for problem in misfits(wording.them, words):
            yield f"{words.language}/{file}: {key}.them: {problem}"


def wordings_of(section: Section) -> Iterator[tuple[str, Wording]]:
    """Every wording of a section with its key."""
    yield "title", section.title
    if section.lead:
        yield "lead", section.lead
    yield from ((statement.id, statement) for statement in section.statement)


def frame_wordings(words: Words) -> Iterator[tuple[str, str, Wording]]:
    """Every wording that a letter has without a tick: file, key and itself."""
    frame = words.frame
    yield "frame.toml", "fact.named", frame.fact.named
    yield "frame.toml", "fact.described", frame.fact.described
    yield "frame.toml", "first", frame.first
    yield "frame.toml", "own_words", frame.own_words
    yield "frame.toml", "closing_to_one_ask", frame.closing_to_one_ask
    yield "frame.toml", "reply", frame.reply
    yield "frame.toml", "sign_off", frame.sign_off
    for situation in words.situations.values():
        file = f"situations/{situation.id}.toml"
        keys = ("subject", "opening", "closing", "closing_without_asks", "closing_beside_rights")
        for key in keys:
            wording: Wording | None = getattr(situation, key)
            if wording is not None:
                yield file, key, wording
    for right in words.rights.values():
        yield "rights.toml", right.id, right


def misfits(text: str, words: Words) -> Iterator[str]:
    """What in a text about somebody else does not fit "they", "she" and "he" alike."""
    grammar = words.grammar
    for they in _THEY.finditer(text):
        after = _NEXT_WORD.match(text, they.end())
        if after is None or after[1].lower() not in grammar.fits_they:
            found = after[1] if after else "nothing"
            yield f"after {they[0]} stands “{found}”, which does not fit they, she and he alike"
        before = _LAST_WORD.search(text[: they.start()])
        if before and before[1].lower() in grammar.not_before_they:
            yield f"“{before[1]}” before {they[0]} does not fit they, she and he alike"


def bare_pronouns(text: str, words: Words) -> Iterator[str]:
    """The pronouns of a text about somebody else that would stay "they" for "she" and "he"."""
    for pronoun in words.grammar.bare_pronouns:
        if re.search(rf"(?<!\{{)\b{pronoun}\b(?!\}})", text, re.IGNORECASE):
            yield f"“{pronoun}” could be anybody; write {{they}}, {{them}}, {{their}} or {{name}}"


def _check_ends(words: Words, file: str, section: Section) -> Iterator[str]:
    """Whether every statement under a lead-in ends the sentence which that begins."""
    if section.lead is None:
        return
    for key, text in (("lead.me", section.lead.me), ("lead.them", section.lead.them)):
        if not text[-1:].isalpha():
            yield f"{file}: {key}: has to stop before its sentence ends, at a word"
    for statement in section.statement:
        for voice, text in (("me", statement.me), ("them", statement.them)):
            for problem in ends_in(text, words):
                yield f"{file}: {statement.id}.{voice}: {problem}"


def ends_in(text: str, words: Words) -> Iterator[str]:
    if not text.endswith("."):
        yield "has to end the sentence of its lead-in, with a full stop"
    if _ENDS_WITHIN.search(text):
        yield "has to be the end of one sentence; a second one stands outside the request"
    first = text.split(maxsplit=1)[0].rstrip(".,")
    if first not in words.grammar.bare_verbs:
        yield f"has to begin with a bare verb, in small letters; “{first}” is none that is listed"


def _check_levels(words: Words, file: str, section: Section) -> Iterator[str]:
    """Whether a line that stands beside the purpose says more than its level may."""
    for statement in section.statement:
        for level in statement.levels:
            for text in (statement.me, statement.them):
                for found in too_much(text, level, words):
                    yield f"{file}: {statement.id}: may not say “{found}” at level “{level}”"


def too_much(text: str, level: Level, words: Words) -> Iterator[str]:
    """What in a text says more than a level may."""
    condition = words.condition
    if level != "named":
        yield from words.wall.names_in(text)
        if "{condition}" in text:
            yield "{condition}"
    for stem in () if level == "named" else condition.banned.get(level, ()):
        if found := re.search(rf"\b{re.escape(stem)}\w*", text, re.IGNORECASE):
            yield found.group()
