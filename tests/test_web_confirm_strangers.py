"""Who has no right to a letter: strangers, scanners and other pages get and learn nothing."""

from __future__ import annotations

import hashlib
import re
import statistics
import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from webapp.store.database.tables import waiting
from webapp.store.sealing import SCRYPT_N, new_token

from .confirming import OTHER, same_page
from .direct import (
    EMMA,
    HOUR,
    MANAGER,
    Host,
    Writer,
    wrong,
)
from .visitor import Visitor

# What a stranger sees.


def _wrong_code(host: Host) -> tuple[str, str]:
    return host.link(), wrong(host.code())


def _unknown_token(host: Host) -> tuple[str, str]:
    return f"/confirm/{new_token()}", host.code()


def _broken_token(host: Host) -> tuple[str, str]:
    return f"{host.link()}x", host.code()


def _tampered_token(host: Host) -> tuple[str, str]:
    link = host.link()
    return link[:-8] + ("A" if link[-8] != "A" else "B") + link[-7:], host.code()


def _expired(host: Host) -> tuple[str, str]:
    host.clock.forward(48 * HOUR)
    return host.link(), host.code()


def _cancelled(host: Host) -> tuple[str, str]:
    Writer(host).follows_the_mail().types().cancels()
    return host.link(), host.code()


def _replaced(host: Host) -> tuple[str, str]:
    one = Writer(host).asks()
    old = host.link(), host.code()
    host.clock.forward(1)
    one.reaches_check()
    one.names().agrees()
    return old


def _code_of_another_letter(host: Host) -> tuple[str, str]:
    link = host.link()
    Writer(host).asks(OTHER)
    return link, host.code()


def _token_of_the_stop_page(host: Host) -> tuple[str, str]:
    Visitor(host.app).opens("/stop").submits("/stop", email="x@home.example.org")
    return host.link().replace("/stop/", "/confirm/"), host.code()


def _tampered_row(host: Host) -> tuple[str, str]:
    with host.store.database.writing() as connection:
        connection.execute(sa.update(waiting).values(expires_at=waiting.c.expires_at + 1))
    return host.link(), host.code()


def _slowed(host: Host) -> tuple[str, str]:
    stranger = Visitor(host.app)
    for _ in range(5):
        stranger.posts(host.link(), {"code": wrong(host.code())})
    return host.link(), host.code()


STRANGERS: list[Callable[[Host], tuple[str, str]]] = [
    _unknown_token,
    _broken_token,
    _tampered_token,
    _expired,
    _cancelled,
    _replaced,
    _code_of_another_letter,
    _token_of_the_stop_page,
    _tampered_row,
    _slowed,
]


@pytest.mark.parametrize("case", STRANGERS, ids=lambda case: case.__name__)
def test_all_that_opens_nothing_looks_the_same(
    emma: Writer, case: Callable[[Host], tuple[str, str]]
) -> None:
    """R41, R42."""
    emma.asks()
    host = emma.host
    path, code = _wrong_code(host)
    expected = Visitor(host.app).posts(path, {"code": code}).page
    path, code = case(host)
    found = Visitor(host.app).posts(path, {"code": code}).page
    assert expected.status == 422
    assert same_page(found, expected)


@pytest.mark.parametrize("button", ["send", "cancel"])
def test_no_button_does_more_than_the_code_allows(emma: Writer, button: str) -> None:
    emma.asks()
    path, code = _wrong_code(emma.host)
    stranger = Visitor(emma.host.app).posts(path, {"code": code, button: "yes", "again": "0"})
    assert stranger.page.status == 422
    assert emma.host.rows() == 1
    assert emma.host.to(MANAGER) == []


def _work(host: Host, path: str, code: str) -> list[int]:
    """The costs of the scrypt calls that one try needs."""
    costs = []
    real = hashlib.scrypt

    def counted(*args: object, **kwargs: object) -> bytes:
        costs.append(int(str(kwargs["n"])))
        return real(*args, **kwargs)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashlib, "scrypt", counted)
        Visitor(host.app).posts(path, {"code": code})
    return costs


@pytest.mark.parametrize("case", [_wrong_code, *STRANGERS], ids=lambda case: case.__name__)
def test_all_that_opens_nothing_is_the_same_work(
    emma: Writer, case: Callable[[Host], tuple[str, str]]
) -> None:
    """R17 of the threats: scrypt included."""
    emma.asks()
    path, code = case(emma.host)
    emma.host.keys(cost=SCRYPT_N)
    assert _work(emma.host, path, code) == [SCRYPT_N]


def test_an_unknown_letter_takes_as_long_as_a_known_one(emma: Writer, host: Host) -> None:
    """Medians of this thread's own work, taken in turns: what else the machine does is left out."""
    host.keys(cost=SCRYPT_N)
    emma.asks()
    known, unknown, code = host.link(), f"/confirm/{new_token()}", wrong(host.code())
    times: dict[str, list[float]] = {known: [], unknown: []}
    for path in [known, unknown] * 5:
        started = time.thread_time()
        Visitor(host.app).posts(path, {"code": code})
        times[path].append(time.thread_time() - started)
    medians = [statistics.median(found) for found in times.values()]
    assert 1 / 3 < medians[0] / medians[1] < 3


# A stranger who knows the address.


def test_a_stranger_who_types_the_same_address_does_not_replace_the_letter(
    emma: Writer, host: Host
) -> None:
    emma.asks()
    link, code = host.link(), host.code()
    Writer(host).asks(OTHER)
    emma.opens(link).submits(link, code=code)
    assert MANAGER in emma.page.text
    assert host.rows() == 2


def test_a_stranger_cannot_cancel_it_without_the_code_or_the_browser(
    emma: Writer, host: Host
) -> None:
    emma.asks()
    link, code = host.link(), host.code()
    for stranger in (Writer(host).asks(OTHER), Visitor(host.app)):
        stranger.posts(link, {"cancel_here": "yes"})
    emma.submits(link, code=code)
    assert MANAGER in emma.page.text


def test_a_letter_that_a_stranger_put_into_the_mail_is_seen_before_it_goes(
    emma: Writer, host: Host
) -> None:
    """Whoever typed Emma's address gets her to see the letter, never to send it unseen."""
    Writer(host).asks(OTHER)
    victim = Writer(host).follows_the_mail().types()
    assert OTHER in victim.page.text
    assert "Canaryfirst" in victim.page.text
    assert host.to(OTHER) == []


# Nothing but a second POST sends.


ROUTES = (
    "/",
    "/favicon.ico",
    "/letter/how-much",
    "/letter/what",
    "/letter/about-you",
    "/letter/check",
    "/letter/someone",
    "/letter/sent",
    "/letter/print",
    "/letter/my-letter.txt",
    "/deleted",
    "/stop",
    "/privacy",
    "/help",
    "/accessibility",
    "/healthz",
)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_prefetchers_change_nothing_on_any_page(emma: Writer, host: Host, method: str) -> None:
    """R22: with and without the writer's cookie, and with all that a form would post as query."""
    emma.asks()
    before, mails = host.held(), len(host.drawer.mails)
    paths = (*ROUTES, *_with_a_part(host), host.link(), host.link().replace("/confirm/", "/stop/"))
    for number in range(100):
        client = (emma, Visitor(host.app))[number % 2].client
        path = paths[number % len(paths)]
        query = f"?code={host.code()}&send=yes&cancel=yes&cancel_here=yes&consent=yes"
        client.open(path + query * (number % 3 == 0), method=method, base_url=emma.base)
    assert host.held() == before
    assert len(host.drawer.mails) == mails


def _with_a_part(host: Host) -> list[str]:
    """Every other page that GET shows, with something unknown in place of what its path holds."""
    rules = {rule.rule for rule in host.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    others = sorted(one for one in rules - {*ROUTES} if not one.startswith(("/static", "/outbox")))
    return [re.sub("<[^>]*>", "1", one) for one in others]


def test_every_route_is_among_those_that_prefetchers_try(host: Host) -> None:
    tried = {*ROUTES, *_with_a_part(host)}
    assert tried >= {"/words", "/words/1", "/feedback", "/round/1", "/group/1", "/confirm/1"}


def test_a_scanner_that_presses_every_button_sends_nothing(emma: Writer, host: Host) -> None:
    """R23, without a real browser; the real one is in e2e."""
    emma.asks()
    before, mails = host.held(), len(host.drawer.mails)
    scanner = Writer(host).follows_the_mail()
    for form in scanner.page.soup.find_all("form", method="post"):
        for button in form.find_all("button"):
            scanner.follows_the_mail()
            name = str(button.get("name") or "none")
            scanner.submits(str(form["action"]), **{name: str(button.get("value") or "")})
    assert host.held() == before
    assert len(host.drawer.mails) == mails


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "null"},
        {"Origin": "https://evil.example"},
    ],
)
def test_a_post_from_elsewhere_opens_and_sends_nothing(
    emma: Writer, host: Host, headers: dict[str, str]
) -> None:
    """R51."""
    emma.asks()
    before = host.held()
    emma.posts(host.link(), {"code": host.code(), "send": "yes"}, headers=headers)
    assert emma.page.status == 403
    assert host.held() == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"X-Forwarded-Host": "evil.example"},
        {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example", "Forwarded": "host=e"},
        {"X-Original-URL": "//evil.example", "X-Forwarded-Prefix": "/evil"},
    ],
)
def test_no_header_changes_the_host_in_the_link(host: Host, headers: dict[str, str]) -> None:
    """R50."""
    emma = Writer(host)
    emma.reaches_check()
    consent = emma.names().page
    fields = {str(i.get("name")): str(i.get("value", "")) for i in consent.soup.select("input")}
    emma.posts("/letter/someone", fields | {"consent": "yes"}, headers=headers)
    mails = host.to(EMMA)
    assert len(mails) == (0 if "Host" in headers else 1)
    assert not [mail for mail in mails if "evil" in mail.as_string()]
    assert "evil" not in emma.page.html
