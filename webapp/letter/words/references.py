"""Whether the words' files agree with each other: ids and placeholders."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from .library import Words
from .model import LEVELS, TERMS, THEY, Level, Section, Situation, Statement, Wording, short_hash

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}|[{}]")
# What a text about somebody else may hold.
_PERSON: Final = frozenset({"name", "they", "them", "their", "They", "Their"})
_CONDITION: Final = frozenset({"condition"})


def check_references(words: Words) -> Iterator[str]:
    """Every problem of one language, as "file: key: what is wrong"."""
    for section in words.sections.values():
        yield from _check_section(words, section)
    for situation in words.situations.values():
        yield from _check_situation(words, situation)
    for right in words.rights.values():
        yield from _unknown(
            words, "rights.toml", f"{right.id}.situations", right.situations, words.situations
        )
        yield from _check_voices(words, "rights.toml", right.id, right.me, right.them)
    yield from _check_frame(words)
    yield from _check_short_hashes(words)


def placeholders(text: str) -> list[str]:
    """The names in braces; a lone brace counts as one without a name."""
    return [match.group(1) or "" for match in _PLACEHOLDER.finditer(text)]


def _check_section(words: Words, section: Section) -> Iterator[str]:
    file = f"statements/{section.id}.toml"
    yield from _check_wording(words, file, "title", section.title)
    if section.lead is not None:
        yield from _check_wording(words, file, "lead", section.lead)
    for statement in section.statement:
        yield from _check_statement(words, file, statement)


def _check_statement(words: Words, file: str, statement: Statement) -> Iterator[str]:
    twice = sum(
        s.id == statement.id for section in words.sections.values() for s in section.statement
    )
    if twice > 1:
        yield _problem(words, file, statement.id, "the id is used more than once")
    if statement.situations != "all":
        key = f"{statement.id}.situations"
        yield from _unknown(words, file, key, statement.situations, words.situations)
    key = f"{statement.id}.contradicts"
    yield from _unknown(words, file, key, statement.contradicts, words.statements)
    named = _CONDITION if statement.levels == LEVELS[:1] else frozenset()
    yield from _allowed(words, file, f"{statement.id}.me", statement.me, named)
    yield from _allowed(words, file, f"{statement.id}.them", statement.them, _PERSON | named)


def _check_situation(words: Words, situation: Situation) -> Iterator[str]:
    file = f"situations/{situation.id}.toml"
    if sorted(situation.sections) != sorted(words.sections):
        yield _problem(words, file, "sections", "has to name every section, each once")
    for level in LEVELS:
        yield from _check_starters(words, file, situation, level)
    subject = situation.subject
    yield from _check_voices(words, file, "subject", subject.without_name, subject.them)
    yield from _allowed(words, file, "subject.me", subject.me, {"name"})
    yield from _allowed(words, file, "opening.me", situation.opening.me, set())
    them = situation.opening.them
    yield from _allowed(words, file, "opening.them", them, _PERSON | {"about"})
    if placeholders(them).count("about") != 1:
        yield _problem(words, file, "opening.them", "has to hold {about} once")
    for key, text in _plain_texts(situation):
        yield from _allowed(words, file, key, text, set())
    for key in ("closing", "closing_without_asks", "closing_beside_rights"):
        wording: Wording | None = getattr(situation, key)
        if wording is not None:
            yield from _check_wording(words, file, key, wording)


def _plain_texts(situation: Situation) -> Iterator[tuple[str, str]]:
    """The texts that nothing is filled into."""
    yield "label", situation.label
    yield "hint", situation.hint
    for reply in situation.replies:
        yield "replies.label", reply.label
        yield "replies.body", reply.body


def _check_starters(words: Words, file: str, situation: Situation, level: Level) -> Iterator[str]:
    ids = situation.starters.at(level)
    for one, times in Counter(ids).items():
        key = f"starters.{level}"
        if times > 1:
            yield _problem(words, file, key, f"names {one} twice")
        statement = words.statements.get(one)
        if statement is None:
            yield _problem(words, file, key, f"names {one}, which is no statement")
        elif not statement.fits(situation.id, level):
            yield _problem(words, file, key, f"names {one}, which does not fit here")


def _check_frame(words: Words) -> Iterator[str]:
    frame = words.frame
    for key, text in _bare_texts(words):
        yield from _allowed(words, "frame.toml", key, text, set())
    for key in ("sign_off", "first", "own_words", "closing_to_one_ask"):
        wording = getattr(frame, key)
        yield from _check_wording(words, "frame.toml", key, wording)
    yield from _check_fact(words)
    yield from _held_once(words, "agreed.text", frame.agreed.text, ("by", "date"))
    for key, text, name in (
        ("greeting.to_someone", frame.greeting.to_someone, "to_name"),
        ("reply.me", frame.reply.me, "address"),
        ("reply.them", frame.reply.them, "address"),
        ("version.text", frame.version.text, "version"),
        ("sign_off.signed_for", frame.sign_off.signed_for, "name"),
        ("about.child", frame.about.child, "name"),
        ("about.supported", frame.about.supported, "name"),
        ("paper.sender", frame.paper.sender, "name"),
        ("paper.reader", frame.paper.reader, "name"),
        ("paper.answer", frame.paper.answer, "answer_by"),
    ):
        yield from _held_once(words, key, text, (name,))
    yield from _held_once(words, "paper.date", frame.paper.date, ("day", "month", "year"))
    for key, ids, wanted in (("they", frame.they, THEY), ("term", frame.term, TERMS)):
        if set(ids) != set(wanted):
            yield _problem(words, "frame.toml", key, f"has to hold {', '.join(wanted)}")


def _held_once(words: Words, key: str, text: str, names: Sequence[str]) -> Iterator[str]:
    """Whether a text of the frame holds these placeholders, each once, and no other."""
    yield from _allowed(words, "frame.toml", key, text, names)
    for name in names:
        if placeholders(text).count(name) != 1:
            yield _problem(words, "frame.toml", key, f"has to hold {{{name}}} once")


def _check_fact(words: Words) -> Iterator[str]:
    """Only the fact of "named" may name the condition, and it has to: else nothing would."""
    fact = words.frame.fact
    for level, wording, more in (
        ("named", fact.named, _CONDITION),
        ("described", fact.described, frozenset[str]()),
    ):
        for voice, text, names in (
            ("me", wording.me, more),
            ("them", wording.them, _PERSON | more),
        ):
            key = f"fact.{level}.{voice}"
            yield from _allowed(words, "frame.toml", key, text, names)
            if more and "condition" not in placeholders(text):
                yield _problem(words, "frame.toml", key, "has to hold {condition}")


def _bare_texts(words: Words) -> Iterator[tuple[str, str]]:
    """The frame's texts into which nothing is filled."""
    frame = words.frame
    yield "greeting.plain", frame.greeting.plain
    yield "fallback.child", frame.fallback.child
    yield "fallback.supported", frame.fallback.supported
    yield "about.child_without_name", frame.about.child_without_name
    yield "about.supported_without_name", frame.about.supported_without_name
    yield "sign_off.me_without_name", frame.sign_off.me_without_name
    yield "sign_off.them_without_name", frame.sign_off.them_without_name
    yield "credit.text", frame.credit.text
    for key in ("replies_to_one_ask", "replies_without_asks"):
        for reply in getattr(frame, key):
            yield f"{key}.label", reply.label
            yield f"{key}.body", reply.body
    yield from (("they", one) for forms in frame.they.values() for one in forms)
    yield from (("term", one) for one in frame.term.values())
    for key in ("lines", "months"):
        yield from ((f"paper.{key}", one) for one in getattr(frame.paper, key))


def _check_wording(words: Words, file: str, key: str, wording: Wording) -> Iterator[str]:
    yield from _check_voices(words, file, key, wording.me, wording.them)


def _check_voices(words: Words, file: str, key: str, me: str, them: str) -> Iterator[str]:
    yield from _allowed(words, file, f"{key}.me", me, set())
    yield from _allowed(words, file, f"{key}.them", them, _PERSON)


def _allowed(words: Words, file: str, key: str, text: str, names: Collection[str]) -> Iterator[str]:
    for name in placeholders(text):
        if name not in names:
            yield _problem(words, file, key, f"has the unknown placeholder {{{name}}}")


def _unknown(
    words: Words, file: str, key: str, ids: Sequence[str], known: Mapping[str, object]
) -> Iterator[str]:
    for one in ids:
        if one not in known:
            yield _problem(words, file, key, f"names {one}, which does not exist")


def _check_short_hashes(words: Words) -> Iterator[str]:
    """A browser's cookie knows statements and rights by four bytes: two must never share them."""
    groups = (words.statements, words.situations, words.rights)
    for what, ids in zip(("statements", "situations", "rights"), groups, strict=True):
        for _, same in _by_short_hash(ids):
            if len(same) > 1:
                yield f"{words.language}/{what}: {' and '.join(same)}: rename one, hashes collide"


def _by_short_hash(ids: Mapping[str, object]) -> list[tuple[bytes, list[str]]]:
    groups: dict[bytes, list[str]] = {}
    for one in ids:
        groups.setdefault(short_hash(one), []).append(one)
    return list(groups.items())


def _problem(words: Words, file: str, key: str, what: str) -> str:
    return f"{words.language}/{file}: {key}: {what}"
