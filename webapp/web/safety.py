"""What guards every page: headers, where a post came from, and calm error pages."""

from __future__ import annotations

import logging
from typing import Final

from flask import Flask, Response, current_app, make_response, request
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    InternalServerError,
    MethodNotAllowed,
    SecurityError,
)
from werkzeug.wrappers import Response as AnyResponse

from .common import page, services, static_version, words

_METHODS: Final = ("GET", "HEAD", "POST")

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; "
    "require-trusted-types-for 'script'"
)
# OWASP Secure Headers; the policy has no inline style or script, and no other host.
HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    # Not no-referrer: browsers then send "Origin: null", and no post could prove where it is from.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"
    ),
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
    "Vary": "Cookie, Sec-Fetch-Site",
}
# The start page is the one that may be found by a search, and put on a phone's first screen, and it
# shows no answer: whoever checks how it can be found asks for robots.txt from within it.
_START_POLICY: Final = f"{_POLICY}; connect-src 'self'; manifest-src 'self'"
_STRICT_TRANSPORT: Final = "max-age=31536000; includeSubDomains"
_STATIC_CACHE: Final = "public, max-age=31536000, immutable"

_PAGES: Final = {
    400: "elsewhere",
    403: "elsewhere",
    404: "missing",
    405: "method",
    413: "too_large",
    429: "often",
}

# What is left to say where not even the page about a problem can be made: it needs no words' file,
# no template and no cookie.
_BARE_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>This page could not be shown</title>
</head>
<body>
<main>
<h1>This page could not be shown</h1>
<p>It is our fault, not yours.
If you just pressed a button that sends, look in your inbox first.
Then go back, and try once more.</p>
</main>
</body>
</html>
"""


def init_app(app: Flask) -> None:
    """Put the guards round every route."""
    app.before_request(_refuse_posts_from_elsewhere)
    app.after_request(_add_headers)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _broken)
    app.logger.addFilter(_place_alone)


def _refuse_posts_from_elsewhere() -> AnyResponse | None:
    """Fetch Metadata first, Origin where that is missing (OWASP CSRF cheat sheet)."""
    if request.method not in _METHODS:
        raise MethodNotAllowed(_METHODS)
    if request.method != "POST":
        return None
    if not _is_from_here():
        return _problem("elsewhere", 403)
    _read_body()
    return None


def _read_body() -> None:
    """Read what was posted; where that fails, it was not whole: a chunk was broken, for one."""
    try:
        _ = request.form
    except HTTPException:
        raise
    except Exception:
        raise BadRequest from None


def _is_from_here() -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    if origin is None or (origin == "null" and site == "same-origin"):
        # "null" is our own page behind a proxy that sets Referrer-Policy: no-referrer; only the
        # browser itself can say "same-origin".
        return True
    settings = services().settings
    here = {settings.public_url}
    if settings.demo:
        here.add(request.host_url.rstrip("/"))
    return origin in here


def _add_headers(response: Response) -> Response:
    given = {name.lower() for name in response.headers.keys()}  # noqa: SIM118  no mapping
    for name, value in HEADERS.items():
        if name.lower() not in given:
            response.headers.add(name, value)
    if services().settings.secure:
        response.headers["Strict-Transport-Security"] = _STRICT_TRANSPORT
    if request.endpoint == "static" and response.status_code == 200:
        named = (request.view_args or {}).get("filename", "")
        if request.args.get("v") == static_version(named):
            response.headers["Cache-Control"] = _STATIC_CACHE
        else:
            # Asked for by another version's name, or by none: it is looked at anew each time.
            response.headers["Cache-Control"] = "no-cache"
        response.headers.remove("X-Robots-Tag")
    elif request.path == "/":
        response.headers.remove("X-Robots-Tag")
        response.headers["Content-Security-Policy"] = _START_POLICY
    return response


def _http_error(error: HTTPException) -> AnyResponse:
    status = error.code or 500
    if status < 400 or error.response is not None:
        # What sent it has a page of its own.
        return error.get_response()
    response = _problem(_PAGES.get(status, "broken" if status >= 500 else "missing"), status)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        # RFC 9110, 15.5.6: which ones there are.
        response.headers["Allow"] = ", ".join(sorted({*error.valid_methods} & {*_METHODS}))
    return response


def _broken(error: Exception) -> AnyResponse:
    """Say that it is our fault. The log gets the place in the code, never the error's text."""
    current_app.logger.error("event=broken %s", _place(error))
    return _http_error(InternalServerError())


def _place_alone(record: logging.LogRecord) -> bool:
    """Flask's last resort would log a path and an exception's text: keep the place alone."""
    if record.exc_info and record.exc_info[1]:
        record.msg, record.args = "event=broken %s", (_place(record.exc_info[1]),)
        record.exc_info = record.exc_text = None
    return True


def _place(error: BaseException) -> str:
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    where = f"{at.tb_frame.f_globals.get('__name__')}:{at.tb_lineno}" if at else "unknown"
    return f"class={type(error).__name__} at={where}"


def _problem(name: str, status: int) -> AnyResponse:
    """The page about a problem, or a bare one where making that page fails as well."""
    try:
        return _problem_page(name, status)
    except Exception as error:
        current_app.logger.error("event=broken %s", _place(error))
        return make_response(_BARE_PAGE, status)


def _problem_page(name: str, status: int) -> AnyResponse:
    if isinstance(request.routing_exception, SecurityError):
        # Called by a name that is not ours: no link can be made, so the page has none.
        texts = words().texts["pages"]["problem"]
        text = f"{texts[f'{name}_heading']}\n\n{texts[name]}\n"
        return make_response(text, status, {"Content-Type": "text/plain; charset=utf-8"})
    return page("problem.html", status, problem=name)
