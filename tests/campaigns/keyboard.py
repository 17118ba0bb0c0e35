"""What somebody without a mouse or a finger meets on a page."""

from __future__ import annotations

from typing import Any, Final

from playwright.sync_api import Page

# What Tab should come to, in the order of the page: of radio buttons with one name only one.
_CONTROLS: Final = """() => {
  const all = [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), textarea, summary, [tabindex='0'], iframe")];
  const groups = new Set();
  window.controls = all.filter(one => {
    if (one.tabIndex < 0 || !one.checkVisibility()) return false;
    if (one.type !== "radio") return true;
    if (groups.has(one.name)) return false;
    groups.add(one.name);
    return true;
  });
  return window.controls.length;
}"""
# As after loading, also where the page itself put the focus on what needs an answer first.
_FROM_THE_TOP: Final = """() => {
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute("tabindex");
  window.left = document.body;
  scrollTo(0, 0);
}"""
# The control that has the focus: its place, whether a ring is seen round it or the card that it
# is in, and whether all of it lies under something else
# (WCAG 2.2, 2.4.11). A frame of another process gets and gives the focus a moment later than
# the key; what has not moved on within five seconds does not move.
_FOCUSED: Final = """async () => {
  const moved = () => ![document.body, window.left].includes(document.activeElement);
  for (let tries = 0; tries < 250 && !moved(); tries++) {
    await new Promise(next => setTimeout(next, 20));
  }
  const one = window.left = document.activeElement;
  const radios = one.type === "radio" ? window.controls.findIndex(c => c.name === one.name) : -1;
  // The frame of the demo shows the focus inside.
  const ringed = one.tagName === "IFRAME" || [one, one.closest("label")].some(box => {
    if (!box) return false;
    const style = getComputedStyle(box);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  });
  const box = one.getBoundingClientRect();
  const x = box.left + Math.min(box.width, 300) / 2;
  const seen = [0.1, 0.5, 0.9].some(part => {
    const top = document.elementFromPoint(x, box.top + box.height * part);
    return top !== null && (one.contains(top) || top.contains(one));
  });
  const place = radios >= 0 ? radios : window.controls.indexOf(one);
  return {place, ringed, seen, what: one.outerHTML.slice(0, 90)};
}"""


def lost_on_the_way(page: Page) -> list[str]:
    """Press Tab through a page: controls out of order, not reached, without a ring or covered."""
    expected = int(page.evaluate(_CONTROLS))
    page.evaluate(_FROM_THE_TOP)
    lost = []
    for number in range(expected):
        page.keyboard.press("Tab")
        at: dict[str, Any] = page.evaluate(_FOCUSED)
        wrong = [
            text
            for text, is_wrong in (
                (f"is number {at['place']} of the page and not {number}", at["place"] != number),
                ("has no ring", not at["ringed"]),
                ("is covered", not at["seen"]),
            )
            if is_wrong
        ]
        lost += [f"{at['what']}: {text}" for text in wrong]
    return lost
