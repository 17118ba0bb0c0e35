"""Privacy on the way to the relay: verified, or nothing is sent; and logging in only then."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from webapp.errors import SettingsError
from webapp.post import Outcome, Result
from webapp.post.smtp import Security, SmtpPost, SmtpServer, Timeouts

from .fault_server import Act, FaultServer, fault_server
from .mail_server import Certificate, make_certificate, real_server
from .mails import make_mail

NOT_SENT = Result.NOT_SENT
PRIVATE: tuple[Security, ...] = ("starttls", "tls")
NOTHING_PRIVATE = {"auth", "mail", "rcpt", "data"}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="module")
def wrong_host(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("wrong"), host="other.example")


def send_once(
    seen: FaultServer,
    authority: Path | None,
    timeouts: Timeouts = Timeouts(),  # noqa: B008
) -> Outcome:
    """Log in and send one mail to this server, with this authority trusted."""
    server = replace(seen.server, user="canary-user", password="canary-password", ca_file=authority)
    with closing(SmtpPost(server, timeouts=timeouts)) as post:
        return post.send(make_mail())


def assert_nothing_private_was_said(seen: FaultServer) -> None:
    assert not NOTHING_PRIVATE & set(seen.commands)
    assert b"canary" not in b"".join(seen.chunks)
    assert seen.connections == 1


@pytest.mark.parametrize("security", PRIVATE)
@pytest.mark.parametrize("log_in", [False, True])
def test_a_mail_goes_to_a_relay_that_proves_who_it_is(
    certificate: Certificate, security: Security, log_in: bool
) -> None:
    with (
        real_server(certificate, security=security, log_in=log_in) as real,
        closing(SmtpPost(real.server)) as post,
    ):
        for _ in range(2):
            assert post.send(make_mail()) == Outcome(Result.SENT)
    assert len(real.mails) == 2
    assert real.connections == 1
    assert real.mails[0].recipients == ("emma@example.org",)
    assert real.mails[0].sender == "letters@wordahead.example"


@pytest.mark.parametrize("security", PRIVATE)
def test_a_relay_that_nobody_vouches_for_gets_nothing(
    certificate: Certificate, security: Security
) -> None:
    context = certificate.server_context()
    with fault_server(security=security, context=context) as seen:
        assert send_once(seen, None) == Outcome(NOT_SENT, "tls")
    assert_nothing_private_was_said(seen)


@pytest.mark.parametrize("security", PRIVATE)
def test_a_relay_with_another_hosts_certificate_gets_nothing(
    wrong_host: Certificate, security: Security
) -> None:
    context = wrong_host.server_context()
    with fault_server(security=security, context=context) as seen:
        assert send_once(seen, wrong_host.authority) == Outcome(NOT_SENT, "tls")
    assert_nothing_private_was_said(seen)


@pytest.mark.parametrize(
    "ehlo", [b"250-x\r\n250-AUTH PLAIN\r\n250 PIPELINING\r\n", b"250-x\r\n250 STARTTLS\r\n"]
)
def test_a_relay_that_offers_no_privacy_gets_nothing(ehlo: bytes) -> None:
    with fault_server({"ehlo": ehlo}, security="starttls") as seen:
        assert send_once(seen, None) == Outcome(NOT_SENT, "tls")
    assert_nothing_private_was_said(seen)
    assert ("starttls" in seen.commands) == (b"STARTTLS" in ehlo)


@pytest.mark.parametrize(
    ("reply", "code"),
    [(b"454 not now\r\n", 454), (b"500 what?\r\n", 500), (b"\xff\r\n", None), (Act.HANG_UP, None)],
)
def test_a_relay_that_will_not_get_private_gets_nothing(
    certificate: Certificate, reply: bytes | Act, code: int | None
) -> None:
    context = certificate.server_context()
    with fault_server({"starttls": reply}, security="starttls", context=context) as seen:
        assert send_once(seen, certificate.authority) == Outcome(NOT_SENT, "tls", code)
    assert_nothing_private_was_said(seen)


@pytest.mark.parametrize("security", PRIVATE)
@pytest.mark.parametrize("act", [b"no TLS at all\r\n", Act.HANG_UP, Act.SILENCE])
def test_a_handshake_that_fails_gets_nothing(
    certificate: Certificate, security: Security, act: bytes | Act
) -> None:
    timeouts = Timeouts(command=0.3)
    context = certificate.server_context()
    with fault_server({"handshake": act}, security=security, context=context) as seen:
        assert send_once(seen, certificate.authority, timeouts).result is NOT_SENT
    assert_nothing_private_was_said(seen)


@pytest.mark.parametrize(
    "injected", [b"250-x\r\n250 AUTH PLAIN\r\n", b"235 welcome\r\n", b"x", b"\r\n"]
)
def test_what_is_said_before_the_handshake_counts_for_nothing(
    certificate: Certificate, injected: bytes
) -> None:
    faults = {"starttls": b"220 go ahead\r\n" + injected}
    context = certificate.server_context()
    with fault_server(faults, security="starttls", context=context) as seen:
        assert send_once(seen, certificate.authority) == Outcome(NOT_SENT, "tls")
    assert_nothing_private_was_said(seen)


def test_extensions_named_before_the_handshake_are_forgotten(certificate: Certificate) -> None:
    before = {"ehlo 1": b"250-x\r\n250-STARTTLS\r\n250-AUTH PLAIN\r\n250 PIPELINING\r\n"}
    context = certificate.server_context()
    with fault_server(before, security="starttls", context=context, extensions=()) as seen:
        assert send_once(seen, certificate.authority) == Outcome(NOT_SENT, "auth")
    assert_nothing_private_was_said(seen)


# ------------------------------------------------------------------ logging in


@pytest.mark.parametrize("without", [("LOGIN",), ("PLAIN",)])
def test_either_way_of_logging_in_works(certificate: Certificate, without: tuple[str, ...]) -> None:
    with (
        real_server(certificate, security="starttls", log_in=True, without=without) as real,
        closing(SmtpPost(real.server)) as post,
    ):
        assert post.send(make_mail()).result is Result.SENT


@pytest.mark.parametrize("without", [("LOGIN",), ("PLAIN",), ("PLAIN", "LOGIN")])
def test_a_wrong_password_or_no_way_to_log_in_is_not_sent(
    certificate: Certificate, without: tuple[str, ...]
) -> None:
    with real_server(certificate, security="starttls", log_in=True, without=without) as real:
        outcome = SmtpPost(replace(real.server, password="wrong")).send(make_mail())
    assert outcome == Outcome(NOT_SENT, "auth", None if len(without) == 2 else 535)
    assert real.mails == []


@pytest.mark.parametrize(
    "reply", [b"535 no\r\n", b"454 later\r\n", b"334 and?\r\n", b"\xff\r\n", Act.HANG_UP, Act.RESET]
)
def test_whatever_goes_wrong_at_logging_in_is_not_sent(reply: bytes | Act) -> None:
    with fault_server({"auth": reply}, extensions=("AUTH PLAIN",)) as seen:
        outcome = send_once(seen, None)
    assert (outcome.result, outcome.phase) == (NOT_SENT, "auth")
    assert "mail" not in seen.commands


# ------------------------------------------------------------------ settings


@pytest.mark.parametrize("host", ["relay.example", "192.0.2.1", "0.0.0.0", "2001:db8::1", ""])  # noqa: S104
def test_mail_in_clear_may_go_to_this_machine_only(host: str) -> None:
    with pytest.raises(SettingsError):
        SmtpPost(SmtpServer(host, 25, "none"))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
def test_mail_in_clear_may_go_to_any_name_of_this_machine(host: str) -> None:
    SmtpPost(SmtpServer(host, 25, "none")).close()


def test_a_name_of_this_machine_that_leads_elsewhere_gets_nothing() -> None:
    def elsewhere(*_: object, **__: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 25))]

    look_up: Callable[..., object] = elsewhere
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", look_up)
        outcome = SmtpPost(SmtpServer("localhost", 25, "none")).send(make_mail())
    assert outcome == Outcome(NOT_SENT, "connect")


def test_a_certificate_file_that_is_none_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("no certificate")
    for path in (tmp_path / "no.pem", tmp_path / "missing.pem"):
        with pytest.raises(SettingsError, match="MAIL_CA_FILE"):
            SmtpPost(SmtpServer("relay.example", 465, "tls", ca_file=path))


def test_user_and_password_show_in_no_repr() -> None:
    server = SmtpServer("relay.example", 465, "tls", "canary-user", "canary-password")
    assert "canary" not in repr(server)
