"""A waiting letter opens to its code alone, until it expires, and each wrong code counts."""

import time
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa

from tests.databases import NOON, OLD_SECRET, SECRET, Clock, keys_of
from tests.waiting_letters import LETTER, claimed, make_letters, mistype, opened, rows, wrong
from webapp.post import Result
from webapp.store.database import Database
from webapp.store.database.tables import DECOY, tries, waiting
from webapp.store.sealing import Sealer
from webapp.store.waiting import (
    LIFE,
    Claim,
    State,
    Ticket,
    WaitingLetters,
)
from webapp.store.waiting.states import SLOW_TRY


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
