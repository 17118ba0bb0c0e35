"""What a group has decided: agreed by the first round, or the least resistance in the second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from ..errors import BallotError
from .ballots import RESISTANCE, Vote, Weighing, Wording

# A new sentence is "added" or "declined"; what it replaces has no text.
Decision = Literal["agreed", "reworded", "dropped", "open", "added", "declined"]
# With fewer ballots a count tells who voted what; below, only what won is shown.
SHOWN_FROM: Final = 5
# The options of a second round that are no proposal.
TODAY: Final = "today"
NONE: Final = "none"


@dataclass(frozen=True)
class Rules:
    """Chosen before a round begins: the share of yes that agrees, and how many have to answer."""

    threshold: int = 75
    quorum: int = 3


@dataclass(frozen=True)
class Decided:
    """What became of one sentence; `votes` counts those for it and those against it."""

    sentence: str
    decision: Decision
    today: Wording = field(repr=False)
    wording: Wording = field(repr=False)
    votes: tuple[int, int] = field(repr=False)
    proposals: tuple[Wording, ...] = field(default=(), repr=False)
    may_drop: bool = False
    section: str = ""
    # How often each reason was tapped, and what was written, in no order.
    reasons: Mapping[str, int] = field(default_factory=dict, repr=False)
    whys: tuple[str, ...] = field(default=(), repr=False)


def first_round(ballots: Iterable[Sequence[Vote]], rules: Rules) -> list[Decided]:
    """Count the first round: "send" and "live" are for a sentence, "change" and "not" against it.

    A sentence is agreed by the threshold, if enough answered it. What is not agreed, and has
    proposals or somebody who would not send it, goes to a second round.
    """
    by_sentence: dict[str, list[Vote]] = {}
    for ballot in ballots:
        for vote in ballot:
            by_sentence.setdefault(vote.sentence, []).append(vote)
    return [_decided(sentence, votes, rules) for sentence, votes in by_sentence.items()]


def _decided(sentence: str, votes: Sequence[Vote], rules: Rules) -> Decided:
    todays = {vote.today for vote in votes}
    if len(todays) != 1:
        raise BallotError(f"The ballots show different texts of “{sentence}”.")
    (today,) = todays
    answers = Counter(vote.answer for vote in votes if vote.answer)
    count = (answers["send"] + answers["live"], answers["change"] + answers["not"])
    enough = sum(count) >= rules.quorum
    agreed = enough and count[0] * 100 >= rules.threshold * sum(count)
    # Sorted, so that their order tells nothing of whose they are.
    proposals = sorted(
        {vote.wording for vote in votes if vote.wording and vote.wording != today},
        key=lambda wording: (wording.me, wording.them),
    )
    return Decided(
        sentence=sentence,
        decision="agreed" if agreed else "open",
        today=today,
        wording=today,
        votes=count,
        proposals=() if agreed else tuple(proposals),
        may_drop=not agreed and answers["not"] > 0,
        section=votes[0].section,
        reasons=dict(Counter(reason for vote in votes for reason in vote.reasons)),
        whys=tuple(sorted(vote.why for vote in votes if vote.why)),
    )


def options(decided: Decided) -> dict[str, Wording]:
    """The wordings of a second round by their names; leaving the sentence out has no text."""
    named = {TODAY: decided.today}
    named |= {chr(ord("a") + n): wording for n, wording in enumerate(decided.proposals)}
    if decided.may_drop:
        named[NONE] = Wording("", "")
    return named


def second_round(
    first: Iterable[Decided], ballots: Sequence[Sequence[Weighing]], rules: Rules
) -> list[Decided]:
    """Count the second round: the least resistance in all wins, and a tie keeps today's.

    Who gives a wording no number resists it as much as one can: silence is no yes. Those who would
    resist the winner most strongly are counted against it.
    """
    return [_weighed(one, ballots, rules) if one.decision == "open" else one for one in first]


def _weighed(decided: Decided, ballots: Sequence[Sequence[Weighing]], rules: Rules) -> Decided:
    named = options(decided)
    given = [
        {w.option: w.resistance for w in ballot if w.sentence == decided.sentence}
        for ballot in ballots
    ]
    if unknown := {option for answers in given for option in answers} - named.keys():
        raise BallotError(f"“{decided.sentence}” has no wording “{min(unknown)[:40]}”.")
    voters = [answers for answers in given if any(w is not None for w in answers.values())]
    if len(voters) < rules.quorum:
        return decided
    total = {option: _resistance(option, voters) for option in named}
    least = [option for option, weight in total.items() if weight == min(total.values())]
    winner = least[0] if len(least) == 1 else TODAY
    against = sum(_weight(winner, answers) == RESISTANCE[-1] for answers in voters)
    return Decided(
        sentence=decided.sentence,
        decision=_decision(winner, is_new=not decided.today.me),
        today=decided.today,
        wording=named[winner],
        votes=(len(voters) - against, against),
        section=decided.section,
    )


def _decision(winner: str, *, is_new: bool) -> Decision:
    if is_new:
        return "declined" if winner == TODAY else "added"
    return "agreed" if winner == TODAY else "dropped" if winner == NONE else "reworded"


def _resistance(option: str, voters: Iterable[Mapping[str, int | None]]) -> int:
    return sum(_weight(option, answers) for answers in voters)


def _weight(option: str, answers: Mapping[str, int | None]) -> int:
    given = answers.get(option)
    return RESISTANCE[-1] if given is None else given
