"""Every sentence and heading of the letters by its name, for whoever looks at them all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from .library import Words
from .model import Agreement, Before, Section, Situation, Wording

FRAME: Final = "frame"
RIGHTS: Final = "rights"


@dataclass(frozen=True)
class Sentence:
    """One sentence or heading, as the words' files hold it, its placeholders still in it.

    A ready reply has one voice, its reader's: `me` is its label, `them` what the mail says.
    """

    id: str
    me: str
    them: str
    agreed: Agreement | None = None
    before: tuple[Before, ...] = ()
    is_reply: bool = False


@cache
def catalogue(words: Words) -> Mapping[str, tuple[Sentence, ...]]:
    """All sentences by their place: the sections, the situations, the frame, and the rights."""
    places = {one.id: tuple(_of_section(one)) for one in words.sections.values()}
    places |= {one.id: tuple(_of_situation(one)) for one in words.situations.values()}
    rights = tuple(_of(right.id, right) for right in words.rights.values())
    return places | {FRAME: tuple(_of_frame(words))} | ({RIGHTS: rights} if rights else {})


def sentence_ids(words: Words) -> frozenset[str]:
    """The names of all sentences: a statement's own id, or "place.key"."""
    return frozenset(one.id for sentences in catalogue(words).values() for one in sentences)


def _of_section(section: Section) -> Iterator[Sentence]:
    heading = section.lead or section.title
    yield _of(f"{section.id}.{'lead' if section.lead else 'title'}", heading)
    yield from (_of(one.id, one) for one in section.statement)


def _of_situation(situation: Situation) -> Iterator[Sentence]:
    for key in ("subject", "opening", "closing", "closing_without_asks", "closing_beside_rights"):
        wording: Wording | None = getattr(situation, key)
        if wording is not None:
            yield _of(f"{situation.id}.{key}", wording)
    for number, one in enumerate(situation.replies, 1):
        name = f"{situation.id}.replies.{number}"
        yield Sentence(name, one.label, one.body, one.agreed, is_reply=True)


def _of_frame(words: Words) -> Iterator[Sentence]:
    frame = words.frame
    yield _of("frame.fact.named", frame.fact.named)
    yield _of("frame.fact.described", frame.fact.described)
    for key in ("first", "own_words", "closing_to_one_ask", "reply", "sign_off"):
        yield _of(f"frame.{key}", getattr(frame, key))
    for key in ("replies_to_one_ask", "replies_without_asks"):
        for number, one in enumerate(getattr(frame, key), 1):
            yield Sentence(f"frame.{key}.{number}", one.label, one.body, one.agreed, is_reply=True)


def _of(name: str, wording: Wording) -> Sentence:
    return Sentence(name, wording.me, wording.them, wording.agreed, wording.before)
