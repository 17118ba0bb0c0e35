"""What a coordinator fills in before a round, and what is wrong with it; nothing of it is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from ..errors import AnswersError
from ..letter.words import Words
from ..mail.addresses import read_address
from ..mail.typed import clean_line, contact_in
from ..store.ledger import fold
from .ballots import MOST_SENTENCES
from .pieces import in_part
from .round import (
    FEWEST,
    LONGEST_NAME,
    MOST_DAYS,
    MOST_MEMBERS,
    Question,
    Round,
    Sheet,
    first_questions,
    next_questions,
)
from .wordings import Fault

_DAY: Final = 86_400
_HOUR: Final = 3_600
_BETWEEN: Final = re.compile(r"[\s,;]+")
_NUMBERS: Final = {"days": "7", "threshold": "75", "quorum": "3"}


@dataclass(frozen=True)
class Plan:
    """A round as it is being set up: what was typed, as it was typed."""

    part: str = field(default="", repr=False)
    by: str = field(default="", repr=False)
    which: tuple[str, ...] = field(default=(), repr=False)
    addresses: str = field(default="", repr=False)
    days: str = field(default=_NUMBERS["days"], repr=False)
    threshold: str = field(default=_NUMBERS["threshold"], repr=False)
    quorum: str = field(default=_NUMBERS["quorum"], repr=False)
    show: str = field(default="", repr=False)
    agreed: str = field(default="", repr=False)

    @classmethod
    def of(cls, fields: Mapping[str, str], which: Sequence[str]) -> Plan:
        """What a form holds."""
        return cls(
            part=fields.get("part", ""),
            by=clean_line(fields.get("by", "")),
            which=tuple(which),
            addresses=fields.get("addresses", "")[:5_000],
            **{name: fields.get(name, usual).strip()[:4] for name, usual in _NUMBERS.items()},
            show=fields.get("show", ""),
            agreed=fields.get("agreed", ""),
        )

    @property
    def typed(self) -> tuple[str, ...]:
        """The addresses one by one, as they were typed."""
        return tuple(filter(None, _BETWEEN.split(self.addresses)))

    @property
    def members(self) -> tuple[str, ...]:
        """The same, as mail is sent to them. Raises AnswersError where one is none."""
        return tuple(read_address(one) for one in self.typed)

    def number(self, name: str) -> int:
        """A number that was typed; -1 where it is none."""
        value: str = getattr(self, name)
        return int(value) if value.isascii() and value.isdecimal() else -1

    def faults(self, words: Words, before: Round | None) -> dict[str, Fault]:
        """What is wrong, by field; each the first thing."""
        found: dict[str, Fault] = {}
        for name, fault in self._faults(words, before):
            found.setdefault(name, fault)
        return found

    def _faults(self, words: Words, before: Round | None) -> Iterator[tuple[str, Fault]]:
        if not self.by:
            yield "by", Fault("by_missing")
        if len(self.by) > LONGEST_NAME:
            yield "by", Fault("by_long")
        if contact_in(self.by):
            yield "by", Fault("by_contact")
        if before is None:
            yield from self._faults_of_texts(words)
        yield from self._faults_of_members()
        yield from self._faults_of_numbers()
        if self.show not in ("yes", "no"):
            yield "show", Fault("show_missing")
        if not self.agreed:
            yield "agreed", Fault("agreed_missing")

    def _faults_of_texts(self, words: Words) -> Iterator[tuple[str, Fault]]:
        known = {piece.id for piece in in_part(self.part, words)}
        if not known or not known.issuperset(self.which):
            yield "which", Fault("which_unknown")
        if len(self.which) > MOST_SENTENCES:
            yield "which", Fault("which_many", str(len(self.which)))

    def _faults_of_members(self) -> Iterator[tuple[str, Fault]]:
        for one in self.typed:
            try:
                read_address(one)
            except AnswersError:
                yield "addresses", Fault("members_bad", one)
                return
        inboxes = [fold(one) for one in self.members]
        for address, inbox in zip(self.typed, inboxes, strict=True):
            if inboxes.count(inbox) > 1:
                yield "addresses", Fault("members_twice", address)
        number = str(len(inboxes))
        if len(inboxes) < FEWEST:
            yield "addresses", Fault("members_few", number)
        if len(inboxes) > MOST_MEMBERS:
            yield "addresses", Fault("members_many", number)

    def _faults_of_numbers(self) -> Iterator[tuple[str, Fault]]:
        if not 1 <= self.number("days") <= MOST_DAYS:
            yield "days", Fault("days_wrong")
        if not 51 <= self.number("threshold") <= 100:
            yield "threshold", Fault("threshold_wrong")
        if not 1 <= self.number("quorum") <= max(FEWEST, min(MOST_MEMBERS, len(self.typed))):
            yield "quorum", Fault("quorum_wrong")

    def questions(self, words: Words, before: Round | None) -> tuple[Question, ...]:
        """What will be asked: what is still open, or the chosen texts, or the whole part."""
        if before is not None and before.result is not None:
            return next_questions(before.sheet.questions, before.result, words)
        pieces = in_part(self.part, words)
        return first_questions(p for p in pieces if not self.which or p.id in self.which)

    def round(self, words: Words, before: Round | None, now: int) -> Round:
        """The round of a plan without faults; it ends at a full hour."""
        until = now + self.number("days") * _DAY
        members = self.members
        sheet = Sheet(
            by=self.by,
            round=before.sheet.round + 1 if before else 1,
            members=len(members),
            show=self.show == "yes",
            questions=self.questions(words, before),
        )
        return Round(
            sheet=sheet,
            threshold=self.number("threshold"),
            quorum=self.number("quorum"),
            until=-(-until // _HOUR) * _HOUR,
            members=members,
            before=before.result if before else None,
        )
