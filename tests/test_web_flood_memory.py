"""The flood limiter's memory: a count ends with its window, and is then forgotten."""

from __future__ import annotations

import threading

import pytest

from webapp.web.flood import ProcessMemory


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which a test may change."""
    now = [1000.0]
    monkeypatch.setattr("time.time", lambda: now[0])
    return now


def test_a_count_grows_within_its_window_and_begins_anew_after_it(moment: list[float]) -> None:
    memory = ProcessMemory()
    assert [memory.incr("a", 60) for _ in range(3)] == [1, 2, 3]
    assert (memory.get("a"), memory.get_expiry("a")) == (3, 1060.0)
    moment[0] += 60
    assert memory.get("a") == 0
    assert memory.incr("a", 60) == 1


def test_one_does_not_count_for_another(moment: list[float]) -> None:
    memory = ProcessMemory()
    memory.incr("a", 60)
    assert memory.incr("b", 60, amount=2) == 2
    memory.clear("a")
    assert (memory.get("a"), memory.get("b")) == (0, 2)


def test_what_is_over_is_forgotten(moment: list[float]) -> None:
    memory = ProcessMemory()
    for number in range(100):
        memory.incr(str(number), 60)
    moment[0] += 120
    memory.incr("fresh", 60)
    assert memory.reset() == 1


def test_threads_lose_no_count() -> None:
    memory = ProcessMemory()
    threads = [
        threading.Thread(target=lambda: [memory.incr("a", 60) for _ in range(500)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert memory.get("a") == 4000
