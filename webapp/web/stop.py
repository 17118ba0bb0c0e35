"""No more mail to an address, once its owner proved by a code that it is theirs."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from ..delivery.stopping import ask_to_stop, stop_mail
from ..store.sealing import parse_code
from .common import no_mail_here, page, services, words
from .forms import CodeForm, StopForm
from .guards import NOT_SENT, problem_of
from .inbox import clean_token

bp = Blueprint("stop", __name__)
bp.before_request(no_mail_here)


@bp.get("/stop")
def stop() -> Response:
    """Ask for the address."""
    return page("stop.html", form=None, error="")


@bp.post("/stop")
def stop_submit() -> Response:
    """Mail a code to the address; the page tells nothing of what is known about it."""
    form = StopForm(request.form)
    if not form.validate():
        return page("stop.html", 422, form=form, error=str(form.email.errors[0]))
    try:
        language = words().language
        token = ask_to_stop(form.email.data, language, services(), ip=request.remote_addr or "")
    except NOT_SENT as error:
        problem = problem_of(error)
        return page("stop.html", problem.status, form=form, error=problem.key)
    return redirect(url_for("stop.stop_code", token=token), 303)


@bp.get("/stop/<path:token>")
def stop_code(token: str) -> Response:
    """Ask for the code."""
    return page("stop_code.html", token=token, error="")


@bp.post("/stop/<path:token>")
def stop_code_submit(token: str) -> Response:
    """Block the address that the code came to."""
    form = CodeForm(request.form)
    if parse_code(form.code.data) is None:
        return page("stop_code.html", 422, token=token, error="digits")
    try:
        done = stop_mail(clean_token(token), form.code.data, services())
    except NOT_SENT as error:
        problem = problem_of(error)
        return page("stop_code.html", problem.status, token=token, error=problem.key)
    if not done:
        return page("stop_code.html", 422, token=token, error="wrong")
    return page("stopped.html")
