"""A group holds a round: the vocabulary of the tests of rounds by link."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from webapp.delivery.rounds import invite

from .direct import Host
from .mails import code_in
from .visitor import Visitor

# Nobody else types these: where they turn up, a member does.
MEMBERS = tuple(f"canary{number}@group.example.org" for number in range(1, 8))
COORDINATOR = "canarylead@group.example.org"
GROUP = "Canarycircle"
SECTION = "what-helps"


def link_in(text: str) -> str:
    """The path of the link in a mail of a round."""
    found = re.search(r"https?://[\w.:]+(/(?:round|group)/[\w-]+)", text)
    assert found
    return found[1]


def text_of(mail: Any) -> str:
    """What a mail says."""
    body = mail.get_body(("plain",))
    assert body
    return str(body.get_content())


class Lead(Visitor):
    """The coordinator in a browser."""

    def __init__(self, host: Host) -> None:
        super().__init__(host.app, host.services.settings.public_url)
        self.host = host
        self.link = self.code = ""

    def is_invited(self) -> Lead:
        """The host invites them; they open the page and type the code."""
        invite(COORDINATOR, "en", self.host.services)
        mail = self.host.to(COORDINATOR)[-1]
        self.link, self.code = link_in(text_of(mail)), code_in(mail)
        return self.comes()

    def comes(self) -> Lead:
        """Open the page and type the code."""
        self.opens(self.link).submits(self.link, code=self.code)
        return self

    def presses(self, do: str, **fields: str | Sequence[str] | None) -> Lead:
        """Press a button of the page."""
        self.submits(self.link, do=do, **fields)
        return self

    def keeps(self, do: str) -> str:
        """The file that a button of the page gives; the page stays."""
        stays = self.page
        kept = self.presses(do).page
        assert "attachment" in kept.headers["Content-Disposition"]
        self.page = stays
        return kept.html

    def sets_up(self, members: Sequence[str] = MEMBERS, **fields: Any) -> Lead:
        """Choose a section and fill the set-up in, up to the page that says what will happen."""
        part = fields.pop("part", SECTION)
        self.presses("setup", part=part)
        typed = {"by": GROUP, "addresses": "\n".join(members), "show": "yes", "agreed": "yes"}
        return self.presses("look", **(typed | fields))

    def starts(self, members: Sequence[str] = MEMBERS, **fields: Any) -> Lead:
        """Set up and start."""
        return self.sets_up(members, **fields).presses("start")

    def ends(self) -> Lead:
        """End the round before its time, and count."""
        self.comes().presses("end", sure="yes")
        return self.presses("count")


class Member(Visitor):
    """A member with the link of their newest mail."""

    def __init__(self, host: Host, address: str) -> None:
        super().__init__(host.app, host.services.settings.public_url)
        self.host = host
        mails = [text_of(mail) for mail in host.to(address)]
        self.link = [link_in(text) for text in mails if "/round/" in text][-1]

    def answers(self, number: int, answer: str, **fields: Any) -> Member:
        """Answer one text."""
        path = f"{self.link}/{number}"
        self.opens(path).submits(path, answer=answer, go="next", **fields)
        return self

    def answers_all(self, number: int, answer: str = "send") -> Member:
        """The same to the first texts."""
        for one in range(1, number + 1):
            self.answers(one, answer)
        return self

    def weighs(self, number: int, **weights: str) -> Member:
        """Put numbers beside the wordings of one text."""
        path = f"{self.link}/{number}"
        fields = {f"w-{name}": weight for name, weight in weights.items()}
        self.opens(path).submits(path, go="next", **fields)
        return self

    def misses(self, me: str, them: str = "", **fields: Any) -> Member:
        """Add a sentence that is missing."""
        path = f"{self.link}/missing"
        self.opens(path).submits(path, me=me, them=them or me, **fields)
        return self


def members(host: Host, addresses: Sequence[str] = MEMBERS) -> list[Member]:
    """All members, each with their own link."""
    return [Member(host, address) for address in addresses]
