"""A letter on paper, or copied: no mail brings it, so nothing of it tells how to answer or when."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field, replace

from .answers import Answers, day
from .compose import Letter, situation_of
from .words import Words


@dataclass(frozen=True)
class Paper:
    """What stands on a sheet around the letter; what is empty is not printed."""

    date: str
    sender: str = field(repr=False)
    reader: str = field(repr=False)
    # What is filled in by hand.
    by_hand: tuple[str, ...]
    # Without the day of the words: it would read as the day of the letter.
    version: str


def on_paper(answers: Answers, words: Words, today: datetime.date) -> Paper:
    """The sheet for a letter that is printed today."""
    paper = words.frame.paper
    signed, to_name = answers.signed, answers.to_name
    return Paper(
        date=day(today, words),
        sender=paper.sender.replace("{name}", signed) if signed else "",
        reader=paper.reader.replace("{name}", to_name) if to_name else "",
        by_hand=paper.lines if situation_of(answers, words).paper_lines else (),
        version=words.frame.version.text.replace("{version}", words.short_version),
    )


def copied(letter: Letter, answer_by: str, words: Words) -> Letter:
    """The letter as it is copied: with how its reader can answer, where that was typed."""
    if not answer_by:
        return letter
    return replace(letter, answer_line=words.frame.paper.answer.replace("{answer_by}", answer_by))
