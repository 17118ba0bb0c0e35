"""The app over HTTP in threads of the test itself, for browsers, which come and go as they like."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

# Seconds that an answer may still take when its test is over; a busy machine may be slow.
PATIENCE: Final = 60.0


class WebServer:
    """A server on a port of its own; a test gives it the app, which may have to know the address.

    An answer is made whole, and its files are closed, before its first byte leaves. werkzeug alone
    leaves a file open where a browser hangs up meanwhile (it reads from the dead connection first).
    """

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.app: WSGIApplication | None = None
        self._in_work = 0
        self._changed = threading.Condition()

    def answer(self, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        """Ask the app; what was posted is read to its end before, as the shipped servers do."""
        assert self.app, "the test gave no app"
        length = int(environ.get("CONTENT_LENGTH") or 0)
        posted = io.BytesIO(environ["wsgi.input"].read(length))
        self._counts(1)
        try:
            made = self.app(environ | {"wsgi.input": posted}, start)
            try:
                return list(made)
            finally:
                if close := getattr(made, "close", None):
                    close()
        finally:
            self._counts(-1)

    def is_idle(self) -> bool:
        """Wait for the answers that are being made; whether none is left."""
        with self._changed:
            return self._changed.wait_for(lambda: self._in_work == 0, PATIENCE)

    def _counts(self, more: int) -> None:
        with self._changed:
            self._in_work += more
            self._changed.notify_all()


class _Quiet(WSGIRequestHandler):
    """Serves without a line for each request; HTTP/1.1, as real servers speak."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def web_server() -> Iterator[WebServer]:
    """Serve on a free port of this machine, until the block ends and all answers are made."""
    server = make_server(
        "127.0.0.1",
        0,
        lambda environ, start: here.answer(environ, start),
        threaded=True,
        request_handler=_Quiet,
    )
    here = WebServer(server.server_port)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        thread.join()
        idle = here.is_idle()
        server.server_close()
    assert idle, "an answer was still being made when its test was over"
