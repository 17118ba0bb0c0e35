"""Connections that are kept between mails: used where they are sound, replaced where they died."""

from __future__ import annotations

import select
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from webapp.post import Outcome, Result
from webapp.post.smtp import MOST_KEPT, MOST_MAILS, SmtpPost, Timeouts

from .fault_server import PATIENCE, Act, Faults, FaultServer, fault_server
from .mail_server import make_certificate, real_server
from .mails import bodies, make_mail

ROOT = Path(__file__).parent.parent
SENT, NOT_SENT = Result.SENT, Result.NOT_SENT
LARGE = make_mail(text="x" * 8_000_000)


class Clock:
    """A clock that a test alone puts forward, however long the machine stalls."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return 1000.0 + self.ahead


@contextmanager
def two_mails(
    *faults: Faults,
    timeouts: Timeouts = Timeouts(),  # noqa: B008
) -> Iterator[tuple[FaultServer, SmtpPost]]:
    """A post that has sent its first mail, and keeps that connection."""
    with fault_server(*faults) as seen, closing(SmtpPost(seen.server, timeouts=timeouts)) as post:
        assert post.send(make_mail()).result is SENT
        yield seen, post


def _arrives(post: SmtpPost) -> None:
    """Wait until what the server did has come from its kernel to the kept connection."""
    (kept,) = post._kept
    assert kept.conversation._wire is not None
    arrived, _, _ = select.select([kept.conversation._wire._socket], [], [], PATIENCE)
    assert arrived


def test_the_second_mail_goes_over_the_first_ones_connection() -> None:
    with two_mails() as (seen, post):
        assert post.send(make_mail(text="second")).result is SENT
    assert (seen.connections, len(seen.whole)) == (1, 2)
    assert seen.commands.count("ehlo") == 1


def test_a_connection_idle_for_too_long_is_not_used() -> None:
    clock = Clock()
    with fault_server() as seen, closing(SmtpPost(seen.server, clock=clock)) as post:
        for ahead, connections in ((0, 1), (19, 1), (40, 2)):
            clock.ahead = ahead
            assert post.send(make_mail()).result is SENT
            assert seen.connections == connections


@pytest.mark.parametrize("extra", [b"421 closing\r\n", b"250 ok\r\n", b"x"])
def test_a_connection_that_spoke_unasked_is_not_used(extra: bytes) -> None:
    with two_mails({"dot": b"250 taken\r\n" + extra}) as (seen, post):
        assert post.send(make_mail()).result is SENT
    assert (seen.connections, len(seen.whole)) == (2, 2)


@pytest.mark.parametrize("extra", [b"421 closing\r\n", b"250 ok\r\n", b"x", Act.HANG_UP])
def test_a_connection_that_spoke_or_ended_while_idle_is_not_used(extra: bytes | Act) -> None:
    with two_mails({"later": extra}) as (seen, post):
        seen.was_read.set()
        assert seen.later.wait(PATIENCE)
        _arrives(post)
        assert post.send(make_mail()).result is SENT
    assert (seen.connections, len(seen.whole)) == (2, 2)
    assert seen.commands.count("mail") == 2


@pytest.mark.parametrize("act", [Act.HANG_UP, Act.RESET, b"421 too long idle\r\n", b"\xff\r\n"])
@pytest.mark.parametrize("phase", ["mail 2", "rcpt 2", "data 2"])
def test_a_kept_connection_that_dies_before_the_mail_is_replaced(
    phase: str, act: bytes | Act
) -> None:
    with two_mails({phase: act}) as (seen, post):
        assert post.send(make_mail(text="second")).result is SENT
    assert (seen.connections, len(seen.whole)) == (2, 2)


def test_a_kept_connection_that_falls_silent_is_replaced_in_time() -> None:
    with two_mails({"mail 2": Act.SILENCE}, timeouts=Timeouts(command=2)) as (seen, post):
        assert post.send(make_mail()).result is SENT
    assert (seen.connections, len(seen.whole)) == (2, 2)


def test_it_is_replaced_only_once() -> None:
    with two_mails({"mail 2": Act.HANG_UP}, {"mail": Act.HANG_UP}) as (seen, post):
        assert post.send(make_mail()) == Outcome(NOT_SENT, "mail")
    assert (seen.connections, len(seen.whole)) == (2, 1)


def test_a_new_connection_that_dies_is_not_replaced() -> None:
    with fault_server({"mail": Act.HANG_UP}) as seen, closing(SmtpPost(seen.server)) as post:
        assert post.send(make_mail()) == Outcome(NOT_SENT, "mail")
    assert seen.connections == 1


@pytest.mark.parametrize("act", [Act.HANG_UP, Act.RESET])
def test_a_kept_connection_that_dies_within_the_mail_is_never_replaced(act: Act) -> None:
    with two_mails({"payload 2": act}) as (seen, post):
        outcome = post.send(LARGE)
    if outcome.phase == "payload":
        assert (outcome.result, seen.connections, len(seen.whole)) == (NOT_SENT, 1, 1)
    else:  # a reset overtook the 354: nothing of the mail had been sent
        assert act is Act.RESET


def test_a_kept_connection_that_dies_after_the_dot_is_never_replaced() -> None:
    with two_mails({"dot 2": Act.HANG_UP}) as (seen, post):
        assert post.send(make_mail()) == Outcome(Result.PERHAPS_SENT, "dot")
    assert (seen.connections, len(seen.whole)) == (1, 2)


@pytest.mark.parametrize(
    ("reply", "result"), [(b"550 5.1.1 no\r\n", Result.REFUSED), (b"451 later\r\n", NOT_SENT)]
)
def test_a_no_on_a_kept_connection_is_an_answer_and_ends_it(reply: bytes, result: Result) -> None:
    with two_mails({"rcpt 2": reply}) as (seen, post):
        assert post.send(make_mail()).result is result
        assert (seen.connections, len(seen.whole)) == (1, 1)
        assert post.send(make_mail()).result is SENT
    assert seen.connections == 2


def test_closing_says_goodbye() -> None:
    with fault_server() as seen:
        post = SmtpPost(seen.server)
        post.send(make_mail())
        post.close()
    assert seen.commands[-1] == "quit"


def test_many_threads_send_each_mail_once_and_share_few_connections() -> None:
    with real_server() as real, closing(SmtpPost(real.server)) as post:
        mails = [
            make_mail(text=f"Mail {number}", recipient=f"x{number}@x.org") for number in range(24)
        ]
        with ThreadPoolExecutor(8) as threads:
            assert {outcome.result for outcome in threads.map(post.send, mails)} == {SENT}
        arrived = {(mail.recipients, mail.data) for mail in real.mails}
    assert arrived == {((mail.recipient,), mail.to_bytes()) for mail in mails}
    assert len(real.mails) == 24
    assert real.connections <= MOST_KEPT


FORKING = """
import os, sys
from pathlib import Path
from tests.mails import make_mail
from webapp.post import Result
from webapp.post.smtp import SmtpPost, SmtpServer

post = SmtpPost(SmtpServer("localhost", int(sys.argv[1]), "tls", ca_file=Path(sys.argv[2])))
sent = [post.send(make_mail(text="before")).result]
child = os.fork()
if child == 0:
    sent = [post.send(make_mail(text=f"child {x}")).result for x in range(2)]
    os._exit(sent != [Result.SENT] * 2)
failed = os.waitpid(child, 0)[1]
sent.append(post.send(make_mail(text="after")).result)
post.close()
sys.exit(failed or sent != [Result.SENT] * 2)
"""


def test_a_forked_process_opens_its_own_and_leaves_the_parents_alone(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    with real_server(certificate, security="tls") as real:
        program = [sys.executable, "-c", FORKING, str(real.server.port), str(certificate.authority)]
        subprocess.run(program, cwd=ROOT, check=True, timeout=60)
    texts = [bodies(mail.data)[0] for mail in real.mails]
    assert texts == ["before", "child 0", "child 1", "after"]
    parents, childs, childs_too, parents_too = (mail.peer for mail in real.mails)
    assert parents == parents_too != childs == childs_too
    assert real.connections == 2


def test_a_connection_carries_ten_mails_and_no_more() -> None:
    """Exim delivers ten mails of a connection at once, and lets the eleventh lie."""
    with two_mails() as (seen, post):
        assert all(post.send(make_mail()).result is SENT for _ in range(MOST_MAILS))
    assert (seen.connections, len(seen.whole)) == (2, MOST_MAILS + 1)
