"""A text as it stands in its letter, whatever voice, level and situation one looks at it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ..letter.answers import filled
from ..letter.compose import Answers, Letter, Part, Reply, compose, heading, lead_in
from ..letter.words import LEVELS, VOICES, Level, Voice, Words
from .ballots import Wording
from .round import Question
from .wordings import SOMEBODY, Place

# What a text of the frame holds beside the names of a person.
_KEEPS: Final[Mapping[str, Mapping[str, frozenset[str]]]] = {
    "frame-reply": dict.fromkeys(("me", "them"), frozenset({"address"})),
}
# Which field of a letter a section's place is.
_AROUND: Final = {"who": "before_opening", "goodwill": "after_opening", "ending": "ending"}
_ABOUT: Final = {"them": frozenset({"about"})}
_NAME: Final = {"me": frozenset({"name"})}


@dataclass(frozen=True)
class View:
    """In which letter a text is looked at."""

    situation: str
    level: Level
    voice: Voice


def view_of(question: Question, asked: Mapping[str, str], words: Words) -> View:
    """The letter that was asked for; where it does not say such a text, one that does."""
    situations = question.situations or tuple(words.situations)
    situation, level, voice = (asked.get(name, "") for name in ("situation", "level", "voice"))
    return View(
        situation if situation in situations else situations[0],
        level if level in question.levels else question.levels[0],
        voice if voice in VOICES else "me",
    )


def place_of(question: Question, words: Words) -> Place:
    """What a wording of this question has to keep to."""
    section = words.sections.get(question.part)
    by_kind = {"opening": _ABOUT, "subject": _NAME}
    keeps = by_kind.get(question.kind) or _KEEPS.get(question.id, {})
    return Place(
        levels=question.levels,
        ends_lead=question.kind == "statement" and bool(section and section.lead),
        is_sentence=question.kind in ("statement", "opening", "closing"),
        is_reply=question.kind == "reply",
        may_have_a_time=question.kind == "closing",
        keeps=keeps,
    )


def place_in(section: str, words: Words) -> Place:
    """What a new sentence of a section has to keep to; it may be one for "named" alone."""
    has_lead = words.sections[section].lead is not None
    return Place(levels=LEVELS[:1], ends_lead=has_lead)


def standing(
    wording: Wording, question: Question, view: View, words: Words
) -> tuple[Letter, frozenset[str]]:
    """A short letter that says the wording, and the texts in it to be marked."""
    answers = Answers(
        view.situation, view.level, view.voice, words.language, SOMEBODY, writer=SOMEBODY
    )
    if view.voice != "me":
        answers = replace(answers, writer="")
    letter = compose(answers, words)
    if question.kind == "reply":
        made = Reply(wording.me, letter.subject, wording.them)
        return replace(letter, replies=(made,)), frozenset({wording.me, wording.them})
    text = filled(wording.me if view.voice == "me" else wording.them, answers, words)
    if not text:
        return letter, frozenset()
    return replace(letter, **_changes(text, question, answers, words)), frozenset({text})


def _changes(text: str, question: Question, answers: Answers, words: Words) -> dict[str, Any]:
    if question.kind == "statement":
        return _statement(text, question.part, answers, words)
    if question.kind in ("heading", "lead"):
        return _over_a_sentence(text, question, answers, words)
    if question.kind == "subject":
        return {"title": text}
    if question.kind in ("opening", "closing"):
        return {question.kind: text}
    in_frame: dict[str, dict[str, Any]] = {
        "frame-first": {"first_heading": text, "first": "…"},
        "frame-own-words": {"own_words_heading": text, "own_words": ("…",)},
        "frame-reply": {"reply_line": text},
        "frame-sign-off": {"sign_off": text},
    }
    return in_frame.get(question.id, {"fact" if "fact" in question.id else "closing": text})


def _statement(text: str, part: str, answers: Answers, words: Words) -> dict[str, Any]:
    section = words.sections[part]
    if around := _AROUND.get(section.place):
        return {around: (text,)}
    if section.place == "prose":
        return {"parts": (Part("", (text,)),)}
    lead = lead_in(section, answers, words)
    return {"parts": (Part("" if lead else heading(section, answers, words), (text,), lead),)}


def _over_a_sentence(
    text: str, question: Question, answers: Answers, words: Words
) -> dict[str, Any]:
    """A title or a lead-in, over the first sentence that such a letter says there."""
    part = question.id.rpartition("-")[0]
    sentences = words.sentences_for(answers.situation, answers.level, answers.voice)
    said = next((found for section, found in sentences if section.id == part), ())
    items = tuple(filled(one, answers, words) for _, one in said[:1])
    is_lead = question.kind == "lead"
    return {"parts": (Part("" if is_lead else text, items, text if is_lead else ""),)}
