"""Both commands of the README in fresh clones: each Python here, old and new pip, new Debians."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from ..locks import SUPPORTED
from .fresh_places import Debian, Here, Place, pythons_here
from .mail_tools import Missing, end_group, last_line, run, work_folder
from .table import Row

# Seconds; a busy machine installs slowly.
PATIENCE: Final = 1200.0
# `make test` with one file that starts programs of its own and needs no browser.
TEST: Final = "tests/test_docs.py"
# "one": one case, about a minute, as in CI.
HOW_MUCH: Final = os.environ.get("FRESH", "all")
DEBIANS: Final = {"Debian 12": "bookworm", "Debian 13": "trixie", "next Debian": "testing"}
# The pip that each Python first came with; whoever never upgrades has it.
OLDEST_PIP: Final = {"3.11": "22.3", "3.12": "23.2.1", "3.13": "24.2", "3.14": "25.2"}


@dataclass
class Case:
    """One clone in one place, and what came of each command: seconds, and what fell short."""

    place: Place
    pip: str = "as it comes"
    seconds: dict[str, float] = field(default_factory=dict)
    short: dict[str, str] = field(default_factory=dict)
    # As they say themselves.
    python_is: str = "?"
    pip_is: str = "?"

    def lines(self) -> Iterator[tuple[str, ...]]:
        """Its lines of the table."""
        for command in ("make run", f"make test ARGS={TEST}", "flask words check"):
            took = f"{self.seconds[command]:.0f}" if command in self.seconds else "-"
            result = self.short.get(command, "ok" if command in self.seconds else "not tried")
            yield self.python_is, self.pip_is, self.place.name, command, took, result

    def row(self) -> Row:
        """What it adds to the table of `make proof`."""
        short = "; ".join(f"{command}: {why}" for command, why in self.short.items())
        tool = f"Python {self.python_is}, pip {self.pip_is}"
        return Row(f"a fresh clone, {self.place.name}", tool, len(self.seconds), short)


def main() -> list[Row]:
    """Try each place, then print seconds to the first page and to the last test of one file."""
    rows, tried = [], []
    with work_folder() as folder:
        for number, prepare in enumerate(_cases(folder)):
            try:
                case = prepare()
            except Missing as error:
                rows.append(Row("a fresh clone", "?", 0, str(error)))
                continue
            _try(case, folder / f"clone-{number}")
            tried.append(case)
            case.place.remove()
    head = ("Python", "pip", "machine", "command", "seconds", "result")
    table = [head, *(line for case in tried for line in case.lines())]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        _say("  ".join(one.ljust(width) for one, width in zip(line, widths, strict=True)))
    return [case.row() for case in tried] + rows


def _cases(folder: Path) -> Iterator[Callable[[], Case]]:
    """Every case that there can be here, each made when its turn comes; says what is left out."""
    found = pythons_here()
    if HOW_MUCH == "one":
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        yield lambda: Case(Here(found[version]), OLDEST_PIP[version])
        _say("left out: other Pythons, newer pip and Debian itself (FRESH=all tries them)")
        return
    for version in SUPPORTED:
        if version not in found:
            _say(f"left out: Python {version} is not on this machine itself")
            continue
        for pip in (OLDEST_PIP[version], "newest"):
            yield lambda python=found[version], pip=pip: Case(Here(python), pip)  # type: ignore[misc]
    for name, suite in DEBIANS.items():
        yield lambda name=name, suite=suite: Case(Debian(name, suite, folder / suite))  # type: ignore[misc]


def _try(case: Case, clone: Path) -> None:
    """Clone, and give both commands as the README has them."""
    place = case.place
    seen = place.clone(clone)
    home = place.home(clone)
    try:
        if case.pip != "as it comes":
            _give_pip(case, clone)
        _note(case, "make run", lambda: _first_page(place, clone, home))
        _note(case, "flask words check", lambda: _words_check(place, clone))
        _note(case, f"make test ARGS={TEST}", lambda: _one_file(place, clone))
        case.python_is = _said(place, clone, "import platform; print(platform.python_version())")
        case.pip_is = _said(place, clone, "import pip; print(pip.__version__)")
        # pip keeps what it fetched in HOME; nothing else of ours goes there.
        left = {one.name for one in home.iterdir()} - {".cache"}
        if left:
            case.short["HOME"] = f"has {', '.join(sorted(left))} in it"
    finally:
        shutil.rmtree(seen, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)


def _note(case: Case, command: str, act: Callable[[], str]) -> None:
    begun = time.monotonic()
    short = act()
    case.seconds[command] = time.monotonic() - begun
    if short:
        case.short[command] = short
    _say(f"{case.place.name}: {command}: {case.seconds[command]:.0f} s {short or 'ok'}")


def _give_pip(case: Case, clone: Path) -> None:
    """An environment with another pip in it, before `make` finds it there."""
    place = case.place
    what = ["--upgrade", "pip"] if case.pip == "newest" else [f"pip=={case.pip}"]
    for command in (
        [place.python, "-m", "venv", ".venv"],
        [".venv/bin/python", "-m", "pip", "-q", "install", *what],
    ):
        done = run(place.command(clone, command), seconds=PATIENCE)
        if done.returncode:
            done = run(place.command(clone, command), seconds=PATIENCE)
        if done.returncode:
            raise Missing(f"pip {case.pip} for {place.name}: {last_line(done.stderr)}")


def _first_page(place: Place, clone: Path, home: Path) -> str:
    """`make run` until the first page came; what fell short."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    written = home.with_suffix(".output")
    command = place.command(clone, ["make", "run", f"PORT={port}", f"PYTHON={place.python}"])
    with written.open("wb") as output:
        process = _started(command, output)
        try:
            status = _page(f"http://127.0.0.1:{port}/", process)
            outbox = _page(f"http://127.0.0.1:{port}/outbox", process)
        finally:
            end_group(process)
    said = written.read_text("utf-8", "replace")
    written.unlink()
    if (status, outbox) != (200, 200):
        return f"no page: {last_line(said.encode())}"
    named = f"http://127.0.0.1:{port}/outbox" in last_line(said.encode())
    return "" if named else "the last line does not name the outbox"


def _started(command: list[str], output: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
    )


def _page(address: str, process: subprocess.Popen[bytes]) -> int:
    """The status of a page once there is one, or 0 where the program ended before."""
    until = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < until:
        try:
            with urllib.request.urlopen(address, timeout=PATIENCE) as answer:  # noqa: S310  ours
                return int(answer.status)
        except OSError:
            time.sleep(0.1)
    return 0


def _words_check(place: Place, clone: Path) -> str:
    """With what serves alone, the check of the words says in one line what it wants."""
    flask = [".venv/bin/python", "-m", "flask", "--app", "webapp", "words", "check"]
    done = run(place.command(clone, flask), seconds=PATIENCE)
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    good = done.returncode == 2 and len(lines) == 1 and "make words" in lines[0]
    return "" if good else f"exit {done.returncode}, {last_line(done.stderr)}"


def _one_file(place: Place, clone: Path) -> str:
    command = ["make", "test", f"ARGS={TEST} -q", f"PYTHON={place.python}"]
    done = run(place.command(clone, command), seconds=PATIENCE)
    passed = done.returncode == 0 and b" passed" in done.stdout
    failed = [line for line in done.stdout.splitlines() if line.startswith((b"FAILED", b"ERROR"))]
    return "" if passed else last_line(b"\n".join(failed) or done.stderr)


def _said(place: Place, clone: Path, program: str) -> str:
    done = run(place.command(clone, [".venv/bin/python", "-c", program]), seconds=PATIENCE)
    return last_line(done.stdout)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
