"""`flask words feedback`: counts per sentence from five on, and not a word about fewer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flask.cli import FlaskGroup

from webapp import create_app
from webapp.letter.words.catalogue import sentences_by_id
from webapp.store.database import Database
from webapp.store.feedback import LETTER, NO_WORDING, Feedback, Mark

from .builders import english
from .visitor import app_for

WAIT = sentences_by_id(english())["wait-in-silence"]
HELPFUL = Mark(WAIT.id, WAIT.wording, "helpful")


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/word-ahead.db"


def give(url: str, mark: Mark, times: int) -> None:
    database = Database(url, counts=True)
    database.start()
    for _ in range(times):
        Feedback(database).count([mark])
    database.close()


def told(url: str) -> list[str]:
    environ = {"WORD_AHEAD_DEMO": "1", "DATABASE_URL": url, "SECRET_KEY": "x" * 32}
    runner = app_for().test_cli_runner(env=environ)
    result = runner.invoke(FlaskGroup(create_app=lambda: create_app()), ["words", "feedback"])
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def test_from_five_on_a_sentence_has_its_counts_and_its_other_marks_stay_hidden(url: str) -> None:
    give(url, HELPFUL, 5)
    give(url, replace(HELPFUL, mark="wrong"), 4)
    give(url, Mark(LETTER, NO_WORDING, "helped"), 12)
    assert told(url) == [
        "the letter: helped 12, unsure under 5, not under 5",
        "wait-in-silence: helpful 5, unclear under 5, wrong under 5",
        "All others: under 5.",
    ]


def test_below_five_nobody_sees_that_a_sentence_was_marked_at_all(url: str) -> None:
    give(url, HELPFUL, 4)
    assert told(url) == ["All others: under 5."]


def test_marks_of_earlier_words_do_not_count_for_those_of_today(url: str) -> None:
    give(url, replace(HELPFUL, wording=b"gone"), 9)
    assert told(url) == ["All others: under 5."]
