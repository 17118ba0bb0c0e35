"""The form's fields and their checks; a form neither sends nor stores.

Errors are keys of [errors] in the words' form.toml: the words own every sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, ClassVar, Final, TypeVar

from flask_wtf import FlaskForm
from wtforms import Field, Form, HiddenField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import StopValidation, ValidationError

from ..errors import AnswersError
from ..letter.compose import Answers
from ..letter.words import LEVELS, TERMS, THEY, VOICES, Words
from ..mail.addresses import read_address
from ..mail.contacts import find_contact
from ..mail.typed import clean_line, clean_lines, hides_something, utf8_length
from .cookie import ADDRESS_ROOM, Addresses

Check = Callable[[FlaskForm, Field], None]
_K = TypeVar("_K")


@dataclass(frozen=True)
class Room:
    """How much a free field may hold: together they fit the cookie (see browser.py)."""

    characters: int
    utf8_bytes: int

    def holds(self, text: str) -> bool:
        """Whether a text is short enough."""
        return len(text) <= self.characters and utf8_length(text) <= self.utf8_bytes

    def fitting(self, text: str) -> int:
        """How many letters of a text there is room for."""
        lengths = accumulate(utf8_length(letter) for letter in text[: self.characters])
        return sum(1 for length in lengths if length <= self.utf8_bytes)


NAME: Final = Room(80, 160)
WRITER: Final = Room(80, 100)
FIRST: Final = Room(150, 150)
OWN_WORDS: Final = Room(600, 1200)
ANSWER_BY: Final = Room(120, 160)


def fits(room: Room) -> Check:
    """Refuse a text that is too long for its room; one of many pages is looked at no further."""

    def check(form: FlaskForm, field: Field) -> None:
        if not room.holds(field.data):
            much = len(field.data) > 2 * room.characters
            raise (StopValidation if much else ValidationError)(f"{field.name}_too_long")

    return check


def no_contact(form: FlaskForm, field: Field) -> None:
    """Refuse links, addresses and telephone numbers: a letter goes to an unproven address."""
    if find_contact(field.data):
        raise ValidationError("contact")


def given(form: FlaskForm, field: Field) -> None:
    """Refuse an empty field."""
    if not field.data:
        raise ValidationError(f"{field.name}_missing")


def one_of(known: Sequence[str] | Mapping[str, object]) -> Check:
    """Refuse what is not in the list."""

    def check(form: FlaskForm, field: Field) -> None:
        if field.data not in known:
            raise ValidationError(f"{field.name}_unknown")

    return check


def address(form: FlaskForm, field: Field) -> None:
    """Refuse what is not one plain address; else keep its ASCII form."""
    try:
        field.data = read_address(field.data, field.name)
    except AnswersError as error:
        # Whose address is missing, each field says in its own words.
        missing = str(error) == "email_missing"
        raise ValidationError(f"{field.name}_missing" if missing else str(error)) from None


def _line(text: str | None) -> str:
    return clean_line(text or "")


def _lines(text: str | None) -> str:
    return clean_lines(text or "")


def _known(wanted: _K, known: Sequence[_K], before: _K) -> _K:
    return wanted if wanted in known else before


class StepForm(FlaskForm):
    """A page of the form: it knows the draft that it was made for."""

    draft = HiddenField()
    then = HiddenField()
    # New on each page that is shown: two presses with one of these are one.
    once = HiddenField()

    # Its name among the places that one can go to, and how much its free fields hold.
    place: ClassVar[str] = ""
    rooms: ClassVar[Mapping[str, Room]] = {}
    chooses_level: ClassVar[bool] = False

    def __init__(self, words: Words, **kwargs: Any) -> None:  # noqa: ANN401  # WTForms' own
        self.words = words
        super().__init__(**kwargs)

    def errors_by_field(self) -> dict[str, list[str]]:
        """Every error of each field; a form token that failed counts as `again`."""
        found = {name: errors for name, errors in self.errors.items() if errors and name}
        if "csrf_token" in found:
            return {"": ["again"]}
        return {str(name): [str(error) for error in errors] for name, errors in found.items()}

    def taken_out(self) -> frozenset[str]:
        """The fields that were typed with something in them that a letter has no place for."""
        typed = (field for field in self if field.name in self.rooms and field.raw_data)
        return frozenset(one.name for one in typed if hides_something(one.raw_data[0]))

    def changed(self, answers: Answers) -> Answers:
        """The answers with what this page asked put in."""
        return answers

    def addresses(self, before: Addresses) -> Addresses:
        """The addresses with what this page asked put in."""
        return before

    def fits(self) -> bool:
        """Whether what was typed can be kept, mistakes and all; else its fields say so."""
        for name, room in self.rooms.items():
            if not room.holds(self[name].data or ""):
                self[name].errors = [f"{name}_too_long"]
        return not any(self[name].errors for name in self.rooms)

    def room_left(self, name: str) -> int:
        """How many letters of what was typed there fit: of some scripts, fewer do."""
        return self.rooms[name].fitting(self[name].data)


class WhereForm(StepForm):
    """Where the letter goes."""

    situation = StringField()
    language = HiddenField()

    place = "where"

    def validate_situation(self, field: Field) -> None:
        one_of(self.words.situations)(self, field)

    def changed(self, answers: Answers) -> Answers:
        return replace(answers, situation=self.situation.data, language=self.words.language)


class HowMuchForm(StepForm):
    """Whose letter it is, who writes it, and how much it says."""

    name = StringField(filters=[_line], validators=[fits(NAME), no_contact])
    voice = StringField(filters=[lambda data: data or "me"], validators=[one_of(VOICES)])
    level = StringField(validators=[one_of(LEVELS)])
    writer = StringField(filters=[_line], validators=[fits(WRITER), no_contact])
    they = StringField(filters=[lambda data: data or "they"], validators=[one_of(THEY)])
    term = StringField(filters=[lambda data: data or "selective"], validators=[one_of(TERMS)])

    place = "how-much"
    rooms = {"name": NAME, "writer": WRITER}  # noqa: RUF012  # a form is made anew for each page, and changes none
    chooses_level = True

    def changed(self, answers: Answers) -> Answers:
        # Who leaves without a level has typed a name all the same.
        return replace(
            answers,
            name=self.name.data,
            voice=_known(self.voice.data, VOICES, answers.voice),
            level=_known(self.level.data, LEVELS, answers.level),
            writer=self.writer.data,
            they=_known(self.they.data, THEY, answers.they),
            term=_known(self.term.data, TERMS, answers.term),
        )


class WhatForm(StepForm):
    """What the letter says; the template draws the ticks, this only reads them."""

    say = SelectMultipleField(validate_choice=False)

    place = "what"

    def validate_say(self, field: Field) -> None:
        if any(one not in self.words.statements for one in field.data or ()):
            raise ValidationError("say_unknown")

    def changed(self, answers: Answers) -> Answers:
        ticked = frozenset(self.say.data or ())
        return replace(answers, say=tuple(one for one in self.words.statements if one in ticked))


class AboutYouForm(StepForm):
    """Everything else, all of it optional."""

    to_name = StringField(filters=[_line], validators=[fits(NAME), no_contact])
    first = StringField(filters=[_line], validators=[fits(FIRST), no_contact])
    own_words = TextAreaField(filters=[_lines], validators=[fits(OWN_WORDS), no_contact])
    rights = StringField()

    place = "about-you"
    rooms = {"to_name": NAME, "first": FIRST, "own_words": OWN_WORDS}  # noqa: RUF012

    def validate_rights(self, field: Field) -> None:
        if field.data:
            one_of(self.words.rights)(self, field)

    def changed(self, answers: Answers) -> Answers:
        return replace(
            answers,
            to_name=self.to_name.data,
            first=self.first.data,
            own_words=self.own_words.data,
            rights=self.rights.data if self.rights.data in self.words.rights else "",
        )


class SendForm(StepForm):
    """The address, the letter that was shown, and the questions that were answered."""

    email = StringField(filters=[lambda data: data or ""], validators=[address])
    # For copies alone: it may hold an address, since no mail of ours brings it to anybody.
    answer_by = TextAreaField(filters=[_line], validators=[fits(ANSWER_BY)])
    shown = HiddenField()
    answered = HiddenField()
    again = HiddenField()

    place = "check"
    rooms = {"answer_by": ANSWER_BY}  # noqa: RUF012

    def addresses(self, before: Addresses) -> Addresses:
        asked = self.answer_by.raw_data
        return replace(
            before,
            own=(self.email.data or "")[:ADDRESS_ROOM],
            answer_by=self.answer_by.data if asked else before.answer_by,
        )


class SomeoneForm(StepForm):
    """To whom a letter goes straight, whose it is, and the yes to that."""

    recipient_name = StringField(filters=[_line], validators=[given, fits(NAME), no_contact])
    recipient_email = StringField(filters=[lambda data: data or ""], validators=[address])
    email = StringField(filters=[lambda data: data or ""], validators=[address])
    may = StringField(filters=[lambda data: data or ""])
    answered = HiddenField()
    shown = HiddenField()
    consent = StringField(filters=[lambda data: data or ""])

    place = "someone"
    rooms = {"recipient_name": NAME}  # noqa: RUF012

    def __init__(
        self,
        words: Words,
        said: Answers | None = None,
        **kwargs: Any,  # noqa: ANN401  # WTForms' own
    ) -> None:
        self.voice = said.voice if said else ""
        super().__init__(words, **kwargs)

    def validate_may(self, field: Field) -> None:
        # Each voice has a sentence of its own: a tick under one is no yes to another.
        if field.data != self.voice:
            raise ValidationError("may_missing")

    def addresses(self, before: Addresses) -> Addresses:
        return replace(
            before,
            own=self.email.data[:ADDRESS_ROOM],
            reader=self.recipient_email.data[:ADDRESS_ROOM],
            reader_name=self.recipient_name.data[: NAME.characters],
            may=self.may.data if self.may.data in VOICES else "",
        )


class CodeForm(Form):
    """Six digits; they, and where the post came from, stand for a form token."""

    code = StringField(filters=[lambda data: data or ""])


class StopForm(Form):
    """The address that wants no more mail."""

    email = StringField(filters=[lambda data: data or ""], validators=[address])


class DeleteForm(FlaskForm):
    """A button that changes something, and nothing else."""


STEPS: Final[tuple[type[StepForm], ...]] = (WhereForm, HowMuchForm, WhatForm, AboutYouForm)
# The pages on which something is typed or ticked, by their places.
TYPED: Final[Mapping[str, type[StepForm]]] = {
    form.place: form for form in (HowMuchForm, WhatForm, AboutYouForm, SendForm, SomeoneForm)
}
