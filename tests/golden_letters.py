"""The approved letters in tests/golden, and how they are written anew.

`make golden` writes all of them as the words now say them. Read what changed (`git diff
tests/golden`) aloud, mend what jars, and commit only what you would send under your own name.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import chain, cycle
from pathlib import Path

from webapp.letter.compose import Answers, compose
from webapp.letter.words import LEVELS
from webapp.mail.typed import clean_line

from .agreed_words import agreed_english
from .builders import english, make_answers, with_all_ticks, with_starters
from .letter_page import templates

GOLDEN = Path(__file__).parent / "golden"
ADDRESS = "emma@example.org"
LONG_NAME = "Emmanuelle Charlotte Fitzgerald-Worthington of Ashby-de-la-Zouch, Leicestershire"
NAMES = {
    "no-name": "",
    "long-name": LONG_NAME,
    "arabic-name": "إيما الخطيب",
    # Typed in pieces, as some keyboards do; the form puts letters and marks together.
    "combining-marks": clean_line("Zoe\u0308 Nguye\u0302\u0303n Thi\u0323"),
    "japanese-name": "絵麻",
}
OWN_WORDS = (
    "I know every dog here by name.\n\nLast summer I wrote to the team on a small white board. "
    "That went well."
)
MOTHER = "Anna Clark, Emma’s mother"
# Letters that end with a line on how they came, by the mail whose words that is.
NOTES = {"unproved-inbox": "unproved", "to-a-person": "person"}
SENDER = "letters@word-ahead.example"
RIGHTS = (("work", "gb-work", "me"), ("school", "ie-services", "child"), ("service", "any", "me"))


@cache
def cases() -> Mapping[str, Answers]:
    """The answers behind every golden letter, by its file's name."""
    made = (
        _starters(),
        _ticks(),
        _voices(),
        _names(),
        _own_words(),
        _rights(),
        _asks(),
        _persons(),
        _delivered(),
        _agreed(),
    )
    return dict(chain.from_iterable(made))


def text_of(name: str) -> str:
    """A letter as its text part; the words' date and code are left open."""
    words = agreed_english() if name == "agreed-by-a-group" else english()
    letter = compose(cases()[name], words)
    if name in NOTES:
        note = words.texts["mails"][NOTES[name]]["note"]
        letter = replace(letter, note=note.replace("{sender}", SENDER))
    text = templates().letter_bodies(letter, ADDRESS).text
    return text.replace(words.version, "(date and code)")


def _starters() -> Iterator[tuple[str, Answers]]:
    for situation in english().situations:
        for level in LEVELS:
            yield (
                f"{situation}-{level}",
                with_starters(make_answers(situation=situation, level=level)),
            )


def _ticks() -> Iterator[tuple[str, Answers]]:
    for level in LEVELS:
        yield f"no-ticks-{level}", make_answers(level=level)
    for situation in english().situations:
        yield f"all-ticks-{situation}", with_all_ticks(make_answers(situation=situation))
    yield "all-ticks-described", with_all_ticks(make_answers(situation="work", level="described"))
    yield "all-ticks-needs", with_all_ticks(make_answers(situation="university", level="needs"))
    every = with_all_ticks(make_answers(situation="school", voice="child"))
    yield "all-ticks-child", every


def _voices() -> Iterator[tuple[str, Answers]]:
    """A parent and a supporter in each situation; the levels take turns."""
    for turn, voice in enumerate(("child", "supported")):
        levels = cycle(LEVELS[turn:] + LEVELS[:turn])
        for situation, level in zip(english().situations, levels, strict=False):
            answers = make_answers(situation=situation, level=level, voice=voice)
            yield f"{voice}-{situation}-{level}", with_starters(answers)


def _names() -> Iterator[tuple[str, Answers]]:
    for file, name in NAMES.items():
        yield file, with_starters(make_answers(name=name))
    for voice in ("child", "supported"):
        answers = make_answers(name="", voice=voice, situation="healthcare")
        yield f"no-name-{voice}", with_starters(answers)


def _own_words() -> Iterator[tuple[str, Answers]]:
    yield "own-words-only", make_answers(own_words=OWN_WORDS)
    yield "own-words-only-needs", make_answers(own_words=OWN_WORDS, level="needs")
    dear = make_answers(to_name="Ms Patel", first="If I go quiet, I am still listening.")
    yield "to-name-and-first", with_starters(dear)
    yield (
        "everything",
        with_starters(
            make_answers(
                situation="interview",
                to_name="Reception team",
                first="Please do not phone me.",
                own_words=OWN_WORDS,
                rights="gb-work",
            )
        ),
    )


def _rights() -> Iterator[tuple[str, Answers]]:
    for situation, right, voice in RIGHTS:
        answers = make_answers(situation=situation, rights=right, voice=voice)
        yield f"rights-{right}", with_starters(answers)


def _asks() -> Iterator[tuple[str, Answers]]:
    """The request with one ask and with ten, said by the person and about her."""
    for voice in ("me", "child"):
        answers = make_answers(situation="school", voice=voice, they="she", writer=MOTHER)
        asks = [
            one.id
            for section, statements in english().sections_for("school", "named")
            if section.asks
            for one in statements
        ]
        yield f"one-ask-{voice}", replace(answers, say=tuple(asks[:1]))
        yield f"ten-asks-{voice}", replace(answers, say=tuple(asks[:10]))


def _persons() -> Iterator[tuple[str, Answers]]:
    """Who writes, she and he, the other name, and what makes an opening and an end exact."""
    mother = make_answers(situation="school", voice="child", they="she", writer=MOTHER)
    yield "writer-mother-school", with_starters(mother)
    sam = make_answers(situation="work", voice="supported", name="Sam", they="he")
    yield "writer-support-worker", with_starters(replace(sam, writer="Jo Bell, support worker"))
    yield "he-without-writer", with_starters(replace(sam, situation="service", level="described"))
    every = with_all_ticks(replace(sam, situation="healthcare", writer="Jo Bell, his sister"))
    yield "all-ticks-he", every
    other = make_answers(term="situational")
    yield "situational", with_starters(other)
    yield "situational-child", with_starters(replace(mother, term="situational"))
    ticks: tuple[str, ...] = (
        "starting-soon",
        "glad-to-start",
        "named-contact",
        "nobody-perfect",
        "what-suits-you",
    )
    yield "first-day", make_answers(situation="work", say=ticks, to_name="Ms Patel")
    ticks = ("already-with-you", "like-the-people", "listen-carefully", "swap-phone-duties")
    yield "already-there", make_answers(situation="work", level="needs", say=ticks)
    ticks = ("another-language-at-home", "easy-ways-to-begin", "if-no-answer-comes", "then-learn")
    yield "another-language", replace(mother, say=ticks)
    ticks = ("flag-words", "flag-my-record", "you-may-write", "usual-message-system")
    yield "for-the-record", make_answers(situation="healthcare", say=ticks)


def _delivered() -> Iterator[tuple[str, Answers]]:
    """As it comes to an inbox that nobody has proved, and to the person it is for."""
    yield "unproved-inbox", with_starters(make_answers(situation="university"))
    yield "to-a-person", with_starters(make_answers(to_name="Ms Patel"))


def _agreed() -> Iterator[tuple[str, Answers]]:
    """As it is once a group agreed to every sentence of it."""
    yield "agreed-by-a-group", with_starters(make_answers(to_name="Ms Patel"))


def write_anew() -> None:
    """Write every golden letter, and take away those that are no case any more."""
    GOLDEN.mkdir(exist_ok=True)
    for old in GOLDEN.glob("*.txt"):
        if old.stem not in cases():
            old.unlink()
    for name in cases():
        (GOLDEN / f"{name}.txt").write_text(text_of(name), "utf-8")
    sys.stdout.write(f"{len(cases())} letters. Read aloud what changed: git diff tests/golden\n")


if __name__ == "__main__":
    write_anew()
