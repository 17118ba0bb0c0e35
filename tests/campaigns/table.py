"""The rows in which every campaign tells what it tried."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One thing that was tried; `fell_short` is "" where nothing did.

    What could not be tried fell short too: a row of no cases says why.
    """

    tried: str
    tool: str
    cases: int
    fell_short: str = ""

    @property
    def short(self) -> str:
        """What fell short."""
        return self.fell_short or ("" if self.cases else "nothing was tried")


def printed(rows: Iterable[Row]) -> str:
    """The table, as `make proof` ends with."""
    cells = [("what was tried", "with", "cases", "what fell short")]
    cells += [(row.tried, row.tool, str(row.cases), row.short or "nothing") for row in rows]
    widths = [max(len(cell[column]) for cell in cells) for column in range(3)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=False))
        + f"  {line[3]}"
        for line in cells
    )
