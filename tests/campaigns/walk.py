"""A walk that brings one browser to every page there is, good and bad.

Nothing here reads a word of the form: it presses names and values, so a new wording breaks no walk.
Each function is a way through some pages and gives the name of each page as it stands there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Page

from webapp.post import Result

from .site import Site, site

Stops = Iterator[str]

# The button that goes on, on every page but the start.
_ON: Final = "main form button.main"
# More than any form takes, see webapp/__init__.py.
_TOO_MUCH: Final = 300_000


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
class Walk:
    """A browser's page at a site, and who sits before it."""

    page: Page
    site: Site
    who: Person = EMMA

    def everywhere(self) -> Stops:
        """Every page."""
        yield from self.around()
        yield from self.form()
        yield from self.answers_of_the_post()
        yield from self.to_oneself()
        yield from self.someone()
        yield from self.opened()
        yield from self.stop()
        yield from self.outbox()
        yield from self.own_words_name_it()
        yield from self.problems()

    def opens(self, path: str) -> None:
        """Open an address of this site."""
        self.page.goto(self.site.url + path)

    def presses(self, button: str) -> None:
        """Press a button that leads to another page."""
        with self.page.expect_navigation():
            self.page.locator(button).first.click()

    def around(self) -> Stops:
        """What can be read without a letter."""
        for path in ("help", "privacy", "accessibility"):
            self.opens(f"/{path}")
            yield path
        self.opens("/letter/sent")
        yield "nothing"

    def form(self) -> Stops:
        """From the start to the check page, with the mistakes that can be made on the way."""
        self.opens("/")
        yield "start"
        self.presses("button[value=volunteering]")
        yield "how-much"
        self.page.fill("#name", "x" * 90)
        self.presses("button[value=named]:not([tabindex])")
        yield "how-much-error"
        self.says("named")
        yield "what"
        self.ticks(8)
        for more in self.page.locator("details summary").all():
            more.click()
        yield "what-open"
        self.presses(_ON)
        yield "about-you"
        self.page.fill("#own_words", "Write to me at emma@example.org")
        self.presses(_ON)
        yield "about-you-error"
        self.adds()
        yield "check"
        self.opens("/letter/print")
        yield "print"
        self.opens("/")
        yield "start-again"
        self.opens("/letter/how-much?then=check")
        yield "how-much-again"

    def reaches_check(self, level: str = "named", ticks: int = 8) -> None:
        """The shortest way to the check page."""
        self.opens("/")
        self.presses("button[value=volunteering]")
        self.says(level)
        self.ticks(ticks)
        self.presses(_ON)
        self.adds()

    def says(self, level: str) -> None:
        """Name and level."""
        self.page.fill("#name", self.who.name)
        self.presses(f"button[value={level}]:not([tabindex])")

    def ticks(self, number: int) -> None:
        """So many sentences, from the top."""
        for tick in self.page.locator("input[name=say]").all()[:number]:
            tick.check()

    def adds(self) -> None:
        """Everything that is optional."""
        self.page.fill("#to_name", self.who.to_name)
        self.page.fill("#first", self.who.first)
        self.page.fill("#own_words", self.who.own_words)
        self.presses(_ON)

    def mails_it(self, address: str) -> None:
        """Type one's own address, and send."""
        self.page.fill("#email", address)
        self.presses("#send button.main")

    def answers_of_the_post(self) -> Stops:
        """The check page, with each thing that it may have to say."""
        self.reaches_check()
        self.mails_it("emma")
        yield "check-error"
        self.mails_it("emma@gmial.com")
        yield "check-question"
        self.opens("/letter/check?changed=1")
        yield "check-changed"
        for result in (Result.NOT_SENT, Result.REFUSED, Result.PERHAPS_SENT):
            self.site.post.result = result
            self.mails_it(self.who.own)
            yield f"check-{result.name.lower().replace('_', '-')}"
        self.site.post.result = Result.SENT

    def to_oneself(self) -> Stops:
        """The letter to one's own inbox; and the end of it."""
        self.reaches_check()
        self.mails_it(self.who.own)
        yield "sent"
        self.site.broken = True
        self.opens("/letter/sent")
        yield "problem-500"
        self.site.broken = False
        self.opens("/letter/sent")
        self.presses("main form button")
        self.presses("footer button.quiet")
        yield "deleted"

    def asks(self) -> None:
        """Say to whom, from the page that asks for it."""
        self.page.fill("#recipient_name", f"{self.who.to_name}, manager")
        self.page.fill("#recipient_email", self.who.manager)
        self.page.fill("#email", self.who.own)
        self.page.check("input[name=may]")
        self.presses(_ON)

    def agrees(self) -> None:
        """Tick the consent, and ask for the code."""
        self.page.check("input[name=consent]")
        self.presses(_ON)

    def waits(self) -> None:
        """From the answers in this browser to a letter that waits for its code."""
        self.opens("/letter/someone")
        self.asks()
        self.agrees()

    def types_code(self) -> None:
        """The code from the newest mail."""
        self.page.fill("#code", self.site.post.code())
        self.presses(_ON)

    def someone(self) -> Stops:
        """Straight to a person, as far as the code."""
        self.reaches_check()
        self.opens("/letter/someone")
        yield "someone"
        self.presses(_ON)
        yield "someone-error"
        self.page.fill("#recipient_name", self.who.to_name)
        self.page.fill("#recipient_email", "manager@gmial.com")
        self.page.fill("#email", self.who.own)
        self.page.check("input[name=may]")
        self.presses(_ON)
        yield "someone-question"
        self.asks()
        yield "consent"
        self.presses("main form button.main")
        yield "consent-error"
        self.agrees()
        yield "confirm"
        self.page.fill("#code", "12")
        self.presses(_ON)
        yield "confirm-error"

    def opened(self) -> Stops:
        """What may become of a letter that waits; begins on the page that asks for the code."""
        self.types_code()
        yield "opened"
        self.presses("button[name=cancel]")
        yield "cancelled"
        self.waits()
        self.types_code()
        self.site.post.result = Result.PERHAPS_SENT
        self.presses("button[name=send]")
        yield "uncertain"
        self.site.post.result = Result.SENT
        self.waits()
        self.types_code()
        self.presses("button[name=send]")
        yield "sent-to-person"

    def stop(self) -> Stops:
        """No more mail to an address."""
        self.opens("/stop")
        yield "stop"
        self.page.fill("#email", "nobody")
        self.presses(_ON)
        yield "stop-error"
        self.page.fill("#email", "other@example.org")
        self.presses(_ON)
        yield "stop-code"
        self.page.fill("#code", "1")
        self.presses(_ON)
        yield "stop-code-error"
        self.types_code()
        yield "stopped"

    def outbox(self) -> Stops:
        """The demo's outbox, with all that was sent on this walk."""
        self.opens("/outbox")
        yield "outbox"
        self.page.locator(".mails a").first.click()
        self.page.wait_for_selector(".tabs")
        yield "outbox-mail"
        self.page.locator(".tabs a").nth(2).click()
        self.page.wait_for_selector(".raw")
        yield "outbox-headers"

    def own_words_name_it(self) -> Stops:
        """A letter below "named" whose own words name the condition."""
        self.reaches_check("needs", ticks=0)
        self.opens("/letter/about-you")
        self.page.fill("#own_words", "I have selective mutism.")
        self.presses(_ON)
        yield "check-named"

    def problems(self) -> Stops:
        """What goes wrong around the form; begins with answers in this browser."""
        self.opens("/nowhere")
        yield "problem-404"
        self.opens("/help")
        self.page.evaluate("document.querySelector('footer form').action = '/help'")
        self.presses("footer button")
        yield "problem-405"
        self.opens("/letter/about-you")
        self.page.fill("#own_words", "x" * _TOO_MUCH)
        self.presses(_ON)
        yield "problem-413"
        self.opens("/")
        self.page.context.clear_cookies()
        self.presses("button[value=work]")
        yield "no-cookie"
        self.page.goto("about:blank")
        self.page.set_content(
            f"<form method=post action={self.site.url}/><button>x</button></form>"
        )
        self.presses("button")
        yield "problem-403"


def other_hosts(page: Page, who: Person = EMMA) -> Stops:
    """Pages that only another kind of host shows."""
    with site(mail=None, direct_send="off") as plain:
        Walk(page, plain, who).reaches_check()
        yield "check-no-mail"
    with site(mail_from="letters@selectivemutism.example") as telling:
        Walk(page, telling, who).reaches_check("needs")
        yield "check-wall"
    with site(flood_minute=1) as flooded:
        Walk(page, flooded, who).opens("/help")
        Walk(page, flooded, who).opens("/help")
        yield "problem-429"
