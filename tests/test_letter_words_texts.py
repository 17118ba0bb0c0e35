"""The form's own words: each file is held against the list of what pages and mails ask for."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from webapp import cli, create_app
from webapp.errors import WordsError
from webapp.letter.words import load, read

from .builders import MAIL_TEMPLATES, ROOT
from .visitor import DEMO, Visitor, make_app

Tables = dict[str, Any]

FILES = ("form", "pages", "mails", "group")
ENGLISH: dict[str, Tables] = {
    name: tomllib.loads((MAIL_TEMPLATES / f"words/en/{name}.toml").read_text("utf-8"))
    for name in FILES
}
LIST: dict[str, Tables] = tomllib.loads(
    (ROOT / "webapp/letter/words/texts.toml").read_text("utf-8")
)


def _keys(file: str) -> Iterator[tuple[str, str]]:
    for table, texts in ENGLISH[file].items():
        yield from ((table, key) for key in texts)


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _write(words: Path, file: str, tables: Tables) -> None:
    lines = [f"{key} = {_toml(value)}\n" for key, value in tables.items()]
    (words / "en" / f"{file}.toml").write_text("".join(lines), "utf-8")


def _change(words: Path, file: str, change: Callable[[Tables], object]) -> None:
    """Write the English words with one file changed."""
    tables = deepcopy(ENGLISH[file])
    change(tables)
    _write(words, file, tables)


def _problems(words: Path, file: str, change: Callable[[Tables], object]) -> list[str]:
    _change(words, file, change)
    return read(words)[1]


def _stops(words: Path, file: str, change: Callable[[Tables], object]) -> str:
    _change(words, file, change)
    with pytest.raises(WordsError) as caught:
        load(words)
    return str(caught.value)


def _put(key: str, value: object) -> Callable[[Tables], object]:
    table, _, name = key.partition(".")
    return lambda tables: tables[table].update({name: value})


def test_the_list_is_what_the_english_files_hold() -> None:
    assert {file: {t: [*keys] for t, keys in tables.items()} for file, tables in LIST.items()} == {
        file: {t: [*keys] for t, keys in tables.items()} for file, tables in ENGLISH.items()
    }


@pytest.mark.parametrize("file", FILES)
def test_what_these_tests_write_is_the_same_file(words: Path, file: str) -> None:
    assert _problems(words, file, lambda _: None) == []


@pytest.mark.parametrize("file", FILES)
def test_each_key_that_is_missing_is_named(words: Path, file: str) -> None:
    for table, key in _keys(file):
        if LIST[file][table][key].startswith("perhaps "):
            continue
        told = _stops(words, file, lambda tables, t=table, k=key: tables[t].pop(k))  # type: ignore[misc]
        assert told == f"en/{file}.toml: {table}.{key}: is missing"


def test_a_group_without_a_contact_leaves_its_three_lines_out_and_the_page_has_no_link(
    words: Path,
) -> None:
    optional = {f"{t}.{k}" for t, k in _keys("pages") if LIST["pages"][t][k].startswith("perhaps ")}
    assert optional == {"sent.tell", "sent.tell_link", "sent.tell_address"}
    for one in optional:
        assert _problems(words, "pages", lambda tables, k=one: tables["sent"].pop(k[5:])) == []  # type: ignore[misc]
        emma = Visitor(make_app(DEMO, library=load(words)), DEMO.public_url)
        emma.reaches_check().sends_to("emma@example.org")
        assert (emma.page.status, emma.page.path) == (200, "/letter/sent")
        assert "nsun.org.uk" not in emma.page.html
        assert "How did you find it?" in emma.page.text


@pytest.mark.parametrize("file", FILES)
def test_each_table_that_is_missing_is_named(words: Path, file: str) -> None:
    for table in ENGLISH[file]:
        told = _stops(words, file, lambda tables, t=table: tables.pop(t))  # type: ignore[misc]
        assert told == f"en/{file}.toml: {table}: is missing"


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("value", [5, "", " ", [], {}, True, [""], [5], {"heading": "A"}])
def test_each_key_with_another_kind_of_value_is_named(
    words: Path, file: str, value: object
) -> None:
    tables = {t: dict.fromkeys(texts, value) for t, texts in ENGLISH[file].items()}
    problems = _problems(words, file, lambda broken: broken.update(tables))
    assert len(problems) >= len([*_keys(file)])
    for table, key in _keys(file):
        assert any(one.startswith(f"en/{file}.toml: {table}.{key}") for one in problems)


@pytest.mark.parametrize(
    ("file", "table", "key"),
    [
        ("form", "how_much", "level_hint"),
        ("form", "errors", "email_malformed"),
        ("form", "confirm", "sent_now"),
        ("pages", "problem", "missing_heading"),
        ("mails", "receipt", "handed"),
        ("mails", "code", "nobody"),
    ],
)
def test_a_key_by_another_name_is_named_with_both(
    words: Path, file: str, table: str, key: str
) -> None:
    def renamed(tables: Tables) -> None:
        tables[table][f"{key}_new"] = tables[table].pop(key)

    assert _problems(words, file, renamed) == [
        f"en/{file}.toml: {table}.{key}: is missing",
        f"en/{file}.toml: {table}.{key}_new: is a key that nothing asks for",
    ]


PART = {"heading": "A heading", "text": ["Write to {contact}. {host} has {hours} hours. {stop}"]}


@pytest.mark.parametrize(
    ("file", "key", "value", "told"),
    [
        ("form", "site.host", "Run by {hst}.", "has the unknown placeholder {hst}"),
        ("form", "site.host", "Run by {hst}.", "has to hold {host}"),
        ("form", "where.heading", "{name}", "has the unknown placeholder {name}"),
        ("form", "where.heading", "a { b", "has the unknown placeholder {}"),
        ("form", "site.step", "A step", "has to hold {number}"),
        ("form", "where.heading", 5, "has to be a text"),
        ("form", "where.heading", " ", "is empty"),
        ("mails", "receipt.sent", "{moment}", "has to hold {address}"),
        ("mails", "code.subject", "{kode}", "has the unknown placeholder {kode}"),
        ("group", "ballot.intro", "May", "has to be a list"),
        ("pages", "start.points", [], "is empty"),
        ("pages", "help.part", [PART | {"text": ["Hello."]}], "has to hold {contact}"),
        ("pages", "help.part", 5, "has to be a list"),
    ],
)
def test_a_text_that_cannot_be_used_is_named(
    words: Path, file: str, key: str, value: object, told: str
) -> None:
    problems = _problems(words, file, _put(key, value))
    assert f"en/{file}.toml: {key}: {told}" in problems
    assert _stops(words, file, _put(key, value)) == problems[0]


@pytest.mark.parametrize(
    ("part", "told"),
    [
        (PART | {"text": ["{contcat}"]}, "part.2.text.1: has the unknown placeholder {contcat}"),
        (PART | {"heading": "{host}"}, "part.2.heading: has the unknown placeholder {host}"),
        (PART | {"more": "x"}, "part.2.more: is a key that nothing asks for"),
        (PART | {"text": "A text."}, "part.2.text: has to be a list"),
        (PART | {"text": ["A text.", 5]}, "part.2.text.2: has to be a text"),
        ({"text": ["A text."]}, "part.2.heading: is missing"),
        ({"heading": "A heading"}, "part.2.text: is missing"),
        ("A text.", "part.2: has to be a table"),
    ],
)
def test_a_part_that_cannot_be_shown_is_named_by_its_place(
    words: Path, part: object, told: str
) -> None:
    problems = _problems(words, "pages", _put("privacy.part", [PART, part]))
    assert problems == [f"en/pages.toml: privacy.{told}"]


def test_a_page_may_have_other_parts_and_other_paragraphs(words: Path) -> None:
    assert _problems(words, "pages", _put("accessibility.part", [PART, PART])) == []
    assert _problems(words, "pages", _put("sent.next", ["Look in your inbox."])) == []


@pytest.mark.parametrize("file", FILES)
def test_an_empty_file_and_a_table_that_is_none_are_named(words: Path, file: str) -> None:
    missing = [f"en/{file}.toml: {table}: is missing" for table in ENGLISH[file]]
    assert _problems(words, file, lambda tables: tables.clear()) == missing
    table = next(iter(ENGLISH[file]))
    problems = _problems(words, file, lambda tables: tables.update({table: 5, "more": {}}))
    assert problems == [
        f"en/{file}.toml: more: is a key that nothing asks for",
        f"en/{file}.toml: {table}: has to be a table",
    ]


def test_a_file_that_cannot_be_opened_is_named(words: Path) -> None:
    (words / "en/mails.toml").unlink()
    (words / "en/mails.toml").mkdir()
    assert read(words)[1] == ["en/mails.toml: the file cannot be opened"]


def test_the_app_does_not_start_with_one(words: Path) -> None:
    (words / "en/mails.toml").write_text("", "utf-8")
    with pytest.raises(WordsError, match=r"^en/mails\.toml: code: is missing$"):
        create_app(DEMO, mail_templates=words.parent)


def test_every_problem_of_every_file_is_printed_without_a_traceback(words: Path) -> None:
    for file, tables in deepcopy(ENGLISH).items():
        table, key = next(_keys(file))
        tables[table][key] = 5
        _write(words, file, tables)
    (words / "en/frame.toml").write_text("", "utf-8")
    app = Flask("shell")
    cli.init_app(app, words.parent)
    result = app.test_cli_runner().invoke(args=["words", "check"])
    assert isinstance(result.exception, SystemExit)
    assert (result.exit_code, result.stdout) == (1, "")
    lines = result.stderr.splitlines()
    assert lines[:4] == [
        "en/form.toml: site.name: has to be a text",
        "en/pages.toml: start.heading: has to be a text",
        "en/mails.toml: code.subject: has to be a text",
        "en/group.toml: ballot.title: has to be a text",
    ]
    assert all(line.startswith("en/frame.toml: ") for line in lines[4:])
    assert len(lines) > 4
