"""The coordinator's page of a round: set up, start, remind, end, count, and hand the result on.

Every button asks for the link and the code of one mail; no GET shows or changes anything.
"""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from ...store.rounds import RoundBusy
from ...store.sealing import parse_code
from ..common import no_mail_here, page, services, words
from ..guards import NOT_SENT, problem_of
from ..inbox import clean_token
from . import ending, running, setting_up
from .visit import Visit

bp = Blueprint("group", __name__)
bp.before_request(no_mail_here)

_ACTIONS = {
    "parts": setting_up.parts,
    "setup": setting_up.setup,
    "look": setting_up.look,
    "start": setting_up.start_round,
    "remind": running.remind_all,
    "sheet": running.sheet,
    "table": running.table,
    "end": running.end,
    "count": running.count,
    "host": ending.to_host,
    "text": ending.as_file,
    "csv": ending.as_file,
    "json": ending.as_file,
    "forget": ending.forget,
}


@bp.get("/group/<path:token>")
def group(token: str) -> Response:
    """Ask for the code; whether there is a round is not told."""
    return _code_page(clean_token(token))


@bp.post("/group/<path:token>")
def group_submit(token: str) -> Response:
    """Do what the pressed button says, once the code is right."""
    token, code = clean_token(token), request.form.get("code", "")
    store = services().store
    if parse_code(code) is None or store is None:
        return _code_page(token, "digits", 422)
    try:
        opened = store.inviting.open(token, code)
        if opened is None:
            return _code_page(token, "wrong", 422)
        visit = Visit.of(store, opened, token, code)
        return _ACTIONS.get(request.form.get("do", ""), running.stands)(visit)
    except RoundBusy:
        return _code_page(token, "at_work", 409)
    except NOT_SENT as error:
        problem = problem_of(error)
        return _code_page(token, problem.key, problem.status)


def _code_page(token: str, error: str = "", status: int = 200) -> Response:
    texts = words().texts["group"]
    return page("group/code.html", status, token=token, error=error, group=texts)
