"""What is asked once before a letter goes: a second press of the button is the answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from flask import request
from flask_wtf import FlaskForm

from ..letter.compose import Answers
from ..mail.addresses import is_for_many, likely_meant
from ..services import Services
from ..store.ledger import fold


@dataclass(frozen=True)
class Question:
    """A question about what was typed: a key of [check] in form.toml, and its values."""

    key: str
    id: str
    values: dict[str, str] = field(repr=False)


def open_questions(
    address: str, answers: Answers, answered: str, services: Services
) -> list[Question]:
    """The questions about this address that its writer has not answered yet."""
    known = frozenset(answered.split(","))
    return [q for q in _questions(address, answers, services) if q.id not in known]


def open_questions_of_reader(
    name: str, answers: Answers, answered: str, services: Services
) -> list[Question]:
    """Whether the reader's name may name the condition: consent and receipt would say it."""
    found = ", ".join(_names_in(name, answers, services))
    if not found:
        return []
    asked = _question("ask_named_reader", found, services, {"found": found})
    return [asked] if asked.id not in answered.split(",") else []


def open_questions_of_both(
    reader: str, own: str, answered: str, services: Services
) -> list[Question]:
    """Whether both addresses may lead to the writer's own inbox: then nobody else gets anything."""
    if fold(reader) != fold(own):
        return []
    asked = _question("ask_same", f"{reader} {own}", services, {"address": reader})
    return [asked] if asked.id not in answered.split(",") else []


def take_meant(form: FlaskForm, *fields: str) -> None:
    """Put the address that the page offered in place of the typed one, where it was pressed."""
    for name in fields:
        typed = (form[name].data or "").strip()
        if typed and likely_meant(typed) == request.form.get("use"):
            form[name].data = request.form["use"]


def own_names(answers: Answers, services: Services, answer_by: str = "") -> list[str]:
    """The condition's name where the person typed it into a letter that is not to name it."""
    texts = (answers.name, answers.to_name, answers.first, answers.own_words, answers.signed)
    typed = "\n".join((*texts, answer_by))
    return _names_in(typed, answers, services)


def seal_of_names(answers: Answers, services: Services, answer_by: str) -> str:
    """Stands for "Keep, I want this" in the cookie; other words ask again. "" for no names."""
    names = own_names(answers, services, answer_by)
    return services.keys.fingerprint("kept/v1", *names)[:8] if names else ""


def _names_in(typed: str, answers: Answers, services: Services) -> list[str]:
    return [] if answers.level == "named" else services.wall(answers.language).names_in(typed)


def _questions(address: str, answers: Answers, services: Services) -> Iterator[Question]:
    domain = address.rpartition("@")[2]
    meant = likely_meant(address)
    if meant:
        yield _question("ask_typo", address, services, {"meant": meant, "address": address})
    elif services.settings.check_domains and not services.domain_exists(domain):
        yield _question("ask_domain", address, services, {"domain": domain})
    if is_for_many(address):
        yield _question("ask_many", address, services, {"address": address})
    if answers.level != "named" and services.wall(answers.language).is_named_in(address):
        yield _question("ask_named", address, services, {})


def _question(key: str, asked: str, services: Services, values: dict[str, str]) -> Question:
    return Question(key, services.keys.fingerprint("question/v1", key, asked)[:8], values)
