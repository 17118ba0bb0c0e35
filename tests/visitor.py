"""A person at the form: a small vocabulary over Flask's test client, CSRF and cookies included.

A visitor reads each page as a browser does and posts its forms with all their hidden fields.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask

from webapp import create_app
from webapp.letter.words import Library
from webapp.mail.message import Mail
from webapp.post import Outcome, Result
from webapp.post.smtp import SmtpServer
from webapp.settings import OutboxFolder, Settings
from webapp.store.ledger import Limits
from webapp.web.cookie import Draft

from .builders import library
from .pages import Page as Page
from .pages import fields_of

HERE = "http://127.0.0.1:5000"
PUBLIC = "https://letters.example"
DEMO = Settings(
    secret_key="a secret of the tests, long enough to be one",
    public_url=HERE,
    mail=OutboxFolder(Path("unused")),
    mail_from="letters@wordahead.example",
    host_name="The Willow Group",
    host_contact="hello@willow.example",
    demo=True,
    check_domains=False,
    # Most tests type words of their own; the code that goes first has tests of its own.
    own_inbox_code="never",
    # Each app gets a file of its own, see make_app.
    database_url="sqlite:////nowhere",
    # One app serves many tests: only the limits' own tests reach a limit.
    limits=Limits(*[1_000_000] * 8),
    flood_minute=1_000_000,
)
PRODUCTION = replace(DEMO, public_url=PUBLIC, demo=False, mail=SmtpServer("localhost", 25, "none"))
WITHOUT_MAIL = replace(PRODUCTION, mail=None)


@dataclass
class Drawer:
    """A post that keeps the mails, and answers as the test says."""

    outcome: Outcome = field(default_factory=lambda: Outcome(Result.SENT))
    mails: list[bytes] = field(default_factory=list, repr=False)
    recipients: list[str] = field(default_factory=list, repr=False)

    def send(self, mail: Mail, *, seconds: float = 25.0) -> Outcome:
        """Keep a mail's bytes, as a relay would get them."""
        self.mails.append(mail.to_bytes())
        self.recipients.append(mail.recipient)
        return self.outcome

    def is_open(self, our_name: str) -> bool:
        return self.outcome.result is Result.SENT

    def close(self) -> None:
        """Nothing is open."""

    def only_letter(self) -> EmailMessage:
        """The mail, where there is one and no other."""
        (letter,) = self.letters()
        return letter

    def letters(self) -> list[EmailMessage]:
        """The mails as their receiver's program reads them."""
        return [message_from_bytes(data, policy=policy.default) for data in self.mails]


class Visitor:
    """One browser."""

    def __init__(self, app: Flask, base: str = HERE) -> None:
        self.app = app
        self.client = app.test_client()
        self.base = base
        self.page = Page(0, "", {}, "")

    def opens(self, path: str) -> Visitor:
        """Open an address, and follow where it leads."""
        return self._arrive(self.client.get(path, base_url=self.base, follow_redirects=True))

    def posts(
        self, path: str, data: object = None, *, headers: Mapping[str, str] | None = None
    ) -> Visitor:
        """Post something to an address without looking at any page, and follow where it leads."""
        return self._arrive(
            self.client.post(
                path, data=data, headers=headers, base_url=self.base, follow_redirects=True
            )
        )

    def keeps_what_it_names(self) -> Visitor:
        """Press "Keep, I want this" under the names that the page marks."""
        button = self.page.soup.select_one("button[name=keep]")
        assert button is not None
        return self.submits("/letter/check", keep=str(button["value"]), email="")

    def submits(self, action: str, **changes: str | Sequence[str] | None) -> Visitor:
        """Post a form of this page; a change of None takes a field out."""
        kept = [(n, v) for n, v in fields_of(self.page.form(action, *changes)) if n not in changes]
        for name, value in changes.items():
            values = [] if value is None else [value] if isinstance(value, str) else value
            kept += [(name, one) for one in values]
        data: dict[str, list[str]] = {}
        for name, one in kept:
            data.setdefault(name, []).append(one)
        return self.posts(action, data)

    def chooses(self, situation: str = "volunteering") -> Visitor:
        """The first screen."""
        return self.opens("/").submits("/", situation=situation)

    def says(self, level: str = "named", **fields: str) -> Visitor:
        """The second screen: name, voice and level."""
        self._at("/letter/how-much")
        return self.submits("/letter/how-much", level=level, **fields)

    def ticks(self, which: int | Sequence[str] = 8) -> Visitor:
        """The third screen: some sentences by their ids, or so many from the top."""
        self._at("/letter/what")
        if isinstance(which, int):
            which = self.choices()[:which]
        return self.submits("/letter/what", say=which)

    def adds(self, **fields: str) -> Visitor:
        """The fourth screen: everything else."""
        self._at("/letter/about-you")
        return self.submits("/letter/about-you", **fields)

    def sends_to(self, address: str, **fields: str) -> Visitor:
        """The last screen: the address, and the button."""
        self._at("/letter/check")
        return self.submits("/letter/check", email=address, **fields)

    def reaches_check(self, **answers: Any) -> Visitor:
        """All screens but the last, with Emma's answers or these."""
        values: dict[str, Any] = {"situation": "volunteering", "level": "named", "ticks": 8}
        values |= {"name": "Emma", "voice": "me", "more": {}, "says": {}} | answers
        self.chooses(values["situation"])
        told = {"name": values["name"], "voice": values["voice"]} | values["says"]
        self.says(values["level"], **told)
        return self.ticks(values["ticks"]).adds(**values["more"])

    def deletes(self) -> Visitor:
        """The button on every page."""
        return self.submits("/deleted")

    def choices(self) -> list[str]:
        """The ids of all sentences that this page offers."""
        return [str(one["value"]) for one in self.page.soup.select("input[name=say]")]

    def draft(self) -> Draft:
        """What the cookie in this browser holds."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies().items())
        with self.app.test_request_context("/", base_url=self.base, headers={"Cookie": cookies}):
            from webapp.web.cookie import draft

            return draft()

    def cookies(self) -> dict[str, str]:
        """All cookies of this browser."""
        return {key[2]: cookie.value for key, cookie in (self.client._cookies or {}).items()}

    def _at(self, path: str) -> None:
        if self.page.path != path:
            self.opens(path)

    def _arrive(self, response: Any) -> Visitor:
        self.page = Page(
            response.status_code,
            response.request.path,
            dict(response.headers),
            response.get_data(as_text=True),
        )
        return self


@cache
def app_for(settings: Settings = DEMO, posted: bool = True) -> Flask:
    """An app with the real words, made once for each kind of host."""
    return make_app(settings, post=Drawer()) if posted else make_app(settings)


def make_app(settings: Settings = DEMO, **parts: Any) -> Flask:
    """An app with the real words, a database of its own, and some parts replaced."""
    database = Path(tempfile.mkdtemp(dir=_databases())) / "database.db"
    settings = replace(settings, database_url=f"sqlite:///{database}")
    return create_app(settings, **({"library": library()} | parts))


@cache
def _databases() -> str:
    folder = tempfile.mkdtemp(prefix="word-ahead-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def drawer_of(app: Flask) -> Drawer:
    """The post of an app that was made here."""
    post = app.extensions["word_ahead"].post
    assert isinstance(post, Drawer)
    return post


def library_of(app: Flask) -> Library:
    """The words of an app."""
    found = app.extensions["word_ahead"].library
    assert isinstance(found, Library)
    return found


def visitor(settings: Settings = DEMO) -> Visitor:
    """A new browser before a host whose drawer is empty."""
    app = app_for(settings)
    post = drawer_of(app)
    post.mails.clear()
    post.recipients.clear()
    post.outcome = Outcome(Result.SENT)
    return Visitor(app, settings.public_url)


# Something in the place of each changing part of an address.
_PARTS = {
    **{"<path:token>": "A" * 22, "<path:filename>": "style.css", "<name>": "x", "<tab>": "text"},
    **{"<place>": "what-i-ask", "<int:number>": "2", "<token>": "A" * 22},
}


def routes(app: Flask, method: str) -> list[str]:
    """An address for every route of an app that takes a method."""
    rules = [rule for rule in app.url_map.iter_rules() if method in (rule.methods or ())]
    paths = [rule.rule for rule in rules]
    for part, value in _PARTS.items():
        paths = [path.replace(part, value) for path in paths]
    return sorted(set(paths))
