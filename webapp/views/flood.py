"""Against floods only; how many mails may leave is the ledger's matter."""

from __future__ import annotations

from typing import Final

from flask import Flask, request
from flask_limiter import Limiter

from ..ledger import network
from ..services import Services

# A store that does not answer must not be what a person waits for.
_STORE_SECONDS: Final = 1


def init_app(app: Flask, services: Services) -> None:
    """Count requests by a keyed hash of where they come from; a store that is away lets all in."""
    storage = services.settings.flood_storage
    patience = {"socket_connect_timeout": _STORE_SECONDS, "socket_timeout": _STORE_SECONDS}
    limiter = Limiter(
        key_func=lambda: services.keys.fingerprint("flood/v1", network(request.remote_addr or "")),
        app=app,
        default_limits=[f"{services.settings.flood_minute} per minute"],
        default_limits_per_method=True,
        storage_uri=storage,
        storage_options={} if storage.startswith("memory") else dict(patience),
        strategy="fixed-window",
        headers_enabled=False,
        swallow_errors=True,
        in_memory_fallback_enabled=not storage.startswith("memory"),
    )
    limiter.request_filter(lambda: request.endpoint in ("static", "pages.healthz"))
