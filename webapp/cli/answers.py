"""Answers in a table, as the shell reads them: checked by the form's own rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from werkzeug.datastructures import MultiDict

from ..errors import AnswersError
from ..letter.compose import Answers
from ..letter.words import Words
from ..mail.addresses import read_address
from ..web.forms import STEPS, SendForm

# The names that a table of answers may hold; those of sending to somebody else change no letter.
_FIELDS: Final = frozenset(
    (
        *("situation", "language", "level", "voice", "name", "say"),
        *("to_name", "first", "own_words", "rights", "email"),
        *("writer", "term", "they"),
        *("recipient_email", "recipient_name", "consent", "code"),
    )
)


def answers_from(values: Mapping[str, Any], words: Words) -> tuple[Answers, str]:
    """The answers and the address in a table, checked by the form's own rules.

    Raises AnswersError whose sentence is a key of the form's errors.
    """
    typed = MultiDict(_typed(values))
    typed.setdefault("email", "you@example.org")
    answers = Answers(situation="", language=words.language)
    for form_class in (*STEPS, SendForm):
        form = form_class(words, formdata=typed, meta={"csrf": False})
        if not form.validate():
            field, errors = next(iter(form.errors_by_field().items()))
            raise AnswersError(field, errors[0])
        answers = form.changed(answers)
    return answers, read_address(typed["email"])


def _typed(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    pairs = []
    for name, value in values.items():
        if name not in _FIELDS:
            # A slip in "level" would else give a letter that says more than was wanted.
            raise AnswersError(name, "field_unknown")
        # Of anything but the statements there is one; which of two was meant, nobody can know.
        for one in value if isinstance(value, list) and name == "say" else [value]:
            if not isinstance(one, str):
                raise AnswersError(name, "text_expected")
            pairs.append((name, one))
    return pairs
