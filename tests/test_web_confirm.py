"""Behind the link: a right code only opens, a second press sends, and no page says too much."""

from __future__ import annotations

import datetime
import hashlib
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from webapp.post import Outcome, Result
from webapp.store.database.tables import waiting
from webapp.store.sealing import SCRYPT_N, SLOTS, new_token, slot
from webapp.store.waiting.states import MOST_ATTEMPTS

from .builders import english
from .direct import (
    CANARY,
    DAY,
    DIRECT,
    EMMA,
    HOUR,
    MANAGER,
    NAME,
    Host,
    Writer,
    another_release,
    store_over,
    told,
    wrong,
)
from .letter_page import words_of
from .visitor import Drawer, Page, Visitor, make_app

OTHER = "other@vets.example.org"
PERHAPS = Outcome(Result.PERHAPS_SENT, "dot")
NEW_SECRET = "a new secret of the tests, long enough to be one"


def _same(one: Page, other: Page) -> bool:
    """Whether two pages differ in nothing but the form's own seeds and the path."""

    def bare(page: Page) -> str:
        for seed in page.soup.select("input[name=csrf_token]"):
            seed["value"] = ""
        return str(page.soup).replace(page.path, "/path")

    names = {"Set-Cookie", "Content-Length"}
    heads = [{k: v for k, v in p.headers.items() if k not in names} for p in (one, other)]
    return one.status == other.status and heads[0] == heads[1] and bare(one) == bare(other)


# Opening.


def test_the_page_behind_the_link_shows_nothing_and_asks_for_the_code(emma: Writer) -> None:
    emma.asks()
    page = Writer(emma.host).follows_the_mail().page
    code = page.soup.select_one("#code")
    assert code
    assert (code["autocomplete"], code["inputmode"]) == ("one-time-code", "numeric")
    assert not [word for word in (MANAGER, NAME, EMMA, *CANARY.values()) if word in page.html]


def test_a_right_code_only_opens_and_the_second_press_sends(emma: Writer, host: Host) -> None:
    emma.asks().types()
    assert host.to(MANAGER) == []
    assert emma.page.soup.find("button", string=f"{told('send')} {NAME}")
    emma.sends()
    assert len(host.to(MANAGER)) == 1


def test_the_opened_page_is_the_letter_as_it_will_be_sent(emma: Writer, host: Host) -> None:
    opened = emma.asks().types().page
    shown = opened.soup.select_one("article.letter")
    emma.sends()
    (letter,) = host.to(MANAGER)
    text = letter.get_body(("plain",))
    assert shown
    assert text
    assert words_of(shown.get_text()) == words_of(text.get_content())
    head = " ".join(opened.soup.select_one("dl.head").get_text(" ").split())  # type: ignore[union-attr]
    assert all(str(letter[part]) in head for part in ("To", "Reply-To", "Subject"))


@pytest.mark.parametrize("spelled", ["{0}{1}", "{0} {1}", "{0}-{1}", " {0}\u2013{1} ", "{0}\n{1}"])
def test_a_code_may_be_typed_or_pasted_in_any_usual_way(emma: Writer, spelled: str) -> None:
    """R24."""
    emma.asks()
    emma.types(spelled.format(*emma.host.code().split()))
    assert emma.page.heading == told("opened_heading")


@pytest.mark.parametrize(
    "typed", ["", "12345", "1234567", "abcdef", "12 34", "' OR 1=1", "x" * 9999]
)
def test_what_is_not_six_digits_counts_as_no_try(emma: Writer, typed: str) -> None:
    emma.asks()
    before = emma.host.held()
    for _ in range(7):
        emma.types(typed)
    assert emma.page.status == 422
    assert told("digits") in emma.page.text
    assert emma.host.held() == before


def test_the_letter_goes_as_it_was_agreed_to_whatever_was_deployed_since(
    emma: Writer, host: Host, tmp_path: Path
) -> None:
    emma.asks().types()
    shown = emma.page.soup.select_one("article.letter")
    host.turns(**another_release(tmp_path / "release"))
    emma.sends()
    text = host.to(MANAGER)[0].get_body(("plain",))
    assert shown
    assert text
    assert words_of(text.get_content()) == words_of(shown.get_text())


def test_the_next_day_the_link_in_the_mail_still_opens_it(emma: Writer, host: Host) -> None:
    emma.asks()
    host.clock.forward(DAY)
    emma.follows_the_mail().types().sends()
    assert len(host.to(MANAGER)) == 1


def test_another_device_needs_only_the_mail(emma: Writer, host: Host) -> None:
    emma.asks()
    phone = Writer(host).follows_the_mail().types().sends()
    assert phone.page.heading == told("sent_heading")
    assert len(host.to(MANAGER)) == 1


def test_a_new_secret_key_with_the_old_one_as_fallback_still_opens(
    emma: Writer, host: Host
) -> None:
    emma.asks()
    rotated = replace(DIRECT, secret_key=NEW_SECRET, secret_key_fallbacks=(DIRECT.secret_key,))
    store = store_over(host.url, rotated, host.clock)
    app = make_app(rotated, post=Drawer())
    other = Host(app, host.clock, host.url, host.drawer)
    other.turns(store=store, post=host.drawer)
    Writer(other).follows_the_mail().types().sends()
    other.close()
    assert len(host.to(MANAGER)) == 1


def test_a_new_secret_key_without_the_old_one_opens_nothing(emma: Writer, host: Host) -> None:
    emma.asks()
    host.keys(secret_key=NEW_SECRET)
    assert told("wrong") in emma.types().page.text


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
    assert _same(found, expected)


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
    """Medians, taken in turns, within a factor that a busy machine keeps."""
    host.keys(cost=SCRYPT_N)
    emma.asks()
    known, unknown, code = host.link(), f"/confirm/{new_token()}", wrong(host.code())
    times: dict[str, list[float]] = {known: [], unknown: []}
    for path in [known, unknown] * 5:
        started = time.perf_counter()
        Visitor(host.app).posts(path, {"code": code})
        times[path].append(time.perf_counter() - started)
    medians = [statistics.median(found) for found in times.values()]
    assert 1 / 3 < medians[0] / medians[1] < 3


def test_five_wrong_codes_slow_it_to_one_an_hour_and_delete_nothing(
    emma: Writer, host: Host
) -> None:
    emma.asks()
    for _ in range(5):
        emma.types(wrong(host.code()))
    assert told("wrong") in emma.types().page.text
    host.clock.forward(HOUR)
    assert emma.types().page.heading == told("opened_heading")


def test_right_codes_are_never_slowed(emma: Writer) -> None:
    emma.asks()
    for _ in range(8):
        emma.follows_the_mail().types()
    assert emma.page.heading == told("opened_heading")


@pytest.mark.parametrize(
    ("result", "heading"),
    [(Result.SENT, "sent_heading"), (Result.PERHAPS_SENT, "uncertain_heading")],
)
def test_presses_that_send_nothing_use_up_no_tries(
    emma: Writer, host: Host, result: Result, heading: str
) -> None:
    """An old page's button, and a doubtful letter's without its tick."""
    opened = emma.asks().types().page
    host.drawer.outcome = Outcome(result, "dot")
    emma.sends()
    for _ in range(8):
        emma.page = opened
        emma.sends()
    assert told("wrong") not in emma.page.text
    assert len(host.to(MANAGER)) == 1
    assert emma.follows_the_mail().types().page.heading == told(heading)


def test_while_too_many_codes_are_tried_one_is_asked_to_press_again(
    emma: Writer, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    emma.asks()
    monkeypatch.setattr("webapp.store.sealing.SLOT_WAIT", 0.01)
    before = host.held()
    with _taken(SLOTS):
        emma.types()
    assert emma.page.status == 503
    assert told("busy") in emma.page.text
    assert host.held() == before


@contextmanager
def _taken(number: int) -> Iterator[None]:
    with ExitStack() as places:
        for _ in range(number):
            places.enter_context(slot())
        yield


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
    paths = (*ROUTES, host.link(), host.link().replace("/confirm/", "/stop/"))
    for number in range(100):
        client = (emma, Visitor(host.app))[number % 2].client
        path = paths[number % len(paths)]
        query = f"?code={host.code()}&send=yes&cancel=yes&cancel_here=yes&consent=yes"
        client.open(path + query * (number % 3 == 0), method=method, base_url=emma.base)
    assert host.held() == before
    assert len(host.drawer.mails) == mails


def test_every_route_is_among_those_that_prefetchers_try(host: Host) -> None:
    shown = {rule.rule for rule in host.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    known = {*ROUTES, "/letter/my-letter.html", "/confirm/<token>", "/stop/<token>"}
    assert {path for path in shown - known if not path.startswith(("/static", "/outbox"))} == set()


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


# Cancel, replace, expire.


def test_the_code_cancels(emma: Writer, host: Host) -> None:
    """R37."""
    emma.asks().types().cancels()
    assert emma.page.heading == told("cancelled_heading")
    assert told("cancelled_unsent") in emma.page.text
    assert host.rows() == 0
    assert told("wrong") in emma.follows_the_mail().types().page.text


def test_the_browser_that_asked_cancels_without_the_code(emma: Writer, host: Host) -> None:
    emma.asks().submits(emma.page.path, cancel_here="yes")
    assert emma.page.heading == told("cancelled_heading")
    assert host.rows() == 0


def test_a_browser_that_did_not_ask_has_no_such_button(emma: Writer) -> None:
    emma.asks()
    assert "cancel_here" not in Writer(emma.host).follows_the_mail().page.html


@pytest.mark.parametrize("twice", [False, True])
def test_cancelling_what_was_sent_never_says_that_nobody_saw_it(emma: Writer, twice: bool) -> None:
    emma.asks()
    code_page = emma.page
    if twice:
        emma.submits(code_page.path, cancel_here="yes")
    else:
        emma.types().sends()
    emma.posts(code_page.path, {"cancel_here": "yes"})
    assert emma.page.heading == told("none_heading")
    assert told("cancelled_unsent") not in emma.page.text


def test_sent_letters_cannot_be_cancelled_and_say_when_they_went(emma: Writer) -> None:
    opened = emma.asks().types().page
    emma.sends()
    emma.page = opened
    emma.cancels()
    assert "It was handed over at 12:00 on" in emma.page.text


@pytest.mark.parametrize("button", ["cancel", "cancel_here"])
def test_cancelling_what_may_have_been_sent_does_not_say_that_it_was_not(
    emma: Writer, host: Host, button: str
) -> None:
    host.drawer.outcome = Outcome(Result.SENT)
    emma.asks()
    path = emma.page.path
    host.drawer.outcome = Outcome(Result.PERHAPS_SENT, "dot")
    emma.types().sends()
    emma.posts(path, {"code": host.code(), button: "yes"})
    assert emma.page.heading == told("cancelled_heading")
    assert told("cancelled_unsent") not in emma.page.text
    assert host.rows() == 0


def test_a_newer_letter_of_the_same_browser_replaces_the_older(emma: Writer, host: Host) -> None:
    """R38."""
    emma.asks()
    old_link, old_code = host.link(), host.code()
    host.clock.forward(1)
    emma.reaches_check()
    emma.names(OTHER).agrees()
    assert host.rows() == 1
    emma.opens(old_link).submits(old_link, code=old_code)
    assert told("wrong") in emma.page.text
    assert OTHER in emma.follows_the_mail().types().page.text


@pytest.mark.parametrize("fault", ["not sent", "refused", "limit"])
def test_the_older_letter_stays_until_the_newer_ones_code_is_on_its_way(
    emma: Writer, host: Host, fault: str
) -> None:
    emma.asks()
    emma.reaches_check()
    emma.names(OTHER)
    outcomes = {"not sent": Result.NOT_SENT, "refused": Result.REFUSED}
    host.drawer.outcome = Outcome(outcomes.get(fault, Result.SENT), "rcpt")
    if fault == "limit":
        host.limits(own_day=0)
    link, code = host.link(), host.code()
    emma.agrees().opens(link).submits(link, code=code)
    assert MANAGER in emma.page.text
    assert host.rows() == 1


def _asks_twice(emma: Writer, second: Outcome) -> tuple[str, str]:
    """Emma asks for two letters; how the second's code mail ends. Link and code of the first."""
    host = emma.asks().host
    first = host.link(), host.code()
    emma.reaches_check()
    emma.names(OTHER)
    host.drawer.outcome = second
    emma.agrees()
    host.drawer.outcome = Outcome(Result.SENT)
    return first


def test_a_code_that_was_perhaps_sent_is_told_so_and_ends_no_older_letter(
    emma: Writer, host: Host
) -> None:
    link, code = _asks_twice(emma, PERHAPS)
    page = emma.page
    assert (page.status, page.path) == (200, host.link())
    assert told("intro_perhaps") in page.text
    assert told("perhaps_next") in page.text
    assert told("intro") not in page.text
    assert told("later") not in page.text
    assert page.soup.find("a", href="/letter/check")
    assert host.rows() == 2
    # The mail had come after all; a slip does not change what is said of it.
    emma.types("1")
    assert told("intro") not in emma.page.text
    assert OTHER in emma.types().page.text
    emma.opens(link).submits(link, code=code)
    assert MANAGER in emma.page.text
    # A third letter, whose code is surely on its way, takes the place of both.
    emma.reaches_check()
    emma.names("third@vets.example.org").agrees()
    assert told("intro") in emma.page.text
    assert host.rows() == 1


def test_both_letters_of_one_browser_are_cancelled_and_told_as_both(
    emma: Writer, host: Host
) -> None:
    link, code = _asks_twice(emma, PERHAPS)
    emma.submits(emma.page.path, cancel_here="yes")
    assert emma.page.heading == told("cancelled_all_heading")
    assert told("cancelled_all") in emma.page.text
    assert host.rows() == 0
    for path, digits in ((link, code), (host.link(), host.code())):
        assert told("wrong") in Visitor(host.app).posts(path, {"code": digits}).page.text


def test_delete_with_the_code_takes_only_its_own_letter(emma: Writer, host: Host) -> None:
    link, code = _asks_twice(emma, PERHAPS)
    emma.types().cancels()
    assert told("cancelled_unsent") in emma.page.text
    assert host.rows() == 1
    assert MANAGER in emma.opens(link).submits(link, code=code).page.text


def test_the_word_perhaps_in_the_address_tells_nothing_and_changes_nothing(
    emma: Writer, host: Host
) -> None:
    _asks_twice(emma, PERHAPS)
    before, mails = host.held(), len(host.drawer.mails)
    known, unknown = host.link(), f"/confirm/{new_token()}"
    for marker in ("", "?perhaps=1"):
        pages = [Visitor(host.app).opens(path + marker).page for path in (known, unknown)]
        assert _same(*pages)
        assert (told("intro_perhaps") in pages[0].text) is bool(marker)
    assert (host.held(), len(host.drawer.mails)) == (before, mails)
    data = {"code": wrong(host.code()), "perhaps": "1"}
    tried = [Visitor(host.app).posts(path, data).page for path in (known, unknown)]
    assert tried[0].status == 422
    assert _same(*tried)


@pytest.mark.parametrize(("seconds", "opens"), [(48 * HOUR - 1, True), (48 * HOUR, False)])
def test_it_opens_until_its_very_last_second_though_nothing_was_purged(
    emma: Writer, host: Host, seconds: int, opens: bool
) -> None:
    """R39, R40."""
    emma.asks()
    host.clock.forward(seconds)
    emma.types()
    assert (emma.page.heading == told("opened_heading")) is opens
    assert host.rows() == 1


def test_a_page_that_was_opened_in_time_sends_nothing_after_it(emma: Writer, host: Host) -> None:
    emma.asks().types()
    host.clock.forward(48 * HOUR)
    emma.sends()
    assert host.to(MANAGER) == []


@pytest.mark.parametrize("off", [-48 * HOUR, 48 * HOUR])
def test_with_a_workers_clock_two_days_off_a_press_sends_neither_early_nor_late(
    emma: Writer, host: Host, off: int
) -> None:
    """R66: only the database's clock counts."""
    emma.asks()
    skewed = datetime.datetime.fromtimestamp(host.clock() + off, datetime.UTC)
    host.turns(clock=lambda: skewed)
    emma.types().sends()
    assert emma.page.heading == told("sent_heading")
    host.clock.forward(48 * HOUR)
    assert told("wrong") in emma.follows_the_mail().types().page.text


def test_delete_my_answers_leaves_the_letter_to_its_code_and_nothing_to_the_next_person(
    emma: Writer, host: Host
) -> None:
    emma.asks().deletes()
    assert english().texts["pages"]["deleted"]["waiting"] in emma.page.text
    assert "cancel_here" not in emma.follows_the_mail().page.html
    emma.asks(OTHER)
    assert host.rows() == 2


# After it was sent.


def test_after_sending_the_form_is_closed_and_says_to_whom_it_went(emma: Writer) -> None:
    emma.asks().types().sends()
    sent = emma.opens("/letter/check").page
    assert (sent.path, sent.heading) == ("/letter/sent", told("sent_heading"))
    assert "your inbox" not in sent.text
    assert "Canary" not in sent.html


def test_another_letter_that_was_begun_meanwhile_stays_open(emma: Writer, host: Host) -> None:
    emma.asks()
    emma.reaches_check(situation="work")
    emma.follows_the_mail().types().sends()
    assert emma.page.heading == told("sent_heading")
    assert emma.opens("/letter/check").page.path == "/letter/check"


def test_a_letter_of_whoever_lends_the_phone_stays_open(emma: Writer, host: Host) -> None:
    emma.asks()
    friend = Writer(host)
    friend.reaches_check(name="Ada")
    friend.follows_the_mail().types().sends()
    assert "Ada" in friend.opens("/letter/check").page.letter()


def test_a_blocked_person_gets_nothing_though_the_code_was_right(emma: Writer, host: Host) -> None:
    """R43."""
    emma.asks().types()
    host.store.ledger.block("Manager+news@vets.example.org")
    emma.sends()
    assert emma.page.status == 429
    assert told("limit") in emma.page.text
    assert host.to(MANAGER) == []
    assert host.rows() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"direct_send": "off"},
        {"direct_send": "allowlist", "direct_send_domains": ("other.example.org",)},
    ],
)
def test_a_host_that_closed_this_way_since_sends_nothing_that_waits(
    emma: Writer, host: Host, change: dict[str, object]
) -> None:
    opened = emma.asks().types().page
    host.turns(settings=replace(DIRECT, **change))  # type: ignore[arg-type]
    for _ in range(MOST_ATTEMPTS + 1):
        emma.page = opened
        emma.sends()
    assert emma.page.status == 503
    assert "Canaryfirst" in emma.page.text
    assert host.to(MANAGER) == []
    host.turns(settings=DIRECT)
    assert emma.sends().page.heading == told("sent_heading")


def test_after_the_story_the_database_holds_nothing_of_either_address(
    either_host: Host,
) -> None:
    """R21."""
    emma = Writer(either_host).asks().types().sends()
    assert emma.page.heading == told("sent_heading")
    held = repr(either_host.held()).lower()
    hers = (EMMA, MANAGER, "vets", "home.example", "patel", "emma", "canary", "192.0.2", "127.0")
    assert not [word for word in hers if word in held]


def test_an_older_tab_is_told_that_the_letter_went_straight_to_its_reader(emma: Writer) -> None:
    older = emma.reaches_check().page
    emma.asks().types().sends()
    emma.page = older
    emma.submits("/letter/check", email=EMMA)
    assert emma.page.status == 409
    assert "This press changed nothing and sent nothing." in emma.page.text
    assert english().texts["pages"]["sent"]["straight"] in emma.page.text
