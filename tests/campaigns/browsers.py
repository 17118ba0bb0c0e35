"""Real browsers for the proofs, installed where they are missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, sync_playwright

from .. import browser
from .mail_tools import Missing, program
from .table import Row

# A busy machine; no page takes this long.
PATIENCE: Final = 60_000


@contextmanager
def chromium() -> Iterator[Browser]:
    """A Chromium; raises Missing where there is none."""
    if not browser.path():
        program("chromium", "chromium")
    with browser.launch() as running:
        yield running


@contextmanager
def firefox(*, script: bool = True) -> Iterator[Browser]:
    """A Firefox, with its JavaScript switched off in its own settings if so wished."""
    path = program("firefox-esr", "firefox-esr")
    with sync_playwright() as playwright:
        running = playwright.firefox.launch(
            channel="moz-firefox",
            executable_path=path,
            firefox_user_prefs={"javascript.enabled": script},
            timeout=browser.START,
        )
        yield running
        running.close()


def told(what: str, proof: Callable[[], list[Row]]) -> list[Row]:
    """The rows of a proof; where a program is missing, a row that says so."""
    try:
        return proof()
    except Missing as missing:
        return [Row(what, "nothing", 0, str(missing))]
