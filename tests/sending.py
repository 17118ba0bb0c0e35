"""What tests of sending plan: outcomes, faults of a real relay, and a press that takes long."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from webapp.mail.message import Mail
from webapp.post import Outcome, Result
from webapp.post.smtp import SmtpPost

from .direct import Host, Writer
from .fault_server import Act, Faults, fault_server
from .visitor import Drawer

NOT_SENT = Outcome(Result.NOT_SENT, "rcpt", 450)
PERHAPS = Outcome(Result.PERHAPS_SENT, "dot")
REFUSED = Outcome(Result.REFUSED, "rcpt", 550)
SENT = Outcome(Result.SENT)


def ready_to_send(emma: Writer, outcome: Outcome = SENT) -> Writer:
    """Emma with her letter opened by its code, before a relay that will answer so."""
    emma.asks().types()
    emma.host.drawer.outcome = outcome
    return emma


# What the relay does, and what the page then says.
FAULTS: dict[str, tuple[Faults, str]] = {
    "busy at the greeting": ({"greeting": b"421 later\r\n"}, "not_sent"),
    "hangs up at the greeting": ({"greeting": Act.HANG_UP}, "not_sent"),
    "mail 451": ({"mail": b"451 later\r\n"}, "not_sent"),
    "mail 550": ({"mail": b"550 no such sender\r\n"}, "not_sent"),
    "rcpt 450": ({"rcpt": b"450 later\r\n"}, "not_sent"),
    "data 550": ({"data": b"550 no\r\n"}, "not_sent"),
    "data 554": ({"data": b"554 no\r\n"}, "not_sent"),
    "hangs up before 354": ({"data": Act.HANG_UP}, "not_sent"),
    "dot 451": ({"dot": b"451 later\r\n"}, "not_sent"),
    "rcpt 550": ({"rcpt": b"550 5.1.1 no such person\r\n"}, "refused"),
    "dot 554": ({"dot": b"554 no\r\n"}, "refused_mail"),
    "hangs up after the dot": ({"dot": Act.HANG_UP}, "uncertain"),
    "resets after the dot": ({"dot": Act.RESET}, "uncertain"),
    "garbage after the dot": ({"dot": b"hello there\r\n"}, "uncertain"),
    "breaks after the 250": ({"quit": Act.RESET}, "sent"),
}


@contextmanager
def relay_with(host: Host, faults: Faults) -> Iterator[list[bytes]]:
    """A real server with these faults takes the post; gives the mails it took."""
    with fault_server(*[faults] * 20) as seen:
        post = SmtpPost(seen.server)
        host.posts_by(post)
        yield seen.whole
        post.close()


def tick_of(emma: Writer) -> str:
    box = emma.page.soup.select_one("input[name=again]")
    assert box
    assert not box.has_attr("checked")
    return str(box["value"])


class Slow(Drawer):
    """A relay that takes its time until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go = threading.Event(), threading.Event()

    def send(self, mail: Mail, *, seconds: float = 25.0) -> Outcome:
        self.begun.set()
        self.go.wait(60)
        return super().send(mail)
