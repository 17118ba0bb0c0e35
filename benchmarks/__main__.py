"""Runs every bench_*.py of this folder and prints one JSON line for each.

A bench has a `main()` that returns a dict: `measure` (what was compared), `ratio` (both sides
measured in the same run), `at_least` or `at_most` (the bound), and whatever else explains it.
A missed bound makes the whole run fail.
"""

import importlib
import json
import sys
from pathlib import Path
from typing import Any


def is_kept(figures: dict[str, Any]) -> bool:
    """Whether a measured ratio keeps its bound; a bench without a bound always does."""
    least = figures.get("at_least", float("-inf"))
    most = figures.get("at_most", float("inf"))
    return bool(least <= figures["ratio"] <= most)


def main() -> int:
    """Run all benches; returns the exit status."""
    missed = 0
    for script in sorted(Path(__file__).parent.glob("bench_*.py")):
        figures = importlib.import_module(f"benchmarks.{script.stem}").main()
        kept = is_kept(figures)
        missed += not kept
        sys.stdout.write(json.dumps({"bench": script.stem, **figures, "kept": kept}) + "\n")
        sys.stdout.flush()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
