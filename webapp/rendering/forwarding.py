"""What is left of a mail's HTML when a mail program forwards it.

Drawn from what Gmail, Outlook, Yahoo and Apple Mail are known to do: the head with all its styles
goes, html and body go, classes and ids go, sectioning elements become bare divs, and the rest is
quoted under the lines that say who wrote it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from html.parser import HTMLParser
from typing import Final

_DROPPED_WITH_CONTENT: Final = frozenset({"head", "style", "script", "title"})
_DROPPED: Final = frozenset({"html", "body", "meta", "link", "base"})
_BARE_DIVS: Final = frozenset(
    {"article", "aside", "figure", "footer", "header", "main", "nav", "section"}
)
_DROPPED_ATTRIBUTES: Final = frozenset({"class", "id"})

# Gmail's own quotation, which is also the narrowest.
_QUOTE_STYLE: Final = "margin:0 0 0 0.8ex;border-left:1px solid #cccccc;padding-left:1ex"


_FIRST_LINE: Final = "---------- Forwarded message ---------"


def forwarded(html: str, *, times: int = 1, lines: Sequence[str] = ()) -> str:
    """The HTML of a mail after it was forwarded, once or more often.

    `lines` are those that stand above it ("From: …"), as a mail program takes them from the head.
    """
    heading = "<br>".join(escape(line) for line in (_FIRST_LINE, *lines))
    for _ in range(times):
        stripper = _Stripper()
        stripper.feed(html)
        stripper.close()
        html = (
            f'<div dir="ltr">{heading}<br></div><br>'
            f'<blockquote style="{_QUOTE_STYLE}">{"".join(stripper.kept)}</blockquote>'
        )
    return html


class _Stripper(HTMLParser):
    """Collects what a mail program keeps of a page."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self.kept: list[str] = []
        self._dropping = ""

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        if self._dropping:
            return
        if tag in _DROPPED_WITH_CONTENT:
            self._dropping = tag
        elif tag in _BARE_DIVS:
            self.kept.append("<div>")
        elif tag not in _DROPPED:
            self.kept.append(f"<{tag}{_attributes(attrs)}>")

    def handle_startendtag(self, tag: str, attrs: Iterable[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._dropping:
            self._dropping = "" if tag == self._dropping else self._dropping
        elif tag in _BARE_DIVS:
            self.kept.append("</div>")
        elif tag not in _DROPPED:
            self.kept.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        self._keep(data)

    def handle_entityref(self, name: str) -> None:
        self._keep(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self._keep(f"&#{name};")

    def _keep(self, text: str) -> None:
        if not self._dropping:
            self.kept.append(text)


def _attributes(attrs: Iterable[tuple[str, str | None]]) -> str:
    return "".join(
        f' {name}="{escape(value or "")}"'
        for name, value in attrs
        if name not in _DROPPED_ATTRIBUTES
    )
