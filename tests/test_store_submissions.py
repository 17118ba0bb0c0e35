"""A double click, a reload and a second tab send once, and are told how it ended."""

import pytest

from tests.databases import OLD_SECRET, SECRET, Clock
from tests.ledgers import DAY, MINUTE, PRESSED, make_ledger, reservation, reserved, roomy, to_own
from webapp.post import Result
from webapp.store.database import Database
from webapp.store.ledger import (
    EarlierPress,
    Ledger,
    OtherContent,
    Refusal,
    Submission,
)


def test_a_double_click_sends_once_and_is_told_the_outcome(ledger: Ledger) -> None:
    """R15."""
    first = reservation(ledger, to_own(), PRESSED)
    assert ledger.reserve(to_own(), PRESSED) == EarlierPress(None)
    ledger.settle(first, Result.SENT)
    assert ledger.reserve(to_own(), PRESSED) == EarlierPress(Result.SENT)


@pytest.mark.parametrize(
    "result", [Result.SENT, Result.NOT_SENT, Result.REFUSED, Result.PERHAPS_SENT]
)
def test_a_reload_is_told_every_outcome_again(ledger: Ledger, result: Result) -> None:
    """R15."""
    ledger.settle(reservation(ledger, to_own(), PRESSED), result)
    assert [ledger.reserve(to_own(), PRESSED) for _ in range(3)] == [EarlierPress(result)] * 3


def test_the_same_id_with_another_letter_sends_nothing(ledger: Ledger) -> None:
    """R16."""
    ledger.settle(reservation(ledger, to_own(), PRESSED), Result.SENT)
    assert ledger.reserve(to_own(), Submission(PRESSED.id, b"another mail")) == OtherContent()


def test_a_send_whose_process_died_is_told_as_perhaps_sent(ledger: Ledger, clock: Clock) -> None:
    """R20."""
    reservation(ledger, to_own(), PRESSED)
    clock.forward(2 * MINUTE)
    assert ledger.reserve(to_own(), PRESSED) == EarlierPress(Result.PERHAPS_SENT)


@pytest.mark.parametrize("result", [Result.NOT_SENT, Result.REFUSED, Result.PERHAPS_SENT])
def test_a_pressed_try_again_sends_once_more(ledger: Ledger, result: Result) -> None:
    ledger.settle(reservation(ledger, to_own(), PRESSED), result)
    reservation(ledger, to_own(), PRESSED, again=True)
    assert ledger.reserve(to_own(), PRESSED, again=True) == EarlierPress(None)


def test_what_was_sent_is_not_sent_again_by_try_again(ledger: Ledger) -> None:
    ledger.settle(reservation(ledger, to_own(), PRESSED), Result.SENT)
    assert ledger.reserve(to_own(), PRESSED, again=True) == EarlierPress(Result.SENT)


def test_a_try_again_that_is_refused_forgets_nothing(database: Database) -> None:
    ledger = make_ledger(database, limits=roomy(own_day=1))
    ledger.settle(reservation(ledger, to_own(), PRESSED), Result.PERHAPS_SENT)
    assert ledger.reserve(to_own(), PRESSED, again=True) is Refusal.LIMIT
    assert ledger.reserve(to_own(), PRESSED) == EarlierPress(Result.PERHAPS_SENT)


def test_a_late_outcome_does_not_overwrite_a_newer_attempts(ledger: Ledger, clock: Clock) -> None:
    late = reservation(ledger, to_own(), PRESSED)
    clock.forward(2 * MINUTE)
    newer = reservation(ledger, to_own(), PRESSED, again=True)
    ledger.settle(newer, Result.SENT)
    ledger.settle(late, Result.NOT_SENT)
    assert ledger.reserve(to_own(), PRESSED) == EarlierPress(Result.SENT)


def test_a_refused_press_leaves_its_id_free(database: Database, clock: Clock) -> None:
    ledger = make_ledger(database, limits=roomy(own_day=1))
    reserved(ledger, to_own())
    assert ledger.reserve(to_own(), PRESSED) is Refusal.LIMIT
    clock.forward(DAY)
    assert reserved(ledger, to_own(), PRESSED)


def test_a_submission_is_known_after_a_change_of_secret(database: Database) -> None:
    old = make_ledger(database, OLD_SECRET)
    old.settle(reservation(old, to_own(), PRESSED), Result.SENT)
    assert make_ledger(database, SECRET, OLD_SECRET).reserve(to_own(), PRESSED) == EarlierPress(
        Result.SENT
    )
