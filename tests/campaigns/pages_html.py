"""Every page as it was served, read by the Nu HTML checker."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, Response

from .browsers import PATIENCE, chromium, told
from .mail_tools import work_folder
from .nu_checker import all_but_planted, npm_version, nu_faults, plant
from .site import site
from .table import Row
from .walk import Walk, other_hosts

_WHAT: Final = "every page: HTML without an error"


def main() -> list[Row]:
    """Walk through all pages, keep them as they came, and have them checked."""
    return told(_WHAT, _checked)


def _checked() -> list[Row]:
    with work_folder() as folder:
        pages = _kept(folder)
        errors = all_but_planted(nu_faults([*pages, plant(folder)]))
    tool = f"Nu HTML checker {npm_version('vnu-jar')}"
    return [Row(_WHAT, tool, len(pages), "; ".join(errors))]


def _kept(folder: Path) -> list[Path]:
    """All pages, each in a file of its name."""
    files = []
    with site() as here, chromium() as running:
        page = running.new_page()
        page.set_default_timeout(PATIENCE)
        came = _documents(page)
        for name in chain(Walk(page, here).everywhere(), other_hosts(page)):
            files.append(folder / f"{name}.html")
            files[-1].write_bytes(came[-1].body())
    return files


def _documents(page: Page) -> list[Response]:
    """What is served as this page's document, as it comes."""
    came: list[Response] = []

    def keep(response: Response) -> None:
        request = response.request
        if request.is_navigation_request() and request.frame == page.main_frame:
            came.append(response)

    page.on("response", keep)
    return came
