"""The words' files: what the app does with good ones, and says about broken ones."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from webapp import create_app
from webapp.errors import TemplateError, WordsError
from webapp.letter.proofreading import problems_in
from webapp.letter.words import load

from .broken_words import (
    ALL_LEVELS,
    NEW_STATEMENT,
    SITUATION,
    STATEMENTS,
    Edit,
    append,
    edit_file,
    statement,
    sub,
)
from .builders import MAIL_TEMPLATES
from .visitor import DEMO


def test_the_real_words_have_no_problem() -> None:
    assert problems_in(MAIL_TEMPLATES / "words").problems == ()


# Broken files stop the start and are named with their key.

BROKEN: list[tuple[str, Edit, str]] = [
    ("frame.toml", append('\nmore = "x"\n'), "en/frame.toml: version.more"),
    ("frame.toml", sub(r"^direction = .*?$", 'direction = "up"'), "en/frame.toml: direction"),
    ("frame.toml", sub(r"\{to_name\}", "you"), "en/frame.toml: greeting.to_someone"),
    ("frame.toml", sub(r"\{address\}", "us"), "en/frame.toml: reply.me"),
    ("frame.toml", sub(r"^plain = .*?$", 'plain = "Hi {x}"'), "en/frame.toml: greeting.plain"),
    ("frame.toml", lambda _: "code = ", "en/frame.toml: cannot be read as TOML"),
    ("frame.toml", sub(r'^text = "', 'text = "{host} '), "en/frame.toml: credit.text"),
    ("frame.toml", sub(r'^child = "', 'child = "{name} '), "en/frame.toml: fallback.child"),
    ("condition.toml", sub(r"^names = \[.*?\]$", "names = []"), "en/condition.toml: names"),
    ("rights.toml", sub(r'^me = ".*?"$', 'me = "{law}"'), "en/rights.toml: any.me"),
    ("rights.toml", sub(r'"work"', '"office"'), "en/rights.toml: any.situations"),
    (SITUATION, sub(r'"about-me"', '"about-you"'), "situations/volunteering.toml: sections"),
    (SITUATION, sub(r'(named = \[)"[^"]*"', r'\1"none"'), "volunteering.toml: starters.named"),
    (SITUATION, sub(r'(named = \[)"[^"]*", ', r"\1"), "volunteering.toml: starters.named"),
    (SITUATION, sub(r'(named = \[)("[^"]*"), "[^"]*"', r"\1\2, \2"), "starters.named"),
    (SITUATION, sub(r"\{name\}", "{nmae}"), "volunteering.toml: subject.me"),
    (SITUATION, sub(r'body = "', 'body = "{name} '), "volunteering.toml: replies"),
    (SITUATION, sub(r'label = "([^"]*)", body', r'label = "{x}", body'), "replies"),
    (SITUATION, sub(r'^hint = "', 'hint = "{x} '), "volunteering.toml: hint"),
    (SITUATION, sub(r"^\[opening\]", "[opening.none]"), "volunteering.toml: opening.me"),
    (STATEMENTS, sub(r'^me = "', 'me = "{name} '), "how-i-communicate.toml: title.me"),
    (STATEMENTS, statement("{name}"), "statements/how-i-communicate.toml: made-up.me"),
    (STATEMENTS, statement(them="{"), "statements/how-i-communicate.toml: made-up.them"),
    (STATEMENTS, statement(""), "statements/how-i-communicate.toml: statement.made-up.me"),
    (STATEMENTS, statement(situations='["pub"]'), "how-i-communicate.toml: made-up.situations"),
    (STATEMENTS, statement(levels='["all"]'), "how-i-communicate.toml: statement.made-up.levels"),
    (STATEMENTS, statement(levels="[]"), "how-i-communicate.toml: statement.made-up.levels"),
    (STATEMENTS, sub(r'^id = ".*?"$', 'id = "Two Words"'), "how-i-communicate.toml: statement"),
    (STATEMENTS, sub(r"^source = .*?$", 'contradicts = ["x"]\nsource = ["A"]'), "contradicts"),
]


@pytest.mark.parametrize(("file", "edit", "named"), BROKEN)
def test_a_broken_file_stops_the_start_and_is_named_with_its_key(
    words: Path, file: str, edit: Edit, named: str
) -> None:
    edit_file(words, file, edit)
    with pytest.raises(WordsError) as caught:
        create_app(DEMO, mail_templates=words.parent)
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_id_that_is_used_twice_is_named(words: Path) -> None:
    taken = next(iter(load(words).words("en").statements))
    edit_file(
        words,
        STATEMENTS,
        lambda text: (
            text
            + NEW_STATEMENT.replace("made-up", taken).format(
                me="Tea.", them="Tea.", situations='"all"', levels='["named"]'
            )
        ),
    )
    with pytest.raises(WordsError, match=f"{taken}: the id is used more than once"):
        load(words)


@pytest.mark.parametrize("file", ["condition.toml", "rights.toml", "form.toml", "pages.toml"])
def test_a_missing_file_is_named(words: Path, file: str) -> None:
    (words / "en" / file).unlink()
    with pytest.raises(WordsError, match=f"en/{file}: the file is missing"):
        load(words)


def test_a_file_that_is_no_utf_8_is_named(words: Path) -> None:
    (words / "en" / "frame.toml").write_bytes("é".encode("latin-1"))
    with pytest.raises(WordsError, match=re.escape("en/frame.toml: is not saved as UTF-8")):
        load(words)


def test_an_empty_folder_is_said_to_be_empty(tmp_path: Path) -> None:
    with pytest.raises(WordsError, match="holds no language"):
        load(tmp_path)


def test_every_problem_is_told_not_the_first_alone(words: Path) -> None:
    edit_file(words, "frame.toml", sub(r"\{to_name\}", "you"))
    edit_file(words, STATEMENTS, statement("{name}"))
    assert len(problems_in(words).problems) >= 2


@pytest.mark.parametrize(
    ("file", "text", "named"),
    [
        ("letter/body.html", "{% for x in letter.parts %}", "letter/body.html"),
        ("letter/body.txt", "{{ letter.nothing }}", "nothing"),
        ("letter/subject.txt", "{{ ", "letter/subject.txt"),
    ],
)
def test_a_broken_template_stops_the_start_and_is_named(
    tmp_path: Path, file: str, text: str, named: str
) -> None:
    folder = tmp_path / "mail_templates"
    shutil.copytree(MAIL_TEMPLATES, folder)
    (folder / file).write_text(text, "utf-8")
    with pytest.raises(TemplateError, match=re.escape(named)):
        create_app(DEMO, mail_templates=folder)


# The gates that a sentence passes before it is published.

GATES: list[tuple[Edit, str]] = [
    (statement("Tea helps me. " + "I like tea and " * 7 + "cake."), "a sentence of"),
    (statement("I utilise a card."), "“utilise” is hard"),
    (statement(them="{name} has mutism.", levels='["named", "needs"]'), "names the condition"),
    (statement("I have S.M. here.", levels='["described"]'), "names the condition"),
    (statement("Ask SMTalkingCircles.", levels='["described"]'), "names the condition"),
    (statement("I am anxious.", levels=ALL_LEVELS), "may not say “anxious” at level “needs”"),
    (statement("I am mute.", levels='["described"]'), "may not say “mute”"),
    (statement(situations="[]"), "made-up: fits no situation at any level"),
]


@pytest.mark.parametrize(("edit", "problem"), GATES)
def test_a_sentence_that_is_not_fit_to_print_is_named(
    words: Path, edit: Edit, problem: str
) -> None:
    edit_file(words, STATEMENTS, edit)
    found = problems_in(words).problems
    assert all("how-i-communicate.toml: made-up" in one for one in found)
    assert any(problem in one for one in found)


def test_too_many_words_that_nobody_chose_are_counted(words: Path) -> None:
    edit_file(words, SITUATION, sub(r'(\[closing\]\nme = ")', r"\1" + "Write back. " * 20))
    assert any("words nobody chose" in one for one in problems_in(words).problems)


def test_a_section_that_is_hard_to_read_is_named(words: Path) -> None:
    hard = "Institutional responsibilities necessitate considerable interdepartmental organisation."
    edit_file(words, STATEMENTS, lambda text: re.sub(r'(?m)^me = ".*"$', f'me = "{hard}"', text))
    assert any("reading grade" in one for one in problems_in(words).problems)
