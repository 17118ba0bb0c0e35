"""How long a letter is, and how much of it nobody chose."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # a letter is measured while it is made
    from .compose import Letter

# The first promise: so much of a letter, at most, was not chosen by the person.
UNCHOSEN_WORDS: Final = 90

_WORD: Final = re.compile(r"[^\W_]+(?:[’'.-][^\W_]+)*")


def count_words(text: str) -> int:
    """How many words a text has; "A or B" has three, "face-to-face" one."""
    return len(_WORD.findall(text))


def unchosen_words(letter: Letter) -> int:
    """How many words of a letter its writer neither ticked nor typed nor pressed.

    The level's fact was pressed: its button shows the very words. "for" before a name in the
    signature is counted with that name.
    """
    texts = [letter.greeting, letter.opening, letter.first_heading, letter.own_words_heading]
    texts += [part.heading or part.lead for part in letter.parts]
    texts += [letter.closing, letter.reply_line, *(reply.label for reply in letter.replies)]
    texts += [letter.sign_off, letter.credit, letter.version, letter.agreed]
    return sum(map(count_words, texts))
