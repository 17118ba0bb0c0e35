"""What `make run` fills in, so that a newcomer sets nothing."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

from .parts import SECRET_BYTES


def demo_values(environ: Mapping[str, str], instance: Path) -> dict[str, str]:
    """The environment, with what is missing in it filled in."""
    port = environ.get("PORT", "").strip() or "5000"
    return {
        "SECRET_KEY": environ.get("SECRET_KEY") or _kept_secret(instance / "secret_key"),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "MAIL_URL": f"outbox:{instance / 'outbox'}",
        "MAIL_FROM": "letters@wordahead.example",
        "HOST_NAME": "A demo on this computer",
        "HOST_CONTACT": "demo@wordahead.example",
        "DIRECT_SEND": "on",
    } | {name: value for name, value in environ.items() if value.strip()}


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
