"""Characters that show nothing, and those that have no place in a letter.

What is newer than this Python's own tables of Unicode counts as a character to keep: telephones
know emoji and Han characters that a server has never heard of.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

# Unicode's Default_Ignorable_Code_Point: a program that knows none of them shows nothing for them.
# Those that are not assigned yet have the property, too. A test compares it with a browser's.
DEFAULT_IGNORABLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_IGNORABLE: Final = re.compile(f"[{DEFAULT_IGNORABLE}]+")
_IGNORABLE_BUT_JOINERS: Final = re.compile(f"(?:(?![\u200c\u200d])[{DEFAULT_IGNORABLE}])+")
# Letters and marks that show nothing, and are no control characters: a name of them looks empty.
BLANK: Final = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
_BLANK_BRAILLE: Final = "\u2800"

# The signs that take part in writing although they show nothing by themselves: joiners (UAX 31),
# what chooses one form of the sign before it, and the old fillers of Hangul and Khmer.
_TAKES_PART: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u200c\u200d\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
_FORM: Final = "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
# A second joiner joins nothing, and a second choice of a form chooses nothing: in a row they could
# carry hidden text.
_SECOND: Final = re.compile(f"(?<=[{_FORM}])[{_FORM}]+|(?<=[\u200c\u200d])[\u200c\u200d]+")
# A flag of a part of a country: a black flag, small letters and digits that show nothing, an end.
_FLAG: Final = re.compile("(\U0001f3f4[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f)")
# Controls, halves of a character, and what only one program's font knows.
_DROPPED: Final = frozenset({"Cc", "Cs", "Co"})
_NONCHARACTERS: Final = re.compile(
    "[\ufdd0-\ufdef" + "".join(chr(plane << 16 | 0xFFFE) + "-" + chr(plane << 16 | 0xFFFF)
                               for plane in range(17)) + "]"
)  # fmt: skip
# What annotates other text, and is never shown by itself (UAX 20, 3.5).
_ANNOTATION: Final = re.compile("[\ufff9-\ufffb]")


def without_unseen(text: str, *, keep_joiners: bool = False) -> str:
    """The text as it is read: without anything that a reader cannot see."""
    if text.isascii():
        return text
    return (_IGNORABLE_BUT_JOINERS if keep_joiners else _IGNORABLE).sub("", text)


def shows_something(text: str) -> bool:
    """Whether a reader would see any of it."""
    return bool(without_unseen(text).replace(_BLANK_BRAILLE, "").strip())


def without_tricks(text: str) -> str:
    """The text without what turns it round, hides in it, or is no character at all.

    Line ends and tabs stay; so does whatever this Python's Unicode does not know yet.
    """
    if text.isascii() and text.isprintable():
        return text
    pieces = _FLAG.split(text)
    # A whole flag stands at every second place, and stays as it is.
    pieces[::2] = ["".join(filter(_belongs, piece)) for piece in pieces[::2]]
    return _SECOND.sub("", "".join(pieces))


def _belongs(char: str) -> bool:
    if char in "\n\t":
        return True
    if unicodedata.category(char) in _DROPPED or _NONCHARACTERS.match(char):
        return False
    if _ANNOTATION.match(char):
        return False
    return not _IGNORABLE.match(char) or bool(_TAKES_PART.match(char))
