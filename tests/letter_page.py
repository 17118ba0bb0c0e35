"""A letter's HTML as a mail program sees it: elements, and each text with the style it gets."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any, Final

from lxml import html as lxml_html

from webapp.rendering.templates import MailTemplates

from .builders import MAIL_TEMPLATES

# lxml publishes no full types.
Element = Any
Colour = tuple[float, float, float]

BLACK: Final[Colour] = (0.0, 0.0, 0.0)

# What a mail program starts from when a letter says nothing.
_DEFAULTS: Final = {"color": "#000000", "background-color": "#ffffff", "font-weight": "normal"}
_INHERITED: Final = ("color", "font-family", "font-size", "font-weight", "line-height")


# "bold 17px/1.4 Arial, sans-serif"
_FONT: Final = re.compile(r"((?P<weight>bold) )?(?P<size>\d+px)/(?P<height>[\d.]+) (?P<family>.+)")


@cache
def templates() -> MailTemplates:
    """The real mail templates, loaded once, as the app does."""
    return MailTemplates.load(MAIL_TEMPLATES)


def parse(page: str) -> Element:
    """The page as a tree."""
    return lxml_html.document_fromstring(page)


def elements(root: Element, *names: str) -> list[Element]:
    """All elements of these names, in their order."""
    return list(root.iter(*names))


def style_of(element: Element) -> dict[str, str]:
    """An element's own declarations."""
    pairs = (part.partition(":") for part in element.get("style", "").split(";") if part.strip())
    style = {name.strip(): value.strip() for name, _, value in pairs}
    if font := _FONT.fullmatch(style.get("font", "")):
        style |= {f"font-{name}": font[name] or "normal" for name in ("weight", "size", "family")}
        style |= {"line-height": font["height"]}
    return style


def words_of(text: str) -> str:
    """A text with each stretch of white space as one space."""
    return " ".join(text.split())


def visible_text(root: Element) -> str:
    """All that can be read on a page, the title in its head left out."""
    return words_of(root.find("body").text_content())


def plain_words(text: str) -> str:
    """The text part without its list marks."""
    return words_of(" ".join(line.removeprefix("- ") for line in text.splitlines()))


@dataclass(frozen=True)
class Run:
    """A piece of text with the style it is shown in."""

    text: str
    style: Mapping[str, str]

    @property
    def size(self) -> int:
        """In pixels."""
        return int(self.style["font-size"].removesuffix("px"))


def runs(root: Element) -> Iterator[Run]:
    """Every text that can be read, with what it inherits."""
    yield from _runs(root.find("body"), _DEFAULTS)


def dark_runs(root: Element) -> Iterator[Run]:
    """The same where each declared background, and a colour declared beside it, is inverted.

    So do Outlook.com and its apps: a colour without its background, or the reverse, is left behind.
    """
    yield from _runs(root.find("body"), _DEFAULTS, inverts_pairs=True)


def _runs(
    element: Element, inherited: Mapping[str, str], *, inverts_pairs: bool = False
) -> Iterator[Run]:
    own = style_of(element)
    if inverts_pairs and "background-color" in own:
        pair = {name: own[name] for name in ("color", "background-color") if name in own}
        own |= {name: hex_of(inverted(colour(value))) for name, value in pair.items()}
    passed = (*_INHERITED, "background-color")
    style = {**inherited, **{name: own[name] for name in passed if name in own}}
    if element.text and element.text.strip():
        yield Run(element.text, style)
    for child in element:
        yield from _runs(child, style, inverts_pairs=inverts_pairs)
        if child.tail and child.tail.strip():
            yield Run(child.tail, style)


def colour(value: str) -> Colour:
    """A colour of six hex digits as red, green and blue from 0 to 1."""
    red, green, blue = bytes.fromhex(value.removeprefix("#"))
    return red / 255, green / 255, blue / 255


def hex_of(value: Colour) -> str:
    """The same colour in six digits."""
    return "#" + bytes(round(channel * 255) for channel in value).hex()


def inverted(value: Colour) -> Colour:
    """The colour that a full inversion shows."""
    red, green, blue = value
    return 1 - red, 1 - green, 1 - blue


def lightened(value: Colour) -> Colour:
    """The same hue with its lightness inverted, as programs do that force a black background."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*value)
    return colorsys.hls_to_rgb(hue, 1 - lightness, saturation)


def contrast(one: Colour, other: Colour) -> float:
    """WCAG 2.2's contrast ratio."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(value: Colour) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in value]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def heading_steps(root: Element) -> list[int]:
    """By how much each heading is deeper than the one before."""
    levels = [int(heading.tag[1]) for heading in elements(root, "h1", "h2", "h3", "h4")]
    return [after - before for before, after in pairwise(levels)]
