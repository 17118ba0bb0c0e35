"""What five people do and read on their way through the form, counted in a real Chromium.

Taps, with the one that opens a field; typed characters; screens; the words that stand on them,
nothing folded among them; and the seconds to read those. Each takes what most people take: eight
sentences, no own words. A demo's line at the top is left out: no host has it.

Run: .venv/bin/python -m tests.walks
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from playwright.sync_api import Browser, Page

from .browser import launch
from .campaigns.hands import ON
from .campaigns.site import Site, site

PHONE: Final = {"width": 390, "height": 844}
# A slow reader on a phone; fluent readers of English take about 240 (Brysbaert, 2019).
WORDS_A_MINUTE: Final = 200
# What the issue of Emma's two ways allows.
MOST_WORDS: Final = {"Emma, to forward": 900, "Emma, straight to her manager": 1_300}
_SEEN: Final = """() => {
  document.querySelector(".demo")?.remove();
  const words = (of) => (of?.innerText.match(/[\\p{L}\\p{N}][\\p{L}\\p{N}’'-]*/gu) ?? []).length;
  return [words(document.body), words(document.querySelector("article.letter"))];
}"""


@dataclass
class Walk:
    """Somebody on a phone, and what their way has cost so far."""

    page: Page
    here: Site
    taps: int = 0
    typed: int = 0
    words: list[int] = field(default_factory=list)
    # Those of the letter itself among them, each time that it is shown.
    in_letter: int = 0

    def sees(self) -> None:
        """Another screen."""
        words, in_letter = self.page.evaluate(_SEEN)
        self.words.append(words)
        self.in_letter += in_letter

    def taps_on(self, selector: str) -> None:
        """Tap something that stays on the page."""
        self.page.locator(selector).first.click()
        self.taps += 1

    def goes(self, selector: str) -> None:
        """Tap something that leads to another screen."""
        with self.page.expect_navigation():
            self.taps_on(selector)
        self.sees()

    def types(self, selector: str, text: str) -> None:
        """Tap a field and type."""
        self.page.fill(selector, text)
        self.taps += 1
        self.typed += len(text)

    def reaches_check(
        self, situation: str, name: str, level: str = "named", voice: str = "me"
    ) -> None:
        """From the start to the letter."""
        self.page.goto(self.here.url)
        self.sees()
        self.goes(f"button[value={situation}]")
        if voice != "me":
            self.taps_on(f"input[name=voice][value={voice}]")
            self.types(
                "#writer", "Ann Clark, Sam’s mother" if voice == "child" else "Jo, support worker"
            )
        self.types("#name", name)
        self.goes(f"button[value={level}]:not([tabindex])")
        for tick in range(8):
            self.page.locator("input[name=say]").nth(tick).click()
            self.taps += 1
        self.goes(ON)
        self.goes(ON)

    def mails_it(self) -> None:
        """To one's own inbox, to forward."""
        self.types("#email", "emma@example.org")
        self.goes("#send button.main")

    def sends_it(self) -> None:
        """Straight to the reader, by the code."""
        self.goes("button[name=go][value='/letter/someone']")
        self.types("#recipient_name", "Ms Patel")
        self.types("#recipient_email", "patel@vets.example.org")
        self.types("#email", "emma@example.org")
        self.taps_on("#may")
        self.goes(ON)
        self.taps_on("#consent")
        self.goes(ON)
        self.types("#code", self.here.post.code())
        self.goes(ON)
        self.goes("button[name=send]")


def _emma(walk: Walk) -> None:
    walk.reaches_check("volunteering", "Emma")
    walk.mails_it()


def _emma_straight(walk: Walk) -> None:
    walk.reaches_check("volunteering", "Emma")
    walk.sends_it()


def _parent(walk: Walk) -> None:
    walk.reaches_check("school", "Sam", voice="child")
    walk.mails_it()


def _supporter(walk: Walk) -> None:
    walk.reaches_check("healthcare", "Sam", level="described", voice="supported")
    walk.mails_it()


def _student(walk: Walk) -> None:
    walk.reaches_check("university", "Noor", level="needs")
    walk.mails_it()


PEOPLE: Final[dict[str, Callable[[Walk], None]]] = {
    "Emma, to forward": _emma,
    "Emma, straight to her manager": _emma_straight,
    "A parent, to a school": _parent,
    "A supporter, to a doctor": _supporter,
    "A student, saying only what helps": _student,
}


def walked(chromium: Browser, way: Callable[[Walk], None]) -> Walk:
    """One person's way."""
    with site() as here:
        context = chromium.new_context(viewport=PHONE, is_mobile=True, has_touch=True)  # type: ignore[arg-type]
        walk = Walk(context.new_page(), here)
        way(walk)
        context.close()
    return walk


def table(walks: dict[str, Walk]) -> str:
    """The rows of docs/figures.md."""
    lines = [
        "| Who | Taps | Typed | Screens | Words | of them the letter’s | Seconds |",
        "|---|---|---|---|---|---|---|",
    ]
    for who, walk in walks.items():
        words = sum(walk.words)
        seconds = round(words * 60 / WORDS_A_MINUTE)
        lines.append(
            f"| {who} | {walk.taps} | {walk.typed} | {len(walk.words)} | {words:,} |"
            f" {walk.in_letter} | {seconds} |"
        )
    return "\n".join(lines)


def main() -> int:
    """Print the table; 1 where Emma has more to read than she should."""
    with launch() as chromium:
        walks = {who: walked(chromium, way) for who, way in PEOPLE.items()}
    sys.stdout.write(f"{table(walks)}\n\n")
    for who, walk in walks.items():
        sys.stdout.write(f"{who}: {walk.words}\n")
    return int(any(sum(walks[who].words) > most for who, most in MOST_WORDS.items()))


if __name__ == "__main__":
    sys.exit(main())
