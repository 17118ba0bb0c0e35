"""A waiting letter opens to its code alone, is sent at most once, and is lost by no mistake."""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.databases import NOON, OLD_SECRET, SECRET, Clock, PostgreSQL, keys_of
from webapp.post import Result
from webapp.store.database import Database, DatabaseUnavailable
from webapp.store.database.tables import DECOY, tries, waiting
from webapp.store.sealing import Sealer, parse_token
from webapp.store.waiting import (
    LIFE,
    Claim,
    Event,
    Opened,
    State,
    Ticket,
    WaitingFull,
    WaitingLetters,
    Withdrawn,
)
from webapp.store.waiting.states import LEASE, MOST_AGAIN, MOST_ATTEMPTS, MOVES, SLOW_TRY, Ending

CHEAP = 2
LETTER = b"To: patel@surgery.example\r\n\r\nDear Ms Patel, I have selective mutism."
BROWSER = b"a browser's own id"
OTHER_BROWSER = b"somebody else's id"


def make_letters(database: Database, *secrets: str, most: int = 2000) -> WaitingLetters:
    return WaitingLetters(database, Sealer(keys_of(*secrets), cost=CHEAP), most=most)


@pytest.fixture
def letters(database: Database) -> WaitingLetters:
    return make_letters(database)


@pytest.fixture
def ticket(letters: WaitingLetters) -> Ticket:
    return letters.put(LETTER, browser=BROWSER)


def wrong(ticket: Ticket, number: int = 1) -> str:
    """A code that is not the right one."""
    return f"{(int(ticket.code) + number) % 10**6:06d}"


def opened(letters: WaitingLetters, ticket: Ticket) -> Opened:
    found = letters.open(ticket.token, ticket.code)
    assert found is not None
    return found


def claimed(letters: WaitingLetters, ticket: Ticket, *, again: int | None = None) -> Claim:
    claim = letters.claim(opened(letters, ticket), again=again)
    assert isinstance(claim, Claim)
    return claim


def put_newer(letters: WaitingLetters, browser: bytes = BROWSER) -> Ticket:
    """A letter whose code was sent: what the same browser put before makes room."""
    newer = letters.put(LETTER, browser=browser)
    letters.replace_older(newer)
    return newer


def mistype(letters: WaitingLetters, ticket: Ticket, times: int) -> None:
    for number in range(1, times + 1):
        assert letters.open(ticket.token, wrong(ticket, number)) is None


def rows(database: Database) -> int:
    with database.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(waiting)) or 0


def change(database: Database, **values: object) -> None:
    with database.writing() as connection:
        connection.execute(sa.update(waiting).values(**values))


# ------------------------------------------------------------------ put and open
def test_the_right_code_opens_the_letter_as_it_was_put(
    letters: WaitingLetters, ticket: Ticket
) -> None:
    letter = opened(letters, ticket)
    assert (letter.state, letter.payload, letter.attempt) == (State.WAITING, LETTER, 0)


def test_opening_sends_and_changes_nothing(letters: WaitingLetters, ticket: Ticket) -> None:
    assert [opened(letters, ticket) == opened(letters, ticket) for _ in range(10)] == [True] * 10


def test_the_stored_deadline_is_the_promised_one(
    letters: WaitingLetters, ticket: Ticket, database: Database
) -> None:
    """R40."""
    with database.reading() as connection:
        assert connection.scalar(sa.select(waiting.c.expires_at)) == NOON + LIFE
    assert ticket.expires_at == NOON + LIFE


def test_a_letter_opens_until_the_second_before_it_expires(
    letters: WaitingLetters, ticket: Ticket, clock: Clock
) -> None:
    """R39."""
    clock.forward(LIFE - 1)
    assert letters.open(ticket.token, ticket.code)


def test_at_exactly_its_expiry_a_letter_is_gone_though_nobody_purged(
    letters: WaitingLetters, ticket: Ticket, clock: Clock, database: Database
) -> None:
    """R39."""
    clock.forward(LIFE)
    assert letters.open(ticket.token, ticket.code) is None
    assert rows(database) == 1


def test_what_was_opened_in_time_cannot_be_claimed_at_its_expiry(
    letters: WaitingLetters, ticket: Ticket, clock: Clock
) -> None:
    """R39."""
    letter = opened(letters, ticket)
    clock.forward(LIFE)
    assert letters.claim(letter) is State.GONE


def test_wrong_unknown_expired_cancelled_and_foreign_look_the_same(
    letters: WaitingLetters, ticket: Ticket, database: Database, clock: Clock
) -> None:
    """R42."""
    cancelled = letters.put(LETTER)
    letters.cancel(opened(letters, cancelled))
    foreign = make_letters(database, OLD_SECRET).put(LETTER)
    tried = [
        letters.open(ticket.token, wrong(ticket)),
        letters.open("x" * 21 + "A", ticket.code),
        letters.open("no token", ticket.code),
        letters.open(cancelled.token, cancelled.code),
        letters.open(foreign.token, foreign.code),
    ]
    clock.forward(LIFE)
    assert [*tried, letters.open(ticket.token, ticket.code)] == [None] * 6


def test_known_and_unknown_tokens_cost_the_same_work(
    letters: WaitingLetters, ticket: Ticket, work: Callable[[str, str], list[str]]
) -> None:
    """R42: the same statements in the same order, and the same number of scrypts."""
    for _ in range(7):  # the sixth and seventh are slowed
        known = work(ticket.token, wrong(ticket))
        assert known == work("x" * 21 + "A", "123456") == work("no token", "123456")


def test_a_guess_at_an_unknown_token_is_written_like_any_other(
    letters: WaitingLetters, ticket: Ticket, database: Database
) -> None:
    """R42: SQLite skips the write, and its wait for the disk, where nothing changes."""
    with database.reading() as connection:
        before = connection.scalar(sa.select(tries.c.number).where(tries.c.id == DECOY)) or 0
    for _ in range(3):
        letters.open("x" * 21 + "A", "123456")
    with database.reading() as connection:
        after = connection.scalar(sa.select(tries.c.number).where(tries.c.id == DECOY))
    assert after == before + 3


@pytest.fixture
def work(
    letters: WaitingLetters, database: Database, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str, str], list[str]]]:
    """What one open() does: its statements without their values, and its scrypts."""
    import hashlib

    done: list[str] = []
    real = hashlib.scrypt

    def counted(*args: object, **kwargs: object) -> bytes:
        done.append("scrypt")
        return real(*args, **kwargs)  # type: ignore[arg-type]  # handed through as it came

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        done.append(statement)

    def run(token: str, code: str) -> list[str]:
        done.clear()
        letters.open(token, code)
        return list(done)

    monkeypatch.setattr(hashlib, "scrypt", counted)
    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    yield run
    sa.event.remove(sa.Engine, "before_cursor_execute", note)


def test_a_new_secret_with_the_old_one_as_fallback_still_opens(
    letters: WaitingLetters, ticket: Ticket, database: Database
) -> None:
    rotated = make_letters(database, OLD_SECRET, SECRET)
    letter = opened(rotated, ticket)
    claim = rotated.claim(letter)
    assert isinstance(claim, Claim)
    rotated.settle(claim, Result.SENT)
    assert opened(rotated, ticket).state is opened(letters, ticket).state is State.SENT


@pytest.mark.parametrize("hours", [-48, 48])
def test_a_worker_whose_clock_is_two_days_off_sends_neither_early_nor_late(
    url: str, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """R66: every worker asks the database what time it is."""
    right = Database(url)
    ticket = make_letters(right).put(LETTER)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + hours * 3600)
    skewed = Database(url)
    letters = make_letters(skewed)
    assert abs(letters.put(LETTER).expires_at - ticket.expires_at) < 60
    assert letters.open(ticket.token, ticket.code)
    right.close()
    skewed.close()


# ------------------------------------------------------------------ wrong codes
def test_after_five_wrong_codes_the_right_one_has_to_wait(
    letters: WaitingLetters, ticket: Ticket, clock: Clock
) -> None:
    mistype(letters, ticket, 5)
    assert letters.open(ticket.token, ticket.code) is None
    clock.forward(SLOW_TRY - 1)
    assert letters.open(ticket.token, ticket.code) is None
    clock.forward(1)
    assert letters.open(ticket.token, ticket.code)


def test_after_five_wrong_codes_one_an_hour_counts(
    letters: WaitingLetters, ticket: Ticket, clock: Clock, database: Database
) -> None:
    mistype(letters, ticket, 5)
    for hour in range(6, 10):
        clock.forward(SLOW_TRY)
        mistype(letters, ticket, 3)
        assert number_of_tries(database) == hour


def number_of_tries(database: Database) -> int:
    with database.reading() as connection:
        return connection.scalar(sa.select(tries.c.number).where(tries.c.id != DECOY)) or 0


def test_right_codes_never_use_up_the_tries(
    letters: WaitingLetters, ticket: Ticket, database: Database
) -> None:
    mistype(letters, ticket, 4)
    for _ in range(10):
        opened(letters, ticket)
    assert number_of_tries(database) == 4


def test_one_opening_gives_back_one_try(
    letters: WaitingLetters, ticket: Ticket, database: Database
) -> None:
    mistype(letters, ticket, 1)
    letter = letters.open(ticket.token, ticket.code, to_send=True)
    assert letter
    assert number_of_tries(database) == 2
    letters.give_back(letter)
    assert number_of_tries(database) == 1
    for _ in range(3):
        letters.give_back(letter)
    assert number_of_tries(database) == 0


def test_the_hourly_try_if_right_leads_on_to_sending(
    letters: WaitingLetters, ticket: Ticket, clock: Clock
) -> None:
    mistype(letters, ticket, 5)
    clock.forward(SLOW_TRY)
    opened(letters, ticket)
    assert claimed(letters, ticket).attempt == 1


def test_wrong_codes_never_delete(
    letters: WaitingLetters, ticket: Ticket, clock: Clock, database: Database
) -> None:
    for _ in range(47):
        mistype(letters, ticket, 6)
        clock.forward(SLOW_TRY)
    assert rows(database) == 1
    assert letters.open(ticket.token, ticket.code)


def test_what_is_not_six_digits_is_no_try(
    letters: WaitingLetters, ticket: Ticket, database: Database
) -> None:
    for typed in ("", "12345", "1234567", "abcdef"):
        letters.open(ticket.token, typed)
    assert number_of_tries(database) == 0


def test_a_try_is_on_disk_before_anything_is_decrypted(database: Database) -> None:
    class Watching(Sealer):
        def try_open(self, *_args: object) -> None:
            raise KeyboardInterrupt

    ticket = make_letters(database).put(LETTER)
    with pytest.raises(KeyboardInterrupt):
        WaitingLetters(database, Watching(keys_of())).open(ticket.token, ticket.code)
    assert number_of_tries(database) == 1


def test_guesses_at_one_letter_do_not_slow_another(letters: WaitingLetters, ticket: Ticket) -> None:
    other = letters.put(LETTER)
    mistype(letters, other, 6)
    for _ in range(20):
        letters.open("x" * 21 + "A", "123456")
    assert letters.open(ticket.token, ticket.code)


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


# ------------------------------------------------------------------ cancel, replace, expire
def test_a_cancelled_letter_is_gone_at_once(letters: WaitingLetters, ticket: Ticket) -> None:
    """R37."""
    stale = opened(letters, ticket)
    assert letters.cancel(stale) is State.GONE
    assert letters.open(ticket.token, ticket.code) is None
    assert letters.claim(stale) is State.GONE


def test_its_own_browser_cancels_without_a_code(letters: WaitingLetters, ticket: Ticket) -> None:
    assert letters.cancel_from(BROWSER) == Withdrawn(deleted=1, sending=0)
    assert letters.open(ticket.token, ticket.code) is None


def test_another_browser_cancels_nothing(letters: WaitingLetters, ticket: Ticket) -> None:
    assert letters.cancel_from(OTHER_BROWSER) == letters.cancel_from(b"") == Withdrawn(0, 0)
    assert letters.open(ticket.token, ticket.code)


def test_what_is_being_sent_cannot_be_cancelled(letters: WaitingLetters, ticket: Ticket) -> None:
    letter = opened(letters, ticket)
    claimed(letters, ticket)
    assert letters.cancel(letter) is State.SENDING
    assert letters.cancel_from(BROWSER) == Withdrawn(deleted=0, sending=1)


@pytest.mark.parametrize("result", [Result.NOT_SENT, Event.NOT_TRIED])
def test_what_was_being_sent_as_its_browser_cancelled_is_told_for_it_may_wait_again(
    letters: WaitingLetters, ticket: Ticket, result: Ending
) -> None:
    """R37: beside another one that is deleted."""
    claim = claimed(letters, ticket)
    letters.put(LETTER, browser=BROWSER)
    assert letters.cancel_from(BROWSER) == Withdrawn(deleted=1, sending=1)
    assert letters.settle(claim, result) is State.WAITING
    assert letters.cancel_from(BROWSER) == Withdrawn(deleted=1, sending=0)


def test_what_is_being_sent_again_is_told_as_its_browser_cancels(
    letters: WaitingLetters, ticket: Ticket
) -> None:
    letters.settle(claimed(letters, ticket), Result.PERHAPS_SENT)
    claimed(letters, ticket, again=1)
    assert letters.cancel_from(BROWSER) == Withdrawn(deleted=0, sending=1)


def test_a_dead_senders_letter_is_not_told_as_being_sent(
    letters: WaitingLetters, ticket: Ticket, clock: Clock
) -> None:
    claimed(letters, ticket)
    clock.forward(LEASE)
    assert letters.cancel_from(BROWSER) == Withdrawn(deleted=1, sending=0)


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


# ------------------------------------------------------------------ strangers and seizures
@pytest.mark.parametrize(
    "tampered",
    [
        {"expires_at": NOON + LIFE + 1},
        {"id": bytes([1] * 16)},
        {"sealed": b""},
        {"sealed": bytes(16_412)},
        {"state": State.SENT.value},
        {"state": "nonsense"},
    ],
)
def test_a_tampered_row_opens_like_an_unknown_one(
    letters: WaitingLetters, ticket: Ticket, database: Database, tampered: dict[str, object]
) -> None:
    """R41."""
    change(database, **tampered)
    assert letters.open(ticket.token, ticket.code) is None


def test_a_letter_moved_into_anothers_row_opens_for_neither(
    letters: WaitingLetters, ticket: Ticket, database: Database
) -> None:
    """R41."""
    other = letters.put(b"another letter")
    with database.writing() as connection:
        sealed = connection.scalar(sa.select(waiting.c.sealed).limit(1))
        connection.execute(sa.update(waiting).values(sealed=sealed))
    found = [letters.open(ticket.token, ticket.code), letters.open(other.token, other.code)]
    assert [one.payload for one in found if one] in ([LETTER], [b"another letter"])


CANARIES = (b"patel@surgery", b"selective mutism", BROWSER)


def test_neither_database_file_nor_journal_holds_a_word(tmp_path: Path) -> None:
    """R21."""
    database = Database(f"sqlite:///{tmp_path}/wa.db")
    database.start()
    letters = make_letters(database)
    ticket = letters.put(LETTER, browser=BROWSER)
    with database.writing() as connection:
        connection.execute(sa.update(waiting).values(doubts=1))
        seen = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert (tmp_path / "wa.db-journal").exists()
    letters.settle(claimed(letters, ticket), Result.SENT)
    seen += b"".join(file.read_bytes() for file in tmp_path.iterdir())
    database.close()
    token = parse_token(ticket.token) or b"no token"
    assert not [word for word in (*CANARIES, ticket.token.encode(), token) if word in seen]


def test_what_sqlite_deleted_is_overwritten(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/wa.db")
    database.start()
    letters = make_letters(database)
    letters.put(LETTER, browser=BROWSER)
    with database.reading() as connection:
        sealed = connection.scalar(sa.select(waiting.c.sealed)) or b""
    pieces = [sealed[start : start + 64] for start in range(0, len(sealed) - 64, 64)]
    stored = (tmp_path / "wa.db").read_bytes()
    assert sum(piece in stored for piece in pieces) > 200
    letters.cancel_from(BROWSER)
    database.close()
    stored = (tmp_path / "wa.db").read_bytes()
    assert not any(piece in stored for piece in pieces)


def test_neither_the_servers_files_nor_a_dump_hold_a_word(
    postgresql: PostgreSQL, ready_postgresql: str
) -> None:
    """R21."""
    database = Database(ready_postgresql)
    letters = make_letters(database)
    ticket = letters.put(LETTER, browser=BROWSER)
    letters.settle(claimed(letters, ticket), Result.SENT)
    with database.writing() as connection:
        # It waits for the disk, which on a busy machine takes longer than a visitor may wait.
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        connection.execute(sa.text("CHECKPOINT"))
    database.close()
    address = ready_postgresql.replace("+psycopg", "")
    dump = subprocess.run(
        [postgresql.dump, "--inserts", address], capture_output=True, check=True
    ).stdout
    files = [file.read_bytes() for file in postgresql.data.rglob("*") if file.is_file()]
    seen = [dump, *files]
    token = parse_token(ticket.token) or b"no token"
    words = [*CANARIES, ticket.token.encode(), token]
    words += [word.hex().encode() for word in words]
    assert b"waiting" in dump
    assert not [word for word in words for one in seen if word in one]


def test_nothing_secret_has_a_repr(letters: WaitingLetters, ticket: Ticket) -> None:
    letter = opened(letters, ticket)
    shown = repr(ticket) + repr(letter) + repr(letters.claim(letter))
    assert ticket.token not in shown
    assert ticket.code not in shown
    assert "Patel" not in shown


# ------------------------------------------------------------------ the database away
def test_without_its_database_nothing_can_be_claimed(
    letters: WaitingLetters, ticket: Ticket, database: Database
) -> None:
    """R34."""
    letter = opened(letters, ticket)
    with database.writing() as connection:
        connection.execute(sa.text("ALTER TABLE waiting RENAME TO away"))
    try:
        with pytest.raises(DatabaseUnavailable):
            letters.claim(letter)
    finally:
        with database.writing() as connection:
            connection.execute(sa.text("ALTER TABLE away RENAME TO waiting"))
    assert opened(letters, ticket).state is State.WAITING


def test_a_full_disk_gives_no_leave_to_send(tmp_path: Path) -> None:
    """R14, R34: reading still works, but what cannot be noted is not claimed."""
    database = Database(f"sqlite:///{tmp_path}/wa.db")
    database.start()
    letters = make_letters(database)
    letter = opened(letters, letters.put(LETTER))
    with database.reading() as connection:
        connection.execute(sa.text("PRAGMA query_only = ON"))
    with pytest.raises(DatabaseUnavailable):
        letters.claim(letter)
    database.close()


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
