"""What a series of kills came to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .phases import PHASES, Run

# A series as long as this should come to each phase as often as that.
_LONG: Final = 250
_OFTEN: Final = 20


@dataclass
class Figures:
    """What a series of kills came to."""

    name: str
    runs: list[Run]
    seconds: float
    hits: list[str]
    scanned: str

    @property
    def problems(self) -> Counter[str]:
        """Everything that fell short, counted."""
        return Counter(problem for run in self.runs for problem in run.problems)

    @property
    def falls_short(self) -> list[str]:
        """In words; empty where all held."""
        short = [f"{number} × {problem}" for problem, number in self.problems.items()]
        return [*short, *self._rare, *(f"canary in {one}" for one in self.hits)]

    @property
    def _rare(self) -> list[str]:
        killed = Counter(run.phase for run in self.runs)
        if len(self.runs) < _LONG:
            return []
        return [f"{phase}: {killed[phase]} kills" for phase in PHASES if killed[phase] < _OFTEN]

    def lines(self) -> Iterator[str]:
        """The table of phases, and the sums."""
        head = ("killed", "runs", "had it", "then: sent", "uncertain", "open", "twice", "lost")
        yield f"{self.name}: {len(self.runs)} runs in {self.seconds:.0f} s"
        yield _row(*head)
        for phase in (*PHASES, "all"):
            runs = [run for run in self.runs if phase in (run.phase, "all")]
            shown = Counter(run.shown for run in runs)
            problems = Counter(problem for run in runs for problem in run.problems)
            yield _row(
                phase,
                len(runs),
                sum(run.delivered_by_kill for run in runs),
                shown["sent"],
                shown["uncertain"],
                shown["open"],
                problems["went twice without the tick"],
                problems["lost"],
            )
        ticked = [run for run in self.runs if run.ticked]
        went = sum(run.delivered > run.delivered_plain for run in ticked)
        yield f"sent once more by the tick: {went} of {len(ticked)} ticks"
        yield self.scanned


def _row(phase: object, *numbers: object) -> str:
    return f"{phase!s:26}" + "".join(f"{number!s:>11}" for number in numbers)
