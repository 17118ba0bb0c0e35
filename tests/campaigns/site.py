"""The app on a port of this machine, with a mail service that answers as a proof says."""

from __future__ import annotations

import datetime
import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from webapp.mail.message import Mail
from webapp.post import Outcome, Result
from webapp.post.outbox import OutboxPost
from webapp.settings import OutboxFolder

from ..direct import paths_in
from ..mails import code_in, read
from ..visitor import DEMO, make_app
from ..web_server import web_server


@dataclass
class MailService:
    """Puts every mail into the demo's outbox, keeps it, and answers what it is told to."""

    folder: Path
    result: Result = Result.SENT
    # How long it takes to answer, in seconds.
    slow: float = 0
    mails: list[bytes] = field(default_factory=list, repr=False)
    recipients: list[str] = field(default_factory=list, repr=False)

    def send(self, mail: Mail, *, seconds: float = 25.0) -> Outcome:
        """Take a mail."""
        time.sleep(self.slow)
        self.mails.append(mail.to_bytes())
        self.recipients.append(mail.recipient)
        OutboxPost(self.folder).send(mail)
        return Outcome(self.result)

    def close(self) -> None:
        """Nothing is open."""

    def code(self) -> str:
        """The digits of the newest code mail."""
        return [code for one in self.mails if (code := code_in(read(one)))][-1]

    def link(self) -> str:
        """The path that the newest mail with a link of ours leads to."""
        return [path for one in self.mails for path in paths_in(read(one))][-1]


@dataclass
class Site:
    """A host, its mail service, what waits until all is answered, and a switch that breaks it."""

    url: str
    post: MailService
    is_idle: Callable[[], bool]
    broken: bool = False

    def now(self) -> datetime.datetime:
        """The time; or the mistake of ours that nobody foresaw."""
        if self.broken:
            raise RuntimeError("broken for a proof")
        return datetime.datetime.now(datetime.UTC)


@contextmanager
def site(**settings: Any) -> Iterator[Site]:
    """A demo with direct sending on a free port; some settings may be others."""
    folder = Path(tempfile.mkdtemp(prefix="word-ahead-site-"))
    values: dict[str, Any] = {"mail": OutboxFolder(folder), "direct_send": "on"}
    with web_server() as server:
        here = Site(server.url, MailService(folder), server.is_idle)
        changed = replace(DEMO, public_url=server.url, **(values | settings))
        post = here.post if changed.mail else None
        server.app = app = make_app(changed, post=post, clock=here.now)
        # That it broke when it was told to is no news.
        before = app.logger.level
        app.logger.setLevel(logging.CRITICAL)
        try:
            yield here
        finally:
            app.logger.setLevel(before)
    shutil.rmtree(folder, ignore_errors=True)
