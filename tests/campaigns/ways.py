"""Every way out of and back into each page where something is typed: is all of it there again?

In Chromium, in Firefox and in WebKitGTK, the engine of iPhones; with JavaScript and without. What
is compared is every field of the page: its text, or whether it is ticked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Protocol

from playwright.sync_api import Browser

from .browsers import PATIENCE, chromium, firefox, told
from .site import site
from .table import Row
from .webkit import webkit


class Sheet(Protocol):
    """A page in any browser, as these proofs use it."""

    def opens(self, path: str) -> None:
        """Open an address of the site."""

    def clicks(self, selector: str) -> None:
        """Press what leads to another page, and wait for that page."""

    def fills(self, selector: str, text: str) -> None:
        """Type into a field as a person does."""

    def ticks(self, selector: str, which: int = 0) -> None:
        """Press a box, which takes a tick away as well, or a radio button."""

    def fields(self) -> dict[str, str]:
        """Every field of the page: its text, or "on" where it is ticked."""

    def back(self) -> None:
        """The browser's own Back."""

    def reloads(self) -> None:
        """The browser's own Reload."""


@dataclass(frozen=True)
class Step:
    """A page of the form, what somebody types there, and a slip that it may hold."""

    name: str
    path: str
    texts: tuple[tuple[str, str], ...] = ()
    # What is ticked or chosen, and among how many.
    boxes: tuple[tuple[str, int], ...] = ()
    slip: tuple[str, str] = ("", "")

    def filled(self, sheet: Sheet, turn: int) -> dict[str, str]:
        """Type all of it, each turn something else; gives what the page then holds."""
        sheet.opens(self.path)
        for selector, many in self.boxes:
            sheet.ticks(selector, turn % many)
        for selector, text in self.texts:
            sheet.fills(selector, text.replace("1", str(turn)))
        return sheet.fields()


STEPS: Final = (
    Step(
        "who",
        "/letter/how-much",
        (("#name", "Zoë 1"), ("#writer", "Ann 1, her mother")),
        (("input[name=voice]:not([value=me])", 2), ("input[name=they]", 3)),
        ("#name", "x" * 90),
    ),
    Step("what", "/letter/what", (), (("fieldset:first-of-type input[name=say]", 8),)),
    Step(
        "more",
        "/letter/about-you",
        (("#to_name", "Ms Patel 1"), ("#first", "I will nod 1."), ("#own_words", "Kind. Calm 1.")),
        (),
        ("#own_words", "see elsewhere.example.com"),
    ),
    Step(
        "check",
        "/letter/check",
        (("#email", "emma1@example.org"), ("#answer_by", "A note 1 at reception")),
        (),
        ("#email", "emma"),
    ),
    Step(
        "person",
        "/letter/someone",
        (
            ("#recipient_name", "Ms Patel 1, manager"),
            ("#recipient_email", "patel1@example.org"),
            ("#email", "emma1@example.org"),
        ),
        (("#may", 1),),
        ("#email", "emma"),
    ),
)

# Each way leads out of a page and back to it.
Way = Callable[[Sheet, Step], None]


def _own_link(target: str) -> Way:
    def way(sheet: Sheet, step: Step) -> None:
        sheet.clicks(f"button[name=go][value='{target}']")
        sheet.opens(step.path)

    way.__name__ = f"by {target}, and to the page again"
    return way


def _own_link_and_back(target: str) -> Way:
    def way(sheet: Sheet, step: Step) -> None:
        sheet.clicks(f"button[name=go][value='{target}']")
        sheet.back()

    way.__name__ = f"by {target}, and the browser's Back"
    return way


def _help_and_its_back(sheet: Sheet, step: Step) -> None:
    sheet.clicks("button[name=go][value='/help']")
    sheet.clicks(".back a")


def _own_back(sheet: Sheet, step: Step) -> None:
    sheet.clicks(".back button")
    sheet.opens(step.path)


def _own_back_and_back(sheet: Sheet, step: Step) -> None:
    sheet.clicks(".back button")
    sheet.back()


def _delete_and_undo(sheet: Sheet, step: Step) -> None:
    sheet.clicks("footer button.quiet")
    sheet.clicks("button[name=undo]")


def _reload(sheet: Sheet, step: Step) -> None:
    sheet.reloads()


def _another_site_and_back(sheet: Sheet, step: Step) -> None:
    sheet.opens("about:blank")
    sheet.back()


def _twice_help(sheet: Sheet, step: Step) -> None:
    _help_and_its_back(sheet, step)
    _help_and_its_back(sheet, step)


def _slip(sheet: Sheet, step: Step) -> None:
    if step.slip[0]:
        sheet.fills(*step.slip)
        # A level's button, or the one that goes on.
        sheet.clicks("main form button:is(.main, [value=named])")


def _slip_and_reload(sheet: Sheet, step: Step) -> None:
    _slip(sheet, step)
    sheet.reloads()


# The last two depend on what the browser itself keeps where there is no JavaScript.
WAYS: Final[tuple[Way, ...]] = (
    *(_own_link(target) for target in ("/", "/help", "/privacy", "/accessibility", "/outbox")),
    *(_own_link_and_back(target) for target in ("/", "/help", "/privacy", "/accessibility")),
    _help_and_its_back,
    _twice_help,
    _own_back,
    _own_back_and_back,
    _delete_and_undo,
    _slip,
    _slip_and_reload,
    _reload,
    _another_site_and_back,
)


# Those by which most was lost, for the suite.
SHORT: Final[tuple[Way, ...]] = (_help_and_its_back, _own_back, _delete_and_undo, _slip, _reload)


def tried(sheet: Sheet, ways: tuple[Way, ...] = WAYS) -> Iterator[tuple[str, str]]:
    """Each step by each way; what was tried, and what was lost or doubled there."""
    sheet.opens("/")
    sheet.clicks("button[value=school]")
    sheet.fills("#name", "Emma")
    sheet.clicks("button[value=named]")
    sheet.ticks("input[name=say]")
    sheet.clicks("main form button.main")
    sheet.clicks("main form button.main")
    for step in STEPS:
        for turn, way in enumerate(ways, 1):
            yield _tried(sheet, step, way, turn)


def _tried(sheet: Sheet, step: Step, way: Way, turn: int) -> tuple[str, str]:
    what = f"{step.name}: {way.__name__.strip('_').replace('_', ' ')}"
    try:
        before = step.filled(sheet, turn)
        way(sheet, step)
        after = sheet.fields()
    except Exception as error:
        return what, f"stopped: {type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
    if way in (_slip, _slip_and_reload) and step.slip[0]:
        name = next(one for one in before if one.startswith(f"{step.slip[0][1:]} "))
        before[name] = step.slip[1]
    return what, ", ".join(name for name in before if after.get(name) != before[name])


_FIELDS: Final = """() => Object.fromEntries(
  [...document.querySelectorAll("main input:not([type=hidden]), main textarea")].map((one, at) =>
    [`${one.name} ${at}`, /radio|checkbox/.test(one.type) ? String(one.checked) : one.value]))"""


class PlaywrightSheet:
    """A page that Playwright drives."""

    def __init__(self, page: Any, url: str) -> None:
        self.page, self.url = page, url

    def opens(self, path: str) -> None:
        """Open an address of the site."""
        self.page.goto(path if path.startswith("about:") else self.url + path)

    def clicks(self, selector: str) -> None:
        """Press what leads to another page, and wait for that page."""
        with self.page.expect_event("load"):
            self.page.locator(selector).first.click()

    def fills(self, selector: str, text: str) -> None:
        """Type into a field as a person does, and pause."""
        # Firefox's driver would add to what stands in an address field.
        self.page.press(selector, "ControlOrMeta+a")
        self.page.locator(selector).press_sequentially(text)
        self.page.wait_for_timeout(600)

    def ticks(self, selector: str, which: int = 0) -> None:
        """Press a box, which takes a tick away as well, or a radio button."""
        self.page.locator(selector).nth(which).click()
        self.page.wait_for_timeout(500)

    def fields(self) -> dict[str, str]:
        """Every field of the page."""
        self.page.wait_for_timeout(300)
        return dict(self.page.evaluate(_FIELDS))

    def back(self) -> None:
        """The browser's own Back."""
        self.page.go_back()
        self.page.wait_for_load_state()
        self.page.wait_for_timeout(300)

    def reloads(self) -> None:
        """The browser's own Reload."""
        self.page.reload()


OpenedBrowser = Callable[[], AbstractContextManager[Browser]]


@contextmanager
def playwright_sheet(browser: Browser, url: str, *, script: bool = True) -> Iterator[Sheet]:
    """A fresh page in a browser that Playwright drives."""
    context = browser.new_context(java_script_enabled=script, ignore_https_errors=True)
    context.set_default_timeout(PATIENCE)
    yield PlaywrightSheet(context.new_page(), url)
    context.close()


def _row(what: str, tool: str, found: list[tuple[str, str]]) -> Row:
    short = "; ".join(f"{name}: {lost}" for name, lost in found if lost)
    return Row(f"ways out and back, every field compared: {what}", tool, len(found), short)


def _in_playwright(opened: OpenedBrowser, *, script: bool) -> list[Row]:
    with (
        opened() as running,
        site() as here,
        playwright_sheet(running, here.url, script=script) as sheet,
    ):
        tool = f"{running.browser_type.name.capitalize()} {running.version}"
        what = "with JavaScript" if script else "without JavaScript"
        return [_row(what, tool, [*tried(sheet)])]


def _in_webkit(*, script: bool) -> list[Row]:
    with site() as here, webkit(here.url, script=script) as (sheet, tool):
        if script:
            return [_row("with JavaScript", tool, [*tried(sheet)])]
        # WebKit itself keeps nothing over Reload, see docs/decisions.md.
        ways = tuple(one for one in WAYS if one not in (_reload, _slip_and_reload))
        return [_row("without JavaScript, Reload aside", tool, [*tried(sheet, ways)])]


def main() -> list[Row]:
    """Each browser, with and without JavaScript."""
    rows: list[Row] = []
    for script in (True, False):
        for name, opened in (("Chromium", chromium), ("Firefox", firefox)):
            rows += told(f"ways in {name}", partial(_in_playwright, opened, script=script))
        rows += told("ways in WebKitGTK", partial(_in_webkit, script=script))
    return rows
