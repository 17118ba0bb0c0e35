"""What every way of sending promises, shown for the demo's folder and for a real mail server."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from webapp.errors import MailRefused
from webapp.post import Outcome, Post, Result
from webapp.post.outbox import OutboxPost
from webapp.post.smtp import SmtpPost

from .mail_server import real_server
from .mails import make_mail


@dataclass
class Posting:
    """A post, and the mails that have arrived through it, oldest first."""

    post: Post
    arrived: Callable[[], list[bytes]]


def mails_in(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.glob("*.eml"))]


class PostContract:
    """Sub-classes say by a fixture which post is meant."""

    def test_a_mail_arrives_byte_by_byte(self, posting: Posting) -> None:
        mail = make_mail(text="Hello Zoë\n.\n..\n.dot\n", html="<p>.</p>\n.")
        assert posting.post.send(mail) == Outcome(Result.SENT, "done", None)
        assert posting.arrived() == [mail.to_bytes()]

    def test_mails_arrive_each_once_and_in_order(self, posting: Posting) -> None:
        mails = [make_mail(text=f"Mail {number}") for number in range(3)]
        assert {posting.post.send(mail).result for mail in mails} == {Result.SENT}
        assert posting.arrived() == [mail.to_bytes() for mail in mails]

    def test_a_refused_mail_goes_nowhere(self, posting: Posting) -> None:
        with pytest.raises(MailRefused):
            posting.post.send(make_mail(recipient="zoë@example.org"))
        assert posting.arrived() == []

    def test_closing_twice_does_no_harm_and_sending_goes_on(self, posting: Posting) -> None:
        posting.post.send(make_mail())
        posting.post.close()
        posting.post.close()
        assert posting.post.send(make_mail()).result is Result.SENT
        assert len(posting.arrived()) == 2


class TestOutboxPost(PostContract):
    @pytest.fixture
    def posting(self, tmp_path: Path) -> Posting:
        folder = tmp_path / "instance" / "outbox"
        return Posting(OutboxPost(folder), lambda: mails_in(folder))


class TestSmtpPost(PostContract):
    @pytest.fixture
    def posting(self) -> Iterator[Posting]:
        with real_server() as real:
            post = SmtpPost(real.server)
            yield Posting(post, lambda: [mail.data for mail in real.mails])
            post.close()


def test_only_its_owner_may_read_a_mail_in_the_outbox(tmp_path: Path) -> None:
    folder = tmp_path / "outbox"
    OutboxPost(folder).send(make_mail())
    (path,) = folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_names_in_the_outbox_sort_by_time_and_tell_nothing_else(tmp_path: Path) -> None:
    times = iter([datetime(2026, 11, 23, tzinfo=UTC) + timedelta(hours=x) for x in (0, 9, 10)])
    post = OutboxPost(tmp_path, now=lambda: next(times))
    for number in range(3):
        post.send(make_mail(text=f"Mail {number}"))
    assert [b"Mail 0" in mails_in(tmp_path)[0], b"Mail 2" in mails_in(tmp_path)[2]] == [True, True]
    names = "".join(path.name for path in tmp_path.iterdir())
    assert "emma" not in names
    assert "How" not in names


def test_two_mails_of_one_moment_are_two_files(tmp_path: Path) -> None:
    post = OutboxPost(tmp_path, now=lambda: datetime(2026, 11, 23, tzinfo=UTC))
    for _ in range(2):
        post.send(make_mail())
    assert len(mails_in(tmp_path)) == 2


def test_an_outbox_that_cannot_be_written_says_not_sent(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    outcome = OutboxPost(tmp_path / "file" / "outbox").send(make_mail())
    assert outcome == Outcome(Result.NOT_SENT, "payload")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
