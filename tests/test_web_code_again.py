""" "Send the code again", on the way to a named person; and a letter that waits here already."""

from __future__ import annotations

import pytest

from webapp.post import Outcome, Result

from .direct import EMMA, MANAGER, Host, Writer, told
from .sending import PERHAPS

AGAIN = "/letter/someone"
OTHER = "other@vets.example.org"


def _presses_again(emma: Writer, **fields: str) -> Writer:
    button = [b for b in emma.page.soup.select("button") if b.text == told("code_again")]
    assert len(button) == 1
    emma.submits(AGAIN, **fields)
    return emma


def test_the_button_mails_a_new_code_to_the_address_that_is_shown(emma: Writer, host: Host) -> None:
    emma.asks()
    first = host.code(), host.link()
    _presses_again(emma)
    assert EMMA in emma.page.text
    assert told("new_code") in emma.page.text
    assert len(host.to(EMMA)) == 2
    assert host.to(MANAGER) == []
    assert host.link() != first[1]
    emma.types()
    assert emma.page.heading == told("opened_heading")
    emma.sends()
    assert len(host.to(MANAGER)) == 1


def test_the_code_before_it_opens_nothing_any_more(emma: Writer, host: Host) -> None:
    emma.asks()
    code, link = host.code(), host.link()
    _presses_again(emma)
    emma.opens(link)
    emma.submits(link, code=code)
    assert told("wrong") in emma.page.text
    assert host.rows() == 1


def test_a_double_press_of_it_mails_one_code(emma: Writer, host: Host) -> None:
    emma.asks()
    page = emma.page
    _presses_again(emma)
    first = emma.page.path
    emma.page = page
    _presses_again(emma)
    assert emma.page.path == first
    assert len(host.to(EMMA)) == 2
    emma.types()
    assert emma.page.heading == told("opened_heading")


def test_it_counts_under_the_limits_of_code_mails(emma: Writer, host: Host) -> None:
    host.limits(own_six_hours=2)
    emma.asks()
    _presses_again(emma)
    _presses_again(emma)
    assert emma.page.status == 429
    assert len(host.to(EMMA)) == 2


def test_its_page_holds_no_word_of_the_reader(emma: Writer) -> None:
    emma.asks()
    assert MANAGER not in emma.page.html
    assert "Patel" not in emma.page.html


def test_answers_that_changed_since_need_a_new_yes(emma: Writer, host: Host) -> None:
    emma.asks()
    page = emma.page
    emma.opens("/letter/about-you")
    emma.submits("/letter/about-you", own_words="Something else.")
    emma.page = page
    _presses_again(emma)
    assert emma.page.heading == told("consent_heading", "someone")
    assert "Something else." in emma.page.text
    assert not emma.page.soup.select_one("#consent[checked]")
    assert len(host.to(EMMA)) == 1


def test_a_new_code_that_perhaps_came_ends_no_older_one(emma: Writer, host: Host) -> None:
    emma.asks()
    code, link = host.code(), host.link()
    host.drawer.outcome = PERHAPS
    _presses_again(emma)
    assert told("new_code") not in emma.page.text
    assert told("intro_perhaps") in emma.page.text
    emma.opens(link)
    emma.submits(link, code=code)
    assert emma.page.heading == told("opened_heading")


def test_a_new_code_that_was_not_sent_leaves_the_one_before(emma: Writer, host: Host) -> None:
    emma.asks()
    code, link = host.code(), host.link()
    host.drawer.outcome = Outcome(Result.NOT_SENT, "connect")
    _presses_again(emma)
    assert told("code_not_sent_heading", "outcome") in emma.page.text
    emma.opens(link)
    emma.submits(link, code=code)
    assert emma.page.heading == told("opened_heading")


def test_another_browser_has_no_such_button_and_sees_no_address(host: Host, emma: Writer) -> None:
    emma.asks()
    phone = Writer(host).follows_the_mail()
    assert told("code_again") not in phone.page.text
    assert EMMA not in phone.page.html


# ------------------------------------------------- a letter that waits in a shared browser


def test_who_writes_next_in_a_browser_is_told_first_that_a_letter_waits(
    emma: Writer, host: Host
) -> None:
    emma.asks()
    emma.reaches_check()
    emma.names(OTHER)
    assert told("older_waits", "someone") in emma.page.text
    assert host.rows() == 1
    emma.agrees()
    assert told("replaced") in emma.page.text
    assert host.rows() == 1


def test_the_letter_before_can_be_kept(emma: Writer, host: Host) -> None:
    emma.asks()
    code, link = host.code(), host.link()
    emma.reaches_check()
    emma.names(OTHER)
    emma.agrees(keep_older="yes")
    assert told("replaced") not in emma.page.text
    assert host.rows() == 2
    emma.opens(link)
    emma.submits(link, code=code)
    assert emma.page.heading == told("opened_heading")


def test_a_letter_that_was_kept_stays_when_the_next_ones_code_is_sent_again(
    emma: Writer, host: Host
) -> None:
    emma.asks()
    code, link = host.code(), host.link()
    emma.reaches_check()
    emma.names(OTHER)
    emma.agrees(keep_older="yes")
    _presses_again(emma)
    assert host.rows() == 2
    emma.opens(link)
    emma.submits(link, code=code)
    assert emma.page.heading == told("opened_heading")


def test_nothing_is_asked_where_no_letter_waits(emma: Writer) -> None:
    emma.reaches_check()
    emma.names()
    assert told("older_waits", "someone") not in emma.page.text


@pytest.mark.parametrize("doubtful", [True, False])
def test_what_can_not_be_replaced_is_never_told_as_replaced(
    emma: Writer, host: Host, doubtful: bool
) -> None:
    emma.asks().types()
    host.drawer.outcome = PERHAPS if doubtful else Outcome(Result.SENT)
    emma.sends()
    host.drawer.outcome = Outcome(Result.SENT)
    emma.reaches_check()
    emma.names(OTHER)
    assert told("older_waits", "someone") not in emma.page.text
    emma.agrees()
    assert told("replaced") not in emma.page.text
    assert host.rows() == 2
