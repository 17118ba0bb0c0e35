"""Puts the CSS inline in a mail template once, when the app starts, and never again.

premailer (10 ms a letter) sees the template, not the letters: every `{{ expression }}` is a plain
word for it and every `{% tag %}` a comment; all are put back and counted. So typed text never
meets an HTML parser either, only Jinja's escaping.
"""

from __future__ import annotations

import logging
import re
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, zip_longest
from pathlib import Path
from typing import Final

from jinja2 import Environment
from premailer import Premailer
from premailer.premailer import cssutils

from ...errors import TemplateError
from .pieces import Piece, flatten
from .rules import SLOT, PageRules, check_css

__all__ = ["check_css", "flatten", "inline", "mirrored", "with_styles_inline"]

_SLOTS: Final = re.compile(rf"<!--{SLOT}(\d+)t-->|{SLOT}(\d+)e")

# Tags before a block of HTML, and the blank lines that they would leave: no space shows there.
_BEFORE_BLOCK: Final = re.compile(
    rf"\s((?:<!--{SLOT}\d+t-->\s*)+)(?=</?(?:h[1-6]|li|p|table|td|tr|ul)\b)"
)

# premailer would write these onto elements that do not have them in HTML, a paragraph's bgcolor
# for one; the cells that need them have them in the template.
_NO_ATTRIBUTES: Final = ["align", "valign", "bgcolor", "width", "height"]


def inline(environment: Environment, folder: Path, file: str, css: str) -> str:
    """The source of a template with all it extends and includes, its styles inline.

    Raises TemplateError, naming file and line, where that cannot be done once for all letters.
    """
    pieces = flatten(environment, folder, file)
    marked = [_marked(number, piece) for number, piece in enumerate(pieces)]
    page = "".join(marked)
    rules = PageRules(_Origins(pieces, marked).of)
    rules.feed(page)
    rules.close()
    # Indentation is for those who read the template; each letter would carry it.
    page = re.sub(r"\s{2,}", "\n", page)
    page = _BEFORE_BLOCK.sub(lambda found: "\n" + "".join(found[1].split()), page)
    return _restored(with_styles_inline(page, css), pieces)


def with_styles_inline(page: str, css: str) -> str:
    """The page as premailer gives it, without classes and without a word in the log."""
    cssutils.ser.prefs.minimizeColorHash = False  # #112233 stays in six digits
    inliner = Premailer(
        page,
        css_text=css,
        allow_network=False,
        remove_classes=True,
        keep_style_tags=False,
        disable_basic_attributes=_NO_ATTRIBUTES,
        cache_css_parsing=False,
        # Our own rules have checked the CSS; cssutils does not know all that mail programs do.
        cssutils_logging_level=logging.CRITICAL + 1,
    )
    return str(inliner.transform(pretty_print=False))


def mirrored(css: str) -> str:
    """The same stylesheet for scripts that are written from right to left."""
    other = {"left": "right", "right": "left"}
    return re.sub(
        r"\{[^}]*\}", lambda rule: re.sub("left|right", lambda side: other[side[0]], rule[0]), css
    )


def _marked(number: int, piece: Piece) -> str:
    if piece.kind == "text":
        return piece.source
    return f"<!--{SLOT}{number}t-->" if piece.kind == "tag" else f"{SLOT}{number}e"


def _restored(page: str, pieces: Sequence[Piece]) -> str:
    """Each expression and tag in its place; raises TemplateError unless all are there, in order."""
    wanted = [number for number, piece in enumerate(pieces) if piece.kind != "text"]
    found = [int(slot[1] or slot[2]) for slot in _SLOTS.finditer(page)]
    if found != wanted:
        misplaced = (a for a, b in zip_longest(wanted, found) if a != b and a is not None)
        piece = pieces[next(misplaced, wanted[-1])]
        raise TemplateError(
            f"{piece.file}, line {piece.line}: {piece.source} does not keep its place in HTML."
        )
    return _SLOTS.sub(lambda slot: pieces[int(slot[1] or slot[2])].source, page)


class _Origins:
    """Where in which file a place of the marked page comes from."""

    def __init__(self, pieces: Sequence[Piece], marked: Sequence[str]) -> None:
        self._pieces = pieces
        self._page = "".join(marked)
        self._starts = [0, *accumulate(map(len, marked))]

    def of(self, line: int, column: int) -> str:
        """A place as HTMLParser counts it, as "file, line n" of a template."""
        offset = sum(map(len, self._page.splitlines(keepends=True)[: line - 1])) + column
        number = bisect_right(self._starts, offset, hi=len(self._pieces)) - 1
        piece = self._pieces[number]
        line = piece.line + self._page.count("\n", self._starts[number], offset)
        return f"{piece.file}, line {line}"
