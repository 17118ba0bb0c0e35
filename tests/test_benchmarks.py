"""The measures go on when one cannot be taken, and say so; a missed bound is still a failure."""

from __future__ import annotations

import http.server
import importlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks import bench_letter, bench_post
from benchmarks.bench_post import MOST_REFUSED, Person, Series, is_fast_and_refuses_nobody
from benchmarks.host import NotTaken, others_share
from webapp.store.database import DatabaseUnavailable

KEPT = {"measure": "one / other", "ratio": 3.0, "at_least": 2.0}


def _runs(monkeypatch: pytest.MonkeyPatch, outcome: dict[str, Any] | Exception) -> int:
    """Run all benches, where the measure of posts gives or raises this, and all others are kept."""

    def bench(name: str) -> Any:
        class Bench:
            @staticmethod
            def main() -> dict[str, Any]:
                if name.endswith("bench_post") and isinstance(outcome, Exception):
                    raise outcome
                return outcome if name.endswith("bench_post") else KEPT  # type: ignore[return-value]

        return Bench

    monkeypatch.setattr("importlib.import_module", bench)
    # A machine of our own.
    monkeypatch.setattr(benchmarks, "others_share", lambda: 0.0)
    return benchmarks.main()


def _lines(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    lines = map(json.loads, capsys.readouterr().out.splitlines())
    return {line["bench"]: line for line in lines}


def test_a_measure_that_cannot_be_taken_says_why_and_the_others_are_taken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _runs(monkeypatch, NotTaken("all places were taken")) == 0
    lines = _lines(capsys)
    assert lines.pop("bench_post") == {
        "bench": "bench_post",
        "not_taken": "NotTaken: all places were taken",
    }
    assert len(lines) >= 8
    assert all(line["kept"] for line in lines.values())


@pytest.mark.parametrize(
    "error",
    [OSError("no port"), TimeoutError("too slow"), MemoryError(), DatabaseUnavailable("away")],
)
def test_what_a_machine_does_to_a_measure_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    assert _runs(monkeypatch, error) == 0


@pytest.mark.parametrize(
    "outcome",
    [
        KEPT | {"ratio": 1.9},
        KEPT | {"at_least": 0, "at_most": 2.9},
        KEPT | {"also_kept": False},
        AssertionError("the letters differ"),
        ZeroDivisionError("a mistake of ours"),
    ],
)
def test_a_missed_bound_and_a_mistake_are_failures_and_the_others_are_still_taken(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    outcome: dict[str, Any] | Exception,
) -> None:
    assert _runs(monkeypatch, outcome) == 1
    assert len(_lines(capsys)) >= 9


def test_a_reason_without_words_is_the_line_it_comes_from() -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011  it says nothing, and that is the point
        raise ValueError
    assert benchmarks.reason(raised.value) == "ValueError: raise ValueError"


# ------------------------------------------------------------------ each bench, once

# What makes a bench as short as can be; what it measures then is not looked at.
ONCE: dict[str, dict[str, Any]] = {
    "bench_direct": {"ROUNDS": 1, "WARM": 1},
    "bench_ledger": {"ROUNDS": 1, "SERIES": 1, "BUSY_DAY": 1, "BUSY_HOUR": 3600},
    "bench_letter": {"ROUNDS": 1, "OURS_A_ROUND": 1},
    "bench_letter_css_inline": {},
    "bench_mail": {"ROUNDS": 1, "REPEATS": 1},
    "bench_memory": {"LETTERS": 2, "CLIENTS": 2, "CODES": 2},
    "bench_post": {"ROUNDS": 1, "CLIENTS": 2},
    "bench_smtp": {"MAILS": 1},
    "bench_ticks": {"ROUNDS": 1, "REPEATS": 1},
}
# As in performance's "What to reach"; the writer alone is a part of the letter, and has none.
BOUNDS = {
    "bench_direct": ("at_most", 2.0),
    "bench_ledger": ("at_most", 0.1),
    "bench_letter": ("at_least", 10),
    "bench_letter_css_inline": ("at_least", 3),
    "bench_mail": None,
    "bench_memory": ("most_mib", 200.0),
    "bench_post": ("at_least", 2.0),
    "bench_smtp": ("at_most", 0.25),
    "bench_ticks": ("at_least", 6.0),
}


def test_no_bench_is_left_out_here() -> None:
    folder = Path(benchmarks.__file__).parent
    assert {path.stem for path in folder.glob("bench_*.py")} == ONCE.keys() == BOUNDS.keys()


@pytest.mark.parametrize("name", ONCE)
def test_each_bench_still_knows_the_app_that_it_measures(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    bench = importlib.import_module(f"benchmarks.{name}")
    for constant, value in ONCE[name].items():
        monkeypatch.setattr(bench, constant, value)
    for constant, value in ONCE["bench_letter"].items():
        monkeypatch.setattr(bench_letter, constant, value)
    # So many presses, however long they take.
    monkeypatch.setattr(
        bench_post, "_press_for", lambda people, _: bench_post.press_times(people, len(people))
    )
    # Others' tests in this process go on collecting what they leave behind.
    monkeypatch.setattr("gc.freeze", lambda: None)
    figures = bench.main()
    assert figures["ratio"] > 0
    bound = BOUNDS[name]
    assert bound is None or figures[bound[0]] == bound[1]


def test_ours_has_to_be_fast_and_to_refuse_nobody() -> None:
    slow, fast = Series(149, 1, 0), Series(150, 1, 0)
    assert is_fast_and_refuses_nobody([slow, fast], slow)
    assert not is_fast_and_refuses_nobody([slow, slow], fast)
    assert not is_fast_and_refuses_nobody([fast], Series(150, 1, 1))
    assert not is_fast_and_refuses_nobody([fast, Series(150, 1, 1)], fast)


# ------------------------------------------------------------------ what else the machine does


def _judged(
    monkeypatch: pytest.MonkeyPatch, name: str, *others: float
) -> tuple[dict[str, Any], bool]:
    """A missed bound, where others had such shares of the cores before and after."""
    shares = iter(others)
    monkeypatch.setattr(benchmarks, "others_share", lambda: next(shares))
    return benchmarks.taken(name, lambda: KEPT | {"ratio": 1.0})


@pytest.mark.parametrize("name", ["bench_direct", "bench_ledger", "bench_post", "bench_smtp"])
@pytest.mark.parametrize("others", [(0.62, 0.0), (0.1, 0.62)])
def test_a_bound_missed_while_others_had_the_cores_is_no_measure_and_says_so(
    monkeypatch: pytest.MonkeyPatch, name: str, others: tuple[float, float]
) -> None:
    figures, good = _judged(monkeypatch, name, *others)
    assert good
    assert "others had 62% of the cores" in figures["not_taken"]
    assert figures["ratio"] == 1.0
    assert "kept" not in figures


@pytest.mark.parametrize(
    ("name", "others"), [("bench_post", (0.1, 0.1)), ("bench_letter", ()), ("bench_memory", ())]
)
def test_a_bound_missed_on_a_machine_of_ones_own_or_without_waiting_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, name: str, others: tuple[float, ...]
) -> None:
    figures, good = _judged(monkeypatch, name, *others)
    assert not good
    assert figures["kept"] is False


def test_what_the_cores_did_is_told_apart_from_what_they_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # user, nice, system, idle, waits for a disk, and what devices and other guests took
    moments = iter(([0] * 8, [20, 5, 10, 50, 10, 1, 1, 3]))
    monkeypatch.setattr("benchmarks.host._ticks", lambda: next(moments))
    assert others_share() == pytest.approx(0.4)


def test_where_the_system_does_not_tell_nothing_is_excused(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> list[int]:
        raise FileNotFoundError

    monkeypatch.setattr("benchmarks.host._ticks", none)
    assert others_share() == 0.0


# ------------------------------------------------------------------ somebody who presses


@contextmanager
def _app(*statuses: int) -> Iterator[int]:
    """A form that answers presses by these statuses in turn, and the last one for ever."""
    left = list(statuses)

    class Answers(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answers(200)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            pressed = self.path == "/letter/check"
            self._answers((left.pop(0) if len(left) > 1 else left[0]) if pressed else 303)

        def _answers(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Location", "/letter/sent")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_who_finds_all_places_taken_presses_again_and_it_is_counted() -> None:
    with _app(303, 503, 503, 303) as port:
        person = Person(port, 1)
        person.press_while(lambda one: one.sent < 3)
    assert (person.sent, person.refused, person.pressed) == (3, 2, 5)
    assert len(person.times) == 3


def test_places_that_are_always_taken_are_no_measure() -> None:
    with _app(503) as port, pytest.raises(NotTaken, match="all places taken"):
        Person(port, 1).press_while(lambda one: one.pressed < 2 * MOST_REFUSED)


def test_another_answer_than_expected_is_no_measure_and_is_named() -> None:
    with _app(500) as port, pytest.raises(NotTaken, match=r"answered by HTTP/1\.1 500"):
        Person(port, 1).press_while(lambda one: one.pressed < 1)
