"""What a host reads in the log besides the relay's troubles: a line a minute each, at WARNING."""

from __future__ import annotations

import logging
import re
import shutil
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from webapp import create_app
from webapp.settings import Settings
from webapp.store.database import DatabaseUnavailable

from .builders import library
from .direct import EMMA, MANAGER, Host, Writer
from .visitor import DEMO, PRODUCTION, WITHOUT_MAIL, Drawer, Visitor, make_app

IP = "192.0.2.1"


def _told(caplog: pytest.LogCaptureFixture, event: str) -> list[str]:
    """The lines of one event; each at WARNING, and no line of ours names anybody."""
    ours = [one for one in caplog.records if one.name == "webapp"]
    for one in ours:
        assert one.levelno == logging.WARNING
        assert not re.search(r"@|192\.0\.2|home\.example|vets\.example|127\.0", one.getMessage())
    said = [one.getMessage() for one in ours]
    return [one for one in said if one.split()[0] == f"event={event}"]


def _letter(host: Host, name: str = "Emma") -> Visitor:
    emma = Writer(host)
    emma.client.environ_base["REMOTE_ADDR"] = IP
    return emma.reaches_check(name=name).sends_to(EMMA)


# The start.


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (DEMO, "step=2 demo=yes database=sqlite proxies=0 direct-send=off"),
        (
            replace(DEMO, direct_send="on"),
            "step=3 demo=yes database=sqlite proxies=0 direct-send=on",
        ),
        (WITHOUT_MAIL, "step=1 demo=no database=none proxies=0 direct-send=off"),
        (
            replace(PRODUCTION, trusted_proxies=2, direct_send="allowlist"),
            "step=3 demo=no database=sqlite proxies=2 direct-send=allowlist",
        ),
    ],
)
def test_the_start_says_in_one_line_which_step_this_is_and_repeats_no_address_or_name(
    settings: Settings, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    make_app(settings, post=Drawer())
    (line,) = _told(caplog, "start")
    assert re.fullmatch(rf"event=start version=\d+\.\d+\.\d+\S* {said}", line)
    for value in (
        *(settings.secret_key, settings.public_url, settings.mail_from, settings.database_url),
        *(settings.host_name, settings.host_contact, settings.public_host),
    ):
        assert value not in caplog.text


# Limits.


def test_a_limit_that_was_reached_is_named_once_a_minute_and_nobody_who_reached_it(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    host.limits(own_day=1)
    pages = [_letter(host, name).page.status for name in ("Emma", "Emily", "Emmy")]
    assert pages == [200, 429, 429]
    assert _told(caplog, "limit-reached") == ["event=limit-reached setting=LIMITS_OWN_DAY"]


def test_two_limits_are_two_lines(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    host.limits(own_day=1)
    for name in ("Emma", "Emily"):
        _letter(host, name)
    host.limits(site_hour=1)
    assert _letter(host, "Emmy").page.status == 429
    assert _told(caplog, "limit-reached") == [
        "event=limit-reached setting=LIMITS_OWN_DAY",
        "event=limit-reached setting=LIMITS_SITE_HOUR",
    ]


def test_a_flood_is_told_by_the_name_of_its_limit(caplog: pytest.LogCaptureFixture) -> None:
    visitor = Visitor(make_app(replace(DEMO, flood_minute=3), post=Drawer()))
    visitor.client.environ_base["REMOTE_ADDR"] = IP
    assert [visitor.opens("/help").page.status for _ in range(6)][-2:] == [429, 429]
    assert _told(caplog, "limit-reached") == ["event=limit-reached setting=LIMITS_FLOOD_MINUTE"]


# What is away, or does not fit.


def test_a_key_that_does_not_fit_the_block_list_is_told_with_its_cure(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    host.store.ledger.block(MANAGER)
    host.keys(secret_key="another secret of the tests, as long as it needs to be")
    for name in ("Emma", "Emily"):
        assert _letter(host, name).page.status == 503
    assert host.drawer.mails == []
    assert _told(caplog, "block-list-key") == [
        "event=block-list-key cure=the-former-SECRET_KEY-into-SECRET_KEY_FALLBACKS"
    ]


def test_a_limits_file_that_is_made_anew_is_told_and_a_first_start_is_not(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings = replace(DEMO, database_url=f"sqlite:///{tmp_path}/kept/word-ahead.db")
    create_app(settings, post=Drawer(), library=library())
    assert _told(caplog, "limits-file-new") == []
    for one in (tmp_path / "kept").glob("*-limits*"):
        one.unlink()
    create_app(settings, post=Drawer(), library=library())
    assert _told(caplog, "limits-file-new") == ["event=limits-file-new cure=restore-the-block-list"]
    assert str(tmp_path) not in caplog.text


def test_a_store_for_floods_that_is_away_is_told_once_and_pages_go_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        storage = f"redis://user:hunter2@127.0.0.1:{free.getsockname()[1]}/0"
    visitor = Visitor(make_app(replace(DEMO, flood_storage=storage), post=Drawer()))
    visitor.client.environ_base["REMOTE_ADDR"] = IP
    assert {visitor.opens("/help").page.status for _ in range(4)} == {200}
    assert _told(caplog, "flood-store-away") == [
        "event=flood-store-away cure=look-at-RATELIMIT_STORAGE_URI"
    ]
    assert "hunter2" not in caplog.text


def test_a_database_that_is_away_is_told_once_and_the_letter_stays(
    host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    folder = host.url.removeprefix("sqlite:///").rpartition("/")[0]
    host.close()
    shutil.rmtree(folder)
    pages = [_letter(host, name).page for name in ("Emma", "Emily", "Emmy")]
    assert [page.status for page in pages] == [503] * 3
    assert "Emmy" in pages[2].text
    assert _told(caplog, "database-away") == ["event=database-away error=OperationalError"]
    assert folder not in caplog.text
    with pytest.raises(DatabaseUnavailable):
        host.store.database.check()
