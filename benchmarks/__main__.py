"""Runs every bench_*.py of this folder and prints one JSON line for each.

A bench has a `main()` that returns a dict: `measure` (what was compared), `ratio` (both sides
measured in the same run), `at_least` or `at_most` (the bound), and whatever else explains it;
`also_kept` where it has a second bound. A missed bound makes the whole run fail. A measure that
the machine did not let us take says so and why (`not_taken`), and the others are still taken: that
is no failure, but a mistake in the bench or in the app is one.

Where a measure waits for other processes (a relay, a database, the app under gunicorn), each of
them has to have its turn on a core. If such a bound is missed and others had more than a tenth of
the cores just before or after, the measure could not be taken; its figures are told all the same.
"""

import importlib
import json
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from webapp.store.database import DatabaseUnavailable

from .host import NotTaken, others_share

# What a busy machine does to a measure: too slow, no place, no port, no memory, a database that
# does not answer in time.
_THE_MACHINE = (NotTaken, OSError, MemoryError, DatabaseUnavailable)
_WAITS = {"bench_direct", "bench_ledger", "bench_post", "bench_smtp"}
_MOST_FOR_OTHERS = 0.1  # of the cores


def is_kept(figures: dict[str, Any]) -> bool:
    """Whether a measured ratio keeps its bound; a bench without a bound always does."""
    least = figures.get("at_least", float("-inf"))
    most = figures.get("at_most", float("inf"))
    return bool(least <= figures["ratio"] <= most) and figures.get("also_kept", True)


def taken(name: str, main: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], bool]:
    """The figures of a bench, or why there are none; and whether the run may still succeed."""
    waits = name in _WAITS
    others = others_share() if waits else 0.0
    try:
        figures = main()
    except Exception as error:
        traceback.print_exc()
        return {"not_taken": reason(error)}, isinstance(error, _THE_MACHINE)
    if is_kept(figures):
        return figures | {"kept": True}, True
    others = max(others, others_share() if waits else 0.0)
    if others > _MOST_FOR_OTHERS:
        why = f"a bound was missed, and others had {others:.0%} of the cores just before or after"
        return {"not_taken": why} | figures, True
    return figures | {"kept": False}, False


def reason(error: Exception) -> str:
    """What an error says, or the line that it comes from where it says nothing."""
    said = str(error) or traceback.extract_tb(error.__traceback__)[-1].line or "it says nothing"
    return f"{type(error).__name__}: {said}"


def main() -> int:
    """Run all benches; returns the exit status."""
    failed, left = 0, []
    for script in sorted(Path(__file__).parent.glob("bench_*.py")):
        bench = importlib.import_module(f"benchmarks.{script.stem}")
        figures, good = taken(script.stem, bench.main)
        failed += not good
        if "not_taken" in figures:
            left.append(script.stem)
        sys.stdout.write(json.dumps({"bench": script.stem, **figures}) + "\n")
        sys.stdout.flush()
    if left:
        sys.stderr.write(f"Measures that could not be taken: {', '.join(left)}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
