"""How a page looks to different people (width, theme, size of text), and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final, Literal

from axe_playwright_python.base import AXE_SCRIPT
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDTHS: Final = (320, 390, 1280)
THEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
# Per cent of what a browser shows without being told.
TEXTS: Final = (100, 200)

# Its script begins "/*! axe v4.12.1".
AXE: Final = "axe-core " + AXE_SCRIPT.split(maxsplit=3)[2].removeprefix("v")

# What Chromium calls its usual text, in pixels.
_USUAL: Final = 16
_HEIGHT: Final = 844


@dataclass(frozen=True)
class Look:
    """One way of looking."""

    width: int = 390
    theme: Literal["light", "dark"] = "light"
    text: int = 100

    def put_on(self, page: Page) -> None:
        """Have a Chromium show its page so; the size of text is the browser's own setting."""
        page.set_viewport_size({"width": self.width, "height": _HEIGHT})
        page.emulate_media(color_scheme=self.theme)
        session = page.context.new_cdp_session(page)
        size = _USUAL * self.text // 100
        session.send("Page.setFontSizes", {"fontSizes": {"standard": size, "fixed": size}})
        session.detach()

    def __str__(self) -> str:
        return f"{self.width} px, {self.theme}, {self.text} %"


PHONE: Final = Look()
NARROWEST: Final = Look(320, "light", 200)


def all_looks() -> Iterator[Look]:
    """Every width with every theme and every size of text."""
    return (Look(*one) for one in product(WIDTHS, THEMES, TEXTS))


def sideways(page: Page) -> int:
    """By how many pixels a page is wider than its window."""
    return int(page.evaluate("Math.max(0, document.documentElement.scrollWidth - innerWidth)"))


def barriers(page: Page) -> list[str]:
    """What axe-core finds: each rule, and the first place where it is broken."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']} at {one['nodes'][0]['target']}" for one in found]
