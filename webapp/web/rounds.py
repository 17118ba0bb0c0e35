"""A member's round: one text at a time in its letter, four answers, and nobody knows whose.

The link is the ballot: there is no account and no cookie. A GET changes nothing, and a POST without
an answer saves none, so that a mail scanner which presses buttons votes for nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from ..delivery.rounds import told_until
from ..errors import WordAheadError
from ..group.ballots import ANSWERS, LONGEST_WHY, REASONS, RESISTANCE, Wording
from ..group.round import MOST_ADDED, NOT_ANONYMOUS_BELOW, Added, Ballot, Question, Said
from ..group.standing import place_in, place_of, standing, view_of
from ..group.wordings import Fault, fault_in, shown, typed
from ..letter.words import LEVELS, VOICES
from ..mail.typed import clean_line, contact_in
from ..store.database import DatabaseUnavailable
from ..store.rounds import BallotGone, Rounds, TooMuch
from ..store.sealing import parse_token
from .common import no_mail_here, page, services, words
from .inbox import clean_token

bp = Blueprint("rounds", __name__)
bp.before_request(no_mail_here)

# In which letter a text is looked at goes along from page to page.
_VIEW: Final = ("situation", "level", "voice")
_TYPED: Final = ("me", "them", "why")


class _Changed(WordAheadError):
    """The answer is another by now than the one that this page had shown."""


@dataclass(frozen=True)
class Visit:
    """A ballot as it is now, and its link."""

    token: str = field(repr=False)
    ballot: Ballot = field(repr=False)
    until: int

    def shows(self, template: str, status: int = 200, **values: object) -> Response:
        """A page of this ballot."""
        known = {"token": self.token, "ballot": self.ballot, "sheet": self.ballot.sheet}
        known |= {"group": words().texts["group"], "until": told_until(self.until, words())}
        return page(f"group/{template}.html", status, **({"told": ""} | known | values))


Step = Callable[[Visit], Response]


def _rounds() -> Rounds:
    store = services().store
    if store is None:
        raise DatabaseUnavailable("this host keeps nothing")
    return store.rounds


def _with_ballot(token: str, step: Step) -> Response:
    """Go on with the ballot behind a link, or say what has become of it."""
    token = clean_token(token)
    try:
        found = _rounds().look(token)
    except DatabaseUnavailable:
        return _plain("away", 503)
    if found is None:
        is_whole = parse_token(token) is not None
        return _plain("gone" if is_whole else "cut", 404)
    if not found.is_open:
        return _plain("ended_late" if request.method == "POST" else "ended", 410)
    return step(Visit(token, Ballot.read(found.content), found.until))


def _plain(told: str, status: int) -> Response:
    """Where there is no ballot: what was typed stands there, to be copied."""
    lines = [request.form.get(name, "").strip() for name in _TYPED]
    texts = words().texts["group"]
    return page(
        "group/no_ballot.html", status, group=texts, told=told, typed=[*filter(None, lines)]
    )


@bp.get("/round/<token>")
def begin(token: str) -> Response:
    """Say what this is; Begin leads to the first text without an answer."""

    def shows(visit: Visit) -> Response:
        few = visit.ballot.sheet.members < NOT_ANONYMOUS_BELOW
        return visit.shows("member", few=few, first=_first_open(visit.ballot))

    return _with_ballot(token, shows)


def _first_open(ballot: Ballot) -> int:
    questions = enumerate(ballot.sheet.questions, 1)
    return next((n for n, one in questions if not ballot.has_answer(one)), 1)


@bp.get("/round/<token>/<int:number>")
def question(token: str, number: int) -> Response:
    """Show one text in its letter, and what was answered."""
    return _with_ballot(token, lambda visit: _question_page(visit, number))


@bp.post("/round/<token>/<int:number>")
def answer(token: str, number: int) -> Response:
    """Save the answer and go on; or show the text in another letter, and save nothing."""

    def saves(visit: Visit) -> Response:
        asked = _asked(visit, number)
        if asked is None:
            return _to("rounds.begin", visit)
        if "look" in request.form:
            return _question_page(visit, number, _from_form(visit, asked))
        return _save(visit, number, asked)

    return _with_ballot(token, saves)


def _asked(visit: Visit, number: int) -> Question | None:
    questions = visit.ballot.sheet.questions
    return questions[number - 1] if 1 <= number <= len(questions) else None


def _to(endpoint: str, visit: Visit, **values: int) -> Response:
    view = {name: one for name in _VIEW if (one := request.form.get(name, ""))}
    there: dict[str, Any] = {"token": visit.token, **view, **values}
    return redirect(url_for(endpoint, **there), 303)


# ------------------------------------------------------------------ one text
@dataclass(frozen=True)
class Filled:
    """What a page holds of one text: as it is saved, or as it was typed and not saved yet."""

    said: Said = field(repr=False)
    weights: dict[str, int] = field(repr=False)
    faults: dict[str, Fault] = field(default_factory=dict, repr=False)


def _saved(visit: Visit, asked: Question) -> Filled:
    said = visit.ballot.said.get(asked.id, Said())
    return Filled(said, dict(visit.ballot.weights.get(asked.id, {})))


def _from_form(visit: Visit, asked: Question) -> Filled:
    form = request.form
    if visit.ballot.sheet.weighs:
        given = {one.name: form.get(f"w-{one.name}", "") for one in asked.options}
        weights = {name: int(w) for name, w in given.items() if w in map(str, RESISTANCE)}
        return Filled(Said(), weights)
    named, today = asked.levels == LEVELS[:1], asked.today
    is_reply = asked.kind == "reply"
    # A subject names its writer, in their own letter too.
    has_name = asked.kind == "subject"
    me = typed(form.get("me", ""), words(), them=has_name, named=named and not is_reply)
    them = typed(form.get("them", ""), words(), them=not is_reply, named=named and not is_reply)
    said = Said(
        answer=next((one for one in ANSWERS if one == form.get("answer")), None),
        reasons=tuple(one for one in REASONS if one in form.getlist("reasons")),
        me="" if me == today.me else me,
        them="" if them == today.them else them,
        why=clean_line(form.get("why", "")),
    )
    return Filled(said, {}, _faults(said, asked))


def _faults(said: Said, asked: Question) -> dict[str, Fault]:
    """What hinders a wording; only where it would be counted."""
    found: dict[str, Fault] = {}
    vote = said.vote(asked)
    if vote.wording and (fault := fault_in(vote.wording, place_of(asked, words()), words())):
        found[fault[0]] = fault[1]
    if len(said.why) > LONGEST_WHY:
        found["why"] = Fault("why_long")
    elif contact_in(said.why):
        found["why"] = Fault("why_contact")
    return found


def _mark(filled: Filled) -> str:
    """A few digits of an answer, to see whether another phone has changed it meanwhile."""
    weights = sorted(filled.weights.items())
    return hashlib.sha256(f"{filled.said.to_bytes()!r}{weights}".encode()).hexdigest()[:16]


def _save(visit: Visit, number: int, asked: Question) -> Response:
    filled = _from_form(visit, asked)
    if filled.faults:
        return _question_page(visit, number, filled, 422)

    def step(content: bytes) -> bytes:
        ballot = Ballot.read(content)
        now = _saved(Visit(visit.token, ballot, visit.until), asked)
        if _mark(now) not in (request.form.get("seen"), _mark(filled)):
            raise _Changed("another phone has answered")
        if ballot.sheet.weighs:
            return ballot.weighing(asked.id, filled.weights).to_bytes()
        return ballot.saying(asked.id, filled.said).to_bytes()

    try:
        _rounds().change(visit.token, step)
    except BallotGone:
        return _plain("ended_late", 410)
    except _Changed:
        return _question_page(visit, number, filled, 409, "other")
    except TooMuch:
        return _question_page(visit, number, filled, 422, "full")
    except DatabaseUnavailable:
        return _question_page(visit, number, filled, 503, "away")
    return _onward(visit, number)


def _onward(visit: Visit, number: int) -> Response:
    """To the next text, to the one before, or to the end."""
    go, last = request.form.get("go", "next"), len(visit.ballot.sheet.questions)
    if go == "pause":
        return _to("rounds.end", visit)
    if go == "previous":
        return _to("rounds.question", visit, number=max(1, number - 1))
    if number < last:
        return _to("rounds.question", visit, number=number + 1)
    return _to("rounds.end" if visit.ballot.sheet.weighs else "rounds.missing", visit)


def _question_page(
    visit: Visit, number: int, filled: Filled | None = None, status: int = 200, told: str = ""
) -> Response:
    asked = _asked(visit, number)
    if asked is None:
        return _to("rounds.begin", visit)
    view = view_of(asked, request.values, words())
    today = asked.today if asked.today.me else asked.options[-1].wording
    letter, marked = standing(today, asked, view, words())
    saved = _saved(visit, asked)
    filled = filled or saved
    said = filled.said
    return visit.shows(
        "weigh" if visit.ballot.sheet.weighs else "question",
        status,
        number=number,
        all=len(visit.ballot.sheet.questions),
        asked=asked,
        letter=letter,
        marked=marked,
        view=view,
        filled=filled,
        seen=_mark(saved),
        me=shown(said.me or asked.today.me, words()),
        them=shown(said.them or asked.today.them, words()),
        options=[(o.name, _in_view(o.wording, asked, view.voice)) for o in asked.options],
        answers=ANSWERS,
        reasons=REASONS,
        resistance=RESISTANCE,
        situations=asked.situations or tuple(words().situations),
        voices=VOICES,
        told=told,
    )


def _in_view(wording: Wording, asked: Question, voice: str) -> str:
    """A wording as it is read in that voice; a ready reply as button and text."""
    if asked.kind == "reply":
        return f"{wording.me} {wording.them}".strip()
    return shown(wording.me if voice == "me" else wording.them, words())


# ------------------------------------------------------------------ something is missing
@bp.get("/round/<token>/missing")
def missing(token: str) -> Response:
    """Ask whether a sentence is missing."""
    return _with_ballot(token, lambda visit: _missing_page(visit, _blank_addition(visit)))


@bp.post("/round/<token>/missing")
def add(token: str) -> Response:
    """Add a sentence, or take one out."""
    return _with_ballot(token, _add)


def _blank_addition(visit: Visit) -> Added:
    return Added(part=next(iter(visit.ballot.sheet.sections), ""), me="", them="")


def _add(visit: Visit) -> Response:
    form, sheet = request.form, visit.ballot.sheet
    part = form.get("part", "")
    if sheet.weighs or not sheet.sections:
        return _to("rounds.end", visit)
    if "remove" in form:
        return _change_added(visit, lambda added: [a for a in added if _name(a) != form["remove"]])
    new = Added(
        part=part if part in sheet.sections else sheet.sections[0],
        me=typed(form.get("me", ""), words(), them=False, named=True),
        them=typed(form.get("them", ""), words(), them=True, named=True),
    )
    place = place_in(new.part, words())
    if fault := fault_in(Wording(new.me, new.them), place, words()):
        return _missing_page(visit, new, dict([fault]), 422)
    return _change_added(visit, lambda added: [a for a in added if a != new] + [new], new)


def _change_added(
    visit: Visit, change: Callable[[tuple[Added, ...]], list[Added]], new: Added | None = None
) -> Response:
    def step(content: bytes) -> bytes:
        ballot = Ballot.read(content)
        changed = change(ballot.added)
        if len(changed) > MOST_ADDED:
            raise TooMuch("three sentences are the most")
        return ballot.adding(changed).to_bytes()

    new = new or _blank_addition(visit)
    try:
        _rounds().change(visit.token, step)
    except BallotGone:
        return _plain("ended_late", 410)
    except TooMuch:
        return _missing_page(visit, new, status=422, told="full")
    except DatabaseUnavailable:
        return _missing_page(visit, new, status=503, told="away")
    return _to("rounds.missing", visit)


def _name(added: Added) -> str:
    return added.vote().sentence


def _missing_page(
    visit: Visit,
    new: Added,
    faults: dict[str, Fault] | None = None,
    status: int = 200,
    told: str = "",
) -> Response:
    sections = [words().sections[one] for one in visit.ballot.sheet.sections]
    if visit.ballot.sheet.weighs or not sections:
        return _to("rounds.end", visit)
    return visit.shows(
        "missing",
        status,
        new=new,
        me=shown(new.me, words()),
        them=shown(new.them, words()),
        faults=faults or {},
        sections=sections,
        added=[(_name(one), shown(one.me, words())) for one in visit.ballot.added],
        is_full=len(visit.ballot.added) >= MOST_ADDED,
        told=told,
    )


@bp.get("/round/<token>/end")
def end(token: str) -> Response:
    """Thank for what was answered, and lead back to each text."""

    def shows(visit: Visit) -> Response:
        questions = visit.ballot.sheet.questions
        answered = [visit.ballot.has_answer(one) for one in questions]
        texts = [(one, shown(one.today.me or one.options[-1].me, words())) for one in questions]
        return visit.shows("end", answered=answered, texts=texts, number=sum(answered))

    return _with_ballot(token, shows)
