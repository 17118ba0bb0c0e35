"""A letter becomes subject, text and HTML."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from webapp.errors import TemplateError
from webapp.letter.compose import Part, Reply, compose
from webapp.rendering.templates import MAILTO_LIMIT, MailTemplates, reply_links

from .builders import MAIL_TEMPLATES, english, make_answers, make_letter
from .letter_page import elements, parse, templates, visible_text

ADDRESS = "emma@example.org"
HOSTILE = """<script>"'&"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the mail templates, without the words."""
    copy = tmp_path / "mail_templates"
    shutil.copytree(MAIL_TEMPLATES, copy, ignore=shutil.ignore_patterns("words"))
    return copy


def change(file: Path, old: str, new: str) -> None:
    """Edit a template as somebody of the group would."""
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_subject_is_the_letters_own() -> None:
    letter = make_letter()
    assert templates().letter_bodies(letter, ADDRESS).subject == letter.subject


def test_parts_stand_in_the_order_of_the_letter() -> None:
    letter = make_letter(to_name="Ms Patel", first="I hear you.", own_words="One.\nTwo.")
    said = [
        letter.title,
        letter.greeting,
        *letter.before_opening,
        letter.opening,
        *letter.after_opening,
    ]
    said += [
        letter.fact,
        letter.first_heading,
        letter.first,
        letter.own_words_heading,
        *letter.own_words,
    ]
    for part in letter.parts:
        said += [part.heading, part.lead, *part.items]
    said += [*letter.ending, letter.closing]
    said += [reply.label for reply in letter.replies]
    said += [letter.sign_off, letter.name, letter.credit, letter.version]
    text = visible_text(parse(templates().letter_bodies(letter, ADDRESS).html))
    places = [text.index(sentence) for sentence in said if sentence not in ("", letter.name)]
    assert places == sorted(places)


def test_a_letter_of_nothing_but_its_frame_has_no_empty_elements() -> None:
    letter = replace(
        make_letter(), parts=(), before_opening=(), after_opening=(), fact="", name="", credit=""
    )
    root = parse(templates().letter_bodies(letter, ADDRESS).html)
    assert all(p.text_content().strip() for p in elements(root, "p", "h1", "h2", "li", "a"))


def test_without_an_address_nobody_is_asked_to_reply_to_it() -> None:
    letter = make_letter()
    bodies = templates().letter_bodies(letter, "")
    assert "mailto:" not in bodies.html
    assert letter.replies[0].label not in bodies.text
    assert letter.closing in bodies.text


def test_reply_opens_a_mail_with_its_subject_and_body() -> None:
    (link,) = reply_links([Reply("Yes", "How to: Emma & Co", "Thank you?\nI will.")], ADDRESS)
    opened = urlsplit(link.href)
    assert (opened.scheme, opened.path) == ("mailto", ADDRESS)
    assert parse_qs(opened.query) == {
        "subject": ["How to: Emma & Co"],
        "body": ["Thank you?\r\nI will."],
    }


def test_a_reply_too_long_for_mail_programs_is_opened_without_its_body() -> None:
    (link,) = reply_links([Reply("Yes", "How", "é" * 400)], ADDRESS)
    assert link.href == f"mailto:{ADDRESS}?subject=How"


def test_an_address_cannot_add_a_header_to_a_reply() -> None:
    (link,) = reply_links([Reply("Yes", "How", "x")], "emma?cc=eve&x#%@example.org")
    assert urlsplit(link.href).query == "subject=How&body=x"


def test_no_reply_is_longer_than_mail_programs_take() -> None:
    long_name = make_letter(name="Ж" * 80)
    assert all(len(x.href) <= MAILTO_LIMIT for x in reply_links(long_name.replies, "x" * 254))


def test_nothing_personal_is_in_a_repr() -> None:
    assert "Emma" not in repr(templates().letter_bodies(make_letter(), ADDRESS))
    assert "emma" not in repr(reply_links(make_letter().replies, ADDRESS))


def test_typed_text_and_sentences_are_escaped_in_html_and_nowhere_else() -> None:
    typed = dict.fromkeys(("name", "to_name", "first", "own_words"), HOSTILE)
    letter = compose(make_answers(**typed), english())
    said = replace(letter, parts=(Part(HOSTILE, (HOSTILE, "An item."), listed=True),))
    bodies = templates().letter_bodies(said, ADDRESS)
    assert "<script" not in bodies.html
    assert bodies.text.count(HOSTILE) == bodies.html.count("&lt;script&gt;&#34;&#39;&amp;")


@pytest.mark.parametrize("file", ["subject.txt", "body.txt", "body.html"])
def test_a_mail_needs_all_three_files(folder: Path, file: str) -> None:
    (folder / "letter" / file).unlink()
    with pytest.raises(TemplateError, match=f"letter/{file}"):
        MailTemplates.load(folder)


def test_a_missing_letter_stops_the_start(folder: Path) -> None:
    shutil.rmtree(folder / "letter")
    with pytest.raises(TemplateError, match="letter"):
        MailTemplates.load(folder)


def test_a_missing_stylesheet_stops_the_start(folder: Path) -> None:
    (folder / "mail.css").unlink()
    with pytest.raises(TemplateError, match=r"mail\.css"):
        MailTemplates.load(folder)


@pytest.mark.parametrize("file", ["subject.txt", "body.txt", "body.html"])
def test_an_unknown_part_of_a_letter_stops_the_start(folder: Path, file: str) -> None:
    old = "{{ letter.subject }}" if file == "subject.txt" else "{{ letter.sign_off }}"
    change(
        folder / "letter" / ("signed.html" if file == "body.html" else file),
        old,
        "{{ letter.sing_off }}",
    )
    with pytest.raises(TemplateError, match=r"letter: .*sing_off"):
        MailTemplates.load(folder)


@pytest.mark.parametrize("filter_", ["safe", "tojson", "urlize", "forceescape", "xmlattr"])
def test_no_filter_stops_the_escaping(folder: Path, filter_: str) -> None:
    change(folder / "letter" / "said.html", "{{ item }}", f"{{{{ item|{filter_} }}}}")
    with pytest.raises(TemplateError, match=rf"letter/said\.html, line \d+: .*{filter_}"):
        MailTemplates.load(folder)


def test_another_mail_is_a_folder_of_three_files(folder: Path) -> None:
    shutil.copytree(folder / "letter", folder / "another")
    change(folder / "another" / "body.html", "<p>", "<p onclick='x'>")
    with pytest.raises(TemplateError, match=r"another/body\.html, line \d+: the attribute onclick"):
        MailTemplates.load(folder)
