"""A waiting letter ends when its writer or its time says so, and is lost by no mistake."""

import pytest
import sqlalchemy as sa

from tests.databases import Clock
from tests.waiting_letters import (
    BROWSER,
    LETTER,
    OTHER_BROWSER,
    claimed,
    make_letters,
    opened,
    put_newer,
    rows,
)
from webapp.post import Result
from webapp.store.database import Database
from webapp.store.database.tables import DECOY, tries
from webapp.store.waiting import (
    LIFE,
    Event,
    State,
    Ticket,
    WaitingFull,
    WaitingLetters,
    Withdrawal,
)
from webapp.store.waiting.states import LEASE, Ending


def test_a_cancelled_letter_is_gone_at_once(letters: WaitingLetters, ticket: Ticket) -> None:
    """R37."""
    stale = opened(letters, ticket)
    assert letters.cancel(stale) is State.GONE
    assert letters.open(ticket.token, ticket.code) is None
    assert letters.claim(stale) is State.GONE


def test_its_own_browser_cancels_without_a_code(letters: WaitingLetters, ticket: Ticket) -> None:
    assert letters.cancel_from(BROWSER) == Withdrawal(deleted=1, sending=0)
    assert letters.open(ticket.token, ticket.code) is None


def test_another_browser_cancels_nothing(letters: WaitingLetters, ticket: Ticket) -> None:
    assert letters.cancel_from(OTHER_BROWSER) == letters.cancel_from(b"") == Withdrawal(0, 0)
    assert letters.open(ticket.token, ticket.code)


def test_what_is_being_sent_cannot_be_cancelled(letters: WaitingLetters, ticket: Ticket) -> None:
    letter = opened(letters, ticket)
    claimed(letters, ticket)
    assert letters.cancel(letter) is State.SENDING
    assert letters.cancel_from(BROWSER) == Withdrawal(deleted=0, sending=1)


@pytest.mark.parametrize("result", [Result.NOT_SENT, Event.NOT_TRIED])
def test_what_was_being_sent_as_its_browser_cancelled_is_told_for_it_may_wait_again(
    letters: WaitingLetters, ticket: Ticket, result: Ending
) -> None:
    """R37: beside another one that is deleted."""
    claim = claimed(letters, ticket)
    letters.put(LETTER, browser=BROWSER)
    assert letters.cancel_from(BROWSER) == Withdrawal(deleted=1, sending=1)
    assert letters.settle(claim, result) is State.WAITING
    assert letters.cancel_from(BROWSER) == Withdrawal(deleted=1, sending=0)


def test_what_is_being_sent_again_is_told_as_its_browser_cancels(
    letters: WaitingLetters, ticket: Ticket
) -> None:
    letters.settle(claimed(letters, ticket), Result.PERHAPS_SENT)
    claimed(letters, ticket, again=1)
    assert letters.cancel_from(BROWSER) == Withdrawal(deleted=0, sending=1)


def test_a_dead_senders_letter_is_not_told_as_being_sent(
    letters: WaitingLetters, ticket: Ticket, clock: Clock
) -> None:
    claimed(letters, ticket)
    clock.forward(LEASE)
    assert letters.cancel_from(BROWSER) == Withdrawal(deleted=1, sending=0)


def test_cancelling_after_it_was_sent_says_so(letters: WaitingLetters, ticket: Ticket) -> None:
    letters.settle(claimed(letters, ticket), Result.SENT)
    assert letters.cancel(opened(letters, ticket)) is State.SENT


def test_a_newer_letter_replaces_the_same_browsers_older_one(
    letters: WaitingLetters, ticket: Ticket
) -> None:
    """R38."""
    newer = put_newer(letters)
    assert letters.open(ticket.token, ticket.code) is None
    assert letters.open(newer.token, newer.code)


def test_another_browser_replaces_nothing(letters: WaitingLetters, ticket: Ticket) -> None:
    """R38: nor does one without a cookie."""
    put_newer(letters, OTHER_BROWSER)
    letters.put(LETTER)
    assert letters.open(ticket.token, ticket.code)


def test_an_older_letter_can_stay_until_the_newer_ones_code_was_sent(
    letters: WaitingLetters, ticket: Ticket
) -> None:
    newer = letters.put(LETTER, browser=BROWSER)
    assert letters.open(ticket.token, ticket.code)
    assert letters.replace_older(letters.put(LETTER, browser=OTHER_BROWSER)) == 0
    assert letters.replace_older(newer) == 1
    assert letters.open(ticket.token, ticket.code) is None
    assert letters.open(newer.token, newer.code)


@pytest.mark.parametrize("result", [Result.SENT, Result.PERHAPS_SENT, None])
def test_what_was_or_may_have_been_sent_is_not_replaced(
    letters: WaitingLetters, ticket: Ticket, result: Result | None
) -> None:
    claim = claimed(letters, ticket)
    if result:
        letters.settle(claim, result)
    put_newer(letters)
    assert letters.open(ticket.token, ticket.code)


def test_a_letter_whose_code_was_not_sent_is_dropped(
    letters: WaitingLetters, ticket: Ticket, database: Database
) -> None:
    letters.drop(ticket)
    assert rows(database) == 0


def test_a_purge_takes_what_has_expired_and_nothing_else(
    letters: WaitingLetters, ticket: Ticket, clock: Clock, database: Database
) -> None:
    clock.forward(1)
    letters.put(LETTER)
    clock.forward(LIFE - 1)
    assert letters.purge() == 1
    assert rows(database) == 1


def test_what_is_being_sent_as_it_expires_is_purged_only_after_its_lease(
    letters: WaitingLetters, ticket: Ticket, clock: Clock
) -> None:
    clock.forward(LIFE - 1)
    claim = claimed(letters, ticket)
    clock.forward(1)
    assert letters.purge() == 0
    assert letters.settle(claim, Result.SENT) is State.SENT
    assert letters.purge() == 1


def test_tries_go_with_their_letter(
    letters: WaitingLetters, ticket: Ticket, database: Database
) -> None:
    letters.cancel_from(BROWSER)
    with database.reading() as connection:
        assert connection.scalars(sa.select(tries.c.id)).all() == [DECOY]


def test_more_letters_than_the_host_can_keep_are_refused(database: Database) -> None:
    small = make_letters(database, most=2)
    kept = [small.put(LETTER), small.put(LETTER)]
    with pytest.raises(WaitingFull):
        small.put(LETTER)
    assert all(small.open(one.token, one.code) for one in kept)
