"""The state machine over the whole app for longer, and the faults that it must be able to find."""

from __future__ import annotations

import os
import sys
import time
from importlib.metadata import version

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from ..test_app_machine import STEPS, App, machine
from .plants import PLANTS
from .server import fresh_folder
from .table import Row
from .workers import Plant

EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "500"))
# Most plants are found within fifty examples.
PLANT_EXAMPLES = int(os.environ.get("PLANT_EXAMPLES", "600"))


def main() -> list[Row]:
    """Search the app as it is, then with each fault planted."""
    tool = f"Hypothesis {version('hypothesis')}"
    missed = [name for name, plant in PLANTS.items() if not _is_found(name, plant)]
    return [
        Row("five promises over the whole app", tool, EXAMPLES, _searched(None, EXAMPLES)),
        Row("planted faults, each to be found", tool, len(PLANTS), "; ".join(missed)),
    ]


def _is_found(name: str, plant: Plant) -> bool:
    begun = time.monotonic()
    found = _searched(plant, PLANT_EXAMPLES)
    taken = time.monotonic() - begun
    sys.stdout.write(f"planted: {name:38}{taken:5.0f} s  {found or 'NOT FOUND'}\n")
    sys.stdout.flush()
    return bool(found)


def _searched(plant: Plant | None, examples: int) -> str:
    """What the machine found, in its own words; "" where all held."""
    with fresh_folder() as folder:
        try:
            run_state_machine_as_test(
                machine(folder, plant or App.plant),
                settings=settings(
                    max_examples=examples,
                    stateful_step_count=STEPS,
                    deadline=None,
                    database=None,
                    derandomize=plant is not None,
                    phases=[Phase.generate],
                    report_multiple_bugs=False,
                    suppress_health_check=list(HealthCheck),
                ),
            )
        except AssertionError as error:
            return str(error).partition("\n")[0] or "an assertion"
    return ""
