"""However slow the relay is, some threads are left; whoever finds no place presses again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from webapp.delivery.within_limits import SENDING, SendingBusy
from webapp.post import Result
from webapp.store.waiting import Claim, OpenedLetter, WaitingLetters

from .direct import EMMA, MANAGER, Host, Writer, told


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SENDING, "patience", 0.01)


@contextmanager
def _all_taken() -> Iterator[None]:
    with ExitStack() as taken:
        for _ in range(SENDING.number):
            taken.enter_context(SENDING.taken())
        yield


def test_two_of_eight_threads_are_never_sending() -> None:
    with _all_taken(), pytest.raises(SendingBusy), SENDING.taken():
        pass
    assert SENDING.number == 6


def test_a_place_is_free_again_whatever_happened_in_it() -> None:
    for _ in range(SENDING.number + 1):
        with pytest.raises(RuntimeError), SENDING.taken():
            raise RuntimeError
    with SENDING.taken():
        pass


def test_a_letter_to_oneself_waits_on_its_page(emma: Writer, host: Host) -> None:
    emma.reaches_check()
    before = host.held()
    with _all_taken():
        emma.sends_to(EMMA)
    assert emma.page.status == 503
    assert told("busy_heading", "outcome") in emma.page.text
    assert EMMA in str(emma.page.html)
    assert host.held() == before
    assert host.drawer.mails == []
    emma.sends_to(EMMA)
    assert len(host.drawer.mails) == 1
    assert emma.page.path == "/letter/sent"


def test_the_consent_stays_on_its_page(emma: Writer, host: Host) -> None:
    emma.reaches_check()
    emma.names()
    before = host.held()
    with _all_taken():
        emma.agrees()
    assert emma.page.status == 503
    assert told("busy", "outcome") in emma.page.text
    assert host.held() == before
    emma.agrees().types()
    assert emma.page.heading == told("opened_heading")


def test_an_opened_letter_stays_open_and_uses_up_no_tries(emma: Writer, host: Host) -> None:
    emma.asks().types()
    with _all_taken():
        for _ in range(8):
            emma.sends()
    assert emma.page.status == 503
    assert told("send_busy") in emma.page.text
    assert host.to(MANAGER) == []
    assert emma.sends().page.heading == told("sent_heading")
    assert len(host.to(MANAGER)) == 1


def test_asking_for_no_more_mail_waits_on_its_page(host: Host) -> None:
    visitor = Writer(host)
    visitor.opens("/stop")
    with _all_taken():
        visitor.submits("/stop", email=MANAGER)
    assert visitor.page.status == 503
    assert told("busy", "outcome") in visitor.page.text
    assert host.rows() == 0


@dataclass
class Overtaken:
    """Between its opening and its place, the letter is sent by the other press."""

    waiting: WaitingLetters
    result: Result

    def __getattr__(self, name: str) -> Any:
        return getattr(self.waiting, name)

    def open(self, token: str, code: str, *, to_send: bool = False) -> OpenedLetter | None:
        opened = self.waiting.open(token, code, to_send=to_send)
        if opened and to_send:
            claim = self.waiting.claim(replace(opened, tried=None))
            assert isinstance(claim, Claim)
            self.waiting.settle(claim, self.result)
        return opened


@pytest.mark.parametrize(
    ("result", "heading"),
    [(Result.SENT, "sent_heading"), (Result.PERHAPS_SENT, "uncertain_heading")],
)
def test_nobody_is_told_that_nothing_was_sent_where_another_press_was_quicker(
    emma: Writer, host: Host, result: Result, heading: str
) -> None:
    emma.asks().types()
    host.turns(store=replace(host.store, waiting=Overtaken(host.store.waiting, result)))  # type: ignore[arg-type]  # a stand-in
    with _all_taken():
        emma.sends()
    assert told("send_busy") not in emma.page.text
    assert emma.page.heading == told(heading)
