"""Many people at once, and a slow relay: no answer is lost, no letter goes twice."""

from __future__ import annotations

import os
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from ..direct import paths_in, told
from ..mails import code_in
from ..served import Caller
from .mail_tools import Missing, program, run
from .server import Server, fresh_folder, running
from .sink import Sink, running_sink
from .table import Row

CONNECTIONS = tuple(map(int, os.environ.get("LOAD_CONNECTIONS", "1,16,64").split(",")))
# How long the relay thinks about each letter.
SLOW_RELAY = 5.0
# Longer than a queue of 64 slow journeys before 16 threads.
PATIENCE = 180.0
# Somebody who is told "wait a moment" presses again each second, for five minutes.
MOST_PRESSES = 300
REAL_APP = "webapp:create_app()"


@dataclass
class Line:
    """One measured series."""

    what: str
    connections: int
    requests: int
    seconds: float
    p50: float
    p99: float
    lost: int
    twice: int = 0

    def __str__(self) -> str:
        rate = self.requests / self.seconds
        return (
            f"{self.what:34}{self.connections:>6}{self.requests:>10}{rate:>10.1f}"
            f"{self.p50 * 1000:>10.0f}{self.p99 * 1000:>10.0f}{self.lost:>7}{self.twice:>7}"
        )


HEAD = (
    f"{'what':34}{'conn.':>6}{'requests':>10}{'per s':>10}{'p50 ms':>10}{'p99 ms':>10}"
    f"{'lost':>7}{'twice':>7}"
)


@dataclass
class Journey:
    """One person from the start page to the receipt, each answer timed."""

    base: str
    sink: Sink
    number: int
    form: list[float] = field(default_factory=list)
    mails: list[float] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)
    presses: int = 0  # more than one would need if the relay were quick

    @property
    def own(self) -> str:
        """Whose letter it is."""
        return f"emma{self.number}@home.example.org"

    @property
    def recipient(self) -> str:
        """To whom it goes."""
        return f"manager{self.number}@vets.example.org"

    def walk(self) -> None:
        """The whole way; what goes wrong is counted as a lost answer."""
        try:
            self._walk()
        except (OSError, AssertionError, IndexError, TypeError) as error:
            self.lost[type(error).__name__] += 1

    def _walk(self) -> None:
        caller = _Timed(self.base)
        caller.reaches_check().opens("/letter/someone")
        typed = {
            "recipient_name": "Ms Patel",
            "recipient_email": self.recipient,
            "email": self.own,
            "may": "me",
        }
        caller.submits("/letter/someone", **typed)
        self.form, caller.times = caller.times, []
        self._presses(caller, "/letter/someone", consent="yes")
        mail = self.sink.to(self.own)[-1].message
        code = code_in(mail)
        assert code
        caller.opens(paths_in(mail)[-1])
        path = caller.page.path
        caller.submits(path, code=code)
        self._presses(caller, path, send="yes")
        assert caller.page.heading == told("sent_heading")
        self.mails = caller.times

    def _presses(self, caller: Caller, path: str, **fields: str) -> None:
        """Press, and once more as long as the page says that many mails are going out."""
        busy = (told("busy", "outcome"), told("send_busy"))
        caller.submits(path, **fields)
        while any(one in caller.page.text for one in busy) and self.presses < MOST_PRESSES:
            self.presses += 1
            time.sleep(1)
            caller.submits(path, **fields)


class _Timed(Caller):
    """A caller that times each of its answers."""

    def __init__(self, base: str) -> None:
        super().__init__(base)
        self.times: list[float] = []
        opening = self._open

        def timed(request: object, timeout: float) -> object:
            begun = time.monotonic()
            answer = opening(request, timeout=PATIENCE)  # type: ignore[arg-type]
            self.times.append(time.monotonic() - begun)
            return answer

        self._open = timed  # type: ignore[assignment]


@dataclass
class Figures:
    """What the load came to."""

    lines: list[Line]
    memory_before: int
    memory_after: int
    tool: str

    @property
    def falls_short(self) -> list[str]:
        """In words; empty where all held."""
        lost, twice = (sum(getattr(one, name) for one in self.lines) for name in ("lost", "twice"))
        short = [f"{lost} lost answers"] if lost else []
        return short + ([f"{twice} double mails"] if twice else [])

    def printed(self) -> Iterator[str]:
        """The table."""
        yield f"load, relay slowed to {SLOW_RELAY:g} s a letter; form page by {self.tool}"
        yield HEAD
        yield from map(str, self.lines)
        before, after = self.memory_before / 1024, self.memory_after / 1024
        yield f"memory of all processes: {before:.0f} MB before, {after:.0f} MB after"


def load_campaign(folder: Path, *, seconds: int = 5) -> Figures:
    """The form page, then the whole journey, at each number of connections."""
    lines, wrk = [], program("wrk", "wrk")
    with running_sink(narrow=False) as sink:
        url = f"sqlite:///{folder / 'db' / 'word-ahead.db'}"
        server = Server(folder, url, sink.port, factory=REAL_APP)
        with running(server):
            Journey(server.base, sink, 0).walk()
            before = server.memory()
            for connections in CONNECTIONS:
                lines.append(_form_page(wrk, server, connections, seconds))
            sink.delay = SLOW_RELAY
            for connections in CONNECTIONS:
                lines += _journeys(server, sink, connections)
            after = server.memory()
    return Figures(lines, before, after, wrk_version(wrk))


def _journeys(server: Server, sink: Sink, connections: int) -> Iterator[Line]:
    """As many people at once as there are connections, each on the whole way."""
    # Numbers that no other series has.
    people = [Journey(server.base, sink, connections * 1000 + at) for at in range(connections)]
    begun = time.monotonic()
    with ThreadPoolExecutor(connections) as pool:
        list(pool.map(Journey.walk, people))
    taken = time.monotonic() - begun
    lost = sum(sum(one.lost.values()) for one in people)
    twice = sum(max(0, len(sink.to(one.recipient)) - 1) for one in people)
    for what, times in (
        ("journey: form pages", [took for one in people for took in one.form]),
        ("journey: code, open, send", [took for one in people for took in one.mails]),
    ):
        yield _line(what, connections, times, taken, lost, twice)
        lost = twice = 0


def _line(  # noqa: PLR0913  one for each column
    what: str, connections: int, times: list[float], seconds: float, lost: int, twice: int
) -> Line:
    cuts = statistics.quantiles(times, n=100) if len(times) > 1 else [*times] * 99 or [0.0] * 99
    return Line(what, connections, len(times), seconds, cuts[49], cuts[98], lost, twice)


def wrk_version(wrk: str) -> str:
    """What it says that it is."""
    found = re.search(rb"wrk \S+", run([wrk, "--version"]).stdout)
    return found[0].decode() if found else "wrk"


def _form_page(wrk: str, server: Server, connections: int, seconds: int) -> Line:
    """Requests of the start page."""
    command = [wrk, "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s", "--latency"]
    out = run([*command, server.base + "/"]).stdout.decode()
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    lost = sum(map(int, errors.groups())) if errors else 0
    requests = re.search(r"(\d+) requests in", out)
    assert requests
    return Line(
        "start page (wrk)",
        connections,
        int(requests[1]),
        float(seconds),
        _latency(out, 50),
        _latency(out, 99),
        lost + (int(wrong[1]) if wrong else 0),
    )


def _latency(out: str, percent: int) -> float:
    """A line such as "99%   12.34ms" of wrk, in seconds."""
    found = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", out)
    assert found
    return float(found[1]) * {"us": 1e-6, "ms": 1e-3, "s": 1.0}[found[2]]


def main() -> list[Row]:
    """Put the load on."""
    tried = f"load at {', '.join(map(str, CONNECTIONS))}, the relay slowed to {SLOW_RELAY:g} s"
    try:
        with fresh_folder() as folder:
            figures = load_campaign(folder / "server")
    except Missing as reason:
        return [Row(tried, "wrk", 0, str(reason))]
    sys.stdout.write("\n".join(figures.printed()) + "\n")
    cases = sum(line.requests for line in figures.lines)
    return [Row(tried, figures.tool, cases, "; ".join(figures.falls_short))]
