"""What an HTML mail may hold, so that it survives forwarding, Outlook and dark mode.

The lists are those of caniemail.com, cut down to what one plain column needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Final

from ...errors import TemplateError

# Stands for each expression and each tag of a template while the CSS is put inline.
MARK: Final = "wordaheadmark"

_TEXT_ELEMENTS: Final = ("h1", "h2", "h3", "p", "ul", "ol", "li", "strong", "em", "span", "a")
_TABLE_ATTRIBUTES: Final = ("width", "bgcolor", "cellpadding", "cellspacing", "border")

ELEMENTS: Final = frozenset(
    ("html", "head", "meta", "title", "body", "table", "tbody", "tr", "td", "div", "blockquote")
).union(_TEXT_ELEMENTS, ("br", "hr"))
ATTRIBUTES: Final = frozenset(
    ("charset", "name", "content", "lang", "dir", "role", "class", "style", "href")
).union(_TABLE_ATTRIBUTES)

_LENGTH = r"(?:0|\d+(?:\.\d+)?(?:px|em|%))"
# Three values at most, so that left and right are alike: only then can a page be mirrored.
_LENGTHS = rf"{_LENGTH}(?: {_LENGTH}){{0,2}}"
# Six digits: Notes and some filters do not know the short form.
_COLOUR = r"#[0-9a-f]{6}"
_BORDER = rf"0|\d+px solid {_COLOUR}"
_FONTS = r"(?:[A-Za-z][A-Za-z ]*, )+(?:sans-serif|serif|monospace)"
_SIDES = ("top", "right", "bottom", "left")

PROPERTIES: Final[Mapping[str, str]] = {
    "background-color": _COLOUR,
    "border": _BORDER,
    "border-collapse": "collapse|separate",
    "color": _COLOUR,
    "display": "block|inline-block",
    "font": rf"(?:bold )?\d+px/\d(?:\.\d+)? {_FONTS}",
    "font-family": _FONTS,
    "font-size": r"\d+px",
    "font-style": "normal|italic",
    "font-weight": "normal|bold",
    "line-height": r"\d(?:\.\d+)?",
    "list-style-type": "disc|decimal",
    "margin": _LENGTHS,
    "max-width": _LENGTH,
    "padding": _LENGTHS,
    "text-align": "left|right|center",
    "text-decoration": "none|underline",
    "vertical-align": "top|middle|bottom|baseline",
    "width": _LENGTH,
    "word-break": "normal|break-word",
    **{f"border-{side}": _BORDER for side in _SIDES},
    **{f"margin-{side}": _LENGTH for side in _SIDES},
    **{f"padding-{side}": _LENGTH for side in _SIDES},
}

_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULE = re.compile(r"([^{}]*)\{([^{}]*)\}")
# No :first-child, +, ~ or [attribute]: in a template they would hold for every row of a loop.
_SELECTOR = re.compile(r"(?:[a-z][a-z0-9]*|(?:[a-z][a-z0-9]*)?(?:\.[a-z][a-z0-9-]*)+)")
_UNQUOTED = re.compile(rf"\s[\w-]+=[^\"'\s>]*{MARK}")


def faults_of_declarations(declarations: str) -> Iterator[str]:
    """What is wrong in `name: value; …`, each in one sentence."""
    for declaration in filter(None, map(str.strip, declarations.split(";"))):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name not in PROPERTIES:
            yield f"the property {name} is not one that mail programs keep."
        elif not re.fullmatch(PROPERTIES[name], value):
            yield f"{name}: {value} is not a value that mail programs keep."


def check_css(css: str, file: str) -> None:
    """Raise TemplateError unless a stylesheet can be put inline once for all letters."""

    def fail(offset: int, sentence: str) -> None:
        raise TemplateError(f"{file}, line {css.count(chr(10), 0, offset) + 1}: {sentence}")

    bare = _COMMENT.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), css)
    for at in re.finditer("@", bare):
        fail(at.start(), "rules with @ stay behind when a mail is forwarded.")
    for rule in _RULE.finditer(bare):
        start = rule.start(1) + len(rule[1]) - len(rule[1].lstrip())
        for selector in rule[1].split(","):
            if not all(_SELECTOR.fullmatch(part) for part in selector.split() or [""]):
                fail(start, f"{selector.strip()} is not an element, a class or one in the other.")
        for fault in faults_of_declarations(rule[2]):
            fail(start, fault)
    for rest in re.finditer(r"\S", _RULE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), bare)):
        fail(rest.start(), "this is no rule of the form selector { property: value }.")


def check_page(page: str, file: str) -> None:
    """Raise TemplateError at the first fault of a template whose expressions and tags are marks."""
    rules = _PageRules(file)
    rules.feed(page)
    rules.close()


class _PageRules(HTMLParser):
    def __init__(self, file: str) -> None:
        super().__init__()
        self._file = file

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Check one element with its attributes."""
        raw = self.get_starttag_text() or ""
        if f"<!--{MARK}" in raw:
            self._fail("a {% tag %} stands inside an HTML tag; put it around the element.")
        if _UNQUOTED.search(raw) or MARK in tag or any(MARK in name for name, _ in attrs):
            self._fail("an {{ expression }} in an HTML tag stands in a quoted value only.")
        if tag not in ELEMENTS:
            self._fail(f"<{tag}> is not an element that mail programs keep.")
        for name, value in attrs:
            self._check_attribute(name, value or "")

    def handle_comment(self, data: str) -> None:
        """Only marks are comments."""
        if not data.startswith(MARK):
            self._fail("an HTML comment would be sent along; write {# … #}.")

    def _check_attribute(self, name: str, value: str) -> None:
        if name not in ATTRIBUTES:
            self._fail(f"the attribute {name} is not one that mail programs keep.")
        if name in ("class", "style") and MARK in value:
            self._fail(
                f"an {{{{ expression }}}} in {name} cannot be put inline before it is known."
            )
        if name == "href" and not value.startswith(("mailto:", MARK)):
            self._fail("a mail template holds no web address.")
        if name == "style":
            for fault in faults_of_declarations(value):
                self._fail(fault)

    def _fail(self, sentence: str) -> None:
        raise TemplateError(f"{self._file}, line {self.getpos()[0]}: {sentence}")
