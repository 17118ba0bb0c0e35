"""The shell: a letter from a file of answers, and the check of the words."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from email import message_from_string, policy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask.cli import FlaskGroup

from .builders import ROOT, english, make_answers, make_letter, with_starters
from .letter_page import parse, plain_words, visible_text
from .locks import INSTALL
from .visitor import app_for

STARTERS = with_starters(make_answers()).say
EMMA = {"situation": "volunteering", "level": "named", "name": "Emma", "say": [*STARTERS]}


def _letter(answers: object, *options: str) -> Result:
    text = answers if isinstance(answers, str) else json.dumps(answers)
    return _run("letter", "-", *options, typed=text)


def _run(*args: str, typed: str = "") -> Result:
    runner = app_for().test_cli_runner()
    return runner.invoke(FlaskGroup(create_app=app_for), args, input=typed)


def _headers(result: Result) -> Any:
    return message_from_string(result.stdout, policy=policy.default)


def test_the_text_is_the_letter() -> None:
    result = _letter(EMMA, "--as", "text")
    assert result.exit_code == 0
    assert result.stdout.startswith("A note from Emma about volunteering\n")
    assert all(item in result.stdout for part in make_letter().parts for item in part.items)


def test_a_byte_order_mark_before_the_answers_is_no_matter() -> None:
    assert _letter("\ufeff" + json.dumps(EMMA)).stdout == _letter(EMMA).stdout


def test_all_three_forms_say_the_same() -> None:
    text, html, eml = (_letter(EMMA, "--as", form) for form in ("text", "html", "eml"))
    assert visible_text(parse(html.stdout)) == plain_words(text.stdout)
    body = _headers(eml).get_body(("plain",)).get_content()
    assert plain_words(body) == plain_words(text.stdout)


def test_an_eml_is_addressed_to_the_typed_or_a_made_up_address() -> None:
    assert _headers(_letter(EMMA, "--as", "eml"))["To"] == "you@example.org"
    emma = EMMA | {"email": "emma@example.org"}
    assert _headers(_letter(emma, "--as", "eml"))["To"] == "emma@example.org"


def test_the_same_answers_have_the_same_message_id() -> None:
    ids = [_headers(_letter(EMMA, "--as", "eml"))["Message-ID"] for _ in range(2)]
    other = _headers(_letter(EMMA | {"name": "Zoe"}, "--as", "eml"))["Message-ID"]
    assert ids[0] == ids[1] != other


def test_a_file_is_read_as_standard_input_is(tmp_path: Path) -> None:
    file = tmp_path / "answers.json"
    file.write_text(json.dumps(EMMA), encoding="utf-8")
    from_file = _run("letter", str(file))
    assert from_file.stdout == _letter(EMMA).stdout


def test_who_writes_she_and_the_other_name_are_read_as_the_form_reads_them() -> None:
    more = {"voice": "child", "writer": "Anna, her mother", "they": "she", "term": "situational"}
    text = _letter(EMMA | more, "--as", "text").stdout
    assert "Emma has Situational Mutism, an anxiety condition. She can talk freely" in text
    assert "Thank you,\nAnna, her mother\n" in text


def test_names_of_direct_sending_change_no_letter() -> None:
    more = {"recipient_email": "m@example.org", "recipient_name": "Ms Patel", "consent": "yes"}
    assert _letter(EMMA | more).stdout == _letter(EMMA).stdout


@pytest.mark.parametrize(
    ("change", "field", "error"),
    [
        ({"situation": "nowhere"}, "situation", "situation_unknown"),
        ({"they": "it"}, "they", "they_unknown"),
        ({"they": ["she"]}, "they", "text_expected"),
        ({"term": "elective"}, "term", "term_unknown"),
        ({"writer": "a" * 81}, "writer", "writer_too_long"),
        ({"writer": 5}, "writer", "text_expected"),
        ({"situation": None}, "situation", "text_expected"),
        ({"level": "all"}, "level", "level_unknown"),
        ({"voice": "them"}, "voice", "voice_unknown"),
        ({"say": ["nothing"]}, "say", "say_unknown"),
        ({"say": [1]}, "say", "text_expected"),
        ({"name": {}}, "name", "text_expected"),
        ({"situation": ["work", "school"]}, "situation", "text_expected"),
        ({"email": ["a@example.org"]}, "email", "text_expected"),
        ({"name": "x" * 81}, "name", "name_too_long"),
        ({"first": "x" * 151}, "first", "first_too_long"),
        ({"own_words": "see evil.com"}, "own_words", "contact"),
        ({"email": "emma"}, "email", "email_malformed"),
        ({"email": "\ud800@example.org"}, "email", "email_letters"),
    ],
)
def test_a_wrong_answer_is_one_clear_line_as_the_form_would_say_it(
    change: dict[str, Any], field: str, error: str
) -> None:
    result = _letter(EMMA | change)
    name, _, sentence = result.stderr.removesuffix("\n").partition(": ")
    assert (result.exit_code, result.stdout, name) == (2, "", field)
    assert english().texts["form"]["errors"][error].startswith(sentence)
    assert re.fullmatch(r"[^\n{}]+[.]", sentence)


@pytest.mark.parametrize(
    ("name", "shown"), [("levle", "levle"), ("a\nb\x1b[31m", "a b[31m"), ("x" * 99, "x" * 40)]
)
def test_a_question_that_nobody_asks_is_refused_by_its_name(name: str, shown: str) -> None:
    result = _letter(EMMA | {name: "needs"})
    assert result.exit_code == 2
    assert result.stderr == f"{shown}: No question of the form has this name.\n"


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '"x"', "[" * 100_000, '{"a": "\x00"'])
def test_what_is_no_table_is_one_clear_line(text: str) -> None:
    result = _letter(text)
    line = f"answers: {english().texts['form']['errors']['json_expected']}\n"
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", line)


def test_no_situation_is_said_as_the_form_says_it() -> None:
    sentence = english().texts["form"]["errors"]["situation_unknown"]
    assert _letter({}).stderr == f"situation: {sentence}\n"


def test_half_a_character_is_left_out() -> None:
    result = _letter(EMMA | {"name": "Em\ud800ma"}, "--as", "eml")
    assert _headers(result)["Subject"] == "A note from Emma about volunteering"


def test_bytes_that_are_no_text_are_no_table(tmp_path: Path) -> None:
    file = tmp_path / "answers.json"
    file.write_bytes(b'{"name": "\xff"}')
    result = _run("letter", str(file))
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)


@cache
def _flask(*args: str) -> subprocess.CompletedProcess[str]:
    """The real command, with nothing set in its environment."""
    bare = {"PATH": os.environ["PATH"], "PYTHONUTF8": "1"}
    flask = [sys.executable, "-m", "flask", "--app", "webapp", *args]
    return subprocess.run(
        flask, cwd=ROOT, env=bare, input=json.dumps(EMMA), capture_output=True, text=True
    )


def test_a_letter_needs_no_setting() -> None:
    done = _flask("letter", "-", "--as", "text")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == _letter(EMMA).stdout


def test_the_words_are_checked_without_a_setting_and_are_in_order() -> None:
    done = _flask("words", "check")
    assert (done.returncode, done.stderr) == (0, "")
    assert "reading grade" in done.stdout


def test_the_words_are_not_checked_without_a_tool_and_one_line_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "textstat", None)
    result = _run("words", "check")
    (line,) = result.stderr.splitlines()
    assert result.exit_code == 2
    assert "`make words` installs it" in line
    assert line.endswith(f"{INSTALL} requirements-dev.lock")


def test_a_letter_needs_no_tool_of_the_makers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "textstat", None)
    assert "Emma" in _letter(EMMA).stdout
