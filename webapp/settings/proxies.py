"""How many proxies stand in front: `flask host check` asks the app what really arrives there."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final

from ..keys import Keys

# An address of nobody's (RFC 5737), as a visitor might make one up.
_MADE_UP: Final = "192.0.2.86"
_FORWARDED: Final = "X-Forwarded-For"
_CHECK: Final = "X-Word-Ahead-Check"


def question(keys: Keys) -> dict[str, str]:
    """The headers by which this host, and nobody else, asks its own app."""
    return {_FORWARDED: _MADE_UP, _CHECK: keys.fingerprint("word-ahead/v1/host check")}


def answer(keys: Keys, headers: Mapping[str, str]) -> int | None:
    """How many addresses proxies wrote behind the made-up one, or in its place; None if not asked.

    Each proxy writes the address that it was asked from. So this is what TRUSTED_PROXIES has to be.
    """
    if not hmac.compare_digest(headers.get(_CHECK, "").encode(), question(keys)[_CHECK].encode()):
        return None
    written = headers.get(_FORWARDED, "").rpartition(_MADE_UP)[2].split(",")
    return sum(bool(one.strip()) for one in written)
