"""Leaving a page of the form by one of its own links: what was typed there is kept first.

The links are buttons of the page's own form, so that they keep it without JavaScript, too.
"""

from __future__ import annotations

import re
from typing import Final

from flask import current_app, request, url_for

# Where a button can lead, by the name that it posts.
PLACES: Final = {
    "where": "steps.where",
    "how-much": "steps.how_much",
    "what": "steps.what",
    "about-you": "steps.about_you",
    "check": "check.check",
    "someone": "someone.someone",
    "print": "check.as_print",
    "help": "pages.help_page",
    "privacy": "pages.privacy",
    "accessibility": "pages.accessibility",
    "outbox": "outbox.folder",
}
# What somebody may have typed on a page; shown to be copied where it cannot be kept.
_TYPED: Final = (
    "name",
    "writer",
    "to_name",
    "first",
    "own_words",
    "recipient_name",
    "recipient_email",
    "email",
)
_ANCHOR: Final = re.compile(r"[a-z_-]{1,40}")


def leads_to() -> str:
    """The address to which the pressed button leads; "" where it was none of ours.

    "go" leads there; "change" leads to a field, from where Continue leads back to the letter.
    """
    if "change" in request.form:
        return _address(request.form["change"], then="check")
    return _address(request.form.get("go", ""), then=None)


def typed_text() -> list[str]:
    """What was typed on the page that posted this."""
    return [text for name in _TYPED if (text := request.form.get(name, "").strip())]


def _address(wanted: str, *, then: str | None) -> str:
    place, _, anchor = wanted.partition("#")
    endpoint = PLACES.get(place, "")
    if endpoint not in current_app.view_functions:
        return ""
    target = anchor if _ANCHOR.fullmatch(anchor) else None
    return url_for(endpoint, then=then, _anchor=target)
