"""Where a request comes from, by which name it calls us, and that looking changes nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from .visitor import (
    DEMO,
    HERE,
    PRODUCTION,
    PUBLIC,
    Visitor,
    app_for,
    drawer_of,
    make_app,
    routes,
    visitor,
)

POSTS = routes(app_for(PRODUCTION), "POST")
GETS = routes(app_for(DEMO), "GET")


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
    emma.posts("/letter/check", data | {"email": "emma@example.org"}, headers=headers)
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


# These rest on the code, or on where the post came from: one's own answers, deleted by oneself.
_TOKENLESS = ("/confirm", "/stop", "/deleted")


def test_every_post_without_its_token_does_nothing() -> None:
    emma = visitor().reaches_check(level="needs")
    before = emma.draft()
    draft = {"draft": before.id, "email": "eve@evil.example", "situation": "work"}
    for path in (path for path in POSTS if not path.startswith(_TOKENLESS)):
        emma.posts(path, draft | {"level": "named", "say": "write-or-type", "keep": "yes"})
        assert emma.page.status < 500
    assert not drawer_of(emma.app).mails
    assert emma.draft().answers == before.answers


def test_a_wrong_method_is_told_which_ones_there_are() -> None:
    answer = app_for(PRODUCTION).test_client().post("/help", base_url=PUBLIC)
    assert answer.headers["Allow"] == "GET, HEAD"
