"""The whole app as two workers over one database, and what really happens to every letter in it."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from webapp.delivery.envelope import unpack
from webapp.mail.message import Mail
from webapp.store.database import Database
from webapp.store.database.tables import waiting
from webapp.store.sealing import Sealer
from webapp.store.waiting import State
from webapp.store.waiting.states import LEASE
from webapp.web.cookie import Draft

from ..databases import Clock
from ..direct import CANARY, CHEAP, DIRECT, EMMA, paths_in
from ..letter_page import plain_words
from ..mails import code_in, read
from ..visitor import Page, Visitor
from .fates import Act, Relay
from .truths import Press, Shown, Truth, squeezed
from .workers import Plant, Workers, apps, url_of

_DAY: Final = 24 * 60 * 60


@cache
def _cookies_at_the_check_page(_day: int) -> dict[str, str]:
    """What a browser holds when everything is said and nothing is sent; typed once a day.

    A cookie of more than two days is not read, and the clock of a world runs fast.
    """
    emma = Visitor(apps()[0], DIRECT.public_url)
    emma.reaches_check(more=CANARY)
    return emma.cookies()


class World:
    """Two workers, one relay, one clock; after each request the truth is brought up to date."""

    def __init__(self, folder: Path, plant: Plant = lambda store: store) -> None:
        self.folder = folder
        self.clock = Clock()
        self.relay = Relay(self.clock, LEASE)
        self.truths: list[Truth] = []
        self.sealer = Sealer(DIRECT.keys, cost=CHEAP)
        self.eyes = Database(url_of(folder), clock=self.clock)
        self._seen = 0
        self._recipients = 0
        self.workers = Workers(folder, self.relay, self.clock, plant)

    def close(self) -> None:
        """Close every file."""
        self.eyes.close()
        self.workers.close()

    # ------------------------------------------------------------------ browsers
    def browser(self) -> Visitor:
        """A browser with everything said and nothing sent."""
        emma = Visitor(apps()[0], DIRECT.public_url)
        for name, value in _cookies_at_the_check_page(int(self.clock()) // _DAY).items():
            emma.client.set_cookie(name, value, domain="127.0.0.1")
        return emma

    def device(self) -> Visitor:
        """A phone that has nothing of ours, not even a cookie."""
        return Visitor(apps()[0], DIRECT.public_url)

    def looks(self, browser: Visitor) -> Shown | None:
        """Name a new person, as far as the page with the consent."""
        self._recipients += 1
        recipient = f"canary.manager{self._recipients}@vets.example.org"
        browser.opens("/letter/someone")
        if browser.page.path != "/letter/someone":
            return None
        name = f"Canary Patel the {self._recipients}th"
        typed = {"recipient_name": name, "recipient_email": recipient, "email": EMMA, "may": "me"}
        browser.submits("/letter/someone", **typed)
        return Shown(browser, browser.page, recipient, _draft(browser).browser)

    # ------------------------------------------------------------------ requests
    def agrees(self, shown: Shown, worker: int, acts: list[Act], *, tick: bool) -> None:
        """Press the button of a consent page, with the box ticked or not."""
        older = [one for one in self.truths if one.shown.mark == shown.mark]
        code_may_leave = not set(acts[:1]) & {Act.LATER, Act.REFUSES, Act.DIES_BEFORE}
        browser = self.workers.at(shown.browser, worker)
        browser.page = shown.page
        before = len(self.relay.taken)
        self.workers.requests(
            worker,
            lambda: browser.submits("/letter/someone", consent="yes" if tick else None),
            acts,
        )
        new = [mail for mail, _ in self.relay.taken[before:] if mail.recipient == EMMA]
        coded = [mail for mail in new if "code" in mail.subject.lower()]
        for mail in coded:
            self._waits(shown, mail, agreed=tick)
        if tick and code_may_leave:
            self.withdrawn(older)

    def _waits(self, shown: Shown, mail: Mail, *, agreed: bool) -> None:
        found = read(mail.to_bytes())
        code = code_in(found)
        assert code
        token = paths_in(found)[0].rpartition("/")[2]
        with self.eyes.reading() as connection:
            row = connection.execute(
                sa.select(waiting).where(waiting.c.id == self.sealer.id_of(token))
            ).one_or_none()
        assert row, "a code was mailed for no letter"
        key = self.sealer.key(token, code.replace("\u00a0", "").replace(" ", ""), row.expires_at)
        text = self.sealer.open(key, "letter", row.sealed)
        assert text, "a letter does not open to the code that was mailed for it"
        id_ = unpack(text).mail.message_id
        self.truths.append(Truth(shown, token, code, row.expires_at, agreed, id_))

    def types(self, truth: Truth, browser: Visitor, worker: int) -> Page | None:
        """Type the right code; the page that came, if any."""
        path = f"/confirm/{truth.token}"
        self.workers.at(browser, worker)
        done = self.workers.requests(worker, lambda: browser.posts(path, {"code": truth.code}))
        return browser.page if done else None

    def presses(
        self, truth: Truth, browser: Visitor, worker: int, tick: str, acts: list[Act]
    ) -> tuple[Press, Page | None]:
        """Press "send" with the right code, and the box ticked that this page showed."""
        press = Press(truth, tick, self.is_alive(truth))
        data = {"code": truth.code, "send": "yes"} | ({"again": tick} if tick else {})
        self.workers.at(browser, worker)
        self.relay.presses.append(press)
        try:
            done = self.workers.requests(
                worker, lambda: browser.posts(f"/confirm/{truth.token}", data), acts
            )
        finally:
            self.relay.presses.pop()
        return press, browser.page if done else None

    def cancels(self, truth: Truth, worker: int) -> Page | None:
        """Press "delete" with the right code, on some phone; the page that came, if any."""
        phone = self.workers.at(self.device(), worker)
        path, data = f"/confirm/{truth.token}", {"code": truth.code, "cancel": "yes"}
        done = self.workers.requests(worker, lambda: phone.posts(path, data))
        self.withdrawn([truth])
        return phone.page if done else None

    def withdrawn(self, allowed: list[Truth]) -> None:
        """Take note of what those who may have taken back."""
        for truth in allowed:
            truth.withdrawn |= self.state(truth) is State.GONE and self.is_alive(truth)

    # ------------------------------------------------------------------ the truth
    def is_alive(self, truth: Truth) -> bool:
        """Whether its time is not over, and nobody took it back."""
        return not truth.withdrawn and self.clock() < truth.expires_at

    def state(self, truth: Truth) -> State:
        """How a letter stands, by its row; what is stored must open to token and code."""
        with self.eyes.reading() as connection:
            row = connection.execute(
                sa.select(waiting).where(waiting.c.id == self.sealer.id_of(truth.token))
            ).one_or_none()
        if row is None or row.expires_at <= self.clock():
            return State.GONE
        state = State(row.state)
        kind = "outcome" if state is State.SENT else "letter"
        code = truth.code.replace(" ", "")
        text = self.sealer.open(
            self.sealer.key(truth.token, code, row.expires_at), kind, row.sealed
        )
        assert text, "a letter is stored, but no longer opens to its code"
        if state is not State.SENT:
            stored = squeezed(plain_words(unpack(text).mail.text))
            assert stored == truth.shown.letter, "another letter is stored than was shown"
        return state

    def new_deliveries(self) -> list[tuple[Mail, Press | None]]:
        """What the relay took for named persons since this was asked last."""
        found = self.relay.taken[self._seen :]
        self._seen = len(self.relay.taken)
        return [
            (mail, press if isinstance(press, Press) else None)
            for mail, press in found
            if mail.recipient != EMMA
        ]

    def stored_bytes(self) -> bytes:
        """All that lies on the disk."""
        found = b""
        for file in self.folder.iterdir():
            with suppress(FileNotFoundError):
                found += file.read_bytes()
        return found


def _draft(browser: Visitor) -> Draft:
    return browser.draft()
