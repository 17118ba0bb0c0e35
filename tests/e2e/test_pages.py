"""Every page there is, in a real Chromium: what axe-core and a keyboard find, and 320 pixels."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import pytest
from playwright.sync_api import Browser, Page

from .. import browser
from ..campaigns.hands import LONG
from ..campaigns.keyboard import lost_on_the_way
from ..campaigns.looks import NARROWEST, PHONE, barriers, sideways
from ..campaigns.site import Site, site
from ..campaigns.walk import Walk, other_hosts
from ..page_trees import FOLDER, trees
from ..test_web_pages_size import FIRST_VIEW

pytestmark = pytest.mark.browser

# Chromium itself writes these two to the console: a status that is no mistake of the page, and
# that "Delete my answers" cleared what it should.
_NO_COMPLAINTS = (
    "Failed to load resource: the server responded with a status of",
    "Clear-Site-Data",
)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.launch() as running:
        yield running


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def here() -> Iterator[Site]:
    with site() as running:
        yield running


def test_each_page_is_to_a_screen_reader_as_it_was_approved() -> None:
    """Where it is not: read what changed, in order; if it is right, `make trees`."""
    approved = {path.stem: path.read_text("utf-8") for path in FOLDER.glob("*.txt")}
    found = dict(trees())
    assert found.keys() == approved.keys()
    for name, tree in found.items():
        assert tree == approved[name], f"{name}: read it in order; if it is right: make trees"


def test_the_first_view_with_all_its_headers_comes_in_one_go(page: Page, here: Site) -> None:
    """What the browser itself counts: each answer's head and body, before any compression."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[float] = []
    session.on("Network.loadingFinished", lambda one: sizes.append(one["encodedDataLength"]))
    page.goto(here.url, wait_until="networkidle")
    assert len(sizes) >= 2
    assert sum(sizes) <= FIRST_VIEW


def test_no_page_has_a_barrier_scrolls_sideways_loses_the_keyboard_or_complains(
    page: Page, here: Site
) -> None:
    """One walk, since the way to the pages takes longest; the names are as long as names get."""
    complaints: list[str] = []
    wrong = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for name in chain(Walk(page, here, LONG).everywhere(), other_hosts(page, LONG)):
        NARROWEST.put_on(page)
        wrong += [f"{name}: {by} px too wide" for by in [sideways(page)] if by]
        PHONE.put_on(page)
        wrong += [f"{name}: {what}" for what in barriers(page) + lost_on_the_way(page)]
    assert wrong == []
    assert [text for text in complaints if not text.startswith(_NO_COMPLAINTS)] == []
