"""Answers and letters for tests, each with only what the test is about."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from webapp.letter.compose import Answers, Letter, compose
from webapp.letter.words import Library, Words, load

ROOT = Path(__file__).parent.parent
MAIL_TEMPLATES = ROOT / "mail_templates"


@cache
def library() -> Library:
    """The real words, read once."""
    return load(MAIL_TEMPLATES / "words")


def english() -> Words:
    """The real English words."""
    return library().words("en")


def make_answers(**changes: Any) -> Answers:
    """Emma's answers: volunteering, "named", nothing ticked, with changes."""
    values: dict[str, Any] = {"situation": "volunteering", "name": "Emma"}
    return Answers(**(values | changes))


def with_starters(answers: Answers) -> Answers:
    """The same answers with the eight starters ticked."""
    starters = english().situations[answers.situation].starters.at(answers.level)
    return Answers(**(vars(answers) | {"say": starters}))


def with_all_ticks(answers: Answers) -> Answers:
    """The same answers with everything ticked that fits."""
    words = english()
    situation = words.situations[answers.situation]
    every = tuple(s.id for s in words.statements_for(situation, answers.level))
    return Answers(**(vars(answers) | {"say": every}))


def make_letter(**changes: Any) -> Letter:
    """Emma's letter with the eight starters."""
    return compose(with_starters(make_answers(**changes)), english())
