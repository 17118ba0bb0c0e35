"""Runs every bench_*.py of this folder and prints one JSON line for each.

A bench has a `main()` that returns a dict: `measure` (what was compared), `ratio` (both sides
measured in the same run), `at_least` or `at_most` (the bound), and whatever else explains it;
`also_kept` where it has a second bound. A missed bound makes the whole run fail. A measure that
the machine did not let us take says so and why (`not_taken`), and the others are still taken: that
is no failure, but a mistake in the bench or in the app is one.
"""

import importlib
import json
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .host import NotTaken

# What a busy machine does to a measure: too slow, no place, no port, no memory.
_THE_MACHINE = (NotTaken, OSError, MemoryError)


def is_kept(figures: dict[str, Any]) -> bool:
    """Whether a measured ratio keeps its bound; a bench without a bound always does."""
    least = figures.get("at_least", float("-inf"))
    most = figures.get("at_most", float("inf"))
    return bool(least <= figures["ratio"] <= most) and figures.get("also_kept", True)


def taken(main: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], bool]:
    """The figures of a bench, or why there are none; and whether the run may still succeed."""
    try:
        figures = main()
    except Exception as error:
        traceback.print_exc()
        return {"not_taken": reason(error)}, isinstance(error, _THE_MACHINE)
    kept = is_kept(figures)
    return figures | {"kept": kept}, kept


def reason(error: Exception) -> str:
    """What an error says, or the line that it comes from where it says nothing."""
    said = str(error) or traceback.extract_tb(error.__traceback__)[-1].line or "it says nothing"
    return f"{type(error).__name__}: {said}"


def main() -> int:
    """Run all benches; returns the exit status."""
    failed, left = 0, []
    for script in sorted(Path(__file__).parent.glob("bench_*.py")):
        figures, good = taken(importlib.import_module(f"benchmarks.{script.stem}").main)
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
