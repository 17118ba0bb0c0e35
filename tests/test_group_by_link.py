"""The model of a round: what is asked, what counts, and what a proposed wording is told."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import pytest

from webapp.group.ballots import Wording, votes_in, weighings_in
from webapp.group.counting import NONE, TODAY
from webapp.group.pieces import in_part, parts_of, pieces_of, texts_to_decide
from webapp.group.plan import Plan
from webapp.group.result import Result, as_csv, read_result
from webapp.group.round import (
    Added,
    Ballot,
    Option,
    Paper,
    Question,
    Round,
    Said,
    Sheet,
    first_questions,
    next_questions,
)
from webapp.group.standing import place_in, place_of, standing, view_of
from webapp.group.wordings import fault_in, levels_of, shown, typed
from webapp.letter.words import LEVELS, VOICES

from .builders import english

DAY = datetime.date(2026, 12, 5)
WORDS = english()
QUESTIONS = first_questions(in_part("what-helps", WORDS))[:3]
FIRST = QUESTIONS[0]
KINDER = "ask once, then wait a while."


def sheet(**changes: Any) -> Sheet:
    values: dict[str, Any] = {"by": "Circle", "members": 7, "questions": QUESTIONS}
    return Sheet(**(values | changes))


def make_round(**changes: Any) -> Round:
    return Round(**({"sheet": sheet(), "until": 1} | changes))


def ballot(*said: Said, added: Sequence[Added] = ()) -> Ballot:
    given = {q.id: one for q, one in zip(QUESTIONS, said, strict=False)}
    return Ballot(sheet=sheet(), said=given, added=tuple(added))


SEND = Said(answer="send")
CHANGE = Said(answer="change", reasons=("order",), me=KINDER, why="Because.")


def counted(*ballots: Ballot, paper: Paper = Paper(), **changes: Any) -> Round:  # noqa: B008
    return make_round(**changes).counted(ballots, paper, DAY)


def result_of(found: Round) -> Result:
    assert found.result
    return found.result


def test_every_text_of_a_letter_is_a_piece_of_its_own() -> None:
    pieces = pieces_of(WORDS)
    assert set(WORDS.statements) <= set(pieces)
    assert {one.part for one in pieces.values()} == set(parts_of(WORDS))
    assert {one.kind for one in pieces.values()} == {
        *("statement", "heading", "lead", "subject", "opening", "closing", "reply", "frame"),
    }


@pytest.mark.parametrize("question", first_questions(pieces_of(WORDS).values()), ids=lambda q: q.id)
def test_every_text_stands_marked_in_a_letter_and_keeps_to_its_own_rules(
    question: Question,
) -> None:
    assert fault_in(question.today, place_of(question, WORDS), WORDS) is None
    for voice in VOICES:
        view = view_of(question, {"voice": voice}, WORDS)
        letter, marked = standing(question.today, question, view, WORDS)
        assert marked
        assert all(text in str(vars(letter)) or text in _parts(letter) for text in marked)


def _parts(letter: Any) -> str:
    parts = [part.heading + part.lead + "".join(part.items) for part in letter.parts]
    return "".join(parts) + "".join(reply.label + reply.body for reply in letter.replies)


@pytest.mark.parametrize("question", first_questions(pieces_of(WORDS).values()), ids=lambda q: q.id)
def test_a_text_that_is_shown_and_not_changed_comes_back_as_it_was(question: Question) -> None:
    if question.kind == "reply":
        return
    named = question.levels == LEVELS[:1]
    for text, them in (
        (question.today.me, question.kind == "subject"),
        (question.today.them, True),
    ):
        assert typed(shown(text, WORDS), WORDS, them=them, named=named) == text


def test_a_letter_is_shown_only_as_it_can_be() -> None:
    (named,) = first_questions([pieces_of(WORDS)["what-it-is"]])
    view = view_of(named, {"level": "needs", "situation": "mars", "voice": "robot"}, WORDS)
    assert (view.level, view.situation, view.voice) == ("named", "work", "me")


@pytest.mark.parametrize(
    ("me", "them", "voice", "key", "found"),
    [
        ("see www.evil.example now.", KINDER, "me", "contact", ""),
        ("ask {boss} once.", KINDER, "me", "placeholder", "boss"),
        ("wait, since I freeze.", KINDER, "me", "level_needs", "freeze"),
        ("wait, as I have Selective Mutism.", KINDER, "me", "level_described", "Selective Mutism"),
        (KINDER, "wait when {they} is ready.", "them", "they", "is"),
        (KINDER, "wait for him.", "them", "pronoun", "him"),
        ("x" * 301, KINDER, "me", "long", "300"),
        ("=ask once.", KINDER, "me", "begin", ""),
        ("Ask once.", KINDER, "me", "ends", ""),
        ("ask once, within a week.", KINDER, "me", "date", ""),
        ("utilise a pen.", KINDER, "me", "hard", "utilise: use"),
        ("ask " + "and wait " * 20 + "then.", KINDER, "me", "sentence", "20"),
    ],
)
def test_each_wording_that_cannot_be_taken_is_told_why(
    me: str, them: str, voice: str, key: str, found: str
) -> None:
    fault = fault_in(Wording(me, them), place_of(FIRST, WORDS), WORDS)
    assert fault
    assert (fault[0], fault[1].key, fault[1].found) == (voice, key, found)
    assert fault[1].key in WORDS.texts["group"]["faults"]


@pytest.mark.parametrize(
    ("piece", "me", "key"),
    [
        ("write-or-type", "Always write to me.", "order"),
        ("write-or-type", "I can write", "stop"),
        ("work-reply-1", "All of it works", "quotes"),
        ("work-subject", "A note about work", "keep"),
        ("frame-reply", "You could reply with:", "keep"),
    ],
)
def test_each_kind_of_text_keeps_to_its_own(piece: str, me: str, key: str) -> None:
    (question,) = first_questions([pieces_of(WORDS)[piece]])
    fault = fault_in(Wording(me, question.today.them), place_of(question, WORDS), WORDS)
    assert fault
    assert fault[1].key == key


def test_what_is_written_about_sam_is_kept_with_its_placeholders() -> None:
    text = "They can wait. Let Sam show them their card."
    kept = typed(text, WORDS, them=True, named=False)
    assert kept == "{They} can wait. Let {name} show {them} {their} card."
    assert shown(kept, WORDS) == text


def test_own_words_count_only_with_change_it_or_not() -> None:
    said = Said(answer="send", me=KINDER, reasons=("order",), why="Because.")
    vote = said.vote(FIRST)
    assert (vote.wording, vote.reasons, vote.why) == (None, (), "")
    assert CHANGE.vote(FIRST).wording == Wording(KINDER, FIRST.today.them)


def test_leaving_everything_out_is_no_ballot() -> None:
    found = counted(*[ballot(SEND)] * 3, ballot(Said()), ballot())
    assert result_of(found).ballots == 3
    nobody = counted(ballot(), ballot(Said()))
    assert (nobody.result, nobody.is_counted, nobody.may_go_on) == (None, True, False)


def test_after_the_count_no_address_is_kept() -> None:
    found = counted(*[ballot(SEND)] * 3, members=("a@x.example", "b@x.example"))
    assert found.members == ()


def test_from_paper_and_by_link_is_one_count() -> None:
    texts = {q.id: q.today for q in QUESTIONS}
    from webapp.group.ballots import blank

    rows = blank(texts).replace(",,,,,\n", ",send,,,,\n")
    paper = Paper(votes=[*votes_in(rows, "table").values()])
    found = counted(ballot(SEND), ballot(SEND), paper=paper)
    assert result_of(found).ballots == 3
    first = result_of(found).decisions()[0]
    assert (first.decision, result_of(found).shown) == ("agreed", False)


def test_below_five_neither_counts_nor_reasons_nor_what_was_said() -> None:
    few = result_of(counted(*[ballot(CHANGE)] * 4)).sentence[0]
    assert (few.votes, few.reasons, few.whys) == (None, {}, ())
    many = result_of(counted(*[ballot(CHANGE)] * 5)).sentence[0]
    assert many.votes
    assert (many.votes.against, many.reasons, many.whys) == (5, {"order": 5}, ("Because.",) * 5)


def test_where_the_group_wants_no_counts_none_are_kept() -> None:
    hidden = result_of(counted(*[ballot(SEND)] * 7, sheet=sheet(show=False)))
    assert not hidden.shown
    assert '"for"' not in hidden.as_json()


def second(first: Round, *weights: dict[str, dict[str, int]]) -> Result:
    questions = next_questions(QUESTIONS, result_of(first), WORDS)
    asked = sheet(round=2, questions=questions)
    ballots = [Ballot(sheet=asked.shuffled(), weights=one) for one in weights]
    after = make_round(sheet=asked, before=first.result)
    return result_of(after.counted(ballots, Paper(), DAY))


NEW = Added(part="what-helps", me="give me time.", them="give {them} time.")


def open_round() -> Round:
    """The first text has a proposal, the second would be left out, and one is missing."""
    change, drop = ballot(CHANGE, Said(answer="not"), SEND), ballot(SEND, Said(answer="not"), SEND)
    new = ballot(CHANGE, Said(answer="not"), SEND, added=[NEW])
    return counted(change, change, drop, drop, new, new)


def test_a_second_round_asks_what_is_open_and_what_is_missing() -> None:
    questions = next_questions(QUESTIONS, result_of(open_round()), WORDS)
    assert [[one.name for one in q.options] for q in questions] == [
        [TODAY, "a"],
        [TODAY, NONE],
        [TODAY, "a"],
    ]
    new = questions[-1]
    assert (new.part, new.today, new.levels) == ("what-helps", Wording("", ""), LEVELS)


def test_two_who_miss_the_same_sentence_miss_one() -> None:
    new = [d for d in result_of(open_round()).decisions() if d.section and not d.today.me]
    assert [one.proposals for one in new] == [(Wording(NEW.me, NEW.them),)]


def test_a_second_round_rewords_drops_and_adds() -> None:
    first = open_round()
    ids = [q.id for q in next_questions(QUESTIONS, result_of(first), WORDS)]
    weights = {ids[0]: {TODAY: 2, "a": 0}, ids[1]: {TODAY: 3, NONE: 0}, ids[2]: {TODAY: 2, "a": 1}}
    decided = {d.sentence: d for d in second(first, *[weights] * 5).decisions()}
    assert [decided[one].decision for one in ids] == ["reworded", "dropped", "added"]
    assert decided[ids[0]].wording.me == KINDER
    assert decided[QUESTIONS[2].id].decision == "agreed"


def test_a_new_sentence_that_is_not_wanted_stays_out() -> None:
    first = open_round()
    ids = [q.id for q in next_questions(QUESTIONS, result_of(first), WORDS)]
    weights = {ids[2]: {TODAY: 0, "a": 1}}
    decided = {d.sentence: d for d in second(first, *[weights] * 5).decisions()}
    assert decided[ids[2]].decision == "declined"


def test_a_count_that_the_first_round_did_not_show_is_no_nought_in_the_second() -> None:
    first = counted(*[ballot(SEND, CHANGE, SEND)] * 4)
    (open_id,) = [q.id for q in next_questions(QUESTIONS, result_of(first), WORDS)]
    found = second(first, *[{open_id: {TODAY: 0, "a": 3}}] * 5)
    assert found.shown
    assert [one.votes for one in found.sentence if one.id != open_id] == [None, None]


def test_wordings_are_in_another_order_on_each_ballot() -> None:
    options = tuple(Option(name=f"w{n}", me=f"wording {n}") for n in range(8))
    asked = sheet(round=2, questions=[FIRST.model_copy(update={"options": options})])
    orders = {tuple(o.name for o in asked.shuffled().questions[0].options) for _ in range(8)}
    assert len(orders) > 1
    assert {tuple(sorted(order)) for order in orders} == {tuple(o.name for o in options)}


def test_a_text_that_every_letter_needs_is_not_offered_to_be_left_out() -> None:
    asked = first_questions([pieces_of(WORDS)["work-opening"]])
    said = {asked[0].id: Said(answer="not", me="I am writing about our work.")}
    ballots = [Ballot(sheet=sheet(questions=asked), said=said)] * 5
    first = make_round(sheet=sheet(questions=asked)).counted(ballots, Paper(), DAY)
    (question,) = next_questions(asked, result_of(first), WORDS)
    assert [one.name for one in question.options] == [TODAY, "a"]


def test_a_ballot_and_a_round_read_back_as_they_were() -> None:
    one = ballot(CHANGE, added=[NEW])
    assert Ballot.read(one.to_bytes()) == one
    found = open_round()
    assert Round.read(found.to_bytes()) == found


def test_a_full_ballot_fits_its_room() -> None:
    from webapp.store.rounds.seals import BALLOT_ROOM

    asked = first_questions(in_part("what-i-ask", WORDS))
    wordy = Said(answer="change", me="w" * 300, them="w" * 300, why="w" * 600)
    full = Ballot(sheet=sheet(questions=asked), said={q.id: wordy for q in asked})
    assert len(full.to_bytes()) < BALLOT_ROOM


def test_no_answer_shows_in_a_repr() -> None:
    shown_text = repr(ballot(CHANGE, added=[NEW])) + repr(make_round(members=("a@x.example",)))
    for secret in (KINDER, "Because", "change", NEW.me, "a@x.example", "order"):
        assert secret not in shown_text


def test_new_sentences_are_for_the_levels_that_their_words_allow() -> None:
    assert levels_of(Wording("freeze with me.", "freeze."), WORDS) == ("named", "described")
    assert levels_of(Wording("I have {condition}.", "x"), WORDS) == ("named",)
    assert fault_in(Wording(NEW.me, NEW.them), place_in("what-helps", WORDS), WORDS) is None


def test_a_result_as_a_table_holds_no_formula() -> None:
    found = result_of(open_round())
    first = found.sentence[0]
    bad = first.model_copy(update={"wording": first.wording.model_copy(update={"me": "=1+1"})})
    text = as_csv(found.model_copy(update={"sentence": (bad,)}))
    assert "'=1+1" in text
    assert ",=1+1" not in text


def test_a_result_is_read_from_the_mail_that_brought_it() -> None:
    found = result_of(open_round())
    mail = f"A group has decided\n\nThe result\n\n{found.as_json()}\n-- \nsent by us\n"
    assert read_result(mail, "mail.txt") == found


# ------------------------------------------------------------------ setting up
GOOD = {
    "part": "what-helps",
    "by": "Circle",
    "addresses": "a@x.example, b@x.example; c@x.example",
    "show": "yes",
    "agreed": "yes",
}


@pytest.mark.parametrize(
    ("change", "field", "key", "found"),
    [
        ({"by": " "}, "by", "by_missing", ""),
        ({"by": "c" * 81}, "by", "by_long", ""),
        ({"by": "See evil.com"}, "by", "by_contact", ""),
        ({"part": "mars"}, "which", "which_unknown", ""),
        ({"addresses": "a@x.example b@x.example"}, "addresses", "members_few", "2"),
        (
            {"addresses": " ".join(f"m{n}@x.example" for n in range(16))},
            "addresses",
            "members_many",
            "16",
        ),
        (
            {"addresses": "a@x.example b@x.example A+news@x.example"},
            "addresses",
            "members_twice",
            "a@x.example",
        ),
        ({"addresses": "a@x.example b at x"}, "addresses", "members_bad", "b"),
        ({"days": "15"}, "days", "days_wrong", ""),
        ({"days": "0"}, "days", "days_wrong", ""),
        ({"days": "x"}, "days", "days_wrong", ""),
        ({"threshold": "50"}, "threshold", "threshold_wrong", ""),
        ({"quorum": "4"}, "quorum", "quorum_wrong", ""),
        ({"show": ""}, "show", "show_missing", ""),
        ({"agreed": ""}, "agreed", "agreed_missing", ""),
    ],
)
def test_each_slip_of_a_set_up_is_told_at_its_field(
    change: dict[str, str], field: str, key: str, found: str
) -> None:
    faults = Plan.of(GOOD | change, ()).faults(WORDS, None)
    assert {name: (one.key, one.found) for name, one in faults.items()} == {field: (key, found)}
    assert key in WORDS.texts["group"]["faults"]


def test_at_most_twelve_of_a_part_and_only_of_that_part() -> None:
    ids = [*texts_to_decide(WORDS, "what-i-ask")]
    many = Plan.of(GOOD | {"part": "what-i-ask"}, ids[:13])
    assert many.faults(WORDS, None)["which"].key == "which_many"
    other = Plan.of(GOOD, ids[:1])
    assert other.faults(WORDS, None)["which"].key == "which_unknown"
    assert Plan.of(GOOD, ()).faults(WORDS, None) == {}


def test_a_round_ends_at_a_full_hour_and_at_most_in_two_weeks() -> None:
    plan = Plan.of(GOOD | {"days": "14"}, ())
    made = plan.round(WORDS, None, now=1_000_001)
    assert made.until % 3600 == 0
    assert 0 <= made.until - (1_000_001 + 14 * 86_400) < 3600
    assert made.members == ("a@x.example", "b@x.example", "c@x.example")


def test_a_later_round_in_a_table_names_the_same_wordings() -> None:
    from webapp.group.ballots import blank_second

    first = result_of(open_round())
    questions = next_questions(QUESTIONS, first, WORDS)
    asked = {q.id: {one.name: one.wording for one in q.options} for q in questions}
    assert asked == first.second_round()
    (empty,) = weighings_in(blank_second(asked), "t").values()
    assert {one.sentence for one in empty} == set(asked)
