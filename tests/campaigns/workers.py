"""The processes that serve: two over one database, each of which may die and be replaced."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

from flask import Flask

from webapp.settings import Settings
from webapp.store.feedback import Feedback
from webapp.store.ledger import Ledger
from webapp.store.opening import Store
from webapp.store.rounds import Rounds
from webapp.store.sealing import Sealer
from webapp.store.waiting import WaitingLetters
from webapp.web.common import EXTENSION

from ..databases import Clock
from ..direct import CHEAP, DIRECT
from ..visitor import Visitor, make_app
from .fates import Act, Course, FatefulDatabase, Killed, Relay

# What Plant may exchange: the store that a worker gets.
Plant = Callable[[Store], Store]
WORKERS = 2


@cache
def apps() -> tuple[Flask, ...]:
    """The app of each worker, made once; what it works with is exchanged for each test."""
    return tuple(make_app(DIRECT) for _ in range(WORKERS))


class Workers:
    """Each over a store of its own; one that dies is replaced, as gunicorn would."""

    def __init__(self, folder: Path, relay: Relay, clock: Clock, plant: Plant) -> None:
        self.courses = [Course() for _ in range(WORKERS)]
        self.stores: list[Store] = []
        self._folder, self._relay, self._clock, self._plant = folder, relay, clock, plant
        for number in range(WORKERS):
            self._starts(number)
        self.stores[0].start()

    def close(self) -> None:
        """Close every file."""
        for store in self.stores:
            store.database.close()
            store.counts.close()

    def requests(
        self, worker: int, act: Callable[[], object], acts: list[Act] | None = None
    ) -> bool:
        """Have a worker do something, with what befalls it; False if it died over it."""
        course, before = self.courses[worker], list(self._relay.acts)
        course.begun = 0
        self._relay.acts = acts or []
        try:
            act()
        except Killed:
            self.stores[worker].database.close()
            self.stores[worker].counts.close()
            self._starts(worker)
            return False
        finally:
            self._relay.acts = before
        return True

    def at(self, browser: Visitor, worker: int) -> Visitor:
        """The same browser, answered by this worker."""
        browser.client.application = browser.app = apps()[worker]
        return browser

    def _starts(self, number: int) -> None:
        """A worker's process begins, perhaps in the place of one that died."""
        app, course = apps()[number], self.courses[number]
        store = self._plant(_store(self._folder, DIRECT, self._clock, course))
        self.stores[number : number + 1] = [store]
        app.extensions[EXTENSION] = replace(
            app.extensions[EXTENSION],
            post=self._relay,
            store=store,
            clock=lambda: datetime.datetime.fromtimestamp(self._clock(), datetime.UTC),
        )


def url_of(folder: Path) -> str:
    """Where the letters are."""
    return f"sqlite:///{folder / 'word-ahead.db'}"


def _store(folder: Path, settings: Settings, clock: Clock, course: Course) -> Store:
    url = url_of(folder)
    database = FatefulDatabase(url, course, clock=clock)
    counts = FatefulDatabase(url, course, clock=clock, counts=True)
    return Store(
        database=database,
        counts=counts,
        ledger=Ledger(counts, settings.keys, settings.limits),
        waiting=WaitingLetters(database, Sealer(settings.keys, cost=CHEAP)),
        stopping=WaitingLetters(database, Sealer(settings.keys, purpose="stop", cost=CHEAP)),
        inviting=WaitingLetters(database, Sealer(settings.keys, purpose="group", cost=CHEAP)),
        rounds=Rounds(database),
        feedback=Feedback(counts),
    )
