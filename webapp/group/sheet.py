"""A ballot to print: the same questions as in the table, for a pen."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..letter.words import Words
from .ballots import ANSWERS, REASONS, Wording
from .wordings import shown

_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
)


def first_sheet(texts: Mapping[str, Wording], words: Words) -> str:
    """The first round's ballot as a page of HTML."""
    sentences = [(id_, [("", _in_a_letter(one, id_, words))]) for id_, one in texts.items()]
    return _sheet(sentences, words, second=False)


def second_sheet(options: Mapping[str, Mapping[str, Wording]], words: Words) -> str:
    """The second round's ballot: all wordings of each sentence that is still open."""
    sentences = [
        (id_, [(option, _in_a_letter(wording, id_, words)) for option, wording in named.items()])
        for id_, named in options.items()
    ]
    return _sheet(sentences, words, second=True)


def _in_a_letter(wording: Wording, sentence: str, words: Words) -> Wording:
    """A wording as it stands in a letter: after its lead-in, with a name in place of {name}."""
    statement = words.statements.get(sentence)
    lead = words.sections[statement.section].lead if statement else None

    def after(lead_in: str, text: str) -> str:
        return shown(f"{lead_in} {text}" if lead_in and text else text, words)

    if lead is None:
        return Wording(after("", wording.me), after("", wording.them))
    return Wording(after(lead.me, wording.me), after(lead.them, wording.them))


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
