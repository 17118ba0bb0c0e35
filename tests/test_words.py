"""The words' files: what the app does with good ones, and says about broken ones."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from webapp import create_app
from webapp.errors import TemplateError, WordsError
from webapp.proofreading import problems_in
from webapp.words import load

from .builders import MAIL_TEMPLATES
from .letter_page import words_of
from .mails import bodies
from .visitor import DEMO, Drawer, Visitor, make_app

SITUATION = "situations/volunteering.toml"
STATEMENTS = "statements/how-i-communicate.toml"
NEW_STATEMENT = """
[[statement]]
id = "made-up"
situations = {situations}
levels = {levels}
me = "{me}"
them = "{them}"
source = ["TEST"]
"""

Edit = Callable[[str], str]


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """A copy of the English words that a test may break."""
    shutil.copytree(MAIL_TEMPLATES, tmp_path, dirs_exist_ok=True)
    return tmp_path / "words"


def _edit(words: Path, file: str, edit: Edit) -> None:
    path = words / "en" / file
    before = path.read_text("utf-8")
    after = edit(before)
    assert after != before, f"the test changed nothing in {file}"
    path.write_text(after, "utf-8")


def _sub(pattern: str, by: str) -> Edit:
    return lambda text: re.sub(pattern, by, text, count=1, flags=re.MULTILINE | re.DOTALL)


def _append(text: str) -> Edit:
    return lambda before: before + text


def _statement(
    me: str = "Tea helps me.",
    them: str = "Tea helps them.",
    *,
    situations: str = '"all"',
    levels: str = '["named"]',
) -> Edit:
    return _append(NEW_STATEMENT.format(me=me, them=them, situations=situations, levels=levels))


def test_the_real_words_have_no_problem() -> None:
    assert problems_in(MAIL_TEMPLATES / "words").problems == ()


# Broken files stop the start and are named with their key.

BROKEN: list[tuple[str, Edit, str]] = [
    ("frame.toml", _append('\nmore = "x"\n'), "en/frame.toml: version.more"),
    ("frame.toml", _sub(r"^direction = .*?$", 'direction = "up"'), "en/frame.toml: direction"),
    ("frame.toml", _sub(r"\{to_name\}", "you"), "en/frame.toml: greeting.to_someone"),
    ("frame.toml", _sub(r"\{address\}", "us"), "en/frame.toml: reply.me"),
    ("frame.toml", _sub(r"^plain = .*?$", 'plain = "Hi {x}"'), "en/frame.toml: greeting.plain"),
    ("frame.toml", lambda _: "code = ", "en/frame.toml: cannot be read as TOML"),
    ("frame.toml", _sub(r'^text = "', 'text = "{host} '), "en/frame.toml: credit.text"),
    ("frame.toml", _sub(r'^child = "', 'child = "{name} '), "en/frame.toml: fallback.child"),
    ("condition.toml", _sub(r"^names = \[.*?\]$", "names = []"), "en/condition.toml: names"),
    ("rights.toml", _sub(r'^me = ".*?"$', 'me = "{law}"'), "en/rights.toml: any.me"),
    ("rights.toml", _sub(r'"work"', '"office"'), "en/rights.toml: any.situations"),
    (SITUATION, _sub(r'"about-me"', '"about-you"'), "situations/volunteering.toml: sections"),
    (SITUATION, _sub(r'(named = \[)"[^"]*"', r'\1"none"'), "volunteering.toml: starters.named"),
    (SITUATION, _sub(r'(named = \[)"[^"]*", ', r"\1"), "volunteering.toml: starters.named"),
    (SITUATION, _sub(r'(named = \[)("[^"]*"), "[^"]*"', r"\1\2, \2"), "starters.named"),
    (SITUATION, _sub(r"\{name\}", "{nmae}"), "volunteering.toml: subject.me"),
    (SITUATION, _sub(r'body = "', 'body = "{name} '), "volunteering.toml: replies"),
    (SITUATION, _sub(r'label = "([^"]*)", body', r'label = "{x}", body'), "replies"),
    (SITUATION, _sub(r'^hint = "', 'hint = "{x} '), "volunteering.toml: hint"),
    (SITUATION, _sub(r"\[opening.needs\]", "[opening.none]"), "volunteering.toml: opening.needs"),
    (STATEMENTS, _sub(r'^me = "', 'me = "{name} '), "how-i-communicate.toml: title.me"),
    (STATEMENTS, _statement("{name}"), "statements/how-i-communicate.toml: made-up.me"),
    (STATEMENTS, _statement(them="{"), "statements/how-i-communicate.toml: made-up.them"),
    (STATEMENTS, _statement(""), "statements/how-i-communicate.toml: statement.made-up.me"),
    (STATEMENTS, _statement(situations='["pub"]'), "how-i-communicate.toml: made-up.situations"),
    (STATEMENTS, _statement(levels='["all"]'), "how-i-communicate.toml: statement.made-up.levels"),
    (STATEMENTS, _statement(levels="[]"), "how-i-communicate.toml: statement.made-up.levels"),
    (STATEMENTS, _sub(r'^id = ".*?"$', 'id = "Two Words"'), "how-i-communicate.toml: statement"),
    (STATEMENTS, _sub(r"^source = .*?$", 'contradicts = ["x"]\nsource = ["A"]'), "contradicts"),
]


@pytest.mark.parametrize(("file", "edit", "named"), BROKEN)
def test_a_broken_file_stops_the_start_and_is_named_with_its_key(
    words: Path, file: str, edit: Edit, named: str
) -> None:
    _edit(words, file, edit)
    with pytest.raises(WordsError) as caught:
        create_app(DEMO, mail_templates=words.parent)
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_id_that_is_used_twice_is_named(words: Path) -> None:
    taken = next(iter(load(words).words("en").statements))
    _edit(
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
    _edit(words, "frame.toml", _sub(r"\{to_name\}", "you"))
    _edit(words, STATEMENTS, _statement("{name}"))
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

ALL_LEVELS = '["named", "described", "needs"]'
GATES: list[tuple[Edit, str]] = [
    (_statement("Tea helps me. " + "I like tea and " * 7 + "cake."), "a sentence of"),
    (_statement("I utilise a card."), "“utilise” is hard"),
    (_statement(them="They have mutism.", levels='["named", "needs"]'), "names the condition"),
    (_statement("I have S.M. here.", levels='["described"]'), "names the condition"),
    (_statement("Ask SMTalkingCircles.", levels='["described"]'), "names the condition"),
    (_statement("I am anxious.", levels=ALL_LEVELS), "may not say “anxious” at level “needs”"),
    (_statement("I am mute.", levels='["described"]'), "may not say “mute”"),
    (_statement(situations="[]"), "made-up: fits no situation at any level"),
]


@pytest.mark.parametrize(("edit", "problem"), GATES)
def test_a_sentence_that_is_not_fit_to_print_is_named(
    words: Path, edit: Edit, problem: str
) -> None:
    _edit(words, STATEMENTS, edit)
    found = problems_in(words).problems
    assert all("how-i-communicate.toml: made-up" in one for one in found)
    assert any(problem in one for one in found)


def test_too_many_words_that_nobody_chose_are_counted(words: Path) -> None:
    _edit(words, SITUATION, _sub(r'(\[closing\]\nme = ")', r"\1" + "Write back. " * 20))
    assert any("words nobody chose" in one for one in problems_in(words).problems)


def test_a_section_that_is_hard_to_read_is_named(words: Path) -> None:
    hard = "Institutional responsibilities necessitate considerable interdepartmental organisation."
    _edit(words, STATEMENTS, lambda text: re.sub(r'(?m)^me = ".*"$', f'me = "{hard}"', text))
    assert any("reading grade" in one for one in problems_in(words).problems)


# Added by files alone.


def _visit(words: Path) -> tuple[Visitor, Drawer]:
    post = Drawer()
    return Visitor(make_app(library=load(words), post=post)), post


def test_a_statement_is_added_by_a_file_alone(words: Path) -> None:
    _edit(words, STATEMENTS, _statement("A cup of tea helps me.", levels=ALL_LEVELS))
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


def test_a_language_without_a_text_of_the_form_is_named(words: Path) -> None:
    shutil.copytree(words / "en", words / "cy")
    form = words / "cy" / "form.toml"
    form.write_text(re.sub(r"(?m)^continue = .*$", "", form.read_text("utf-8")), "utf-8")
    with pytest.raises(WordsError, match=re.escape("cy/form.toml: site.continue: is missing")):
        load(words)


def test_a_letter_tells_which_words_it_has(words: Path) -> None:
    before = load(words).words("en").version
    _edit(words, STATEMENTS, _statement())
    after = load(words).words("en").version
    assert re.fullmatch(r"\d{4}-\d\d-\d\d [0-9a-f]{6}", before)
    assert before != after


def test_a_change_of_the_forms_own_words_is_no_change_of_the_letter(words: Path) -> None:
    before = load(words).words("en").version
    _edit(words, "form.toml", _sub("Continue", "Go on"))
    assert load(words).words("en").version == before
