"""Rounds as members and machines really go: votes, changes, two phones, restarts, the end.

Each ballot is counted once and as it was last saved, none is lost, and no result comes early.
"""

from __future__ import annotations

import datetime
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from webapp.group.ballots import ANSWERS, RESISTANCE
from webapp.group.counting import Rules, second_round
from webapp.group.pieces import in_part
from webapp.group.round import (
    Ballot,
    Paper,
    Round,
    Said,
    Sheet,
    first_questions,
    next_questions,
)
from webapp.store.database import Database
from webapp.store.rounds import BallotGone, Rounds, new_root
from webapp.store.sealing import new_token

from .builders import english
from .databases import Clock

QUESTIONS = first_questions(in_part("what-helps", english()))[:2]
ON = datetime.date(2026, 12, 5)
DAY = 86_400
MEMBERS = 6
_member = st.integers(0, MEMBERS - 1)
_question = st.integers(0, len(QUESTIONS) - 1)


class RoundMachine(RuleBasedStateMachine):
    """One group's rounds over a real file; what members last saved is the truth to compare with."""

    database: Database

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="word-ahead-"))
        self.clock, self.root = Clock(), new_root()
        self.saved: dict[tuple[int, str], object] = {}
        self.tokens: list[str] = []
        self.stage = "none"
        self.restarts()

    def teardown(self) -> None:
        self.database.close()
        shutil.rmtree(self.folder)

    @rule()
    def restarts(self) -> None:
        """A new process over the same file."""
        if hasattr(self, "database"):
            self.database.close()
        self.database = Database(f"sqlite:///{self.folder}/rounds.db", clock=self.clock)
        self.database.start()
        self.store = Rounds(self.database)

    def _opens(self, sheet: Sheet, before: Round | None) -> None:
        self.sheet, self.saved, self.stage = sheet, {}, "open"
        self.tokens = [new_token() for _ in range(MEMBERS)]
        state = Round(
            sheet=sheet, until=self.clock.now + DAY, before=before.result if before else None
        )
        ballots = {token: Ballot(sheet=sheet.shuffled()).to_bytes() for token in self.tokens}
        with self.store.press(self.root):
            self.store.open(self.root, state.to_bytes(), state.until, ballots)

    @initialize()
    def first_round(self) -> None:
        self._opens(Sheet(by="Circle", members=MEMBERS, questions=QUESTIONS), None)

    def _round(self) -> Round:
        held = self.store.read(self.root)
        assert held
        return Round.read(held.state)

    @rule(member=_member, number=_question, answer=st.sampled_from((*ANSWERS, None)))
    def votes(self, member: int, number: int, answer: object) -> None:
        """Answer, or change an answer; after the end nothing is saved."""
        if self.sheet.weighs or not self.tokens:
            return
        question = self.sheet.questions[number % len(self.sheet.questions)].id
        said = Said(answer=answer, me="ask me twice." if answer == "change" else "")
        self._saves(member, question, said, lambda ballot: ballot.saying(question, said))

    @rule(member=_member, number=_question, first=st.sampled_from(RESISTANCE))
    def weighs(self, member: int, number: int, first: int) -> None:
        """Put numbers beside the wordings of one text."""
        if not self.sheet.weighs or not self.tokens:
            return
        asked = self.sheet.questions[number % len(self.sheet.questions)]
        weights = {o.name: (first + n) % 4 for n, o in enumerate(asked.options)}
        self._saves(member, asked.id, weights, lambda ballot: ballot.weighing(asked.id, weights))

    def _saves(self, member: int, question: str, what: object, change: object) -> None:
        def step(content: bytes) -> bytes:
            return change(Ballot.read(content)).to_bytes()  # type: ignore[operator, no-any-return]

        if self.stage == "open":
            self.store.change(self.tokens[member], step)
            self.saved[member, question] = what
        else:
            with pytest.raises(BallotGone):
                self.store.change(self.tokens[member], step)

    @rule(member=_member)
    def two_phones(self, member: int) -> None:
        """Two phones answer two texts of one ballot; each read the ballot before either saved."""
        if self.sheet.weighs or self.stage != "open" or len(self.sheet.questions) < 2:
            return
        for question, answer in zip(self.sheet.questions, ("live", "not"), strict=False):
            said = Said(answer=answer)
            self._saves(member, question.id, said, _saying(question.id, said))

    @precondition(lambda self: self.stage == "open")
    @rule(by_time=st.booleans())
    def ends(self, by_time: bool) -> None:
        """By its time, or by the coordinator's press."""
        if by_time:
            self.clock.forward(2 * DAY)
            self.store.purge()
        else:
            self.store.end(self.root)
        self.stage = "ended"

    @precondition(lambda self: self.stage == "ended")
    @rule(dies=st.booleans())
    def is_counted(self, dies: bool) -> None:
        """Count; where the process dies in the middle, the next press counts the same."""
        state = self._round()

        def count(state_now: bytes, contents: list[bytes]) -> bytes:
            assert state_now == state.to_bytes()
            self.found = [Ballot.read(one) for one in contents]
            if dies:
                raise RuntimeError("killed")
            return state.counted(self.found, Paper(), ON).to_bytes()

        if dies:
            with pytest.raises(RuntimeError):
                self.store.close(self.root, count)
            return
        self.store.close(self.root, count)
        self.stage = "counted"
        self._is_as_it_was_saved()

    def _is_as_it_was_saved(self) -> None:
        """Each ballot once, each answer as it was last saved."""
        assert len(self.found) == MEMBERS
        counted: Counter[str] = Counter()
        for ballot in self.found:
            given = {**ballot.said, **ballot.weights}
            counted.update(f"{question} {one!r} {_plain(one)}" for question, one in given.items())
        saved = Counter(f"{q} {one!r} {_plain(one)}" for (_, q), one in self.saved.items())
        assert counted == saved
        result = self._round().result
        answered = sum(ballot.is_answered for ballot in self.found)
        assert (result.ballots if result else 0) == answered
        if result and self.sheet.weighs:
            before = self._before.decisions()
            again = second_round(
                before, [b.weighings() for b in self.found if b.is_answered], Rules()
            )
            assert [d.decision for d in again] == [d.decision for d in result.decisions()]

    @precondition(lambda self: self.stage == "counted" and self._round().may_go_on)
    @rule()
    def next_round(self) -> None:
        """What is still open is asked again."""
        before = self._round()
        assert before.result
        self._before = before.result
        questions = next_questions(before.sheet.questions, before.result, english())
        update = {"round": before.sheet.round + 1, "questions": questions}
        self._opens(before.sheet.model_copy(update=update), before)

    @invariant()
    def no_result_comes_early(self) -> None:
        """Before the count there is none; after it, no ballot is left."""
        if self.stage != "none":
            assert self._round().is_counted == (self.stage == "counted")
        if self.stage == "open":
            for token in self.tokens:
                shown = self.store.look(token)
                assert shown
                assert shown.is_open
        elif self.stage != "none":
            assert [self.store.look(token) for token in self.tokens] == [None] * MEMBERS


def _saying(question: str, said: Said) -> object:
    return lambda ballot: ballot.saying(question, said)


def _plain(one: object) -> str:
    return one.model_dump_json() if isinstance(one, Said) else str(sorted(one.items()))  # type: ignore[attr-defined]


TestRounds = RoundMachine.TestCase
TestRounds.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
