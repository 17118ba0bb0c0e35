"""The same person clicks again after a kill: what they are told, and what went."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.store.waiting.states import LEASE

from ..direct import told
from ..letter_page import plain_words
from ..mails import bodies
from ..served import Caller
from ..visitor import Page
from .phases import Run
from .server import Server
from .sink import Sink
from .truths import squeezed


@dataclass
class SecondClick:
    """A phone that clicks at the server again, and a look into what the relay took."""

    server: Server
    sink: Sink

    def after(self, run: Run, *, may_tick: bool) -> None:
        """Click within the lease and after it, and where doubt remains, perhaps with the tick."""
        run.delivered_by_kill = self._delivered(run)
        phone = Caller(self.server.base)
        self._is_true(run, phone.posts(run.path, {"code": run.code}).page)
        self._is_true(run, self._plain_click(run, phone))
        self.server.moves_clock(LEASE + 1)
        found = phone.posts(run.path, {"code": run.code}).page
        self._is_true(run, found)
        last = self._plain_click(run, phone)
        self._is_true(run, last)
        run.shown = _kind(last)
        run.delivered_plain = self._delivered(run)
        if run.shown == "uncertain" and may_tick:
            run.ticked = True
            last = self._ticked_click(run, phone, found)
        run.delivered = self._delivered(run)
        self._judge(run, last)

    def _plain_click(self, run: Run, phone: Caller) -> Page:
        return phone.posts(run.path, {"code": run.code, "send": "yes"}).page

    def _ticked_click(self, run: Run, phone: Caller, found: Page) -> Page:
        tick = found.soup.select_one("input[name=again]")
        again = str(tick["value"]) if tick else ""
        return phone.posts(run.path, {"code": run.code, "send": "yes", "again": again}).page

    def _delivered(self, run: Run) -> int:
        return len(self.sink.to(run.recipient))

    def _is_true(self, run: Run, page: Page) -> None:
        delivered = self._delivered(run)
        if page.heading == told("sent_heading") and not delivered:
            run.problems.append("false 'sent'")
        if delivered and any(told(key) in page.text for key in ("not_sent", "opened_intro")):
            run.problems.append("false 'not sent'")

    def _judge(self, run: Run, last: Page) -> None:
        ids = {str(one.message["Message-ID"]) for one in self.sink.to(run.recipient)}
        if run.delivered_plain > 1:
            run.problems.append("went twice without the tick")
        if run.delivered > run.delivered_plain + 1:
            run.problems.append("one tick sent twice")
        if len(ids) > 1:
            run.problems.append("another Message-ID")
        if not run.delivered and _squeezed_text(last) != run.letter:
            run.problems.append("lost")
        for one in self.sink.to(run.recipient):
            if squeezed(plain_words(bodies(one.data)[0])) != run.letter:
                run.problems.append("not the words that were shown")


def _kind(page: Page) -> str:
    """What a page after a click is, in one word."""
    headings = {"sent_heading": "sent", "uncertain_heading": "uncertain"}
    for key, kind in headings.items():
        if page.heading == told(key):
            return kind
    return "open" if page.soup.select_one("article.letter") else page.heading


def _squeezed_text(page: Page) -> str:
    """The letter of an opened page, without list marks and white space."""
    article = page.soup.select_one("article.letter")
    return squeezed(plain_words(article.get_text())) if article else ""
