"""From a person's answers to the letter that says them, and not a word more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Final, Literal

from ..errors import AnswersError
from ..mail.message import subject_line
from .agreement import certificate
from .answers import Answers, fallback_name, filled, say
from .length import count_words
from .plain_name import is_plain_name
from .words import (
    LEVELS,
    VOICES,
    Level,
    ReadyReply,
    Section,
    Situation,
    Statement,
    Voice,
    Wording,
    Words,
)

__all__ = [
    "ADDRESS_SLOT",
    "Answers",
    "Letter",
    "Part",
    "Reply",
    "compose",
    "contradictions",
    "fallback_name",
    "heading",
    "lead_in",
    "legal_combinations",
    "sample",
    "say",
    "situation_of",
    "statements_to_choose",
]

# Stands for the writer's address until a mail is made: a character nobody types (private use).
ADDRESS_SLOT: Final = "\ue000"
# The first promise: so much of a letter, at most, was not chosen by the person.
UNCHOSEN_WORDS: Final = 90


@dataclass(frozen=True)
class Part:
    """The sentences that were ticked in one section.

    Several under a lead-in are a list under a heading that ends in a colon; one alone ends the
    lead-in's own sentence.
    """

    heading: str = field(repr=False)
    items: tuple[str, ...] = field(repr=False)
    lead: str = field(default="", repr=False)
    listed: bool = False


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
    # The first paragraph: who I am to you, why I write, and a friendly line.
    before_opening: tuple[str, ...] = field(repr=False)
    opening: str = field(repr=False)
    after_opening: tuple[str, ...] = field(repr=False)
    # What choosing the level says.
    fact: str = field(repr=False)
    first_heading: str
    first: str = field(repr=False)
    own_words_heading: str
    own_words: tuple[str, ...] = field(repr=False)
    parts: tuple[Part, ...] = field(repr=False)
    rights: str = field(repr=False)
    # The last paragraph: what was ticked for the end, and what happens next.
    ending: tuple[str, ...] = field(repr=False)
    closing: str = field(repr=False)
    reply_line: str = field(repr=False)
    replies: tuple[Reply, ...] = field(repr=False)
    sign_off: str = field(repr=False)
    name: str = field(repr=False)
    credit: str
    version: str
    # In copies only: how its reader can answer, in its writer's words.
    answer_line: str = field(default="", repr=False)
    # Which group agreed to every sentence of it; below "named" a group's name would tell too much.
    agreed: str = field(default="", repr=False)
    # How the letter came, where we deliver it to somebody; no letter to oneself has it.
    note: str = ""

    def reply_to(self, address: str) -> str:
        """The line by which its reader answers, with the writer's address in it."""
        return self.reply_line.replace(ADDRESS_SLOT, address)

    @property
    def ticked(self) -> tuple[str, ...]:
        """What was ticked, in the order of the letter; asks without their lead-in."""
        parts = (item for part in self.parts for item in part.items)
        return (*self.before_opening, *self.after_opening, *parts, *self.ending)


def legal_combinations(words: Words) -> Iterator[tuple[str, Level, Voice]]:
    """Every situation, level and voice for which a letter can be made: all of them."""
    return product(words.situations, LEVELS, VOICES)


def unchosen_words(letter: Letter) -> int:
    """How many words of a letter its writer neither ticked nor typed nor pressed.

    The level's fact was pressed: its button shows the very words. "for" before a name in the
    signature is counted with that name.
    """
    texts = [letter.greeting, letter.opening, letter.first_heading, letter.own_words_heading]
    texts += [part.heading or part.lead for part in letter.parts]
    texts += [letter.closing, letter.reply_line, *(reply.label for reply in letter.replies)]
    texts += [letter.sign_off, letter.credit, letter.version, letter.agreed]
    return sum(map(count_words, texts))


def compose(answers: Answers, words: Words) -> Letter:
    """Make the letter; a statement that does not fit here is left out.

    Raises AnswersError where the situation is not known.
    """
    situation = situation_of(answers, words)
    frame = words.frame
    # One for pages, mail, replies and lock screens: of what was typed, only a plain name.
    plainly_named = answers if is_plain_name(answers.name) else replace(answers, name="")
    subject = subject_line(_subject(situation, plainly_named, words))
    own_words = tuple(line for line in answers.own_words.splitlines() if line.strip())
    ticked = _ticked(situation, answers, words)
    before_opening, after_opening = _around_the_opening(ticked, answers)
    letter = Letter(
        language=frame.code,
        direction=frame.direction,
        level=answers.level,
        subject=subject,
        title=_subject(situation, answers, words),
        greeting=_greeting(answers, words),
        before_opening=before_opening,
        opening=say(situation.opening, answers, words),
        after_opening=after_opening,
        fact=say(frame.fact_at(answers.level), answers, words),
        first=answers.first,
        first_heading=say(frame.first, answers, words) if answers.first else "",
        own_words_heading=say(frame.own_words, answers, words) if own_words else "",
        own_words=own_words,
        parts=tuple(_parts(ticked, answers, words)),
        rights=_rights(answers, words),
        ending=_sentences(ticked, "ending"),
        closing=say(_closing(situation, ticked, answers, words), answers, words),
        reply_line=say(frame.reply, answers, words).replace("{address}", ADDRESS_SLOT),
        replies=_replies(_ready_replies(situation, ticked, words), subject),
        sign_off=_sign_off(answers, words),
        name=_signature(answers, words),
        credit=frame.credit.text if answers.level == "named" else "",
        version=frame.version.text.replace("{version}", words.version),
    )
    return _with_certificate(letter, situation, ticked, answers, words)


def situation_of(answers: Answers, words: Words) -> Situation:
    """The situation that was chosen; raises AnswersError where it is not known."""
    try:
        return words.situations[answers.situation]
    except KeyError:
        raise AnswersError("situation", "Choose where your letter goes.") from None


def heading(section: Section, answers: Answers, words: Words) -> str:
    """A section's heading in the person's voice."""
    return say(section.title, answers, words)


def lead_in(section: Section, answers: Answers, words: Words) -> str:
    """What each of a section's sentences ends, or ""."""
    return say(section.lead, answers, words)


def sample(level: Level, answers: Answers, words: Words) -> str:
    """What choosing a level says: its fact, or at "needs" only why the letter comes."""
    fact = say(words.frame.fact_at(level), answers, words)
    return fact or say(situation_of(answers, words).opening, answers, words)


def statements_to_choose(
    answers: Answers, words: Words
) -> tuple[list[tuple[Section, list[Statement]]], list[tuple[Section, list[Statement]]]]:
    """What the form offers: the eight starters, then the rest; each section by section."""
    situation = situation_of(answers, words)
    shown = frozenset(situation.starters.at(answers.level))
    starters, rest = [], []
    for section, statements in words.sections_for(situation.id, answers.level):
        first = [one for one in statements if one.id in shown]
        more = [one for one in statements if one.id not in shown]
        if first:
            starters.append((section, first))
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


_Ticked = list[tuple[Section, tuple[str, ...]]]


def _ticked(situation: Situation, answers: Answers, words: Words) -> _Ticked:
    """The sections of which something was ticked, with what they say."""
    ticked = frozenset(answers.say)
    found = []
    for section, sentences in words.sentences_for(situation.id, answers.level, answers.voice):
        items = tuple(filled(text, answers, words) for one, text in sentences if one in ticked)
        if items:
            found.append((section, items))
    return found


def _sentences(ticked: _Ticked, place: str) -> tuple[str, ...]:
    return tuple(item for section, items in ticked if section.place == place for item in items)


def _around_the_opening(
    ticked: _Ticked, answers: Answers
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What stands before and after the purpose of the letter.

    "I am already part of your team" may come first; "Sam is …" only once it was said who Sam is.
    """
    who, goodwill = _sentences(ticked, "who"), _sentences(ticked, "goodwill")
    return (who, goodwill) if answers.voice == "me" else ((), (*who, *goodwill))


def _parts(ticked: _Ticked, answers: Answers, words: Words) -> Iterator[Part]:
    for section, items in ticked:
        if section.place == "prose":
            yield Part("", items)
        elif section.place == "body":
            yield _part(section, items, answers, words)


def _part(section: Section, items: tuple[str, ...], answers: Answers, words: Words) -> Part:
    lead = lead_in(section, answers, words)
    if len(items) == 1:
        title = "" if lead else heading(section, answers, words)
        return Part(title, items, lead)
    title = f"{lead}:" if lead else heading(section, answers, words)
    return Part(title, items, listed=True)


def _closing(situation: Situation, ticked: _Ticked, answers: Answers, words: Words) -> Wording:
    asks = _asks(ticked)
    if not asks:
        return situation.closing_without_asks
    if asks == 1:
        return words.frame.closing_to_one_ask
    beside_rights = situation.closing_beside_rights if _rights(answers, words) else None
    return beside_rights or situation.closing


def _asks(ticked: _Ticked) -> int:
    """How many things a letter asks for: of one alone nobody can say which of these works."""
    return sum(len(items) for section, items in ticked if section.asks)


def _ready_replies(situation: Situation, ticked: _Ticked, words: Words) -> tuple[ReadyReply, ...]:
    few = {0: words.frame.replies_without_asks, 1: words.frame.replies_to_one_ask}
    return few.get(_asks(ticked), situation.replies)


def _replies(ready: tuple[ReadyReply, ...], subject: str) -> tuple[Reply, ...]:
    return tuple(Reply(one.label, subject, one.body) for one in ready)


def _with_certificate(
    letter: Letter, situation: Situation, ticked: _Ticked, answers: Answers, words: Words
) -> Letter:
    """The letter with who agreed to it, where there is room within the words nobody chose."""
    if answers.level != "named":
        return letter
    agreed = certificate(_printed(letter, situation, ticked, answers, words), words)
    if unchosen_words(letter) + count_words(agreed) > UNCHOSEN_WORDS:
        return letter
    return replace(letter, agreed=agreed) if agreed else letter


def _printed(
    letter: Letter, situation: Situation, ticked: _Ticked, answers: Answers, words: Words
) -> Iterator[Wording | ReadyReply]:
    """Every sentence and heading that a letter prints: what a group can decide on.

    Its title, greeting, thanks, credit and version say nothing of their own.
    """
    frame = words.frame
    yield from (situation.opening, frame.reply)
    yield from filter(None, (frame.fact_at(answers.level),))
    yield from [frame.first] if letter.first else []
    yield from [frame.own_words] if letter.own_words else []
    for section, _ in ticked:
        yield from [section.lead or section.title] if section.place == "body" else []
    chosen = (words.statements.get(one) for one in answers.say)
    yield from (one for one in chosen if one and one.fits(situation.id, answers.level))
    yield from [words.rights[answers.rights]] if letter.rights else []
    yield _closing(situation, ticked, answers, words)
    yield from _ready_replies(situation, ticked, words)


def _subject(situation: Situation, answers: Answers, words: Words) -> str:
    subject = situation.subject
    if answers.voice != "child" and not answers.name:
        return subject.without_name
    return say(subject, answers, words)


def _sign_off(answers: Answers, words: Words) -> str:
    sign_off = words.frame.sign_off
    if _signature(answers, words):
        return say(sign_off, answers, words)
    return sign_off.me_without_name if answers.voice == "me" else sign_off.them_without_name


def _signature(answers: Answers, words: Words) -> str:
    """Who stands under the letter; where nobody typed who writes, whom it is for."""
    if answers.voice == "me" or answers.writer or not answers.name:
        return answers.signed
    return filled(words.frame.sign_off.signed_for, answers, words)


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
