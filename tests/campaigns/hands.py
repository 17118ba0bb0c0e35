"""Somebody before a browser: what they type and press, by hand or by keys alone.

Nothing here reads a word of the form: it presses names and values, so new words break nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Locator, Page

from .site import Site

# The button that goes on, on every page but the start.
ON: Final = "main form button.main"


@dataclass(frozen=True)
class Person:
    """What somebody types."""

    name: str = "Emma"
    to_name: str = "Ms Patel"
    first: str = "I will nod when I am ready."
    own_words: str = "I am good with nervous dogs.\n\nLast summer it went well with a notebook."
    own: str = "emma@example.org"
    manager: str = "manager@vets.example.org"


EMMA: Final = Person()
# As long, and as hard to break into lines, as people's names and addresses get.
LONG: Final = Person(
    name="Bartholomew-Maximilian Featherstonehaugh-Wolfeschlegelsteinhausenbergerdorff",
    to_name="Donaudampfschifffahrtsgesellschaftskapitaenswitwenrentenverwaltung",
    first="Rindfleischetikettierungsueberwachungsaufgabenuebertragungsgesetz, " * 2,
    own_words="Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch " * 4,
    own="bartholomew.maximilian.featherstonehaugh@students.faculty.university.example.org",
    manager="the.manager.of.all.of.the.volunteers@volunteering.animal-hospital.example.org",
)


@dataclass
class Hands:
    """A browser's page at a site, and who sits before it."""

    page: Page
    site: Site
    who: Person = EMMA
    # Somebody who uses keys alone.
    keys: bool = False

    def opens(self, path: str) -> None:
        """Open an address of this site."""
        self.page.goto(self.site.url + path)

    def presses(self, button: str) -> None:
        """Press a button that leads to another page."""
        with self.page.expect_navigation():
            self.touches(self.page.locator(button).first, "Enter")

    def touches(self, one: Locator, key: str = "Space") -> None:
        """Press something by hand, or by a key."""
        if self.keys:
            one.press(key)
        else:
            one.click()

    def writes(self, field: str, text: str) -> None:
        """Put a text into a field, in place of what is there."""
        if self.keys:
            self.page.locator(field).press("ControlOrMeta+a")
            self.page.locator(field).press_sequentially(text)
        else:
            self.page.fill(field, text)

    def reaches_check(self, level: str = "named", ticks: int = 8) -> None:
        """The shortest way to the check page."""
        self.opens("/")
        self.presses("button[value=volunteering]")
        self.says(level)
        self.ticks(ticks)
        self.presses(ON)
        self.adds()

    def says(self, level: str) -> None:
        """Name and level."""
        self.writes("#name", self.who.name)
        self.presses(f"button[value={level}]:not([tabindex])")

    def ticks(self, number: int) -> None:
        """So many sentences, from the top."""
        for tick in self.page.locator("input[name=say]").all()[:number]:
            if not tick.is_checked():
                self.touches(tick)

    def adds(self) -> None:
        """Everything that is optional."""
        self.writes("#to_name", self.who.to_name)
        self.writes("#first", self.who.first)
        self.writes("#own_words", self.who.own_words)
        self.presses(ON)

    def mails_it(self, address: str) -> None:
        """Type one's own address, and send."""
        self.writes("#email", address)
        self.presses("#send button.main")

    def asks(self) -> None:
        """Say to whom, from the page that asks for it."""
        self.writes("#recipient_name", f"{self.who.to_name}, manager")
        self.writes("#recipient_email", self.who.manager)
        self.writes("#email", self.who.own)
        if not self.page.is_checked("input[name=may]"):
            self.touches(self.page.locator("input[name=may]"))
        self.presses(ON)
        if not self.page.locator("input[name=consent]").count():
            # Something was asked once about an address or a name: the second press is the answer.
            self.presses(ON)

    def agrees(self) -> None:
        """Tick the consent, and ask for the code."""
        self.touches(self.page.locator("input[name=consent]"))
        self.presses(ON)

    def waits(self) -> None:
        """From the answers in this browser to a letter that waits for its code."""
        self.opens("/letter/someone")
        self.asks()
        self.agrees()

    def types_code(self) -> None:
        """The code from the newest mail."""
        self.writes("#code", self.site.post.code())
        self.presses(ON)
