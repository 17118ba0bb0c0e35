"""A walk that brings one browser to every page there is, good and bad.

Nothing here reads a word of the form: it presses names and values, so a new wording breaks no walk.
Each function is a way through some pages and gives the name of each page as it stands there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from playwright.sync_api import Page

from webapp.post import Result

from .hands import EMMA, ON, Hands, Person
from .site import site

Stops = Iterator[str]

# More than any form takes, see webapp/__init__.py.
_TOO_MUCH: Final = 300_000


class Walk(Hands):
    """Somebody who comes to every page."""

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

    def around(self) -> Stops:
        """What can be read without a letter."""
        for name in ("help", "privacy", "accessibility", "words", "feedback"):
            self.opens(f"/{name}")
            yield name
        self.opens("/words/what-helps")
        yield "words-place"
        self.opens("/feedback/what-helps")
        yield "feedback-sentences"
        self.presses("form[action='/feedback'] button.main")
        yield "feedback-nothing"
        self.opens("/feedback")
        self.presses("button[value=helped]")
        yield "feedback-thanks"
        self.opens("/letter/sent")
        yield "nothing"

    def form(self) -> Stops:
        """From the start to the check page, with the mistakes that can be made on the way."""
        self.opens("/")
        yield "start"
        self.presses("button[value=volunteering]")
        yield "how-much"
        self.writes("#name", "x" * 90)
        self.presses("button[value=named]:not([tabindex])")
        yield "how-much-error"
        self.says("named")
        yield "what"
        self.ticks(8)
        for more in self.page.locator("details summary").all():
            more.click()
        yield "what-open"
        self.presses(ON)
        yield "about-you"
        self.writes("#own_words", "Write to me at emma@example.org")
        self.presses(ON)
        yield "about-you-error"
        self.adds()
        yield "check"
        self.opens("/letter/print")
        yield "print"
        self.opens("/")
        yield "start-again"
        self.opens("/letter/how-much?then=check")
        yield "how-much-again"

    def answers_of_the_post(self) -> Stops:
        """The check page, with each thing that it may have to say."""
        self.reaches_check()
        stale = self.page.locator("input[name=shown]").input_value()
        self.opens("/letter/what")
        self.touches(self.page.locator("input[name=say]").first)
        self.presses(ON)
        self.adds()
        self.page.evaluate("old => document.querySelector('[name=shown]').value = old", stale)
        self.mails_it(self.who.own)
        yield "check-changed"
        self.mails_it("emma")
        yield "check-error"
        self.mails_it("emma@gmial.com")
        yield "check-question"
        for number, result in enumerate((Result.NOT_SENT, Result.REFUSED, Result.PERHAPS_SENT)):
            self.site.post.result = result
            # To each address another: of one that was refused, the page remembers that.
            self.mails_it(f"{number}.{self.who.own}")
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

    def someone(self) -> Stops:
        """Straight to a person, as far as the code."""
        self.reaches_check()
        self.opens("/letter/someone")
        yield "someone"
        self.presses(ON)
        yield "someone-error"
        self.writes("#recipient_name", self.who.to_name)
        self.writes("#recipient_email", "manager@gmial.com")
        self.writes("#email", self.who.own)
        self.page.check("input[name=may]")
        self.presses(ON)
        yield "someone-question"
        self.asks()
        yield "consent"
        self.presses("main form button.main")
        yield "consent-error"
        self.agrees()
        yield "confirm"
        self.writes("#code", "12")
        self.presses(ON)
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
        self.writes("#email", "nobody")
        self.presses(ON)
        yield "stop-error"
        self.writes("#email", "other@example.org")
        self.presses(ON)
        yield "stop-code"
        self.writes("#code", "1")
        self.presses(ON)
        yield "stop-code-error"
        self.types_code()
        yield "stopped"

    def outbox(self) -> Stops:
        """The demo's outbox, with all that was sent on this walk."""
        self.opens("/outbox")
        yield "outbox"
        self.page.locator("main h2 a").first.click()
        self.page.wait_for_selector(".tabs")
        # The mail in its frame too.
        self.page.wait_for_load_state()
        yield "outbox-mail"
        self.page.locator(".tabs a").nth(2).click()
        self.page.wait_for_selector(".raw")
        yield "outbox-headers"

    def own_words_name_it(self) -> Stops:
        """A letter below "named" whose own words name the condition."""
        self.reaches_check("needs", ticks=0)
        self.opens("/letter/about-you")
        self.writes("#own_words", "I have selective mutism.")
        self.presses(ON)
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
        self.writes("#own_words", "x" * _TOO_MUCH)
        self.presses(ON)
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
        walk = Walk(page, plain, who)
        walk.reaches_check()
        yield "check-no-mail"
        walk.opens("/stop")
        yield "stop-no-mail"
    with site(mail_from="letters@selectivemutism.example") as telling:
        Walk(page, telling, who).reaches_check("needs")
        yield "check-wall"
    with site(flood_minute=1) as flooded:
        Walk(page, flooded, who).opens("/help")
        Walk(page, flooded, who).opens("/help")
        yield "problem-429"
