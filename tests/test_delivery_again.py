"""A letter that was perhaps sent goes again only by its own tick; limits use up no attempt."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from webapp.delivery.envelope import envelope_for, pack, unpack
from webapp.keys import Keys
from webapp.post import Outcome
from webapp.store.waiting import Claim
from webapp.store.waiting.states import MOST_ATTEMPTS

from .direct import CANARY, DIRECT, MANAGER, Host, Writer, make_order, told
from .sending import NOT_SENT, PERHAPS, REFUSED, SENT, Slow, ready_to_send, tick_of


def test_an_old_tick_sends_nothing_twice(emma: Writer, host: Host) -> None:
    ready_to_send(emma, PERHAPS).sends()
    page, tick = emma.page, tick_of(emma)
    emma.sends(again=tick)
    emma.page = page
    emma.sends(again=tick)
    assert emma.page.status == 422
    assert len(host.to(MANAGER)) == 2


def test_after_two_more_doubtful_tries_there_is_no_third(emma: Writer, host: Host) -> None:
    ready_to_send(emma, PERHAPS).sends()
    for _ in range(2):
        emma.sends(again=tick_of(emma))
    assert told("no_more") in emma.page.text
    assert not emma.page.soup.find("button", attrs={"name": "send"})
    assert len(host.to(MANAGER)) == 3


@pytest.mark.parametrize("outcome", [NOT_SENT, REFUSED], ids=["not sent", "refused"])
def test_a_second_try_that_failed_does_not_say_that_nobody_got_the_first(
    emma: Writer, host: Host, outcome: Outcome
) -> None:
    ready_to_send(emma, PERHAPS).sends()
    host.drawer.outcome = outcome
    emma.sends(again=tick_of(emma))
    assert told("again_failed") in emma.page.text
    assert "Nobody got" not in emma.page.text


def test_a_limit_at_a_second_try_does_not_say_that_nobody_got_the_first(
    emma: Writer, host: Host
) -> None:
    ready_to_send(emma, PERHAPS).sends()
    host.limits(site_hour=0)
    emma.sends(again=tick_of(emma))
    assert emma.page.status == 429
    assert told("again_failed") in emma.page.text
    assert "Nobody got" not in emma.page.text


def test_a_letter_tried_as_often_as_it_may_be_says_so(emma: Writer, host: Host) -> None:
    ready_to_send(emma, NOT_SENT)
    for _ in range(21):
        emma.sends()
    assert told("no_more") in emma.page.text
    assert CANARY["first"] in emma.page.text


def test_presses_at_a_limit_use_up_no_attempt(emma: Writer, host: Host) -> None:
    """The page says "try again tomorrow": tomorrow it goes."""
    ready_to_send(emma)
    host.limits(site_hour=0)
    for _ in range(MOST_ATTEMPTS + 1):
        emma.sends()
        assert emma.page.status == 429
    assert told("limit") in emma.page.text
    host.limits()
    assert emma.sends().page.heading == told("sent_heading")
    assert len(host.to(MANAGER)) == 1


def test_a_tick_used_at_a_limit_stays_good_and_sends_once(emma: Writer, host: Host) -> None:
    """R31."""
    ready_to_send(emma, PERHAPS).sends()
    page, tick = emma.page, tick_of(emma)
    host.limits(site_hour=0)
    for _ in range(MOST_ATTEMPTS + 1):
        emma.sends(again=tick)
    assert told("again_failed") in emma.page.text
    assert tick_of(emma) == tick
    host.limits()
    for _ in range(2):
        emma.page = page
        emma.sends(again=tick)
    assert len(host.to(MANAGER)) == 2


@pytest.mark.parametrize("away", ["counts", "mail"])
def test_presses_while_no_mail_can_be_counted_or_sent_use_up_no_attempt(
    emma: Writer, host: Host, away: str
) -> None:
    ready_to_send(emma)
    counts = host.store.counts._file
    assert counts
    moved = counts.with_name("moved")
    if away == "counts":
        host.close()
        counts.rename(moved)
        counts.mkdir()
    else:
        host.turns(post=None)
    opened = emma.page
    for _ in range(MOST_ATTEMPTS + 1):
        emma.page = opened
        # A host that sends no mail has no such page.
        assert emma.sends().page.status == (503 if away == "counts" else 404)
    if away == "counts":
        counts.rmdir()
        moved.rename(counts)
    host.posts_by(host.drawer)
    emma.page = opened
    assert emma.sends().page.heading == told("sent_heading")
    assert len(host.to(MANAGER)) == 1


# The same mail whatever happens between two tries.


def _rotates(host: Host) -> None:
    old, new = DIRECT.secret_key, "a new secret of the tests, long enough to be one"
    host.keys(secret_key=new, secret_key_fallbacks=(old,))
    host.turns(keys=Keys(new, (old,)))


def _moves(host: Host) -> None:
    host.turns(settings=replace(DIRECT, mail_from="letters@elsewhere.example"))


@pytest.mark.parametrize("changes", [_rotates, _moves], ids=["SECRET_KEY", "MAIL_FROM"])
def test_sent_again_it_keeps_its_id_though_keys_or_sender_have_changed(
    emma: Writer, host: Host, changes: Callable[[Host], None]
) -> None:
    """R31."""
    ready_to_send(emma, PERHAPS).sends()
    changes(host)
    host.drawer.outcome = SENT
    emma.sends(again=tick_of(emma))
    assert emma.page.heading == told("sent_heading")
    first, second = (mail["Message-ID"] for mail in host.to(MANAGER))
    assert first == second


def test_a_letters_id_is_sealed_random_and_its_own(host: Host) -> None:
    """R31: nothing about a letter can be told from its id, not even that it went before."""
    ids = [
        unpack(pack(envelope_for(make_order(), host.services))).mail.message_id for _ in range(2)
    ]
    domain = host.services.settings.mail_from.rpartition("@")[2]
    assert all(re.fullmatch(rf"<[a-z2-7]{{24}}@{re.escape(domain)}>", id_) for id_ in ids)
    assert ids[0] != ids[1]


def test_a_sealed_letter_keeps_its_headings_and_lists(host: Host) -> None:
    envelope = envelope_for(make_order(), host.services)
    assert envelope.letter
    assert envelope.letter.parts
    assert unpack(pack(envelope)).letter == envelope.letter


def test_a_letter_sealed_without_an_id_still_goes_and_again_under_the_same_one(
    emma: Writer, host: Host
) -> None:
    """As an earlier release sealed it."""
    table = json.loads(pack(envelope_for(make_order(), host.services)))
    del table["message_id"], table["letter"]
    ticket = host.store.waiting.put(json.dumps(table).encode())
    emma.opens(f"/confirm/{ticket.token}")
    emma.types(ticket.code)
    host.drawer.outcome = PERHAPS
    emma.sends()
    emma.sends(again=tick_of(emma))
    first, second = (mail["Message-ID"] for mail in host.to(MANAGER))
    assert first == second


# Taken back from the browser that asked, while it is being sent.


@pytest.mark.parametrize("end", [NOT_SENT, SENT], ids=["not sent", "sent"])
def test_cancelling_from_the_browser_while_it_is_being_sent_says_that_it_is(
    emma: Writer, host: Host, end: Outcome
) -> None:
    """R37: it may come back as not sent, and wait again."""
    code_page = emma.asks().page
    tab = Writer(host)
    tab.client._cookies = dict(emma.client._cookies or {})
    emma.types()
    host.posts_by(slow := Slow())
    slow.outcome = end
    with ThreadPoolExecutor() as pool:
        sending = pool.submit(emma.sends)
        slow.begun.wait(60)
        tab.posts(code_page.path, {"cancel_here": "yes"})
        slow.go.set()
        sending.result()
    assert tab.page.heading == told("sending_heading")
    assert told("cancelled_sending") in tab.page.text
    for wrong_now in ("cancelled_none", "cancelled_doubt", "cancelled_unsent", "cancelled_rest"):
        assert told(wrong_now) not in tab.page.text
    tab.posts(code_page.path, {"cancel_here": "yes"})
    again = "cancelled_heading" if end is NOT_SENT else "none_heading"
    assert tab.page.heading == told(again)


def test_cancelling_one_letter_while_another_is_being_sent_tells_of_both(
    emma: Writer, host: Host
) -> None:
    emma.asks()
    link, code = host.link(), host.code().replace(" ", "")
    opened = host.store.waiting.open(link.rpartition("/")[2], code)
    assert opened
    assert isinstance(host.store.waiting.claim(opened), Claim)
    emma.asks("other@vets.example.org")
    emma.submits(emma.page.path, cancel_here="yes")
    assert emma.page.heading == told("sending_heading")
    assert told("cancelled_rest") in emma.page.text
    assert told("cancelled_doubt") not in emma.page.text
    assert host.rows() == 1


def test_deleting_the_answers_while_it_is_being_sent_says_nothing_against_it(
    emma: Writer, host: Host
) -> None:
    ready_to_send(emma)
    host.posts_by(slow := Slow())
    tab = Writer(host)
    tab.client._cookies = dict(emma.client._cookies or {})
    with ThreadPoolExecutor() as pool:
        sending = pool.submit(emma.sends)
        slow.begun.wait(60)
        tab.opens("/").deletes()
        slow.go.set()
        sending.result()
    assert "stays sealed" in tab.page.text
    for wrong_now in ("cancelled_none", "cancelled_doubt", "cancelled_unsent"):
        assert told(wrong_now) not in tab.page.text
    assert len(slow.mails) == 2
