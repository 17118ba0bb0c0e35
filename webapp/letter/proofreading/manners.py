"""The gates for good manners: no order, no deadline, and nothing that a tick could contradict.

The frame is tried out as well: whole letters with one, two and ten asks, in each voice, with they,
she and he, are held against lists of forms (grammar.toml).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..answers import Answers
from ..compose import Letter, compose, legal_combinations
from ..words import THEY, Voice, Words
from ..words.fitting import bare_pronouns, frame_wordings, wordings_of
from .sentences import SHORT_NAME, has_phrase, sentences_in

# So many asks a letter is tried with.
ASKS: Final = (1, 2, 10)
# A verb in the plural after "she" or "he", and the reverse after "they".
_MISMATCH: Final = re.compile(
    r"\b(?:(?:she|he) (?:are|were|have|do|want|need|like|know)"
    r"|they (?:is|was|has|does|\w+[^s']s))\b",
    re.IGNORECASE,
)
_LEFT_OPEN: Final = re.compile(r"[{}]|\s[.,;:]|\b(\w+) \1\b|\s\s")


def manners_problems(words: Words) -> Iterator[str]:
    """Every text that orders, sets a date, or says what is left to ticks; as "file: key: what"."""
    for section in words.sections.values():
        file = f"{words.language}/statements/{section.id}.toml"
        for key, wording in wordings_of(section):
            for voice, text in (("me", wording.me), ("them", wording.them)):
                if section.lead is None:
                    yield from _told(f"{file}: {key}.{voice}", orders_in(text, words))
                yield from _told(f"{file}: {key}.{voice}", deadlines_in(text, words))
            yield from _told(f"{file}: {key}.them", bare_pronouns(wording.them, words))
    yield from _frame_problems(words)
    yield from _whole_letters(words)


def orders_in(text: str, words: Words) -> Iterator[str]:
    """The sentences of a text that order somebody about; "please" and "could you" do not."""
    grammar = words.grammar
    for sentence in sentences_in(text):
        first = sentence.lstrip("“‘").lower()
        for order in (*grammar.orders, *grammar.bare_verbs):
            if re.match(rf"{re.escape(order)}\b", first):
                yield f"“{sentence}” begins like an order"
    for order in grammar.orders:
        if " " in order and has_phrase(text, order):
            yield f"“{order}” is an order"


def deadlines_in(text: str, words: Words) -> Iterator[str]:
    """What in a text is due on a day."""
    for phrase in words.grammar.deadlines:
        if has_phrase(text, phrase):
            yield f"“{phrase}” sets a date; a first letter has none"


def _frame_problems(words: Words) -> Iterator[str]:
    for file, key, wording in frame_wordings(words):
        where = f"{words.language}/{file}: {key}"
        yield from _told(f"{where}.them", bare_pronouns(wording.them, words))
        for text in (wording.me, wording.them):
            if file != "rights.toml":
                yield from _told(where, orders_in(text, words))
                yield from _told(where, _clashes(text, words))
            if not _may_have_a_time(words, file, key):
                yield from _told(where, deadlines_in(text, words))
    replies = {
        "frame.toml: replies_without_asks": words.frame.replies_without_asks,
        "frame.toml: replies_to_one_ask": words.frame.replies_to_one_ask,
    }
    for situation in words.situations.values():
        replies[f"situations/{situation.id}.toml: replies"] = situation.replies
    for at, ready in replies.items():
        where = f"{words.language}/{at}"
        for reply in ready:
            yield from _told(where, _clashes(reply.body, words))
            if not (reply.label.startswith("“") and reply.label.endswith("”")):
                yield f"{where}: “{reply.label}” is the reader's: put it in quotation marks"


def _may_have_a_time(words: Words, file: str, key: str) -> bool:
    """Only a closing for which another stands ready beside rights may name a time."""
    if key != "closing":
        return False
    situation = file.removeprefix("situations/").removesuffix(".toml")
    return words.situations[situation].closing_beside_rights is not None


def _clashes(text: str, words: Words) -> Iterator[str]:
    for phrase in words.grammar.left_to_ticks:
        if has_phrase(text, phrase):
            yield f"“{phrase}” is left to ticks, which it could contradict"


def _whole_letters(words: Words) -> Iterator[str]:
    for situation, level, voice in legal_combinations(words):
        asks = [
            one.id
            for section, statements in words.sections_for(situation, level)
            if section.asks
            for one in statements
        ]
        for they in THEY if voice != "me" else THEY[:1]:
            for count in ASKS:
                answers = Answers(
                    situation, level, voice, words.language, SHORT_NAME, they=they,
                    say=tuple(asks[:count]),
                )  # fmt: skip
                where = f"{words.language}/situations/{situation}.toml: {level}, {voice}, {they}"
                for problem in letter_problems(compose(answers, words), count, voice):
                    yield f"{where}, {count} asks: {problem}"


def letter_problems(letter: Letter, asks: int, voice: Voice) -> Iterator[str]:
    """What is wrong in a whole letter with so many asks, as grammar."""
    (part,) = letter.parts
    if (asks > 1) != part.listed or bool(part.lead) == part.listed:
        yield "its asks do not stand under their lead-in"
    frame = (letter.opening, letter.fact, part.heading, letter.closing, letter.reply_line)
    request = " ".join(filter(None, (part.lead, part.items[0])))
    for text in (*frame, request, *part.items, letter.sign_off):
        if found := _LEFT_OPEN.search(text) or (voice != "me" and _MISMATCH.search(text)):
            yield f"“{found.group()}” in “{text}”"
    for text in (letter.opening, letter.fact, letter.closing, request):
        if text and text[-1] not in ".?":
            yield f"“{text}” does not end"
    if part.listed and not part.heading.endswith(":"):
        yield f"“{part.heading}” leads to a list, and has no colon"


def _told(where: str, problems: Iterator[str]) -> Iterator[str]:
    for problem in problems:
        yield f"{where}: {problem}"
