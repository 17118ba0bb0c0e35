"""The words of a letter: what stands in mail_templates/words, read and checked."""

from .files import load, read
from .library import Library, Words
from .model import (
    LEVELS,
    STARTERS,
    VOICES,
    Condition,
    Frame,
    Level,
    ReadyReply,
    Right,
    Section,
    Situation,
    Statement,
    Voice,
    Wording,
    fill,
    short_hash,
)
from .texts import leaves

__all__ = [
    "LEVELS",
    "STARTERS",
    "VOICES",
    "Condition",
    "Frame",
    "Level",
    "Library",
    "ReadyReply",
    "Right",
    "Section",
    "Situation",
    "Statement",
    "Voice",
    "Wording",
    "Words",
    "fill",
    "leaves",
    "load",
    "read",
    "short_hash",
]
