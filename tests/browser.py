"""A real Chromium for tests, and what to do where there is none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from playwright.sync_api import Browser, sync_playwright

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")

# Milliseconds until it runs; just installed on a busy machine, it reads all of itself first.
START: Final = 180_000

# No sandbox, since tests often run as root in a container; and nothing that calls home.
FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def path() -> str:
    """Where Chromium is, or "" where there is none; the environment may name it in CHROMIUM."""
    named = os.environ.get("CHROMIUM", "")
    return named or next(filter(None, map(shutil.which, _NAMES)), "")


@contextmanager
def launch(*flags: str) -> Iterator[Browser]:
    """A running Chromium; the test is left out where there is none, unless REQUIRE_ALL=1."""
    executable = path()
    if not executable:
        reason = f"no Chromium found (looked for {', '.join(_NAMES)}, or name it in CHROMIUM)"
        if os.environ.get("REQUIRE_ALL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=[*FLAGS, *flags], timeout=START
        )
        yield browser
        browser.close()
