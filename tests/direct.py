"""Emma has a letter sent to her manager: the vocabulary of the tests of direct sending.

One app with the real words serves many tests; each gets an empty database and a clock of its own.
"""

from __future__ import annotations

import datetime
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from webapp.delivery.code_mail import Asker
from webapp.delivery.envelope import ForPerson
from webapp.letter.words import load
from webapp.post import Post
from webapp.rendering.templates import MailTemplates
from webapp.services import Services
from webapp.settings import Settings
from webapp.store.database import Database
from webapp.store.database.tables import tables, waiting
from webapp.store.feedback import Feedback
from webapp.store.ledger import Ledger
from webapp.store.opening import Store
from webapp.store.rounds import Rounds
from webapp.store.sealing import Sealer
from webapp.store.waiting import WaitingLetters
from webapp.web.common import EXTENSION

from .builders import MAIL_TEMPLATES, english, make_letter
from .databases import Clock, empty
from .mails import code_in
from .visitor import DEMO, Drawer, Visitor, make_app

EMMA, MANAGER = "emma@home.example.org", "manager@vets.example.org"
NAME = "Ms Patel"
# Words that nobody else types: where they turn up, Emma's letter does.
CANARY = {"to_name": "Canarymanager", "first": "Canaryfirst", "own_words": "Canaryown."}
DIRECT = replace(DEMO, direct_send="on")
# The real cost of a code is tested where it matters; here it would only take time.
CHEAP = 2
HOUR = 3600
DAY = 24 * HOUR


@cache
def _app_for(settings: Settings) -> Flask:
    return make_app(settings, post=Drawer())


@dataclass
class Host:
    """A host that sends letters straight to a person, and what a test may turn on it."""

    app: Flask
    clock: Clock
    url: str = field(repr=False)
    drawer: Drawer = field(repr=False)

    @property
    def services(self) -> Services:
        """What the app is made of at this moment."""
        found = self.app.extensions[EXTENSION]
        assert isinstance(found, Services)
        return found

    @property
    def store(self) -> Store:
        """The database and what is kept in it."""
        assert self.services.store
        return self.services.store

    def turns(self, **parts: Any) -> None:
        """Replace parts of the host, as a restart with other settings would."""
        self.app.extensions[EXTENSION] = replace(self.services, **parts)

    def posts_by(self, post: Post) -> None:
        """Send mail by another relay."""
        self.turns(post=post)

    def limits(self, **limits: int) -> None:
        """Have only these limits."""
        self.keys(limits=replace(DIRECT.limits, **limits))

    def keys(self, *, cost: int = CHEAP, **settings: Any) -> None:
        """Have other secrets or limits, or codes at another cost."""
        changed = replace(DIRECT, **settings)
        self.close()
        self.turns(store=store_over(self.url, changed, self.clock, cost=cost))

    def full(self) -> None:
        """Have no place for one more letter that waits."""
        letters = WaitingLetters(self.store.database, Sealer(DIRECT.keys), most=0)
        self.turns(store=replace(self.store, waiting=letters))

    def close(self) -> None:
        """Close the database."""
        if store := self.services.store:
            store.database.close()
            store.counts.close()

    def held(self) -> list[Any]:
        """All that the databases hold."""
        found: list[Any] = []
        for database in (self.store.database, self.store.counts):
            with database.reading() as connection:
                found += [connection.execute(sa.select(t)).all() for t in tables.sorted_tables]
        return found

    def rows(self) -> int:
        """How many letters wait, or are remembered as sent."""
        with self.store.database.reading() as connection:
            return int(connection.scalar(sa.select(sa.func.count(waiting.c.id))) or 0)

    def to(self, address: str) -> list[EmailMessage]:
        """The mails in an inbox, oldest first."""
        return [mail for mail in self.drawer.letters() if mail["To"] == address]

    def code(self) -> str:
        """The code in the newest code mail."""
        return [code for mail in self.letters() if (code := code_in(mail))][-1]

    def letters(self) -> list[EmailMessage]:
        """All mails, oldest first."""
        return self.drawer.letters()

    def link(self) -> str:
        """The path of the link in the newest code mail."""
        return [path for mail in self.letters() for path in paths_in(mail)][-1]


def paths_in(mail: EmailMessage) -> list[str]:
    """The paths of our own links in a mail."""
    text = mail.get_body(("plain",))
    assert text
    return re.findall(r"https?://[\w.:]+(/(?:confirm|stop)/[\w-]+)", text.get_content())


@contextmanager
def open_host(url: str, clock: Clock | None = None, settings: Settings = DIRECT) -> Iterator[Host]:
    """A host over a database that is up to date; everything is as on the first day."""
    clock = clock or Clock()
    app = _app_for(settings)
    before = app.extensions[EXTENSION]
    store = store_over(url, settings, clock)
    store.start()
    for database in (store.database, store.counts):
        empty(database)
    host = Host(app, clock, url, Drawer())
    host.turns(
        settings=settings,
        post=host.drawer,
        store=store,
        clock=lambda: datetime.datetime.fromtimestamp(clock(), datetime.UTC),
    )
    try:
        yield host
    finally:
        host.close()
        app.extensions[EXTENSION] = before


def store_over(
    url: str, settings: Settings, clock: Callable[[], int] | None, *, cost: int = CHEAP
) -> Store:
    """A store as open_store makes it, whose codes cost next to nothing to try."""
    database, counts = Database(url, clock=clock), Database(url, clock=clock, counts=True)
    life = settings.waiting_hours * HOUR
    return Store(
        database=database,
        counts=counts,
        ledger=Ledger(counts, settings.keys, settings.limits),
        waiting=WaitingLetters(database, Sealer(settings.keys, cost=cost), life=life),
        stopping=WaitingLetters(
            database, Sealer(settings.keys, purpose="stop", cost=cost), life=2 * HOUR
        ),
        inviting=WaitingLetters(
            database, Sealer(settings.keys, purpose="group", cost=cost), life=90 * DAY
        ),
        rounds=Rounds(database),
        feedback=Feedback(counts),
    )


class Writer(Visitor):
    """Emma in her browser."""

    def __init__(self, host: Host, base: str | None = None) -> None:
        super().__init__(host.app, base or host.services.settings.public_url)
        self.host = host

    def names(self, address: str = MANAGER, name: str = NAME, **fields: str) -> Writer:
        """Say to whom; leads to the page with the consent."""
        self._at("/letter/someone")
        typed = {"recipient_name": name, "recipient_email": address, "email": EMMA}
        box = self.page.soup.select_one("input[name=may]")
        may = {"may": str(box["value"])} if box else {}
        self.submits("/letter/someone", **(typed | may | fields))
        return self

    def agrees(self, **fields: str | None) -> Writer:
        """Tick the consent and press the button; leads to the page that asks for the code."""
        self.submits("/letter/someone", **({"consent": "yes"} | fields))
        return self

    def asks(self, address: str = MANAGER, name: str = NAME, **fields: str) -> Writer:
        """The whole way from the start to the page that asks for the code."""
        self.reaches_check(more=CANARY)
        return self.names(address, name, **fields).agrees()

    def types(self, code: str | None = None) -> Writer:
        """Type the code, by itself that of the newest mail."""
        self.submits(self.page.path, code=self.host.code() if code is None else code)
        return self

    def sends(self, **fields: str | None) -> Writer:
        """Press the opened letter's own button."""
        self.submits(self.page.path, send="yes", **fields)
        return self

    def cancels(self) -> Writer:
        """Press the opened letter's other button."""
        self.submits(self.page.path, cancel="yes")
        return self

    def follows_the_mail(self) -> Writer:
        """Open the link of the newest code mail."""
        self.opens(self.host.link())
        return self


def told(key: str, section: str = "confirm") -> str:
    """What the words say there, up to the first thing that is filled in."""
    text = str(english().texts["form"][section][key]).partition("{")[0].strip()
    assert text
    return text


def wrong(code: str) -> str:
    """A code that is not this one."""
    return f"{(int(code.replace(' ', '')) + 1) % 10**6:06d}"


@pytest.fixture
def host(ready_sqlite: Path, tmp_path: Path) -> Iterator[Host]:
    """A host with an SQLite file of its own."""
    file = tmp_path / "host" / "word-ahead.db"
    file.parent.mkdir(mode=0o700)
    for name in ("word-ahead.db", "word-ahead-limits.db"):
        shutil.copy2(ready_sqlite, file.with_name(name))
    with open_host(f"sqlite:///{file}") as found:
        yield found


@pytest.fixture
def either_host(url: str) -> Iterator[Host]:
    """A host on each kind of database."""
    with open_host(url) as found:
        yield found


@pytest.fixture
def emma(host: Host) -> Writer:
    """Emma, at the start."""
    return Writer(host)


def make_order(**changes: Any) -> ForPerson:
    """Emma's letter to her manager as the form would hand it on, with changes."""
    values: dict[str, Any] = {
        "letter": make_letter(),
        "language": "en",
        "situation": "volunteering",
        "draft_id": "00" * 9,
        "own": EMMA,
        "recipient": MANAGER,
        "recipient_name": NAME,
        "consent": "I agree.",
    }
    return ForPerson(**(values | changes))


EMMAS_BROWSER = Asker(EMMA, "en", "192.0.2.1", b"a browser's mark")


def another_release(folder: Path) -> dict[str, Any]:
    """The parts of a host after a deploy with other words and other templates."""
    shutil.copytree(MAIL_TEMPLATES, folder)
    frame = folder / "words/en/frame.toml"
    frame.write_text(frame.read_text("utf-8").replace("Thank you,", "Best wishes,"), "utf-8")
    for body in folder.glob("*/body.txt"):
        body.write_text("Another release.\n\n" + body.read_text("utf-8"), "utf-8")
    return {"templates": MailTemplates.load(folder), "library": load(folder / "words")}
