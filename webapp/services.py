"""What the app is made of, wired together once by create_app."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field

from .keys import Keys
from .letter.wall import Wall
from .letter.words import Level, Library
from .mail.addresses import DomainExists
from .post import Post
from .rendering.templates import MailTemplates
from .settings import Settings
from .store.opening import Store

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
