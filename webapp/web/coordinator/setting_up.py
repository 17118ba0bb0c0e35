"""Setting a round up: which texts, who, until when, by which rules; and what will happen then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from flask import request
from werkzeug.wrappers import Response

from ...delivery.rounds import start, told_until
from ...group.ballots import MOST_SENTENCES
from ...group.pieces import in_part
from ...group.plan import Plan
from ...group.round import NOT_ANONYMOUS_BELOW
from ...group.wordings import Fault, shown
from ...store.database import DatabaseUnavailable
from ..common import services, words
from .choosing import parts_page
from .running import stands
from .visit import Visit

# Twelve texts are read with care in ten minutes.
_SECONDS_A_TEXT: Final = 50


def parts(visit: Visit) -> Response:
    """First: which part of the letters."""
    if visit.runs:
        return stands(visit)
    return parts_page(visit)


def setup(visit: Visit) -> Response:
    """Then: which of its texts, who, until when, and by which rules."""
    plan = Plan.of(request.form, request.form.getlist("which"))
    before = visit.before
    if before and not plan.by:
        plan = Plan(
            by=before.sheet.by,
            threshold=str(before.threshold),
            quorum=str(before.quorum),
            show="yes" if before.sheet.show else "no",
        )
    return _setup_page(visit, plan, {})


def look(visit: Visit) -> Response:
    """Last: what will happen in this very round, with the button that starts it."""
    plan, faults = _planned(visit)
    if visit.runs or faults or not _has_texts(visit, plan):
        return _setup_page(visit, plan, faults, 422)
    planned = plan.round(words(), visit.before, visit.store.rounds.now())
    return visit.shows(
        "look",
        plan=plan,
        planned=planned,
        minutes=max(1, round(len(planned.sheet.questions) * _SECONDS_A_TEXT / 60)),
        until=told_until(planned.until, words()),
        few=len(planned.members) < NOT_ANONYMOUS_BELOW,
    )


def start_round(visit: Visit) -> Response:
    """Mail everybody their link; the round runs once all mails have left."""
    plan, faults = _planned(visit)
    if visit.runs or faults or not _has_texts(visit, plan):
        return _setup_page(visit, plan, faults, 422)
    planned = plan.round(words(), visit.before, visit.store.rounds.now())
    texts = words().texts["group"]["look"]
    try:
        unreached = start(visit.who, planned, services())
    except DatabaseUnavailable:
        return _setup_page(visit, plan, {}, 503, texts["again"])
    if unreached:
        told = texts["unreached"].replace("{members}", f"{', '.join(unreached)}.")
        return _setup_page(visit, plan, {}, 422, told)
    return stands(visit.again(), "started")


def _planned(visit: Visit) -> tuple[Plan, dict[str, Fault]]:
    plan = Plan.of(request.form, request.form.getlist("which"))
    return plan, plan.faults(words(), visit.before)


def _has_texts(visit: Visit, plan: Plan) -> bool:
    return bool(plan.questions(words(), visit.before))


def _setup_page(
    visit: Visit, plan: Plan, faults: Mapping[str, Fault], status: int = 200, told: str = ""
) -> Response:
    if visit.runs:
        return stands(visit)
    pieces = () if visit.before else in_part(plan.part, words())
    if not visit.before and not pieces:
        return parts_page(visit)
    return visit.shows(
        "setup",
        status,
        plan=plan,
        faults=faults,
        texts=[(one.id, shown(one.wording.me, words())) for one in pieces],
        most=MOST_SENTENCES,
        goes_on=bool(visit.before),
        told=told,
    )
