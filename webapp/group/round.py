"""A round of a group: what is asked, one member's ballot, and the coordinator's own view of it.

A round is drafted on the coordinator's page and stored nowhere; once opened it takes answers until
its time; then it is counted. What is still open may go to a second and a third round.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import SystemRandom
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from ..letter.words import Level, Words
from .ballots import REASONS, Answer, Vote, Weighing, Wording
from .counting import NONE, TODAY, Decided, Rules, first_round, options, second_round
from .pieces import Kind, Piece
from .result import Count, Result, result_of
from .wordings import levels_of

FEWEST, MOST_MEMBERS = 3, 15
MOST_DAYS: Final = 14
MOST_ROUNDS: Final = 3
# In a smaller group an answer is guessed, whatever the program hides.
NOT_ANONYMOUS_BELOW: Final = 5
# What is missing is said in a few sentences; more is a talk for the group.
MOST_ADDED: Final = 3
LONGEST_NAME: Final = 80

_random: Final = SystemRandom()


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def to_bytes(self) -> bytes:
        """As it is sealed."""
        return self.model_dump_json(by_alias=True, exclude_defaults=True).encode()


class Option(Model):
    """One wording of a question: today's, a proposal, or none, which has no text."""

    name: str
    me: str = Field(default="", repr=False)
    them: str = Field(default="", repr=False)

    @property
    def wording(self) -> Wording:
        return Wording(self.me, self.them)


class Question(Model):
    """One text that is asked about, as the group saw it when the round began."""

    id: str
    kind: Kind = "statement"
    part: str
    levels: tuple[Level, ...]
    situations: tuple[str, ...]
    options: tuple[Option, ...] = Field(min_length=1)

    @property
    def today(self) -> Wording:
        """What stands in the letters now; a new sentence has no text there."""
        return next(one.wording for one in self.options if one.name == TODAY)


class Sheet(Model):
    """All that a round asks."""

    by: str = Field(min_length=1, max_length=LONGEST_NAME)
    round: Literal[1, 2, 3] = 1
    members: int = Field(ge=FEWEST, le=MOST_MEMBERS)
    show: bool = True
    questions: tuple[Question, ...] = Field(min_length=1)

    @property
    def weighs(self) -> bool:
        """Whether wordings are weighed, as in every round but the first."""
        return self.round > 1

    @property
    def sections(self) -> tuple[str, ...]:
        """Where a sentence may be missing."""
        found = (one.part for one in self.questions if one.kind == "statement")
        return tuple(dict.fromkeys(found))

    def shuffled(self) -> Sheet:
        """The same with each question's wordings in another order, which tells of nobody."""
        mixed = (one.model_copy(update={"options": _mixed(one.options)}) for one in self.questions)
        return self.model_copy(update={"questions": tuple(mixed)})


def _mixed(given: Sequence[Option]) -> tuple[Option, ...]:
    return tuple(_random.sample(given, len(given)))


class Said(Model):
    """What a member says of one text in a first round; all of it may be left out."""

    answer: Answer | None = Field(default=None, repr=False)
    reasons: tuple[str, ...] = Field(default=(), repr=False)
    me: str = Field(default="", repr=False)
    them: str = Field(default="", repr=False)
    why: str = Field(default="", repr=False)

    def vote(self, question: Question) -> Vote:
        """As it is counted: reasons and own words belong to "change it" and "not"."""
        today, changes = question.today, self.answer in ("change", "not")
        wording = Wording(self.me or today.me, self.them or today.them)
        return Vote(
            sentence=question.id,
            today=today,
            answer=self.answer,
            reasons=tuple(one for one in self.reasons if one in REASONS) if changes else (),
            wording=wording if changes and wording != today else None,
            why=self.why if changes else "",
        )


class Added(Model):
    """A sentence that a member misses."""

    part: str
    me: str = Field(repr=False)
    them: str = Field(repr=False)

    def vote(self) -> Vote:
        """As a proposal to a text that is not there yet; the same words are the same proposal."""
        digest = hashlib.sha256(f"{self.part}\0{self.me}\0{self.them}".encode()).hexdigest()
        return Vote(
            sentence=f"new-{digest[:8]}",
            today=Wording("", ""),
            answer="change",
            wording=Wording(self.me, self.them),
            section=self.part,
        )


class Ballot(Model):
    """One member's ballot: what it asks, and what was answered so far."""

    sheet: Sheet
    said: Mapping[str, Said] = Field(default={}, repr=False)
    weights: Mapping[str, Mapping[str, int]] = Field(default={}, repr=False)
    added: tuple[Added, ...] = Field(default=(), repr=False)

    @classmethod
    def read(cls, content: bytes) -> Ballot:
        """As it was sealed."""
        return cls.model_validate_json(content)

    @property
    def is_answered(self) -> bool:
        """Whether there is anything to count."""
        return bool(self.added) or any(map(self.has_answer, self.sheet.questions))

    def has_answer(self, question: Question) -> bool:
        """Whether a question was answered; leaving it out is no answer."""
        if self.sheet.weighs:
            return bool(self.weights.get(question.id))
        said = self.said.get(question.id)
        return said is not None and said.answer is not None

    def saying(self, question: str, said: Said) -> Ballot:
        """With another answer to a question of a first round."""
        return self.model_copy(update={"said": {**self.said, question: said}})

    def weighing(self, question: str, weights: Mapping[str, int]) -> Ballot:
        """With other numbers for a question of a later round."""
        return self.model_copy(update={"weights": {**self.weights, question: dict(weights)}})

    def adding(self, added: Sequence[Added]) -> Ballot:
        """With other sentences that are missing."""
        return self.model_copy(update={"added": tuple(added)})

    def votes(self) -> list[Vote]:
        """The ballot of a first round as it is counted, beside those from paper."""
        votes = [self.said.get(q.id, Said()).vote(q) for q in self.sheet.questions]
        return [*votes, *(one.vote() for one in self.added)]

    def weighings(self) -> list[Weighing]:
        """The ballot of a later round as it is counted."""
        return [
            Weighing(q.id, option.name, self.weights.get(q.id, {}).get(option.name))
            for q in self.sheet.questions
            for option in q.options
        ]


@dataclass(frozen=True)
class Paper:
    """Ballots that came by paper or in a table, of a first or of a later round."""

    votes: Sequence[Sequence[Vote]] = field(default=(), repr=False)
    weighings: Sequence[Sequence[Weighing]] = field(default=(), repr=False)

    def __len__(self) -> int:
        return len(self.votes) + len(self.weighings)


class Round(Model):
    """What the coordinator's key opens: the round, whom it reminds, and what came of it."""

    sheet: Sheet
    threshold: int = Field(default=75, ge=51, le=100)
    quorum: int = Field(default=3, ge=1, le=MOST_MEMBERS)
    until: int
    # For one reminder, and gone at the end.
    members: tuple[str, ...] = Field(default=(), repr=False)
    reminded: bool = False
    # What the round before this one decided; and, once it is counted, this one.
    before: Result | None = Field(default=None, repr=False)
    result: Result | None = Field(default=None, repr=False)
    nobody: bool = False

    @classmethod
    def read(cls, content: bytes) -> Round:
        """As it was sealed."""
        return cls.model_validate_json(content)

    @property
    def is_counted(self) -> bool:
        """Whether its ballots are gone."""
        return self.result is not None or self.nobody

    @property
    def may_go_on(self) -> bool:
        """Whether another round could decide what is still open."""
        is_last = self.sheet.round == MOST_ROUNDS
        return self.result is not None and not is_last and bool(self.result.second_round())

    @property
    def rules(self) -> Rules:
        """Chosen before it began."""
        return Rules(self.threshold, self.quorum)

    def counted(self, ballots: Iterable[Ballot], paper: Paper, on: datetime.date) -> Round:
        """With its result, and without anybody's address. Raises BallotError for paper."""
        answered = [one for one in ballots if one.is_answered]
        number = len(answered) + len(paper)
        gone = {"members": (), "nobody": number == 0}
        if number == 0:
            return self.model_copy(update=gone)
        if self.before is not None:
            weighed = [*(one.weighings() for one in answered), *paper.weighings]
            decided = second_round(self.before.decisions(), weighed, self.rules)
        else:
            votes = [*(one.votes() for one in answered), *paper.votes]
            decided = first_round(votes, self.rules)
        count = Count(self.sheet.by, on, self.sheet.round, number, show=self.sheet.show)
        return self.model_copy(update=gone | {"result": result_of(count, decided)})


def first_questions(pieces: Iterable[Piece]) -> tuple[Question, ...]:
    """What a first round asks: each text as it stands."""
    return tuple(
        Question(
            id=piece.id,
            kind=piece.kind,
            part=piece.part,
            levels=piece.levels,
            situations=piece.situations,
            options=(Option(name=TODAY, me=piece.wording.me, them=piece.wording.them),),
        )
        for piece in pieces
    )


def next_questions(asked: Sequence[Question], result: Result, words: Words) -> tuple[Question, ...]:
    """What the round after it asks: all wordings of what is open, new sentences among them."""
    before = {one.id: one for one in asked}
    return tuple(
        _with_options(before.get(one.sentence) or _new(one, words), options(one))
        for one in result.decisions()
        if one.decision == "open"
    )


def _with_options(question: Question, named: Mapping[str, Wording]) -> Question:
    """Only a sentence to tick can be left out: each letter needs the other texts."""
    may_drop = question.kind == "statement"
    kept = {name: one for name, one in named.items() if may_drop or name != NONE}
    made = (Option(name=name, me=one.me, them=one.them) for name, one in kept.items())
    return question.model_copy(update={"options": tuple(made)})


def _new(one: Decided, words: Words) -> Question:
    levels = levels_of(one.proposals[0], words)
    none = (Option(name=TODAY),)
    return Question(id=one.sentence, part=one.section, levels=levels, situations=(), options=none)
