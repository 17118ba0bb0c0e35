"""What came of a round: shown, taken along, sent to the host, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from flask import make_response, request
from werkzeug.wrappers import Response

from ...delivery.rounds import host_address, send_result
from ...group.result import Result, as_csv, as_text
from ...group.round import Round
from ...group.wordings import shown
from ...letter.answers import day
from ...post import Result as Sent
from ..common import services, words
from .choosing import parts_page
from .visit import Visit


@dataclass(frozen=True)
class Line:
    """One text of a result as people read it."""

    decision: str
    text: str = field(repr=False)
    them: str = field(repr=False)
    count: tuple[int, int] | None = field(repr=False)
    proposals: tuple[str, ...] = field(repr=False)
    reasons: Mapping[str, int] = field(repr=False)
    whys: tuple[str, ...] = field(repr=False)


def result(visit: Visit, told: str = "", status: int = 200) -> Response:
    """The result, and what can be done with it."""
    if visit.round is None:
        return parts_page(visit)
    lines = [*_lines(visit.round.result)] if visit.round.result else []
    has_host = bool(host_address(services()))
    on = day(visit.round.result.on, words()) if visit.round.result else ""
    return visit.shows("result", status, lines=lines, on=on, told=told, has_host=has_host)


def _lines(found: Result) -> list[Line]:
    lines = []
    for one in found.sentence:
        wording = one.wording if one.wording.me or one.wording.them else one.today
        lines.append(
            Line(
                decision=one.decision,
                text=shown(wording.me, words()),
                them=shown(wording.them, words()),
                count=(one.votes.yes, one.votes.against) if one.votes else None,
                proposals=tuple(shown(text.me, words()) for text in one.proposals),
                reasons=one.reasons,
                whys=one.whys,
            )
        )
    return lines


def to_host(visit: Visit) -> Response:
    """Send the result to the host, in one press."""
    found = _found(visit.round)
    if found is None or not host_address(services()):
        return result(visit)
    outcome = send_result(visit.who, found, services())
    sent = outcome.result in (Sent.SENT, Sent.PERHAPS_SENT)
    return result(visit, "host_sent" if sent else "host_not", 200 if sent else 503)


# How each button's file is made: its kind, and what writes it.
_FILES: Final = {
    "text": ("text/plain", "txt", as_text),
    "csv": ("text/csv", "csv", as_csv),
    "json": ("application/json", "json", Result.as_json),
}


def as_file(visit: Visit) -> Response:
    """The result to keep."""
    found = _found(visit.round)
    if found is None:
        return result(visit)
    kind, ending, written = _FILES[request.form["do"]]
    return download(written(found), kind, f"result.{ending}")


def forget(visit: Visit) -> Response:
    """Delete the round, its result and this page itself, where that was ticked."""
    if visit.runs or request.form.get("sure") != "yes":
        return result(visit, "forget_needed", 422)
    visit.store.rounds.delete(visit.who.root)
    visit.store.inviting.cancel(visit.opened)
    return visit.shows("forgotten")


def _found(round_: Round | None) -> Result | None:
    return round_.result if round_ else None


def download(text: str, kind: str, name: str) -> Response:
    """A file to keep, which no browser opens as a page of ours."""
    headers = {
        "Content-Type": f"{kind}; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{name}"',
    }
    return make_response(text, 200, headers)
