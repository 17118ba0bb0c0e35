"""A ballot to print: the same questions as in the table, for a pen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..letter.words import Statement, Words
from .ballots import ANSWERS, REASONS, Wording

_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
)


def first_sheet(statements: Iterable[Statement], words: Words) -> str:
    """The first round's ballot as a page of HTML."""
    sentences = [(s.id, [("", Wording(s.me, s.them))]) for s in statements]
    return _sheet(sentences, words, second=False)


def second_sheet(options: Mapping[str, Mapping[str, Wording]], words: Words) -> str:
    """The second round's ballot: all wordings of each sentence that is still open."""
    sentences = [(sentence, list(named.items())) for sentence, named in options.items()]
    return _sheet(sentences, words, second=True)


def _sheet(
    sentences: list[tuple[str, list[tuple[str, Wording]]]], words: Words, *, second: bool
) -> str:
    return _TEMPLATES.get_template("ballot.html").render(
        t=words.texts["group"]["ballot"],
        language=words.frame.code,
        second=second,
        sentences=sentences,
        answers=ANSWERS,
        reasons=[reason.replace("-", "_") for reason in REASONS],
    )
