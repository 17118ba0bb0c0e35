"""The result of a group's rounds as a file: what was decided, and what a second round asks."""

from __future__ import annotations

import csv
import datetime
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import BallotError
from .ballots import Wording
from .counting import SHOWN_FROM, Decided, Decision, options

_MADE_FOR: Final = "word-ahead/agreement/1"


_COLUMNS: Final = (
    *("sentence", "decision", "for", "against", "text", "text about somebody", "proposed"),
)
# What spreadsheets begin a formula with (OWASP, CSV injection).
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Text(_Strict):
    me: str = ""
    them: str = ""

    @classmethod
    def of(cls, wording: Wording) -> _Text:
        return cls(me=wording.me, them=wording.them)

    def wording(self) -> Wording:
        return Wording(self.me, self.them)


class _Votes(_Strict):
    yes: int = Field(alias="for", ge=0)
    against: int = Field(ge=0)


class _Sentence(_Strict):
    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    decision: Decision
    today: _Text
    wording: _Text
    votes: _Votes | None = None
    proposals: tuple[_Text, ...] = ()
    may_drop: bool = False
    section: str = ""
    reasons: Mapping[str, int] = {}
    whys: tuple[str, ...] = ()

    def decided(self) -> Decided:
        votes = (self.votes.yes, self.votes.against) if self.votes else (0, 0)
        return Decided(
            sentence=self.id,
            decision=self.decision,
            today=self.today.wording(),
            wording=self.wording.wording(),
            votes=votes,
            proposals=tuple(text.wording() for text in self.proposals),
            may_drop=self.may_drop,
            section=self.section,
        )


class Result(_Strict):
    """What a group decided: by whom, when, in which round, and each sentence."""

    made_for: Literal["word-ahead/agreement/1"] = _MADE_FOR
    by: str = Field(min_length=1, max_length=80)
    on: datetime.date
    round: Literal[1, 2, 3]
    ballots: int = Field(ge=1)
    shown: bool
    sentence: tuple[_Sentence, ...] = Field(min_length=1)

    def decisions(self) -> list[Decided]:
        """Each sentence's decision; counts are nought where the group does not show them."""
        return [one.decided() for one in self.sentence]

    def second_round(self) -> dict[str, dict[str, Wording]]:
        """What is still open: for each sentence, its wordings by their names."""
        return {d.sentence: options(d) for d in self.decisions() if d.decision == "open"}

    def as_json(self) -> str:
        """The file, for people too: one key a line."""
        table = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return json.dumps({"made_for": _MADE_FOR} | table, ensure_ascii=False, indent=2) + "\n"


@dataclass(frozen=True)
class Count:
    """Who decided, when, in which round, and whether its counts may be shown."""

    by: str
    on: datetime.date
    round: Literal[1, 2, 3]
    ballots: int
    show: bool = field(default=True)

    @property
    def shown(self) -> bool:
        """Counts of fewer than five ballots would tell who voted what."""
        return self.show and self.ballots >= SHOWN_FROM


def result_of(count: Count, decisions: Sequence[Decided]) -> Result:
    """The result; below five ballots, or where the group wants none, it holds no counts."""
    return Result(
        by=count.by,
        on=count.on,
        round=count.round,
        ballots=count.ballots,
        shown=count.shown,
        sentence=tuple(_sentence(one, count) for one in decisions),
    )


def _sentence(one: Decided, count: Count) -> _Sentence:
    """One decision; a count that an earlier result did not show is not known, and is no nought."""
    votes = {"for": one.votes[0], "against": one.votes[1]}
    many = count.ballots >= SHOWN_FROM
    # Of a new sentence only those told who miss it: that is no count until the next round.
    is_new = one.decision == "open" and not one.today.me
    is_known = count.shown and any(one.votes) and not is_new
    return _Sentence(
        id=one.sentence,
        decision=one.decision,
        today=_Text.of(one.today),
        wording=_Text.of(one.wording),
        votes=_Votes.model_validate(votes) if is_known else None,
        proposals=tuple(_Text.of(wording) for wording in one.proposals),
        may_drop=one.may_drop,
        section=one.section,
        reasons=one.reasons if count.shown else {},
        whys=one.whys if many else (),
    )


def read_result(text: str, file: str) -> Result:
    """Read a result's file; raises BallotError that names the file and the key."""
    try:
        table: Mapping[str, Any] = json.loads(_without_mail(text.removeprefix("\ufeff")))
        return Result.model_validate(table)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        raise BallotError(f"{file}: {key}: {first['msg']}") from None
    except (ValueError, RecursionError):
        raise BallotError(f"{file}: is no result of a count (JSON).") from None


def _without_mail(text: str) -> str:
    """The result alone, where it came in a mail that was saved as a text."""
    lines = text.splitlines()
    if "{" in lines and "}" in lines:
        return "\n".join(lines[lines.index("{") : len(lines) - lines[::-1].index("}")])
    return text


def as_csv(result: Result) -> str:
    """The result for a spreadsheet; no cell of it can be taken for a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for one in result.sentence:
        votes = (str(one.votes.yes), str(one.votes.against)) if one.votes else ("", "")
        proposals = " / ".join(text.me for text in one.proposals)
        cells = (one.id, one.decision, *votes, one.wording.me, one.wording.them, proposals)
        writer.writerow(f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells)
    return "\ufeff" + out.getvalue()


def as_text(result: Result) -> str:
    """The result as a group reads it aloud."""
    lines = [
        f"{result.by}, {result.on.isoformat()}, round {result.round}, {result.ballots} ballots"
    ]
    for one in result.sentence:
        count = f" ({one.votes.yes} for, {one.votes.against} against)" if one.votes else ""
        lines += ["", f"{one.id}: {one.decision}{count}"]
        lines += [f"  {text}" for text in (one.wording.me, one.wording.them) if text]
        lines += [f"  proposed: {text.me}" for text in one.proposals]
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", "\n".join(lines)) + "\n"
