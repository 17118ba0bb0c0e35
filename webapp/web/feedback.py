"""How people found the letters: one tap for the letter, a mark for any sentence; only counted.

Writers and readers come alike, most without a cookie, so where a post came from is enough. No text
can be typed here, and nothing joins a mark to a person or to another mark.
"""

from __future__ import annotations

from typing import Final

from flask import Blueprint, abort, redirect, request, url_for
from flask_limiter import RequestLimit
from werkzeug.wrappers import Response

from ..letter.compose import say
from ..letter.words.catalogue import sentences_by_id
from ..store.database import DatabaseUnavailable
from ..store.feedback import (
    LETTER,
    NO_WORDING,
    OF_A_LETTER,
    OF_A_SENTENCE,
    Feedback,
    Mark,
)
from .common import page, services, words
from .cookie import draft
from .pages import where_they_were
from .sentences import ON_A_PAGE, all_places, begun, lead_of, part_of, text_of, title_of

bp = Blueprint("feedback", __name__)

# From one network: a group at one table can each mark a letter, and no script fills the counters.
OFTEN: Final = "60 per hour"

_FIELD: Final = "mark-"


@bp.before_request
def _only_where_it_can_be_counted() -> None:
    _store()


@bp.get("/feedback")
def feedback() -> Response:
    """Ask how the letter was, and lead to the sentences."""
    return page(
        "feedback.html",
        listed=all_places(words()),
        has_yours=bool(_yours()),
        back=where_they_were(),
    )


@bp.get("/feedback/yours")
def yours() -> Response:
    """Show the ticked sentences of the letter that is still in this browser."""
    if not (ticked := _yours()):
        return redirect(url_for("feedback.feedback"), 303)
    title = words().texts["pages"]["feedback"]["yours"]
    return page("feedback_sentences.html", title=title, lead="", sentences=ticked, following=0)


@bp.get("/feedback/thanks")
def thanks() -> Response:
    """Say that it was counted."""
    return page("feedback_told.html", told="thanks")


@bp.get("/feedback/<place>", defaults={"number": 1})
@bp.get("/feedback/<place>/<int:number>")
def sentences(place: str, number: int) -> Response:
    """Show the sentences of one place, to be marked."""
    found, following = part_of(place, number, words())
    return page(
        "feedback_sentences.html",
        place=place,
        title=title_of(place, words()),
        lead=lead_of(place, words()) if number > 1 else "",
        sentences=[
            {"id": one.id, "me": begun(one, text_of(one.me, "me", words()), words())}
            for one in found
        ],
        following=following,
    )


@bp.post("/feedback")
def count() -> Response:
    """Count what was tapped; what nobody can tap is left out."""
    marks = [*_mark_of_the_letter(), *_marks_of_sentences()]
    if not marks:
        return page("feedback_told.html", 422, told="none")
    try:
        _store().count(marks)
    except DatabaseUnavailable:
        return page("feedback_told.html", 503, told="away")
    return redirect(url_for("feedback.thanks"), 303)


def too_often(_: RequestLimit) -> Response:
    """Say kindly that these were not counted."""
    return page("feedback_told.html", 429, told="limit")


def _yours() -> list[dict[str, str]]:
    """The ticked sentences as the letter in this browser says them, an ask with its lead-in."""
    answers, language = draft().answers, words()
    if answers is None:
        return []
    known = language.statements
    found = [known[one] for one in answers.say if one in known][:ON_A_PAGE]
    leads = (say(language.sections[one.section].lead, answers, language) for one in found)
    return [
        {"id": one.id, "me": f"{lead} {say(one, answers, language)}".lstrip()}
        for one, lead in zip(found, leads, strict=True)
    ]


def _mark_of_the_letter() -> list[Mark]:
    mark = request.form.get("letter", "")
    return [Mark(LETTER, NO_WORDING, mark)] if mark in OF_A_LETTER else []


def _marks_of_sentences() -> list[Mark]:
    known = sentences_by_id(words())
    given = {
        name.removeprefix(_FIELD): mark
        for name, mark in request.form.items()
        if name.startswith(_FIELD) and mark in OF_A_SENTENCE
    }
    return [Mark(one, known[one].wording, mark) for one, mark in given.items() if one in known]


def _store() -> Feedback:
    """The counters; a host without a database has none, and not these pages either."""
    store = services().store
    if store is None:
        abort(404)
    return store.feedback
