"""How people found the letters: one counter for each sentence and mark, and nothing else."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import sqlalchemy as sa

from .database import Database
from .database.tables import feedback

FEW: Final = 5  # smaller figures could be one person
OF_A_LETTER: Final = ("helped", "unsure", "not")
OF_A_SENTENCE: Final = ("helpful", "unclear", "wrong")
# The letter as a whole stands under no sentence, and has no wording.
LETTER: Final = ""
NO_WORDING: Final = b""

# Both databases know it; SQLAlchemy has a spelling of its own for each.
_ONE_MORE: Final = sa.text(
    "INSERT INTO feedback (sentence, wording, mark, number) VALUES (:sentence, :wording, :mark, 1)"
    " ON CONFLICT (sentence, wording, mark) DO UPDATE SET number = feedback.number + 1"
)


@dataclass(frozen=True)
class Mark:
    """What somebody thinks of a sentence in its present words, or ("") of the whole letter."""

    sentence: str
    wording: bytes = field(repr=False)
    mark: str = field(repr=False)


@dataclass(frozen=True)
class Figures:
    """How often a sentence was given each mark; marks of under FEW are missing."""

    sentence: str
    numbers: Mapping[str, int]


class Feedback:
    """Counts marks; who gave which, and when, is kept nowhere."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self, marks: Iterable[Mark]) -> None:
        """Count each mark once; raises DatabaseUnavailable, and then none was counted."""
        # In one order, so that two people who mark the same sentences do not wait for each other.
        rows = [vars(mark) for mark in sorted(marks, key=lambda m: (m.sentence, m.mark))]
        with self._database.writing() as connection:
            for row in rows:
                connection.execute(_ONE_MORE, row)

    def figures(self, known: Mapping[str, bytes]) -> list[Figures]:
        """What sentences were given in their present words, in the order of `known`.

        A sentence of which no figure may be shown is left out: nobody sees that it was marked.
        """
        found: dict[str, dict[str, int]] = {}
        for mark, number in self.counts().items():
            if known.get(mark.sentence) == mark.wording and number >= FEW:
                found.setdefault(mark.sentence, {})[mark.mark] = number
        return [Figures(one, found[one]) for one in known if one in found]

    def counts(self) -> dict[Mark, int]:
        """Every counter; whoever shows them hides those under FEW."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(feedback))
            return {Mark(r.sentence, bytes(r.wording), r.mark): r.number for r in rows}
