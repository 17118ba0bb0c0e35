"""Eight processes at once, and processes killed at any moment, on both databases."""

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.databases import Clock, keys_of
from webapp.post import Result
from webapp.store.database import Database, engines
from webapp.store.ledger import Ledger, Limits, Reservation, Submission, ToOwn
from webapp.store.sealing import Sealer
from webapp.store.waiting import Claim, OpenedLetter, State, Ticket, WaitingLetters
from webapp.store.waiting.states import LEASE

CHEAP = 2
PROCESSES = 8
ROUNDS = 10
KILLS = 15
TIMEOUT = 60  # seconds until a race counts as hung; a machine may be busy
LETTER = b"Dear Ms Patel"

context = multiprocessing.get_context("fork")


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is shown is who wins, not how soon: nobody gives up waiting on a busy machine."""
    monkeypatch.setattr(engines, "PATIENCE", TIMEOUT)


def make_letters(database: Database) -> WaitingLetters:
    return WaitingLetters(database, Sealer(keys_of(), cost=CHEAP))


@pytest.fixture
def letters(database: Database) -> WaitingLetters:
    return make_letters(database)


def at_once(act: Callable[[int], str]) -> list[str]:
    """What each of eight processes got when all acted at the same moment."""
    barrier, results = context.Barrier(PROCESSES), context.Queue()

    def run(number: int) -> None:
        barrier.wait(TIMEOUT)
        results.put(act(number))

    started = [context.Process(target=run, args=(number,)) for number in range(PROCESSES)]
    for process in started:
        process.start()
    found = sorted(results.get(timeout=TIMEOUT) for _ in started)
    for process in started:
        process.join(TIMEOUT)
    return found


def opened(letters: WaitingLetters, ticket: Ticket) -> OpenedLetter:
    found = letters.open(ticket.token, ticket.code)
    while found is None:  # eight codes at once are more tries than five: then ask once more
        found = letters.open(ticket.token, ticket.code)
    return found


def press(letters: WaitingLetters, letter: OpenedLetter, again: int | None, _number: int) -> str:
    return won(letters.claim(letter, again=again))


def won(claim: Claim | State) -> str:
    return "won" if isinstance(claim, Claim) else claim.value


def test_of_eight_claims_at_once_exactly_one_wins(letters: WaitingLetters) -> None:
    """R26."""
    for _ in range(ROUNDS):
        letter = opened(letters, letters.put(LETTER))
        found = at_once(partial(press, letters, letter, None))
        assert found == ["sending"] * (PROCESSES - 1) + ["won"]


def test_of_eight_ticked_second_sends_at_once_exactly_one_wins(letters: WaitingLetters) -> None:
    """R31."""
    for _ in range(ROUNDS):
        letter = opened(letters, letters.put(LETTER))
        claim = letters.claim(letter)
        assert isinstance(claim, Claim)
        letters.settle(claim, Result.PERHAPS_SENT)
        found = at_once(partial(press, letters, letter, 1))
        assert found == ["sending again"] * (PROCESSES - 1) + ["won"]


def test_eight_that_type_the_code_at_once_deliver_one_letter(
    letters: WaitingLetters, tmp_path: Path
) -> None:
    """R26: the whole way, from the code to the outcome."""
    ticket = letters.put(LETTER)
    mailbox = tmp_path / "mailbox"

    def press(_number: int) -> str:
        claim = letters.claim(opened(letters, ticket))
        if isinstance(claim, State):
            return claim.value
        with mailbox.open("ab") as file:
            file.write(LETTER)
        return letters.settle(claim, Result.SENT).value

    assert set(at_once(press)) <= {"sent", "sending"}
    assert mailbox.read_bytes() == LETTER
    assert opened(letters, ticket).state is State.SENT


def test_cancel_or_send_but_never_both(letters: WaitingLetters) -> None:
    """R37."""
    ticket = letters.put(LETTER)
    letter = opened(letters, ticket)

    def act(number: int) -> str:
        return letters.cancel(letter).value if number % 2 else won(letters.claim(letter))

    found = at_once(act)
    sending = ["sending"] * (PROCESSES - 1) + ["won"]
    assert found in (["gone"] * PROCESSES, sending)


def test_eight_letters_that_one_browser_puts_at_once_leave_one(
    letters: WaitingLetters, database: Database
) -> None:
    """R38."""

    def put(_number: int) -> str:
        ticket = letters.put(LETTER, browser=b"one browser")
        return str(letters.replace_older(ticket))

    at_once(put)
    with database.reading() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM waiting")) == 1


def test_eight_wrong_codes_at_once_count_as_no_more_than_five(
    letters: WaitingLetters, database: Database
) -> None:
    ticket = letters.put(LETTER)
    wrong = f"{(int(ticket.code) + 1) % 10**6:06d}"
    at_once(lambda _number: str(letters.open(ticket.token, wrong)))
    with database.reading() as connection:
        assert connection.scalar(sa.text("SELECT max(number) FROM tries WHERE last_at > 0")) == 5


def test_eight_reservations_at_once_pass_no_limit(database: Database) -> None:
    """R61."""
    ledger = Ledger(database, keys_of(), Limits(own_six_hours=3))
    mail = ToOwn("192.0.2.1", "emma@home.example")
    found = at_once(lambda _n: str(isinstance(ledger.reserve(mail), Reservation)))
    assert found == ["False"] * (PROCESSES - 3) + ["True"] * 3


def test_eight_presses_of_one_submission_send_once(database: Database) -> None:
    """R15."""
    ledger = Ledger(database, keys_of())
    mail, pressed = ToOwn("192.0.2.1", "emma@home.example"), Submission("one", b"mail")
    found = at_once(lambda _n: type(ledger.reserve(mail, pressed)).__name__)
    assert found == ["EarlierPress"] * (PROCESSES - 1) + ["Reservation"]


# ------------------------------------------------------------------ kill -9
def killed(act: Callable[[], object], *, after: float | None = None) -> None:
    """Run in a process of its own, which kills itself or is killed after so many seconds."""
    process = context.Process(target=act)
    process.start()
    if after is not None:
        time.sleep(after)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
    process.join(TIMEOUT)
    assert process.exitcode == -signal.SIGKILL


def die(*_args: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_at_commit() -> None:
    """From now on this process dies just before anything is committed."""
    sa.event.listen(sa.Engine, "commit", die)


def test_killed_before_the_claim_is_on_disk_the_letter_waits(letters: WaitingLetters) -> None:
    """R27: nothing was sent, since a claim comes first."""
    letter = opened(letters, ticket := letters.put(LETTER))

    def act() -> None:
        die_at_commit()
        letters.claim(letter)

    killed(act)
    assert opened(letters, ticket).state is State.WAITING


def test_killed_after_the_claim_the_letter_is_uncertain_and_kept(
    letters: WaitingLetters, clock: Clock
) -> None:
    """R27, R28."""
    letter = opened(letters, ticket := letters.put(LETTER))

    def act() -> None:
        letters.claim(letter)
        die()

    killed(act)
    assert opened(letters, ticket).state is State.SENDING
    clock.forward(LEASE)
    after = opened(letters, ticket)
    assert (after.state, after.payload) == (State.UNCERTAIN, LETTER)
    assert letters.claim(after) is State.UNCERTAIN


def test_killed_before_the_outcome_is_on_disk_the_letter_is_uncertain(
    letters: WaitingLetters, clock: Clock
) -> None:
    """R29."""
    letter = opened(letters, ticket := letters.put(LETTER))

    def act() -> None:
        claim = letters.claim(letter)
        assert isinstance(claim, Claim)
        die_at_commit()
        letters.settle(claim, Result.SENT)

    killed(act)
    clock.forward(LEASE)
    assert opened(letters, ticket).state is State.UNCERTAIN


def test_killed_after_the_outcome_the_letter_is_sent(letters: WaitingLetters) -> None:
    """R30."""
    letter = opened(letters, ticket := letters.put(LETTER))

    def act() -> None:
        claim = letters.claim(letter)
        assert isinstance(claim, Claim)
        letters.settle(claim, Result.SENT)
        die()

    killed(act)
    assert opened(letters, ticket).state is State.SENT
    assert letters.claim(letter) is State.SENT


def test_killed_while_it_counts_a_reservation_stays_counted_or_was_never_given(
    database: Database,
) -> None:
    ledger = Ledger(database, keys_of(), Limits(own_six_hours=1))
    mail = ToOwn("192.0.2.1", "emma@home.example")

    def act() -> None:
        die_at_commit()
        ledger.reserve(mail)

    killed(act)
    assert isinstance(ledger.reserve(mail), Reservation)


def test_killed_at_any_moment_no_letter_is_lost(letters: WaitingLetters, clock: Clock) -> None:
    """R20, R46: each kill falls somewhere else in opening, claiming and settling."""
    chance = random.Random(4)  # noqa: S311  picks moments, guards nothing
    for _ in range(KILLS):
        ticket = letters.put(LETTER)
        killed(partial(work, letters, ticket), after=chance.uniform(0.01, 0.1))
        clock.forward(LEASE)
        after = opened(letters, ticket)
        assert after.payload == LETTER
        assert after.state in (State.WAITING, State.UNCERTAIN)


def work(letters: WaitingLetters, ticket: Ticket) -> None:
    """Claim, fail to send, and begin again, for ever."""
    while True:
        claim = letters.claim(opened(letters, ticket))
        if isinstance(claim, Claim):
            letters.settle(claim, Result.NOT_SENT)
