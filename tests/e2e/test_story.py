"""Emma's story, in a real Chromium of a phone's size, with JavaScript and without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page

from .. import browser
from ..builders import english
from ..letter_page import parse, plain_words, visible_text, words_of
from ..mails import bodies, code_in
from ..visitor import DEMO, Drawer, make_app
from ..web_server import web_server

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
ADDRESS = "emma@example.org"
FORM = english().texts["form"]
SLOT = FORM["check"]["slot"]
SENT = english().texts["pages"]["sent"]["heading"]
# In milliseconds: a page comes at once, or does not come.
PATIENCE = 60_000
# What the design allows for the shortest good letter, focus taps counted.
MOST_TAPS = 15
MOST_TYPED = 2
# With own words: their field; then the code's field and its button.
TAPS_WITH_OWN_WORDS = MOST_TAPS + 3
TYPED_WITH_OWN_WORDS = MOST_TYPED + 2


@dataclass
class Site:
    """The app on a port of this machine, and what it sent."""

    url: str
    post: Drawer
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


@dataclass
class Fingers:
    """Somebody with a phone, who counts their taps."""

    page: Page
    taps: int = 0
    typed: int = 0

    def tap(self, target: Locator) -> None:
        self.taps += 1
        target.tap()

    def type(self, label: str, text: str) -> None:
        target = self.page.get_by_label(label, exact=False).first
        self.tap(target)
        self.typed += 1
        target.press_sequentially(text)

    def press(self, name: str) -> None:
        with self.page.expect_navigation():
            self.tap(self.page.get_by_role("button", name=name).first)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.launch() as running:
        yield running


@pytest.fixture
def site() -> Iterator[Site]:
    post = Drawer()
    with web_server() as server:
        server.app = make_app(replace(DEMO, public_url=server.url), post=post)
        yield Site(server.url, post)


@contextmanager
def phone(chromium: Browser, site: Site, *, script: bool = True) -> Iterator[BrowserContext]:
    """A browser with its own cookies; what it asks for and complains of is kept."""
    context = chromium.new_context(
        viewport=PHONE,  # type: ignore[arg-type]  # a TypedDict of these two
        has_touch=True,
        is_mobile=True,
        java_script_enabled=script,
        base_url=site.url,
    )
    context.on("request", lambda request: site.asked.append(request.url))
    context.on("console", lambda message: site.complaints.append(message.text))
    context.on("weberror", lambda error: site.complaints.append(str(error.error)))
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


def _reaches_check(
    page: Page, name: str = "Emma", situation: str = "volunteering", own_words: str = ""
) -> Fingers:
    fingers = Fingers(page)
    page.goto("/")
    fingers.press(english().situations[situation].label)
    fingers.type(FORM["how_much"]["name"], name)
    fingers.press(FORM["how_much"]["named"])
    for tick in page.locator("fieldset").first.locator("label").all()[:8]:
        fingers.tap(tick)
    fingers.press(FORM["site"]["continue"])
    if own_words:
        fingers.type(FORM["about_you"]["own_words"], own_words)
    fingers.press(FORM["site"]["continue"])
    return fingers


def _letter(page: Page) -> str:
    return words_of(page.locator("article.letter").inner_text())


@pytest.mark.parametrize("script", [False, True], ids=["without script", "with script"])
def test_emma_sends_herself_the_letter_that_she_saw_in_fifteen_taps(
    chromium: Browser, site: Site, script: bool
) -> None:
    with phone(chromium, site, script=script) as context:
        fingers = _reaches_check(page := context.new_page())
        shown = _letter(page).replace(SLOT, ADDRESS)
        fingers.type(FORM["check"]["email"], ADDRESS)
        fingers.press(FORM["check"]["send"])
        assert page.get_by_role("heading", level=1).inner_text() == SENT
    text, html = bodies(site.post.mails[0])
    assert site.post.recipients == [ADDRESS]
    assert plain_words(text) == visible_text(parse(html)) == shown
    assert (fingers.taps, fingers.typed) <= (MOST_TAPS, MOST_TYPED)


def test_with_own_words_it_takes_three_taps_more(chromium: Browser) -> None:
    """Her inbox gets a code first, which she types: 18 taps and four typed fields."""
    post, words = Drawer(), "I am kind to dogs."
    with web_server() as server:
        settings = replace(DEMO, public_url=server.url, own_inbox_code="free-text")
        server.app = make_app(settings, post=post)
        with phone(chromium, Site(server.url, post), script=False) as context:
            fingers = _reaches_check(page := context.new_page(), own_words=words)
            fingers.type(FORM["check"]["email"], ADDRESS)
            fingers.press(FORM["check"]["send_code"])
            assert words not in bodies(post.mails[0])[0]
            fingers.type(FORM["confirm"]["code"], code_in(post.letters()[0]))
            fingers.press(FORM["confirm"]["open_own"])
            assert page.get_by_role("heading", level=1).inner_text() == SENT
    assert words in bodies(post.mails[1])[0]
    assert (fingers.taps, fingers.typed) == (TAPS_WITH_OWN_WORDS, TYPED_WITH_OWN_WORDS)


@pytest.mark.parametrize("script", [False, True], ids=["without script", "with script"])
def test_two_tabs_with_two_letters_never_send_the_others(
    chromium: Browser, site: Site, script: bool
) -> None:
    with phone(chromium, site, script=script) as context:
        one = _reaches_check(first := context.new_page())
        other = _reaches_check(second := context.new_page(), "Zoe", "work")
        first.bring_to_front()
        one.type(FORM["check"]["email"], ADDRESS)
        one.press(FORM["check"]["send"])
        assert FORM["check"]["changed"] in first.locator("main").inner_text()
        assert not site.post.mails
        assert "Zoe" in _letter(first)
        second.bring_to_front()
        other.type(FORM["check"]["email"], ADDRESS)
        other.press(FORM["check"]["send"])
        assert second.get_by_role("heading", level=1).inner_text() == SENT
    (letter,) = site.post.letters()
    assert "Zoe" in letter["Subject"]


def test_pages_ask_no_other_host_and_the_browser_complains_of_nothing(
    chromium: Browser, site: Site
) -> None:
    with phone(chromium, site) as context:
        _reaches_check(page := context.new_page())
        for path in ("/letter/print", "/help", "/privacy", "/accessibility", "/letter/about-you"):
            page.goto(path)
    assert not [url for url in site.asked if not url.startswith(site.url)]
    assert site.complaints == []


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_page_scrolls_sideways(chromium: Browser, site: Site, width: int) -> None:
    with phone(chromium, site) as context:
        _reaches_check(page := context.new_page(), "Bartholomew-Maximilian Featherstonehaugh")
        page.set_viewport_size({"width": width, "height": 800})
        for path in ("/", "/letter/how-much", "/letter/what", "/letter/about-you", "/letter/check"):
            page.goto(path)
            beyond = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert beyond <= 0, path


def test_back_after_sending_shows_no_answer(chromium: Browser, site: Site) -> None:
    with phone(chromium, site) as context:
        fingers = _reaches_check(page := context.new_page(), "Xanthippe")
        fingers.type(FORM["check"]["email"], ADDRESS)
        fingers.press(FORM["check"]["send"])
        page.wait_for_url("**/letter/sent")
        for _ in range(6):
            page.go_back()
            page.wait_for_load_state()
            assert "Xanthippe" not in page.content()


def test_delete_my_answers_leaves_nothing_to_go_back_to(chromium: Browser, site: Site) -> None:
    with phone(chromium, site) as context:
        fingers = _reaches_check(page := context.new_page(), "Xanthippe")
        fingers.press(FORM["site"]["delete"])
        page.wait_for_url("**/deleted")
        for _ in range(4):
            page.go_back()
            page.wait_for_load_state()
            assert "Xanthippe" not in page.content()


def test_two_quick_presses_send_one_mail(chromium: Browser, site: Site) -> None:
    with phone(chromium, site) as context:
        fingers = _reaches_check(page := context.new_page())
        fingers.type(FORM["check"]["email"], ADDRESS)
        page.get_by_role("button", name=FORM["check"]["send"]).dblclick()
        page.wait_for_url("**/letter/sent")
    assert len(site.post.mails) == 1


def test_enter_in_the_address_field_sends_as_the_button_does(chromium: Browser, site: Site) -> None:
    with phone(chromium, site) as context:
        fingers = _reaches_check(page := context.new_page())
        fingers.type(FORM["check"]["email"], ADDRESS)
        page.keyboard.press("Enter")
        page.wait_for_url("**/letter/sent")
    assert site.post.recipients == [ADDRESS]


def test_copy_takes_the_letter_and_share_is_offered_only_where_it_works(
    chromium: Browser, site: Site
) -> None:
    with phone(chromium, site) as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        fingers = _reaches_check(page := context.new_page())
        fingers.tap(page.get_by_role("button", name=FORM["check"]["copy_letter"]))
        page.get_by_text(FORM["check"]["copied"]).wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        kept = page.request.get(f"{site.url}/letter/my-letter.txt").text()
        assert copied.split() == kept.split()
        can_share = page.evaluate("'share' in navigator")
        assert page.locator("[data-share]").is_visible() == can_share


def test_without_script_nothing_is_offered_that_does_not_work(
    chromium: Browser, site: Site
) -> None:
    with phone(chromium, site, script=False) as context:
        _reaches_check(page := context.new_page())
        assert page.locator("[data-copy], [data-share]").count() == 2
        assert not page.locator("[data-copy]").is_visible()
        assert not page.locator("[data-share]").is_visible()
        assert page.get_by_role("link", name=FORM["check"]["download_text"]).is_visible()


def test_nothing_is_put_into_the_browsers_storage(chromium: Browser, site: Site) -> None:
    with phone(chromium, site) as context:
        _reaches_check(page := context.new_page())
        kept = page.evaluate("[localStorage.length, sessionStorage.length]")
        assert kept == [0, 0]
        assert [cookie.get("name") for cookie in context.cookies()] == ["letter"]


@pytest.mark.parametrize("field", ["own_words", "email"])
def test_back_after_a_mended_mistake_shows_the_form_and_no_error_of_the_browser(
    chromium: Browser, site: Site, field: str
) -> None:
    with phone(chromium, site) as context:
        fingers = _reaches_check(page := context.new_page())
        step = "/letter/check"
        if field == "own_words":
            page.goto(step := "/letter/about-you")
        page.locator(f"#{field}").fill("Call 0123456789")
        fingers.press(FORM["check"]["send"] if field == "email" else FORM["site"]["continue"])
        page.locator("#summary").wait_for()
        if field == "own_words":
            page.locator("#own_words").fill("I am kind.")
            fingers.press(FORM["site"]["continue"])
            page.wait_for_url("**/letter/check")
        else:
            page.goto("/help")
        page.go_back()
        assert page.url == site.url + step
        assert page.locator("main form").first.is_visible()
        assert page.locator("#summary").count() == 0


def test_a_reload_after_a_mistake_asks_nothing_and_shows_the_form(
    chromium: Browser, site: Site
) -> None:
    with phone(chromium, site) as context:
        fingers = _reaches_check(page := context.new_page())
        page.locator("#email").fill("emma")
        fingers.press(FORM["check"]["send"])
        page.locator("#summary").wait_for()
        page.reload()
        assert page.get_by_role("heading", level=1).inner_text() == FORM["check"]["heading"]
        assert not site.post.mails
