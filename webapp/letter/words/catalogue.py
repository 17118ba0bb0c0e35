"""Every sentence and heading of the letters by its name, for whoever looks at them all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from .library import Words
from .model import Agreement, Before, ReadyReply, Section, Situation, Wording, short_hash

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

    @property
    def wording(self) -> bytes:
        """A short mark of the very words: what was said of others is not said of these."""
        return short_hash(f"{self.me}\0{self.them}")


@cache
def catalogue(words: Words) -> Mapping[str, tuple[Sentence, ...]]:
    """All sentences by their place: the sections, the situations, the frame, and the rights."""
    places = {one.id: tuple(_of_section(one)) for one in words.sections.values()}
    places |= {one.id: tuple(_of_situation(one)) for one in words.situations.values()}
    rights = tuple(_of(right.id, right) for right in words.rights.values())
    return places | {FRAME: tuple(_of_frame(words))} | ({RIGHTS: rights} if rights else {})


@cache
def sentences_by_id(words: Words) -> Mapping[str, Sentence]:
    """All sentences by their id: a statement's own, or its place and key."""
    return {one.id: one for sentences in catalogue(words).values() for one in sentences}


def _of_section(section: Section) -> Iterator[Sentence]:
    key = "lead" if section.lead else "title"
    yield _of(f"{section.id}-{key}", section.lead or section.title)
    yield from (_of(one.id, one) for one in section.statement)


def _of_situation(situation: Situation) -> Iterator[Sentence]:
    for key in ("subject", "opening", "closing", "closing_without_asks", "closing_beside_rights"):
        wording: Wording | None = getattr(situation, key)
        if wording is not None:
            yield _of(f"{situation.id}-{key}", wording)
    yield from _replies(f"{situation.id}-reply", situation.replies)


def _of_frame(words: Words) -> Iterator[Sentence]:
    frame = words.frame
    yield _of("frame-fact-named", frame.fact.named)
    yield _of("frame-fact-described", frame.fact.described)
    for key in ("first", "own_words", "closing_to_one_ask", "reply", "sign_off"):
        yield _of(f"frame-{key}", getattr(frame, key))
    yield from _replies("frame-reply-to-one-ask", frame.replies_to_one_ask)
    yield from _replies("frame-reply-without-asks", frame.replies_without_asks)


def _replies(name: str, replies: tuple[ReadyReply, ...]) -> Iterator[Sentence]:
    for number, one in enumerate(replies, 1):
        before = tuple(
            Before(until=b.until, me=b.label, them=b.body, agreed=b.agreed) for b in one.before
        )
        yield Sentence(f"{name}-{number}", one.label, one.body, one.agreed, before, is_reply=True)


def _of(name: str, wording: Wording) -> Sentence:
    id_ = name.replace("_", "-")
    return Sentence(id_, wording.me, wording.them, wording.agreed, wording.before)
