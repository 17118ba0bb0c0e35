"""What `make run` fills in, so that a newcomer sets nothing."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from ..errors import SettingsError
from .parts import MOST_PORT, SECRET_BYTES, number

_USUAL_PORT: Final = 5000


def demo_values(environ: Mapping[str, str], instance: Path) -> dict[str, str]:
    """The environment, with what is missing in it filled in."""
    return {
        "SECRET_KEY": environ.get("SECRET_KEY") or _kept_secret(instance / "secret_key"),
        "PUBLIC_URL": f"http://127.0.0.1:{_port(environ)}",
        "MAIL_URL": f"outbox:{instance / 'outbox'}",
        "MAIL_FROM": "letters@wordahead.example",
        "HOST_NAME": "A demo on this computer",
        "HOST_CONTACT": "demo@wordahead.example",
        "DIRECT_SEND": "on",
    } | {name: value for name, value in environ.items() if value.strip()}


def _port(environ: Mapping[str, str]) -> int:
    """Where the demo is; a wrong PORT is told of by itself, and not by PUBLIC_URL's fault too."""
    with suppress(SettingsError):
        return number(environ, "PORT", usual=_USUAL_PORT, most=MOST_PORT)
    return _USUAL_PORT


def _kept_secret(path: Path) -> str:
    """The demo's own secret: made once, readable by its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.touch(mode=0o600, exist_ok=False)
    except FileExistsError:
        if kept := path.read_text().strip():
            return kept
    path.write_text(secrets.token_urlsafe(SECRET_BYTES))
    return path.read_text()
