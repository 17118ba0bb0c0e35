"""What is around the form: a disk, an old cookie, a cache, a proxy, somebody else's network."""

from __future__ import annotations

import dataclasses
import io
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from gunicorn.http.errors import InvalidChunkSize

from webapp.settings import OutboxFolder
from webapp.web.cookie import AnswersCookie

from .direct import DAY, EMMA, MANAGER, Host, Writer, told
from .visitor import DEMO, HERE, PRODUCTION, PUBLIC, Visitor, make_app, visitor

LOOPBACK = {"REMOTE_ADDR": "127.0.0.1"}


# A disk that can only be read for a while.


def test_letters_go_again_when_a_disk_that_could_only_be_read_takes_writes_again(
    emma: Writer, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    emma.asks().types()
    host.close()  # the next connections are opened while the disk is out of order
    connect = sqlite3.dbapi2.connect

    def only_to_read(file: str, *rest: Any, **how: Any) -> sqlite3.Connection:
        read_only = f"{file}{'&' if '?' in file else '?'}mode=ro"
        return cast("sqlite3.Connection", connect(read_only, *rest, **how))

    with monkeypatch.context() as out_of_order:
        out_of_order.setattr(sqlite3.dbapi2, "connect", only_to_read)
        emma.sends()
        assert emma.page.status == 503
        assert told("away") in emma.page.text
        assert host.to(MANAGER) == []
    emma.sends()
    assert emma.page.heading == told("sent_heading")
    assert len(host.to(MANAGER)) == 1


def test_after_a_restored_backup_no_page_says_that_nobody_got_a_letter_that_went(
    emma: Writer, host: Host
) -> None:
    """The letters are those of before the press; what was counted since tells of the press."""
    host.limits(pair_day=1)
    emma.asks().types()
    opened = emma.page
    file = Path(host.url.removeprefix("sqlite:///"))
    backup = file.read_bytes()
    emma.sends()
    host.close()
    file.write_bytes(backup)
    phone = Writer(host).follows_the_mail()
    phone.types()
    assert phone.page.heading == told("opened_heading")
    assert "obody got" not in phone.page.text
    phone.page = opened
    phone.sends()
    assert phone.page.status == 429
    assert told("limit") in phone.page.text
    assert "obody got" not in phone.page.text
    phone.cancels()
    assert "obody got" not in phone.page.text
    assert len(host.to(MANAGER)) == 1


# A copy of the cookie, as somebody finds it on a shared computer or in a backup.


@pytest.fixture
def clock(emma: Writer) -> Iterator[list[float]]:
    """What the app's cookie takes for the time; a test may turn it."""
    before = cast("AnswersCookie", emma.app.session_interface)
    now = [float(before.now())]
    emma.app.session_interface = dataclasses.replace(before, now=lambda: int(now[0]))
    yield now
    emma.app.session_interface = before


def _copied(emma: Writer) -> Writer:
    """Another browser with a copy of her cookie."""
    other = Writer(emma.host)
    for name, value in emma.cookies().items():
        other.client.set_cookie(name, value, domain="127.0.0.1")
    return other


def test_an_old_copy_of_the_cookie_shows_nothing_and_takes_nothing_back(
    emma: Writer, host: Host, clock: list[float]
) -> None:
    emma.asks()
    link, other = host.link(), _copied(emma)
    emma.submits("/deleted")
    clock[0] += 2 * DAY + 1
    other.opens("/letter/check")
    assert other.page.path == "/"
    assert "Canary" not in other.page.html
    other.opens(link)
    assert EMMA not in other.page.html
    other.posts(link, {"cancel_here": "yes"})
    assert other.page.heading == told("none_heading")
    assert host.rows() == 1


def test_a_letter_of_yesterday_is_still_there(emma: Writer, clock: list[float]) -> None:
    emma.reaches_check(more={"first": "Canaryfirst"})
    clock[0] += 2 * DAY - 60
    assert "Canaryfirst" in emma.opens("/letter/check").page.letter()


def test_a_cookie_from_a_day_that_is_not_yet_counts_as_none(
    emma: Writer, clock: list[float]
) -> None:
    """A clock that was wrong, and is right now: else it would be read for ever."""
    emma.reaches_check()
    clock[0] -= 2 * DAY + 60
    assert emma.opens("/letter/check").page.path == "/"


# Static files in caches.


@pytest.mark.parametrize("wrong", ["", "?v=", "?v=00000000", "?v=1&v=2", "?w=1"])
def test_a_static_file_under_another_versions_address_is_looked_at_anew(wrong: str) -> None:
    """Else a cache could hold the old style sheet under the new one's name for a year."""
    emma = visitor(PRODUCTION).opens("/")
    sheet = str(emma.page.soup.select("link[rel=stylesheet]")[0]["href"]).partition("?")[0]
    answer = emma.client.get(sheet + wrong, base_url=PUBLIC)
    answer.close()
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"


# A post that did not arrive whole.


class _Broken(io.BytesIO):
    """What gunicorn hands on where a chunk's size is no number: reading it fails."""

    def read(self, _size: int | None = -1, /) -> bytes:
        raise InvalidChunkSize(b"no number")

    def readinto(self, _buffer: object, /) -> int:
        raise InvalidChunkSize(b"no number")


@pytest.mark.parametrize("path", ["/letter/check", "/", "/stop", "/letter/someone", "/deleted"])
def test_a_post_that_is_cut_off_is_no_fault_of_ours_and_the_answers_stay(path: str) -> None:
    emma = visitor(DEMO).reaches_check()
    letter = emma.page.letter()
    answer = emma.client.post(
        path,
        content_type="application/x-www-form-urlencoded",
        environ_overrides={"wsgi.input": _Broken(), "wsgi.input_terminated": True},
        base_url=HERE,
    )
    assert answer.status_code == 400
    assert emma.opens("/letter/check").page.letter() == letter


# /stop, and the letters of everybody else.


def test_whoever_asks_for_no_more_mail_over_and_over_silences_no_letter(host: Host) -> None:
    host.limits(stop_hour=2, site_hour=3)
    for number in range(5):
        Writer(host).opens("/stop").submits("/stop", email=f"stranger{number}@other.example.org")
    assert len(host.drawer.mails) == 2
    Writer(host).reaches_check().sends_to(EMMA)
    assert len(host.to(EMMA)) == 1


def test_a_busy_hour_of_letters_keeps_nobody_from_stopping_them(host: Host) -> None:
    host.limits(site_hour=1)
    Writer(host).reaches_check().sends_to(EMMA)
    Writer(host).opens("/stop").submits("/stop", email=MANAGER)
    assert len(host.to(MANAGER)) == 1


# The demo's outbox.


def _outbox(public_url: str = HERE, base: str = HERE, **how: Any) -> int:
    app = make_app(dataclasses.replace(DEMO, public_url=public_url))
    given = {"environ_base": LOOPBACK} | how
    return app.test_client().get("/outbox", base_url=base, **given).status_code


def test_the_outbox_is_there_on_this_machine() -> None:
    assert _outbox() == 200


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via"]
)
def test_the_outbox_of_a_demo_behind_a_proxy_is_nobodys(header: str) -> None:
    assert _outbox(headers={header: "127.0.0.1"}) == 404


def test_the_outbox_is_not_there_for_another_machine() -> None:
    assert _outbox(environ_base={"REMOTE_ADDR": "192.168.1.20"}) == 404


def test_the_outbox_of_a_demo_with_a_public_name_is_nobodys() -> None:
    assert _outbox("http://demo.example", "http://demo.example") != 200
    assert _outbox("http://demo.example") == 404


def test_no_letter_of_the_outbox_is_there_for_another_machine_either(tmp_path: Path) -> None:
    emma = Visitor(make_app(dataclasses.replace(DEMO, mail=OutboxFolder(tmp_path))))
    emma.reaches_check().sends_to(EMMA)
    emma.opens("/outbox")
    mails = [str(a["href"]) for a in emma.page.soup.select("a[href^='/outbox/']")]
    assert mails
    for path in mails:
        answer = emma.client.get(path, base_url=HERE, environ_base={"REMOTE_ADDR": "192.168.1.20"})
        assert answer.status_code == 404
