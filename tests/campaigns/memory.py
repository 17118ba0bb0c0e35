"""Memory of the whole app over 100,000 letters: the second half of them leaves nothing.

Sixteen people press the button of the form's last page, and each letter goes as far as the relay's
250. One line for each 10,000 letters, so that a slope is seen and not only its end.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

from benchmarks.bench_memory import mebibytes, processes
from benchmarks.bench_post import CLIENTS, Person, press_times
from benchmarks.host import served
from benchmarks.relay import relay

from .table import Row

LETTERS: Final = int(os.environ.get("LETTERS", "100000"))
STEP: Final = 10_000
# By the first note every thread, connection and cache is there; what comes on top is a leak.
AT_MOST: Final = 1.05
# From here on nothing at all may come: 2 % are 35 bytes a letter.
WARM: Final = 50_000
AT_MOST_WARM: Final = 1.02


@dataclass(frozen=True)
class Note:
    """What each process holds alone after so many letters, summed, and how fast the last were.

    What they share, they share with whatever other Python runs on the machine.
    """

    letters: int
    mebibytes: float
    a_second: float
    processes: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.letters:>9}{self.mebibytes:>9.1f}{self.a_second:>15.1f}"


HEAD: Final = f"{'letters':>9}{'MiB':>9}{'letters a s':>15}"


def notes(letters: int) -> Iterator[Note]:
    """Send so many letters to an app of its own, and note each step."""
    with relay() as relay_port, served("webapp:create_app()", relay_port) as (port, master):
        people = [Person(port, number) for number in range(CLIENTS)]
        for sent in range(STEP, letters + 1, STEP):
            begun = time.monotonic()
            press_times(people, STEP)
            rate = STEP / (time.monotonic() - begun)
            yield Note(sent, mebibytes(master, "Private_Dirty"), rate, tuple(processes(master)))


def falls_short(found: list[Note]) -> str:
    """In words; "" where the last note is as low as those before, by the same processes."""
    warm = next((note for note in found if note.letters >= WARM), found[-1])
    first, last = found[0], found[-1]
    short = []
    if last.letters == warm.letters:
        short.append(f"a slope needs at least {WARM + STEP} letters")
    for before, at_most in ((first, AT_MOST), (warm, AT_MOST_WARM)):
        if last.mebibytes > before.mebibytes * at_most:
            grown = last.mebibytes / before.mebibytes - 1
            short.append(f"{grown:.1%} more memory than after {before.letters} letters")
    if last.processes != first.processes:
        short.append("a worker was replaced, and what it held went with it")
    return "; ".join(short)


def main() -> list[Row]:
    """Send the letters, and compare the last note with the first."""
    found = []
    sys.stdout.write(f"{HEAD}\n")
    for note in notes(LETTERS):
        found.append(note)
        sys.stdout.write(f"{note}\n")
        sys.stdout.flush()
    sent = found[-1].letters
    return [Row("flat memory", f"gunicorn {version('gunicorn')}", sent, falls_short(found))]
