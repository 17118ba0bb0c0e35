"""The last screen: the letter as it will arrive, and every way to take it."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from ..delivery.code_mail import Asker
from ..delivery.shown import LetterChanged
from ..delivery.to_self import ToSelf, ask_own_inbox, needs_code, send_to_self
from ..letter.compose import Letter, compose
from ..letter.paper import copied, on_paper
from ..letter.plain_name import has_own_words
from ..post import Outcome, Result
from ..rendering.templates import Bodies
from .common import can_return, page, sent_page, services, words
from .cookie import draft
from .forms import DeleteForm, SendForm
from .guards import (
    NOT_SENT,
    answers,
    check_page,
    closed_letter,
    keep,
    names_to_ask,
    problem_of,
    refused,
)
from .inbox import await_code, is_proved, letter_for
from .leaving import leads_to
from .questions import open_questions, take_meant

bp = Blueprint("check", __name__)

# The names of the outcomes in the words' form.toml.
_OUTCOMES: Final = {
    Result.SENT: "sent",
    Result.NOT_SENT: "not_sent",
    Result.REFUSED: "refused",
    Result.PERHAPS_SENT: "perhaps",
}


@bp.get("/letter/check")
def check() -> Response:
    """Show the letter, word for word, and the ways to take it."""
    if stop := closed_letter():
        return stop
    form = SendForm(words(), formdata=None)
    return check_page(form)


@bp.post("/letter/check")
def check_submit() -> Response:
    """Email the letter to its writer; or show the page again and say why not."""
    form = SendForm(words())
    if _is_sent(form):
        return redirect(url_for("check.sent"), 303)
    if stop := refused(form) or closed_letter():
        return stop
    take_meant(form, "email")
    is_ours = keep(form)
    if is_ours and (address := leads_to()):
        return redirect(address, 303)
    if is_ours and "keep" in request.form:
        # Only what the page showed is kept; words added in another tab are asked about.
        draft().kept = request.form["keep"] if _is_hexadecimal(request.form["keep"]) else ""
        return redirect(url_for("check.check"), 303)
    if services().mail_reason(answers().language, answers().level):
        return check_page(form, 409)
    if names_to_ask() or not form.validate_on_submit():
        return check_page(form, 422)
    # Asked before the first code went, and answered.
    questions = open_questions(form.email.data, answers(), form.answered.data or "", services())
    if questions and "code_again" not in request.form:
        return check_page(form, 422, questions=questions)
    return _send(form)


@bp.get("/letter/sent")
def sent() -> Response:
    """Show what to do now; nothing of the letter."""
    if not draft().sent_at:
        return page("nothing.html", typed=[])
    return sent_page()


@bp.post("/letter/sent")
def sent_submit() -> Response:
    """Bring the answers back, as a new draft."""
    found = draft()
    if not DeleteForm().validate_on_submit():
        return redirect(url_for("check.sent"), 303)
    if found.answers is None or not can_return():
        return page("nothing.html", 409, typed=[])
    found.begin(found.answers)
    return redirect(url_for("check.check"), 303)


@bp.get("/letter/my-letter.txt")
def as_text() -> Response:
    """Give the letter as a text file."""
    return closed_letter() or _file(_bodies_without_address().text, "my-letter.txt", "text/plain")


@bp.get("/letter/my-letter.html")
def as_html() -> Response:
    """Give the letter as a page to keep."""
    return closed_letter() or _file(_bodies_without_address().html, "my-letter.html", "text/html")


@bp.get("/letter/print")
def as_print() -> Response:
    """Show the letter alone, as it is printed."""
    if stop := closed_letter():
        return stop
    paper = on_paper(answers(), words(), services().clock().date())
    return page("print.html", letter=_copied_letter(), paper=paper, reply_to="")


def _send(form: SendForm) -> Response:
    address = form.email.data
    order = ToSelf(
        letter=letter_for(answers(), address),
        language=answers().language,
        situation=answers().situation,
        draft_id=draft().id,
        shown=form.shown.data or "",
        address=address,
        has_own_words=has_own_words(answers()),
        is_proved=is_proved(address),
        ip=request.remote_addr or "",
        again=bool(form.again.data),
    )
    try:
        if needs_code(order, services()):
            return _mail_code(form, order)
        outcome = send_to_self(order, services())
    except LetterChanged:
        return check_page(form, 409, changed=True)
    except NOT_SENT as error:
        problem = problem_of(error)
        return check_page(form, problem.status, outcome=problem.key)
    if outcome.result is Result.SENT:
        what = _what_is_sent(order.shown, order.address)
        draft().mark_sent(int(services().clock().timestamp()), what=what)
        return redirect(url_for("check.sent"), 303)
    if outcome.result is Result.PERHAPS_SENT:
        draft().doubt = "perhaps"
    return check_page(form, outcome=_words_of(outcome))


def _mail_code(form: SendForm, order: ToSelf) -> Response:
    """The six digits first: the letter follows when they were typed."""
    press = (draft().id, order.shown, order.address, form.once.data or "")
    asker = Asker(order.address, order.language, order.ip, draft().mark_browser(), press)
    mailed = ask_own_inbox(order, asker, services())
    is_code_sent = mailed.is_code_sent
    if is_code_sent and "code_again" in request.form:
        draft().told = "new_code"
    await_code(mailed.token, "own", order.address, is_code_sent=is_code_sent, shown=order.shown)
    return redirect(url_for("confirm.confirm", token=mailed.token), 303)


def _is_sent(form: SendForm) -> bool:
    """Whether this is a second press for a letter that has left to this very address."""
    if not draft().sent_at or form.draft.data != draft().id:
        return False
    what = _what_is_sent(form.shown.data or "", (form.email.data or "").strip())
    return what == draft().sent_what


def _what_is_sent(shown: str, address: str) -> str:
    return services().keys.fingerprint("sent/v1", shown, address.lower())[:8]


def _is_hexadecimal(text: str) -> bool:
    return len(text) == 8 and set(text) <= set("0123456789abcdef")


def _words_of(outcome: Outcome) -> str:
    """Which words tell this outcome; only at RCPT a refusal is about the address."""
    if outcome.spares_the_address:
        return "refused_mail"
    return _OUTCOMES[outcome.result]


def _bodies_without_address() -> Bodies:
    """The letter as it is copied and kept: without the lines by which its reader answers."""
    return services().templates.letter_bodies(_copied_letter(), "")


def _copied_letter() -> Letter:
    return copied(compose(answers(), words()), draft().addresses.answer_by, words())


def _file(content: str, name: str, media_type: str) -> Response:
    response = make_response(content)
    response.content_type = f"{media_type}; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
