"""How we name ourselves to the relay (EHLO)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from ..errors import SettingsError

_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# RFC 5321, 4.1.3: an address in brackets is allowed, though many relays want a name.
_NAME: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*|\[(?:[0-9.]{{7,15}}|IPv6:[0-9A-Fa-f:.]+)\]")
# RFC 1035, 2.3.4.
_LONGEST: Final = 253


def ehlo_name(values: Mapping[str, str]) -> str:
    """The name in EHLO_NAME; "" where MAIL_FROM's domain serves."""
    value = values.get("EHLO_NAME", "").strip()
    if value and (len(value) > _LONGEST or not _NAME.fullmatch(value)):
        raise SettingsError("EHLO_NAME has to be one host name, such as mail.letters.example.")
    return value
