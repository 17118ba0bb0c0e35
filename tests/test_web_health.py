"""/healthz: cheap for a platform, deep for a monitor, and by whatever name it is asked."""

from __future__ import annotations

import shutil

import pytest

from webapp.post import Outcome, Result

from .direct import Host


def _asked(host: Host, query: str = "", name: str = "127.0.0.1:8000") -> tuple[int, str]:
    answer = host.app.test_client().get(f"/healthz{query}", headers={"Host": name})
    return answer.status_code, answer.text


@pytest.mark.parametrize(
    "name", ["10.0.0.7", "10.0.0.7:8000", "localhost:1", "x.internal", "[::1]"]
)
@pytest.mark.parametrize("query", ["", "?deep=1"])
def test_a_platform_may_ask_by_an_address_or_a_port(host: Host, name: str, query: str) -> None:
    assert _asked(host, query, name) == (200, "ok\n")
    assert host.app.test_client().get("/help", headers={"Host": "x.internal"}).status_code == 400


def test_a_relay_that_is_away_is_one_word_and_only_asked_when_deep(host: Host) -> None:
    host.drawer.outcome = Outcome(Result.NOT_SENT, "connect")
    assert _asked(host) == (200, "ok\n")
    assert _asked(host, "?deep=1") == (503, "relay\n")


def test_a_database_that_is_away_is_one_word(host: Host) -> None:
    host.close()
    shutil.rmtree(host.url.removeprefix("sqlite:///").rpartition("/")[0])
    assert _asked(host) == (200, "ok\n")
    assert _asked(host, "?deep=1") == (503, "database\n")


def test_deep_looks_are_limited_and_shallow_ones_are_not(host: Host) -> None:
    from flask_limiter import Limiter

    (limiter,) = host.app.extensions["limiter"]
    assert isinstance(limiter, Limiter)
    limiter.reset()
    codes = [_asked(host, "?deep=1")[0] for _ in range(14)]
    assert codes == [200] * 12 + [429] * 2
    assert {_asked(host)[0] for _ in range(30)} == {200}
    limiter.reset()
