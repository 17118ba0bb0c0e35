"""How mails look where we have no say: as plain text, forwarded twice, and in the dark.

Each is laid out at a telephone's width, from left to right and the reverse, and measured.
.venv/bin/python -m tests.campaigns.mail_looks [FOLDER] keeps three pictures, to be looked at.
"""

from __future__ import annotations

import base64
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

from webapp.rendering.forwarding import forwarded
from webapp.rendering.templates import Bodies

from ..browser import launch, path
from ..builders import ROOT
from ..letter_page import parse, visible_text
from .mail_samples import Sample, emmas_letter, samples
from .mail_tools import Missing, program
from .table import Row

FOLDER: Final = ROOT / "docs" / "screens"
WIDTH: Final = 390
_PHONE: Final[Mapping[str, Any]] = {
    "viewport": {"width": WIDTH, "height": 844},
    "is_mobile": True,
    "has_touch": True,
}
# Chromium's own darkening of pages that say nothing about it, as Android's mail programs use it.
_DARKENS: Final = ("--force-dark-mode", "--enable-features=WebContentsForceDark")
# A margin and a type such as mail programs have for plain text.
_PLAIN: Final = "margin:12px;white-space:pre-wrap;overflow-wrap:break-word;font:15px/1.4 sans-serif"
_HEAD: Final = '<!DOCTYPE html><meta name="viewport" content="width=device-width">'
# Where the whole page is turned over, as some programs do that know no better.
_TURNED: Final = "<style>html{background:#fff;filter:invert(1)}</style>"
# WCAG 2.2, 1.4.6: what the most readable text of a page should have.
_CONTRAST: Final = 7.0

_LINES: Final = ("From: Word Ahead <letters@wordahead.example>", "Subject: A note")
_FORCED: Final[Mapping[str, Any]] = {"forced_colors": "active", "color_scheme": "dark"}

# The ground is the colour that most pixels have; told is the strongest contrast to it.
_STRONGEST: Final = """async picture => {
  const image = new Image();
  image.src = picture;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const counts = new Map();
  const data = canvas.getImageData(0, 0, image.width, image.height).data;
  for (let at = 0; at < data.length; at += 4) {
    const colour = (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
    counts.set(colour, (counts.get(colour) || 0) + 1);
  }
  const light = colour => [16, 8, 0]
    .map(shift => ((colour >> shift) & 255) / 255)
    .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, place) => sum + c * [0.2126, 0.7152, 0.0722][place], 0.05);
  const ground = light([...counts].sort((a, b) => b[1] - a[1])[0][0]);
  return Math.max(...[...counts.keys()].map(light).map(
    one => Math.max(one, ground) / Math.min(one, ground)));
}"""

# Where the two halves of a code stand, on each line that has one.
_HALVES: Final = """() => {
  const found = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    for (const code of texts.currentNode.data.matchAll(/\\b\\d{3}(?=\\s\\d{3}\\b)/g)) {
      const left = [code.index, code.index + 4].map(at => {
        const half = document.createRange();
        half.setStart(texts.currentNode, at);
        half.setEnd(texts.currentNode, at + 3);
        return half.getBoundingClientRect().left;
      });
      found.push(left[0] < left[1]);
    }
  }
  return found;
}"""


@dataclass(frozen=True)
class Look:
    """One way in which a mail program shows a mail."""

    name: str
    page: Callable[[Bodies], str]
    flags: tuple[str, ...] = ()
    context: Mapping[str, Any] = field(default_factory=dict)


def _as_text(mail: Bodies) -> str:
    # A mail program takes the direction of plain text from its letters.
    return f'{_HEAD}<body dir="auto" style="{_PLAIN}">{escape(mail.text)}'


def _forwarded_twice(mail: Bodies) -> str:
    return _HEAD + forwarded(mail.html, times=2, lines=_LINES)


def _as_it_is(mail: Bodies) -> str:
    return mail.html


def _turned_over(mail: Bodies) -> str:
    return mail.html.replace("</head>", f"{_TURNED}</head>")


LOOKS: Final = (
    Look("as it is", _as_it_is),
    Look("as plain text", _as_text),
    Look("forwarded twice", _forwarded_twice),
    Look("dark, all turned over", _turned_over),
    Look("dark, by Chromium", _as_it_is, _DARKENS),
    Look("forwarded twice and dark", _forwarded_twice, _DARKENS),
    Look("forced colours", _as_it_is, (), _FORCED),
)
# The pictures for the docs, each with what it shows.
PICTURES: Final = {
    "mail-text": LOOKS[1],
    "mail-forwarded": LOOKS[2],
    "mail-dark": LOOKS[4],
}


def main() -> list[Row]:
    """Show each mail in each way, and measure it."""
    mails = [
        one for one in samples() if " described " not in one.name and " needs " not in one.name
    ]
    tried = f"mails at {WIDTH} px: "
    try:
        chromium()
        return [_row(tried, look, mails) for look in LOOKS]
    except Missing as reason:
        return [Row(f"{tried}all looks", "Chromium", 0, str(reason))]


def chromium() -> None:
    """Make sure that there is a Chromium."""
    if not path():
        program("chromium", "chromium")


def _row(tried: str, look: Look, mails: Sequence[Sample]) -> Row:
    with launch(*look.flags) as browser:
        scale = browser.new_page()
        page = browser.new_context(**_PHONE, **look.context).new_page()
        faults = [
            f"{one.name}: {fault}" for one in mails for fault in _faults(look, one, page, scale)
        ]
        tool = f"Chromium {browser.version}"
    more = f"; and {len(faults) - 3} more" if len(faults) > 3 else ""
    return Row(tried + look.name, tool, len(mails), "; ".join(faults[:3]) + more)


def _faults(look: Look, sample: Sample, page: Page, scale: Page) -> Iterator[str]:
    mail = Bodies(sample.mail.subject, sample.mail.text, sample.mail.html)
    page.set_content(look.page(mail))
    wide = int(page.evaluate("document.documentElement.scrollWidth"))
    if wide > WIDTH:
        yield f"{wide} px wide"
    meant = mail.text if look.page is _as_text else visible_text(parse(mail.html))
    if _letters(meant) not in _letters(page.inner_text("body")):
        yield "not all words can be read"
    if sample.name.endswith("code"):
        ordered = page.evaluate(_HALVES)
        if not ordered:
            yield "no code can be read"
        if not all(ordered):
            yield "the halves of the code stand in the wrong order"
    picture = base64.b64encode(page.screenshot()).decode()
    strongest = float(scale.evaluate(_STRONGEST, f"data:image/png;base64,{picture}"))
    if strongest < _CONTRAST:
        yield f"contrast {strongest:.1f}"


def _letters(text: str) -> str:
    """Without spaces: where a line ends is the program's own choice."""
    return "".join(text.split())


def keep(folder: Path) -> None:
    """Write the pictures for the docs."""
    folder.mkdir(parents=True, exist_ok=True)
    fields = {"to_name": "Ms Patel", "first": "If I go quiet, I am still listening."}
    mail = emmas_letter("emma@example.org", **fields)
    for name, look in PICTURES.items():
        with launch(*look.flags) as browser:
            page = browser.new_context(**_PHONE, **look.context).new_page()
            page.set_content(look.page(Bodies(mail.subject, mail.text, mail.html)))
            page.screenshot(path=folder / f"{name}.png")


if __name__ == "__main__":
    keep(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
