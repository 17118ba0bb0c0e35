"""A press is answered within 25 s in all, and no receipt keeps the answer about the letter."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import pytest

from webapp.delivery import within_limits
from webapp.mail.message import Mail
from webapp.post import Outcome, Result
from webapp.post.smtp import SmtpPost
from webapp.store.ledger import CODE, Submission, ToOwn

from .direct import EMMA, MANAGER, Host, Writer, told
from .fault_server import Act, Faults, fault_server
from .sending import NOT_SENT, ready_to_send
from .visitor import Drawer

# A quarter of what the person waits at most, and more than a busy machine needs for the rest.
SOON = 11.0


@dataclass
class _Watch:
    """A clock that goes only when somebody waits."""

    now: float = 1000.0
    sleeps: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class _Slow(Drawer):
    """A relay that takes a mail at the last moment that it is given, or after so long."""

    def __init__(self, watch: _Watch, *, at_most: float = 1000.0) -> None:
        super().__init__()
        self.watch, self.at_most = watch, at_most

    def send(self, mail: Mail, *, seconds: float = 25.0) -> Outcome:
        self.watch.now += min(seconds, self.at_most)
        return super().send(mail) if seconds > 0 else NOT_SENT


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> _Watch:
    found = _Watch()
    monkeypatch.setattr(within_limits, "time", found)
    return found


@pytest.mark.parametrize("letter", [1.0, 20.0, 24.0, 25.0])
def test_letter_and_receipt_together_take_no_longer_than_25_seconds(
    emma: Writer, host: Host, watch: _Watch, letter: float
) -> None:
    ready_to_send(emma)
    began = watch.now
    relay = _Slow(watch, at_most=letter)
    host.posts_by(relay)
    emma.sends()
    assert emma.page.heading == told("sent_heading")
    assert relay.recipients[0] == MANAGER
    assert watch.now - began <= 25


def test_the_receipt_keeps_the_answer_for_three_seconds_at_most(
    emma: Writer, host: Host, watch: _Watch
) -> None:
    ready_to_send(emma)
    began = watch.now

    class _Stalls(_Slow):
        def send(self, mail: Mail, *, seconds: float = 25.0) -> Outcome:
            self.at_most = 1.0 if mail.recipient == MANAGER else 1000.0
            return super().send(mail, seconds=seconds)

    host.posts_by(_Stalls(watch))
    emma.sends()
    assert emma.page.heading == told("sent_heading")
    assert watch.now - began <= 1 + 3


@pytest.mark.parametrize("fault", [{"mail 2": Act.SILENCE}, {"dot 2": Act.SILENCE}])
def test_a_relay_that_took_the_letter_and_then_hangs_is_not_waited_for(
    emma: Writer, host: Host, fault: Faults
) -> None:
    ready_to_send(emma)
    with fault_server(fault, {"greeting": Act.SILENCE}) as seen:
        post = SmtpPost(seen.server)
        host.posts_by(post)
        began = time.monotonic()
        emma.sends()
        took = time.monotonic() - began
        post.close()
    assert emma.page.heading == told("sent_heading")
    assert "Perhaps no receipt reaches you" in emma.page.text
    assert took < SOON


def test_a_press_that_waited_for_another_has_only_what_is_left_for_its_own_code(
    emma: Writer, host: Host, watch: _Watch
) -> None:
    """Two presses of one button: the first fails late, and the second then sends itself."""
    emma.reaches_check().sends_to(EMMA)  # the app has its ledger now
    host.drawer.mails.clear()
    emma.reaches_check()
    emma.names()
    page = emma.page
    began = watch.now
    ledger = host.store.ledger
    reserve = ledger.reserve
    first: list[object] = []

    def fails_late(seconds: float) -> None:
        watch.now += seconds
        if watch.now - began > 20 and first:
            ledger.settle(first.pop(), Result.NOT_SENT, "connect")  # type: ignore[arg-type]

    def before_it(reader: ToOwn, submission: Submission, *, again: bool = False) -> object:
        if not first and watch.now == began:
            first.append(reserve(ToOwn("192.0.2.7", EMMA, CODE), submission))
        return reserve(reader, submission, again=again)

    watch.sleep = fails_late  # type: ignore[method-assign]
    ledger.reserve = before_it  # type: ignore[method-assign,assignment]
    host.posts_by(_Slow(watch))
    emma.page = page
    emma.agrees()
    assert not first
    assert emma.page.path.startswith("/confirm/")
    assert watch.now - began <= 25
