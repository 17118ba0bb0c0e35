"""Why a mail did not leave stands in the log: a line a minute for each cause, and no address."""

from __future__ import annotations

import socket
import ssl
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from webapp import errors
from webapp.post.smtp import SmtpPost, SmtpServer
from webapp.post.wire import handshake_kind

from .fault_server import Act, Faults, fault_server
from .mail_server import Certificate, make_certificate, real_server
from .mails import make_mail


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


def _said(server: SmtpServer, caplog: pytest.LogCaptureFixture, *, mails: int = 3) -> list[str]:
    """What the log says of some mails to this relay."""
    with closing(SmtpPost(server)) as post:
        for _ in range(mails):
            post.send(make_mail())
    ours = [one for one in caplog.records if one.name == "webapp"]
    assert {one.levelname for one in ours} <= {"WARNING"}
    return [one.getMessage() for one in ours]


FAULTS: list[tuple[Faults, str]] = [
    ({"greeting": b"421 later\r\n"}, "step=connect kind=later code=421"),
    ({"greeting": Act.HANG_UP}, "step=connect kind=hung-up"),
    (
        {"mail": b"550 5.7.1 no emma@example.org\r\n"},
        "step=sender kind=declined code=550 status=5.7.1",
    ),
    (
        {"rcpt": b"451 4.7.1 later emma@example.org\r\n"},
        "step=recipient kind=later code=451 status=4.7.1",
    ),
    (
        {"rcpt": b"550 5.1.1 no emma@example.org\r\n"},
        "step=recipient kind=declined code=550 status=5.1.1",
    ),
    ({"data": b"554 no\r\n"}, "step=data kind=declined code=554"),
    ({"dot": b"451 later\r\n"}, "step=data kind=later code=451"),
    ({"dot": Act.HANG_UP}, "step=data kind=hung-up"),
    ({"dot": b"hello there\r\n"}, "step=data kind=unreadable"),
]


@pytest.mark.parametrize(("faults", "said"), FAULTS)
def test_each_trouble_with_the_relay_is_one_line_a_minute_and_names_no_address(
    faults: Faults, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    with fault_server(*[faults] * 6) as relay:
        assert _said(relay.server, caplog) == [f"event=relay-failed {said}"]


def test_a_certificate_that_nobody_vouches_for_is_named(
    certificate: Certificate, caplog: pytest.LogCaptureFixture
) -> None:
    with real_server(certificate, security="starttls") as real:
        said = _said(replace(real.server, ca_file=None), caplog)
    assert said == ["event=relay-failed step=tls kind=untrusted"]


def test_a_certificate_for_another_name_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with real_server(make_certificate(tmp_path, host="other.example"), security="tls") as real:
        assert _said(real.server, caplog) == ["event=relay-failed step=tls kind=wrong-name"]


def test_a_wrong_password_is_named_and_does_not_stand_there(
    certificate: Certificate, caplog: pytest.LogCaptureFixture
) -> None:
    with real_server(certificate, security="starttls", log_in=True) as real:
        said = _said(replace(real.server, password="hunter2"), caplog)
    assert [line.partition(" status=")[0] for line in said] == [
        "event=relay-failed step=login kind=declined code=535"
    ]


def test_a_relay_that_is_down_is_named(caplog: pytest.LogCaptureFixture) -> None:
    with fault_server() as relay:
        down = relay.server
    assert _said(down, caplog) == ["event=relay-failed step=connect kind=refused"]


def test_a_host_that_nobody_knows_is_named(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    said = _said(SmtpServer("relay.example", 465, "tls"), caplog)
    assert said == ["event=relay-failed step=connect kind=unknown-host"]


def test_the_stricter_reading_of_a_private_authority_is_told_by_name() -> None:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = 92, "CA cert does not include key usage extension"
    assert handshake_kind(error) == "ca-without-key-usage"


def test_a_minute_later_it_is_said_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("webapp.errors.time.monotonic", lambda: now[0])
    for now[0] in (1000.0, 1059.0, 1060.0, 1061.0):
        errors.warn("relay-failed", step="connect")
    assert len(caplog.messages) == 2
