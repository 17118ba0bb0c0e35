"""Slips planted in the modules that a person's safety rests on: does any test notice?

A slip that no test notices is a promise that nobody watches. The tests that run a line are known
from one run of the suite under coverage; each slip is then tried before these tests alone, in a
copy of the tree. MUTANTS says how many are tried, SEED repeats a run. Those that change nothing
that anybody could see stand in mutants.toml, each with its reason. Takes an hour on two cores.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Final

import coverage

from ..builders import ROOT
from .mutations import Mutation, mutations
from .table import Row

MUTANTS: Final = int(os.environ.get("MUTANTS", "300"))
# So many of a hundred that matter have to be noticed.
LEAST: Final = 95
_EQUIVALENT: Final = Path(__file__).with_name("mutants.toml")
_MODULES: Final = (
    "keys.py",
    "letter/compose.py",
    "letter/wall.py",
    "mail/*.py",
    "post/*.py",
    "delivery/*.py",
    "store/**/*.py",
    "web/*.py",
)
# Shell and demo only, or generated once and never run again.
_LEFT_OUT: Final = ("store/migrations", "web/outbox.py")
# First a few of the tests that run the line; whoever survives meets them all.
_FEW: Final = 60
_ALL: Final = 1500
# Seconds. A slip that makes a loop endless is noticed by whoever waits.
_PATIENCE: Final = 600
_COPIES: Final = 2


def safe_modules() -> list[Path]:
    """The modules in which slips are planted."""
    house = ROOT / "webapp"
    found = [path for pattern in _MODULES for path in house.glob(pattern)]
    return sorted(
        path for path in set(found) if not path.relative_to(house).as_posix().startswith(_LEFT_OUT)
    )


def chosen(seed: int) -> list[Mutation]:
    """MUTANTS slips by chance, each module with a share by its size, none known as equivalent."""
    known = equivalent()
    every = [
        made
        for path in safe_modules()
        for made in mutations(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))
        if made.name not in known
    ]
    # The choice guards nothing.
    return random.Random(seed).sample(every, min(MUTANTS, len(every)))  # noqa: S311


def equivalent() -> dict[str, str]:
    """Slips that change nothing anybody could see, each with its reason."""
    if not _EQUIVALENT.exists():
        return {}
    rows = tomllib.loads(_EQUIVALENT.read_text("utf-8")).get("equivalent", [])
    return {row["slip"]: row["why"] for row in rows}


def main() -> list[Row]:
    """Plant the slips, two at a time; survivors are printed with file and line."""
    seed = int(os.environ.get("SEED", random.SystemRandom().randrange(10**6)))
    slips = chosen(seed)
    _say(f"SEED={seed}, {len(slips)} slips in {len({slip.path for slip in slips})} modules")
    with _copies() as copies:
        watched = _watched_lines(copies)
        survivors = [slip for slip, noticed in _tried(slips, copies, watched) if not noticed]
    for slip in sorted(survivors, key=lambda slip: (slip.path, slip.line)):
        _say(f"survived: {slip.path}:{slip.line}: {slip.before!r} -> {slip.after!r}")
    share = 100 * (len(slips) - len(survivors)) / max(1, len(slips))
    short = "" if share >= LEAST else f"{len(survivors)} of {len(slips)} survived: {share:.1f} %"
    return [Row("slips in the program", f"own mutator, SEED={seed}", len(slips), short)]


def _tried(
    slips: list[Mutation], copies: list[Path], watched: dict[tuple[str, int], list[str]]
) -> Iterator[tuple[Mutation, bool]]:
    free: SimpleQueue[Path] = SimpleQueue()
    for place in copies:
        free.put(place)

    def one(slip: Mutation) -> tuple[Mutation, bool]:
        place = free.get()
        try:
            return slip, _noticed(slip, place, watched.get((slip.path, slip.line), []))
        finally:
            free.put(place)

    with ThreadPoolExecutor(len(copies)) as pool:
        for done, (slip, noticed) in enumerate(pool.map(one, slips), 1):
            _say(f"{done:>4} {'noticed ' if noticed else 'SURVIVED'} {slip.path}:{slip.line}")
            yield slip, noticed


def _noticed(slip: Mutation, place: Path, tests: list[str]) -> bool:
    """Whether some test fails with this slip; a line that only the start runs meets its wing's."""
    module = place / slip.path
    good = module.read_text("utf-8")
    module.write_text(slip.applied(good), "utf-8")
    try:
        if tests:
            few = random.Random(0).sample(tests, min(_FEW, len(tests)))  # noqa: S311
            return _fails(place, few) or (len(tests) > _FEW and _fails(place, tests[:_ALL]))
        wing = Path(slip.path).parts[1].removesuffix(".py")
        files = sorted((place / "tests").glob(f"test_{wing}_*.py")) or [place / "tests"]
        return _fails(place, [file.relative_to(place).as_posix() for file in files]) or _fails(
            place,
            ["tests/test_web_check.py", "tests/test_web_confirm.py", "tests/test_app_reprs.py"],
        )
    finally:
        module.write_text(good, "utf-8")


def _fails(place: Path, tests: list[str]) -> bool:
    listed = place / "chosen-tests.txt"
    listed.write_text("\n".join(tests), "utf-8")
    command = (*_PYTEST, "-x", "-m", "not browser and not campaign", f"@{listed}")
    try:
        done = subprocess.run(command, cwd=place, capture_output=True, timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        return True
    return done.returncode != 0


_PYTEST: Final = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")


@contextmanager
def _copies() -> Iterator[list[Path]]:
    folder = Path(tempfile.mkdtemp(prefix="word-ahead-mutants-"))
    try:
        copies = [folder / str(number) for number in range(_COPIES)]
        kept = ("webapp", "tests", "mail_templates", "benchmarks", "docs", ".ci")
        for place in copies:
            place.mkdir()
            for name in kept:
                shutil.copytree(
                    ROOT / name, place / name, ignore=shutil.ignore_patterns("node_modules")
                )
            for file in ROOT.iterdir():
                if file.is_file():
                    shutil.copy(file, place / file.name)
        yield copies
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _watched_lines(copies: list[Path]) -> dict[tuple[str, int], list[str]]:
    """Which tests run which line, by one run of the suite under coverage."""
    place = copies[0]
    _say("one run of the suite, to see which tests run which line …")
    command = (
        *_PYTEST,
        "-m",
        "not browser and not campaign",
        "--cov=webapp",
        "--cov-context=test",
        "--cov-report=",
    )
    done = subprocess.run(command, cwd=place, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"the suite fails without any slip: {done.stdout[-300:]}")
    data = coverage.CoverageData(str(place / ".coverage"))
    data.read()
    watched: dict[tuple[str, int], list[str]] = {}
    for name in data.measured_files():
        path = Path(name).relative_to(place).as_posix()
        for line, contexts in data.contexts_by_lineno(name).items():
            tests = {context.partition("|")[0] for context in contexts} - {""}
            watched[path, line] = sorted(tests)
    return watched


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
