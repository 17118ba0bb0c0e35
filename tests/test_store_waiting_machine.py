"""Whatever happens in whatever order: the promises hold over all letters that wait."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy.sql.dml import ReturningUpdate

from tests.databases import Clock, empty, keys_of
from webapp.post import Result
from webapp.store.database import Database
from webapp.store.database.tables import waiting
from webapp.store.sealing import Sealer
from webapp.store.waiting import Claim, Event, OpenedLetter, State, Ticket, WaitingLetters, rows
from webapp.store.waiting.states import LEASE, LIFE, MOST_AGAIN, Ending

CHEAP = 2
CANARY = b"canary: selective mutism"
BROWSERS = (b"one browser", b"another browser", None)
WORKERS = st.integers(0, 1)
HOUR = 3600
EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "60"))  # more for a longer search
Plant = Callable[[bytes, int], ReturningUpdate[str]]
SENDING = (State.SENDING, State.SENDING_AGAIN)
STORED_SENDING = [state.value for state in SENDING]
ENDINGS = st.sampled_from(["answered", "silent", "refused", "limited", "killed", "late"])


@dataclass(eq=False)
class Truth:
    """What really happened to a letter, as nobody but the test can know."""

    ticket: Ticket
    browser: bytes | None
    expires_at: int
    delivered: int = 0
    ticked: set[int] = field(default_factory=set)  # doubts after which the person asked again
    used: set[int] = field(default_factory=set)  # ticks whose send reached the relay
    sending: dict[int, int] = field(default_factory=dict)  # attempts under way, and their leases
    withdrawn: bool = False  # cancelled or replaced, by someone who may


Page = tuple[Truth, OpenedLetter]
Going = tuple[Truth, Claim, bool]


class Letters(RuleBasedStateMachine):
    """Two workers on one database, one person, one stranger, and kill -9."""

    url: str
    files: Path | None

    letters: Bundle[Truth] = Bundle("letters")
    pages: Bundle[Page] = Bundle("pages")
    late: Bundle[Going] = Bundle("late")

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.databases = [Database(self.url, clock=self.clock) for _ in range(2)]
        empty(self.databases[0])
        self.sealer = Sealer(keys_of(), cost=CHEAP)
        self.workers = [WaitingLetters(one, self.sealer) for one in self.databases]
        self.all: list[Truth] = []

    def teardown(self) -> None:
        for truth in self.all:
            self.check(truth)
        for database in self.databases:
            database.close()

    @initialize(target=letters)
    def begin(self) -> "Truth | MultipleResults[Truth]":
        return self.put(0, BROWSERS[0])

    @rule(target=letters, worker=WORKERS, browser=st.sampled_from(BROWSERS))
    def put(self, worker: int, browser: bytes | None) -> Truth:
        older = [one for one in self.all if browser and one.browser == browser]
        replaced = [one for one in older if self.state(one) in (State.WAITING, State.REFUSED)]
        ticket = self.workers[worker].put(CANARY, browser=browser)
        if browser:
            self.workers[worker].replace_older(ticket)
        for one in replaced:
            one.withdrawn = True
        truth = Truth(ticket, browser, ticket.expires_at)
        self.all.append(truth)
        return truth

    @rule(target=pages, truth=letters, worker=WORKERS)
    def open(self, truth: Truth, worker: int) -> "Page | MultipleResults[Page]":
        """A page that may stay open for long, and be pressed late or twice."""
        found = self.workers[worker].open(truth.ticket.token, truth.ticket.code)
        return (truth, found) if found else multiple()

    @rule(truth=letters, worker=WORKERS, times=st.integers(1, 7))
    def guess(self, truth: Truth, worker: int, times: int) -> None:
        for off in range(1, 1 + times):
            code = f"{(int(truth.ticket.code) + off) % 10**6:06d}"
            assert self.workers[worker].open(truth.ticket.token, code) is None

    @rule(target=late, truth=letters, worker=WORKERS, ending=ENDINGS, arrives=st.booleans())
    def send(
        self, truth: Truth, worker: int, ending: str, arrives: bool
    ) -> "Going | MultipleResults[Going]":
        """Open, and press at once; tick the box if there is one."""
        found = self.workers[worker].open(truth.ticket.token, truth.ticket.code)
        return self.press((truth, found), worker, ending, arrives) if found else multiple()

    @rule(target=late, page=pages, worker=WORKERS, ending=ENDINGS, arrives=st.booleans())
    def press(
        self, page: Page, worker: int, ending: str, arrives: bool
    ) -> "Going | MultipleResults[Going]":
        """Press on a page that may be old; `arrives` is what the post will do with the letter."""
        truth, letter = page
        ticked = letter.attempt if letter.may_send_again else None
        claim = self.workers[worker].claim(letter, again=ticked)
        if isinstance(claim, State):
            return multiple()
        assert ticked is not None or truth.delivered == 0, "a plain press sent a second letter"
        assert not truth.withdrawn, "a withdrawn letter was sent"
        assert self.clock.now < truth.expires_at, "an expired letter was sent"
        assert all(end <= self.clock.now for end in truth.sending.values()), "two send at once"
        assert ticked is None or ticked not in truth.used, "one tick sent twice"
        assert claim.attempt not in truth.sending, "a silent sender's number was given to another"
        truth.sending[claim.attempt] = self.clock.now + LEASE
        truth.ticked |= {ticked} if ticked is not None else set()
        if ending == "late":
            return (truth, claim, arrives)
        self.end(truth, claim, ending, arrives)
        return multiple()

    @rule(going=consumes(late), ending=ENDINGS)
    def a_late_sender_ends(self, going: Going, ending: str) -> None:
        truth, claim, arrives = going
        self.end(truth, claim, ending, arrives)

    def end(self, truth: Truth, claim: Claim, ending: str, arrives: bool) -> None:
        """One way in which a send can end; a killed sender says nothing."""
        truth.delivered += arrives and ending not in ("refused", "limited")
        if ending != "limited":
            truth.used |= {claim.attempt - 1}  # the tick that led here named the number before
        known: dict[str, Ending] = {
            "answered": Result.SENT if arrives else Result.NOT_SENT,
            "silent": Result.PERHAPS_SENT,
            "refused": Result.REFUSED,
            "limited": Event.NOT_TRIED,
        }
        if ending in known:
            del truth.sending[claim.attempt]
            before = self.row(truth)
            self.workers[0].settle(claim, known[ending])
            after = self.row(truth)
            if before and after:
                given_back = before != after and ending == "limited"
                assert after[1] == before[1] - given_back, "an attempt was lost or won"
                at_it = before[0] in STORED_SENDING and before[1] == claim.attempt
                assert at_it or not given_back, "an attempt was taken that was not this claim's"

    @rule(truth=letters, worker=WORKERS)
    def cancel(self, truth: Truth, worker: int) -> None:
        found = self.workers[worker].open(truth.ticket.token, truth.ticket.code)
        if found and self.workers[worker].cancel(found) is State.GONE:
            truth.withdrawn = True

    @rule(browser=st.sampled_from(BROWSERS[:2]), worker=WORKERS)
    def cancel_from(self, browser: bytes, worker: int) -> None:
        its = [one for one in self.all if one.browser == browser]
        before = {id(one): self.state(one) for one in its}
        told = self.workers[worker].cancel_from(browser)
        for one in its:
            if before[id(one)] in (State.WAITING, State.REFUSED, State.UNCERTAIN):
                one.withdrawn = True
        under_way = [one for one in its if before[id(one)] in SENDING]
        assert told.sending >= len(under_way), "what is being sent was told as deleted, or as none"

    @rule(worker=WORKERS)
    def purge(self, worker: int) -> None:
        self.workers[worker].purge()

    @rule(seconds=st.sampled_from([1, LEASE - 1, LEASE, LEASE, HOUR, LIFE - HOUR, LIFE]))
    def tick(self, seconds: int) -> None:
        self.clock.forward(seconds)

    @invariant()
    def every_letter_is_as_promised(self) -> None:
        for truth in self.all:
            self.check(truth)

    @invariant()
    def nothing_stored_can_be_read(self) -> None:
        if self.files:
            assert not any(CANARY[:12] in one.read_bytes() for one in self.files.iterdir())

    def state(self, truth: Truth) -> State:
        """How the letter stands, without a try; what is stored must open to its code."""
        ticket = truth.ticket
        with self.databases[0].reading() as connection:
            row = connection.execute(
                sa.select(waiting).where(waiting.c.id == self.sealer.id_of(ticket.token))
            ).one_or_none()
        if row is None or row.expires_at <= self.clock.now:
            return State.GONE
        state = State(row.state)
        key = self.sealer.key(ticket.token, ticket.code, row.expires_at)
        text = self.sealer.open(key, "outcome" if state is State.SENT else "letter", row.sealed)
        assert text == CANARY or (state is State.SENT and int(text or 0) % 60 == 0)
        lapsed = state in SENDING and row.lease_until <= self.clock.now
        return State.UNCERTAIN if lapsed else state

    def row(self, truth: Truth) -> tuple[str, int] | None:
        """The state and the attempt that are stored, whatever time it is."""
        id_ = self.sealer.id_of(truth.ticket.token)
        found = sa.select(waiting.c.state, waiting.c.attempt).where(waiting.c.id == id_)
        with self.databases[0].reading() as connection:
            row = connection.execute(found).one_or_none()
        return (row.state, row.attempt) if row else None

    def check(self, truth: Truth) -> None:
        state = self.state(truth)
        assert truth.delivered <= 1 + len(truth.ticked), "delivered twice without a tick"
        assert truth.delivered <= 1 + MOST_AGAIN, "delivered too often"
        if self.clock.now >= truth.expires_at or truth.withdrawn:
            assert state is State.GONE
        else:
            assert state is not State.GONE, "a letter was lost"
        if state is State.SENT:
            assert truth.delivered >= 1, "a false 'sent'"
        if state in (State.WAITING, State.REFUSED):
            assert truth.delivered == 0, "a false 'not sent'"


def _doubtful_letters_wait_again(id_: bytes, seen: int) -> ReturningUpdate[str]:
    """A limit's late word is believed of a letter whose lease is over."""
    waits = (
        sa.update(waiting)
        .where(rows.attempt(id_, seen))
        .values(state=State.WAITING.value, lease_until=0)
    )
    return waits.values(attempt=waiting.c.attempt - 1).returning(waiting.c.state)


def _doubtful_letters_lose_their_number(id_: bytes, seen: int) -> ReturningUpdate[str]:
    """The doubt stays, but a silent sender's number goes to the next claim."""
    lowered = (
        sa.update(waiting).where(rows.attempt(id_, seen)).values(attempt=waiting.c.attempt - 1)
    )
    back = sa.case({"sending": "waiting", "sending again": "uncertain"}, value=waiting.c.state)
    return lowered.values(state=sa.func.coalesce(back, waiting.c.state)).returning(waiting.c.state)


def _anybodys_attempt_is_given_back(id_: bytes, _seen: int) -> ReturningUpdate[str]:
    """No fence: a late word takes a newer attempt's number away."""
    sending = waiting.c.state.in_(STORED_SENDING)
    back = sa.case({"sending": "waiting"}, value=waiting.c.state, else_="uncertain")
    lowered = (
        sa.update(waiting).where(rows.this(id_), sending).values(attempt=waiting.c.attempt - 1)
    )
    return lowered.values(state=back).returning(waiting.c.state)


def _no_attempt_is_given_back(id_: bytes, seen: int) -> ReturningUpdate[str]:
    return SETTLEMENT(id_, seen, Result.NOT_SENT)


SETTLEMENT = rows.settlement
PLANTS = (
    _doubtful_letters_wait_again,
    _doubtful_letters_lose_their_number,
    _anybodys_attempt_is_given_back,
    _no_attempt_is_given_back,
)


@pytest.fixture
def machine(url: str) -> type[Letters]:
    files = Path(url.removeprefix("sqlite:///")).parent if url.startswith("sqlite") else None

    class OnThis(Letters):
        pass

    OnThis.url, OnThis.files = url, files
    return OnThis


def test_the_promises_hold_whatever_happens(machine: type[Letters]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def limits_in_the_way(machine: type[Letters], *, someone_sends: bool) -> None:
    """A limit at once, and one that is told long after the lease, as somebody sends or not."""
    letters = machine()
    try:
        truth = letters.put(0, None)
        letters.send(truth, 0, "limited", arrives=False)
        silent = letters.send(truth, 0, "late", arrives=False)
        assert isinstance(silent, tuple)
        letters.tick(LEASE)
        letters.open(truth, 1)
        newer = letters.send(truth, 1, "late", arrives=True) if someone_sends else None
        letters.a_late_sender_ends(silent, "limited")
        if isinstance(newer, tuple):
            letters.a_late_sender_ends(newer, "answered")
    finally:
        letters.teardown()


@pytest.mark.parametrize("someone_sends", [False, True])
def test_a_limit_gives_its_own_attempt_back(machine: type[Letters], someone_sends: bool) -> None:
    limits_in_the_way(machine, someone_sends=someone_sends)


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__.strip("_"))
def test_the_machine_sees_each_way_to_give_an_attempt_back_wrongly(
    machine: type[Letters], monkeypatch: pytest.MonkeyPatch, plant: Plant
) -> None:
    def settlement(id_: bytes, seen: int, ending: Ending) -> ReturningUpdate[str]:
        if ending is Event.NOT_TRIED:
            return plant(id_, seen)
        return SETTLEMENT(id_, seen, ending)

    monkeypatch.setattr(rows, "settlement", settlement)
    with pytest.raises(AssertionError, match="attempt"):
        limits_in_the_way(machine, someone_sends=plant is _anybodys_attempt_is_given_back)
