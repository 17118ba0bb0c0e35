"""The tests' own web server holds nothing open for a browser that went away."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from .web_server import WebServer, web_server

PATIENCE = 60.0


class File:
    """An answer out of a file, that can be seen to be closed; it ends when the browser is gone."""

    def __init__(self) -> None:
        self.asked, self.gone, self.closed = (threading.Event() for _ in range(3))

    def __iter__(self) -> Iterator[bytes]:
        yield b"<svg/>"
        self.asked.set()
        assert self.gone.wait(PATIENCE)

    def close(self) -> None:
        self.closed.set()


@pytest.fixture
def server() -> Iterator[WebServer]:
    with web_server() as running:
        yield running


def _hangs_up(asking: socket.socket) -> None:
    """Leave without a word, as a browser does that goes to another page: RST, not FIN."""
    asking.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    asking.close()


def _asks(server: WebServer) -> socket.socket:
    asking = socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), PATIENCE)
    asking.sendall(b"GET /icon.svg HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    return asking


def test_a_file_is_closed_for_a_browser_that_hangs_up(server: WebServer) -> None:
    file = File()

    def app(_environ: dict[str, Any], start: Any) -> File:
        start("200 OK", [("Content-Length", "6")])
        return file

    server.app = app
    asking = _asks(server)
    assert file.asked.wait(PATIENCE)
    _hangs_up(asking)
    file.gone.set()
    assert file.closed.wait(PATIENCE)


def test_a_browser_that_stays_gets_the_whole_answer(server: WebServer) -> None:
    def app(_environ: dict[str, Any], start: Any) -> list[bytes]:
        start("200 OK", [("Content-Length", "8")])
        return [b"all ", b"here"]

    server.app = app
    with _asks(server) as asking, asking.makefile("rb") as answer:
        assert answer.read().endswith(b"\r\n\r\nall here")


def test_an_answer_is_waited_for_when_its_test_is_over() -> None:
    made: list[str] = []
    asked, go = threading.Event(), threading.Event()

    def app(_environ: dict[str, Any], start: Any) -> list[bytes]:
        asked.set()
        assert go.wait(PATIENCE)
        start("204 No Content", [])
        made.append("the answer")
        return []

    with web_server() as server:
        server.app = app
        asking = _asks(server)
        assert asked.wait(PATIENCE)
        go.set()
    assert made == ["the answer"]
    asking.close()
