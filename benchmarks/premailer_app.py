"""The app as it would be with premailer on every letter and the standard library's MIME.

Everything else is ours: form, cookie, checks, limits and the kept connection to the relay.
And the app as it would be if a letter cost nothing: what no other way of writing can exceed.
"""

import os
from dataclasses import fields
from functools import cache
from pathlib import Path

from flask import Flask

from webapp import create_app
from webapp.letter import ADDRESS_SLOT, Letter
from webapp.mail import Mail
from webapp.post import Outcome
from webapp.post.smtp import SmtpPost
from webapp.rendering import Bodies, MailTemplates
from webapp.settings import from_environment
from webapp.words import load

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
    """Templates whose styles go inline for each letter anew."""

    def letter_bodies(self, letter: Letter, address: str) -> Bodies:
        # The seal over what was shown is compared on both sides at the same price.
        if address in ("", ADDRESS_SLOT):
            return super().letter_bodies(letter, address)
        return Bodies(letter.subject, *_peer().bodies(letter, address))


class FreeMail(Mail):
    """A mail that was written beforehand."""

    written = b""

    def to_bytes(self) -> bytes:
        return FreeMail.written


class FreeTemplates(MailTemplates):
    """Templates that render a letter once in all."""

    rendered: Bodies | None = None

    def letter_bodies(self, letter: Letter, address: str) -> Bodies:
        if self.rendered is None:
            self.rendered = super().letter_bodies(letter, address)
        return self.rendered


class OtherPost:
    """The same sender, given mails that are written in another way."""

    def __init__(self, post: SmtpPost, kind: type[Mail]) -> None:
        self._post, self._kind = post, kind

    def send(self, mail: Mail) -> Outcome:
        values = {one.name: getattr(mail, one.name) for one in fields(mail)}
        FreeMail.written = FreeMail.written or mail.to_bytes()
        return self._post.send(self._kind(**values))

    def close(self) -> None:
        self._post.close()


def app() -> Flask:
    """With premailer and the standard library, for gunicorn."""
    return _app(SlowTemplates.load(FOLDER), SlowMail)


def free_app() -> Flask:
    """With letters that cost nothing, for gunicorn."""
    return _app(FreeTemplates.load(FOLDER), FreeMail)


def _app(templates: MailTemplates, kind: type[Mail]) -> Flask:
    settings = from_environment(os.environ, Path("instance"))
    assert settings.mail is not None
    post = OtherPost(SmtpPost(settings.mail), kind)  # type: ignore[arg-type]  # a relay
    return create_app(settings, templates=templates, post=post)
