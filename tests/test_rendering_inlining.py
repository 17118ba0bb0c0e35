"""The styles of a mail template go inline once, and the result is what premailer would give."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from jinja2 import FileSystemLoader
from premailer import Premailer

from webapp.errors import TemplateError
from webapp.letter.compose import Letter, Part, Reply
from webapp.rendering.inlining import inline, mirrored
from webapp.rendering.inlining.rules import check_css
from webapp.rendering.templates import Direction, letter_context, mail_environment

from .builders import MAIL_TEMPLATES, make_letter
from .letter_page import Element, parse, style_of, templates, words_of

CSS = (MAIL_TEMPLATES / "mail.css").read_text()
ADDRESS = "emma@example.org"


def many(count: int) -> Letter:
    """A letter with so many of everything that can be repeated or left out."""
    line = "One <b> & 'two'."
    return replace(
        make_letter(first=line * bool(count), to_name="Ms Patel" * bool(count)),
        before_opening=(line,) * count,
        after_opening=(line,) * count,
        fact=line * bool(count),
        ending=(line,) * count,
        parts=tuple(
            Part(f"Part {n}" * bool(n % 3), (line,) * count, lead=line * (n % 2), listed=not n % 2)
            for n in range(count)
        ),
        own_words=(line,) * count,
        rights=line * bool(count),
        replies=tuple(Reply(f"Reply {n}", line, line) for n in range(count)),
        credit=line * bool(count),
    )


def rendered_then_inlined(letter: Letter) -> str:
    """The same letter made the slow way: all through premailer."""
    environment = mail_environment().overlay(loader=FileSystemLoader(MAIL_TEMPLATES))
    page = environment.get_template("letter/body.html").render(letter_context(letter, ADDRESS))
    css = CSS if letter.direction == "ltr" else mirrored(CSS)
    page = page.replace("</head>", f"<style>{css}</style></head>")
    slow = Premailer(
        page,
        allow_network=False,
        remove_classes=True,
        keep_style_tags=False,
        disable_basic_attributes=["align", "valign", "bgcolor", "width", "height"],
    )
    return str(slow.transform(pretty_print=False))


def described(root: Element) -> Iterator[tuple[str, dict[str, str], dict[str, str], str, str]]:
    """Each element: its name, attributes, style, and the texts in and after it."""
    for element in root.iter():
        attributes = {name: value for name, value in element.items() if name != "style"}
        texts = words_of(element.text or ""), words_of(element.tail or "")
        yield (str(element.tag), attributes, style_of(element), *texts)


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
@pytest.mark.parametrize("count", [0, 1, 2, 12])
def test_letter_equals_what_premailer_makes_of_it(count: int, direction: Direction) -> None:
    letter = replace(many(count), direction=direction)
    once = parse(templates().letter_bodies(letter, ADDRESS).html)
    assert list(described(once)) == list(described(parse(rendered_then_inlined(letter))))


def test_inlining_says_nothing_in_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    inline(mail_environment(), MAIL_TEMPLATES, "letter/body.html", CSS)
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Small templates to break."""
    shutil.copy(MAIL_TEMPLATES / "base.html", tmp_path)
    (tmp_path / "line.html").write_text("<p>{{ line }}</p>\n")
    return tmp_path


def inlined(folder: Path, rows: str, css: str = "p { margin: 0; }") -> str:
    """What becomes of a mail with these rows."""
    lines = ('{% extends "base.html" %}', "{% block rows %}", f"{rows}{{% endblock %}}")
    (folder / "mail.html").write_text("\n".join(lines))
    return inline(mail_environment(), folder, "mail.html", css)


def test_included_files_are_put_in_their_place(folder: Path) -> None:
    rows = '<tr><td>{% for line in lines %}{% include "line.html" %}{% endfor %}</td></tr>'
    expected = '{% for line in lines %}<p style="margin:0">{{ line }}</p>'
    assert expected in re.sub(r"\s*\n\s*", "", inlined(folder, rows))


def test_expressions_come_back_as_they_were_written(folder: Path) -> None:
    odd = "{{ a[\"<b>\"] ~ '&quot;>' if b < c else {'x': \"%7B\"}['x'] }}"
    assert odd in inlined(folder, f"<tr><td>{odd}</td></tr>")
    link = f'<a href="{odd}">'.replace('"<b>"', "'<b>'").replace('"%7B"', "'%7B'")
    assert link in inlined(folder, f"<tr><td>{link}x</a></td></tr>")


def test_comments_for_authors_are_not_sent(folder: Path) -> None:
    assert "secret" not in inlined(folder, "<tr><td>{# secret #}x</td></tr>")


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ('<p class="{{ x }}">y</p>', "in class cannot"),
        ('<p style="{{ x }}">y</p>', "in style cannot"),
        ("<p {{ x }}>y</p>", "in a quoted value only"),
        ("<a href={{ x }}>y</a>", "in a quoted value only"),
        ("<{{ x }}>y</p>", "in a quoted value only"),
        ("<h1><title>{% if x %}y{% endif %}</title>", "keep its place"),
        ("<p {% if x %}dir='ltr'{% endif %}>y</p>", "stands inside an HTML tag"),
        ("<p dir='{% if x %}ltr{% endif %}'>y</p>", "stands inside an HTML tag"),
        ("<!-- note -->", "HTML comment"),
        ("<section>y</section>", "<section> is not an element"),
        ("<img src='x'>", "<img> is not an element"),
        ("<style>p { margin: 0 }</style>", "<style> is not an element"),
        ("<p id='x'>y</p>", "attribute id"),
        ("<p style='position: absolute'>y</p>", "property position"),
        ("<a href='https://example.org'>y</a>", "no web address"),
        ("{% macro x() %}y{% endmacro %}", "{% macro %} has no place"),
        ("{% set x = 1 %}", "{% set %} has no place"),
        ("{% autoescape false %}{{ x }}{% endautoescape %}", "{% autoescape %} has no place"),
        ("{% raw %}{{ x }}{% endraw %}", "no raw block"),
        ("{% include name %}y{% include x ~ y %}", "takes one fixed name"),
        ("{% if x %}y", "needs to be closed is .if"),
        ("{{ x", "expected|unexpected"),
    ],
)
def test_what_cannot_be_done_once_for_all_letters_stops_the_start(
    folder: Path, rows: str, complaint: str
) -> None:
    with pytest.raises(TemplateError, match=rf"mail\.html, line 4: .*({complaint})"):
        inlined(folder, f"<tr>\n{rows}</tr>")


def test_the_fault_is_named_where_it_stands(folder: Path) -> None:
    (folder / "line.html").write_text("<p>\n\n{{ x }}\n\n<b>y</b></p>\n")
    with pytest.raises(TemplateError, match=r"^line\.html, line 5: <b>"):
        inlined(folder, '<tr>\n{{ x }}\n\n{% include "line.html" %}</tr>')


def test_a_template_that_contains_itself_stops_the_start(folder: Path) -> None:
    with pytest.raises(TemplateError, match="contains itself"):
        inlined(folder, '{% include "mail.html" %}')


def test_a_block_that_the_base_does_not_have_stops_the_start(folder: Path) -> None:
    with pytest.raises(TemplateError, match="no block named foot"):
        inlined(folder, "{% endblock %}{% block foot %}")


def test_a_block_in_a_block_stops_the_start(folder: Path) -> None:
    with pytest.raises(TemplateError, match="no block named inner"):
        inlined(folder, "{% block inner %}{% endblock %}")


def test_a_missing_file_stops_the_start(folder: Path) -> None:
    with pytest.raises(TemplateError, match=r"gone\.html: this mail template cannot be read"):
        inlined(folder, '{% include "gone.html" %}')


@pytest.mark.parametrize(
    "css",
    [
        "p:first-child { margin: 0 }",
        "p + p { margin: 0 }",
        "ul > li { margin: 0 }",
        "* { margin: 0 }",
        "#x { margin: 0 }",
        "[dir] { margin: 0 }",
        "p, { margin: 0 }",
        "@media print { p { margin: 0 } }",
        "@import 'x';",
        "p { position: absolute }",
        "p { display: none }",
        "p { margin: -1px }",
        "p { margin: 0 0 0 4px }",
        "p { color: red }",
        "p { color: #fff }",
        "p { color: var(--x) }",
        "p { color: #112233 !important }",
        "p { font-family: Arial }",
        "p { font-size: 1rem }",
        "p { text-align: start }",
        "p { margin }",
        "p { margin: 0 ",
        "margin: 0; }",
    ],
)
def test_css_that_mail_programs_drop_stops_the_start(css: str) -> None:
    with pytest.raises(TemplateError, match=r"mail\.css, line 3: "):
        check_css(f"td.x p, a {{ margin: 0 1px 2px; }} /* @ */\n\n{css}", "mail.css")


def test_mirroring_turns_sides_and_leaves_names_alone() -> None:
    css = ".left { margin-left: 4px; text-align: right; }"
    assert mirrored(css) == ".left { margin-right: 4px; text-align: left; }"
    assert mirrored(mirrored(CSS)) == CSS


@pytest.mark.parametrize("file", ["letter/body.html", "code/body.html", "receipt/body.html"])
def test_an_inlined_template_asks_for_no_other_file(file: str) -> None:
    source = inline(mail_environment(), MAIL_TEMPLATES, file, CSS)
    tags = re.findall(r"{%-? *(\w+)", source)
    assert set(tags) <= {"if", "else", "endif", "for", "endfor"}
    assert "for" in tags


def test_an_element_is_not_begun_in_one_file_and_gone_on_with_in_another(folder: Path) -> None:
    (folder / "line.html").write_text("<p")
    with pytest.raises(TemplateError, match=r"^line\.html, line 1: .*stands inside an HTML tag"):
        inlined(folder, '{% include "line.html" %} {{ x }}>y</p>')


def test_a_file_that_is_included_twice_stands_in_both_places(folder: Path) -> None:
    twice = inlined(folder, '{% include "line.html" %}<hr>{% include "line.html" %}')
    assert twice.count("{{ line }}</p>") == 2
