"""Hundreds who send a request byte by byte, before the shipped nginx.conf and Caddyfile.

Whoever asks for a page meanwhile is answered. First the same senders without a web server in
front, and with one that does not buffer: there nobody else may be answered, or they prove nothing.
"""

from __future__ import annotations

import statistics
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from http.client import HTTPException
from http.cookiejar import CookieJar
from importlib.metadata import version
from pathlib import Path
from typing import Final

from ..mail_server import make_certificate
from ..served import Caller, Served, served
from .mail_tools import Missing, work_folder
from .proxies import HOST, Place, Proxy, caddy, nginx
from .slow_senders import BODY, CHUNKS, HEAD, HTTP2_HEAD, Crowd, slow_senders, trusting
from .table import Row

# Longer than each time limit of the shipped files for a head or a body, in seconds.
VISITS, SERIES = 60, 22.0
# Nobody may wait longer than the first; up to the second is measured how long.
BOUND, PATIENCE = 2.0, 10.0
# Six times as many as the app has threads.
FEW: Final = 100


class Guest(Caller):
    """A visitor with a new browser, who gives up after some seconds."""

    def __init__(self, base: str, authority: Path | None, patience: float) -> None:
        super().__init__(base)
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(CookieJar()),
            urllib.request.HTTPSHandler(context=trusting(authority) if authority else None),
        )
        self._open = lambda request, timeout: opener.open(  # type: ignore[assignment,misc]
            request, timeout=min(timeout, patience)
        )


@dataclass
class Visits:
    """What visitors met with."""

    times: list[float] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    fewest_held: int = sys.maxsize

    def visit(self, base: str, authority: Path | None, patience: float = PATIENCE) -> None:
        """The start page, then the first step of the form, each timed."""
        guest = Guest(base, authority, patience)
        try:
            self._timed(lambda: guest.opens("/"))
            assert guest.page.status == 200, f"start page answered {guest.page.status}"
            self._timed(lambda: guest.submits("/", situation="volunteering"))
            assert guest.page.status == 200, f"first step answered {guest.page.status}"
            assert guest.page.path == "/letter/how-much", f"first step led to {guest.page.path}"
        except (OSError, HTTPException, AssertionError) as error:
            self.failures[str(error) or type(error).__name__] += 1

    @property
    def short(self) -> list[str]:
        """What nobody should meet with."""
        late = sum(taken > BOUND for taken in self.times)
        short = [f"{number} x {what}" for what, number in self.failures.items()]
        return short + ([f"{late} answers took longer than {BOUND:g} s"] if late else [])

    def __str__(self) -> str:
        cuts = statistics.quantiles(self.times, n=100) if len(self.times) > 1 else [0.0] * 99
        return (
            f"{len(self.times)} answers, p50 {cuts[49] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms"
            f", longest {max(self.times, default=0) * 1000:.0f} ms"
            f", failed: {self.failures.total()}"
        )

    def _timed(self, ask: Callable[[], object]) -> None:
        begun = time.monotonic()
        ask()
        self.times.append(time.monotonic() - begun)


@dataclass(frozen=True)
class WebServer:
    """One that docs/deploy has a file for."""

    name: str
    file: str
    runs: Callable[..., AbstractContextManager[Proxy]]


WEB_SERVERS: Final = (
    WebServer("nginx", "nginx.conf", nginx),
    WebServer("Caddy", "Caddyfile", caddy),
)


def main() -> list[Row]:
    """Without a web server, then with each."""
    with work_folder() as folder:
        return [
            _alone(folder / "alone"),
            *(_shielded(folder / one.name, one) for one in WEB_SERVERS),
        ]


def _alone(folder: Path) -> Row:
    """Planted: no web server, so that slow heads stop the app."""
    folder.mkdir()
    with served(f"sqlite:///{folder / 'letters.db'}", folder) as app:
        met = Visits()
        met.visit(app.base, None)
        with slow_senders(_port(app), None, [replace(HEAD, connections=FEW)]):
            stopped = _stopped(app.base, None, "no web server")
    short = [f"without slow senders, too: {one}" for one in met.short]
    if not stopped:
        short.append(f"{FEW} slow senders held up nobody: they prove nothing")
    what = f"planted: {FEW} slow senders straight at the app stop it"
    return Row(what, f"gunicorn {version('gunicorn')}", 1, "; ".join(short))


def _shielded(folder: Path, one: WebServer) -> Row:
    """The visits behind a web server; where it cannot be had, the row says why."""
    kinds = (HEAD, BODY, CHUNKS, HTTP2_HEAD)
    what = f"{sum(kind.connections for kind in kinds)} slow senders before the shipped {one.file}"
    certificate = make_certificate(folder, HOST)
    # nginx gives up root.
    folder.chmod(0o755)
    settings = {"PUBLIC_URL": f"https://{HOST}", "TRUSTED_PROXIES": "1"}
    try:
        with served(f"sqlite:///{folder / 'letters.db'}", folder, **settings) as app:
            place = Place(folder, certificate, _port(app))
            planted = _planted(place, one)
            with (
                one.runs(place) as proxy,
                slow_senders(proxy.port, certificate.authority, kinds) as crowd,
            ):
                visits = _visits(f"https://{HOST}:{proxy.port}", certificate.authority, crowd)
                ended = ", ".join(f"{count} x {name}" for name, count in crowd.ended.items())
    except Missing as reason:
        return Row(what, one.name, 0, str(reason))
    _say(f"{proxy.tool}, {crowd.size} slow senders, never below {visits.fewest_held}: {visits}")
    _say(f"  shown out by it: {ended or 'nobody'}")
    short = [*planted, *_short(visits, crowd)]
    return Row(what, proxy.tool, len(visits.times), "; ".join(short))


def _planted(place: Place, one: WebServer) -> list[str]:
    """Planted: the web server hands bodies on as they come, so that slow ones stop the app."""
    authority = place.certificate.authority
    with (
        one.runs(place, buffers=False) as proxy,
        slow_senders(proxy.port, authority, [BODY, CHUNKS]),
    ):
        stopped = _stopped(f"https://{HOST}:{proxy.port}", authority, f"{one.name}, no buffer")
    return [] if stopped else ["slow bodies held up nobody without its buffer: they prove nothing"]


def _stopped(base: str, authority: Path | None, where: str) -> bool:
    """Whether a visitor is not answered, once the slow senders have been heard."""
    visits, until = Visits(), time.monotonic() + PATIENCE
    while not visits.failures and time.monotonic() < until:
        visits.visit(base, authority, BOUND)
    _say(f"planted, {where}: {', '.join(visits.failures) or 'answered'}")
    return bool(visits.failures)


def _port(app: Served) -> int:
    return int(app.base.rpartition(":")[2])


def _visits(base: str, authority: Path, crowd: Crowd) -> Visits:
    """Visitors one after the other, evenly over the series."""
    visits, begun = Visits(), time.monotonic()
    for at in range(VISITS):
        time.sleep(max(0.0, begun + at * SERIES / VISITS - time.monotonic()))
        visits.fewest_held = min(visits.fewest_held, crowd.held)
        visits.visit(base, authority)
    return visits


def _short(visits: Visits, crowd: Crowd) -> Iterator[str]:
    yield from visits.short
    if visits.fewest_held < crowd.size / 2:
        yield f"only {visits.fewest_held} of {crowd.size} slow senders were there at some time"
    if not crowd.ended[HEAD.name]:
        yield "no slow head was ended"


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
