"""Stories, Back, refresh, two tabs, a shared computer and a slow line, in real browsers.

In Chromium, in Firefox, and in Firefox with its JavaScript switched off, by keys alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Final

from playwright.sync_api import Browser
from playwright.sync_api import Error as PlaywrightError

from .browsers import PATIENCE, chromium, firefox, told
from .habits import HABITS, XANTHIPPE, Habit
from .hands import Hands
from .site import site
from .table import Row

# Seconds that the relay takes; and a line of the nineties: bytes a second, milliseconds a way.
_SLOW_RELAY: Final = 4
_SLOW_LINE: Final = 6_000
_SLOW_ANSWER: Final = 600
# Milliseconds until somebody presses once more.
_IMPATIENCE: Final = 800

# Tells what a button says from now on; asking it would wait for the page that comes.
_LISTENS: Final = """button => new MutationObserver(() => heard(button.textContent))
  .observe(button, {childList: true, characterData: true, subtree: true})"""

OpenedLetter = Callable[[], AbstractContextManager[Browser]]


def main() -> list[Row]:
    """Each habit in each browser; and a slow line in the one that can pretend to have it."""
    rows = told("habits in Chromium", lambda: _in(chromium, "by hand"))
    rows += told("habits in Firefox", lambda: _in(firefox, "by hand"))
    rows += told("habits in Firefox without JavaScript", _in_firefox_without_script)
    return rows + told("a slow line", _on_a_slow_line)


def _in_firefox_without_script() -> list[Row]:
    return _in(lambda: firefox(script=False), "no JavaScript, keys alone", keys=True)


def _in(opened: OpenedLetter, how: str, *, keys: bool = False) -> list[Row]:
    wrong = []
    with opened() as running:
        tool = f"{running.browser_type.name.capitalize()} {running.version}"
        for habit in HABITS:
            with _somebody(running, keys=keys) as hands:
                found = _tried(habit, hands)
            wrong += [f"{habit.__name__.strip('_')}: {found}"] if found else []
    what = f"stories, Back, refresh, tabs, shared computer: {how}"
    return [Row(what, tool, len(HABITS), "; ".join(wrong))]


def _tried(habit: Habit, hands: Hands) -> str:
    """What went wrong; also where the browser could not go on at all."""
    try:
        return habit(hands)
    except PlaywrightError as error:
        return f"stopped at {hands.page.url}: {error.message.splitlines()[0]}"


@contextmanager
def _somebody(browser: Browser, *, keys: bool = False, script: bool = True) -> Iterator[Hands]:
    """Somebody with a fresh browser before a fresh site."""
    with site() as here:
        context = browser.new_context(java_script_enabled=script)
        context.set_default_timeout(PATIENCE)
        yield Hands(context.new_page(), here, XANTHIPPE, keys)
        context.close()


def _on_a_slow_line() -> list[Row]:
    with chromium() as running:
        tries = (_presses_twice_to_oneself, _presses_twice_to_a_person)
        found = []
        for attempt in tries:
            for script in (True, False):
                with _somebody(running, script=script) as hands:
                    found.append(_tried(partial(attempt, script=script), hands))
        short = "; ".join(filter(None, found))
        what = "a slow line and a slow relay: says that it is sending, sends once"
        return [Row(what, f"Chromium {running.version}", len(found), short)]


def _presses_twice_to_oneself(hands: Hands, script: bool) -> str:
    hands.reaches_check()
    hands.page.fill("#email", hands.who.own)
    found = _presses_twice(hands, "#send button.main", script)
    sent = hands.site.post.recipients
    return found or ("" if sent == [hands.who.own] else f"to oneself: {len(sent)} mails")


def _presses_twice_to_a_person(hands: Hands, script: bool) -> str:
    hands.reaches_check()
    hands.opens("/letter/someone")
    hands.asks()
    hands.agrees()
    hands.types_code()
    found = _presses_twice(hands, "button[name=send]", script)
    sent = hands.site.post.recipients.count(hands.who.manager)
    return found or ("" if sent == 1 else f"to a person: {sent} mails")


def _presses_twice(hands: Hands, button: str, script: bool) -> str:
    """Press on a slow line, and once more when nothing seems to happen."""
    page = hands.page
    session = page.context.new_cdp_session(page)
    line = {
        "latency": _SLOW_ANSWER,
        "downloadThroughput": _SLOW_LINE,
        "uploadThroughput": _SLOW_LINE,
    }
    session.send("Network.emulateNetworkConditions", {"offline": False, **line})
    hands.site.post.slow = _SLOW_RELAY
    target = page.locator(button)
    says = target.get_attribute("data-sending")
    heard: list[str] = []
    if script:
        page.expose_function("heard", lambda text: heard.append(text))
        target.evaluate(_LISTENS)
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    if box is None:
        return f"{button} cannot be seen"
    # A mouse alone: Playwright's own click would wait for the page that comes.
    place = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(*place)
    page.wait_for_timeout(_IMPATIENCE)
    page.mouse.click(*place)
    page.wait_for_selector(button, state="detached")
    # A second press may be answered before the first one's mail has gone.
    assert hands.site.is_idle(), "a letter was still on its way"
    return f"{button} said {heard} and not {says}" if script and set(heard) != {says} else ""
