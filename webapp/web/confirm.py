"""The page behind the link in the code mail: a right code opens the letter, a button sends it."""

from __future__ import annotations

import dataclasses
import secrets
from contextlib import suppress
from typing import Final

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from ..delivery.envelope import in_parts, unpack
from ..delivery.shown import shown_seal
from ..delivery.to_person import Attempt, send_opened
from ..delivery.within_limits import SendingBusy
from ..post import Outcome, Result
from ..store.database import DatabaseUnavailable
from ..store.opening import Store
from ..store.sealing import parse_code
from ..store.waiting import OpenedLetter, State, Withdrawal
from .common import no_mail_here, page, services
from .cookie import draft
from .forms import CodeForm
from .guards import NOT_SENT, answers, problem_of
from .inbox import awaited, clean_token, is_asked_for, letter_for, prove

bp = Blueprint("confirm", __name__)

# What the page that asks for the code may have to tell once.
_TOLD: Final = ("replaced", "new_code")
bp.before_request(no_mail_here)

# What the words' form.toml says of an attempt that failed; for the rest the letter's state speaks.
_FAILED: Final = {Result.NOT_SENT: "not_sent", Result.REFUSED: "refused"}


@bp.get("/confirm/<path:token>")
def confirm(token: str) -> Response:
    """Ask for the code; nothing of a letter, nor whether there is one."""
    return _code_page(clean_token(token))


@bp.post("/confirm/<path:token>")
def confirm_submit(token: str) -> Response:
    """Open the letter; or, with the opened letter's own button, send or delete it."""
    token = clean_token(token)
    store = services().store
    if store is None:
        return _code_page(token, "away", 503)
    if "cancel_here" in request.form:
        return _cancel_from_this_browser(store, token)
    form = CodeForm(request.form)
    if parse_code(form.code.data) is None:
        return _code_page(token, "digits", 422)
    wants_to_send = "send" in request.form and "cancel" not in request.form
    try:
        opened = store.waiting.open(token, form.code.data, to_send=wants_to_send)
        if opened is None:
            return _code_page(token, "wrong", 422)
        goes_at_once = _notice_proof(opened) and "cancel" not in request.form
        if wants_to_send or goes_at_once:
            return _send(opened, form)
        if "cancel" in request.form:
            return _cancel(store, opened, form)
    except NOT_SENT as error:
        problem = problem_of(error)
        return _code_page(token, problem.key, problem.status)
    return _opened_page(opened, form)


def _notice_proof(opened: OpenedLetter) -> bool:
    """A right code proves its inbox in this browser; whether the letter only waited for that."""
    draft().awaited = draft().asked_for = b""
    if not opened.payload:
        return False
    envelope = unpack(opened.payload)
    prove(envelope.own)
    return envelope.is_to_self and opened.state is State.WAITING


def _send(opened: OpenedLetter, form: CodeForm) -> Response:
    is_doubtful = opened.state is State.UNCERTAIN
    ticked = is_doubtful and request.form.get("again") == str(opened.attempt)
    again = opened.attempt if ticked else None
    try:
        attempt = send_opened(opened, services(), ip=request.remote_addr or "", again=again)
    except SendingBusy:
        return _opened_page(opened, form, _told("send_busy", opened), 503)
    except NOT_SENT as error:
        problem = problem_of(error)
        told = _told(problem.key, opened)
        return _opened_page(_now(opened, opened.state, form), form, told, problem.status)
    if attempt is State.UNCERTAIN and is_doubtful and not ticked:
        return _opened_page(opened, form, "again_needed", 422)
    if isinstance(attempt, State):
        # Waiting, and yet not to be sent: it was tried as often as it may be.
        told = "no_more" if attempt is State.WAITING else ""
        return _opened_page(_now(opened, attempt, form), form, told)
    if attempt.state is State.UNCERTAIN and draft().id == unpack(opened.payload).draft_id:
        draft().doubt = "perhaps" if unpack(opened.payload).is_to_self else "perhaps_straight"
    if attempt.outcome.result is Result.SENT:
        return _sent_page(opened, attempt)
    if not attempt.noted:
        return _unnoted_page(opened, attempt, form)
    told = _told(_why(attempt.outcome), opened)
    if attempt.state not in (State.WAITING, State.REFUSED):
        # Overtaken by another attempt, of which this one's "nobody got it" says nothing.
        told = "again_failed" if told and attempt.state is State.UNCERTAIN else ""
    return _opened_page(_now(opened, attempt.state, form), form, told)


def _why(outcome: Outcome) -> str:
    """Which words tell this outcome; only at RCPT a refusal is about the address."""
    return "refused_mail" if outcome.spares_the_address else _FAILED.get(outcome.result, "")


def _unnoted_page(opened: OpenedLetter, attempt: Attempt, form: CodeForm) -> Response:
    """What the relay said; the letter's own state says less, and no button works for a while."""
    told = _told(_why(attempt.outcome), opened)
    if told in ("", "again_failed"):
        opened = dataclasses.replace(opened, state=State.UNCERTAIN)
    told = "not_sent_unnoted" if told == "not_sent" else told
    return _opened_page(opened, form, told, noted=False)


def _told(key: str, opened: OpenedLetter) -> str:
    """What to say of an attempt; after an uncertain one no sentence may say "nobody got it"."""
    return "again_failed" if key and opened.state is State.UNCERTAIN else key


def _sent_page(opened: OpenedLetter, attempt: Attempt) -> Response:
    sealed = unpack(opened.payload)
    if draft().id == sealed.draft_id:
        # Another letter, begun meanwhile or by somebody else in this browser, stays open.
        straight = not sealed.is_to_self
        draft().mark_sent(int(services().clock().timestamp()), straight=straight)
    if sealed.is_to_self:
        if draft().sent_at and attempt.noted:
            return redirect(url_for("check.sent"), 303)
        return page("sent.html", can_return=False, straight=False, another=False)
    return page(
        "confirm_sent.html",
        name=sealed.recipient_name,
        has_receipt=attempt.has_receipt,
        noted=attempt.state in (State.SENT, State.GONE),
        before=False,
    )


def _now(opened: OpenedLetter, state: State, form: CodeForm) -> OpenedLetter:
    """The letter as it stands after an attempt; without the database, at least its state."""
    store = services().store
    token = clean_token((request.view_args or {}).get("token", ""))
    found = None
    with suppress(*NOT_SENT):
        found = store.waiting.open(token, form.code.data) if store else None
    return found or dataclasses.replace(
        opened,
        state=state,
        sent_at=int(services().clock().timestamp()),
        may_send_again=opened.may_send_again and state is opened.state,
    )


def _cancel(store: Store, opened: OpenedLetter, form: CodeForm) -> Response:
    state = store.waiting.cancel(opened)
    if state is not State.GONE:
        return _opened_page(_now(opened, state, form), form)
    # One that was being sent a moment ago may have arrived.
    certain = opened.state in (State.WAITING, State.REFUSED)
    return page("cancelled.html", how="unsent" if certain else "doubt")


def _cancel_from_this_browser(store: Store, token: str) -> Response:
    try:
        mark = draft().browser
        found = store.waiting.cancel_from(mark) if mark else Withdrawal(0, 0)
    except DatabaseUnavailable:
        return _code_page(token, "away", 503)
    # Without the code nothing is told of what had become of it.
    if found.sending:
        # It may yet come back as not sent, and wait again: "no letter waits here" would be wrong.
        return page("cancelled.html", how="sending", deleted=found.deleted)
    how = "all" if found.deleted > 1 else "doubt" if found.deleted else "none"
    return page("cancelled.html", how=how)


def _opened_page(
    opened: OpenedLetter, form: CodeForm, told: str = "", status: int = 200, *, noted: bool = True
) -> Response:
    if opened.state is State.GONE:
        return page("cancelled.html", how="none")
    if opened.state is State.SENT:
        return page("confirm_sent.html", name="", has_receipt=True, noted=True, before=True)
    sealed = unpack(opened.payload)
    return page(
        "confirm_letter.html",
        status,
        sealed=sealed,
        letter=in_parts(sealed, services()),
        opened=opened,
        state=opened.state.name.lower(),
        code=form.code.data,
        told=told,
        noted=noted,
    )


def _code_page(token: str, error: str = "", status: int = 200) -> Response:
    kind, perhaps, address = awaited(token)
    return page(
        "confirm.html",
        status,
        token=token,
        error=error,
        perhaps=perhaps,
        kind=kind,
        address=address,
        again_form=_form_again(token, kind, address),
        told=told if (told := draft().take_told()) in _TOLD else "",
        has_letter_here=bool(draft().browser),
    )


def _form_again(token: str, kind: str, address: str) -> dict[str, str]:
    """What "Send the code again" hands in: for the letter that was shown then, and no other."""
    if not address or not draft().has_letter or draft().sent_at:
        return {}
    form = {"draft": draft().id, "once": secrets.token_hex(8), "code_again": token}
    if kind == "person":
        # What it is for stands in this browser's own cookie, and on no page.
        return form if draft().asked_for and draft().addresses.own == address else {}
    shown = shown_seal(letter_for(answers(), address), draft().id, services())
    return form | {"email": address, "shown": shown} if is_asked_for(shown) else {}
