"""Letters that were read aloud and approved: after a change, `make golden` and read again."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from webapp.letter.compose import Answers, compose, say
from webapp.letter.proofreading import (
    UNCHOSEN_WORDS,
    USUAL_LENGTH,
    printed_words,
    unchosen_words,
)
from webapp.letter.words import LEVELS, VOICES, Voice

from .builders import english, make_answers, with_all_ticks, with_starters
from .golden_letters import GOLDEN, LONG_NAME, cases, text_of
from .visitor import visitor

SITUATIONS = tuple(english().situations)
BELOW = [name for name, answers in cases().items() if answers.level != "named"]


@pytest.mark.parametrize("name", cases())
def test_a_letter_is_as_it_was_approved(name: str) -> None:
    approved = (GOLDEN / f"{name}.txt").read_text("utf-8")
    assert text_of(name) == approved, "read it aloud; if it is right: make golden"


def test_every_approved_letter_still_has_its_case() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(cases())
    assert len(LONG_NAME) == 80


def test_every_statement_stands_in_an_approved_letter() -> None:
    approved = "".join(path.read_text("utf-8") for path in GOLDEN.iterdir())
    words = english()
    statements = words.statements.values()
    assert [s.id for s in statements if say(s, make_answers(), words) not in approved] == []


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_form_shows_the_very_words_of_the_letter(situation: str, voice: Voice) -> None:
    answers = with_all_ticks(make_answers(situation=situation, voice=voice))
    page = visitor().chooses(situation).says("named", name="Emma", voice=voice).page
    shown = [tick.get_text(strip=True) for tick in page.soup.select("label:has([name=say]) span")]
    assert sorted(shown) == sorted(compose(answers, english()).ticked)


def test_every_statement_is_shown_by_the_form_somewhere() -> None:
    words = english()
    offered = {
        s.id for one in words.situations.values() for s in words.statements_for(one, "named")
    }
    assert offered == set(words.statements)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_with_eight_ticks_a_letter_is_neither_bare_nor_long(situation: str, level: str) -> None:
    low, high = USUAL_LENGTH
    for voice in VOICES:
        answers = with_starters(make_answers(situation=situation, level=level, voice=voice))
        assert low <= printed_words(compose(answers, english())) <= high


@pytest.mark.parametrize("name", cases())
def test_no_letter_says_more_than_ninety_words_that_nobody_chose(name: str) -> None:
    # A long name may stand in headings and opening: it was chosen, so a short one is counted.
    answers = cases()[name]
    short = replace(answers, name="Sam") if answers.name else answers
    assert unchosen_words(compose(short, english())) <= UNCHOSEN_WORDS


@pytest.mark.parametrize("situation", SITUATIONS)
def test_with_the_same_ticks_levels_differ_only_in_their_fact_and_credit(situation: str) -> None:
    same = with_starters(make_answers(situation=situation, level="needs"))
    letters = [asdict(compose(replace(same, level=level), english())) for level in LEVELS]
    differing = {key for key in letters[0] if len({str(one[key]) for one in letters}) > 1}
    assert differing == {"level", "fact", "credit"}
    assert [bool(one["credit"]) for one in letters] == [True, False, False]


def test_what_a_level_may_say_the_one_above_may_say_too() -> None:
    for statement in english().statements.values():
        assert statement.levels == LEVELS[: len(statement.levels)]


@pytest.mark.parametrize("name", BELOW)
def test_no_approved_letter_below_named_names_it(name: str) -> None:
    assert not english().wall.is_named_in((GOLDEN / f"{name}.txt").read_text("utf-8"))


@pytest.mark.parametrize("name", cases())
def test_every_sentence_of_a_letter_was_chosen_or_is_its_frame(name: str) -> None:
    answers, words = cases()[name], english()
    ticked = {say(words.statements[one], answers, words) for one in answers.say}
    printed = compose(answers, words).ticked
    assert set(printed) == ticked
    assert len(printed) == len(ticked)


def _opening_words(answers: Answers, how_many: int) -> list[tuple[str, ...]]:
    sentences = compose(answers, english()).ticked
    return [tuple(sentence.split()[:how_many]) for sentence in sentences]


@pytest.mark.parametrize("name", [name for name in cases() if "all-ticks" not in name])
def test_no_three_sentences_in_a_row_begin_alike(name: str) -> None:
    begun = _opening_words(cases()[name], 2)
    rows = zip(begun, begun[1:], begun[2:], strict=False)
    assert not [row for row in rows if len(set(row)) == 1]
