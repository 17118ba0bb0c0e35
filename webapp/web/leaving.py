"""Leaving a page of the form by one of its own links: what was typed there is kept first.

The links are buttons of the page's own form, so that they keep it without JavaScript, too.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from flask import current_app, request, url_for

# Where such a button can lead.
PLACES: Final = {
    "where": "steps.where",
    "how-much": "steps.how_much",
    "what": "steps.what",
    "about-you": "steps.about_you",
    "check": "check.check",
    "someone": "someone.someone",
    "print": "check.as_print",
    "text": "check.as_text",
    "page": "check.as_html",
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
    "answer_by",
)
_ANCHOR: Final = re.compile(r"[a-z_-]{1,40}")


def leads_to() -> str:
    """The address to which the pressed button leads; "" where it is none of ours."""
    wanted = urlsplit(request.form.get("go", ""))
    if wanted.scheme or wanted.netloc or wanted.path not in _paths():
        return ""
    then = "?then=check" if wanted.query == "then=check" else ""
    anchor = f"#{wanted.fragment}" if _ANCHOR.fullmatch(wanted.fragment) else ""
    return wanted.path + then + anchor


def typed_text() -> list[str]:
    """What was typed on the page that posted this."""
    return [text for name in _TYPED if (text := request.form.get(name, "").strip())]


def _paths() -> set[str]:
    known = current_app.view_functions
    return {url_for(endpoint) for endpoint in PLACES.values() if endpoint in known}
