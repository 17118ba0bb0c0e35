"""Emma names her manager, in a real Chromium, against a real mail server."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from email.message import EmailMessage
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page, Request
from playwright.sync_api import Error as PlaywrightError

from webapp.post.smtp import SmtpPost
from webapp.store.database.tables import tables
from webapp.store.opening import Store

from .. import browser
from ..databases import Clock
from ..direct import DAY, DIRECT, EMMA, HOUR, MANAGER, NAME, paths_in, store_over, told
from ..letter_page import plain_words, words_of
from ..mail_server import RealServer, real_server
from ..mails import code_in, read
from ..visitor import make_app
from ..web_server import web_server

pytestmark = pytest.mark.browser

# In milliseconds; a machine may be busy.
PATIENCE = 60_000


@dataclass
class Site:
    """A host on a port of this machine, its mail server, its database and its clock."""

    url: str
    mail: RealServer
    store: Store
    clock: Clock

    def inbox(self, address: str) -> list[EmailMessage]:
        """The mails that came to an address, oldest first."""
        return [read(one.data) for one in self.mail.mails if one.recipients == (address,)]

    def code(self) -> tuple[str, str]:
        """Link and code of the newest code mail, as Emma reads them."""
        mail = [one for one in self.inbox(EMMA) if "code" in str(one["Subject"])][-1]
        return self.url + paths_in(mail)[0], code_in(mail)

    def held(self) -> str:
        """All that the database holds."""
        found = []
        for database in (self.store.database, self.store.counts):
            with database.reading() as connection:
                found += [connection.execute(sa.select(t)).all() for t in tables.sorted_tables]
        return repr(found)


@pytest.fixture(scope="module")
def mail() -> Iterator[RealServer]:
    with real_server() as running:
        yield running


@pytest.fixture(scope="module")
def chromium(mail: RealServer) -> Iterator[Browser]:
    """Started after the mail server, since Playwright keeps the thread's event loop."""
    with browser.launch() as running:
        yield running


@pytest.fixture
def site(tmp_path: Path, mail: RealServer) -> Iterator[Site]:
    mail.mails.clear()
    with closing(SmtpPost(mail.server)) as post, web_server() as server:
        settings, clock = replace(DIRECT, public_url=server.url), Clock()
        store = store_over(f"sqlite:///{tmp_path}/private/story.db", settings, clock)
        store.start()
        server.app = make_app(
            settings,
            post=post,
            store=store,
            clock=lambda: datetime.datetime.fromtimestamp(clock(), datetime.UTC),
        )
        yield Site(server.url, mail, store, clock)


@contextmanager
def phone(chromium: Browser, site: Site, *, script: bool = True) -> Iterator[BrowserContext]:
    context = chromium.new_context(java_script_enabled=script, base_url=site.url)
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


def _press(page: Page, button: str) -> None:
    with page.expect_navigation():
        page.locator(button).first.click()


def _asks(page: Page) -> None:
    """From the start to the page that asks for the code."""
    page.goto("/")
    _press(page, "button[value=volunteering]")
    page.fill("#name", "Emma")
    _press(page, "button[value=named]")
    for tick in page.locator("input[name=say]").all()[:8]:
        tick.check()
    _press(page, "main form button.main")
    _press(page, "main form button.main")
    _press(page, "button[value='/letter/someone']")
    page.fill("#recipient_name", NAME)
    page.fill("#recipient_email", MANAGER)
    page.fill("#email", EMMA)
    page.check("input[name=may]")
    _press(page, "main form button.main")
    page.check("input[name=consent]")
    _press(page, "main form button.main")


def _types(page: Page, site: Site) -> None:
    page.fill("#code", site.code()[1])
    _press(page, "main form button.main")


def _navigations(page: Page) -> set[Request]:
    """The requests for another page that are under way at any moment."""
    under_way: set[Request] = set()
    page.on("request", lambda one: under_way.add(one) if one.is_navigation_request() else None)
    page.on("requestfinished", lambda one: under_way.discard(one))
    page.on("requestfailed", lambda one: under_way.discard(one))
    return under_way


def _clicks_by_script(page: Page, number: int, under_way: set[Request]) -> None:
    """Click, and wait for the page that this leads to, if it leads to one."""
    page.evaluate(
        "number => document.querySelectorAll('button, main a[href]')[number]?.click()", number
    )
    until = time.monotonic() + PATIENCE / 1000
    page.wait_for_timeout(200)
    while under_way and time.monotonic() < until:
        page.wait_for_timeout(20)
    page.wait_for_load_state()


def _heading(page: Page) -> str:
    return page.locator("h1").inner_text()


@pytest.mark.parametrize("script", [False, True], ids=["without script", "with script"])
def test_emma_names_her_manager_who_gets_exactly_one_letter(
    chromium: Browser, site: Site, script: bool
) -> None:
    with phone(chromium, site, script=script) as context:
        page = context.new_page()
        _asks(page)
        assert site.inbox(MANAGER) == []
        _types(page, site)
        shown = words_of(page.locator("article.letter").inner_text())
        assert site.inbox(MANAGER) == []
        _press(page, "button[name=send]")
        assert _heading(page) == told("sent_heading")
    (letter,) = site.inbox(MANAGER)
    text = letter.get_body(("plain",))
    assert text
    assert letter["Reply-To"] == EMMA
    assert plain_words(text.get_content()) == shown
    assert len(site.inbox(EMMA)) == 2
    assert len(site.mail.mails) == 3


def test_after_the_story_the_database_holds_nothing_of_either(
    chromium: Browser, site: Site
) -> None:
    with phone(chromium, site) as context:
        page = context.new_page()
        _asks(page)
        waiting = site.held()
        _types(page, site)
        _press(page, "button[name=send]")
    for held in (waiting, site.held()):
        assert not [word for word in ("Emma", "emma", "Patel", "vets", "example") if word in held]


def test_the_next_day_she_opens_it_by_the_link_in_the_mail(chromium: Browser, site: Site) -> None:
    with phone(chromium, site) as context:
        page = context.new_page()
        _asks(page)
        page.close()
        site.clock.forward(DAY)
        page = context.new_page()
        page.goto(site.code()[0])
        _types(page, site)
        _press(page, "button[name=send]")
    assert len(site.inbox(MANAGER)) == 1


def test_another_device_needs_only_the_mail(chromium: Browser, site: Site) -> None:
    with phone(chromium, site) as context:
        _asks(context.new_page())
    with phone(chromium, site, script=False) as other:
        page = other.new_page()
        page.goto(site.code()[0])
        _types(page, site)
        _press(page, "button[name=send]")
        assert _heading(page) == told("sent_heading")
    assert len(site.inbox(MANAGER)) == 1


@pytest.mark.parametrize("button", ["button[name=cancel]", "button[name=cancel_here]"])
def test_she_changes_her_mind(chromium: Browser, site: Site, button: str) -> None:
    with phone(chromium, site) as context:
        page = context.new_page()
        _asks(page)
        if button == "button[name=cancel]":
            _types(page, site)
        _press(page, button)
        assert _heading(page) == told("cancelled_heading")
        page.goto(site.code()[0])
        _types(page, site)
        assert told("wrong") in page.locator("main").inner_text()
    assert site.inbox(MANAGER) == []


def test_after_two_days_the_code_opens_nothing(chromium: Browser, site: Site) -> None:
    with phone(chromium, site) as context:
        page = context.new_page()
        _asks(page)
        site.clock.forward(48 * HOUR)
        _types(page, site)
        assert told("wrong") in page.locator("main").inner_text()
    assert site.inbox(MANAGER) == []


def test_a_scanner_that_runs_scripts_and_presses_every_button_sends_nothing(
    chromium: Browser, site: Site
) -> None:
    """R23."""
    with phone(chromium, site) as context:
        _asks(context.new_page())
    link, before = site.code()[0], site.held()
    with phone(chromium, site) as scanner:
        page = scanner.new_page()
        under_way = _navigations(page)
        page.goto(link)
        for number in range(page.locator("button, main a[href]").count()):
            page.goto(link)
            _clicks_by_script(page, number, under_way)
            _clicks_by_script(page, 0, under_way)
    assert site.held() == before
    assert len(site.mail.mails) == 1


def test_back_after_sending_shows_no_letter_and_sends_no_second_one(
    chromium: Browser, site: Site
) -> None:
    """R62, in Chromium."""
    with phone(chromium, site) as context:
        page = context.new_page()
        _asks(page)
        _types(page, site)
        _press(page, "button[name=send]")
        page.reload()
        with suppress(PlaywrightError):  # Chromium asks before it would post a form again
            page.go_back()
        assert page.locator("article.letter").count() == 0
        page = context.new_page()
        page.goto("/letter/check")
        assert page.locator("article.letter").count() == 0
    assert len(site.inbox(MANAGER)) == 1


def test_a_reload_keeps_the_way_to_the_code_and_says_nothing_that_is_no_longer_true(
    chromium: Browser, site: Site
) -> None:
    with phone(chromium, site) as context:
        page = context.new_page()
        _asks(page)
        link = page.url
        page.fill("#code", "12")
        _press(page, "main form button.main")
        page.reload()
        assert (page.url, _heading(page)) == (link, told("heading"))
        _types(page, site)
        page.reload()
        assert (page.url, _heading(page)) == (link, told("heading"))
        _types(page, site)
        _press(page, "button[name=send]")
        page.reload()
        assert _heading(page) == told("sent_heading")
    assert len(site.inbox(MANAGER)) == 1
