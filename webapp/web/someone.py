"""To whom a letter goes straight, and the yes to that; the code comes after."""

from __future__ import annotations

import secrets
from contextlib import suppress

from flask import Blueprint, redirect, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from ..delivery.code_mail import Asker
from ..delivery.envelope import Envelope, ForPerson, envelope_for, envelope_seal
from ..delivery.shown import LetterChanged
from ..delivery.to_person import ask_for_yes
from ..errors import Busy
from ..letter.answers import condition_name, fallback_name
from ..letter.compose import compose
from ..store.database import DatabaseUnavailable
from ..store.sealing import parse_token
from .common import fill, page, services, words
from .cookie import draft
from .forms import SomeoneForm
from .guards import (
    NOT_SENT,
    answers,
    closed_letter,
    keep,
    letter_changed,
    names_to_ask,
    problem_of,
    problem_page,
    refused,
)
from .inbox import await_code, clean_token, is_asked_for
from .leaving import leads_to
from .questions import (
    Question,
    open_questions,
    open_questions_of_both,
    open_questions_of_reader,
    take_meant,
)

bp = Blueprint("someone", __name__)


@bp.get("/letter/someone")
def someone() -> Response:
    """Show to whom the letter could go straight."""
    if stop := closed_letter() or _not_offered():
        return stop
    typed = _addresses()
    typed["recipient_name"] = typed["recipient_name"] or answers().to_name
    return _form_page(SomeoneForm(words(), answers(), formdata=None, data=typed))


@bp.post("/letter/someone")
def someone_submit() -> Response:
    """Show the letter with its head and the consent; or, once agreed, mail the code."""
    if "code_again" in request.form:
        return _ask_again()
    form = SomeoneForm(words(), draft().answers)
    if stop := refused(form) or closed_letter() or _not_offered():
        return stop
    take_meant(form, "recipient_email", "email")
    taken_out = draft().taken_out
    if keep(form) and (address := leads_to()):
        return redirect(address, 303)
    if form.shown.data:
        # From the page with the consent, where nothing is typed.
        draft().taken_out = taken_out
    if not form.validate_on_submit() or "change" in request.form:
        return _form_page(form, 422 if form.errors else 200)
    if not services().settings.may_receive(form.recipient_email.data):
        form.recipient_email.errors = ["recipient_email_not_allowed"]
        return _form_page(form, 422)
    if questions := _open_questions(form):
        return _form_page(form, 422, questions=questions)
    if not form.shown.data:
        return _consent_page(form)
    if form.consent.data != "yes":
        return _consent_page(form, 422, error="consent_missing")
    return _ask(form)


def _ask_again() -> Response:
    """Mail another code for the letter that was agreed to; what it is for the cookie knows."""
    typed = MultiDict(request.form) | _addresses()
    form = SomeoneForm(words(), draft().answers, formdata=typed)
    if stop := refused(form) or closed_letter() or _not_offered():
        return stop
    if not form.validate() or not services().settings.may_receive(form.recipient_email.data):
        return _form_page(form, 422)
    form.shown.data = envelope_seal(_envelope(form), services())
    token = clean_token(request.form["code_again"])
    if not is_asked_for(form.shown.data) or not parse_token(token):
        # Another letter than the one that was agreed to.
        return _consent_page(form)
    return _ask(form, instead_of=token)


def _ask(form: SomeoneForm, instead_of: str = "") -> Response:
    asker = Asker(
        form.email.data,
        answers().language,
        request.remote_addr or "",
        draft().mark_browser(),
        (draft().id, form.shown.data, form.once.data or ""),
        instead_of=instead_of,
        keeps_older=request.form.get("keep_older") == "yes",
    )
    try:
        mailed = ask_for_yes(_envelope(form), form.shown.data, asker, services(), agreed=True)
    except LetterChanged:
        return letter_changed()
    except Busy:
        return _consent_page(form, 503, busy=True)
    except NOT_SENT as error:
        return problem_page(problem_of(error))
    await_code(
        mailed.token,
        "person",
        asker.address,
        is_code_sent=mailed.is_code_sent,
        shown=form.shown.data,
    )
    if instead_of and mailed.is_code_sent:
        draft().told = "new_code"
    elif mailed.replaced:
        draft().told = "replaced"
    return redirect(url_for("confirm.confirm", token=mailed.token), 303)


def _addresses() -> dict[str, str]:
    """What this browser's cookie keeps of this page's fields until the letter went."""
    kept = draft().addresses
    return {
        "recipient_name": kept.reader_name,
        "recipient_email": kept.reader,
        "email": kept.own,
        "may": kept.may,
    }


def _envelope(form: SomeoneForm) -> Envelope:
    order = ForPerson(
        letter=compose(answers(), words()),
        language=answers().language,
        situation=answers().situation,
        draft_id=draft().id,
        own=form.email.data,
        recipient=form.recipient_email.data,
        recipient_name=form.recipient_name.data,
        consent=_consent(form),
    )
    return envelope_for(order, services())


def _consent(form: SomeoneForm) -> str:
    """The sentence that is agreed to: who sends, to whom, and what they will learn."""
    said, settings = answers(), services().settings
    texts = words().texts["form"]["someone"]
    voice = "me" if said.voice == "me" else "them"
    host = settings.host_name
    if said.level != "named" and services().wall(said.language).is_named_in(host):
        host = texts["this_service"]
    return fill(
        texts[f"consent_{voice}_{said.level}"],
        host=host,
        name=form.recipient_name.data,
        address=form.recipient_email.data,
        person=said.name or fallback_name(said, words()),
        condition=condition_name(said, words()),
    ).unescape()


def _not_offered() -> Response | None:
    said = answers()
    if services().direct_reason(said.language, said.level) or names_to_ask():
        return redirect(url_for("check.check"), 303)
    return None


def _open_questions(form: SomeoneForm) -> list[Question]:
    answered = form.answered.data or ""
    addresses = dict.fromkeys((form.recipient_email.data, form.email.data))
    name = form.recipient_name.data
    return (
        open_questions_of_reader(name, answers(), answered, services())
        + open_questions_of_both(form.recipient_email.data, form.email.data, answered, services())
        + [
            question
            for address in addresses
            for question in open_questions(address, answers(), answered, services())
            # The reader's own address tells them nothing new.
            if question.key != "ask_named" or address == form.email.data
        ]
    )


def _form_page(
    form: SomeoneForm,
    status: int = 200,
    *,
    questions: list[Question] | None = None,
) -> Response:
    form.draft.data = draft().id
    form.answered.data = ",".join([form.answered.data or "", *(q.id for q in questions or ())])
    return page(
        "someone.html",
        status,
        form=form,
        questions=questions or [],
        tells=answers().level != "named",
    )


def _consent_page(
    form: SomeoneForm, status: int = 200, *, error: str = "", busy: bool = False
) -> Response:
    envelope = _envelope(form)
    # Before the button is there: two presses of it come from one browser.
    draft().mark_browser()
    form.draft.data = draft().id
    form.shown.data = envelope_seal(envelope, services())
    return page(
        "consent.html",
        status,
        form=form,
        mail=envelope.mail,
        letter=envelope.letter,
        reply_to=envelope.own,
        consent=envelope.consent,
        once=secrets.token_hex(8),
        error=error,
        busy=busy,
        older=_older(),
        taken_out="recipient_name" in draft().taken_out,
    )


def _older() -> int:
    """How many letters of this browser wait; asking for a new code would replace them."""
    store = services().store
    with suppress(DatabaseUnavailable):
        return store.waiting.waits_from(draft().mark_browser()) if store else 0
    return 0
