"""From a person's answers to the letter that says them, and not a word more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from typing import Final, Literal

from ..errors import AnswersError
from ..mail.message import subject_line
from .words import LEVELS, VOICES, Level, Section, Situation, Statement, Voice, Wording, Words

# Stands for the writer's address until a mail is made: a character nobody types (private use).
ADDRESS_SLOT: Final = "\ue000"

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


@dataclass(frozen=True)
class Part:
    """A heading and the statements that were ticked under it."""

    heading: str = field(repr=False)
    items: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True)
class Reply:
    """A ready reply: a line that opens a mail to the writer."""

    label: str
    subject: str = field(repr=False)
    body: str


@dataclass(frozen=True)
class Letter:
    """A letter as plain text in its parts; a part that is empty is not printed."""

    language: str
    direction: Literal["ltr", "rtl"]
    level: Level
    subject: str = field(repr=False)
    title: str = field(repr=False)
    greeting: str = field(repr=False)
    opening: str = field(repr=False)
    request: str = field(repr=False)
    first: str = field(repr=False)
    parts: tuple[Part, ...] = field(repr=False)
    own_words: tuple[str, ...] = field(repr=False)
    rights: str = field(repr=False)
    closing: str = field(repr=False)
    sharing: str = field(repr=False)
    reply_line: str = field(repr=False)
    replies: tuple[Reply, ...] = field(repr=False)
    sign_off: str
    name: str = field(repr=False)
    credit: str
    version: str
    # How the letter came, where we deliver it to somebody; no letter to oneself has it.
    note: str = ""


def legal_combinations(words: Words) -> Iterator[tuple[str, Level, Voice]]:
    """Every situation, level and voice for which a letter can be made: all of them."""
    return product(words.situations, LEVELS, VOICES)


def compose(answers: Answers, words: Words) -> Letter:
    """Make the letter; a statement that does not fit here is left out.

    Raises AnswersError where the situation is not known.
    """
    situation = situation_of(answers, words)
    frame = words.frame
    title = _subject(situation, answers, words)
    # As a header can say it, so that pages, mail and replies have one subject. The title keeps the
    # whole name as it was typed: a body has room, and shows joined characters.
    subject = subject_line(title)
    return Letter(
        language=frame.code,
        direction=frame.direction,
        level=answers.level,
        subject=subject,
        title=title,
        greeting=_greeting(answers, words),
        opening=say(situation.opening_at(answers.level), answers, words),
        request=say(situation.request, answers, words),
        first=answers.first,
        parts=tuple(_parts(situation, answers, words)),
        own_words=tuple(line for line in answers.own_words.splitlines() if line.strip()),
        rights=_rights(answers, words),
        closing=say(situation.closing, answers, words),
        sharing=say(situation.sharing, answers, words),
        reply_line=_with_name(
            frame.reply.in_voice(answers.voice).replace("{address}", ADDRESS_SLOT), answers, words
        ),
        replies=tuple(Reply(r.label, subject, r.body) for r in situation.replies),
        sign_off=_sign_off(answers, words),
        name=answers.name if answers.voice == "me" else "",
        credit=frame.credit.text if answers.level == "named" else "",
        version=frame.version.text.replace("{version}", words.version),
    )


def situation_of(answers: Answers, words: Words) -> Situation:
    """The situation that was chosen; raises AnswersError where it is not known."""
    try:
        return words.situations[answers.situation]
    except KeyError:
        raise AnswersError("situation", "Choose where your letter goes.") from None


def say(wording: Wording | None, answers: Answers, words: Words) -> str:
    """A wording in the person's voice, with the name they gave."""
    if wording is None:
        return ""
    return _with_name(wording.in_voice(answers.voice), answers, words)


def heading(section: Section, answers: Answers, words: Words) -> str:
    """A section's heading in the person's voice."""
    title = section.title
    if answers.voice != "me" and not answers.name and title.them_without_name:
        return title.them_without_name
    return say(title, answers, words)


def statements_to_choose(
    answers: Answers, words: Words
) -> tuple[list[Statement], list[tuple[Section, list[Statement]]]]:
    """What the form offers: the eight starters, then the rest section by section."""
    situation = situation_of(answers, words)
    starters = [words.statements[one] for one in situation.starters.at(answers.level)]
    shown = {statement.id for statement in starters}
    rest = []
    for section, statements in words.sections_for(situation.id, answers.level):
        more = [one for one in statements if one.id not in shown]
        if more:
            rest.append((section, more))
    return starters, rest


def contradictions(answers: Answers, words: Words) -> list[tuple[str, str]]:
    """Pairs of ticked sentences that do not go well together."""
    printed = [words.statements[one] for one in answers.say if one in words.statements]
    printed = [s for s in printed if s.fits(answers.situation, answers.level)]
    return [
        (say(one, answers, words), say(other, answers, words))
        for place, one in enumerate(printed)
        for other in printed[place + 1 :]
        if other.id in one.contradicts or one.id in other.contradicts
    ]


def _parts(situation: Situation, answers: Answers, words: Words) -> Iterator[Part]:
    ticked = frozenset(answers.say)
    for section, sentences in words.sentences_for(situation.id, answers.level, answers.voice):
        items = [
            _with_name(text, answers, words) if "{" in text else text
            for one, text in sentences
            if one in ticked
        ]
        if items:
            yield Part(heading(section, answers, words), tuple(items))


def _subject(situation: Situation, answers: Answers, words: Words) -> str:
    subject = situation.subject
    if answers.voice == "me" and not answers.name:
        return subject.me_without_name
    return _with_name(subject.in_voice(answers.voice), answers, words)


def _sign_off(answers: Answers, words: Words) -> str:
    sign_off = words.frame.sign_off
    if answers.voice == "me" and not answers.name:
        return sign_off.me_without_name
    return say(sign_off, answers, words)


def _greeting(answers: Answers, words: Words) -> str:
    greeting = words.frame.greeting
    if not answers.to_name:
        return greeting.plain
    return greeting.to_someone.replace("{to_name}", answers.to_name)


def _rights(answers: Answers, words: Words) -> str:
    right = words.rights.get(answers.rights)
    if right is None or not right.fits(answers.situation, answers.level):
        return ""
    return say(right, answers, words)


def fallback_name(answers: Answers, words: Words) -> str:
    """What stands in place of a name that nobody gave."""
    fallback = words.frame.fallback
    return fallback.child if answers.voice == "child" else fallback.supported


def _with_name(text: str, answers: Answers, words: Words) -> str:
    """Put the name in; "my child" gets its capital where it begins a sentence."""
    if "{" not in text:
        return text
    if answers.name:
        return text.replace("{them}", "{name}").replace("{name}", answers.name)
    text = text.replace("{them}", words.frame.fallback.them)
    stand_in = fallback_name(answers, words)
    first, *others = text.split("{name}")
    filled = first
    for other in others:
        starts = not filled.strip() or filled.rstrip().endswith(_SENTENCE_ENDS)
        filled += (stand_in[:1].upper() + stand_in[1:] if starts else stand_in) + other
    return filled
