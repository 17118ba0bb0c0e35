"""A round that runs, and one that waits to be counted."""

from __future__ import annotations

import datetime

from flask import request
from werkzeug.wrappers import Response

from ...delivery.rounds import remind, told_until
from ...errors import BallotError
from ...group.ballots import Vote, Weighing, Wording, blank, blank_second, votes_in, weighings_in
from ...group.round import Ballot, Paper, Round, Sheet
from ...group.sheet import first_sheet, second_sheet
from ..common import services, words
from .choosing import parts_page
from .ending import download, result
from .visit import Visit


def stands(visit: Visit, told: str = "", status: int = 200) -> Response:
    """The page that fits how far the round is."""
    if visit.round is None:
        return parts_page(visit)
    if visit.round.is_counted:
        return result(visit, told, status)
    until = told_until(visit.round.until, words())
    return visit.shows("running" if visit.is_open else "over", status, until=until, told=told)


def remind_all(visit: Visit) -> Response:
    """Remind everybody once; nobody knows who has answered."""
    if not visit.is_open or visit.round is None or visit.round.reminded:
        return stands(visit)
    unreached = remind(visit.who, services())
    return stands(visit.again(), "reminded_some" if unreached else "")


def end(visit: Visit) -> Response:
    """End the round before its time, where that was ticked."""
    if not visit.runs:
        return stands(visit)
    if visit.is_open and request.form.get("sure") != "yes":
        return stands(visit, "end_needed", 422)
    visit.store.rounds.end(visit.who.root)
    return stands(visit.again())


def count(visit: Visit) -> Response:
    """Count all ballots, those on paper too; where a table is broken, nothing has changed."""
    if visit.round is None or not visit.runs or visit.is_open:
        return stands(visit)

    def counted(state: bytes, contents: list[bytes]) -> bytes:
        round_ = Round.read(state)
        if round_.is_counted:
            return state
        ballots = [Ballot.read(one) for one in contents]
        today = datetime.datetime.fromtimestamp(visit.store.rounds.now(), datetime.UTC).date()
        return round_.counted(ballots, paper, today).to_bytes()

    try:
        paper = _paper(visit.round.sheet)
        with visit.store.rounds.press(visit.who.root):
            visit.store.rounds.end(visit.who.root)
            visit.store.rounds.close(visit.who.root, counted)
    except BallotError as error:
        problem = words().texts["group"]["running"]["paper_wrong"]
        return stands(visit.again(), problem.replace("{problem}", str(error)), 422)
    return stands(visit.again())


def _paper(sheet: Sheet) -> Paper:
    """The filled tables that came along. Raises BallotError, which names file and row."""
    votes: list[list[Vote]] = []
    weighings: list[list[Weighing]] = []
    for file in request.files.getlist("paper"):
        if not file.filename:
            continue
        try:
            text = file.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise BallotError("The file is no table (CSV, saved as UTF-8).") from None
        if sheet.weighs:
            weighings += [*weighings_in(text, "table").values()]
        else:
            votes += [*votes_in(text, "table").values()]
    asked = {one.id for one in sheet.questions}
    told = {one.sentence for ballot in votes for one in ballot}
    told |= {one.sentence for ballot in weighings for one in ballot}
    if unknown := told - asked:
        raise BallotError(f"“{min(unknown)[:40]}” is not asked in this round.")
    return Paper(votes, weighings)


def sheet(visit: Visit) -> Response:
    """The same ballot to print."""
    if visit.round is None or not visit.runs:
        return stands(visit)
    weighs = visit.round.sheet.weighs
    page = (
        second_sheet(_next(visit.round), words())
        if weighs
        else first_sheet(_first(visit.round), words())
    )
    return download(page, "text/html", "ballot.html")


def table(visit: Visit) -> Response:
    """The same ballot as a table to fill in."""
    if visit.round is None or not visit.runs:
        return stands(visit)
    weighs = visit.round.sheet.weighs
    text = blank_second(_next(visit.round)) if weighs else blank(_first(visit.round))
    return download(text, "text/csv", "ballot.csv")


def _first(round_: Round) -> dict[str, Wording]:
    return {one.id: one.today for one in round_.sheet.questions}


def _next(round_: Round) -> dict[str, dict[str, Wording]]:
    return {q.id: {one.name: one.wording for one in q.options} for q in round_.sheet.questions}
