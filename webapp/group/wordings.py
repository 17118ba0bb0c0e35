"""A wording that a member proposes: as it was typed, as it reads in a letter, and what hinders it.

Members write about "Sam" and "they", as the page shows it; the files hold {name} and {they}.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ..letter.proofreading.manners import deadlines_in, orders_in
from ..letter.proofreading.sentences import LONGEST_SENTENCE, has_phrase, long_sentences_in
from ..letter.words import LEVELS, Level, Words, fill
from ..letter.words.fitting import bare_pronouns, ends_in, misfits, too_much
from ..letter.words.references import placeholders
from ..mail.typed import clean_line, contact_in
from .ballots import LONGEST_WORDING, Wording

# Whom a sentence about somebody else is about, on paper and on the page.
SOMEBODY: Final = "Sam"

_PERSON: Final = frozenset({"name", "they", "them", "their", "They", "Their"})
# What starts a formula in a spreadsheet, in which a result may be opened.
_FORMULA: Final = ("=", "+", "-", "@")
_QUOTED: Final = re.compile(r"“(.+?)”")


@dataclass(frozen=True)
class Fault:
    """Why a wording cannot be taken: a key of the words' group.toml, and what was found."""

    key: str
    found: str = field(default="", repr=False)


def typed(text: str, words: Words, *, them: bool, named: bool) -> str:
    """A text as the files hold it: in a text about somebody, names and pronouns become {…}."""
    cleaned = clean_line(text)
    condition = words.frame.term["selective"]
    if named:
        cleaned = re.sub(re.escape(condition), "{condition}", cleaned, flags=re.IGNORECASE)
    if not them:
        return cleaned
    forms = dict(zip(("they", "them", "their"), words.frame.they["they"], strict=True))
    about = words.frame.about.supported.replace("{name}", SOMEBODY)
    cleaned = cleaned.replace(about, "{about}")
    values = {SOMEBODY: "name"} | {form: key for key, form in forms.items()}
    values |= {form.capitalize(): key.capitalize() for key, form in forms.items()}
    alone = "|".join(map(re.escape, values))
    return re.sub(rf"(?<![\w{{])(?:{alone})(?![\w}}])", lambda m: f"{{{values[m[0]]}}}", cleaned)


def shown(text: str, words: Words) -> str:
    """A text as it is read, with Sam and "they" in place of what the files hold."""
    they, them, their = words.frame.they["they"]
    values = {"name": SOMEBODY, "they": they, "them": them, "their": their}
    values |= {name.capitalize(): value.capitalize() for name, value in values.items()}
    values["condition"] = words.frame.term["selective"]
    values["about"] = words.frame.about.supported.replace("{name}", SOMEBODY)
    return fill(text, values)


def levels_of(wording: Wording, words: Words) -> tuple[Level, ...]:
    """The levels at which a wording says no more than it may."""
    texts = (wording.me, wording.them)
    found = (one for one in LEVELS if not any(any(too_much(t, one, words)) for t in texts))
    return tuple(found) or ("named",)


@dataclass(frozen=True)
class Place:
    """Where a wording would stand, and so what it has to keep to."""

    levels: tuple[Level, ...]
    # Whether it ends the sentence of a lead-in.
    ends_lead: bool = False
    # A title, a lead-in or a ready reply is no sentence of the letter's own.
    is_sentence: bool = True
    # A ready reply speaks of nobody; its label, in place of the first voice, is a quotation.
    is_reply: bool = False
    # Only what ends a letter may name a time; the words' own check has the rest of that rule.
    may_have_a_time: bool = False
    # The names that its text of today holds beside those of a person: {address}, {about}.
    keeps: Mapping[str, frozenset[str]] = field(default_factory=dict)


def fault_in(wording: Wording, place: Place, words: Words) -> tuple[str, Fault] | None:
    """The first thing that hinders a wording, with its voice; None where nothing does."""
    for voice, text in (("me", wording.me), ("them", wording.them)):
        for fault in _faults(text, voice, place, words):
            return voice, fault
    return None


def _faults(text: str, voice: str, place: Place, words: Words) -> Iterator[Fault]:
    if not text:
        yield Fault("empty")
        return
    if len(text) > LONGEST_WORDING:
        yield Fault("long", str(LONGEST_WORDING))
    if contact_in(text):
        yield Fault("contact")
    if text.startswith(_FORMULA) or not any(map(str.isalpha, text)):
        yield Fault("begin")
    yield from _placeholder_faults(text, voice, place)
    for level in place.levels:
        yield from (Fault(f"level_{level}", found) for found in too_much(text, level, words))
    if voice == "them" and place.is_sentence:
        yield from _they_faults(text, words)
    if place.is_reply and voice == "me" and not (text[0] == "“" and text[-1] == "”"):
        yield Fault("quotes")
    yield from _plain_faults(text, place, words)


def _placeholder_faults(text: str, voice: str, place: Place) -> Iterator[Fault]:
    allowed = place.keeps.get(voice, frozenset())
    if voice == "them" and not place.is_reply:
        allowed |= _PERSON
    if place.levels == LEVELS[:1]:
        allowed |= {"condition"}
    found = placeholders(text)
    yield from (Fault("placeholder", one) for one in found if one not in allowed)
    missing = place.keeps.get(voice, frozenset()) - set(found)
    yield from (Fault("keep", one) for one in sorted(missing))


def _they_faults(text: str, words: Words) -> Iterator[Fault]:
    for problem in misfits(text, words):
        yield Fault("they", "".join(_QUOTED.findall(problem)[:1]))
    for problem in bare_pronouns(text, words):
        yield Fault("pronoun", "".join(_QUOTED.findall(problem)[:1]))


def _plain_faults(text: str, place: Place, words: Words) -> Iterator[Fault]:
    yield from (Fault("sentence", str(LONGEST_SENTENCE)) for _ in long_sentences_in(text))
    for hard, plain in words.condition.hard.items():
        if has_phrase(text, hard):
            yield Fault("hard", f"{hard}: {plain}")
    if not place.is_sentence:
        return
    if not place.may_have_a_time:
        yield from (Fault("date") for _ in deadlines_in(text, words))
    if place.ends_lead:
        yield from (Fault("ends") for _ in ends_in(text, words))
    else:
        yield from (Fault("order") for _ in orders_in(text, words))
        if text[-1] not in ".?":
            yield Fault("stop")
