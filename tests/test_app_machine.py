"""The five promises, whatever happens to the whole app in whatever order."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from webapp.store.waiting import State
from webapp.store.waiting.states import LEASE, LIFE

from .campaigns.fates import Act, Blow, Fate
from .campaigns.truths import Press, Shown, Truth, words_delivered
from .campaigns.workers import Plant
from .campaigns.world import World
from .direct import EMMA, HOUR, told, wrong
from .visitor import Page, Visitor

EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "40"))  # more for a longer search
STEPS = 20
FREE_TRIES = 5
NOTHING = Fate()

WORKERS = st.integers(0, 1)
# What another worker does in the middle of a request.
MEANWHILE = st.sampled_from(["sends", "sends again", "cancels", "waits and sends"])
NESTED_ACTS = st.lists(st.sampled_from([Act.TAKES, Act.SILENT_TOOK, Act.LATER]), max_size=1)


def fates(transactions: int) -> st.SearchStrategy[Fate]:
    """Half of all requests go well, else no letter would come far; in some, others are quicker."""
    at = st.integers(1, transactions)
    blows = st.builds(Fate, st.just(Blow.MEANWHILE) | st.sampled_from(Blow), at)
    return st.just(NOTHING) | blows


@dataclass(frozen=True)
class Pressing:
    """What befalls one press of "send", and whether the next comes after the lease."""

    fate: Fate
    acts: list[Act]
    meanwhile: str
    nested: list[Act]
    waits: bool


# What the relay does with the letter or the code, and then with the receipt. Doubt is what the
# promises are about: it comes more often than in life.
_ACT = st.sampled_from([Act.TAKES, Act.TAKES, Act.SILENT_TOOK]) | st.sampled_from(Act)
ACTS = st.lists(_ACT, min_size=1, max_size=2)
# Sending takes seven transactions, the receipt's among them.
PRESSINGS = st.builds(
    Pressing, fate=fates(7), acts=ACTS, meanwhile=MEANWHILE, nested=NESTED_ACTS, waits=st.booleans()
)

# A page that says one of these says that nobody has the letter.
NOBODY_GOT_IT = (
    "not_sent",
    "not_sent_unnoted",
    "refused",
    "refused_mail",
    "refused_before",
    "limit",
    "opened_intro",
    "cancelled_unsent",
)
NOT_THIS_TIME = ("away", "again_failed")

OpenedLetter = tuple[Truth, str]


class App(RuleBasedStateMachine):
    """Two workers, a relay of many moods, two browsers, a bare phone, and kill -9."""

    plant: Plant = staticmethod(lambda store: store)
    folder: Path

    shown: Bundle[Shown] = Bundle("shown")
    letters: Bundle[Truth] = Bundle("letters")
    pages: Bundle[OpenedLetter] = Bundle("pages")

    def __init__(self) -> None:
        super().__init__()
        self.world = World(Path(tempfile.mkdtemp(dir=self.folder)), self.plant)
        self.browsers = [self.world.browser() for _ in range(2)]

    def teardown(self) -> None:
        self.world.close()

    # ---------------------------------------------------------------- what people do
    @initialize(target=letters)
    def begin(self) -> Truth | MultipleResults[Truth]:
        return self.asks(0, 0)

    @rule(target=shown, browser=WORKERS, edits=st.sampled_from([False, False, True]))
    def looks(self, browser: int, edits: bool) -> Shown:
        """As far as the consent page; then, perhaps, another tab changes the letter."""
        found = self.world.looks(self.browsers[browser])
        if found is None:
            self.browsers[browser] = self.world.browser()
            found = self.world.looks(self.browsers[browser])
        assert found
        if edits:
            tab = self.browsers[browser].opens("/letter/about-you")
            tab.submits("/letter/about-you", own_words=f"Canary, not {found.recipient[14:15]}.")
        return found

    @rule(target=letters, browser=WORKERS, worker=WORKERS)
    def asks(self, browser: int, worker: int) -> Truth | MultipleResults[Truth]:
        """The whole way to a letter that waits."""
        return self.agrees(self.looks(browser, False), worker, tick=True, fate=NOTHING, acts=[])

    @rule(
        target=letters,
        shown=shown,
        worker=WORKERS,
        tick=st.sampled_from([True, True, True, False]),
        fate=fates(5),
        acts=ACTS,
    )
    def agrees(
        self, shown: Shown, worker: int, tick: bool, fate: Fate, acts: list[Act]
    ) -> Truth | MultipleResults[Truth]:
        before = len(self.world.truths)
        with_fate = self.under(worker, fate)
        self.world.agrees(shown, worker, acts, tick=tick)
        with_fate()
        new = self.world.truths[before:]
        assert tick or not new, "a letter was taken without its consent"
        return multiple(*new)

    @rule(target=pages, truth=letters, worker=WORKERS, own=st.booleans(), fate=fates(2))
    def opens(
        self, truth: Truth, worker: int, own: bool, fate: Fate
    ) -> OpenedLetter | MultipleResults[OpenedLetter]:
        """Type the right code; the page may be pressed late, or twice."""
        with_fate = self.under(worker, fate, truth)
        found = self.world.types(truth, self.device(truth, own), worker)
        with_fate()
        if fate.may_keep_the_page_back or not found:
            truth.tries += 1
        elif self.world.is_alive(truth) and truth.tries < FREE_TRIES and fate == NOTHING:
            assert told("wrong") not in found.text, "a right code no longer opens its letter"
        if not found:
            return multiple()
        self.is_true(found, truth)
        return truth, tick_on(found)

    @rule(truth=letters, worker=WORKERS, times=st.sampled_from([1, 1, 1, 6]))
    def guesses(self, truth: Truth, worker: int, times: int) -> None:
        stranger = self.world.workers.at(self.world.device(), worker)
        for _ in range(times):
            stranger.posts(f"/confirm/{truth.token}", {"code": wrong(truth.code), "send": "yes"})
            assert told("wrong") in stranger.page.text
        truth.tries += times

    @rule(page=pages, worker=WORKERS, own=st.booleans(), ticks=st.booleans(), way=PRESSINGS)
    def sends(self, page: OpenedLetter, worker: int, own: bool, ticks: bool, way: Pressing) -> None:
        """Press on a page that may be old."""
        truth, tick = page
        with_fate = self.under(worker, way.fate, truth, way.meanwhile, way.nested)
        self.press(truth, worker, tick if ticks else "", way.acts, own=own)
        with_fate()
        if way.fate != NOTHING or set(way.acts) & {Act.DIES_BEFORE, Act.DIES_AFTER}:
            truth.tries += 1

    @rule(truth=letters, worker=WORKERS, ways=st.lists(PRESSINGS, min_size=1, max_size=3))
    def opens_and_sends(self, truth: Truth, worker: int, ways: list[Pressing]) -> None:
        """Open, and press at once; tick the box if there is one; and perhaps all that again."""
        for way in ways:
            page = self.opens(truth, worker, own=False, fate=NOTHING)
            if isinstance(page, tuple):
                self.sends(page, worker, False, True, way)
            self.world.clock.forward(LEASE if way.waits else 0)

    @rule(truth=letters, worker=WORKERS, fate=fates(3), meanwhile=MEANWHILE, nested=NESTED_ACTS)
    def cancels(
        self, truth: Truth, worker: int, fate: Fate, meanwhile: str, nested: list[Act]
    ) -> None:
        with_fate = self.under(worker, fate, truth, meanwhile, nested)
        page = self.world.cancels(truth, worker)
        with_fate()
        truth.tries += fate != NOTHING
        if page and page.heading == told("cancelled_heading"):
            assert not self.world.is_alive(truth), "a letter that is still there counts as deleted"
            self.is_true(page, truth)

    @rule(browser=WORKERS, worker=WORKERS, truth=letters, fate=fates(1))
    def cancels_here(self, browser: int, worker: int, truth: Truth, fate: Fate) -> None:
        """The button of the browser that made it, without a code."""
        at = self.world.workers.at(self.browsers[browser], worker)
        mark = at.draft().browser
        its = [one for one in self.world.truths if mark and one.shown.mark == mark]
        with_fate = self.under(worker, fate)
        path = f"/confirm/{truth.token}"
        self.world.workers.requests(worker, lambda: at.posts(path, {"cancel_here": "yes"}))
        with_fate()
        self.world.withdrawn(its)

    @rule(
        seconds=st.sampled_from([LEASE] * 6 + [LEASE - 1, HOUR, LIFE - HOUR, LIFE]),
        purges=st.booleans(),
    )
    def ticks(self, seconds: int, purges: bool) -> None:
        self.world.clock.forward(seconds)
        if purges:
            self.world.workers.stores[0].waiting.purge()
            self.world.workers.stores[0].ledger.purge()

    # ---------------------------------------------------------------- how they do it
    def under(
        self,
        worker: int,
        fate: Fate,
        truth: Truth | None = None,
        meanwhile: str = "",
        nested: list[Act] | None = None,
    ) -> Callable[[], None]:
        """Let a fate await this worker's next request; call what it returns afterwards."""
        course, relay = self.world.workers.courses[worker], self.world.relay
        course.fate = fate
        found: list[AssertionError] = []

        def act() -> None:
            course.fate = NOTHING
            try:
                if truth:
                    self.acts_meanwhile(truth, 1 - worker, meanwhile, nested or [])
            except AssertionError as error:
                # The app around would turn it into a page.
                found.append(error)

        course.meanwhile = relay.meanwhile = act

        def over() -> None:
            course.fate = NOTHING
            relay.meanwhile = course.meanwhile = lambda: None
            if found:
                raise found[0]

        return over

    def acts_meanwhile(self, truth: Truth, worker: int, what: str, acts: list[Act]) -> None:
        """Somebody with the same code, at the other worker, in the middle of a request."""
        if what == "cancels":
            self.world.cancels(truth, worker)
            return
        if what == "waits and sends":
            self.world.clock.forward(LEASE)
        page = self.world.types(truth, self.world.device(), worker)
        tick = tick_on(page) if page and what == "sends again" else ""
        self.press(truth, worker, tick, acts, own=False)

    def press(
        self, truth: Truth, worker: int, tick: str, acts: list[Act], *, own: bool
    ) -> Page | None:
        """One press of "send", and everything that must hold after it."""
        device = self.device(truth, own)
        press, page = self.world.presses(truth, device, worker, tick, acts)
        self.deliveries_are_right()
        if page:
            self.is_true(page, truth, press)
        return page

    def device(self, truth: Truth, own: bool) -> Visitor:
        return truth.shown.browser if own else self.world.device()

    # ---------------------------------------------------------------- what must hold
    def deliveries_are_right(self) -> None:
        for mail, press in self.world.new_deliveries():
            assert press, "a letter left though nobody pressed"
            truth = press.truth
            assert truth.agreed, "a letter left without consent"
            assert press.alive, "a letter left that was expired or taken back"
            assert mail.message_id == truth.message_id, "another letter left"
            assert (mail.recipient, mail.reply_to) == (truth.shown.recipient, EMMA)
            assert words_delivered(mail) == {truth.shown.letter}, "it says what was not shown"
            if truth.delivered:
                assert press.tick, "a letter went twice without a tick"
                assert press.tick not in truth.ticks, "one tick sent twice"
            truth.ticks |= {press.tick} - {""}
            truth.delivered += 1
            press.delivered += 1

    def is_true(self, page: Page, truth: Truth, press: Press | None = None) -> None:
        """What a page tells is what happened."""
        assert page.status in (200, 422, 429, 503), "an error that nobody foresaw"
        text = page.text
        if page.heading == told("sent_heading"):
            assert truth.delivered, "a false 'sent'"
        for key in NOBODY_GOT_IT:
            assert truth.delivered == 0 or told(key) not in text, f"false: {key}"
        for key in NOT_THIS_TIME:
            assert not press or not press.delivered or told(key) not in text, f"false: {key}"
        if letter := page.soup.select_one("article.letter"):
            lines = letter.get_text().splitlines()
            words = "".join("".join(line.removeprefix("- ").split()) for line in lines)
            assert words == truth.shown.letter, "an opened letter says what was not shown"

    @invariant()
    def nothing_left_by_itself(self) -> None:
        self.deliveries_are_right()

    @invariant()
    def no_letter_is_lost(self) -> None:
        for truth in self.world.truths:
            state = self.world.state(truth)
            if self.world.is_alive(truth):
                assert state is not State.GONE, "a letter was lost"
            else:
                assert state is State.GONE, "a letter is still there"
            if state is State.SENT:
                assert truth.delivered, "a false 'sent' is stored"
            if state in (State.WAITING, State.REFUSED):
                assert not truth.delivered, "a false 'not sent' is stored"

    @invariant()
    def nothing_stored_can_be_read(self) -> None:
        assert b"canary" not in self.world.stored_bytes().lower()


def tick_on(page: Page) -> str:
    """What the tick "send it once more" of this page would say; "" where there is none."""
    found = page.soup.select_one("input[name=again]")
    return str(found["value"]) if found else ""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """In memory where there is such a place: what a disk does is other tests' matter."""
    memory = Path("/dev/shm")  # noqa: S108  Linux's memory; each run has a folder of its own
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as name:
        yield Path(name)


def machine(folder: Path, plant: Plant = App.plant) -> type[App]:
    return type("OnThis", (App,), {"folder": folder, "plant": staticmethod(plant)})


def test_the_promises_hold_whatever_happens_to_the_app(folder: Path) -> None:
    run_state_machine_as_test(
        machine(folder),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def world(folder: Path) -> Iterator[World]:
    """Two workers and one letter that waits."""
    made = World(folder)
    shown = made.looks(made.browser())
    assert shown
    made.agrees(shown, 0, [], tick=True)
    yield made
    made.close()


def deleted_while(world: World, act: Callable[[], object]) -> str:
    """What the page says when something happens between a letter's opening and its deletion."""
    course = world.workers.courses[0]
    course.fate, course.meanwhile = Fate(Blow.MEANWHILE, 3), lambda: [act()].clear()
    page = world.cancels(world.truths[0], 0)
    assert page
    return page.text


def test_a_letter_deleted_as_its_dead_senders_time_runs_out_is_not_told_as_unsent(
    world: World,
) -> None:
    (truth,) = world.truths
    world.presses(truth, world.device(), 1, "", [Act.DIES_AFTER])
    text = deleted_while(world, lambda: world.clock.forward(LEASE))
    assert told("cancelled_unsent") not in text
    assert told("cancelled_doubt") in text


def test_a_letter_sent_while_it_is_deleted_is_not_told_as_unsent(world: World) -> None:
    (truth,) = world.truths
    phone = world.device()
    text = deleted_while(world, lambda: world.presses(truth, phone, 1, "", [Act.SILENT_TOOK]))
    assert world.new_deliveries()
    assert told("cancelled_unsent") not in text
