"""How much a phone has to load; limits of the design, in bytes before compression."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from webapp.letter.words import LEVELS
from webapp.web.forms import FIRST, NAME, OWN_WORDS

from .builders import english
from .visitor import visitor

STATIC = Path(__file__).parent.parent / "webapp" / "web" / "static"

# What a server may send at once, before it waits for the first answer (RFC 6928: ten packets).
FIRST_VIEW = 14_336
PAGE = 24_576
SCRIPT = 3_072

LONGEST = "é" * NAME.characters
MORE = {
    "to_name": LONGEST,
    "first": "a" * FIRST.characters,
    "own_words": ("a" * 29 + "\n") * (OWN_WORDS.characters // 30),
}


def test_the_first_view_comes_in_one_go() -> None:
    page = visitor().opens("/").page
    files = ("style.css", "icon.svg")
    assert len(page.html.encode()) + sum((STATIC / f).stat().st_size for f in files) <= FIRST_VIEW


def test_all_script_is_small() -> None:
    assert sum(path.stat().st_size for path in STATIC.glob("*.js")) <= SCRIPT


@pytest.mark.parametrize(("situation", "level"), [*itertools.product(english().situations, LEVELS)])
def test_no_page_is_large_even_with_the_longest_name_and_words(situation: str, level: str) -> None:
    emma = visitor().reaches_check(
        situation=situation, level=level, name=LONGEST, voice="child", more=MORE
    )
    for path in ("/", "/letter/how-much", "/letter/what", "/letter/about-you", "/letter/check"):
        assert len(emma.opens(path).page.html.encode()) <= PAGE, path


@pytest.mark.parametrize("situation", english().situations)
def test_the_check_page_is_not_large_even_with_everything_ticked(situation: str) -> None:
    emma = visitor().reaches_check(situation=situation, voice="child", ticks=99, more=MORE)
    assert len(emma.page.html.encode()) <= PAGE


@pytest.mark.parametrize("path", ["/help", "/privacy", "/accessibility", "/stop", "/nowhere"])
def test_no_page_around_the_form_is_large(path: str) -> None:
    assert len(visitor().opens(path).page.html.encode()) <= PAGE
