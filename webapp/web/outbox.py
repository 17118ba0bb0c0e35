"""The demo's outbox: every mail that would have left, as mail programs show it."""

from __future__ import annotations

import email
import email.policy
import re
from email.message import EmailMessage
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint, abort, make_response, request
from werkzeug.wrappers import Response

from ..rendering.forwarding import forwarded
from ..settings import OutboxFolder, is_loopback
from .common import page, services
from .safety import HEADERS

bp = Blueprint("outbox", __name__, url_prefix="/outbox")

TABS: Final = ("html", "text", "headers", "raw", "forwarded", "forwarded-twice")

# A mail's body brings its own inline styles: it is shown locked in, and only here.
_BODY_POLICY: Final = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
)
_FRAME_POLICY: Final = f"{HEADERS['Content-Security-Policy']}; frame-src 'self'"


# What a proxy adds when it passes a request on.
_OF_PROXIES: Final = (
    "Forwarded",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-IP",
)


@bp.before_request
def _for_this_machine() -> None:
    """A demo that somebody put on the open net shows its letters and codes to nobody there.

    Called by this machine's own name, by this machine, and by no proxy: else there is no such page.
    """
    peer = request.environ.get("werkzeug.proxy_fix.orig", request.environ).get("REMOTE_ADDR", "")
    names = (urlsplit(request.host_url).hostname or "", services().settings.public_host, peer)
    if not all(map(is_loopback, names)) or any(name in request.headers for name in _OF_PROXIES):
        abort(404)


@bp.get("")
def folder() -> Response:
    """Show the newest mail, and then the others."""
    mails = [(path.name, _read(path)) for path in reversed(_files())]
    links = _links(mails[0][1]) if mails else []
    response = page("outbox.html", mails=mails, links=links)
    response.headers["Content-Security-Policy"] = _FRAME_POLICY
    return response


@bp.get("/<name>")
@bp.get("/<name>/<tab>")
def mail(name: str, tab: str = "html") -> Response:
    """Show one mail under one of its tabs."""
    path = _path(name)
    if tab not in TABS:
        abort(404)
    message = _read(path)
    response = page(
        "outbox_mail.html",
        name=name,
        tab=tab,
        tabs=TABS,
        subject=message["Subject"],
        shown=_as_text(path, message, tab),
        links=_links(message),
    )
    response.headers["Content-Security-Policy"] = _FRAME_POLICY
    return response


@bp.get("/<name>/<tab>/body")
def body(name: str, tab: str) -> Response:
    """Show the mail's HTML alone, as it is or as a client forwards it."""
    html = _part(_read(_path(name)), "html")
    times = {"html": 0, "forwarded": 1, "forwarded-twice": 2}.get(tab)
    if times is None:
        abort(404)
    response = make_response(forwarded(html, times=times) if times else html)
    response.headers["Content-Security-Policy"] = _BODY_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _files() -> list[Path]:
    mail = services().settings.mail
    if not isinstance(mail, OutboxFolder) or not mail.path.is_dir():
        return []
    return sorted(mail.path.glob("*.eml"))


def _path(name: str) -> Path:
    for path in _files():
        if path.name == name:
            return path
    abort(404)


def _read(path: Path) -> EmailMessage:
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


def _links(message: EmailMessage) -> list[str]:
    """The addresses of ours in a mail: its frame is locked, and opens none."""
    here = re.escape(services().settings.public_url)
    return list(dict.fromkeys(re.findall(rf"{here}/\S+", _part(message, "plain"))))


def _as_text(path: Path, message: EmailMessage, tab: str) -> str:
    """What a tab shows as plain text; "" where it shows the HTML in a frame."""
    if tab == "text":
        return _part(message, "plain")
    raw = path.read_bytes().decode("ascii", "replace")
    if tab == "headers":
        return raw.partition("\r\n\r\n")[0]
    return raw if tab == "raw" else ""
