"""Ballots on paper or in a table: the sentences that a group decides on, and the filled rows.

A ballot is a CSV file with one row a sentence, so that a meeting, a poll of another tool or a
letter round the table can fill it. The first round asks for one of four answers; the second puts
the proposed wordings beside today's and asks how strong one's resistance to each is.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from ..errors import BallotError
from ..mail.typed import clean_line, contact_in

Answer = Literal["send", "live", "change", "not"]
ANSWERS: Final[tuple[Answer, ...]] = ("send", "live", "change", "not")
# To be tapped or ticked with "change" and "not"; nobody has to give one.
REASONS: Final = ("untrue", "order", "strong", "formal", "unclear", "too-much")
# More than a dozen sentences take longer than ten minutes, and are not read with care.
MOST_SENTENCES: Final = 12
# Round two: none, a little, strong, and "I could not send it".
RESISTANCE: Final = (0, 1, 2, 3)
# As long as the longest sentence that the words' own check lets through, and room to be shortened.
LONGEST_WORDING: Final = 300
LONGEST_WHY: Final = 600

FIRST_COLUMNS: Final = (
    "ballot",
    "sentence",
    "text",
    "text about somebody",
    "answer",
    "reasons",
    "wording",
    "wording about somebody",
    "why",
)
SECOND_COLUMNS: Final = (
    "ballot",
    "sentence",
    "option",
    "text",
    "text about somebody",
    "resistance",
)


@dataclass(frozen=True)
class Wording:
    """One sentence in both voices, its placeholders still in it."""

    me: str = field(repr=False)
    them: str = field(repr=False)


@dataclass(frozen=True)
class Vote:
    """What one ballot says of one sentence; who filled it is nowhere."""

    sentence: str
    today: Wording = field(repr=False)
    answer: Answer | None = field(repr=False)
    reasons: tuple[str, ...] = field(default=(), repr=False)
    wording: Wording | None = field(default=None, repr=False)
    why: str = field(default="", repr=False)
    # Where a new sentence would stand: its text of today is empty.
    section: str = ""


@dataclass(frozen=True)
class Weighing:
    """What one ballot of the second round says of one wording of a sentence."""

    sentence: str
    option: str
    resistance: int | None = field(repr=False)


def blank(texts: Mapping[str, Wording]) -> str:
    """An empty ballot of the first round, as CSV."""
    return _table(
        FIRST_COLUMNS,
        (
            {"sentence": id_, "text": one.me, "text about somebody": one.them}
            for id_, one in texts.items()
        ),
    )


def blank_second(options: Mapping[str, Mapping[str, Wording]]) -> str:
    """An empty ballot of the second round: for each sentence all its wordings."""
    return _table(
        SECOND_COLUMNS,
        (
            {
                "sentence": sentence,
                "option": option,
                "text": wording.me,
                "text about somebody": wording.them,
            }
            for sentence, wordings in options.items()
            for option, wording in wordings.items()
        ),
    )


def _table(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    # The mark by which spreadsheets know that it is UTF-8.
    return "\ufeff" + out.getvalue()


def votes_in(text: str, file: str) -> dict[str, list[Vote]]:
    """The ballots of the first round in a CSV file, each under its number.

    Raises BallotError that names file and row. Without numbers the file is one ballot.
    """
    ballots: dict[str, list[Vote]] = {}
    for number, row in _rows(text, file, FIRST_COLUMNS):
        vote = _vote(row, f"{file}, row {number}")
        same = ballots.setdefault(row["ballot"] or file, [])
        if any(other.sentence == vote.sentence for other in same):
            raise BallotError(f"{file}, row {number}: this ballot has “{vote.sentence}” twice.")
        same.append(vote)
    return ballots


def _vote(row: Mapping[str, str], place: str) -> Vote:
    answer, reasons = row["answer"].lower(), tuple(row["reasons"].lower().replace(";", " ").split())
    if answer and answer not in ANSWERS:
        raise BallotError(f"{place}: the answer is one of {', '.join(ANSWERS)}, or nothing.")
    if unknown := [one for one in reasons if one not in REASONS]:
        raise BallotError(f"{place}: “{unknown[0][:40]}” is no reason; {', '.join(REASONS)} are.")
    return Vote(
        sentence=row["sentence"],
        today=Wording(row["text"], row["text about somebody"]),
        answer=next((known for known in ANSWERS if known == answer), None),
        reasons=reasons,
        wording=_wording(row, place),
        why=_typed(row["why"], LONGEST_WHY, place),
    )


def _wording(row: Mapping[str, str], place: str) -> Wording | None:
    me = _typed(row["wording"], LONGEST_WORDING, place)
    them = _typed(row["wording about somebody"], LONGEST_WORDING, place)
    if not me and not them:
        return None
    # Who changes one voice leaves the other as it is.
    return Wording(me or row["text"], them or row["text about somebody"])


def _typed(text: str, most: int, place: str) -> str:
    cleaned = clean_line(text)
    if len(cleaned) > most:
        raise BallotError(f"{place}: a text has {len(cleaned)} characters; {most} fit.")
    if contact_in(cleaned):
        raise BallotError(f"{place}: a text holds a link, an address or a telephone number.")
    return cleaned


def weighings_in(text: str, file: str) -> dict[str, list[Weighing]]:
    """The ballots of the second round in a CSV file, each under its number."""
    ballots: dict[str, list[Weighing]] = {}
    for number, row in _rows(text, file, SECOND_COLUMNS):
        weight = row["resistance"]
        if weight and weight not in map(str, RESISTANCE):
            raise BallotError(f"{file}, row {number}: resistance is 0, 1, 2 or 3, or nothing.")
        same = ballots.setdefault(row["ballot"] or file, [])
        if any((w.sentence, w.option) == (row["sentence"], row["option"]) for w in same):
            raise BallotError(f"{file}, row {number}: this ballot has that wording twice.")
        same.append(Weighing(row["sentence"], row["option"], int(weight) if weight else None))
    return ballots


def _rows(text: str, file: str, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), restkey="", strict=True)
    try:
        missing = set(columns) - set(reader.fieldnames or ())
        if missing:
            raise BallotError(f"{file}: the column “{min(missing)}” is missing.")
        for row in reader:
            if None in row.values() or "" in row:
                raise BallotError(f"{file}, row {reader.line_num}: has too few or too many cells.")
            yield reader.line_num, {name: row[name].strip() for name in columns}
    except csv.Error as error:
        raise BallotError(f"{file}, row {reader.line_num}: is no CSV: {error}.") from None
