"""What guards every page: headers, hosts, origins, methods, and pages for what goes wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from flask import Flask

from webapp.mail import Mail
from webapp.post import Outcome

from .visitor import (
    DEMO,
    HERE,
    PRODUCTION,
    PUBLIC,
    Visitor,
    app_for,
    drawer_of,
    make_app,
    visitor,
)

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
ABOUT_THE_BODY = {"Content-Type", "Content-Length", "Location", "Allow", "Set-Cookie"}
SENDING = "/letter/check"


def _posts(app: Flask) -> list[str]:
    """Every route that takes a POST, with something in the place of its parts."""
    rules = [rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())]
    return sorted({rule.rule.replace("<token>", "A" * 22) for rule in rules})


def _gets(app: Flask) -> list[str]:
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    parts = {"<token>": "A" * 22, "<path:filename>": "style.css", "<name>": "x", "<tab>": "text"}
    paths = [rule.rule for rule in rules]
    for part, value in parts.items():
        paths = [path.replace(part, value) for path in paths]
    return sorted(set(paths))


POSTS = _posts(app_for(PRODUCTION))
GETS = _gets(app_for(DEMO))


def _others(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name not in ABOUT_THE_BODY}


class _Broken:
    def send(self, mail: Mail) -> Outcome:
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
    expected = GUARDS | ({"X-Robots-Tag": ""} if path == "/" else {})
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
    downloads = ("/outbox", "/static", "/letter/my-letter", "/healthz")
    for path in (path for path in GETS if not path.startswith(downloads)):
        page = emma.opens(path).page
        sources = [str(one["src"]) for one in page.soup.select("[src]")]
        sources += [str(one["href"]) for one in page.soup.select("link[href]")]
        assert all(source.startswith("/static/") for source in sources)
        assert not page.soup.select("[style], style, script:not([src]), [onclick], [onsubmit]")


# Hosts.


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("host", ["evil.example", "letters.example.evil.example", "evil.example:1"])
def test_a_foreign_host_gets_a_plain_answer_and_never_its_own_name(method: str, host: str) -> None:
    client = app_for(PRODUCTION).test_client()
    answer = client.open("/letter/check", method=method, base_url=f"https://{host}")
    assert answer.status_code == 400
    assert "This did not come from our own page" in answer.text
    assert "evil" not in answer.text + str(answer.headers)


def test_a_proxys_word_about_the_host_is_ignored() -> None:
    app = make_app(replace(PRODUCTION, trusted_proxies=1))
    names = ("X-Forwarded-Host", "X-Forwarded-Server", "X-Original-Host", "Forwarded")
    headers = dict.fromkeys(names, "evil.example") | {"X-Forwarded-Prefix": "/evil"}
    answer = app.test_client().get("/", base_url=PUBLIC, headers=headers)
    assert answer.status_code == 200
    assert "evil" not in answer.text + str(answer.headers)


def test_redirects_lead_nowhere_but_here() -> None:
    emma = visitor(PRODUCTION).reaches_check()
    for path in GETS:
        query = {"next": "//evil.example", "url": "//evil.example", "then": "//evil.example"}
        answer = emma.client.get(path, query_string=query, base_url=PUBLIC)
        answer.close()
        assert answer.headers.get("Location", "/").startswith("/")
        assert "//evil" not in answer.headers.get("Location", "")


# Where a post comes from.


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": PUBLIC},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": f"{PUBLIC}.evil.example"},
        {"Origin": PUBLIC.replace("https", "http")},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
    ],
)
def test_a_post_from_elsewhere_is_refused_on_every_route(
    path: str, headers: dict[str, str]
) -> None:
    emma = visitor(PRODUCTION).opens("/")
    assert emma.posts(path, headers=headers).page.status == 403
    assert emma.page.heading == "This did not come from our own page"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin", "Origin": PUBLIC},
        {"Sec-Fetch-Site": "same-origin"},
        {"Origin": PUBLIC},
        {"Referer": f"{PUBLIC}/letter/check"},
        {},
    ],
)
def test_a_browser_on_our_own_page_can_send_over_https(headers: dict[str, str]) -> None:
    emma = visitor(PRODUCTION).reaches_check()
    data = {
        str(one["name"]): str(one["value"]) for one in emma.page.soup.select("#send [type=hidden]")
    }
    emma.posts(SENDING, data | {"email": "emma@example.org"}, headers=headers)
    assert emma.page.path == "/letter/sent"


def test_the_demo_takes_posts_by_the_name_it_was_called() -> None:
    for name in ("http://localhost:5000", HERE):
        emma = Visitor(app_for(DEMO), name).opens("/")
        assert emma.posts("/", headers={"Origin": name}).page.status == 422


# GET shows, POST does.


def test_looking_at_every_address_sends_nothing_and_changes_no_answer() -> None:
    emma = visitor().reaches_check(level="needs", more={"own_words": "I am kind."})
    before = emma.draft()
    query = {"situation": "work", "level": "named", "email": "eve@evil.example", "keep": "yes"}
    for path in GETS:
        for method in ("GET", "HEAD"):
            emma.client.open(path, method=method, query_string=query, base_url=HERE).close()
    assert not drawer_of(emma.app).mails
    after = emma.draft()
    assert (after.answers, after.id, after.kept) == (before.answers, before.id, before.kept)


def test_every_post_without_its_token_does_nothing() -> None:
    emma = visitor().reaches_check(level="needs")
    before = emma.draft()
    draft = {"draft": before.id, "email": "eve@evil.example", "situation": "work"}
    for path in (path for path in POSTS if not path.startswith(("/confirm", "/stop"))):
        emma.posts(path, draft | {"level": "named", "say": "write-or-type", "keep": "yes"})
        assert emma.page.status < 500
    assert not drawer_of(emma.app).mails
    assert emma.draft().answers == before.answers


def test_a_wrong_method_is_told_which_ones_there_are() -> None:
    answer = app_for(PRODUCTION).test_client().post("/help", base_url=PUBLIC)
    assert answer.headers["Allow"] == "GET, HEAD"


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


def test_healthz_answers_without_a_cookie() -> None:
    answer = app_for(PRODUCTION).test_client().get("/healthz", base_url=PUBLIC)
    assert (answer.text, answer.headers.getlist("Set-Cookie")) == ("ok\n", [])
