"""A letter is sent once, however often somebody presses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from webapp.mail.message import Mail
from webapp.post import Outcome

from .direct import EMMA, MANAGER, Host, Writer, told
from .mails import read
from .sending import FAULTS, NOT_SENT, PERHAPS, SENT, Slow, ready_to_send, relay_with, tick_of
from .visitor import Drawer

# The letter to a person, pressed more than once.


def test_a_double_post_of_send_delivers_once_and_says_so(emma: Writer, host: Host) -> None:
    opened = ready_to_send(emma).page
    emma.sends()
    emma.page = opened
    emma.sends()
    assert len(host.to(MANAGER)) == 1
    assert told("sent_before") in emma.page.text


def test_reloading_the_sent_page_sends_no_second_letter_and_no_second_receipt(
    emma: Writer, host: Host
) -> None:
    opened = ready_to_send(emma).page
    for _ in range(3):
        emma.page = opened
        emma.sends()
    assert len(host.to(MANAGER)) == 1
    assert len(host.to(EMMA)) == 2


def test_two_devices_that_opened_it_send_it_once(emma: Writer, host: Host) -> None:
    ready_to_send(emma)
    phone = Writer(host).follows_the_mail().types()
    emma.sends()
    phone.sends()
    assert len(host.to(MANAGER)) == 1
    assert told("sent_before") in phone.page.text


def test_a_press_while_it_is_being_sent_says_so_and_sends_nothing(emma: Writer, host: Host) -> None:
    ready_to_send(emma)
    phone = Writer(host).follows_the_mail().types()
    slow = Slow()
    host.posts_by(slow)
    with ThreadPoolExecutor() as pool:
        sending = pool.submit(emma.sends)
        slow.begun.wait(60)
        phone.sends()
        slow.go.set()
        sending.result()
    assert told("sending") in phone.page.text
    assert slow.recipients == [MANAGER, EMMA]


def test_the_receipt_is_the_writers_and_nobody_elses(emma: Writer, host: Host) -> None:
    ready_to_send(emma).sends()
    code, letter, receipt = host.letters()
    assert [code["To"], letter["To"], receipt["To"]] == [EMMA, MANAGER, EMMA]


def test_a_receipt_that_failed_is_told_and_the_letter_is_not_sent_again(
    emma: Writer, host: Host
) -> None:
    """R44."""
    opened = ready_to_send(emma).page

    class NoReceipt(Drawer):
        def send(self, mail: Mail, *, seconds: float = 25.0) -> Outcome:
            super().send(mail)
            return SENT if mail.recipient == MANAGER else NOT_SENT

    relay = NoReceipt()
    host.posts_by(relay)
    emma.sends()
    assert "Perhaps no receipt reaches you" in emma.page.text
    emma.page = opened
    emma.sends()
    assert relay.recipients == [MANAGER, EMMA]


@pytest.mark.parametrize("fault", [f for f, (_, o) in FAULTS.items() if o == "uncertain"])
def test_what_was_perhaps_sent_goes_again_only_by_its_own_tick_as_the_same_mail(
    emma: Writer, host: Host, fault: str
) -> None:
    """R7, R31."""
    ready_to_send(emma)
    with relay_with(host, FAULTS[fault][0]) as whole:
        emma.sends()
    host.posts_by(host.drawer)
    emma.sends()
    assert emma.page.status == 422
    assert host.to(MANAGER) == []
    emma.sends(again=tick_of(emma))
    assert emma.page.heading == told("sent_heading")
    assert [m["Message-ID"] for m in host.to(MANAGER)] == [read(whole[0])["Message-ID"]]


# The letter to oneself.


def test_pressing_twice_sends_oneself_one_letter(emma: Writer, host: Host) -> None:
    """R15."""
    page = emma.reaches_check().page
    for _ in range(3):
        emma.page = page
        emma.sends_to(EMMA)
        assert emma.page.path == "/letter/sent"
    assert len(host.drawer.mails) == 1


def test_two_tabs_of_one_letter_pressed_at_once_send_one(emma: Writer, host: Host) -> None:
    """R15: the cookie of the second press does not know of the first."""
    emma.reaches_check()
    other = Writer(host)
    other.client._cookies = dict(emma.client._cookies or {})
    other.page = emma.page
    slow = Slow()
    host.posts_by(slow)
    with ThreadPoolExecutor() as pool:
        sending = [pool.submit(tab.sends_to, EMMA) for tab in (emma, other)]
        slow.begun.wait(60)
        slow.go.set()
        pages = [done.result().page.path for done in sending]
    assert pages == ["/letter/sent"] * 2
    assert len(slow.mails) == 1


@pytest.mark.parametrize("outcome", [NOT_SENT, PERHAPS], ids=["not sent", "perhaps"])
def test_a_reload_tells_the_same_outcome_and_try_again_sends(
    emma: Writer, host: Host, outcome: Outcome
) -> None:
    emma.reaches_check()
    page = emma.page
    host.drawer.outcome = outcome
    first = emma.sends_to(EMMA).page
    emma.page = page
    assert emma.sends_to(EMMA).page.text == first.text
    assert len(host.drawer.mails) == 1
    host.drawer.outcome = SENT
    emma.sends_to(EMMA)
    assert emma.page.path == "/letter/sent"
    assert len({mail["Message-ID"] for mail in host.letters()}) == 1


def test_a_page_from_before_a_change_sends_nothing(emma: Writer, host: Host) -> None:
    """R16."""
    page = emma.reaches_check().page
    emma.adds(first="Another thing.")
    emma.page = page
    emma.sends_to(EMMA)
    assert told("changed", "check") in emma.page.text
    assert host.drawer.mails == []


def test_a_press_whose_process_died_is_told_as_perhaps_sent(emma: Writer, host: Host) -> None:
    """R20."""
    page = emma.reaches_check().page

    class Dies(Drawer):
        def send(self, mail: Mail, *, seconds: float = 25.0) -> Outcome:
            super().send(mail)
            raise SystemExit

    host.posts_by(dying := Dies())
    with suppress(SystemExit):
        emma.sends_to(EMMA)
    host.posts_by(host.drawer)
    host.clock.forward(200)
    emma.page = page
    emma.sends_to(EMMA)
    assert told("perhaps_heading", "outcome") in emma.page.text
    assert (len(dying.mails), len(host.drawer.mails)) == (1, 0)
