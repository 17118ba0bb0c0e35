"""The app as it would be with premailer on every letter and the standard library's MIME.

Everything else is ours: form, cookie, checks, limits and the kept connection to the relay.
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


class SlowPost:
    """The same sender, given mails that the standard library writes."""

    def __init__(self, post: SmtpPost) -> None:
        self._post = post

    def send(self, mail: Mail) -> Outcome:
        values = {one.name: getattr(mail, one.name) for one in fields(mail)}
        return self._post.send(SlowMail(**values))

    def close(self) -> None:
        self._post.close()


def app() -> Flask:
    """For gunicorn."""
    settings = from_environment(os.environ, Path("instance"))
    assert settings.mail is not None
    return create_app(
        settings,
        templates=SlowTemplates.load(FOLDER),
        post=SlowPost(SmtpPost(settings.mail)),  # type: ignore[arg-type]  # a relay, see bench_post
    )
