"""What really happened to each letter, as nobody but the test can know."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from webapp.mail.message import Mail

from ..letter_page import parse, plain_words, visible_text
from ..mails import bodies
from ..visitor import Page, Visitor


@dataclass(eq=False)
class Shown:
    """A consent page in some browser, perhaps an old one by now."""

    browser: Visitor
    page: Page = field(repr=False)
    recipient: str
    mark: bytes

    @property
    def letter(self) -> str:
        """The letter on it, white space left out."""
        return squeezed(self.page.letter())


@dataclass(eq=False)
class Truth:
    """What really happened to a letter, as nobody but the test can know."""

    shown: Shown
    token: str
    code: str
    expires_at: int
    agreed: bool
    message_id: str
    delivered: int = 0
    withdrawn: bool = False
    # Tries that did not end well, as the app counts them at most.
    tries: int = 0
    ticks: set[str] = field(default_factory=set)


@dataclass(eq=False)
class Press:
    """One request by which somebody wants a letter sent."""

    truth: Truth
    tick: str
    alive: bool
    delivered: int = 0


def squeezed(text: str) -> str:
    """All but the white space, which pages and mails set differently."""
    return re.sub(r"\s", "", text)


def words_delivered(mail: Mail) -> set[str]:
    """What a mail's reader reads, in the text and in the HTML, without white space."""
    text, html = bodies(mail.to_bytes())
    return {squeezed(plain_words(text)), squeezed(visible_text(parse(html)))}
