"""To whom a letter goes straight, and the yes to that; the code comes after."""

from __future__ import annotations

import dataclasses

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from ..delivery.counted import LimitReached, MailNotOffered
from ..delivery.sealed_letter import ForPerson, letter_to_person
from ..delivery.shown import LetterChanged
from ..delivery.to_person import CodeNotSent, ask_for_yes, person_seal
from ..errors import Busy
from ..letter.answers import condition_name, fallback_name
from ..letter.compose import compose
from ..store.database import DatabaseUnavailable
from ..store.waiting import WaitingFull
from .check import names_to_ask, problem_page
from .common import fill, page, services, words
from .cookie import draft
from .forms import SomeoneForm
from .leaving import leads_to
from .questions import Question, open_questions, open_questions_of_reader, take_meant
from .steps import answers, closed_letter, keep, refused

bp = Blueprint("someone", __name__)


@bp.get("/letter/someone")
def someone() -> Response:
    """Show to whom the letter could go straight."""
    if stop := closed_letter() or _not_offered():
        return stop
    kept = draft().addresses
    typed = {
        "recipient_name": kept.reader_name or answers().to_name,
        "recipient_email": kept.reader,
        "email": kept.own,
        "may": kept.may,
    }
    return _form_page(SomeoneForm(words(), answers(), formdata=None, data=typed))


@bp.post("/letter/someone")
def someone_submit() -> Response:
    """Show the letter with its head and the consent; or, once agreed, mail the code."""
    form = SomeoneForm(words(), draft().answers)
    if stop := refused(form) or closed_letter() or _not_offered():
        return stop
    take_meant(form, "recipient_email", "email")
    if keep(form) and (address := leads_to()):
        return redirect(address, 303)
    if not form.validate_on_submit() or "change" in request.form:
        return _form_page(form, 422 if form.errors else 200)
    if not services().settings.may_receive(form.recipient_email.data):
        return _form_page(form, 422, not_allowed=True)
    if questions := _open_questions(form):
        return _form_page(form, 422, questions=questions)
    if not form.shown.data:
        return _consent_page(form)
    if form.consent.data != "yes":
        return _consent_page(form, 422, error="consent_missing")
    return _ask(form)


def _ask(form: SomeoneForm) -> Response:
    order = _order(form)
    try:
        asked = ask_for_yes(order, form.shown.data, services(), agreed=True)
    except LetterChanged:
        return redirect(url_for("check.check", changed=1), 303)
    except (LimitReached, WaitingFull):
        return problem_page("limit")
    except CodeNotSent:
        return problem_page("code_not_sent")
    except Busy:
        return _consent_page(form, 503, busy=True)
    except (DatabaseUnavailable, MailNotOffered):
        return problem_page("away")
    perhaps = None if asked.is_code_sent else 1
    return redirect(url_for("confirm.confirm", token=asked.token, perhaps=perhaps), 303)


def _order(form: SomeoneForm) -> ForPerson:
    return ForPerson(
        letter=compose(answers(), words()),
        language=answers().language,
        situation=answers().situation,
        draft_id=draft().id,
        own=form.email.data,
        recipient=form.recipient_email.data,
        recipient_name=form.recipient_name.data,
        consent=_consent(form),
        browser=draft().mark_browser(),
        ip=request.remote_addr or "",
    )


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
    return open_questions_of_reader(name, answers(), answered, services()) + [
        question
        for address in addresses
        for question in open_questions(address, answers(), answered, services())
        # The reader's own address tells them nothing new.
        if question.key != "ask_named" or address == form.email.data
    ]


def _form_page(
    form: SomeoneForm,
    status: int = 200,
    *,
    questions: list[Question] | None = None,
    not_allowed: bool = False,
) -> Response:
    form.draft.data = draft().id
    form.answered.data = ",".join([form.answered.data or "", *(q.id for q in questions or ())])
    return page(
        "someone.html",
        status,
        form=form,
        questions=questions or [],
        not_allowed=not_allowed,
    )


def _consent_page(
    form: SomeoneForm, status: int = 200, *, error: str = "", busy: bool = False
) -> Response:
    order = _order(form)
    mail = letter_to_person(order, services())
    note = words().texts["mails"]["person"]["note"].replace("{sender}", mail.sender)
    form.draft.data = draft().id
    form.shown.data = person_seal(order, services())
    return page(
        "consent.html",
        status,
        form=form,
        mail=mail,
        letter=dataclasses.replace(order.letter, note=note),
        reply_to=order.own,
        consent=order.consent,
        error=error,
        busy=busy,
    )
