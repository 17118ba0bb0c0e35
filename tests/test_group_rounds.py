"""A group's rounds on paper: what counts, what wins, and what a broken ballot is told."""

from __future__ import annotations

import csv
import io

import pytest

from webapp.errors import BallotError
from webapp.group.ballots import (
    FIRST_COLUMNS,
    SECOND_COLUMNS,
    Vote,
    Weighing,
    Wording,
    blank,
    blank_second,
    votes_in,
    weighings_in,
)
from webapp.group.counting import Decided, Rules, first_round, options, second_round
from webapp.group.pieces import texts_to_decide
from webapp.group.sheet import first_sheet, second_sheet

from .builders import english

TODAY = Wording("Ask once, then wait.", "Ask {them} once, then wait.")
KINDER = Wording("Please ask once, then wait.", "Please ask {them} once, then wait.")


def vote(answer: str, wording: Wording | None = None, sentence: str = "wait") -> list[Vote]:
    return [Vote(sentence, TODAY, answer or None, wording=wording)]  # type: ignore[arg-type]


def weigh(**resistance: int | None) -> list[Weighing]:
    return [Weighing("wait", option, weight) for option, weight in resistance.items()]


def filled(columns: tuple[str, ...], *rows: dict[str, str]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


ROW = {"sentence": "wait", "text": TODAY.me, "text about somebody": TODAY.them}


def test_enough_who_would_send_it_or_can_live_with_it_agree() -> None:
    (one,) = first_round([vote("send"), vote("live"), vote("send"), vote("not")], Rules(75, 3))
    assert (one.decision, one.votes, one.wording) == ("agreed", (3, 1), TODAY)


def test_below_the_threshold_it_stays_open_with_its_proposals() -> None:
    (one,) = first_round([vote("send"), vote("change", KINDER), vote("not")], Rules(75, 3))
    assert (one.decision, one.votes) == ("open", (1, 2))
    assert options(one) == {"today": TODAY, "a": KINDER, "none": Wording("", "")}


def test_below_the_quorum_nothing_is_agreed_and_leaving_out_is_no_answer() -> None:
    (one,) = first_round([vote("send"), vote("send"), vote(""), vote("")], Rules(75, 3))
    assert (one.decision, one.votes) == ("open", (2, 0))


def test_two_who_propose_the_same_words_are_one_proposal() -> None:
    (one,) = first_round([vote("change", KINDER)] * 3, Rules())
    assert one.proposals == (KINDER,)


def test_ballots_that_show_different_sentences_are_not_counted_together() -> None:
    other = [Vote("wait", KINDER, "send")]
    with pytest.raises(BallotError, match="different texts of “wait”"):
        first_round([vote("send"), other], Rules())


OPEN = Decided("wait", "open", TODAY, TODAY, (1, 2), (KINDER,), may_drop=True)


@pytest.mark.parametrize(
    ("ballots", "decision", "wording"),
    [
        ([weigh(today=2, a=0, none=3)] * 3, "reworded", KINDER),
        ([weigh(today=0, a=1, none=3)] * 3, "agreed", TODAY),
        ([weigh(today=1, a=1, none=3)] * 3, "agreed", TODAY),
        ([weigh(today=3, a=1, none=1)] * 3, "agreed", TODAY),
        ([weigh(today=3, a=2, none=0)] * 3, "dropped", Wording("", "")),
        # Who says nothing of a wording has not said yes to it.
        ([weigh(today=1, a=None, none=3)] * 3, "agreed", TODAY),
        ([weigh(today=2, a=0, none=3)] * 2, "open", TODAY),
    ],
)
def test_the_least_resistance_wins_and_a_tie_keeps_todays(
    ballots: list[list[Weighing]], decision: str, wording: Wording
) -> None:
    (one,) = second_round([OPEN], ballots, Rules(quorum=3))
    assert (one.decision, one.wording) == (decision, wording)


def test_what_the_first_round_agreed_is_not_weighed_again() -> None:
    agreed = Decided("wait", "agreed", TODAY, TODAY, (5, 0))
    assert second_round([agreed], [weigh(today=3)] * 5, Rules()) == [agreed]


def test_a_wording_that_nobody_proposed_is_refused() -> None:
    with pytest.raises(BallotError, match="has no wording “z”"):
        second_round([OPEN], [weigh(z=0)], Rules())


def test_an_empty_ballot_comes_back_as_no_answer_at_all() -> None:
    texts = texts_to_decide(english(), "what-helps")
    (ballot,) = votes_in(blank(texts), "empty.csv").values()
    assert [vote.sentence for vote in ballot] == list(texts)
    assert {vote.answer for vote in ballot} == {None}


def test_one_file_may_hold_many_ballots() -> None:
    rows = [ROW | {"ballot": str(n), "answer": "send"} for n in range(3)]
    assert len(votes_in(filled(FIRST_COLUMNS, *rows), "all.csv")) == 3


def test_who_changes_one_voice_leaves_the_other_as_it_is() -> None:
    text = filled(FIRST_COLUMNS, ROW | {"answer": "Change", "wording": "  Please   wait. "})
    (ballot,) = votes_in(text, "f").values()
    assert ballot[0].wording == Wording("Please wait.", TODAY.them)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"answer": "yes"}, "row 2: the answer is one of send, live, change, not"),
        ({"reasons": "boring"}, "row 2: “boring” is no reason"),
        ({"wording": "See evil.com"}, "row 2: a text holds a link"),
        ({"wording": "x" * 301}, "row 2: a text has 301 characters; 300 fit"),
        ({"why": "Ring 07700 900123"}, "row 2: a text holds a link, an address or a telephone"),
    ],
)
def test_a_broken_row_is_named(change: dict[str, str], told: str) -> None:
    with pytest.raises(BallotError, match=told):
        votes_in(filled(FIRST_COLUMNS, ROW | change), "ballot.csv")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the column “answer” is missing"),
        ("ballot,sentence\n1,wait\n", "is missing"),
        (filled(FIRST_COLUMNS) + "1,wait\n", "too few or too many cells"),
        (filled(FIRST_COLUMNS) + ",".join("a" * 12) + "\n", "too few or too many cells"),
        (filled(FIRST_COLUMNS, ROW, ROW), "this ballot has “wait” twice"),
        (filled(FIRST_COLUMNS) + '"', "is no CSV"),
    ],
)
def test_a_broken_table_is_told_in_one_sentence(text: str, told: str) -> None:
    with pytest.raises(BallotError, match=told):
        votes_in(text, "ballot.csv")


def test_resistance_is_a_number_from_0_to_3() -> None:
    row = {"sentence": "wait", "option": "a", "resistance": "4"}
    with pytest.raises(BallotError, match="resistance is 0, 1, 2 or 3"):
        weighings_in(filled(SECOND_COLUMNS, row), "second.csv")


def test_a_second_ballot_comes_back_with_every_wording() -> None:
    (ballot,) = weighings_in(blank_second({"wait": options(OPEN)}), "s").values()
    assert [(w.sentence, w.option, w.resistance) for w in ballot] == [
        ("wait", "today", None),
        ("wait", "a", None),
        ("wait", "none", None),
    ]


@pytest.mark.parametrize(
    ("section", "ids", "told"),
    [
        ("nothing", (), "no section “nothing”"),
        ("", ("nothing",), "no sentence “nothing”"),
        ("", (), "Name a section"),
    ],
)
def test_a_ballot_needs_sentences_that_are_there(
    section: str, ids: tuple[str, ...], told: str
) -> None:
    with pytest.raises(BallotError, match=told):
        texts_to_decide(english(), section, ids)


def test_a_ballot_by_ids_has_at_most_twelve_sentences() -> None:
    with pytest.raises(BallotError, match="up to 12"):
        texts_to_decide(english(), "", tuple(english().statements)[:13])


def test_on_paper_a_sentence_stands_as_in_its_letter() -> None:
    words = english()
    asks = dict([*texts_to_decide(words, "what-i-ask").items()][:1])
    (first,) = asks.values()
    lead = words.sections["what-i-ask"].lead
    assert lead
    page = first_sheet(asks, words)
    assert f"<q>{lead.me} {first.me}</q>" in page
    assert "{" not in page.partition("</style>")[2]


def test_what_somebody_typed_is_no_html_on_the_second_sheet() -> None:
    typed = Wording("<script>alert(1)</script>", "<b>")
    page = second_sheet({"wait-in-silence": {"today": TODAY, "a": typed}}, english())
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_no_vote_shows_in_a_repr() -> None:
    text = repr(vote("not", KINDER)) + repr(weigh(a=3)) + repr(OPEN)
    assert not {"Please", "not'", "3", "Ask"} & set(text.replace("(", " ").split())
    assert "Please" not in text
