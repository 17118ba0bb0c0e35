"""Puts the CSS inline in a mail template once, when the app starts, and never again.

premailer (10 ms a letter) sees the template, not the letters: every `{{ expression }}` is a plain
word for it and every `{% tag %}` a comment; all are put back and counted. So typed text never
meets an HTML parser either, only Jinja's escaping.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Final

from jinja2 import Environment
from premailer import Premailer
from premailer.premailer import cssutils

from .marks import MarkedTemplates
from .rules import MARK, check_css

__all__ = ["check_css", "inline", "mirrored", "plain", "with_styles_inline"]

# Tags before a block of HTML, and the blank lines that they would leave: no space shows there.
_BEFORE_BLOCK: Final = re.compile(
    rf"\s((?:<!--{MARK}\d+t-->\s*)+)(?=</?(?:h[1-6]|li|p|table|td|tr|ul)\b)"
)

# premailer would write these onto elements that do not have them in HTML, a paragraph's bgcolor
# for one; the cells that need them have them in the template.
_NO_ATTRIBUTES: Final = ["align", "valign", "bgcolor", "width", "height"]


def plain(environment: Environment, folder: Path, file: str) -> str:
    """The source of a template with all that it extends and includes; raises TemplateError."""
    marks = MarkedTemplates(environment, folder)
    joined = marks.joined(file)
    return marks.filled(joined, joined)


def inline(environment: Environment, folder: Path, file: str, css: str) -> str:
    """The same for a page of HTML, its styles inline.

    Raises TemplateError, naming file and line, where that cannot be done once for all letters.
    """
    marks = MarkedTemplates(environment, folder)
    joined = marks.joined(file)
    # Indentation is for those who read the template; each letter would carry it.
    page = re.sub(r"\s{2,}", "\n", joined)
    page = _BEFORE_BLOCK.sub(lambda found: "\n" + "".join(found[1].split()), page)
    return marks.filled(with_styles_inline(page, css), joined)


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
