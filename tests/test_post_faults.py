"""Each step of handing over, times each thing that goes wrong: is the outcome the truth?"""

from __future__ import annotations

import logging
import socket
import sys
from contextlib import closing

import pytest

from webapp.errors import MailRefused
from webapp.post import Outcome, Result
from webapp.post.conversation import PHASES
from webapp.post.smtp import SmtpPost, SmtpServer, Timeouts

from .fault_server import Act, Faults, fault_server
from .mails import make_mail

SENT, NOT_SENT = Result.SENT, Result.NOT_SENT
REFUSED, PERHAPS_SENT = Result.REFUSED, Result.PERHAPS_SENT

# What no log, outcome or exception may repeat.
SAID = b" canary emma@example.org said the server\r\n"
# More than sockets hold, so that a hang-up is felt before the mail's end.
LARGE = make_mail(text="x" * 8_000_000)

GARBAGE = {
    "words without a number": b"hello there\r\n",
    "a number alone of two digits": b"25\r\n",
    "an endless line": b"250 " + b"x" * 5000 + b"\r\n",
    "a line that is too long": b"250 " + b"x" * 3000 + b"\r\n",
    "endless lines": b"250-more\r\n" * 200 + b"250 ok\r\n",
    "two numbers in one reply": b"250-ok\r\n550 no\r\n",
    "bytes of no text": b"\x00\xff\xfe\r\n",
    "half a reply": b"250-ok\r\n",
    "no line at all": b"250",
}


def attempt(
    *faults: Faults,
    timeouts: Timeouts = Timeouts(),  # noqa: B008
    large: bool = False,
) -> tuple[Outcome, int]:
    """Send one mail to a server with these faults; the outcome, and how many mails it has whole."""
    mail = LARGE if large else make_mail()
    with fault_server(*faults) as seen:
        post = SmtpPost(seen.server, timeouts=timeouts)
        outcome = post.send(mail)
        post.close()
    sys.stdout.write(f"{faults} -> {outcome}\n")
    return outcome, len(seen.whole)


@pytest.mark.parametrize("code", [421, 450, 451, 452, 454, 500, 530, 550, 552, 554])
@pytest.mark.parametrize("phase", ["greeting", "ehlo", "mail", "rcpt", "data", "dot"])
def test_a_no_in_words_is_not_sent_or_refused(phase: str, code: int) -> None:
    expected = REFUSED if code >= 500 and phase == "dot" else NOT_SENT
    outcome, whole = attempt({phase: str(code).encode() + SAID})
    assert outcome == Outcome(expected, phase, code)
    assert whole == (phase == "dot")


# What relays say to RCPT that is about the address, and that the same mail would hear again.
ABOUT_THE_ADDRESS = (
    "550 5.1.1 User unknown",
    "550-5.1.1 The email account that you tried to reach does not exist. Please try\r\n"
    "550 5.1.1 double-checking the address",
    "553 5.1.3 Bad recipient address syntax",
    "550 5.1.2 Domain not found",
    "550 5.1.6 Mailbox has moved",
    "550 5.1.10 RESOLVER.ADR.RecipientNotFound",
    "552 5.2.2 Mailbox full",
    "550 5.2.1 Mailbox disabled",
)
# What is about us, our relay or its rules: mended by the host or in a while, and the address right.
ABOUT_THE_RELAY = (
    "554 5.7.1 <emma@example.org>: Relay access denied",
    "550 5.7.1 Unable to relay",
    "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname",
    "530 5.7.0 Must issue a STARTTLS command first",
    "530 5.7.1 Authentication required",
    "550 5.4.5 Daily user sending quota exceeded",
    "554 5.7.1 Service unavailable; client blocked using a list",
    "553 5.7.1 Sender address rejected: not owned by user",
    "550 5.7.26 This mail is unauthenticated",
    "550 5.1.8 Sender address rejected: Domain not found",
    "550 5.4.1 Recipient address rejected: Access denied",
    "552 5.3.4 Message too big",
    "550 5.0.0 no",
    "550 no such person",
    "553 sorry, that domain is not in my list",
    "550 51.1.1 no",
    "550 5.1 no",
    "550 4.1.1 no",
    "550 no. 5.1.1",
    "450 4.2.1 try later",
    "450 5.1.1 try later",
    "452 4.2.2 mailbox full",
)


@pytest.mark.parametrize("said", ABOUT_THE_ADDRESS)
def test_a_no_to_the_address_is_refused(said: str) -> None:
    outcome, _ = attempt({"rcpt": f"{said}\r\n".encode()})
    assert (outcome.result, outcome.phase) == (REFUSED, "rcpt")
    assert said[4:].startswith(outcome.enhanced)
    assert not outcome.spares_the_address


@pytest.mark.parametrize("said", ABOUT_THE_RELAY)
def test_any_other_no_to_it_may_go_later(said: str) -> None:
    outcome, whole = attempt({"rcpt": f"{said}\r\n".encode()})
    assert outcome == Outcome(NOT_SENT, "rcpt", int(said[:3]))
    assert whole == 0


@pytest.mark.parametrize("act", [Act.HANG_UP, Act.RESET])
@pytest.mark.parametrize("phase", ["greeting", "ehlo", "mail", "rcpt", "data"])
def test_a_hang_up_before_the_mail_is_not_sent(phase: str, act: Act) -> None:
    outcome, whole = attempt({phase: act})
    assert (outcome.result, outcome.code, whole) == (NOT_SENT, None, 0)
    # A reset may overtake the replies before it.
    assert outcome.phase == phase or act is Act.RESET


@pytest.mark.parametrize("act", [Act.HANG_UP, Act.RESET])
def test_a_hang_up_within_the_mail_is_not_sent(act: Act) -> None:
    outcome, whole = attempt({"payload": act}, large=True)
    assert (outcome.result, whole) == (NOT_SENT, 0)
    assert outcome.phase == "payload" or act is Act.RESET


@pytest.mark.parametrize("act", [Act.HANG_UP, Act.RESET])
def test_a_hang_up_after_the_dot_is_perhaps_sent(act: Act) -> None:
    assert attempt({"dot": act}) == (Outcome(PERHAPS_SENT, "dot"), 1)


@pytest.mark.parametrize("phase", ["greeting", "ehlo", "mail", "rcpt", "data"])
def test_silence_before_the_mail_is_not_sent(phase: str) -> None:
    outcome, whole = attempt({phase: Act.SILENCE}, timeouts=Timeouts(command=0.15))
    assert (outcome.result, whole) == (NOT_SENT, 0)
    # On a machine that stalls, an earlier step may have run out of time.
    assert PHASES.index(outcome.phase) <= PHASES.index(phase)


def test_silence_within_the_mail_is_not_sent() -> None:
    timeouts = Timeouts(whole=1.5, after_dot=0.5)
    outcome, whole = attempt({"payload": Act.DEAFNESS}, timeouts=timeouts, large=True)
    assert (outcome.result, whole) == (NOT_SENT, 0)


def test_silence_after_the_dot_is_perhaps_sent() -> None:
    timeouts = Timeouts(whole=10, after_dot=0.15)
    assert attempt({"dot": Act.SILENCE}, timeouts=timeouts) == (Outcome(PERHAPS_SENT, "dot"), 1)


@pytest.mark.parametrize("said", GARBAGE.values(), ids=GARBAGE.keys())
@pytest.mark.parametrize("phase", ["greeting", "ehlo", "mail", "rcpt", "data", "dot"])
def test_an_answer_nobody_can_read_is_no_answer(phase: str, said: bytes) -> None:
    # What comes before the dot is not hurried where the dot is looked at: a machine may stall.
    timeouts = Timeouts(whole=10, command=5 if phase == "dot" else 0.15, after_dot=0.15)
    outcome, whole = attempt({phase: said}, timeouts=timeouts)
    assert outcome.result is (PERHAPS_SENT if phase == "dot" else NOT_SENT)
    assert whole == (phase == "dot")


@pytest.mark.parametrize("code", [250, 251, 299])
def test_a_yes_after_the_dot_is_sent_whatever_its_number(code: int) -> None:
    assert attempt({"dot": f"{code} yes\r\n".encode()})[0].result is SENT


def test_a_reply_of_many_lines_after_the_dot_is_read_whole() -> None:
    assert attempt({"dot": b"250-one\r\n250-two\r\n250\r\n"})[0].result is SENT


@pytest.mark.parametrize("code", [334, 354])
def test_a_question_after_the_dot_is_perhaps_sent(code: int) -> None:
    outcome, _ = attempt({"dot": f"{code} and now?\r\n".encode()})
    assert outcome == Outcome(PERHAPS_SENT, "dot", code)


@pytest.mark.parametrize(
    "act", [b"500 what?\r\n", b"\xff\xfe", Act.HANG_UP, Act.RESET, Act.SILENCE]
)
def test_a_broken_goodbye_leaves_a_sent_mail_sent(act: bytes | Act) -> None:
    assert attempt({"quit": act}) == (Outcome(SENT), 1)


@pytest.mark.parametrize("step", ["mail", "rcpt"])
@pytest.mark.parametrize("reply", [b"220 hm\r\n", b"354 hm\r\n", b"252 hm\r\n"])
def test_a_wrong_kind_of_yes_is_not_taken_for_one(step: str, reply: bytes) -> None:
    outcome, whole = attempt({step: reply})
    assert (outcome.result, outcome.phase, whole) == (NOT_SENT, step, 0)


def test_data_answered_by_a_plain_yes_gets_no_mail() -> None:
    assert attempt({"data": b"250 ok\r\n"}) == (Outcome(NOT_SENT, "data", 250), 0)


def test_a_reply_that_comes_before_the_dot_is_no_reply_to_it() -> None:
    for early in ({"data": b"354 go\r\n250 taken\r\n"}, {"rcpt": b"250 ok\r\n250 ok\r\n"}):
        outcome, whole = attempt(early)
        assert (outcome.result, whole) == (NOT_SENT, 0)


def test_a_server_that_speaks_before_it_is_asked_is_told_nothing_more() -> None:
    with fault_server({"ehlo": b"250-x\r\n250 PIPELINING\r\n250 ok\r\n"}) as seen:
        assert SmtpPost(seen.server).send(make_mail()).result is NOT_SENT
    assert seen.commands == ["ehlo"]


@pytest.mark.parametrize("said", [b"552 too much\r\n", b"250 taken\r\n", b"x"])
def test_a_word_in_the_middle_of_the_mail_ends_it_without_a_dot(said: bytes) -> None:
    assert attempt({"payload": said}, large=True) == (Outcome(NOT_SENT, "payload"), 0)


def test_a_relay_that_is_away_is_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    outcome = SmtpPost(SmtpServer("localhost", port, "none")).send(make_mail())
    assert outcome == Outcome(NOT_SENT, "connect")


def test_a_relay_that_takes_no_connection_is_not_sent() -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        with socket.create_connection(listening.getsockname()):
            server = SmtpServer("127.0.0.1", listening.getsockname()[1], "none")
            outcome = SmtpPost(server, timeouts=Timeouts(connect=0.15, command=0.15)).send(
                make_mail()
            )
    assert outcome.result is NOT_SENT
    assert outcome.phase in {"connect", "greeting"}


@pytest.mark.parametrize(
    "error", [socket.gaierror(socket.EAI_NONAME, "canary"), UnicodeError("label too long")]
)
def test_a_relay_whose_name_cannot_be_found_is_not_sent(error: Exception) -> None:
    def look_up(*_: object, **__: object) -> None:
        raise error

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", look_up)
        post = SmtpPost(SmtpServer("relay.example", 25, "tls"))
        assert post.send(make_mail()) == Outcome(NOT_SENT, "connect")


def test_a_relay_that_drips_its_answer_runs_out_of_time_all_the_same() -> None:
    """Bytes keep coming, but the reply does not end: the limit is for the whole of it."""
    ticks = iter(range(10_000))
    timeouts = Timeouts(whole=30, command=5, after_dot=10)
    with fault_server({"mail": b"250-" + b"x" * 1000}) as seen:
        # Each look at this clock is a second later.
        post = SmtpPost(seen.server, timeouts=timeouts, clock=lambda: float(next(ticks)))
        assert post.send(make_mail()).result is NOT_SENT
    assert seen.whole == []


def test_no_dot_is_sent_without_the_full_time_to_hear_its_answer() -> None:
    ticks = iter(range(10_000))
    with fault_server() as seen:
        post = SmtpPost(
            seen.server, timeouts=Timeouts(whole=13, after_dot=12), clock=lambda: float(next(ticks))
        )
        assert post.send(make_mail()).result is NOT_SENT
    assert seen.whole == []


def test_all_before_the_dot_shares_one_limit() -> None:
    ticks = iter(range(10_000))
    timeouts = Timeouts(whole=16, command=10, after_dot=10)
    with fault_server() as seen:
        post = SmtpPost(seen.server, timeouts=timeouts, clock=lambda: float(next(ticks)))
        assert post.send(make_mail()).result is NOT_SENT
    assert "mail" not in seen.commands


def test_a_mail_that_is_asked_for_too_late_is_not_sent() -> None:
    with fault_server() as seen:
        # Time leaps while the relay reads DATA.
        post = SmtpPost(seen.server, clock=lambda: 1000.0 + 20 * ("data" in seen.commands))
        assert post.send(make_mail()).result is NOT_SENT
    assert seen.whole == []


def test_nothing_the_server_says_gets_out(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for phase in ("greeting", "ehlo", "mail", "rcpt", "data", "dot"):
        outcome, _ = attempt({phase: b"550" + SAID})
        assert "canary" not in f"{outcome!r} {caplog.text}"


def test_a_refused_mail_never_reaches_the_relay() -> None:
    with fault_server() as seen, pytest.raises(MailRefused):
        SmtpPost(seen.server).send(make_mail(recipient="zoë@example.org"))
    assert seen.connections == 0


# ------------------------------------------------------------------ on the wire


def test_from_to_and_data_travel_in_one_go_where_the_relay_can() -> None:
    with fault_server() as seen, closing(SmtpPost(seen.server)) as post:
        post.send(make_mail())
    assert (
        b"MAIL FROM:<letters@wordahead.example>\r\nRCPT TO:<emma@example.org>\r\nDATA\r\n"
        in seen.chunks
    )


def test_they_travel_one_by_one_where_it_cannot() -> None:
    with fault_server(extensions=()) as seen, closing(SmtpPost(seen.server)) as post:
        assert post.send(make_mail()).result is SENT
    assert b"DATA\r\n" in seen.chunks
    assert b"RCPT TO:<emma@example.org>\r\n" in seen.chunks


@pytest.mark.parametrize("extensions", [(), ("PIPELINING",)])
def test_no_byte_of_the_mail_leaves_before_the_relay_asked_for_it(
    extensions: tuple[str, ...],
) -> None:
    with (
        fault_server(extensions=extensions, listens_before_354=0.1) as seen,
        closing(SmtpPost(seen.server)) as post,
    ):
        assert post.send(make_mail()).result is SENT
    assert seen.early == b""


def test_the_first_no_counts_when_several_are_said_at_once() -> None:
    faults = {"mail": b"451 later\r\n", "rcpt": b"550 never\r\n", "data": b"503 what?\r\n"}
    assert attempt(faults)[0] == Outcome(NOT_SENT, "mail", 451)


def test_a_relay_that_wants_the_mail_without_its_recipient_gets_no_byte_of_it() -> None:
    with fault_server({"rcpt": b"550 5.1.1 no such person\r\n"}) as seen:
        post = SmtpPost(seen.server)
        assert post.send(make_mail()) == Outcome(REFUSED, "rcpt", 550)
    assert b"I can answer" not in b"".join(seen.chunks)
    assert seen.whole == []


@pytest.mark.parametrize("then", [Act.HANG_UP, Act.SILENCE, b"garbage\r\n"])
def test_a_no_stands_even_if_the_relay_falls_silent_after_it(then: bytes | Act) -> None:
    faults = {"rcpt": b"550 5.1.1 no such person\r\n", "data": then}
    outcome, _ = attempt(faults, timeouts=Timeouts(command=2))
    assert outcome == Outcome(REFUSED, "rcpt", 550)


def test_our_machines_name_is_told_to_nobody() -> None:
    with fault_server() as seen, closing(SmtpPost(seen.server)) as post:
        post.send(make_mail())
    assert b"EHLO wordahead.example\r\n" in seen.chunks
    assert socket.gethostname().encode() not in b"".join(seen.chunks)


def test_the_relay_hears_the_name_that_the_host_chose() -> None:
    with fault_server() as seen, closing(SmtpPost(seen.server, ehlo_name="mail.host.example")) as x:
        assert x.send(make_mail()).result is SENT
    assert b"EHLO mail.host.example\r\n" in seen.chunks
