"""The form's own words: every text is used, every text that is asked for exists, all are plain."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from webapp.group.ballots import ANSWERS, REASONS
from webapp.letter.proofreading.form_words import form_problems, form_texts
from webapp.letter.words import Words

from .builders import ROOT, english
from .visitor import DEMO, Visitor, make_app, visitor

TEMPLATES = sorted((ROOT / "webapp" / "web" / "templates").rglob("*.html"))
CODE = sorted((ROOT / "webapp").rglob("*.py"))
FILES = {"form_words": "form", "pages": "pages", "group": "group"}

# `{% set t = form_words.check %}`: from there on, `t` is that table.
_SET = re.compile(r"set (\w+) = (form_words|pages|group)\.(\w+) ")
_ASKED = re.compile(r"\b(form_words|pages|group)\.(\w+)(?:\.(\w+)|(\[))")
# An f-string or a Jinja `~` that makes a key out of a fixed and a free part.
_JOINED = re.compile(r'(?:"([a-z_]+)" ~ \w+)|(?:\w+ ~ "([a-z_]+)")')


def _source_of(template: Path) -> str:
    """A template in which every table of texts is called by its whole name."""
    source = template.read_text("utf-8")
    if template.name == "parts.html":
        source = re.sub(r"\bwords\.(?=(?:site|errors|check)\b)", "form_words.", source)
    for short, file, table in _SET.findall(source):
        source = re.sub(rf"\b{short}(?=\.\w|\[)", f"{file}.{table}", source)
    return source


@cache
def _asked_by_name() -> frozenset[str]:
    """Every key that a template asks for by its name, as "form.check.heading"."""
    found = {
        f"{FILES[file]}.{table}.{key}"
        for template in TEMPLATES
        for file, table, key, _ in _ASKED.findall(_source_of(template))
        if key
    }
    return frozenset(found)


@cache
def _asked_by_a_made_up_name() -> frozenset[str]:
    """Every table of which some key is computed, as "form.errors."; the mails' all are."""
    tables = {
        f"{FILES[file]}.{table}."
        for template in TEMPLATES
        for file, table, _, bracket in _ASKED.findall(_source_of(template))
        if bracket
    }
    in_code = {
        f"{file}.{table}."
        for path in CODE
        for file, table in re.findall(r'\["(form|pages)"\]\["(\w+)"\]', path.read_text("utf-8"))
    }
    return frozenset({*tables, *in_code, "mails.", *GROUP_MAILS})


@cache
def _computed() -> tuple[frozenset[str], tuple[re.Pattern[str], ...]]:
    """The names and the patterns of names by which code and templates ask for a text."""
    names: set[str] = set()
    patterns: set[str] = set()
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                names.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                patterns.add(_pattern_of(node))
    for template in TEMPLATES:
        for before, after in _JOINED.findall(template.read_text("utf-8")):
            patterns.add(rf"{before}\w+{after}")
        names.update(re.findall(r'"([a-z_]+)"', template.read_text("utf-8")))
    fixed = (one for one in patterns if len(re.sub(r"\\w\+|[^a-z]", "", one)) > 2)
    return frozenset(names), tuple(map(re.compile, fixed))


def _pattern_of(joined: ast.JoinedStr) -> str:
    """An f-string as a pattern of names; what cannot make a name matches nothing."""
    pieces = [
        str(part.value) if isinstance(part, ast.Constant) else r"\w+" for part in joined.values
    ]
    pattern = "".join(pieces)
    return pattern if re.fullmatch(r"(?:[a-z_]|\\w\+)+", pattern) else "nothing"


def _is_computed(key: str) -> bool:
    if not key.startswith(tuple(_asked_by_a_made_up_name())):
        return False
    names, patterns = _computed()
    name = key.rpartition(".")[2]
    return name in names or any(pattern.fullmatch(name) for pattern in patterns)


def _keys(file: str) -> Iterator[str]:
    """Every text of a file as "table.key"; a page of parts is one."""
    tables: Mapping[str, Mapping[str, Any]] = english().texts[file]
    for table, texts in tables.items():
        yield from (f"{file}.{table}.{key}" for key in texts)


# A mail of a round takes all texts of its table; a fault that was found names its own.
GROUP_MAILS = (
    *("group.invitation.", "group.invite_member.", "group.reminder.", "group.outcome."),
    *("group.faults.", "group.look.", "group.running."),
)
# Shown whole by article.html, in any number of parts.
ARTICLES = ("pages.help.", "pages.privacy.", "pages.accessibility.")


@pytest.mark.parametrize("key", [*_keys("form"), *_keys("pages"), *_keys("mails"), *_keys("group")])
def test_every_text_is_used(key: str) -> None:
    if not key.startswith((*ARTICLES, "group.ballot.")):
        assert key in _asked_by_name() or _is_computed(key)


def test_a_ballot_on_paper_uses_every_text_that_it_has() -> None:
    sheet = (ROOT / "webapp" / "group" / "ballot.html").read_text("utf-8")
    asked = set(re.findall(r"\bt\.(\w+)", sheet)) | {
        *ANSWERS,
        *(r.replace("-", "_") for r in REASONS),
    }
    assert {f"group.ballot.{key}" for key in asked} == {
        key for key in _keys("group") if key.startswith("group.ballot.")
    }


@pytest.mark.parametrize("key", sorted(_asked_by_name()))
def test_every_text_that_a_template_names_exists(key: str) -> None:
    assert key in {*_keys("form"), *_keys("pages"), *_keys("group")}


def test_no_text_is_named_as_something_that_every_table_has() -> None:
    """`t.copy` in a template would be the table's own method, and stand on a page as code."""
    keys = [*_keys("form"), *_keys("pages"), *_keys("mails")]
    assert [key for key in keys if hasattr({}, key.rpartition(".")[2])] == []


def test_the_search_for_keys_sees_what_it_should() -> None:
    # Guards the two tests above.
    assert {"form.check.heading", "form.someone.to", "form.site.step"} <= _asked_by_name()
    assert _is_computed("form.errors.first_too_long")
    assert not _is_computed("form.errors.made_up")
    assert not _is_computed("form.site.first_too_long")
    assert len(_asked_by_name()) > 100


PATHS = ("/", "/help", "/privacy", "/accessibility", "/stop", "/deleted", "/nowhere")
STEPS = ("how-much", "what", "about-you", "check", "print", "someone", "sent")


def test_no_page_has_a_hole_where_a_word_should_be() -> None:
    emma = visitor().reaches_check(more={"to_name": "Ms Patel"})
    for path in (*PATHS, *(f"/letter/{step}" for step in STEPS)):
        page = emma.opens(path).page
        assert page.status in (200, 404)
        assert page.soup.main
        assert not re.search(r"[{}\ue000]|Undefined", page.soup.main.get_text())


def test_pages_tell_the_hosts_own_hours_and_the_way_to_stop() -> None:
    app = make_app(replace(DEMO, waiting_hours=31))
    for path in ("/help", "/privacy", "/accessibility"):
        assert "31 hours" in Visitor(app).opens(path).page.text
    links = Visitor(app).opens("/privacy").page.soup.select("main a:not(.back a)")
    ours = ["/stop", "mailto:hello@willow.example", "/words", "/feedback"]
    assert [link["href"] for link in links] == ours


def test_all_words_around_the_letters_are_plain() -> None:
    assert list(form_problems(english(), [])) == []


def test_every_text_is_written_as_a_text() -> None:
    for key, text in form_texts(english()):
        assert text == text.strip() != "", key
        assert "  " not in text, key
        assert not set(text) & set("'\""), f"{key}: quotation marks are ‘curly’"


def _with(file: str, table: str, key: str, text: str) -> Words:
    """The English words with one text of the form changed."""
    texts = english().texts
    changed = {**texts[file], table: {**texts[file][table], key: text}}
    return replace(english(), texts={**texts, file: changed})


LONG = "This sentence " + "has a word and " * 5 + "ends."


@pytest.mark.parametrize(
    ("file", "table", "key", "text", "problem"),
    [
        ("form", "where", "hint", LONG, "form.toml: where.hint: a sentence of 23 words"),
        ("form", "where", "hint", "Utilise this.", "“utilise” is hard; say “use”"),
        ("form", "errors", "again", "Your code is invalid.", "“invalid” is unwelcome"),
        ("pages", "start", "points", ["Please note this."], "start.points.1: “please note”"),
        ("pages", "sent", "lead", "It worked!", "an exclamation mark"),
        ("mails", "code", "subject", "Selective Mutism: {code}", "tells about health"),
        ("mails", "stop", "title", "Your condition: {code}", "tells about health"),
        ("mails", "receipt", "subject", "About your anxiety", "tells about health"),
        ("mails", "person", "note", "A letter on a disability.", "tells about health"),
        (
            "mails",
            "code",
            "you",
            "Indispensable institutional authorisation. " * 60,
            "reading grade",
        ),
    ],
)
def test_each_gate_names_what_it_stops(
    file: str, table: str, key: str, text: str, problem: str
) -> None:
    problems = list(form_problems(_with(file, table, key, text), []))
    assert any(problem in one for one in problems)
