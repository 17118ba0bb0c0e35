"""The pages around the form."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from .common import page, services
from .cookie import draft
from .leaving import PLACES
from .steps import keep_typed

bp = Blueprint("pages", __name__)


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
    return page("article.html", article=name, back=_where_they_were())


def _where_they_were() -> str:
    """The page of ours that led here; the letter or the start where that is not known."""
    came = urlsplit(request.referrer or "")
    articles = {url_for(f"pages.{name}") for name in ("help_page", "privacy", "accessibility")}
    # "//elsewhere" would be another host.
    is_ours = came.netloc == request.host and not came.path.startswith("//")
    if is_ours and came.path not in articles:
        return f"{came.path}?{came.query}" if came.query else came.path
    return url_for("check.check" if draft().has_letter else "steps.where")


def _now() -> int:
    return int(services().clock().timestamp())


@bp.get("/healthz")
def healthz() -> Response:
    """Say that the app is up; it starts only with whole settings and words."""
    return make_response("ok\n", {"Content-Type": "text/plain; charset=utf-8"})
