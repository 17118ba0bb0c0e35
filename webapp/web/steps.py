"""The first four screens: where, who and how much, what to say, anything else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from ..letter.compose import (
    Answers,
    fallback_name,
    heading,
    lead_in,
    sample,
    say,
    statements_to_choose,
)
from ..letter.words import LEVELS, VOICES, Statement, Words
from .common import page, words
from .cookie import draft
from .forms import AboutYouForm, HowMuchForm, StepForm, WhatForm, WhereForm
from .guards import (
    answers,
    asked_then,
    closed,
    filled,
    keep,
    no_cookie_page,
    refused,
    rights_to_choose,
)
from .leaving import leads_to

bp = Blueprint("steps", __name__)

_F = TypeVar("_F", bound=StepForm)


@bp.get("/")
def where() -> Response:
    """Show what this is, and the first question."""
    form = WhereForm(words())
    form.then.data = asked_then()
    return _where_page(form)


@bp.post("/")
def where_submit() -> Response:
    """Begin a letter: a new draft, which keeps what the person said before."""
    form = WhereForm(words())
    if not draft().came_with_cookie:
        return no_cookie_page()
    if not form.validate_on_submit():
        return _where_page(form, 422)
    if draft().sent_at:
        # Whoever begins after a letter has left may be somebody else at the same computer.
        proofs = draft().proofs
        draft().forget()
        draft().proofs = proofs
    before = draft().answers or Answers(situation="")
    draft().begin(form.changed(before))
    if form.then.data == "check" and draft().level_chosen:
        return _after_another_situation(before)
    return redirect(url_for("steps.how_much"), 303)


@bp.get("/letter/how-much")
def how_much() -> Response:
    """Show whose letter it is, and how much it may say."""
    return closed(level_needed=False) or _how_much_page(filled(HowMuchForm))


@bp.post("/letter/how-much")
def how_much_submit() -> Response:
    """Keep name, voice and level."""
    form = HowMuchForm(words())
    return _kept(form, "steps.what") or _how_much_page(form, 422)


@bp.get("/letter/what")
def what() -> Response:
    """Show the sentences that this letter can say."""
    return closed() or _what_page(filled(WhatForm))


@bp.post("/letter/what")
def what_submit() -> Response:
    """Keep the ticks."""
    form = WhatForm(words())
    return _kept(form, "steps.about_you") or _what_page(form, 422)


@bp.get("/letter/about-you")
def about_you() -> Response:
    """Show what else can be said."""
    return closed() or _about_you_page(filled(AboutYouForm))


@bp.post("/letter/about-you")
def about_you_submit() -> Response:
    """Keep to whom it goes, and the person's own words."""
    form = AboutYouForm(words())
    return _kept(form, "check.check") or _about_you_page(form, 422)


def _kept(form: StepForm, following: str) -> Response | None:
    """Take a page's answers and go on; None where the page has to be shown again."""
    if stop := refused(form):
        return stop
    if address := leads_to():
        return redirect(address, 303) if keep(form) else None
    if not form.validate_on_submit():
        return None
    draft().answers = form.changed(answers())
    draft().taken_out = draft().taken_out - form.data.keys() | form.taken_out()
    draft().level_chosen |= form.chooses_level
    to_check = form.then.data == "check" or "see" in request.form
    return redirect(url_for("check.check" if to_check else following), 303)


def _after_another_situation(before: Answers) -> Response:
    """Back to the letter, by way of each page on which something fits no longer.

    A tick that the new situation does not offer is not printed: nobody loses one unseen.
    """
    lost_ticks = _printed(before) - _printed(answers())
    lost_right = _right(before) and not _right(answers())
    if lost_ticks:
        return redirect(url_for("steps.what", then=None if lost_right else "check"), 303)
    return redirect(url_for("steps.about_you" if lost_right else "check.check"), 303)


def _printed(said: Answers) -> frozenset[str]:
    """The ticks that a letter prints."""
    known = words().statements
    return frozenset(
        one for one in said.say if one in known and known[one].fits(said.situation, said.level)
    )


def _right(said: Answers) -> bool:
    """Whether a letter prints a paragraph on rights."""
    right = words().rights.get(said.rights)
    return right is not None and right.fits(said.situation, said.level)


def _where_page(form: WhereForm, status: int = 200) -> Response:
    present = said.situation if (said := draft().answers) else ""
    asked = request.args.get("situation", "")
    situations = sorted(words().situations.values(), key=lambda one: one.id != asked)
    return page("where.html", status, form=form, situations=situations, present=present)


def _how_much_page(form: HowMuchForm, status: int = 200) -> Response:
    said = replace(answers(), name=form.name.data or "")
    samples = [
        (level, [(v, sample(level, replace(said, voice=v), words())) for v in VOICES])
        for level in LEVELS
    ]
    chosen = draft().level_chosen
    return page(
        "how_much.html",
        status,
        form=form,
        samples=samples,
        chosen=chosen,
        voice_chosen=chosen or form.voice.data != "me",
        needs_note=words().situations[said.situation].needs_note,
    )


def _what_page(form: WhatForm, status: int = 200) -> Response:
    said, language = answers(), words()
    starters, rest = statements_to_choose(said, language)
    ticked = frozenset(form.say.data or ())
    return page(
        "what.html",
        status,
        form=form,
        ticked=ticked,
        first_tick=starters[0][1][0].id,
        starters=[
            (lead_in(section, said, language), _ticks(statements, said, language))
            for section, statements in starters
        ],
        rest=[
            (
                heading(section, said, language),
                lead_in(section, said, language),
                _ticks(statements, said, language),
                any(one.id in ticked for one in statements),
            )
            for section, statements in rest
        ],
    )


def _ticks(
    statements: Sequence[Statement], said: Answers, language: Words
) -> list[tuple[str, str]]:
    """Each statement's id, and the very words that the letter will print."""
    return [(one.id, say(one, said, language)) for one in statements]


def _about_you_page(form: AboutYouForm, status: int = 200) -> Response:
    rights = [
        (right, say(right, answers(), words())) for right in rights_to_choose(answers(), words())
    ]
    said = answers()
    return page(
        "about_you.html",
        status,
        form=form,
        rights=rights,
        is_me=said.voice == "me",
        person=said.name or fallback_name(said, words()),
    )
