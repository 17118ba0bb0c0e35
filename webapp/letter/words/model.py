"""What the words are made of: situations, sections, statements and their frame."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Mapping
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

Level = Literal["named", "described", "needs"]
Voice = Literal["me", "child", "supported"]
Term = Literal["selective", "situational"]
They = Literal["they", "she", "he"]
# Where a section's sentences stand in a letter.
Place = Literal["who", "goodwill", "body", "prose", "ending"]
LEVELS: Final[tuple[Level, ...]] = ("named", "described", "needs")
VOICES: Final[tuple[Voice, ...]] = ("me", "child", "supported")
TERMS: Final[tuple[Term, ...]] = ("selective", "situational")
THEY: Final[tuple[They, ...]] = ("they", "she", "he")

_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
# Every situation suggests this many statements first: a good letter in ten taps.
STARTERS: Final = 8


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Agreement(Model):
    """Who agreed to a sentence, when, in which round, and by how many where the group shows it."""

    by: str = Field(min_length=1, max_length=80)
    on: datetime.date
    votes_for: int | None = Field(default=None, alias="for", ge=0)
    against: int | None = Field(default=None, ge=0)
    round: int | None = Field(default=None, ge=1)


class Before(Model):
    """What stood in a sentence's place until a day, and who had agreed to that."""

    until: datetime.date
    me: str = Field(min_length=1)
    them: str = Field(min_length=1)
    agreed: Agreement | None = None


class Wording(Model):
    """One text in both voices: `me` says "I", `them` speaks of {name}.

    A group may have agreed to it; what stood there before is kept.
    """

    me: str = Field(min_length=1)
    them: str = Field(min_length=1)
    agreed: Agreement | None = None
    before: tuple[Before, ...] = ()

    def in_voice(self, voice: Voice) -> str:
        """The text for a voice, its placeholders still in it."""
        return self.me if voice == "me" else self.them


class SignOff(Wording):
    """The last line; a name stands under it, and without one it has to be a sentence."""

    me_without_name: str = Field(min_length=1)
    them_without_name: str = Field(min_length=1)
    signed_for: str = Field(min_length=1)


class Subject(Wording):
    """A subject, and its form where nobody gave a name; "my child" needs none."""

    without_name: str = Field(min_length=1)


class Statement(Wording):
    """A sentence that a person can tick: the tick shows the very words that the letter prints."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    situations: Literal["all"] | tuple[str, ...]
    levels: tuple[Level, ...] = Field(min_length=1)
    source: tuple[str, ...] = Field(min_length=1)
    contradicts: tuple[str, ...] = ()
    section: str = ""

    def fits(self, situation: str, level: Level) -> bool:
        """Whether a letter for this situation, at this level, may say it."""
        return level in self.levels and (self.situations == "all" or situation in self.situations)


class Section(Model):
    """A group of statements: under one heading, or each the end of what one lead-in begins.

    "who" and "goodwill" stand round the purpose, "ending" before the last question; "prose" stands
    among the others, without a heading. What a section asks for, the last question is about.
    """

    id: str = ""
    order: int
    place: Place = "body"
    asks: bool = False
    title: Wording
    lead: Wording | None = None
    statement: tuple[Statement, ...] = Field(min_length=1)


class ReplyBefore(Model):
    """What a ready reply was until a day, and who had agreed to that."""

    until: datetime.date
    label: str = Field(min_length=1)
    body: str = Field(min_length=1)
    agreed: Agreement | None = None


class ReadyReply(Model):
    """An answer that the reader of a letter sends by one tap."""

    label: str = Field(min_length=1)
    body: str = Field(min_length=1)
    agreed: Agreement | None = None
    before: tuple[ReplyBefore, ...] = ()


class Starters(Model):
    """The statements shown first, for each level."""

    named: tuple[str, ...] = Field(min_length=STARTERS, max_length=STARTERS)
    described: tuple[str, ...] = Field(min_length=STARTERS, max_length=STARTERS)
    needs: tuple[str, ...] = Field(min_length=STARTERS, max_length=STARTERS)

    def at(self, level: Level) -> tuple[str, ...]:
        """The eight ids for a level."""
        return {"named": self.named, "described": self.described, "needs": self.needs}[level]


class Situation(Model):
    """Where a letter goes, and the frame that it has there."""

    id: str = ""
    order: int
    label: str
    hint: str = ""
    # What follows from saying only what helps, where that is more than "they learn no reason".
    needs_note: str = ""
    sections: tuple[str, ...]
    paper_lines: bool = False
    replies: tuple[ReadyReply, ...] = Field(min_length=3, max_length=3)
    subject: Subject
    opening: Wording
    closing: Wording
    closing_without_asks: Wording
    closing_beside_rights: Wording | None = None
    starters: Starters


class Right(Wording):
    """An optional last paragraph on what the law of a place may ask of the reader."""

    id: str
    place: str
    situations: tuple[str, ...]
    levels: tuple[Level, ...]
    source: tuple[str, ...]

    def fits(self, situation: str, level: Level) -> bool:
        """Whether it may be offered for this situation at this level."""
        return level in self.levels and situation in self.situations


class _Fallback(Model):
    child: str
    supported: str


class _About(Model):
    """Whom a letter about somebody else is about: in place of {about}."""

    child: str
    child_without_name: str
    supported: str
    supported_without_name: str


class _Fact(Model):
    """What choosing a level says; "needs" gives no reason, so there is nothing to say."""

    named: Wording
    described: Wording


class _Paper(Model):
    """What a printed or copied letter has, and a mail has not."""

    lines: tuple[str, ...] = Field(min_length=1)
    date: str
    months: tuple[str, ...] = Field(min_length=12, max_length=12)
    sender: str
    reader: str
    answer: str


class _Greeting(Model):
    to_someone: str
    plain: str


class _Text(Model):
    text: str


class Frame(Model):
    """What every letter of a language has in common."""

    code: str
    direction: Literal["ltr", "rtl"]
    name: str
    date: datetime.date
    fallback: _Fallback
    about: _About
    they: Mapping[They, tuple[str, str, str]]
    term: Mapping[Term, str]
    greeting: _Greeting
    fact: _Fact
    first: Wording
    own_words: Wording
    reply: Wording
    closing_to_one_ask: Wording
    replies_to_one_ask: tuple[ReadyReply, ...] = Field(min_length=3, max_length=3)
    replies_without_asks: tuple[ReadyReply, ...] = Field(min_length=2, max_length=3)
    sign_off: SignOff
    credit: _Text
    version: _Text
    agreed: _Text
    paper: _Paper

    def fact_at(self, level: Level) -> Wording | None:
        """What a level says of itself."""
        return {"named": self.fact.named, "described": self.fact.described}.get(level)


class Grammar(Model):
    """Lists of forms by which the words are checked; no letter prints them."""

    fits_they: tuple[str, ...] = Field(min_length=1)
    not_before_they: tuple[str, ...]
    bare_pronouns: tuple[str, ...]
    bare_verbs: tuple[str, ...] = Field(min_length=1)
    orders: tuple[str, ...]
    deadlines: tuple[str, ...]
    left_to_ticks: tuple[str, ...]


class Rights(Model):
    rights: tuple[Right, ...] = ()


class Condition(Model):
    """The forms of the condition's name, and what may not be said below a level."""

    names: tuple[str, ...] = Field(min_length=1)
    tokens: tuple[str, ...]
    groups: tuple[str, ...]
    banned: Mapping[Literal["described", "needs"], tuple[str, ...]]
    hard: Mapping[str, str]
    # In the form, its pages and mails only: a letter is the person's own.
    unwelcome: Mapping[str, str] = {}


def fill(text: str, values: Mapping[str, str]) -> str:
    """A text with its {placeholders} filled in, in one pass: typed braces are no placeholders."""
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)


def short_hash(one: str) -> bytes:
    """Four bytes that stand for an id in the browser's cookie, whatever its place in the files."""
    return hashlib.sha256(one.encode()).digest()[:4]
