"""SIGKILL in the middle of sending, many times over: nothing goes twice, and nothing is lost."""

from __future__ import annotations

import http.client
import os
import random
import sqlite3
import sys
import threading
import time
import urllib.parse
from contextlib import ExitStack, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Final

from ..direct import paths_in
from ..mails import code_in
from ..served import Caller
from .kill_figures import Figures
from .phases import (
    AT_THE_RELAY,
    BEFORE_CLAIM,
    CLAIMED,
    PAGE_OUT,
    PAGE_READY,
    RANDOM,
    STEP_OF,
    Run,
    wanted_phases,
)
from .scan import scan, tells
from .second_click import SecondClick
from .server import PATIENCE, Server, fresh_folder, postgresql, running, wait
from .sink import Sink, Trap, running_sink
from .table import Row
from .truths import squeezed
from .watcher import Watcher

KILLS: Final = int(os.environ.get("KILLS", "500"))
KILLS_POSTGRESQL: Final = KILLS * 3 // 5

# Of so many kills one takes the whole server down; the others all its workers at once.
_WHOLE_SERVER_EVERY: Final = 5
# Every so many runs the "perhaps" is answered with its tick.
_TICK_EVERY: Final = 3
EMMA: Final = "canary.emma@home.example.org"
_SAID: Final = {
    "name": "Canaryemma",
    # More than the sockets between us hold: a letter can be half over. é is three bytes in a mail.
    "more": {"to_name": "Canarymanager", "own_words": "Canaryown " + "é" * 500},
    "ticks": 40,
}


class Campaign:
    """A server, a relay and a browser; each run kills the server once."""

    def __init__(self, server: Server, sink: Sink, seed: int) -> None:
        self.server, self.sink = server, sink
        self.watcher = Watcher(server.url)
        self.chance = random.Random(seed)  # noqa: S311  picks moments, guards nothing
        self.emma = Caller(server.base)
        self.emma.reaches_check(**_SAID)
        self.runs: list[Run] = []
        self._prepared_so_far = 0
        # How long an undisturbed send takes, so that random kills fall all over it.
        self.usual = self._send_undisturbed()

    def run(self, wanted: str) -> Run:
        """Prepare a letter, kill its sending, and look what is left."""
        run = self._prepared(wanted)
        self.runs.append(run)
        self._killed(run)
        second = SecondClick(self.server, self.sink)
        second.after(run, may_tick=len(self.runs) % _TICK_EVERY == 0)
        return run

    def _send_undisturbed(self) -> float:
        run = self._prepared("")
        begun = time.monotonic()
        _Answer(self.server.port, run.path, {"code": run.code, "send": "yes"}).join()
        return time.monotonic() - begun

    def _prepared(self, wanted: str) -> Run:
        self._prepared_so_far += 1
        recipient = f"canary.manager{self._prepared_so_far}@vets.example.org"
        typed = {
            "recipient_name": "Canary Patel",
            "recipient_email": recipient,
            "email": EMMA,
            "may": "me",
        }
        self.emma.opens("/letter/someone").submits("/letter/someone", **typed)
        letter = squeezed(self.emma.page.letter())
        self.emma.submits("/letter/someone", consent="yes")
        mail = self.sink.to(EMMA)[-1].message
        code = code_in(mail)
        if not code or not letter:
            raise RuntimeError("no code mail came")
        token = paths_in(mail)[-1].rpartition("/")[2]
        return Run(wanted, recipient, token, code, letter)

    # ------------------------------------------------------------------ the kill
    def _killed(self, run: Run) -> None:
        trap = self._trap(run.wanted)
        self.sink.watch(trap)
        if run.wanted in ("connected", "letter half over") or self.chance.random() < 0.3:
            self.sink.hang_up()
        whole = len(self.runs) % _WHOLE_SERVER_EVERY == 0
        with ExitStack() as held:
            self._hold_before(run, held)
            answer = _Answer(self.server.port, run.path, {"code": run.code, "send": "yes"})
            self._wait_for_the_moment(run, trap, held, answer)
            (self.server.kill_all if whole else self.server.kill_workers)()
            run.answered = answer.came.is_set()
            reached = self.sink.furthest()
        if trap:
            trap.go.set()
        answer.join()
        if whole:
            self.server.start()
        self.sink.hang_up()
        run.phase = self._phase(run, reached)
        run.problems += tells(self.server.folder)

    def _trap(self, wanted: str) -> Trap | None:
        if wanted == PAGE_READY:
            return Trap(self.chance.choice(["mail", "data", "dot"]), mail=2)
        if wanted == "250 said, not noted":
            return Trap("said")
        step = STEP_OF.get(wanted)
        return Trap(step) if step else None

    def _hold_before(self, run: Run, held: ExitStack) -> None:
        if run.wanted == BEFORE_CLAIM:
            held.enter_context(self.watcher.letters_held(run.id))
        if run.wanted == CLAIMED:
            held.enter_context(self.watcher.counts_held())

    def _wait_for_the_moment(
        self, run: Run, trap: Trap | None, held: ExitStack, answer: _Answer
    ) -> None:
        if trap:
            trap.reached.wait(PATIENCE)
        if trap and trap.step == "said":
            # The 250 arrives, but cannot be noted.
            held.enter_context(self.watcher.letters_held(run.id))
            trap.go.set()
        if run.wanted == CLAIMED:
            wait(lambda: self.watcher.state(run.id) == "sending")
        if run.wanted == PAGE_OUT:
            answer.came.wait(PATIENCE)
        if run.wanted == RANDOM:
            time.sleep(self.chance.uniform(0, self.usual))
        else:
            time.sleep(self.chance.uniform(0.001, 0.02))

    def _phase(self, run: Run, reached: str) -> str:
        """What was seen: how far the relay was, what the row says, whether the page came."""
        if run.answered:
            return PAGE_OUT
        if self.watcher.state(run.id) == "sent":
            return PAGE_READY
        if reached:
            return AT_THE_RELAY[reached]
        return CLAIMED if self.watcher.state(run.id) == "sending" else BEFORE_CLAIM


class _Answer(threading.Thread):
    """A POST under way, which may never be answered."""

    def __init__(self, port: int, path: str, fields: dict[str, str]) -> None:
        super().__init__(daemon=True)
        self.came = threading.Event()
        self._port, self._path = port, path
        self._body = urllib.parse.urlencode(fields)
        self.start()

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        with suppress(OSError, http.client.HTTPException):
            connection.request("POST", self._path, self._body, kind)
            connection.getresponse().read()
            self.came.set()
        connection.close()


def kill_campaign(
    number: int, url: str, folder: Path, *, also: Path | None = None, seed: int = 1
) -> Figures:
    """Kill a server over this database so many times, and scan its folder, and another one."""
    begun = time.monotonic()
    with running_sink() as sink:
        server = Server(folder, url, sink.port)
        with running(server):
            campaign = Campaign(server, sink, seed)
            for wanted in wanted_phases(number, seed):
                campaign.run(wanted)
        tokens = [run.token for run in campaign.runs]
        hits, scanned = scan([folder, *([also] if also else [])], tokens)
        if not any(b"anary" in one.data for one in sink.taken):
            hits.append("nothing: the scan has no canary to look for")
    name = "PostgreSQL" if url.startswith("postgres") else "SQLite"
    return Figures(name, campaign.runs, time.monotonic() - begun, hits, scanned)


def main() -> list[Row]:
    """Kill the server on SQLite, then, in a shorter series, on PostgreSQL."""
    with fresh_folder() as folder:
        url = f"sqlite:///{folder / 'server' / 'db' / 'word-ahead.db'}"
        first = _told(kill_campaign(KILLS, url, folder / "server"))
    server = f"gunicorn {version('gunicorn')}"
    rows = [_kills(f"{server}, SQLite {sqlite3.sqlite_version}", first)]
    with postgresql() as (url, data), fresh_folder() as folder:
        second = _told(kill_campaign(KILLS_POSTGRESQL, url, folder / "server", also=data))
        release = (data / "PG_VERSION").read_text().strip()
    return [*rows, _kills(f"{server}, PostgreSQL {release}", second)]


def _told(figures: Figures) -> Figures:
    sys.stdout.write("\n".join(figures.lines()) + "\n")
    sys.stdout.flush()
    return figures


def _kills(tool: str, figures: Figures) -> Row:
    return Row("SIGKILL while sending", tool, len(figures.runs), "; ".join(figures.falls_short))
