"""Each page as a screen reader gets it: its accessibility tree, in order, to be read and compared.

Chromium's own tree. The letter and its sentences have approved files of their own (tests/golden):
here the letter is one line, and a sentence to tick is its id. Run: make trees
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from webapp.letter.compose import sample, say
from webapp.letter.words import LEVELS

from . import browser
from .builders import english, make_answers
from .campaigns.site import site
from .campaigns.walk import Walk, other_hosts

FOLDER: Final = Path(__file__).parent / "trees"
# The demo's own pages, which show mails with their hour; the words' own, which are all sentences;
# and the page that needs no template.
_LEFT_OUT: Final = ("outbox", "words", "problem-500")
_CHANGING: Final = (
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1"),
    (re.compile(r"/(confirm|stop)/[\w-]{10,}"), r"/\1/…"),
    (re.compile(r"\?v=\w+"), ""),
)
# The letter gives way to one line while the tree is taken.
_AWAY: Final = """() => {
  const letters = [...document.querySelectorAll("article.letter")];
  window.kept = letters.map((one) => [one, [...one.childNodes]]);
  window.kept.forEach(([one]) => one.replaceChildren("(the letter)"));
}"""
_BACK: Final = "() => window.kept.forEach(([one, all]) => one.replaceChildren(...all))"


def tree_of(page: Page) -> str:
    """What a screen reader gets of a page: its title, then role, name and state of each part."""
    page.evaluate(_AWAY)
    tree = page.locator("body").aria_snapshot()
    page.evaluate(_BACK)
    for sentence, identity in _sentences():
        tree = tree.replace(sentence, f"({identity})")
    for pattern, instead in _CHANGING:
        tree = pattern.sub(instead, tree)
    return f"{page.title()}\n\n{tree}\n"


def _sentences() -> list[tuple[str, str]]:
    """What the letter of these walks can say, the longest first, with the id of each."""
    words, answers = english(), make_answers(name="Emma")
    found = [(say(one, answers, words), one.id) for one in words.statements.values()]
    found += [(sample(level, answers, words), f"what {level} says") for level in LEVELS]
    return sorted(found, key=lambda pair: -len(pair[0]))


def trees() -> Iterator[tuple[str, str]]:
    """Every page of a walk by its name."""
    with browser.launch() as chromium, site() as here:
        context = chromium.new_context(viewport={"width": 390, "height": 844})
        # Not every Chromium can share.
        context.add_init_script("navigator.share = () => {}")
        page = context.new_page()
        for name in chain(Walk(page, here).everywhere(), other_hosts(page)):
            if not name.startswith(_LEFT_OUT):
                yield name, tree_of(page)


def write_anew() -> None:
    """Write every tree, and take away those of pages that are no more."""
    FOLDER.mkdir(exist_ok=True)
    found = dict(trees())
    for old in FOLDER.glob("*.txt"):
        if old.stem not in found:
            old.unlink()
    for name, tree in found.items():
        (FOLDER / f"{name}.txt").write_text(tree, "utf-8")
    sys.stdout.write(f"{len(found)} pages. Read what changed in order: git diff tests/trees\n")


if __name__ == "__main__":
    write_anew()
