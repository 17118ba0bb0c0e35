"""How a waiting letter ends: cancelled, replaced, expired, sent or stopped."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from webapp.post import Outcome, Result
from webapp.store.sealing import new_token
from webapp.store.waiting.states import MOST_ATTEMPTS

from .builders import english
from .confirming import OTHER, same_page
from .direct import (
    DIRECT,
    EMMA,
    HOUR,
    MANAGER,
    Host,
    Writer,
    told,
    wrong,
)
from .visitor import Visitor

PERHAPS = Outcome(Result.PERHAPS_SENT, "dot")


# Cancel, replace, expire.


def test_the_code_cancels(emma: Writer, host: Host) -> None:
    """R37."""
    emma.asks().types().cancels()
    assert emma.page.heading == told("cancelled_heading")
    assert told("cancelled_unsent") in emma.page.text
    assert host.rows() == 0
    assert told("wrong") in emma.follows_the_mail().types().page.text


def test_the_browser_that_asked_cancels_without_the_code(emma: Writer, host: Host) -> None:
    emma.asks().submits(emma.page.path, cancel_here="yes")
    assert emma.page.heading == told("cancelled_heading")
    assert host.rows() == 0


def test_a_browser_that_did_not_ask_has_no_such_button(emma: Writer) -> None:
    emma.asks()
    assert "cancel_here" not in Writer(emma.host).follows_the_mail().page.html


@pytest.mark.parametrize("twice", [False, True])
def test_cancelling_what_was_sent_never_says_that_nobody_saw_it(emma: Writer, twice: bool) -> None:
    emma.asks()
    code_page = emma.page
    if twice:
        emma.submits(code_page.path, cancel_here="yes")
    else:
        emma.types().sends()
    emma.posts(code_page.path, {"cancel_here": "yes"})
    assert emma.page.heading == told("none_heading")
    assert told("cancelled_unsent") not in emma.page.text


def test_sent_letters_cannot_be_cancelled_and_say_that_they_went(emma: Writer) -> None:
    opened = emma.asks().types().page
    emma.sends()
    emma.page = opened
    emma.cancels()
    assert told("sent_before") in emma.page.text


@pytest.mark.parametrize("button", ["cancel", "cancel_here"])
def test_cancelling_what_may_have_been_sent_does_not_say_that_it_was_not(
    emma: Writer, host: Host, button: str
) -> None:
    host.drawer.outcome = Outcome(Result.SENT)
    emma.asks()
    path = emma.page.path
    host.drawer.outcome = Outcome(Result.PERHAPS_SENT, "dot")
    emma.types().sends()
    emma.posts(path, {"code": host.code(), button: "yes"})
    assert emma.page.heading == told("cancelled_heading")
    assert told("cancelled_unsent") not in emma.page.text
    assert host.rows() == 0


def test_a_newer_letter_of_the_same_browser_replaces_the_older(emma: Writer, host: Host) -> None:
    """R38."""
    emma.asks()
    old_link, old_code = host.link(), host.code()
    host.clock.forward(1)
    emma.reaches_check()
    emma.names(OTHER).agrees()
    assert host.rows() == 1
    emma.opens(old_link).submits(old_link, code=old_code)
    assert told("wrong") in emma.page.text
    assert OTHER in emma.follows_the_mail().types().page.text


@pytest.mark.parametrize("fault", ["not sent", "refused", "limit"])
def test_the_older_letter_stays_until_the_newer_ones_code_is_on_its_way(
    emma: Writer, host: Host, fault: str
) -> None:
    emma.asks()
    emma.reaches_check()
    emma.names(OTHER)
    outcomes = {"not sent": Result.NOT_SENT, "refused": Result.REFUSED}
    host.drawer.outcome = Outcome(outcomes.get(fault, Result.SENT), "rcpt")
    if fault == "limit":
        host.limits(own_day=0)
    link, code = host.link(), host.code()
    emma.agrees().opens(link).submits(link, code=code)
    assert MANAGER in emma.page.text
    assert host.rows() == 1


def _asks_twice(emma: Writer, second: Outcome) -> tuple[str, str]:
    """Emma asks for two letters; how the second's code mail ends. Link and code of the first."""
    host = emma.asks().host
    first = host.link(), host.code()
    emma.reaches_check()
    emma.names(OTHER)
    host.drawer.outcome = second
    emma.agrees()
    host.drawer.outcome = Outcome(Result.SENT)
    return first


def test_a_code_that_was_perhaps_sent_is_told_so_and_ends_no_older_letter(
    emma: Writer, host: Host
) -> None:
    link, code = _asks_twice(emma, PERHAPS)
    page = emma.page
    assert (page.status, page.path) == (200, host.link())
    assert told("intro_perhaps") in page.text
    assert told("perhaps_next") in page.text
    assert told("intro") not in page.text
    assert told("later") not in page.text
    assert page.soup.find("a", href="/letter/check")
    assert host.rows() == 2
    # The mail had come after all; a slip does not change what is said of it.
    emma.types("1")
    assert told("intro") not in emma.page.text
    assert OTHER in emma.types().page.text
    emma.opens(link).submits(link, code=code)
    assert MANAGER in emma.page.text
    # A third letter, whose code is surely on its way, takes the place of both.
    emma.reaches_check()
    emma.names("third@vets.example.org").agrees()
    assert told("intro") in emma.page.text
    assert host.rows() == 1


def test_both_letters_of_one_browser_are_cancelled_and_told_as_both(
    emma: Writer, host: Host
) -> None:
    link, code = _asks_twice(emma, PERHAPS)
    emma.submits(emma.page.path, cancel_here="yes")
    assert emma.page.heading == told("cancelled_all_heading")
    assert told("cancelled_all") in emma.page.text
    assert host.rows() == 0
    for path, digits in ((link, code), (host.link(), host.code())):
        assert told("wrong") in Visitor(host.app).posts(path, {"code": digits}).page.text


def test_delete_with_the_code_takes_only_its_own_letter(emma: Writer, host: Host) -> None:
    link, code = _asks_twice(emma, PERHAPS)
    emma.types().cancels()
    assert told("cancelled_unsent") in emma.page.text
    assert host.rows() == 1
    assert MANAGER in emma.opens(link).submits(link, code=code).page.text


def test_the_word_perhaps_in_the_address_tells_nothing_and_changes_nothing(
    emma: Writer, host: Host
) -> None:
    _asks_twice(emma, PERHAPS)
    before, mails = host.held(), len(host.drawer.mails)
    known, unknown = host.link(), f"/confirm/{new_token()}"
    for marker in ("", "?perhaps=1"):
        pages = [Visitor(host.app).opens(path + marker).page for path in (known, unknown)]
        assert same_page(*pages)
        assert told("intro_perhaps") not in pages[0].text
    assert (host.held(), len(host.drawer.mails)) == (before, mails)
    data = {"code": wrong(host.code()), "perhaps": "1"}
    tried = [Visitor(host.app).posts(path, data).page for path in (known, unknown)]
    assert tried[0].status == 422
    assert same_page(*tried)


@pytest.mark.parametrize(("seconds", "opens"), [(48 * HOUR - 1, True), (48 * HOUR, False)])
def test_it_opens_until_its_very_last_second_though_nothing_was_purged(
    emma: Writer, host: Host, seconds: int, opens: bool
) -> None:
    """R39, R40."""
    emma.asks()
    host.clock.forward(seconds)
    emma.types()
    assert (emma.page.heading == told("opened_heading")) is opens
    assert host.rows() == 1


def test_a_page_that_was_opened_in_time_sends_nothing_after_it(emma: Writer, host: Host) -> None:
    emma.asks().types()
    host.clock.forward(48 * HOUR)
    emma.sends()
    assert host.to(MANAGER) == []


@pytest.mark.parametrize("off", [-48 * HOUR, 48 * HOUR])
def test_with_a_workers_clock_two_days_off_a_press_sends_neither_early_nor_late(
    emma: Writer, host: Host, off: int
) -> None:
    """R66: only the database's clock counts."""
    emma.asks()
    skewed = datetime.datetime.fromtimestamp(host.clock() + off, datetime.UTC)
    host.turns(clock=lambda: skewed)
    emma.types().sends()
    assert emma.page.heading == told("sent_heading")
    host.clock.forward(48 * HOUR)
    assert told("wrong") in emma.follows_the_mail().types().page.text


def test_delete_my_answers_leaves_the_letter_to_its_code_and_nothing_to_the_next_person(
    emma: Writer, host: Host
) -> None:
    emma.asks().deletes()
    assert english().texts["pages"]["deleted"]["waiting"] in emma.page.text
    assert "cancel_here" not in emma.follows_the_mail().page.html
    emma.asks(OTHER)
    assert host.rows() == 2


# After it was sent.


def test_after_sending_the_form_is_closed_and_says_to_whom_it_went(emma: Writer) -> None:
    emma.asks().types().sends()
    sent = emma.opens("/letter/check").page
    assert (sent.path, sent.heading) == ("/letter/sent", told("sent_heading"))
    assert "your inbox" not in sent.text
    assert "Canary" not in sent.html


def test_another_letter_that_was_begun_meanwhile_stays_open(emma: Writer, host: Host) -> None:
    emma.asks()
    emma.reaches_check(situation="work")
    emma.follows_the_mail().types().sends()
    assert emma.page.heading == told("sent_heading")
    assert emma.opens("/letter/check").page.path == "/letter/check"


def test_a_letter_of_whoever_lends_the_phone_stays_open(emma: Writer, host: Host) -> None:
    emma.asks()
    friend = Writer(host)
    friend.reaches_check(name="Ada")
    friend.follows_the_mail().types().sends()
    assert "Ada" in friend.opens("/letter/check").page.letter()


def test_a_blocked_person_gets_nothing_though_the_code_was_right(emma: Writer, host: Host) -> None:
    """R43."""
    emma.asks().types()
    host.store.ledger.block("Manager+news@vets.example.org")
    emma.sends()
    assert emma.page.status == 429
    assert told("limit") in emma.page.text
    assert host.to(MANAGER) == []
    assert host.rows() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"direct_send": "off"},
        {"direct_send": "allowlist", "direct_send_domains": ("other.example.org",)},
    ],
)
def test_a_host_that_closed_this_way_since_sends_nothing_that_waits(
    emma: Writer, host: Host, change: dict[str, object]
) -> None:
    opened = emma.asks().types().page
    host.turns(settings=replace(DIRECT, **change))  # type: ignore[arg-type]
    for _ in range(MOST_ATTEMPTS + 1):
        emma.page = opened
        emma.sends()
    assert emma.page.status == 503
    assert "Canaryfirst" in emma.page.text
    assert host.to(MANAGER) == []
    host.turns(settings=DIRECT)
    assert emma.sends().page.heading == told("sent_heading")


def test_after_the_story_the_database_holds_nothing_of_either_address(
    either_host: Host,
) -> None:
    """R21."""
    emma = Writer(either_host).asks().types().sends()
    assert emma.page.heading == told("sent_heading")
    held = repr(either_host.held()).lower()
    hers = (EMMA, MANAGER, "vets", "home.example", "patel", "emma", "canary", "192.0.2", "127.0")
    assert not [word for word in hers if word in held]


def test_an_older_tab_is_told_that_the_letter_went_straight_to_its_reader(emma: Writer) -> None:
    older = emma.reaches_check().page
    emma.asks().types().sends()
    emma.page = older
    emma.submits("/letter/check", email=EMMA)
    assert emma.page.status == 409
    assert "This press changed nothing and sent nothing." in emma.page.text
    assert english().texts["pages"]["sent"]["straight"] in emma.page.text
