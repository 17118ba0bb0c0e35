"""Every legal letter against the checklist for mail that survives forwarding and dark mode.

Each letter is checked with nothing ticked, with its eight starters and with everything ticked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from webapp.letter.compose import Letter, compose, legal_combinations
from webapp.rendering.forwarding import forwarded
from webapp.rendering.templates import MAILTO_LIMIT, NO_TITLE, Bodies

from .browser import launch
from .builders import english, make_answers, make_letter, with_all_ticks, with_starters
from .letter_page import (
    BLACK,
    Element,
    colour,
    contrast,
    dark_runs,
    elements,
    heading_steps,
    inverted,
    lightened,
    parse,
    plain_words,
    runs,
    style_of,
    templates,
    visible_text,
)
from .mails import make_mail

ADDRESS: Final = "emma.watson@example.org"
TICKS: Final = {"none": lambda answers: answers, "eight": with_starters, "all": with_all_ticks}
CASES: Final = [
    (*combination, ticks) for combination in legal_combinations(english()) for ticks in TICKS
]

# One side of A4 inside Chromium's usual print margins.
PRINT_MARGINS: Final = dict.fromkeys(("top", "right", "bottom", "left"), "10mm")


@dataclass(frozen=True)
class Sent:
    """A letter as it was composed, as its mail says it, and its HTML as a tree."""

    letter: Letter
    bodies: Bodies
    root: Element


@cache
def sent(situation: str, level: str, voice: str, ticks: str) -> Sent:
    """The mail of one letter, made once for all checks."""
    answers = make_answers(
        situation=situation, level=level, voice=voice, to_name="Ms Patel", first="I can hear you."
    )
    return as_sent(compose(TICKS[ticks](answers), english()))


def as_sent(letter: Letter, address: str = ADDRESS) -> Sent:
    """A letter as mail to its writer's own address."""
    bodies = templates().letter_bodies(letter, address)
    return Sent(letter, bodies, parse(bodies.html))


@pytest.fixture(params=CASES, ids="-".join)
def mail(request: pytest.FixtureRequest) -> Sent:
    """Each legal letter in turn."""
    return sent(*request.param)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for this module."""
    with launch() as browser:
        yield browser


def full_letter() -> Letter:
    """A letter with every tick and every field at its longest."""
    answers = with_all_ticks(
        make_answers(name="Ж" * 80, to_name="é" * 80, first="ü" * 160, own_words="ü " * 300)
    )
    return compose(answers, english())


def test_longest_letter_stays_small() -> None:
    bodies = templates().letter_bodies(full_letter(), "x" * 64 + "@" + "y" * 60 + ".example.org")
    mail = make_mail(subject=bodies.subject, text=bodies.text, html=bodies.html)
    assert len(bodies.html.encode()) <= 40_000
    assert len(mail.to_bytes()) <= 90_000


def test_head_says_language_and_direction_and_so_does_the_sheet(mail: Sent) -> None:
    sheet, says = mail.root.find("body/div"), ("en-GB", "ltr")
    assert mail.bodies.html.startswith("<!DOCTYPE html>\n<html ")
    assert (mail.root.get("lang"), mail.root.get("dir")) == says
    assert (sheet.get("lang"), sheet.get("dir")) == says
    assert mail.root.find("head/meta").get("charset") == "utf-8"


def test_the_title_says_nothing_since_forwards_put_it_before_the_text(mail: Sent) -> None:
    title = mail.root.findtext("head/title")
    assert title == NO_TITLE
    assert title
    assert not re.search(r"\w", title)


def test_a_letter_that_is_kept_as_a_page_has_its_title() -> None:
    letter = make_letter()
    page = parse(templates().letter_bodies(letter, "").html)
    assert page.findtext("head/title") == letter.title


def test_nothing_is_left_that_a_forward_drops_or_fetches(mail: Sent) -> None:
    forbidden = "<style|<link|<script|<img|<svg|<form|<iframe|<!--|url\\(|http|cid:|//"
    assert re.findall(forbidden, mail.bodies.html) == []
    assert mail.root.xpath("//@class | //@id") == []


def test_only_elements_that_all_programs_keep(mail: Sent) -> None:
    allowed = (
        "html head meta title body table tbody tr td div p h1 h2 h3 ul ol li strong em br hr a "
        "span blockquote"
    )
    assert {element.tag for element in mail.root.iter()} <= set(allowed.split())


def test_all_of_it_is_plain_blocks(mail: Sent) -> None:
    """What stands in cells runs together when Evolution forwards it as text."""
    assert elements(mail.root, "table", "tr", "td") == []
    body = mail.root.find("body")
    assert [child.tag for child in body] == ["div"]
    assert {child.tag for child in body[0]} <= {"h1", "h2", "p", "ul", "hr"}


def test_only_css_that_all_programs_know(mail: Sent) -> None:
    properties = r"(background-)?color|border(-(top|right|bottom|left|collapse))?|display|margin"
    properties += (
        r"|font(-(family|size|weight))?|line-height|max-width|padding|text-(align|decoration)"
    )
    for element in mail.root.iter():
        for name, value in style_of(element).items():
            assert re.fullmatch(rf"{properties}|width|word-break", name), name
            forbidden = r"rem|calc|var|rgba|flex|grid|none|start|end|\(|-\d|!|#(?![0-9a-f]{6}\b)"
            assert not re.search(forbidden, value), value


def test_nothing_needs_what_outlook_does_not_know(mail: Sent) -> None:
    """Padding and a width on blocks may be missing: no list and no plain paragraph has them."""
    for element in mail.root.iter():
        style = style_of(element)
        has_padding = any(name.startswith("padding") for name in style)
        assert not has_padding or element.tag in ("div", "h1") or element.find("strong") is not None
        assert "width" not in style
        assert element.tag == "div" or "max-width" not in style


def test_the_one_thing_is_marked_without_any_style() -> None:
    mail = as_sent(make_letter(first="I will nod."))
    (heading,) = [h for h in elements(mail.root, "h2") if h.text == mail.letter.first_heading]
    said = heading.getnext()
    assert [strong.text for strong in elements(said, "strong")] == ["I will nod."]
    assert f"\n{mail.letter.first_heading}\n\nI will nod.\n" in mail.bodies.text


@pytest.mark.parametrize(
    ("typed", "direction"),
    [
        ("أنا لطيفة.", "rtl"),
        ("אני מהנהן.", "rtl"),
        ("I like dogs.", "ltr"),
        ("123 שלום.", "rtl"),
        ("«Ja», sagt er.", "ltr"),
        ("12:30.", "ltr"),
    ],
)
def test_each_typed_paragraph_has_its_own_direction(typed: str, direction: str) -> None:
    mail = as_sent(make_letter(first=typed, own_words=f"One.\n{typed}", name=typed))
    found = [p.get("dir") for p in elements(mail.root, "p") if p.text_content() == typed]
    assert found == [direction] * 3
    again = parse(forwarded(forwarded(mail.bodies.html)))
    kept = [p.get("dir") for p in elements(again, "p") if p.text_content() == typed]
    assert kept == found


def test_every_block_of_text_sets_its_margin(mail: Sent) -> None:
    blocks = elements(mail.root, "p", "h1", "h2", "h3", "ul", "ol", "li")
    assert all("margin" in style_of(block) for block in blocks)


def test_headings_begin_with_one_and_never_skip(mail: Sent) -> None:
    assert [heading.text for heading in elements(mail.root, "h1")] == [mail.letter.title]
    assert all(step <= 1 for step in heading_steps(mail.root))


def test_lists_are_real_lists_and_never_of_one(mail: Sent) -> None:
    lists = [part.items for part in mail.letter.parts if part.listed]
    assert all(len(items) > 1 for items in lists)
    assert [tuple(li.text for li in ul) for ul in elements(mail.root, "ul")] == lists
    assert {item.getparent().tag for item in elements(mail.root, "li")} <= {"ul"}


def test_all_text_is_large_and_has_a_font_of_last_resort(mail: Sent) -> None:
    for run in runs(mail.root):
        assert run.size >= 16
        assert float(run.style["line-height"]) >= 1.4
        assert run.style["font-family"].endswith("sans-serif")


def test_colours_come_in_pairs(mail: Sent) -> None:
    for element in mail.root.iter():
        style = style_of(element)
        assert ("color" in style) == ("background-color" in style)


def test_text_is_easy_to_see(mail: Sent) -> None:
    for run in runs(mail.root):
        assert contrast(colour(run.style["color"]), colour(run.style["background-color"])) >= 7


def test_text_is_easy_to_see_when_all_is_inverted(mail: Sent) -> None:
    for run in runs(mail.root):
        text, ground = colour(run.style["color"]), colour(run.style["background-color"])
        assert contrast(inverted(text), inverted(ground)) >= 4.5


def test_text_is_easy_to_see_when_backgrounds_are_inverted(mail: Sent) -> None:
    for run in dark_runs(mail.root):
        assert contrast(colour(run.style["color"]), colour(run.style["background-color"])) >= 4.5


def test_text_is_easy_to_see_on_forced_black(mail: Sent) -> None:
    for run in runs(mail.root):
        assert contrast(lightened(colour(run.style["color"])), BLACK) >= 4.5


def test_no_text_is_hidden(mail: Sent) -> None:
    hiding = re.compile(r"display:\s*none|hidden|opacity|text-indent|position|max-height|mso-hide")
    assert not hiding.search(mail.bodies.html)
    assert all(run.style["color"] != run.style["background-color"] for run in runs(mail.root))


def test_first_words_are_the_same_in_html_and_text(mail: Sent) -> None:
    first = visible_text(mail.root)[:90]
    assert first == plain_words(mail.bodies.text)[:90]
    assert first.startswith(f"{mail.letter.title} {mail.letter.greeting} ")
    assert "@" not in first


def test_the_only_links_are_mail_to_the_person(mail: Sent) -> None:
    links = [link.get("href") for link in elements(mail.root, "a")]
    assert all(re.match(rf"mailto:{re.escape(ADDRESS)}(\?|$)", link) for link in links)
    assert all(len(link) <= MAILTO_LIMIT for link in links)
    assert len(links) == 1 + len(mail.letter.replies)
    assert not re.search(r"https?:|www\.|mailto:", mail.bodies.text)


def test_address_stands_in_both_parts_as_text(mail: Sent) -> None:
    assert ADDRESS in visible_text(mail.root)
    assert ADDRESS in mail.bodies.text


def test_text_says_the_same_in_the_same_order(mail: Sent) -> None:
    assert plain_words(mail.bodies.text) == visible_text(mail.root)


def test_text_is_plain_and_lists_have_dashes(mail: Sent) -> None:
    text = mail.bodies.text
    many = [item for part in mail.letter.parts if part.listed for item in part.items]
    dashed = [line.removeprefix("- ") for line in text.splitlines() if line.startswith("- ")]
    assert dashed == [*many, *(reply.label for reply in mail.letter.replies)]
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert not re.search(r"<[a-z/]|&(amp|lt|gt|quot|#\d+);", text)


def test_first_words_differ_from_letter_to_letter() -> None:
    letters = [make_letter(situation=situation) for situation in english().situations]
    assert len({as_sent(letter).bodies.text[:200] for letter in letters}) == len(letters)


NASTY: Final = """<b>&"'</b><script>{{ 7*7 }}{% x %}<!-- &amp; -->"""


@pytest.mark.parametrize("field", ["name", "to_name", "first", "own_words"])
def test_what_was_typed_arrives_as_it_was_typed(field: str) -> None:
    mail = as_sent(compose(make_answers(**{field: NASTY}), english()))
    assert NASTY in visible_text(mail.root)
    assert NASTY in mail.bodies.text
    assert not elements(mail.root, "b", "script")
    assert mail.bodies.text.count(NASTY) == mail.bodies.html.count("&lt;b&gt;&amp;&#34;")


def test_a_name_cannot_leave_the_reply_links() -> None:
    mail = as_sent(compose(make_answers(name='Emma"&body=x&bcc=eve@example.org'), english()))
    for link in elements(mail.root, "a")[1:]:
        assert [part.partition("=")[0] for part in link.get("href").split("&")][1:] == ["body"]
        assert "bcc=" not in link.get("href")


def test_right_to_left_letters_are_mirrored() -> None:
    mail = as_sent(replace(make_letter(first="مرحبا"), language="ar", direction="rtl"))
    sheet = mail.root.find("body/div")
    assert (mail.root.get("dir"), sheet.get("dir"), sheet.get("lang")) == ("rtl", "rtl", "ar")
    assert "text-align" not in mail.bodies.html
    assert "border-left" not in mail.bodies.html
    assert [s.get("dir") for s in elements(mail.root, "span") if s.text == ADDRESS] == ["ltr"]


@pytest.mark.browser
def test_eight_ticks_fit_one_side_of_a4(chromium: Browser) -> None:
    page = chromium.new_page()
    too_long = []
    for situation, level, voice in legal_combinations(english()):
        letter = make_letter(situation=situation, level=level, voice=voice, to_name="Ms Patel")
        page.set_content(as_sent(letter).bodies.html)
        pdf = page.pdf(format="A4", margin=PRINT_MARGINS)  # type: ignore[arg-type]
        if len(re.findall(rb"/Type\s*/Page\b", pdf)) != 1:
            too_long.append((situation, level, voice))
    assert too_long == []


@pytest.mark.browser
@pytest.mark.parametrize("ticks", TICKS)
def test_axe_finds_no_barrier(chromium: Browser, ticks: str) -> None:
    page = chromium.new_page()
    page.set_content(sent("work", "named", "me", ticks).bodies.html)
    # A mail is shown inside a page, which has the landmarks.
    landmarks = {rule: {"enabled": False} for rule in ("region", "landmark-one-main")}
    found = Axe().run(page, options={"rules": landmarks})
    page.close()
    assert [rule["id"] for rule in found.response["violations"]] == []
