"""The last screen: the letter as it will arrive, and every way to take it."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from ..delivery.counted import LimitReached, MailNotOffered
from ..delivery.shown import LetterChanged, shown_seal
from ..delivery.to_self import ToSelf, send_to_self
from ..errors import Busy
from ..letter.compose import compose, contradictions
from ..post import Outcome, Result
from ..rendering.templates import Bodies
from ..store.ledger import LedgerUnavailable
from .common import can_return, page, sent_page, services, words
from .cookie import FREE_TEXTS, draft
from .forms import DeleteForm, SendForm
from .leaving import leads_to
from .questions import Question, open_questions, own_names, seal_of_names, take_meant
from .steps import answers, closed_letter, keep, refused, rights_to_choose

bp = Blueprint("check", __name__)

# Beyond so many sentences a reader skims; a mild line says so, and nothing is blocked.
_MANY_TICKS = 20
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
    return _check_page(form, changed="changed" in request.args)


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
        return _check_page(form, 409)
    if names_to_ask() or not form.validate_on_submit():
        return _check_page(form, 422)
    questions = open_questions(form.email.data, answers(), form.answered.data or "", services())
    if questions:
        return _check_page(form, 422, questions=questions)
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
    return closed_letter() or page("print.html", letter=compose(answers(), words()), reply_to="")


def _send(form: SendForm) -> Response:
    letter = compose(answers(), words())
    order = ToSelf(
        letter=letter,
        language=answers().language,
        situation=answers().situation,
        draft_id=draft().id,
        shown=form.shown.data or "",
        address=form.email.data,
        ip=request.remote_addr or "",
        again=bool(form.again.data),
    )
    try:
        outcome = send_to_self(order, services())
    except LetterChanged:
        return redirect(url_for("check.check", changed=1), 303)
    except MailNotOffered:
        return _check_page(form, 409)
    except LimitReached:
        return _check_page(form, 429, outcome="limit")
    except Busy:
        return _check_page(form, 503, outcome="busy")
    except LedgerUnavailable:
        return _check_page(form, 503, outcome="away")
    if outcome.result is Result.SENT:
        what = _what_is_sent(order.shown, order.address)
        draft().mark_sent(int(services().clock().timestamp()), what=what)
        return redirect(url_for("check.sent"), 303)
    return _check_page(form, outcome=_told(outcome))


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


def _told(outcome: Outcome) -> str:
    """Which words tell this outcome; only at RCPT a refusal is about the address."""
    if outcome.spares_the_address:
        return "refused_mail"
    return _OUTCOMES[outcome.result]


def problem_page(outcome: str) -> Response:
    """The letter still on its page, with why it was not sent."""
    status = {"limit": 429, "away": 503}.get(outcome, 200)
    return _check_page(SendForm(words(), formdata=None), status, outcome=outcome)


def _check_page(
    form: SendForm,
    status: int = 200,
    *,
    changed: bool = False,
    questions: list[Question] | None = None,
    outcome: str = "",
) -> Response:
    letter = compose(answers(), words())
    if not form.email.data:
        form.email.data = draft().addresses.own
    mail_reason = services().mail_reason(answers().language, answers().level)
    ticks = len(letter.ticked)
    form.draft.data = draft().id
    form.shown.data = shown_seal(letter, draft().id, services())
    form.answered.data = ",".join([form.answered.data or "", *(q.id for q in questions or ())])
    return page(
        "check.html",
        status,
        form=form,
        letter=letter,
        answers=answers(),
        changed=changed,
        questions=questions or [],
        outcome=outcome,
        again=outcome in ("not_sent", "perhaps"),
        names=names_to_ask(),
        names_seal=seal_of_names(answers(), services()),
        direct_reason=services().direct_reason(answers().language, answers().level),
        mail_reason=mail_reason,
        telling_sender=services().telling_sender(answers().language),
        taken_out=[name for name in FREE_TEXTS if name in draft().taken_out],
        contradictions=contradictions(answers(), words()),
        ticks=ticks,
        has_rights=bool(rights_to_choose(answers(), words())),
        long=ticks > _MANY_TICKS,
        reply_to="" if mail_reason else form.email.data or words().texts["form"]["check"]["slot"],
    )


def names_to_ask() -> list[str]:
    """Names of the condition in the person's own words that they have not yet said to keep."""
    if draft().kept and draft().kept == seal_of_names(answers(), services()):
        return []
    return own_names(answers(), services())


def _bodies_without_address() -> Bodies:
    """The letter as it is copied and kept: without the lines by which its reader answers."""
    return services().templates.letter_bodies(compose(answers(), words()), "")


def _file(content: str, name: str, media_type: str) -> Response:
    response = make_response(content)
    response.content_type = f"{media_type}; charset=utf-8"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
