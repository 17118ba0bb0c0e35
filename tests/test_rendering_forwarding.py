"""A letter that was forwarded, once and twice, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest
from playwright.sync_api import Page

from webapp.letter.compose import Letter, compose
from webapp.rendering.forwarding import forwarded

from .browser import launch
from .builders import english, make_answers, make_letter, with_all_ticks
from .letter_page import parse, templates, visible_text

LINES: Final = ("From: Word Ahead <letters@example.org>", "Subject: How to <b>talk</b>")
ADDRESS: Final = "emma.with.a.long.address.that.has.no.place.to.break@example.org"

# What mail programs add of their own: Gmail's small type, Outlook's type on each paragraph, and
# the colour that Gmail gives to what is quoted.
CLIENT_CSS: Final = """
body { font: 13px/1.2 serif; color: #222222 }
p, li, td, div { font-family: Calibri, serif; font-size: 11pt; line-height: 1 }
p, ul { margin: 0 }
h1, h2 { font: italic 1em serif; color: #2f5496 }
a { color: #0000ff; font-size: 10px }
blockquote { color: #500050 }
"""

# Every text of the letter with the style it is shown in, and each list item's mark.
LOOKS: Final = """root => {
  const looks = [], walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const text = walk.currentNode.data.replace(/\\s+/g, " ").trim();
    if (!text) continue;
    const style = getComputedStyle(walk.currentNode.parentElement);
    looks.push([text, style.fontSize, style.fontWeight, style.color]);
  }
  const marks = [...root.querySelectorAll("li")].map(item => {
    const style = getComputedStyle(item);
    return [style.display, style.listStyleType];
  });
  return [looks, marks];
}"""


def letters() -> dict[str, Letter]:
    """Letters that differ in shape."""
    everything = compose(with_all_ticks(make_answers(name="Maximiliana" * 7)), english())
    return {
        "nothing ticked": replace(make_letter(), parts=()),
        "eight ticks": make_letter(to_name="Ms Patel", first="I hear you.", own_words="One.\nTwo."),
        "all ticks": everything,
        "right to left": replace(make_letter(), direction="rtl", language="ar"),
    }


@pytest.fixture(params=letters())
def html(request: pytest.FixtureRequest) -> str:
    """The HTML of each letter in turn."""
    return templates().letter_bodies(letters()[request.param], ADDRESS).html


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page in a browser for this module."""
    with launch() as browser:
        yield browser.new_page()


def shown(page: Page, html: str, width: int, css: str = "") -> Any:
    """How a letter looks at a width, in a mail program with its own styles."""
    page.set_viewport_size({"width": width, "height": 800})
    page.set_content(f"<!DOCTYPE html><style>{css}</style>{html}" if css else html)
    return page.evaluate(LOOKS, page.query_selector("div[lang]"))


def is_scrolled_sideways(page: Page) -> bool:
    """Whether something is wider than the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 800])
@pytest.mark.parametrize("times", [1, 2])
def test_forwarded_letter_looks_as_it_did(page: Page, html: str, times: int, width: int) -> None:
    before = shown(page, html, width)
    assert shown(page, forwarded(html, times=times, lines=LINES), width) == before
    assert shown(page, forwarded(html, times=times, lines=LINES), width, CLIENT_CSS) == before
    assert before[0]
    assert all(mark == ["list-item", "disc"] for mark in before[1])


@pytest.mark.browser
@pytest.mark.parametrize("times", [0, 1, 2])
def test_forwarded_letter_needs_no_sideways_scrolling(page: Page, html: str, times: int) -> None:
    shown(page, forwarded(html, times=times, lines=LINES), 320)
    assert not is_scrolled_sideways(page)


def test_forwarded_letter_says_the_same(html: str) -> None:
    said = visible_text(parse(html))
    assert visible_text(parse(forwarded(html, times=2))).endswith(said)


def test_lines_above_say_who_wrote_it_and_are_escaped() -> None:
    html = forwarded("<p>Hello</p>", lines=LINES)
    first, second = LINES
    assert (
        parse(html).xpath("string(//div)")
        == f"---------- Forwarded message ---------{first}{second}"
    )


def test_what_programs_drop_is_dropped() -> None:
    page = (
        "<!DOCTYPE html><html lang=en><head><title>T</title><style>p{color:red}</style></head>"
        "<body class=x><!-- note --><section class=y id=z style='color:red' lang=de>"
        "<p id=a class=b title='&lt;&quot;'>One &amp; two&#33;<br/></p></section></body></html>"
    )
    kept = '<div><p title="&lt;&quot;">One &amp; two&#33;<br></p></div></blockquote>'
    assert forwarded(page).endswith(kept)
    assert "note" not in forwarded(page)


def test_not_forwarded_is_unchanged() -> None:
    assert forwarded("<p class='x'>Hello</p>", times=0) == "<p class='x'>Hello</p>"
