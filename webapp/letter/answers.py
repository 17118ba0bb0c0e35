"""What a person said in the form, and how their words' texts are filled in with it."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field
from typing import Final

from .words import Level, Term, They, Voice, Wording, Words

_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_SENTENCE_ENDS: Final = (".", "?", "!", ":")


@dataclass(frozen=True)
class Answers:
    """What a person said in the form."""

    situation: str
    level: Level = "named"
    voice: Voice = "me"
    language: str = "en"
    name: str = field(default="", repr=False)
    to_name: str = field(default="", repr=False)
    first: str = field(default="", repr=False)
    own_words: str = field(default="", repr=False)
    say: tuple[str, ...] = field(default=(), repr=False)
    rights: str = field(default="", repr=False)
    term: Term = field(default="selective", repr=False)
    they: They = field(default="they", repr=False)
    writer: str = field(default="", repr=False)

    @property
    def signed(self) -> str:
        """Who stands under the letter: the person, or whoever writes for them."""
        return self.name if self.voice == "me" else self.writer


def say(wording: Wording | None, answers: Answers, words: Words) -> str:
    """A wording in the person's voice, with what they gave filled in."""
    return "" if wording is None else filled(wording.in_voice(answers.voice), answers, words)


def filled(text: str, answers: Answers, words: Words) -> str:
    """A text with its {placeholders} filled in, in one pass: typed braces are no placeholders.

    "my child" gets its capital where it begins a sentence.
    """
    if "{" not in text:
        return text
    values = _values(answers, words)

    def value(match: re.Match[str]) -> str:
        given = values.get(match[1])
        if given is None:
            return match[0]
        before = text[: match.start()].rstrip()
        begins = match[1] == "name" and not answers.name
        if begins and (not before or before.endswith(_SENTENCE_ENDS)):
            return given[:1].upper() + given[1:]
        return given

    return _PLACEHOLDER.sub(value, text)


def day(date: datetime.date, words: Words) -> str:
    """A date as a person writes it."""
    paper = words.frame.paper
    month = paper.months[date.month - 1]
    return paper.date.format_map({"day": date.day, "month": month, "year": date.year})


def fallback_name(answers: Answers, words: Words) -> str:
    """What stands in place of a name that nobody gave."""
    fallback = words.frame.fallback
    return fallback.child if answers.voice == "child" else fallback.supported


def condition_name(answers: Answers, words: Words) -> str:
    """The name of the condition that the person chose."""
    return words.frame.term[answers.term]


def _values(answers: Answers, words: Words) -> dict[str, str]:
    they, them, their = words.frame.they[answers.they]
    return {
        "name": answers.name or fallback_name(answers, words),
        "they": they,
        "them": them,
        "their": their,
        "They": they.capitalize(),
        "Their": their.capitalize(),
        "condition": condition_name(answers, words),
        "about": _about(answers, words),
    }


def _about(answers: Answers, words: Words) -> str:
    """Whom a letter about somebody else is about, as its first sentence says it."""
    about = words.frame.about
    if not answers.name:
        is_child = answers.voice == "child"
        return about.child_without_name if is_child else about.supported_without_name
    text = about.child if answers.voice == "child" else about.supported
    return text.replace("{name}", answers.name)
