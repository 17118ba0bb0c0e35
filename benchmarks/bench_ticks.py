"""The page of ticks, drawn by its template, against the same page by WTForms' own widgets."""

import json
import re
import sys
import timeit
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from flask import current_app
from flask_wtf import FlaskForm
from jinja2 import Template
from wtforms import SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from webapp import create_app
from webapp.letter.compose import Answers, say, statements_to_choose
from webapp.settings import Settings
from webapp.web import steps
from webapp.web.common import words
from webapp.web.cookie import draft
from webapp.web.forms import WhatForm

ROUNDS, REPEATS = 20, 7
# Where 40 ticks go through widgets, every visitor of the page waits for them.
AT_LEAST = 6.0

SETTINGS = Settings(
    secret_key="a secret of the bench, long enough to be one",  # noqa: S106  # guards nothing
    public_url="https://letters.example",
    mail=None,
    mail_from="",
    host_name="A host",
    host_contact="host@example.org",
    database_url="",
)
TEMPLATE = Path(__file__).parent.parent / "webapp" / "web" / "templates" / "what.html"
# The same page: each row of ticks is one loop over a field's widgets.
BY_WIDGETS = re.sub(
    r"\{% for id, text in \w+ %\}.*?\{% endfor %\}",
    r"{% for tick in fields.pop() %}{{ tick() }}{{ tick.label }}{% endfor %}",
    TEMPLATE.read_text("utf-8"),
    flags=re.DOTALL,
)


class Ticks(SelectMultipleField):
    """Ticks as WTForms draws them."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class WidgetForm(FlaskForm):
    """One field for all ticks."""

    say = Ticks(validate_choice=False)


def by_template() -> str:
    """Our page."""
    return steps._what_page(_form()).get_data(as_text=True)  # the page as served


def by_widgets() -> str:
    """The same page, its ticks by widgets."""
    starters, rest = statements_to_choose(steps.answers(), words())
    fields = []
    for group in (*(more for _, more in reversed(rest)), starters):
        field = WidgetForm()
        field.say.choices = [(one.id, say(one, steps.answers(), words())) for one in group]
        fields.append(field.say)
    return _compiled().render(
        form=_form(),
        fields=fields,
        ticked=frozenset(),
        starters=starters,
        rest=[(section.title.me, more, False) for section, more in rest],
        **_frame(),
    )


@cache
def _compiled() -> Template:
    return current_app.jinja_env.from_string(BY_WIDGETS)


def _form() -> WhatForm:
    form = WhatForm(words(), data=vars(steps.answers()))
    form.draft.data = draft().id
    return form


def _frame() -> dict[str, Any]:
    texts = words().texts
    return {
        "words": words(),
        "form_words": texts["form"],
        "pages": texts["pages"],
        "settings": SETTINGS,
        "languages": {"en": words()},
        "has_answers": True,
        "has_outbox": False,
        "went_wrong": False,
    }


def _microseconds(function: Any) -> float:  # noqa: ANN401  # either side
    function()
    return min(timeit.repeat(function, number=ROUNDS, repeat=REPEATS)) / ROUNDS * 1e6


def main() -> dict[str, Any]:
    """Draw the page both ways in one process, in turn."""
    app = create_app(SETTINGS)
    with app.test_request_context("/letter/what", base_url="https://letters.example"):
        answers = replace(Answers(situation="work"), name="Emma", say=())
        draft().begin(answers)
        ours, theirs = by_template(), by_widgets()
        ticks = ours.count('name="say"')
        assert ticks == theirs.count('name="say"') >= 40
        ours_us, theirs_us = _microseconds(by_template), _microseconds(by_widgets)
    return {
        "measure": "page of ticks: WTForms widgets / template",
        "ratio": round(theirs_us / ours_us, 2),
        "at_least": AT_LEAST,
        "ticks": ticks,
        "template_us": round(ours_us),
        "widgets_us": round(theirs_us),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main()) + "\n")
