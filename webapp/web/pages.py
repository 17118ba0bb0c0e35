"""The pages around the form."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from flask import Blueprint, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from ..errors import WordAheadError
from .common import page, services
from .cookie import draft

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# One of a process's eight threads at most waits for a relay that says nothing.
_asking: Final = threading.Lock()

bp = Blueprint("pages", __name__)


@bp.get("/help")
def help_page() -> Response:
    """Show help, in writing."""
    return page("article.html", article="help")


@bp.get("/privacy")
def privacy() -> Response:
    """Show what happens to what people type."""
    return page("article.html", article="privacy")


@bp.get("/accessibility")
def accessibility() -> Response:
    """Show who can use this, and what is not good yet."""
    return page("article.html", article="accessibility")


@bp.get("/deleted")
def deleted() -> Response:
    """Show that nothing is left; also where somebody comes twice."""
    return page("deleted.html")


@bp.post("/deleted")
def delete() -> Response:
    """Delete the answers from this browser.

    Where the post came from is enough here: a form token would fail just when keys change.
    """
    draft().forget()
    response = redirect(url_for("pages.deleted"), 303)
    # Cookies are left out: the browser would clear those of the host's whole domain.
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


@bp.get("/healthz")
def healthz() -> Response:
    """Say that the app is up; with `deep=1`, whether database and relay are, too.

    Without it, nothing is asked: the app starts only with whole settings and words.
    """
    if request.args.get("deep") != "1":
        return _word("ok", 200)
    if not _asking.acquire(blocking=False):
        return _word("busy", 429)
    try:
        away = _what_is_away()
    finally:
        _asking.release()
    return _word(away or "ok", 503 if away else 200)


def _what_is_away() -> str:
    """The first part that does not answer, in one word."""
    here = services()
    if here.store is None or here.post is None:
        return ""
    try:
        here.store.database.check()
        here.store.counts.check()
        here.store.ledger.check_key()
    except WordAheadError:
        return "database"
    domain = here.settings.mail_from.rpartition("@")[2]
    return "" if here.post.is_open(domain) else "relay"


def _word(word: str, status: int) -> Response:
    return make_response(f"{word}\n", status, {"Content-Type": "text/plain; charset=utf-8"})


class HealthByAnyName:
    """Lets /healthz be asked for by an address alone: a platform's own check knows no name."""

    def __init__(self, app: WSGIApplication, public_url: str) -> None:
        self._app = app
        self._name = public_url.partition("://")[2]

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        """Answer as by our own name, for this one path."""
        if environ.get("PATH_INFO") == "/healthz":
            environ["HTTP_HOST"] = self._name
        return self._app(environ, start)
