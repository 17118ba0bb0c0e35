"""The page behind the link in the code mail: a right code opens the letter, a button sends it."""

from __future__ import annotations

import datetime

from flask import Blueprint, request
from werkzeug.wrappers import Response

from ..browser import draft
from ..database import DatabaseUnavailable
from ..delivery.counted import LimitReached, MailNotOffered
from ..delivery.notices import moment
from ..delivery.sealed_letter import SealedLetter, unpack
from ..delivery.to_person import send_opened
from ..forms import CodeForm
from ..ledger import LedgerUnavailable
from ..post import Outcome, Result
from ..sealing import SealingBusy, parse_code
from ..store import Store
from ..waiting import Opened, State
from .common import page, services, words

bp = Blueprint("confirm", __name__)


@bp.get("/confirm/<token>")
def confirm(token: str) -> Response:
    """Ask for the code; nothing of a letter, nor whether there is one."""
    return _code_page(token)


@bp.post("/confirm/<token>")
def confirm_submit(token: str) -> Response:
    """Open the letter; or, with the opened letter's own button, send or delete it."""
    store = services().store
    if store is None:
        return _code_page(token, "away", 503)
    if "cancel_here" in request.form:
        return _cancel_from_this_browser(store)
    form = CodeForm(request.form)
    if parse_code(form.code.data) is None:
        return _code_page(token, "digits", 422)
    try:
        opened = store.waiting.open(token, form.code.data)
        if opened is None:
            return _code_page(token, "wrong", 422)
        if "cancel" in request.form:
            return _cancel(store, opened, form)
        if "send" in request.form:
            return _send(opened, form)
    except SealingBusy:
        return _code_page(token, "busy", 503)
    except DatabaseUnavailable:
        return _code_page(token, "away", 503)
    return _opened_page(opened, form)


def _send(opened: Opened, form: CodeForm) -> Response:
    again = None
    if opened.state is State.UNCERTAIN:
        if request.form.get("again") != str(opened.attempt):
            return _opened_page(opened, form, "again_needed", 422)
        again = opened.attempt
    try:
        ended, receipt = send_opened(opened, services(), ip=request.remote_addr or "", again=again)
    except LimitReached:
        return _opened_page(opened, form, "limit", 429)
    except (LedgerUnavailable, MailNotOffered):
        return _opened_page(opened, form, "away", 503)
    if isinstance(ended, State):
        return _opened_page(_again(form) or opened, form)
    if ended.result is not Result.SENT:
        return _opened_page(_again(form) or opened, form, _told(ended))
    if draft().answers is not None:
        draft().sent_at = int(services().clock().timestamp())
    sealed = unpack(opened.payload)
    has_receipt = receipt is not None and receipt.result is Result.SENT
    return page("confirm_sent.html", name=sealed.recipient_name, has_receipt=has_receipt, when="")


def _told(outcome: Outcome) -> str:
    return {
        Result.NOT_SENT: "not_sent",
        Result.REFUSED: "refused",
        Result.PERHAPS_SENT: "",
        Result.SENT: "",
    }[outcome.result]


def _again(form: CodeForm) -> Opened | None:
    """The letter as it stands after an attempt."""
    store = services().store
    token = (request.view_args or {}).get("token", "")
    try:
        return store.waiting.open(token, form.code.data) if store else None
    except (SealingBusy, DatabaseUnavailable):
        return None


def _cancel(store: Store, opened: Opened, form: CodeForm) -> Response:
    state = store.waiting.cancel(opened)
    if state is not State.GONE:
        return _opened_page(_again(form) or opened, form)
    return page("cancelled.html")


def _cancel_from_this_browser(store: Store) -> Response:
    try:
        if draft().browser:
            store.waiting.cancel_from(draft().browser)
    except DatabaseUnavailable:
        return _code_page("", "away", 503)
    return page("cancelled.html")


def _opened_page(opened: Opened, form: CodeForm, told: str = "", status: int = 200) -> Response:
    if opened.state is State.SENT:
        when = datetime.datetime.fromtimestamp(opened.sent_at or 0, datetime.UTC)
        return page("confirm_sent.html", name="", has_receipt=True, when=moment(when, words()))
    sealed: SealedLetter = unpack(opened.payload)
    return page(
        "confirm_letter.html",
        status,
        sealed=sealed,
        opened=opened,
        state=opened.state.name.lower(),
        code=form.code.data,
        told=told,
        lines=sealed.mail.text.splitlines(),
    )


def _code_page(token: str, error: str = "", status: int = 200) -> Response:
    has_letter_here = bool(draft().browser)
    return page("confirm.html", status, token=token, error=error, has_letter_here=has_letter_here)
