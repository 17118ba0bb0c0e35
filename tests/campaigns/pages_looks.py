"""Every page as different people see it: width, theme, size of text, forced colours, keys alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from playwright.sync_api import Page

from .browsers import PATIENCE, chromium, told
from .hands import EMMA, LONG, Person
from .keyboard import lost_on_the_way
from .looks import AXE, NARROWEST, PHONE, all_looks, barriers, sideways
from .site import site
from .table import Row
from .walk import Walk, other_hosts

_MOVES: Final = """() => [...document.querySelectorAll("*")].some(one => {
  const style = getComputedStyle(one);
  return style.transitionDuration !== "0s" || style.animationName !== "none"
    || style.scrollBehavior !== "auto";
})"""


@dataclass
class Tally:
    """How many pages were looked at in how many ways, and what was wrong with them."""

    what: str
    tool: str
    cases: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, where: str, found: list[str]) -> None:
        """One more case."""
        self.cases += 1
        self.wrong += [f"{where}: {one}" for one in found]

    def row(self) -> Row:
        """What to print."""
        return Row(self.what, self.tool, self.cases, "; ".join(self.wrong))


def main() -> list[Row]:
    """Walk through all pages three times, and look."""
    return told("every page, as people see it", _all)


def _all() -> list[Row]:
    return [*_in_every_look(), *_with_long_words(), *_in_other_colours()]


@contextmanager
def _walked(who: Person) -> Iterator[tuple[Page, Iterator[str], str]]:
    with site() as here, chromium() as running:
        page = running.new_page()
        page.set_default_timeout(PATIENCE)
        stops = chain(Walk(page, here, who).everywhere(), other_hosts(page, who))
        yield page, stops, f"Chromium {running.version}"


def _in_every_look() -> list[Row]:
    with _walked(EMMA) as (page, stops, tool):
        wide = Tally("every page, 3 widths, 2 themes, 2 sizes of text: nothing sideways", tool)
        barred = Tally("the same: no barrier", AXE)
        for name in stops:
            for look in all_looks():
                look.put_on(page)
                wide.add(f"{name}, {look}", _too_wide(page))
                barred.add(f"{name}, {look}", barriers(page))
            PHONE.put_on(page)
    return [wide.row(), barred.row()]


def _with_long_words() -> list[Row]:
    with _walked(LONG) as (page, stops, tool):
        wide = Tally("with the longest names and addresses: nothing sideways", tool)
        keys = Tally("keys alone: every control in order, with a ring, not covered", tool)
        for name in stops:
            for look in all_looks():
                look.put_on(page)
                wide.add(f"{name}, {look}", _too_wide(page))
            for look in (NARROWEST, PHONE):
                look.put_on(page)
                keys.add(f"{name}, {look}", lost_on_the_way(page))
    return [wide.row(), keys.row()]


def _in_other_colours() -> list[Row]:
    with _walked(EMMA) as (page, stops, tool):
        forced = Tally("forced colours: rings, contrast, nothing sideways", tool)
        calm = Tally("nothing moves, least of all with reduced motion", tool)
        checks: tuple[Callable[[Page], list[str]], ...] = (_too_wide, barriers, lost_on_the_way)
        for name in stops:
            page.emulate_media(forced_colors="active", reduced_motion="reduce")
            for check in checks:
                forced.add(name, check(page))
            calm.add(name, ["something moves"] if page.evaluate(_MOVES) else [])
            page.emulate_media(forced_colors="none", reduced_motion="no-preference")
    return [forced.row(), calm.row()]


def _too_wide(page: Page) -> list[str]:
    by = sideways(page)
    return [f"{by} px too wide"] if by else []
