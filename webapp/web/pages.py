"""The pages around the form."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, url_for
from werkzeug.wrappers import Response

from .common import page
from .cookie import draft

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
    """Say that the app is up; it starts only with whole settings and words."""
    return make_response("ok\n", {"Content-Type": "text/plain; charset=utf-8"})
