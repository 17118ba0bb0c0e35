"""The page behind the link: a right code opens the letter, and a second press sends it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from webapp.post import Outcome, Result
from webapp.store.sealing import SCRYPT_SLOTS

from .direct import (
    CANARY,
    DAY,
    DIRECT,
    EMMA,
    HOUR,
    MANAGER,
    NAME,
    Host,
    Writer,
    another_release,
    store_over,
    told,
    wrong,
)
from .letter_page import plain_words, words_of
from .visitor import Drawer, make_app

NEW_SECRET = "a new secret of the tests, long enough to be one"


# Opening.


def test_the_page_behind_the_link_shows_nothing_and_asks_for_the_code(emma: Writer) -> None:
    emma.asks()
    page = Writer(emma.host).follows_the_mail().page
    code = page.soup.select_one("#code")
    assert code
    assert (code["autocomplete"], code["inputmode"]) == ("one-time-code", "numeric")
    assert not [word for word in (MANAGER, NAME, EMMA, *CANARY.values()) if word in page.html]


def test_a_right_code_only_opens_and_the_second_press_sends(emma: Writer, host: Host) -> None:
    emma.asks().types()
    assert host.to(MANAGER) == []
    assert emma.page.soup.find("button", string=f"{told('send')} {NAME}")
    emma.sends()
    assert len(host.to(MANAGER)) == 1
    assert emma.page.soup.select_one("form[action='/feedback'] button[value=helped]")


def test_the_opened_page_is_the_letter_as_it_will_be_sent(emma: Writer, host: Host) -> None:
    opened = emma.asks().types().page
    emma.sends()
    (letter,) = host.to(MANAGER)
    text = letter.get_body(("plain",))
    assert text
    assert plain_words(text.get_content()) == opened.letter_to(EMMA)
    head = " ".join(opened.soup.select_one("dl.head").get_text(" ").split())  # type: ignore[union-attr]
    assert all(str(letter[part]) in head for part in ("To", "Reply-To", "Subject"))


def test_the_opened_letter_looks_as_it_did_when_it_was_agreed_to(emma: Writer) -> None:
    emma.reaches_check(more=CANARY)
    agreed = emma.names().page.soup.select_one("article.letter")
    opened = emma.agrees().types().page.soup.select_one("article.letter")
    assert agreed
    assert opened
    assert opened.select("h2, h3, li, .first")
    assert str(opened) == str(agreed)


def test_after_another_release_the_opened_letter_is_the_sealed_text(
    emma: Writer, host: Host, tmp_path: Path
) -> None:
    emma.asks()
    host.turns(**another_release(tmp_path / "release"))
    shown = words_of(emma.types().page.letter())
    emma.sends()
    text = host.to(MANAGER)[0].get_body(("plain",))
    assert text
    assert words_of(text.get_content()) == shown


@pytest.mark.parametrize("spelled", ["{0}{1}", "{0} {1}", "{0}-{1}", " {0}\u2013{1} ", "{0}\n{1}"])
def test_a_code_may_be_typed_or_pasted_in_any_usual_way(emma: Writer, spelled: str) -> None:
    """R24."""
    emma.asks()
    emma.types(spelled.format(*emma.host.code().split()))
    assert emma.page.heading == told("opened_heading")


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "abcdef", "12 34", "' OR 1=1", "x" * 9999]
)
def test_what_is_not_six_digits_counts_as_no_try(emma: Writer, typed: str) -> None:
    emma.asks()
    before = emma.host.held()
    for _ in range(7):
        emma.types(typed)
    assert emma.page.status == 422
    assert told("digits") in emma.page.text
    assert emma.host.held() == before


def test_the_letter_goes_as_it_was_agreed_to_whatever_was_deployed_since(
    emma: Writer, host: Host, tmp_path: Path
) -> None:
    shown = emma.asks().types().page.letter_to(EMMA)
    host.turns(**another_release(tmp_path / "release"))
    emma.sends()
    text = host.to(MANAGER)[0].get_body(("plain",))
    assert text
    assert plain_words(text.get_content()) == shown


def test_the_next_day_the_link_in_the_mail_still_opens_it(emma: Writer, host: Host) -> None:
    emma.asks()
    host.clock.forward(DAY)
    emma.follows_the_mail().types().sends()
    assert len(host.to(MANAGER)) == 1


def test_another_device_needs_only_the_mail(emma: Writer, host: Host) -> None:
    emma.asks()
    phone = Writer(host).follows_the_mail().types().sends()
    assert phone.page.heading == told("sent_heading")
    assert len(host.to(MANAGER)) == 1


def test_a_new_secret_key_with_the_old_one_as_fallback_still_opens(
    emma: Writer, host: Host
) -> None:
    emma.asks()
    rotated = replace(DIRECT, secret_key=NEW_SECRET, secret_key_fallbacks=(DIRECT.secret_key,))
    store = store_over(host.url, rotated, host.clock)
    app = make_app(rotated, post=Drawer())
    other = Host(app, host.clock, host.url, host.drawer)
    other.turns(store=store, post=host.drawer)
    Writer(other).follows_the_mail().types().sends()
    other.close()
    assert len(host.to(MANAGER)) == 1


def test_a_new_secret_key_without_the_old_one_opens_nothing(emma: Writer, host: Host) -> None:
    emma.asks()
    host.keys(secret_key=NEW_SECRET)
    assert told("wrong") in emma.types().page.text


def test_five_wrong_codes_slow_it_to_one_an_hour_and_delete_nothing(
    emma: Writer, host: Host
) -> None:
    emma.asks()
    for _ in range(5):
        emma.types(wrong(host.code()))
    assert told("wrong") in emma.types().page.text
    host.clock.forward(HOUR)
    assert emma.types().page.heading == told("opened_heading")


def test_right_codes_are_never_slowed(emma: Writer) -> None:
    emma.asks()
    for _ in range(8):
        emma.follows_the_mail().types()
    assert emma.page.heading == told("opened_heading")


@pytest.mark.parametrize(
    ("result", "heading"),
    [(Result.SENT, "sent_heading"), (Result.PERHAPS_SENT, "uncertain_heading")],
)
def test_presses_that_send_nothing_use_up_no_tries(
    emma: Writer, host: Host, result: Result, heading: str
) -> None:
    """An old page's button, and a doubtful letter's without its tick."""
    opened = emma.asks().types().page
    host.drawer.outcome = Outcome(result, "dot")
    emma.sends()
    for _ in range(8):
        emma.page = opened
        emma.sends()
    assert told("wrong") not in emma.page.text
    assert len(host.to(MANAGER)) == 1
    assert emma.follows_the_mail().types().page.heading == told(heading)


def test_while_too_many_codes_are_tried_one_is_asked_to_press_again(
    emma: Writer, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    emma.asks()
    monkeypatch.setattr(SCRYPT_SLOTS, "patience", 0.01)
    before = host.held()
    with _taken(SCRYPT_SLOTS.number):
        emma.types()
    assert emma.page.status == 503
    assert told("busy") in emma.page.text
    assert host.held() == before


@contextmanager
def _taken(number: int) -> Iterator[None]:
    with ExitStack() as places:
        for _ in range(number):
            places.enter_context(SCRYPT_SLOTS.taken())
        yield
