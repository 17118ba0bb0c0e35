"""What guards every page: headers, hosts, origins, methods, and pages for what goes wrong."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from webapp.letter.words import load
from webapp.mail.message import Mail
from webapp.post import Outcome

from .pages import Page
from .visitor import DEMO, PRODUCTION, PUBLIC, Visitor, app_for, make_app, routes, visitor

# Security note 5.7, written out: a test that read them from the code would agree with any slip.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; "
    "require-trusted-types-for 'script'"
)
GUARDS = {
    "Content-Security-Policy": POLICY,
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
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
# Only the start page may be found by a search, asked from within for robots.txt, kept by a phone.
AT_THE_START = {
    "X-Robots-Tag": "",
    "Content-Security-Policy": f"{POLICY}; connect-src 'self'; manifest-src 'self'",
}
GETS = routes(app_for(DEMO), "GET")
ABOUT_THE_BODY = {"Content-Type", "Content-Length", "Location", "Allow", "Set-Cookie"}


def _others(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in ABOUT_THE_BODY}


class _Broken:
    def send(self, mail: Mail, *, seconds: float = 25.0) -> Outcome:
        raise RuntimeError(mail.recipient)

    def close(self) -> None:
        pass


# Headers.


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/help", 200),
        ("GET", "/letter/check", 200),
        ("HEAD", "/help", 200),
        ("POST", "/letter/how-much", 303),
        ("POST", "/letter/what", 422),
        ("GET", "/nowhere", 404),
        ("GET", "/static/nothing.css", 404),
        ("PUT", "/help", 405),
        ("DELETE", "/letter/check", 405),
        ("TRACE", "/", 405),
        ("OPTIONS", "/", 405),
        ("PROPFIND", "/letter/check", 405),
        ("POST", "/help", 405),
    ],
)
def test_every_answer_has_exactly_the_guarding_headers(method: str, path: str, status: int) -> None:
    emma = visitor(PRODUCTION).reaches_check().opens("/letter/how-much")
    fields = {
        name: emma.page.form("/letter/how-much").select_one(f"[name={name}]")["value"]  # type: ignore[index]
        for name in ("csrf_token", "draft")
    }
    data = fields | {"level": "named", "say": "unknown"} if method == "POST" else None
    answer = emma.client.open(path, method=method, data=data, base_url=PUBLIC)
    assert answer.status_code == status
    expected = GUARDS | (AT_THE_START if path == "/" else {})
    assert _others(dict(answer.headers)) == {k: v for k, v in expected.items() if v}


def test_so_have_refused_posts_large_bodies_foreign_hosts_and_our_own_faults() -> None:
    app = app_for(PRODUCTION)
    client = app.test_client()
    large = client.post("/letter/what", data={"x": "x" * 300_000}, base_url=PUBLIC)
    foreign = client.get("/help", base_url="https://evil.example")
    elsewhere = client.post("/deleted", base_url=PUBLIC, headers={"Origin": "null"})
    broken = Visitor(make_app(PRODUCTION, post=_Broken()), PUBLIC).reaches_check()
    broken.sends_to("emma@example.org")
    answers = [(large, 413), (foreign, 400), (elsewhere, 403)]
    assert all(answer.status_code == status for answer, status in answers)
    assert all(_others(dict(answer.headers)) == GUARDS for answer, _ in answers)
    assert broken.page.status == 500
    assert _others(broken.page.headers) == GUARDS


def test_the_start_page_may_be_found_and_nothing_else() -> None:
    emma = visitor(PRODUCTION)
    assert "X-Robots-Tag" not in emma.opens("/").page.headers
    assert emma.opens("/privacy").page.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_static_files_may_be_kept_for_ever_under_an_address_that_changes_with_them() -> None:
    emma = visitor(PRODUCTION).opens("/")
    sheet = emma.page.soup.select_one("link[rel=stylesheet]")
    assert sheet
    answer = emma.client.get(str(sheet["href"]), base_url=PUBLIC)
    answer.close()
    assert "?v=" in str(sheet["href"])
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Security-Policy"] == POLICY
    assert not answer.headers.getlist("Set-Cookie")


def test_without_https_there_is_no_promise_of_it() -> None:
    assert "Strict-Transport-Security" not in visitor(DEMO).opens("/").page.headers


def test_pages_load_nothing_from_elsewhere_and_have_no_inline_style_or_script() -> None:
    emma = visitor(PRODUCTION).reaches_check()
    downloads = ("/outbox", "/static", "/favicon.ico", "/letter/my-letter", "/healthz")
    for path in (path for path in GETS if not path.startswith(downloads)):
        page = emma.opens(path).page
        sources = [str(one["src"]) for one in page.soup.select("[src]")]
        sources += [str(one["href"]) for one in page.soup.select("link[href]")]
        assert all(source.startswith("/static/") for source in sources)
        assert not page.soup.select("[style], style, script:not([src]), [onclick], [onsubmit]")


# What goes wrong.


@pytest.mark.parametrize(
    ("path", "status", "heading"),
    [
        ("/nowhere", 404, "There is no page here"),
        ("/letter/", 404, "There is no page here"),
        ("/outbox", 404, "There is no page here"),
        ("/%00", 404, "There is no page here"),
        ("/static/../webapp/keys.py", 404, "There is no page here"),
    ],
)
def test_a_wrong_address_gets_a_calm_page(path: str, status: int, heading: str) -> None:
    page = visitor(PRODUCTION).opens(path).page
    assert (page.status, page.heading) == (status, heading)


def test_a_problem_page_leads_back_to_the_letter() -> None:
    emma = visitor().reaches_check().opens("/nowhere")
    assert emma.page.soup.select('a[href="/letter/check"]')


@pytest.fixture
def speechless(words: Path) -> FlaskClient:
    """An app whose texts are gone, although it started with all of them."""
    library = load(words)
    client = make_app(PRODUCTION, library=library).test_client()
    for texts in library.words("en").texts.values():
        texts.clear()
    return client


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/help", 500),
        ("GET", "/nowhere", 404),
        ("DELETE", "/letter/check", 405),
        ("POST", "/deleted", 403),
    ],
)
def test_where_the_page_about_a_problem_fails_too_a_bare_one_is_shown(
    method: str,
    path: str,
    status: int,
    speechless: FlaskClient,
    caplog: pytest.LogCaptureFixture,
) -> None:
    elsewhere = {"Origin": "https://evil.example"}
    answer = speechless.open(path, method=method, base_url=PUBLIC, headers=elsewhere)
    page = Page(answer.status_code, path, dict(answer.headers), answer.text)
    assert (page.status, page.heading) == (status, "This page could not be shown")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert _others(page.headers) == GUARDS
    assert "event=broken class=" in caplog.text


def test_so_it_is_under_a_name_that_is_not_ours(speechless: FlaskClient) -> None:
    answer = speechless.get("/help", base_url="https://evil.example")
    assert (answer.status_code, _others(dict(answer.headers))) == (400, GUARDS)
    assert "This page could not be shown" in answer.text


def test_healthz_answers_without_a_cookie() -> None:
    answer = app_for(PRODUCTION).test_client().get("/healthz", base_url=PUBLIC)
    assert (answer.text, answer.headers.getlist("Set-Cookie")) == ("ok\n", [])
