"""Against floods only; how many mails may leave is the ledger's matter."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any, Final, cast

from flask import Flask, request
from flask_limiter import Limiter
from limits.storage import Storage

from ..errors import warn
from ..services import Services
from ..store.ledger import network
from . import feedback

# A store that does not answer must not be what a person waits for.
_STORE_SECONDS: Final = 1
# What is over is only in the way: there is no hurry to forget it.
_FORGET_SECONDS: Final = 60.0
# Of /healthz?deep=1, from one network: a monitor asks once in some seconds at most.
_DEEP: Final = "12 per minute"


class ProcessMemory(Storage):
    """Counts of this process alone, where what is over is forgotten in passing.

    The package's own memory starts a thread for that, up to a hundred times a second: a tenth of
    the work of a POST, and more of its time. Everything else of the limiter is the package's.
    """

    STORAGE_SCHEME: list[str] | None = ["process"]  # noqa: RUF012  as the package asks for it

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **_: object) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[int, float]] = {}  # how many, and until when they count
        self._next_sweep = 0.0

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        now = time.time()
        with self._lock:
            if now >= self._next_sweep:
                self._counts = {k: found for k, found in self._counts.items() if found[1] > now}
                self._next_sweep = now + _FORGET_SECONDS
            number, end = self._counts.get(key, (0, 0.0))
            if end <= now:
                number, end = 0, now + expiry
            self._counts[key] = number + amount, end
            return number + amount

    def get(self, key: str) -> int:
        number, end = self._counts.get(key, (0, 0.0))
        return number if end > time.time() else 0

    def get_expiry(self, key: str) -> float:
        return self._counts.get(key, (0, time.time()))[1]

    def check(self) -> bool:
        return True

    def reset(self) -> int:
        with self._lock:
            number = len(self._counts)
            self._counts.clear()
        return number

    def clear(self, key: str) -> None:
        with self._lock:
            self._counts.pop(key, None)


def init_app(app: Flask, services: Services) -> None:
    """Count requests by a keyed hash of where they come from; a store that is away lets all in."""
    storage = services.settings.flood_storage
    is_shared = not storage.startswith("memory")
    patience = {"socket_connect_timeout": _STORE_SECONDS, "socket_timeout": _STORE_SECONDS}
    limiter = Limiter(
        key_func=lambda: services.keys.fingerprint("flood/v1", network(request.remote_addr or "")),
        app=app,
        default_limits=[f"{services.settings.flood_minute} per minute"],
        default_limits_per_method=True,
        storage_uri=storage if is_shared else "process://",
        storage_options=dict(patience) if is_shared else {},
        strategy="fixed-window",
        headers_enabled=False,
        swallow_errors=True,
        in_memory_fallback_enabled=is_shared,
        on_breach=lambda _: warn("limit-reached", setting="LIMITS_FLOOD_MINUTE"),
    )
    limiter.logger.addFilter(_store_is_away)
    limiter.request_filter(_is_free)
    asked = app.view_functions["pages.healthz"]
    app.view_functions["pages.healthz"] = cast("Any", limiter.limit(_DEEP)(asked))
    tapped = app.view_functions["feedback.count"]
    told = cast("Any", feedback.too_often)
    rarely = limiter.limit(feedback.OFTEN, on_breach=told, override_defaults=False)
    app.view_functions["feedback.count"] = cast("Any", rarely(tapped))


def _is_free() -> bool:
    """What costs nothing is not counted; a deep look at our health costs a relay a call."""
    is_shallow = request.endpoint == "pages.healthz" and request.args.get("deep") != "1"
    return request.endpoint == "static" or is_shallow


def _store_is_away(record: logging.LogRecord) -> bool:
    """What the package says of its troubles becomes our line, without an address in it."""
    if record.levelno >= logging.WARNING and "exceeded" not in str(record.msg):
        warn("flood-store-away", cure="look-at-RATELIMIT_STORAGE_URI")
    return False
