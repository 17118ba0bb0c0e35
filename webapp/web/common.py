"""What every page has: the words in the visitor's language, and the way to a template."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path
from typing import Any, cast

from flask import current_app, make_response, render_template, request, url_for
from markupsafe import Markup, escape
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from ..letter.compose import ADDRESS_SLOT
from ..letter.words import Words
from ..letter.words import fill as fill_in
from ..mail.contacts import find_contact
from ..services import Services
from .cookie import draft
from .leaving import PLACES

EXTENSION = "word_ahead"

# The page again, with what to look at (RFC 9110, 15.5.21).
_LOOK_AGAIN = 422

# After a letter has left, its answers stay hidden in the cookie for so long: time to notice
# that the address had a slip.
_SECONDS_TO_COME_BACK = 30 * 60

_BEGINNING = {"steps.where", "steps.where_submit"}


def services() -> Services:
    """What create_app wired together."""
    return cast("Services", current_app.extensions[EXTENSION])


def words() -> Words:
    """The words in the language of the answers, or of the address line."""
    answers = draft().answers
    asked = _asked_language()
    library = services().library
    # Only the first page changes the language: a letter and its wall speak the same one.
    if asked in library.languages and (answers is None or request.endpoint in _BEGINNING):
        return library.words(asked)
    return library.words(answers.language if answers else "")


def _asked_language() -> str:
    try:
        return request.values.get("language", "")
    except HTTPException:
        # What was posted cannot be read; the page that says so needs its words all the same.
        return request.args.get("language", "")


def page(template: str, status: int = 200, **values: object) -> Response:
    """A page in the visitor's language."""
    texts = words().texts
    settings = services().settings
    html = render_template(
        template,
        words=words(),
        form_words=texts["form"],
        pages=texts["pages"],
        settings=settings,
        went_wrong=status == _LOOK_AGAIN and not values.get("questions"),
        languages=services().library.languages,
        has_answers=draft().has_letter and not draft().sent_at,
        has_outbox="outbox" in current_app.blueprints,
        has_feedback=services().store is not None,
        **({"leaves": ""} | values),
    )
    return make_response(html, status)


def can_return() -> bool:
    """Whether the answers of a letter that has left may still be brought back."""
    return services().clock().timestamp() - draft().sent_at <= _SECONDS_TO_COME_BACK


def sent_page(status: int = 200, *, another: bool = False) -> Response:
    """What to do now that a letter has left; `another` was pressed for something else since."""
    straight = draft().sent_straight
    return page("sent.html", status, can_return=can_return(), straight=straight, another=another)


def no_mail_here() -> Response | None:
    """What a page about our mails says on a host that sends none."""
    return page("problem.html", 404, problem="no_mail") if services().post is None else None


def fill(text: str, **values: object) -> Markup:
    """A text of the words with its {placeholders} filled in, everything escaped."""
    filled = fill_in(str(escape(text)), {name: str(escape(one)) for name, one in values.items()})
    return Markup(filled)  # noqa: S704  # both sides were escaped above


def breakable(address: str) -> Markup:
    """An address that a narrow screen breaks after its @ and its dots, and in no word of it."""
    parts = re.split(r"(?<=[@.])", address)
    return Markup("<wbr>").join(map(escape, parts))


def static(name: str) -> str:
    """The address of a static file, which changes with its content: it may be kept for ever."""
    return url_for("static", filename=name, v=static_version(name))


def static_version(name: str) -> str:
    """A few digits of a static file's hash."""
    return _version_of(Path(str(current_app.static_folder)) / name)


@cache
def _version_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]


def template_globals() -> dict[str, Any]:
    """What templates may call."""
    return {
        "fill": fill,
        "breakable": breakable,
        "static": static,
        "find_contact": find_contact,
        "places": PLACES,
        "zip": zip,
        "address_slot": ADDRESS_SLOT,
    }
