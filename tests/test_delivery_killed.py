"""Servers that are killed or stopped while they send: never a second letter by itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

import pytest

from .direct import CANARY, EMMA, MANAGER, NAME, told, wrong
from .fault_server import Act
from .served import Caller, Served, served
from .visitor import Page

# A real server: eight processes, killed at any step, and what it writes.


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    url = f"sqlite:///{folder}/private/word-ahead.db"
    with served(url, folder, WEB_CONCURRENCY="2") as found:
        yield found


def _everybody_presses(running: Served) -> list[str]:
    Caller(running.base).asks_for_a_letter()
    link, code = running.newest_code()
    callers = [Caller(running.base) for _ in range(8)]
    barrier = threading.Barrier(8)

    def press(caller: Caller) -> str:
        barrier.wait(60)
        return caller.posts(link, {"code": code, "send": "yes"}).page.heading

    with ThreadPoolExecutor(8) as pool:
        return [*pool.map(press, callers)]


def test_eight_processes_that_confirm_at_once_deliver_once(url: str, tmp_path: Path) -> None:
    """R26, by HTTP, on both databases."""
    with served(url, tmp_path, WEB_CONCURRENCY="8") as running:
        headings = _everybody_presses(running)
        assert len(running.mails(MANAGER)) == 1
        assert told("sent_heading") in headings


PHASES = {"claimed": ("mail", 0), "before the payload": ("data", 0), "after the dot": ("dot", 1)}


@pytest.mark.parametrize("phase", PHASES)
def test_a_server_killed_while_it_sends_leaves_a_doubt_and_never_sends_by_itself(
    running: Served, phase: str
) -> None:
    """R27, R28; what comes between the 250 and the note of it is R35's test."""
    step, delivered = PHASES[phase]
    before = len(running.mails(MANAGER))
    emma = Caller(running.base).asks_for_a_letter()
    link, code = running.newest_code()
    running.relay_does({step: Act.SILENCE})
    with ThreadPoolExecutor() as pool:
        with running.hears(step):
            pool.submit(_press, running, link, code)
        running.kill_workers()
    running.relay_does({})
    assert told("sending") in _press(running, link, code).text
    running.ends_leases()
    page = _press(running, link, code)
    assert page.heading == told("uncertain_heading")
    assert CANARY["first"] in page.text
    assert len(running.mails(MANAGER)) - before == delivered
    assert emma.page.status == 200


def _press(running: Served, link: str, code: str) -> Page:
    caller = Caller(running.base)
    with suppress(OSError, HTTPException):
        caller.posts(link, {"code": code, "send": "yes"})
    return caller.page


def test_a_server_killed_after_it_noted_the_outcome_tells_it(running: Served) -> None:
    """R30."""
    Caller(running.base).asks_for_a_letter()
    link, code = running.newest_code()
    assert _press(running, link, code).heading == told("sent_heading")
    mails = len(running.relay.whole)
    running.kill_workers()
    assert told("sent_before") in _press(running, link, code).text
    assert len(running.relay.whole) == mails


def test_a_server_told_to_stop_ends_its_send_first(tmp_path: Path) -> None:
    """R46."""
    with served(f"sqlite:///{tmp_path}/private/word-ahead.db", tmp_path) as running:
        Caller(running.base).asks_for_a_letter()
        link, code = running.newest_code()
        running.relay.listens_before_354 = 1.0
        with ThreadPoolExecutor() as pool:
            with running.hears("data"):
                pressed = pool.submit(_press, running, link, code)
            running.process.terminate()
            assert running.process.wait(35) == 0
        assert pressed.result().heading == told("sent_heading")


def test_what_the_server_writes_tells_of_no_visitor(running: Served) -> None:
    """No path with a token, no code, no address, no word, after success and after faults."""
    emma = Caller(running.base).asks_for_a_letter()
    link, code = running.newest_code()
    emma.opens(link).submits(link, code=wrong(code))
    for faults in ({"rcpt": b"550 no\r\n"}, {}):
        running.relay_does(faults)
        _press(running, link, code)
    emma.posts(f"{link}?{CANARY['first']}", {"code": code}, headers={"Origin": "https://e.example"})
    output = running.output.read_text()
    hers = ("/confirm", link.rpartition("/")[2], code, code.replace(" ", ""), EMMA, MANAGER, NAME)
    assert "gunicorn" in output
    assert not [word for word in (*hers, *CANARY.values(), "127.0.0.1 ") if word in output]
