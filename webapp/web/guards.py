"""What stands before a page: whether there is a letter to show, and what hindered its sending."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from ..delivery.code_mail import CodeNotSent
from ..delivery.shown import shown_seal
from ..delivery.within_limits import LimitReached, MailNotOffered
from ..errors import Busy, WordAheadError
from ..letter.compose import Answers, Letter, contradictions
from ..letter.words import Right, Words
from ..store.database import DatabaseUnavailable
from ..store.waiting import WaitingFull
from .common import page, sent_page, services, words
from .cookie import FREE_TEXTS, draft
from .forms import STEPS, TYPED, AboutYouForm, HowMuchForm, SendForm, StepForm
from .inbox import code_first, letter_for
from .leaving import PLACES, typed_text
from .questions import Question, own_names, seal_of_names

_F = TypeVar("_F", bound=StepForm)

# Beyond so many sentences a reader skims; a mild line says so, and nothing is blocked.
_MANY_TICKS: Final = 20


@dataclass(frozen=True)
class Problem:
    """Why nothing was sent: a key of the words' form.toml, and the page's status."""

    key: str
    status: int


# Every page tells these by the same words; some have a sentence of their own for one of them.
_PROBLEMS: Final[Mapping[type[WordAheadError], Problem]] = {
    LimitReached: Problem("limit", 429),
    WaitingFull: Problem("limit", 429),
    CodeNotSent: Problem("code_not_sent", 200),
    MailNotOffered: Problem("away", 503),
    DatabaseUnavailable: Problem("away", 503),
    Busy: Problem("busy", 503),
}
NOT_SENT: Final = tuple(_PROBLEMS)


def problem_of(error: WordAheadError) -> Problem:
    """What a page says of an error of NOT_SENT."""
    return next(_PROBLEMS[kind] for kind in type(error).__mro__ if kind in _PROBLEMS)


def answers() -> Answers:
    """The answers of an open letter."""
    found = draft().answers
    if found is None:
        raise LookupError("there is no letter in this browser")
    return found


def closed(*, level_needed: bool = True) -> Response | None:
    """Where to go instead when there is no open letter in this browser.

    No letter is shown or sent before its level was chosen: that choice is never made for anybody.
    """
    if draft().sent_at:
        return redirect(url_for("check.sent"), 303)
    if not draft().has_letter:
        return redirect(url_for("steps.where"), 303)
    if level_needed and not draft().level_chosen:
        return redirect(url_for("steps.how_much"), 303)
    return None


def closed_letter() -> Response | None:
    """Where to go instead of to the letter; also where a text in it still needs a look.

    Who left a page by its Back or its Help took the text along as it was.
    """
    return closed() or next(
        (
            redirect(url_for(PLACES[form.place], then="check"), 303)
            for form in (filled(HowMuchForm), filled(AboutYouForm))
            if form.errors
        ),
        None,
    )


def refused(form: StepForm) -> Response | None:
    """Why this post cannot be taken at all: no cookie, no letter, or another tab's letter."""
    if not draft().came_with_cookie:
        return no_cookie_page()
    if draft().sent_at:
        return sent_page(409, another=True)
    if not draft().has_letter:
        return page("nothing.html", 409, typed=typed_text())
    if form.draft.data == draft().id:
        return None
    if type(form) in STEPS and typed_text():
        return page("another.html", 409, typed=typed_text())
    return letter_changed()


def no_cookie_page() -> Response:
    """What to do where a browser keeps no cookie; what was typed stands there to be copied."""
    return page("no_cookie.html", 400, typed=typed_text())


def filled(form_class: type[_F]) -> _F:
    """A page's form with the answers so far."""
    form = form_class(words(), formdata=None, data=vars(answers()), meta={"csrf": False})
    # Who left by a link of ours took a mistake along; Continue would have told of it.
    form.validate()
    form.draft.data = draft().id
    form.then.data = asked_then()
    return form


def asked_then() -> str:
    """Where the page was asked to lead: back to the letter, or on as usual."""
    return "check" if request.args.get("then") == "check" else ""


def keep(form: StepForm) -> bool:
    """Keep what a page holds, mistakes and all; False where it is too long."""
    if not form.csrf_token.validate(form) or not form.fits():
        return False
    draft().answers = form.changed(answers())
    draft().taken_out = draft().taken_out - form.data.keys() | form.taken_out()
    draft().addresses = form.addresses(draft().addresses)
    return True


def keep_typed() -> str:
    """Keep what the posted page holds; gives its place, or "" where it holds nothing to keep."""
    form_class = TYPED.get(request.form.get("place", ""))
    if form_class is None or not draft().has_letter or draft().sent_at:
        return ""
    form = form_class(words())
    return form.place if form.draft.data == draft().id and keep(form) else ""


def letter_changed() -> Response:
    """Back to the letter as it is now, which says so once."""
    draft().told = "changed"
    return redirect(url_for("check.check"), 303)


def _proved_address(form: SendForm) -> str:
    """The typed address, where there is one that a proof may fit."""
    return "" if form.errors else form.email.data or ""


def rights_to_choose(said: Answers, language: Words) -> list[Right]:
    """The paragraphs about rights that this letter can have."""
    return [one for one in language.rights.values() if one.fits(said.situation, said.level)]


def names_to_ask() -> list[str]:
    """Names of the condition in the person's own words that they have not yet said to keep."""
    answer_by = draft().addresses.answer_by
    if draft().kept and draft().kept == seal_of_names(answers(), services(), answer_by):
        return []
    return own_names(answers(), services(), answer_by)


def _place_of_names() -> str:
    """Where the names can be taken out."""
    if own_names(answers(), services()):
        return url_for("steps.about_you", then="check") + "#own_words"
    return url_for("check.check") + "#answer_by"


def problem_page(problem: Problem) -> Response:
    """The letter still on its page, with why it was not sent."""
    form = SendForm(words(), formdata=None)
    return check_page(form, problem.status, outcome=problem.key)


def _fill_in(form: SendForm, letter: Letter, questions: list[Question]) -> None:
    """What the page's button hands in: which letter was shown, and what was asked about it."""
    if not form.email.data:
        form.email.data = draft().addresses.own
    form.answer_by.data = form.answer_by.data or draft().addresses.answer_by
    form.draft.data = draft().id
    form.shown.data = shown_seal(letter, draft().id, services())
    form.answered.data = ",".join([form.answered.data or "", *(q.id for q in questions)])


def check_page(
    form: SendForm,
    status: int = 200,
    *,
    changed: bool = False,
    questions: list[Question] | None = None,
    outcome: str = "",
) -> Response:
    """The last screen: the letter, the ways to take it, and what has just come of one of them."""
    # A "perhaps" stays told until it is answered, whatever else was pressed or opened since.
    outcome = outcome or draft().doubt
    letter = letter_for(answers(), _proved_address(form))
    mail_reason = services().mail_reason(answers().language, answers().level)
    ticks = len(letter.ticked)
    _fill_in(form, letter, questions or [])
    return page(
        "check.html",
        status,
        form=form,
        letter=letter,
        answers=answers(),
        changed=changed or draft().take_told() == "changed",
        code_first=not mail_reason and code_first(answers(), _proved_address(form)),
        once=secrets.token_hex(8),
        questions=questions or [],
        outcome=outcome,
        again=outcome in ("not_sent", "perhaps"),
        names=names_to_ask(),
        names_seal=seal_of_names(answers(), services(), draft().addresses.answer_by),
        names_at=_place_of_names(),
        direct_reason=services().direct_reason(answers().language, answers().level),
        mail_reason=mail_reason,
        telling_sender=services().telling_sender(answers().language),
        taken_out=[name for name in (*FREE_TEXTS, "answer_by") if name in draft().taken_out],
        contradictions=contradictions(answers(), words()),
        ticks=ticks,
        has_rights=bool(rights_to_choose(answers(), words())),
        long=ticks > _MANY_TICKS,
        reply_to="" if mail_reason else form.email.data or words().texts["form"]["check"]["slot"],
    )
