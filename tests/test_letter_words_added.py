"""A statement, a situation and a language: each is added by files alone."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from webapp.errors import WordsError
from webapp.letter.words import load

from .broken_words import ALL_LEVELS, STATEMENTS, edit_file, statement, sub
from .letter_page import words_of
from .mails import bodies
from .visitor import Drawer, Visitor, make_app


def _visit(words: Path) -> tuple[Visitor, Drawer]:
    post = Drawer()
    return Visitor(make_app(library=load(words), post=post)), post


def test_a_statement_is_added_by_a_file_alone(words: Path) -> None:
    edit_file(words, STATEMENTS, statement("A cup of tea helps me.", levels=ALL_LEVELS))
    emma, post = _visit(words)
    emma.chooses().says("needs", name="Emma")
    assert "A cup of tea helps me." in emma.page.text
    emma.ticks(["made-up"]).adds().sends_to("emma@example.org")
    assert all("A cup of tea helps me." in body for body in bodies(post.mails[0]))


def test_a_situation_is_added_by_a_file_alone(words: Path) -> None:
    folder = words / "en" / "situations"
    text = (folder / "volunteering.toml").read_text("utf-8")
    text = re.sub(r'(?m)^label = ".*"$', 'label = "Choir"', text, count=1)
    (folder / "choir.toml").write_text(text, "utf-8")
    for path in (words / "en" / "statements").glob("*.toml"):
        known = path.read_text("utf-8").replace('"volunteering"', '"volunteering", "choir"')
        path.write_text(known, "utf-8")
    emma, post = _visit(words)
    assert "Choir" in emma.opens("/").page.text
    emma.reaches_check(situation="choir").sends_to("emma@example.org")
    assert (emma.page.path, len(post.mails)) == ("/letter/sent", 1)


def test_a_language_is_added_by_files_alone(words: Path) -> None:
    shutil.copytree(words / "en", words / "cy")
    frame = words / "cy" / "frame.toml"
    text = frame.read_text("utf-8").replace("en-GB", "cy").replace("English", "Cymraeg")
    frame.write_text(text.replace('"Hello,"', '"Helo,"'), "utf-8")
    emma, post = _visit(words)
    assert emma.opens("/").page.soup.select('a[href="/?language=cy"]')
    emma.opens("/?language=cy").submits("/", situation="work")
    emma.says("named", name="Emma").ticks(8).adds()
    assert "Helo," in emma.page.letter()
    assert emma.page.soup.select('article[lang="cy"]')
    emma.sends_to("emma@example.org")
    assert post.letters()[0]["Content-Language"] == "cy"
    assert "Helo," in words_of(bodies(post.mails[0])[0])


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "site.continue: is missing"),
        ('continue = "Ymlaen"\nmwy = "x"', "site.mwy: is a key that nothing asks for"),
        ('continue = "{ymlaen}"', "site.continue: has the unknown placeholder {ymlaen}"),
    ],
)
def test_a_language_whose_form_lacks_a_text_or_has_another_is_named(
    words: Path, line: str, told: str
) -> None:
    shutil.copytree(words / "en", words / "cy")
    form = words / "cy" / "form.toml"
    text = re.sub(r"(?m)^continue = .*$", line, form.read_text("utf-8"), count=1)
    form.write_text(text, "utf-8")
    with pytest.raises(WordsError, match=re.escape(f"cy/form.toml: {told}")):
        load(words)


def test_a_letter_tells_which_words_it_has(words: Path) -> None:
    before = load(words).words("en").version
    edit_file(words, STATEMENTS, statement())
    after = load(words).words("en").version
    assert re.fullmatch(r"\d{4}-\d\d-\d\d [0-9a-f]{6}", before)
    assert before != after


def test_a_change_of_the_forms_own_words_is_no_change_of_the_letter(words: Path) -> None:
    before = load(words).words("en").version
    edit_file(words, "form.toml", sub("Continue", "Go on"))
    assert load(words).words("en").version == before
