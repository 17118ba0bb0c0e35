"""Which part of the letters a round is about: the first thing a coordinator chooses."""

from __future__ import annotations

from werkzeug.wrappers import Response

from ...group.pieces import PARTS, in_part, parts_of
from ..common import words
from .visit import Visit


def parts_page(visit: Visit) -> Response:
    """Every section, and what stands around them, each a button."""
    numbers = {part: len(in_part(part, words())) for part in parts_of(words())}
    return visit.shows("parts", numbers=numbers, others=PARTS)
