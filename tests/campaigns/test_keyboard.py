"""The campaign's own fingers: what they must find, and what they must not take for a fault."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from .. import browser
from .keyboard import lost_on_the_way

THREE = (
    "<style>:focus{outline:3px solid}</style><button>a</button><button>b</button><a href=/>c</a>"
)
# The focus reaches the second control only after a while, as it does in another process's frame.
LATE = """<script>
const [a, b] = document.querySelectorAll("button");
a.addEventListener("keydown", event => {
  event.preventDefault();
  a.blur();
  setTimeout(() => b.focus(), 200);
});
</script>"""
TRAP = LATE.replace("b.focus()", "a.focus()")
LOST = LATE.replace("b.focus()", "0")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.launch() as running:
        yield running


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page()
    yield page
    page.close()


@pytest.mark.parametrize("content", [THREE, THREE + LATE], ids=["at once", "late"])
def test_a_focus_that_arrives_is_waited_for(page: Page, content: str) -> None:
    page.set_content(content)
    assert lost_on_the_way(page) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (THREE + TRAP, "<button>a</button>: is number 0 of the page and not 1"),
        (THREE + LOST, ": is number -1 of the page and not 1"),
        (THREE.replace("3px solid", "none"), "<button>b</button>: has no ring"),
        (
            THREE + "<div style='position:fixed;inset:0;background:#fff'></div>",
            "<button>b</button>: is covered",
        ),
        (
            THREE.replace("<button>b", "<button tabindex=1>b"),
            "c</a>: is number 2 of the page and not 1",
        ),
    ],
    ids=["trap", "lost", "no ring", "covered", "out of order"],
)
def test_a_barrier_is_found(page: Page, content: str, said: str) -> None:
    page.set_content(content)
    assert any(said in one for one in lost_on_the_way(page))
