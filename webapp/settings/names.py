"""Which variables there are, and the slips in their names that would otherwise pass in silence."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Final

from ..store.ledger import Limits

NEEDED: Final = ("SECRET_KEY", "PUBLIC_URL", "MAIL_URL", "HOST_NAME", "HOST_CONTACT")
OTHERS: Final = (
    "SECRET_KEY_FALLBACKS",
    "MAIL_FROM",
    "MAIL_CA_FILE",
    "EHLO_NAME",
    "DATABASE_URL",
    "DIRECT_SEND",
    "DIRECT_SEND_DOMAINS",
    "WAITING_HOURS",
    "CHECK_DOMAINS",
    "OWN_INBOX_CODE",
    "TRUSTED_PROXIES",
    "RATELIMIT_STORAGE_URI",
    "LIMITS_FLOOD_MINUTE",
    "PORT",
    "WEB_CONCURRENCY",
    "WORD_AHEAD_DEMO",
)
LIMITS: Final = tuple(f"LIMITS_{one.name.upper()}" for one in fields(Limits))
KNOWN: Final = (*NEEDED, *OTHERS, *LIMITS)

# Nothing but ours begins like this, so whatever does and is not known is a slip.
_OURS: Final = ("LIMITS_", "DIRECT_SEND", "WORD_AHEAD_")
# So alike that a slip is likelier than another program's variable; their underscores left out.
_ALIKE: Final = 0.84
# A shorter name has too many honest neighbours, such as PORTS.
_SHORTEST: Final = 7
# Set by nearly every shell and container, and so like one of ours (in small letters here).
_HONEST: Final = frozenset({"hostname"})
_QUOTES: Final = ('"', "'")


def faults_in(environ: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each name that is likely a slip, and for each value in quotation marks."""
    for name in sorted(environ.keys() - set(KNOWN)):
        meant = _meant(name, environ)
        if meant:
            yield f"{name} is no setting; {meant} is one."
        elif name.startswith(_OURS):
            yield f"{name} is no setting. README.md lists them all."
    for name in KNOWN:
        value = environ.get(name, "").strip()
        if len(value) > 1 and value[0] in _QUOTES and value[0] == value[-1]:
            yield f"{name} has quotation marks round it that would be read as part of it."


def _meant(name: str, environ: Mapping[str, str]) -> str:
    """The setting that was probably meant: one that is not set, and is spelled much like this."""
    free = {one.replace("_", ""): one for one in KNOWN if not environ.get(one, "").strip()}
    free = {bare: one for bare, one in free.items() if len(bare) >= _SHORTEST}
    bare = name.replace("_", "").upper()
    found = difflib.get_close_matches(bare, free, n=1, cutoff=_ALIKE)
    return free[found[0]] if found and name.lower() not in _HONEST else ""
