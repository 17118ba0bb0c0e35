"""A waiting letter is sent at most once, however its senders end."""

import pytest

from tests.databases import NOON, Clock
from tests.waiting_letters import BROWSER, LETTER, claimed, opened
from webapp.post import Result
from webapp.store.waiting import (
    Claim,
    Event,
    State,
    Ticket,
    WaitingLetters,
)
from webapp.store.waiting.states import LEASE, MOST_AGAIN, MOST_ATTEMPTS, MOVES, Ending


# ------------------------------------------------------------------ claim and settle
def test_only_the_first_claim_may_send(letters: WaitingLetters, ticket: Ticket) -> None:
    first, second = opened(letters, ticket), opened(letters, ticket)
    assert isinstance(letters.claim(first), Claim)
    assert letters.claim(second) is State.SENDING


def test_once_sent_the_code_tells_when_and_the_letter_is_gone(
    letters: WaitingLetters, ticket: Ticket, clock: Clock
) -> None:
    """R30."""
    claim = claimed(letters, ticket)
    clock.forward(59)
    assert letters.settle(claim, Result.SENT) is State.SENT
    letter = opened(letters, ticket)
    assert (letter.state, letter.payload, letter.sent_at) == (State.SENT, b"", NOON)


def test_a_double_click_is_told_already_sent(letters: WaitingLetters, ticket: Ticket) -> None:
    """R30."""
    stale = opened(letters, ticket)
    letters.settle(claimed(letters, ticket), Result.SENT)
    assert letters.claim(stale) is State.SENT
    assert letters.claim(stale, again=1) is State.SENT


def test_what_was_not_sent_can_be_sent_with_the_same_link(
    letters: WaitingLetters, ticket: Ticket
) -> None:
    """R32."""
    assert letters.settle(claimed(letters, ticket), Result.NOT_SENT) is State.WAITING
    assert letters.settle(claimed(letters, ticket), Result.SENT) is State.SENT


def test_what_was_refused_is_kept_to_copy_but_not_sent_again(
    letters: WaitingLetters, ticket: Ticket
) -> None:
    """R33."""
    assert letters.settle(claimed(letters, ticket), Result.REFUSED) is State.REFUSED
    letter = opened(letters, ticket)
    assert letter.payload == LETTER
    assert letters.claim(letter) is letters.claim(letter, again=1) is State.REFUSED


def test_what_may_have_been_sent_is_not_sent_again_by_a_plain_press(
    letters: WaitingLetters, ticket: Ticket
) -> None:
    """R31."""
    letters.settle(claimed(letters, ticket), Result.PERHAPS_SENT)
    letter = opened(letters, ticket)
    assert (letter.state, letter.payload, letter.may_send_again) == (State.UNCERTAIN, LETTER, True)
    assert letters.claim(letter) is State.UNCERTAIN


def test_a_tick_sends_again_under_the_same_id(letters: WaitingLetters, ticket: Ticket) -> None:
    """R31."""
    first = opened(letters, ticket)
    letters.settle(claimed(letters, ticket), Result.PERHAPS_SENT)
    letter = opened(letters, ticket)
    assert isinstance(letters.claim(letter, again=letter.attempt), Claim)
    assert letter.id == first.id


def test_one_tick_sends_again_once_however_often_it_is_pressed(
    letters: WaitingLetters, ticket: Ticket
) -> None:
    """R31."""
    letters.settle(claimed(letters, ticket), Result.PERHAPS_SENT)
    seen = opened(letters, ticket).attempt
    letters.settle(claimed(letters, ticket, again=seen), Result.PERHAPS_SENT)
    assert letters.claim(opened(letters, ticket), again=seen) is State.UNCERTAIN


def test_at_most_two_more_sends_may_leave_a_doubt(letters: WaitingLetters, ticket: Ticket) -> None:
    """R31."""
    letters.settle(claimed(letters, ticket), Result.PERHAPS_SENT)
    for _ in range(MOST_AGAIN):
        seen = opened(letters, ticket).attempt
        letters.settle(claimed(letters, ticket, again=seen), Result.PERHAPS_SENT)
    letter = opened(letters, ticket)
    assert not letter.may_send_again
    assert letters.claim(letter, again=letter.attempt) is State.UNCERTAIN


@pytest.mark.parametrize("result", [Result.NOT_SENT, Result.REFUSED])
def test_a_failed_second_send_leaves_the_doubt_about_the_first(
    letters: WaitingLetters, ticket: Ticket, result: Ending
) -> None:
    letters.settle(claimed(letters, ticket), Result.PERHAPS_SENT)
    assert letters.settle(claimed(letters, ticket, again=1), result) is State.UNCERTAIN
    assert opened(letters, ticket).may_send_again


def test_a_plain_waiting_letter_takes_no_second_send(
    letters: WaitingLetters, ticket: Ticket
) -> None:
    assert letters.claim(opened(letters, ticket), again=0) is State.WAITING


def test_a_claim_whose_sender_died_becomes_uncertain_when_its_lease_is_over(
    letters: WaitingLetters, ticket: Ticket, clock: Clock
) -> None:
    """R27, R28, R29."""
    claimed(letters, ticket)
    clock.forward(LEASE - 1)
    assert opened(letters, ticket).state is State.SENDING
    clock.forward(1)
    letter = opened(letters, ticket)
    assert (letter.state, letter.payload) == (State.UNCERTAIN, LETTER)


def test_a_late_sender_does_not_overwrite_a_newer_attempt(
    letters: WaitingLetters, ticket: Ticket, clock: Clock
) -> None:
    """R36."""
    late = claimed(letters, ticket)
    clock.forward(LEASE)
    claimed(letters, ticket, again=1)
    for result in (Result.SENT, Result.NOT_SENT, Result.REFUSED, Result.PERHAPS_SENT):
        assert letters.settle(late, result) is State.SENDING_AGAIN


def test_a_late_word_that_it_was_sent_ends_the_doubt(
    letters: WaitingLetters, ticket: Ticket, clock: Clock
) -> None:
    late = claimed(letters, ticket)
    clock.forward(LEASE)
    assert opened(letters, ticket).state is State.UNCERTAIN
    assert letters.settle(late, Result.SENT) is State.SENT


@pytest.mark.parametrize("result", [Result.NOT_SENT, Result.REFUSED, Result.PERHAPS_SENT])
def test_any_other_late_word_leaves_the_doubt(
    letters: WaitingLetters, ticket: Ticket, clock: Clock, result: Ending
) -> None:
    late = claimed(letters, ticket)
    clock.forward(LEASE)
    opened(letters, ticket)
    assert letters.settle(late, result) is State.UNCERTAIN


def test_a_letter_that_fails_for_ever_is_not_tried_for_ever(
    letters: WaitingLetters, ticket: Ticket
) -> None:
    for _ in range(MOST_ATTEMPTS):
        letters.settle(claimed(letters, ticket), Result.NOT_SENT)
    assert letters.claim(opened(letters, ticket)) is State.WAITING


def test_what_asked_the_relay_for_nothing_uses_up_no_attempt(
    letters: WaitingLetters, ticket: Ticket
) -> None:
    for _ in range(MOST_ATTEMPTS + 1):
        assert letters.settle(claimed(letters, ticket), Event.NOT_TRIED) is State.WAITING
    assert opened(letters, ticket).attempt == 0
    assert letters.settle(claimed(letters, ticket), Result.SENT) is State.SENT


def test_a_tick_whose_send_was_not_tried_may_be_used_once_more_and_sends_once(
    letters: WaitingLetters, ticket: Ticket
) -> None:
    """R31."""
    letters.settle(claimed(letters, ticket), Result.PERHAPS_SENT)
    page = opened(letters, ticket)
    for _ in range(MOST_ATTEMPTS + 1):
        claim = letters.claim(page, again=page.attempt)
        assert isinstance(claim, Claim)
        assert letters.claim(page, again=page.attempt) is State.SENDING_AGAIN
        assert letters.settle(claim, Event.NOT_TRIED) is State.UNCERTAIN
    assert opened(letters, ticket) == page
    letters.settle(claimed(letters, ticket, again=page.attempt), Result.PERHAPS_SENT)
    assert letters.claim(page, again=page.attempt) is State.UNCERTAIN


def test_a_late_word_that_it_was_not_tried_lowers_nothing(
    letters: WaitingLetters, ticket: Ticket, clock: Clock
) -> None:
    """R36: its number is in the row, or below it, for good; no newer claim ever gets it."""
    late = claimed(letters, ticket)
    clock.forward(LEASE)
    assert opened(letters, ticket).state is State.UNCERTAIN
    assert letters.settle(late, Event.NOT_TRIED) is State.UNCERTAIN
    assert opened(letters, ticket).attempt == late.attempt
    newer = claimed(letters, ticket, again=late.attempt)
    assert letters.settle(late, Event.NOT_TRIED) is State.SENDING_AGAIN
    assert letters.settle(newer, Event.NOT_TRIED) is State.UNCERTAIN
    newest = claimed(letters, ticket, again=late.attempt)
    assert newest.attempt == newer.attempt > late.attempt
    for result in (
        Event.NOT_TRIED,
        Result.NOT_SENT,
        Result.REFUSED,
        Result.PERHAPS_SENT,
        Result.SENT,
    ):
        assert letters.settle(late, result) is State.SENDING_AGAIN
    assert letters.settle(newest, Result.SENT) is State.SENT


def test_not_tried_told_twice_lowers_once(letters: WaitingLetters, ticket: Ticket) -> None:
    letters.settle(claimed(letters, ticket), Result.NOT_SENT)
    claim = claimed(letters, ticket)
    for _ in range(3):
        assert letters.settle(claim, Event.NOT_TRIED) is State.WAITING
    assert opened(letters, ticket).attempt == 1


def test_only_a_result_ends_a_claim(letters: WaitingLetters, ticket: Ticket) -> None:
    claim = claimed(letters, ticket)
    for no_result in (Event.CANCEL, Event.EXPIRE, "sent"):
        with pytest.raises(ValueError, match="ends no claim"):
            letters.settle(claim, no_result)  # type: ignore[arg-type]  # what no caller may say
    assert opened(letters, ticket).state is State.SENDING


# ------------------------------------------------------------------ the table of states
def test_every_state_stands_in_the_table() -> None:
    assert set(MOVES) == set(State)


def test_only_a_claim_leads_to_sending_and_only_sending_to_sent() -> None:
    into = {(s, e) for s, moves in MOVES.items() for e, to in moves.items() if to is State.SENT}
    assert into == {
        (State.SENDING, Result.SENT),
        (State.SENDING_AGAIN, Result.SENT),
        (State.UNCERTAIN, Result.SENT),
    }
    for moves in MOVES.values():
        for event, to in moves.items():
            assert (to is State.SENDING) == (event is Event.CLAIM)
            assert (to is State.SENDING_AGAIN) == (event is Event.CLAIM_AGAIN)


def test_once_in_doubt_a_letter_never_waits_again() -> None:
    reached, todo = set(), [State.UNCERTAIN]
    while todo:
        state = todo.pop()
        reached.add(state)
        todo += [to for to in MOVES[state].values() if to not in reached]
    assert not reached & {State.WAITING, State.SENDING, State.REFUSED}


def test_the_newer_of_two_letters_of_the_same_second_stays(letters: WaitingLetters) -> None:
    for _ in range(10):
        older = letters.put(b"older", browser=BROWSER)
        letters.replace_older(older)
        newer = letters.put(b"newer", browser=BROWSER)
        letters.replace_older(newer)
        assert letters.open(older.token, older.code) is None
        assert letters.open(newer.token, newer.code) is not None


def test_two_presses_at_the_same_moment_leave_one_letter(letters: WaitingLetters) -> None:
    first = letters.put(b"first", browser=BROWSER)
    second = letters.put(b"second", browser=BROWSER)
    letters.replace_older(first)
    letters.replace_older(second)
    opened = [letters.open(one.token, one.code) for one in (first, second)]
    assert [one is not None for one in opened].count(True) == 1
