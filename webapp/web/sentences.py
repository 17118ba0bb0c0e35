"""The pages of all sentences: what letters can say, who agreed to it, what stood there before."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, abort
from markupsafe import Markup
from werkzeug.wrappers import Response

from ..letter.agreement import votes
from ..letter.answers import Answers, day, filled
from ..letter.words import Agreement, Words
from ..letter.words.catalogue import FRAME, RIGHTS, Sentence, catalogue
from .common import fill, page, words
from .pages import where_they_were

bp = Blueprint("sentences", __name__)

# With what stood there before, more would make a page too large for a slow phone.
ON_A_PAGE: Final = 20

_LEFT_OPEN: Final = re.compile(r"\{\w+\}")


@dataclass(frozen=True)
class Place:
    """Where sentences stand: a section, a situation, the frame, or the rights."""

    id: str
    title: str
    number: int


@dataclass(frozen=True)
class Shown:
    """A sentence as these pages show it."""

    id: str
    me: str
    them: str
    is_reply: bool
    told: Markup | str
    earlier: tuple[Markup, ...]


@bp.get("/words")
def places() -> Response:
    """Show where the sentences stand, and how many are still a draft."""
    every = [one for sentences in catalogue(words()).values() for one in sentences]
    return page(
        "words.html",
        groups=list(_groups(words())),
        all=len(every),
        drafts=sum(one.agreed is None for one in every),
        back=where_they_were(),
    )


@bp.get("/words/<place>", defaults={"number": 1})
@bp.get("/words/<place>/<int:number>")
def place(place: str, number: int) -> Response:
    """Show the sentences of one place, each with its history."""
    found, following = part_of(place, number, words())
    return page(
        "words_place.html",
        place=place,
        title=title_of(place, words()),
        lead=lead_of(place, words()) if number > 1 else "",
        sentences=[_shown(one, words()) for one in found],
        following=following,
    )


def part_of(place: str, number: int, language: Words) -> tuple[tuple[Sentence, ...], int]:
    """One page's sentences of a place, and the number of the next page, or 0; 404 beyond them."""
    every = catalogue(language).get(place, ())
    found = every[(number - 1) * ON_A_PAGE : number * ON_A_PAGE] if number > 0 else ()
    if not found:
        abort(404)
    return found, number + 1 if number * ON_A_PAGE < len(every) else 0


def all_places(language: Words) -> list[Place]:
    """Every place, in the order of a letter."""
    return [place for _, group in _groups(language) for place in group]


def title_of(place: str, language: Words) -> str:
    """What a place is called on these pages."""
    return next(one.title for one in all_places(language) if one.id == place)


def lead_of(place: str, language: Words) -> str:
    """The lead-in that the sentences of a section end, or ""."""
    section = language.sections.get(place)
    return section.lead.me if section and section.lead else ""


def begun(one: Sentence, text: str, language: Words) -> str:
    """A text that is only a part of its sentence, with a sign for where the rest goes."""
    statement = language.statements.get(one.id)
    if statement is not None and language.sections[statement.section].lead:
        return f"… {text}"
    return f"{text} …" if one.id.endswith("-lead") and statement is None else text


def text_of(text: str, voice: str, language: Words) -> str:
    """A sentence with a made-up name in it; what only a letter knows is left open."""
    situation = next(iter(language.situations))
    name = language.texts["pages"]["words"]["name"]
    made_up = Answers(situation, voice="me" if voice == "me" else "child", name=name)
    return _LEFT_OPEN.sub("…", filled(text, made_up, language))


def _groups(language: Words) -> Iterator[tuple[str, list[Place]]]:
    texts = language.texts["pages"]["words"]
    numbers = {place: len(sentences) for place, sentences in catalogue(language).items()}
    sections = [
        Place(one.id, text_of(one.title.me, "me", language), numbers[one.id])
        for one in language.sections.values()
    ]
    yield texts["sections"], sections
    around = [Place(one.id, one.label, numbers[one.id]) for one in language.situations.values()]
    yield (
        texts["situations"],
        [
            *around,
            *(Place(one, texts[one], numbers[one]) for one in (FRAME, RIGHTS) if one in numbers),
        ],
    )


def _shown(one: Sentence, language: Words) -> Shown:
    me, them = text_of(one.me, "me", language), text_of(one.them, "them", language)
    return Shown(
        one.id,
        begun(one, me, language),
        "" if them == me else begun(one, them, language),
        one.is_reply,
        _told(one.agreed, language),
        tuple(_earlier(one, language)),
    )


def _told(agreed: Agreement | None, language: Words) -> Markup | str:
    texts = language.texts["pages"]["words"]
    if agreed is None:
        return str(texts["draft"])
    values: dict[str, object] = {"by": agreed.by, "date": day(agreed.on, language)}
    if (counted := votes(agreed)) is None:
        return fill(texts["agreed"], **values)
    return fill(texts["agreed_votes"], yes=counted[0], against=counted[1], **values)


def _earlier(one: Sentence, language: Words) -> Iterator[Markup]:
    """What stood there before, the newest first, with who had agreed to it."""
    texts = language.texts["pages"]["words"]
    for before in reversed(one.before):
        said = text_of(before.me, "me", language)
        yield fill(texts["until"], date=day(before.until, language), said=said)
        if before.agreed:
            yield Markup("{}").format(_told(before.agreed, language))
