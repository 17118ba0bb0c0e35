"""What the app is made of, wired together once."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from .keys import Keys
from .letter.wall import Wall
from .letter.words import Level, Library, load
from .mail.addresses import DomainExists, domain_exists
from .post import Post
from .post.outbox import OutboxPost
from .post.smtp import SmtpPost
from .rendering.templates import MailTemplates
from .settings import OutboxFolder, Settings
from .store.database import DatabaseUnavailable
from .store.opening import Store, open_store

Clock = Callable[[], datetime.datetime]


@dataclass(frozen=True)
class Services:
    """The parts that a request works with; tests replace one by name."""

    settings: Settings
    library: Library
    templates: MailTemplates
    keys: Keys
    clock: Clock
    domain_exists: DomainExists
    post: Post | None = field(repr=False)
    store: Store | None

    def wall(self, language: str) -> Wall:
        """The wall in a language."""
        return self.library.words(language).wall

    def mail_reason(self, language: str, level: Level) -> str:
        """Why no mail is offered: "no_mail", "wall_mail", or "" where it is.

        Below "named" a mail whose very sender, or whose way (EHLO_NAME stands in its Received
        lines), names the condition would give it away.
        """
        if self.post is None:
            return "no_mail"
        return "wall_mail" if level != "named" and self.telling_sender(language) else ""

    def telling_sender(self, language: str) -> str:
        """The sender's address, or our name to the relay, where it names the condition; else ""."""
        names = (self.settings.mail_from, self.settings.ehlo_name)
        return next(filter(self.wall(language).is_named_in, names), "")

    def direct_reason(self, language: str, level: Level) -> str:
        """Why no letter goes straight to a person: "direct_off", a wall, or "" where it does."""
        if self.store is None or self.settings.direct_send == "off":
            return "direct_off"
        if level != "named" and self.wall(language).is_named_in(self.settings.public_url):
            return "wall_url"
        return self.mail_reason(language, level)

    def stop_url(self, language: str, level: Level) -> str | None:
        """The page that stops our mails (RFC 2369); None where its address would tell too much."""
        if level != "named" and self.wall(language).is_named_in(self.settings.public_url):
            return None
        return f"{self.settings.public_url}/stop"


def wire(settings: Settings, mail_templates: Path, **replacements: Any) -> Services:  # noqa: ANN401
    """All parts, as the settings ask for them; each may be replaced by its name.

    Raises WordsError or TemplateError where the app must not start.
    """
    parts: dict[str, Any] = {
        "settings": settings,
        "library": load(mail_templates / "words"),
        "templates": MailTemplates.load(mail_templates),
        "keys": settings.keys,
        "clock": partial(datetime.datetime.now, datetime.UTC),
        "domain_exists": domain_exists,
        "post": _post(settings),
        "store": _store(settings),
    }
    return Services(**(parts | replacements))


def _post(settings: Settings) -> Post | None:
    if settings.mail is None:
        return None
    if isinstance(settings.mail, OutboxFolder):
        return OutboxPost(settings.mail.path)
    return SmtpPost(settings.mail, ehlo_name=settings.ehlo_name)


def _store(settings: Settings) -> Store | None:
    """The database; one that is away now may come back: until then no mail leaves."""
    if settings.mail is None:
        return None
    store = open_store(
        settings.database_url, settings.keys, settings.limits, settings.waiting_hours
    )
    with suppress(DatabaseUnavailable):
        store.start()
    return store
