"""Every mail of the house, at its longest and its shortest, from left to right and the reverse."""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

from webapp.delivery.envelope import ForPerson, envelope_for
from webapp.delivery.notices import code_notice, receipt_notice
from webapp.delivery.to_self import ToSelf, letter_to_self
from webapp.letter.compose import Answers, Letter, compose, legal_combinations
from webapp.letter.words import LEVELS, Level, Words, fill, load
from webapp.mail.message import Mail, message_id
from webapp.services import Services
from webapp.store.waiting import OpenedLetter, State, Ticket

from ..builders import MAIL_TEMPLATES
from ..visitor import PRODUCTION, Drawer, make_app
from .mail_tools import work_folder

LANGUAGES: Final = {"ltr": "en", "rtl": "he"}
SHORT: Final = ("emma@home.example.org", "manager@vets.example.org")
# A local part of 64 characters and 254 in all: the longest that the form takes (RFC 5321, 4.5.3.1).
_LONG_DOMAIN: Final = ".".join(["a" * 59, "b" * 60, "c" * 60, "example"])
LONG: Final = tuple(f"{(one * 16)[:64]}@{_LONG_DOMAIN}" for one in ("emma", "manager"))

# A made-up language in a script that runs from right to left: each letter has one to stand for it.
_LETTERS: Final = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "אבגדהוזחטיכלמנסעפצקרשתםןףך" * 2
)
_TEXT_KEYS: Final = (
    "me|them|(me|them)_without_name|label|body|plain|to_someone|text|child|supported"
)
_ONE_TEXT: Final = re.compile(rf'((?<![\w.])(?:{_TEXT_KEYS}) = )"((?:[^"\\]|\\.)*)"')
_ANY_TEXT: Final = re.compile(r'(= |\[|, )"((?:[^"\\]|\\.)*)"')

# The fields of webapp/web/forms.py filled to their last character; marks that HTML must escape.
_OWN_WORDS: Final = (
    'I know every dog here by name, and I write <b>"fast" & neatly</b>, don\'t worry.\n\n'
    "Last summer I wrote to the team on a small white board. That went very well for all of us. "
)


@dataclass(frozen=True)
class Sample:
    """A mail and what it is an example of."""

    name: str
    mail: Mail

    @property
    def data(self) -> bytes:
        """The mail as it leaves us."""
        return self.mail.to_bytes()


@cache
def samples() -> tuple[Sample, ...]:
    """All mails, made once for all campaigns."""
    with work_folder() as folder:
        return tuple(_samples(folder))


@cache
def english_services() -> Services:
    """A host that sends straight to a person, with the real words."""
    return _services(MAIL_TEMPLATES)


def _samples(folder: Path) -> Iterator[Sample]:
    made_up = folder / "templates"
    shutil.copytree(MAIL_TEMPLATES, made_up)
    write_made_up_language(made_up / "words")
    for direction, services in (("ltr", english_services()), ("rtl", _services(made_up))):
        words = services.library.words(LANGUAGES[direction])
        for level in LEVELS:
            yield from _of_level(words, level, services)
        ticket = Ticket("k" * 22, "493027", int(datetime.now(UTC).timestamp()) + 172_800)
        yield Sample(f"{direction} code", code_notice(SHORT[0], words.language, ticket, services))
        stop = code_notice(LONG[0], words.language, ticket, services, purpose="stop")
        yield Sample(f"{direction} stop code", stop)


def write_made_up_language(words: Path) -> None:
    """Put a language beside English whose every text runs from right to left."""
    folder = words / LANGUAGES["rtl"]
    shutil.copytree(words / "en", folder)
    for path in folder.rglob("*.toml"):
        if path.stem not in ("condition", "pages"):
            pattern = _ANY_TEXT if path.stem in ("mails", "form", "grammar") else _ONE_TEXT
            path.write_text(pattern.sub(_turned, path.read_text("utf-8")), "utf-8")
    frame = folder / "frame.toml"
    text = frame.read_text("utf-8").replace('"en-GB"', '"he"').replace('"ltr"', '"rtl"')
    frame.write_text(text, "utf-8")


def right_to_left(text: str) -> str:
    """A text in the made-up language; what stands in braces is filled in later."""
    # Without accents: nobody's letter mixes them with another script.
    plain = "".join(x for x in unicodedata.normalize("NFD", text) if not unicodedata.combining(x))
    pieces = re.split(r"(\{\w+\})", plain)
    return "".join(x if x.startswith("{") else x.translate(_LETTERS) for x in pieces)


def _turned(found: re.Match[str]) -> str:
    return f'{found[1]}"{right_to_left(found[found.lastindex or 2])}"'


def _services(templates: Path) -> Services:
    app = make_app(
        replace(PRODUCTION, direct_send="on"),
        post=Drawer(),
        mail_templates=templates,
        library=load(templates / "words"),
    )
    found = app.extensions["word_ahead"]
    assert isinstance(found, Services)
    return found


def _of_level(words: Words, level: Level, services: Services) -> Iterator[Sample]:
    for size, letter, (own, recipient) in (
        ("longest", longest(words, level), LONG),
        ("shortest", _shortest(words, level), SHORT),
    ):
        start = f"{words.frame.direction} {level} {size}"
        name = letter.name or words.frame.greeting.plain
        yield Sample(f"{start} to oneself", letter_to_self(_to_self(letter, words, own), services))
        order = _to_person(letter, words, (own, recipient, name))
        yield Sample(f"{start} to a person", mail_to_person(order, services))
        receipt = receipt_notice(
            envelope_for(order, services),
            _opened(),
            services,
            State.SENT if size == "shortest" else State.UNCERTAIN,
        )
        yield Sample(f"{start} receipt", receipt)


def longest(words: Words, level: Level) -> Letter:
    """All ticks, every field full and a paragraph of the law, where that is longest."""
    letters = [
        compose(_full(words, situation, level, voice=voice), words)
        for situation, fits, voice in legal_combinations(words)
        if fits == level
    ]
    return max(letters, key=lambda letter: len(repr(vars(letter)) + repr(letter.parts)))


def _full(words: Words, situation: str, level: Level, **changes: Any) -> Answers:
    found = words.situations[situation]
    rights = [one for one in words.rights.values() if one.fits(situation, level)]
    typed = {
        "name": ("Zoë Emmanuelle Fitzgerald-Worthington " * 3)[:80].strip(),
        "to_name": ("Ms Mĕera O'Neil-Patel & the <front> desk team " * 2)[:80].strip(),
        "first": ("If I go quiet, I can still hear you & I am not rude. " * 3)[:150].strip(),
        "own_words": (_OWN_WORDS * 4)[:600].strip(),
    }
    if words.frame.direction == "rtl":
        typed = {key: right_to_left(text) for key, text in typed.items()}
    values: dict[str, Any] = {
        "situation": situation,
        "level": level,
        "language": words.language,
        "say": tuple(one.id for one in words.statements_for(found, level)),
        "rights": max(rights, key=lambda one: len(one.me)).id,
    }
    return Answers(**(values | typed | changes))


def _shortest(words: Words, level: Level) -> Letter:
    return compose(Answers(situation="work", level=level, language=words.language), words)


def _to_self(letter: Letter, words: Words, address: str) -> ToSelf:
    return ToSelf(
        letter=letter,
        language=words.language,
        situation="work",
        draft_id="00" * 9,
        shown=letter.title,
        address=address,
    )


def _to_person(letter: Letter, words: Words, whom: tuple[str, str, str]) -> ForPerson:
    own, recipient, name = whom
    consent = words.texts["form"]["someone"][f"consent_me_{letter.level}"]
    values = {"host": PRODUCTION.host_name, "name": name, "address": recipient}
    return ForPerson(
        letter=letter,
        language=words.language,
        situation="work",
        draft_id="00" * 9,
        own=own,
        recipient=recipient,
        recipient_name=name,
        consent=fill(consent, values),
    )


def mail_to_person(order: ForPerson, services: Services) -> Mail:
    """The mail to the named person, with the id and the date that it gets at sending."""
    mail = envelope_for(order, services).mail
    domain = services.settings.mail_from.rpartition("@")[2]
    unique = message_id(b"k" * 32, domain, "person", order.own, mail.text)
    return replace(mail, message_id=unique, date=services.clock())


def emmas_letter(own: str, **fields: Any) -> Mail:
    """Emma's letter with her eight starters, sent straight to her manager."""
    services = english_services()
    words = services.library.words("en")
    say = words.situations["volunteering"].starters.named
    answers = Answers(situation="volunteering", name="Emma", say=say, **fields)
    order = _to_person(compose(answers, words), words, (own, SHORT[1], "Ms Patel"))
    return mail_to_person(order, services)


def _opened() -> OpenedLetter:
    return OpenedLetter(
        id=b"an id of sixteen",
        state=State.WAITING,
        expires_at=int(datetime.now(UTC).timestamp()) + 172_800,
        payload=b"",
        sent_at=None,
        attempt=0,
        may_send_again=False,
        key=b"",  # type: ignore[arg-type]
    )
