"""The README's pictures: three screens of a phone, taken from the running app.

Run: .venv/bin/python -m tests.screens
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path

from playwright.sync_api import Page

from .browser import launch
from .builders import ROOT
from .visitor import DEMO, Drawer, make_app
from .web_server import web_server

FOLDER = ROOT / "docs" / "screens"
PHONE = {"width": 390, "height": 844}
ADDRESS = "emma@example.org"


@contextmanager
def site() -> Iterator[tuple[str, list[bytes]]]:
    """The app on a free port; gives its address and the mails it sends."""
    post = Drawer()
    with web_server() as server:
        server.app = make_app(DEMO, post=post)
        yield server.url, post.mails


def take(page: Page, name: str) -> None:
    """Keep what the phone shows now."""
    page.screenshot(path=FOLDER / f"{name}.png")


def letter_of(mail: bytes) -> str:
    """The HTML of a mail, with the margin that a mail program gives it."""
    part = message_from_bytes(mail, policy=policy.default).get_body(("html",))
    assert part is not None
    return str(part.get_content())


def main(folder: Path = FOLDER) -> None:
    """Walk through the form as Emma does."""
    folder.mkdir(parents=True, exist_ok=True)
    with site() as (url, mails), launch() as chromium:
        page = chromium.new_context(viewport=PHONE, is_mobile=True, has_touch=True).new_page()  # type: ignore[arg-type]
        page.goto(url)
        page.click("button[value=volunteering]")
        page.fill("#name", "Emma")
        page.click("button[value=named]")
        for tick in page.locator("fieldset").first.locator(".t").all():
            tick.click()
        page.evaluate("scrollTo(0, 0)")
        take(page, "form")
        page.click("button.main")
        page.fill("#to_name", "Ms Patel")
        page.click("button.main")
        page.evaluate("document.querySelector('.subject').scrollIntoView()")
        take(page, "check")
        page.fill("#email", ADDRESS)
        page.click("text=Email the letter to me")
        page.wait_for_url("**/letter/sent")
        inbox = chromium.new_context(viewport=PHONE, is_mobile=True).new_page()  # type: ignore[arg-type]
        inbox.set_content(letter_of(mails[-1]))
        take(inbox, "letter")


if __name__ == "__main__":
    main()
