"""What people do before a browser; each function says in a word what went wrong, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Final

from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page

from ..letter_page import plain_words, words_of
from ..mails import bodies
from .hands import Hands, Person

# Names that stand nowhere but in these answers.
XANTHIPPE: Final = Person(name="Xanthippe", own="xanthippe@example.org")
ZOE: Final = Person(name="Zoe", own="zoe@example.org")
# More than anybody goes back; and milliseconds in which a page of the past is there or is not.
_BACK: Final = 9
_SHORT: Final = 10_000

Habit = Callable[[Hands], str]


def _sends_it_to_oneself(hands: Hands) -> str:
    hands.reaches_check()
    shown = letter_of(hands.page).replace(hands.page.locator(".slot").inner_text(), hands.who.own)
    hands.mails_it(hands.who.own)
    post = hands.site.post
    if post.recipients != [hands.who.own]:
        return f"the mails went to {post.recipients}"
    return "" if plain_words(bodies(post.mails[0])[0]) == shown else "the mail is not what was seen"


def _sends_it_to_a_person(hands: Hands) -> str:
    hands.reaches_check()
    hands.opens("/letter/someone")
    hands.asks()
    hands.agrees()
    hands.types_code()
    shown = letter_of(hands.page)
    hands.presses("button[name=send]")
    post, who = hands.site.post, hands.who
    if post.recipients != [who.own, who.manager, who.own]:
        return f"the mails went to {post.recipients}"
    return "" if plain_words(bodies(post.mails[1])[0]) == shown else "the mail is not what was seen"


def _comes_back_the_next_hour_by_the_link(hands: Hands) -> str:
    hands.reaches_check()
    hands.opens("/letter/someone")
    hands.asks()
    hands.agrees()
    hands.page.goto("about:blank")
    hands.opens(hands.site.post.link())
    hands.types_code()
    hands.presses("button[name=send]")
    return "" if hands.site.post.recipients[1:2] == [hands.who.manager] else "nothing was sent"


def _refreshes_every_page(hands: Hands) -> str:
    hands.reaches_check()
    lost = []
    for path in ("how-much", "what", "about-you", "check"):
        hands.opens(f"/letter/{path}")
        hands.page.reload()
        lost += [path] if not _is_kept(hands, path) else []
    return ", ".join(lost)


def _goes_back_through_the_form(hands: Hands) -> str:
    hands.reaches_check()
    lost = []
    for path in ("about-you", "what", "how-much"):
        hands.page.go_back()
        lost += [path] if not _is_kept(hands, path) else []
    return ", ".join(lost)


def _has_two_tabs(hands: Hands) -> str:
    hands.reaches_check()
    other = replace(hands, page=hands.page.context.new_page(), who=ZOE)
    other.reaches_check()
    hands.page.bring_to_front()
    hands.mails_it(hands.who.own)
    if hands.site.post.mails or "Zoe" not in letter_of(hands.page):
        return "the older tab sent something, or hides what would be sent now"
    other.page.bring_to_front()
    other.mails_it(other.who.own)
    return "" if hands.site.post.recipients == [ZOE.own] else "the newer tab did not send"


def _leaves_the_computer_after_sending(hands: Hands) -> str:
    hands.reaches_check()
    hands.mails_it(hands.who.own)
    return _found_by_going_back(hands)


def _leaves_the_computer_after_sending_to_a_person(hands: Hands) -> str:
    _sends_it_to_a_person(hands)
    return _found_by_going_back(hands)


def _leaves_the_computer_after_deleting(hands: Hands) -> str:
    hands.reaches_check()
    hands.presses("footer button.quiet")
    return _found_by_going_back(hands)


HABITS: Final[tuple[Habit, ...]] = (
    _sends_it_to_oneself,
    _sends_it_to_a_person,
    _comes_back_the_next_hour_by_the_link,
    _refreshes_every_page,
    _goes_back_through_the_form,
    _has_two_tabs,
    _leaves_the_computer_after_sending,
    _leaves_the_computer_after_sending_to_a_person,
    _leaves_the_computer_after_deleting,
)


def letter_of(page: Page) -> str:
    """The letter on a page."""
    return words_of(page.locator("article.letter").inner_text())


def _is_kept(hands: Hands, path: str) -> bool:
    page, who = hands.page, hands.who
    if path == "how-much":
        return page.locator("#name").input_value() == who.name
    if path == "what":
        return page.locator("input[name=say]:checked").count() == 8
    if path == "about-you":
        return page.locator("#to_name").input_value() == who.to_name
    return who.name in letter_of(page)


def _found_by_going_back(hands: Hands) -> str:
    """What the next person at this computer finds of the answers."""
    secret = (hands.who.name, hands.who.own, hands.who.manager)
    found = set()
    for _ in range(_BACK):
        # A browser may ask before it would post a form again: then nothing is shown.
        with suppress(PlaywrightError):
            hands.page.go_back(timeout=_SHORT)
        shown = _all_on(hands.page)
        found |= {f"{word} on {hands.page.url}" for word in secret if word in shown}
    return ", ".join(sorted(found))


def _all_on(page: Page) -> str:
    """All that a page shows, and what its fields hold."""
    fields = page.locator("input:not([type=hidden]), textarea").all()
    return "\n".join([page.content(), *(field.input_value() for field in fields)])
