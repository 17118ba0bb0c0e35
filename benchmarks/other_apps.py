"""The app with its letters made in another way, for comparison.

Everything else is ours: form, cookie, checks, ledger and the kept connection to the relay.
"""

import dataclasses
import os
from functools import cache
from pathlib import Path

from flask import Flask

from webapp import create_app
from webapp.letter.compose import ADDRESS_SLOT, Letter
from webapp.letter.words import load
from webapp.mail.message import Mail
from webapp.post import Outcome
from webapp.post.smtp import SmtpPost
from webapp.rendering.templates import Bodies, MailTemplates
from webapp.settings import from_environment
from webapp.store.opening import open_store

from .bench_letter import FOLDER, Peer, premailed
from .bench_mail import by_standard_library


@cache
def _peer() -> Peer:
    return Peer(load(FOLDER / "words").words("en"), premailed)


class SlowMail(Mail):
    """A mail that the standard library writes."""

    def to_bytes(self) -> bytes:
        return by_standard_library(self)


class SlowTemplates(MailTemplates):
    """Templates whose styles go inline for each letter anew, by premailer."""

    def letter_bodies(self, letter: Letter, address: str) -> Bodies:
        return Bodies(letter.subject, *_peer().bodies(letter, address))


class SparingTemplates(SlowTemplates):
    """The same, but that what is only compared with what was shown is rendered our way."""

    def letter_bodies(self, letter: Letter, address: str) -> Bodies:
        if address in ("", ADDRESS_SLOT):
            return MailTemplates.letter_bodies(self, letter, address)
        return super().letter_bodies(letter, address)


LETTERS: dict[str, tuple[type[MailTemplates], type[Mail]]] = {
    "ours": (MailTemplates, Mail),
    "premailer": (SlowTemplates, SlowMail),
    "premailer, sparing": (SparingTemplates, SlowMail),
}


class OtherPost:
    """The same sender, given mails of another kind."""

    def __init__(self, post: SmtpPost, kind: type[Mail]) -> None:
        self._post, self._kind = post, kind

    def send(self, mail: Mail, *, seconds: float = 25.0) -> Outcome:
        values = {one.name: getattr(mail, one.name) for one in dataclasses.fields(mail)}
        return self._post.send(self._kind(**values), seconds=seconds)

    def close(self) -> None:
        self._post.close()


def app(letters: str) -> Flask:
    """For gunicorn, which hands over what is written behind the name."""
    settings = from_environment(os.environ, Path("instance"))
    assert settings.mail is not None
    templates, kind = LETTERS[letters]
    store = open_store(
        settings.database_url, settings.keys, settings.limits, settings.waiting_hours
    )
    store.upgrade()
    post = OtherPost(SmtpPost(settings.mail), kind)  # type: ignore[arg-type]  # a relay
    return create_app(settings, templates=templates.load(FOLDER), post=post, store=store)
