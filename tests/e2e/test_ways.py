"""Some of the ways out of and back into each page, in Chromium; `tests.campaigns.ways` goes all."""

from __future__ import annotations

import pytest

from .. import browser
from ..campaigns.site import site
from ..campaigns.ways import SHORT, STEPS, playwright_sheet, tried

pytestmark = pytest.mark.browser


def test_nothing_typed_is_lost_by_the_ways_that_people_go() -> None:
    with (
        browser.launch() as running,
        site() as here,
        playwright_sheet(running, here.url) as sheet,
    ):
        found = [*tried(sheet, SHORT)]
    assert [one for one in found if one[1]] == []
    assert len(found) == len(SHORT) * len(STEPS)
