"""The pages around the form."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from flask import Blueprint, current_app, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from ..errors import WordAheadError
from ..settings import proxies
from .common import page, services
from .cookie import draft
from .guards import keep_typed
from .leaving import PLACES

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# One of a process's eight threads at most waits for a relay that says nothing.
_asking: Final = threading.Lock()

bp = Blueprint("pages", __name__)


# Pages that are read beside a letter: Back leads past them.
_AROUND: Final = ("/words", "/feedback")

# Time to notice that it was a slip, and no more.
_SECONDS_TO_UNDO = 60


@bp.before_app_request
def _forget_what_was_deleted() -> None:
    """After a minute, what could bring the answers back is gone from the cookie, too."""
    if draft().deleted and _now() - draft().deleted_at > _SECONDS_TO_UNDO:
        draft().forget()


@bp.get("/help")
def help_page() -> Response:
    """Show help, in writing."""
    return _article("help")


@bp.get("/privacy")
def privacy() -> Response:
    """Show what happens to what people type."""
    return _article("privacy")


@bp.get("/accessibility")
def accessibility() -> Response:
    """Show who can use this, and what is not good yet."""
    return _article("accessibility")


@bp.get("/deleted")
def deleted() -> Response:
    """Show that nothing is left; also where somebody comes twice."""
    return page("deleted.html", can_undo=bool(draft().deleted))


@bp.post("/deleted")
def delete() -> Response:
    """Delete the answers from this browser; or, in the minute after, bring them back.

    Where the post came from is enough here: a form token would fail just when keys change.
    """
    if "undo" in request.form:
        return _undo()
    draft().delete(_now(), keep_typed())
    response = redirect(url_for("pages.deleted"), 303)
    # Cookies are left out: the browser would clear those of the host's whole domain.
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response


def _undo() -> Response:
    if not draft().deleted:
        return page("deleted.html", 409, can_undo=False)
    place = draft().bring_back(services().library)
    return redirect(url_for(PLACES[place or "check"]), 303)


def _article(name: str) -> Response:
    return page("article.html", article=name, back=where_they_were())


def where_they_were() -> str:
    """The page of ours that led here; the letter or the start where that is not known."""
    came = urlsplit(request.referrer or "")
    articles = {url_for(f"pages.{name}") for name in ("help_page", "privacy", "accessibility")}
    # "//elsewhere" would be another host.
    is_ours = came.netloc == request.host and not came.path.startswith("//")
    is_around = came.path in articles or came.path.startswith(_AROUND)
    if is_ours and not is_around:
        return f"{came.path}?{came.query}" if came.query else came.path
    return url_for("check.check" if draft().has_letter else "steps.where")


def _now() -> int:
    return int(services().clock().timestamp())


@bp.get("/favicon.ico")
def favicon() -> Response:
    """Give the picture to those who ask for it by its old name, without looking at any page."""
    picture = Path(str(current_app.static_folder)) / "favicon.ico"
    return make_response(picture.read_bytes(), 200, {"Content-Type": "image/x-icon"})


@bp.get("/healthz")
def healthz() -> Response:
    """Say that the app is up; with `deep=1`, whether database and relay are, too.

    Without it, nothing is asked: the app starts only with whole settings and words. A host's own
    check is told how many proxies its question came through.
    """
    if request.args.get("deep") != "1":
        counted = proxies.answer(services().keys, dict(request.headers))
        return _word("ok" if counted is None else f"proxies={counted}", 200)
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
