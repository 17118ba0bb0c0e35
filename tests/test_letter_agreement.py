"""The foot of a letter: which group agreed to its words, if one agreed to every sentence of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from webapp.letter.compose import UNCHOSEN_WORDS, Answers, compose, unchosen_words
from webapp.letter.proofreading import problems_in
from webapp.letter.words import LEVELS, VOICES, Words, load
from webapp.letter.words.catalogue import catalogue

from .agreed_words import AGREED, CIRCLE, agree_to_all
from .broken_words import edit_file, sub
from .builders import make_answers
from .letter_page import templates


def english(words: Path) -> Words:
    return load(words).words("en")


def everything(words: Words, **changes: str) -> Answers:
    answers = make_answers(**changes)
    situation = words.situations[answers.situation]
    say = tuple(one.id for one in words.statements_for(situation, answers.level))
    return Answers(**(vars(answers) | {"say": say}))


def starters(words: Words, **changes: str) -> Answers:
    answers = make_answers(**changes)
    say = words.situations[answers.situation].starters.at(answers.level)
    return Answers(**(vars(answers) | {"say": say}))


@pytest.fixture
def agreed(words: Path) -> Words:
    agree_to_all(words)
    return english(words)


def test_a_letter_of_agreed_sentences_says_who_agreed_and_when(agreed: Words) -> None:
    letter = compose(starters(agreed, own_words="I know every dog here by name."), agreed)
    bodies = templates().letter_bodies(letter, "emma@example.org")
    assert letter.agreed == "Agreed by Example Circle on 2 March 2027."
    assert bodies.text.endswith(f"{letter.version}\n{letter.agreed}\n")
    assert letter.agreed in bodies.html


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("voice", VOICES)
def test_below_named_nothing_of_it_is_printed(agreed: Words, level: str, voice: str) -> None:
    for situation in agreed.situations:
        letter = compose(starters(agreed, situation=situation, level=level, voice=voice), agreed)
        bodies = templates().letter_bodies(letter, "emma@example.org")
        is_told = CIRCLE in bodies.text
        assert is_told == (CIRCLE in bodies.html) == (level == "named")


# One thing that was not agreed to, or by another group; the letter has all of it.
_GAPS = [
    ("statements/how-i-communicate.toml", rf'(id = "write-or-type".*?)\n{re.escape(AGREED)}'),
    ("statements/how-i-communicate.toml", rf"(\[title\].*?)\n{re.escape(AGREED)}"),
    ("statements/what-i-ask.toml", rf"(\[lead\].*?)\n{re.escape(AGREED)}"),
    ("situations/volunteering.toml", rf"(\[opening\].*?)\n{re.escape(AGREED)}"),
    ("situations/volunteering.toml", rf"(\[closing\].*?)\n{re.escape(AGREED)}"),
    ("situations/volunteering.toml", rf"(label = “?.*?), {re.escape(AGREED)}"),
    ("frame.toml", rf"(\[fact.named\].*?)\n{re.escape(AGREED)}"),
    ("frame.toml", rf"(\[reply\].*?)\n{re.escape(AGREED)}"),
    ("frame.toml", rf"(\[own_words\].*?)\n{re.escape(AGREED)}"),
]


@pytest.mark.parametrize(("file", "gap"), _GAPS)
def test_one_sentence_that_is_still_a_draft_leaves_the_version_alone(
    words: Path, file: str, gap: str
) -> None:
    agree_to_all(words)
    edit_file(words, file, sub(gap, r"\1"))
    now = english(words)
    letter = compose(starters(now, own_words="I know every dog."), now)
    assert letter.agreed == ""
    assert CIRCLE not in templates().letter_bodies(letter, "emma@example.org").text


def test_a_sentence_that_is_not_printed_may_still_be_a_draft(words: Path) -> None:
    agree_to_all(words)
    edit_file(words, "statements/about-me.toml", sub(rf"\n{re.escape(AGREED)}", ""))
    edit_file(words, "frame.toml", sub(rf"(\[own_words\].*?)\n{re.escape(AGREED)}", r"\1"))
    now = english(words)
    assert compose(starters(now), now).agreed
    assert not compose(starters(now, own_words="I know every dog."), now).agreed


def test_two_groups_are_not_one(words: Path) -> None:
    agree_to_all(words)
    edit_file(words, "frame.toml", sub(CIRCLE, "Another Circle"))
    now = english(words)
    assert compose(starters(now), now).agreed == ""


def test_the_day_is_that_of_the_last_agreement(words: Path) -> None:
    agree_to_all(words)
    edit_file(words, "frame.toml", sub("2027-03-02", "2028-11-30"))
    now = english(words)
    assert compose(starters(now), now).agreed == "Agreed by Example Circle on 30 November 2028."


def test_agreed_words_pass_their_check_and_keep_the_first_promise(
    words: Path, agreed: Words
) -> None:
    assert problems_in(words).problems == ()
    for situation in agreed.situations:
        for voice in VOICES:
            full = everything(agreed, situation=situation, voice=voice, own_words="A.", first="A.")
            assert unchosen_words(compose(full, agreed)) <= UNCHOSEN_WORDS
            assert compose(starters(agreed, situation=situation, voice=voice), agreed).agreed


def test_every_sentence_that_can_be_agreed_to_is_in_the_catalogue(agreed: Words) -> None:
    sentences = [one for place in catalogue(agreed).values() for one in place]
    assert [one.id for one in sentences if one.agreed is None] == []
    assert len({one.id for one in sentences}) == len(sentences)
    assert set(agreed.statements) <= {one.id for one in sentences}
