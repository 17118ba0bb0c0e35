"""The page of ticks, drawn by its template, against the same page by WTForms' own widgets."""

import json
import re
import sys
import timeit
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from flask import Flask
from flask_wtf import FlaskForm
from jinja2 import ChoiceLoader, DictLoader
from wtforms import Field, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from webapp import create_app
from webapp.letter.compose import Answers, say
from webapp.letter.words import Statement, Words
from webapp.settings import Settings
from webapp.web import steps
from webapp.web.common import words
from webapp.web.cookie import draft
from webapp.web.forms import WhatForm

ROUNDS, REPEATS = 20, 7
# Where 40 ticks go through widgets, every visitor of the page waits for them.
AT_LEAST = 6.0

SETTINGS = Settings(
    secret_key="a secret of the bench long enough to be one",  # noqa: S106  # guards nothing
    public_url="https://letters.example",
    mail=None,
    mail_from="",
    host_name="A host",
    host_contact="host@example.org",
    database_url="",
)
TEMPLATE = Path(__file__).parent.parent / "webapp" / "web" / "templates" / "what.html"
# The same page: where it has its own loop over ticks, it draws those of a field.
BY_WIDGETS, LOOPS = re.subn(
    r"\{% for id, text in statements %\}.*?\{% endfor %\}",
    r"{% for tick in statements %}{{ tick() }}{{ tick.label }}{% endfor %}",
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
    """The page as served."""
    form = WhatForm(words(), data=vars(steps.answers()))
    form.draft.data = draft().id
    return steps._what_page(form).get_data(as_text=True)


def by_widgets() -> str:
    """The same page of the other app, which is given fields in place of ids and words."""
    with patch.object(steps, "_ticks", _field):
        return by_template()


def _field(statements: Sequence[Statement], said: Answers, language: Words) -> Field:
    form = WidgetForm()
    form.say.choices = [(one.id, say(one, said, language)) for one in statements]
    return form.say


def apps() -> tuple[Flask, Flask]:
    """Ours, and one whose page of ticks is drawn by widgets."""
    assert LOOPS == 1, "the page of ticks is drawn in another way"
    ours, theirs = create_app(SETTINGS), create_app(SETTINGS)
    assert ours.jinja_loader
    theirs.jinja_loader = ChoiceLoader([DictLoader({TEMPLATE.name: BY_WIDGETS}), ours.jinja_loader])
    return ours, theirs


def drawn(app: Flask, draw: Any) -> Any:  # noqa: ANN401  whatever is asked of the page
    """What comes of it for somebody at the page of ticks."""
    with app.test_request_context("/letter/what", base_url="https://letters.example"):
        draft().begin(replace(Answers(situation="work"), name="Emma", say=()))
        return draw()


def _microseconds(function: Any) -> float:  # noqa: ANN401  # either side
    return timeit.timeit(function, number=ROUNDS) / ROUNDS * 1e6


def main() -> dict[str, Any]:
    """Draw the page both ways in one process, in turn."""
    ours, theirs = apps()
    ticks = drawn(ours, by_template).count('name="say"')
    assert ticks == drawn(theirs, by_widgets).count('name="say"') >= 40
    ours_times, theirs_times = [], []
    for _ in range(REPEATS):
        ours_times.append(drawn(ours, partial(_microseconds, by_template)))
        theirs_times.append(drawn(theirs, partial(_microseconds, by_widgets)))
    # The best of each: what others do on the machine can only add to it.
    ours_us, theirs_us = min(ours_times), min(theirs_times)
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
