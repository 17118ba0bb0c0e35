"""`flask host check`: what is right is said to be, and each planted fault is named by its line."""

from __future__ import annotations

import http.server
import os
import pwd
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import dns.message
import dns.resolver
import dns.rrset
import pytest
import sqlalchemy as sa
from click.testing import Result
from flask.cli import FlaskGroup

from webapp import create_app
from webapp.cli import host_check, host_mail
from webapp.keys import Keys
from webapp.post.smtp import SmtpServer
from webapp.settings import from_environment
from webapp.settings.proxies import question
from webapp.store.database import Database
from webapp.store.opening import open_store

from .builders import ROOT
from .databases import PostgreSQL, fresh_postgresql
from .fault_server import Act, Faults, fault_server
from .mail_server import Certificate, RealServer, make_certificate, real_server
from .served import served
from .visitor import DEMO, app_for

DOMAIN = "letters.wordahead.example"
RECORDS = {
    (DOMAIN, "MX"): "10 mail.wordahead.example.",
    (DOMAIN, "TXT"): '"v=spf1 include:relay.example -all"',
    (f"_dmarc.{DOMAIN}", "TXT"): '"v=DMARC1; p=none"',
}


class NameServer:
    """Answers from a table; silent where it is None."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], str] | None = dict(RECORDS)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        while True:
            asked, sender = self.socket.recvfrom(4096)
            if asked == b"end":
                return
            if self.records is None:
                continue
            question = dns.message.from_wire(asked)
            one = question.question[0]
            kind = dns.rdatatype.to_text(one.rdtype)
            answer = dns.message.make_response(question)
            found = self.records.get((one.name.to_text(omit_final_dot=True), kind))
            if found:
                answer.answer.append(dns.rrset.from_text(one.name, 60, "IN", kind, found))
            self.socket.sendto(answer.to_wire(), sender)

    def resolver(self) -> dns.resolver.Resolver:
        own = dns.resolver.Resolver(configure=False)
        own.nameservers, own.port = ["127.0.0.1"], self.socket.getsockname()[1]
        own.lifetime = 2.0
        return own

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.sendto(b"end", self.socket.getsockname())
        self.thread.join(10)
        self.socket.close()


@contextmanager
def _web(
    status: int = 200, body: bytes = b"ok\n", ahead: float = 0.0, *, counts: bool = True
) -> Iterator[str]:
    """Whoever answers at PUBLIC_URL; its clock may be ahead, and it may count no proxies."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            is_asked = counts and body == b"ok\n" and "X-Word-Ahead-Check" in self.headers
            self.wfile.write(b"proxies=0\n" if is_asked else body)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return super().date_time_string(time.time() + ahead)

        def log_message(self, *_: Any) -> None:
            pass

    with _listening(Handler) as address:
        yield address


@contextmanager
def _listening(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[NameServer]:
    server = NameServer()
    monkeypatch.setattr(host_mail, "resolver", server.resolver)
    yield server
    server.close()


@pytest.fixture
def relay(certificate: Certificate) -> Iterator[RealServer]:
    with real_server(certificate, security="starttls", log_in=True) as real:
        yield real


@pytest.fixture
def web() -> Iterator[str]:
    with _web() as address:
        yield address


@pytest.fixture
def environ(names: NameServer, relay: RealServer, web: str, tmp_path: Path) -> dict[str, str]:
    """A host where everything is right."""
    url = f"sqlite:///{tmp_path}/kept/word-ahead.db"
    settings = {
        "SECRET_KEY": DEMO.secret_key,
        "PUBLIC_URL": web,
        "MAIL_FROM": f"letters@{DOMAIN}",
        "HOST_NAME": "The Willow Group",
        "HOST_CONTACT": "hello@willow.example",
        "DATABASE_URL": url,
        **_mail(relay.server),
    }
    for counts in (False, True):
        database = Database(url, counts=counts)
        database.start()
        database.close()
    return settings


def _mail(server: SmtpServer, password: str | None = None) -> dict[str, str]:
    schemes = {"none": "smtp", "starttls": "smtp+starttls", "tls": "smtps"}
    login = f"{quote(server.user)}:{quote(password or server.password, safe='')}@"
    address = f"{login * bool(server.user)}{server.host}:{server.port}"
    return {
        "MAIL_URL": f"{schemes[server.security]}://{address}",
        "MAIL_CA_FILE": str(server.ca_file or ""),
    }


def _check(environ: dict[str, str], typed: str = "") -> Result:
    runner = app_for().test_cli_runner(env=environ)
    group = FlaskGroup(create_app=lambda: create_app())
    return runner.invoke(group, ["host", "check"], input=typed)


def _wrong(environ: dict[str, str], typed: str = "") -> list[str]:
    """The lines of what is wrong, and never a secret among all lines."""
    result = _check(environ, typed)
    assert result.exit_code == 1, result.output
    assert DEMO.secret_key not in result.output
    assert "hunter2" not in result.output
    return [line for line in result.output.splitlines() if line.startswith("WRONG")]


def _only(environ: dict[str, str], what: str, says: str, typed: str = "") -> None:
    """One fault is named, by the right line; nothing that is right is called wrong."""
    (line,) = _wrong(environ, typed)
    assert line.removeprefix("WRONG").strip().startswith(what), line
    assert says in line, line


def test_everything_right_is_said_line_by_line_and_a_test_mail_goes(
    environ: dict[str, str], relay: RealServer
) -> None:
    result = _check(environ, "emma@home.example.org\n")
    assert result.exit_code == 0, result.output
    for what in (
        *("settings", "PUBLIC_URL", "clock", "proxies", "floods", "database: files", "database"),
        *("block list: key", "relay: name", "relay: connect", "relay: TLS", "relay: certificate"),
        *("relay: login", "DNS: MX", "DNS: SPF", "DNS: DMARC", "test mail"),
    ):
        assert f"ok     {what} " in result.output, what
    assert [mail.recipients for mail in relay.mails] == [("emma@home.example.org",)]


def test_everything_right_with_postgresql(environ: dict[str, str], postgresql: PostgreSQL) -> None:
    url = fresh_postgresql(postgresql)
    database = Database(url)
    database.upgrade()
    database.close()
    result = _check(environ | {"DATABASE_URL": url})
    assert result.exit_code == 0, result.output
    assert "postgresql takes a change" in result.output


def test_fault_01_every_wrong_setting_is_named_at_once(environ: dict[str, str]) -> None:
    lines = _wrong(environ | {"HOST_NAME": "", "LIMITS_TYPO": "1", "SECRET_KEY": "changeme" * 5})
    assert [line.split()[2] for line in lines] == ["LIMITS_TYPO", "SECRET_KEY", "HOST_NAME"]


def test_fault_02_a_database_that_is_away_is_told_in_its_own_words(environ: dict[str, str]) -> None:
    away = "postgresql://emma:hunter2@127.0.0.1:1/nothing"
    _only(environ | {"DATABASE_URL": away}, "database", "refused")


def test_fault_03_tables_that_were_never_made(
    environ: dict[str, str], postgresql: PostgreSQL
) -> None:
    url = fresh_postgresql(postgresql)
    _only(environ | {"DATABASE_URL": url}, "database", "database upgrade")


def test_fault_04_a_lost_limits_file(environ: dict[str, str], tmp_path: Path) -> None:
    for one in (tmp_path / "kept").glob("*-limits*"):
        one.unlink()
    lines = _wrong(environ)
    assert "database: limits" in lines[0]


def test_fault_05_a_key_that_does_not_fit_the_block_list(
    environ: dict[str, str], tmp_path: Path
) -> None:
    settings = from_environment(environ, tmp_path)
    store = open_store(settings.database_url, settings.keys, settings.limits, 48)
    store.ledger.block("patel@vets.example.org")
    other = environ | {"SECRET_KEY": "another secret of the tests, as long as it needs to be"}
    _only(other, "block list: key", "SECRET_KEY_FALLBACKS")


def test_fault_06_a_relay_whose_name_nobody_knows(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up = socket.getaddrinfo

    def unknown(host: Any, *args: Any, **more: Any) -> Any:
        if host == "relay.nowhere.example":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    _only(environ | {"MAIL_URL": "smtps://relay.nowhere.example"}, "relay: name", "nobody knows")


def test_fault_07_a_relay_that_is_down(environ: dict[str, str]) -> None:
    _only(environ | {"MAIL_URL": "smtp://127.0.0.1:1"}, "relay: connect", "refused")


def test_fault_08_a_relay_that_accepts_and_says_nothing(environ: dict[str, str]) -> None:
    begun = time.monotonic()
    faults: Faults = {"greeting": Act.SILENCE}
    with fault_server(faults) as silent:
        _only(environ | _mail(silent.server), "relay: connect", "no-answer")
    assert time.monotonic() - begun < 30


def test_fault_09_a_relay_without_tls(environ: dict[str, str]) -> None:
    with fault_server(security="starttls") as plain:
        bare = {"ehlo": b"250-x\r\n250 PIPELINING\r\n"}
        plain.faults = [bare] * 5
        _only(environ | _mail(plain.server), "relay: TLS", "not-offered")


def test_fault_10_a_certificate_that_nobody_vouches_for(environ: dict[str, str]) -> None:
    _only(environ | {"MAIL_CA_FILE": ""}, "relay: certificate", "MAIL_CA_FILE")


def test_fault_11_a_certificate_for_another_name(environ: dict[str, str], tmp_path: Path) -> None:
    other = make_certificate(tmp_path / "other", host="other.example")
    with real_server(other, security="tls") as real:
        _only(environ | _mail(real.server), "relay: certificate", "wrong-name")


def test_fault_12_a_wrong_password(environ: dict[str, str], relay: RealServer) -> None:
    _only(environ | _mail(relay.server, "hunter2"), "relay: login", "declined (535)")


@pytest.mark.parametrize(
    ("missing", "what"),
    [
        ((DOMAIN, "MX"), "DNS: MX"),
        ((DOMAIN, "TXT"), "DNS: SPF"),
        ((f"_dmarc.{DOMAIN}", "TXT"), "DNS: DMARC"),
    ],
)
def test_fault_13_a_record_that_is_not_in_the_dns(
    environ: dict[str, str], names: NameServer, missing: tuple[str, str], what: str
) -> None:
    assert names.records
    del names.records[missing]
    _only(environ, what, "mail-domain.md")


def test_fault_14_a_name_server_that_does_not_answer(
    environ: dict[str, str], names: NameServer
) -> None:
    names.records = None
    _only(environ, "DNS", "does not answer")


@pytest.mark.parametrize(
    ("status", "body", "says"), [(502, b"", "502"), (200, b"<html>", "not the form")]
)
def test_fault_15_a_public_address_where_something_else_answers(
    environ: dict[str, str], status: int, body: bytes, says: str
) -> None:
    with _web(status, body) as address:
        _only(environ | {"PUBLIC_URL": address}, "PUBLIC_URL", says)


def test_fault_16_a_public_address_where_nobody_answers(environ: dict[str, str]) -> None:
    _only(environ | {"PUBLIC_URL": "http://127.0.0.1:1"}, "PUBLIC_URL", "not running")


def test_fault_16_a_public_address_that_nobody_knows(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise urllib.error.URLError(socket.gaierror(socket.EAI_NONAME, "not known"))

    monkeypatch.setattr("urllib.request.urlopen", unknown)
    _only(environ, "PUBLIC_URL", "nobody knows this name")


def test_fault_17_more_proxies_than_there_can_be(environ: dict[str, str]) -> None:
    _only(environ | {"TRUSTED_PROXIES": "1"}, "proxies", "TRUSTED_PROXIES=0")


def test_where_the_form_does_not_count_only_what_cannot_be_is_known(
    environ: dict[str, str],
) -> None:
    with _web(counts=False) as address:
        here = environ | {"PUBLIC_URL": address}
        line = "-      proxies             TRUSTED_PROXIES=0. Not tried: "
        assert f"{line}the form did not say what arrives.\n" in _check(here).output
        _only(here | {"TRUSTED_PROXIES": "1"}, "proxies", "PUBLIC_URL is this machine itself.")


@contextmanager
def _proxy(before: str, *, appends: bool) -> Iterator[str]:
    """A web server in front: it writes the visitor's address behind what came, or in its place."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            headers = dict(self.headers)
            came = headers.get("X-Forwarded-For") if appends else None
            headers["X-Forwarded-For"] = ", ".join(filter(None, (came, "127.0.0.1")))
            asked = urllib.request.Request(f"{before}{self.path}", headers=headers)  # noqa: S310
            with urllib.request.urlopen(asked) as answer:  # noqa: S310  this machine's
                self.send_response(answer.status)
                self.end_headers()
                self.wfile.write(answer.read())

        def log_message(self, *_: Any) -> None:
            pass

    with _listening(Handler) as address:
        yield address


@pytest.mark.parametrize("appends", [True, False])
def test_the_form_itself_counts_the_proxies_that_a_request_came_through(
    environ: dict[str, str], tmp_path: Path, appends: bool
) -> None:
    key = {"SECRET_KEY": environ["SECRET_KEY"]}
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path}/served/word-ahead.db"
        app = stack.enter_context(served(url, tmp_path, **key)).base
        # Whatever a visitor made up meets the outermost first.
        outer = stack.enter_context(_proxy(app, appends=appends))
        inner = stack.enter_context(_proxy(app, appends=True))
        before_it = stack.enter_context(_proxy(inner, appends=appends))
        for there, address in enumerate((app, outer, before_it)):
            here = environ | {"PUBLIC_URL": address, "MAIL_URL": "none"}
            for hops in range(3):
                _counts(here | {"TRUSTED_PROXIES": str(hops)}, hops, there)


def _counts(environ: dict[str, str], hops: int, there: int) -> None:
    said = f"TRUSTED_PROXIES={hops}. A request to PUBLIC_URL came through {there}."
    if hops == there:
        assert f"ok     proxies             {said}\n" in _check(environ).output
        return
    harm = "all visitors count as one" if hops < there else "visitors can make up their address"
    _only(environ, "proxies", f"{said} Cure: TRUSTED_PROXIES={there}; else {harm}.")


def test_what_arrives_at_the_form_is_told_to_its_own_host_alone() -> None:
    visitor = app_for().test_client()
    keys = DEMO.keys
    told = visitor.get("/healthz", headers=question(keys) | {"Host": "x"})
    assert told.text == "proxies=0\n"
    for other in (Keys("another secret of the tests, as long as it needs to be"), None):
        headers = question(other) if other else {"X-Word-Ahead-Check": "é"}
        assert visitor.get("/healthz", headers=headers).text == "ok\n"


def test_fault_18_a_clock_that_is_wrong(environ: dict[str, str]) -> None:
    with _web(ahead=3600.0) as address:
        _only(environ | {"PUBLIC_URL": address}, "clock", "seconds from the web server's")


def test_fault_19_a_store_for_floods_that_is_away(environ: dict[str, str]) -> None:
    away = {"RATELIMIT_STORAGE_URI": "redis://user:hunter2@127.0.0.1:1/0"}
    _only(environ | away, "floods", "RATELIMIT_STORAGE_URI")


def test_fault_20_a_test_mail_that_the_relay_declines(environ: dict[str, str]) -> None:
    faults: Faults = {"rcpt": b"550 5.1.1 no such person\r\n"}
    with fault_server(*[faults] * 5) as declining:
        mail = environ | _mail(declining.server)
        _only(mail, "test mail", "recipient declined 550", "emma@home.example.org\n")


def test_whatever_hangs_is_named_when_the_time_is_over(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()
    look_up = socket.getaddrinfo

    def hangs(host: Any, *args: Any, **more: Any) -> Any:
        if host == "relay.nowhere.example":
            over.wait(20)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure")
        return look_up(host, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    monkeypatch.setattr(host_check, "_SECONDS", 4.0)
    _only(environ | {"MAIL_URL": "smtps://relay.nowhere.example"}, "relay", "no answer within 4")
    over.set()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("name", ["word-ahead-limits.db", "word-ahead.db-journal"])
def test_fault_21_a_file_of_the_database_that_is_another_users(
    environ: dict[str, str], tmp_path: Path, name: str
) -> None:
    file = tmp_path / "kept" / name
    file.touch()
    os.chown(file, pwd.getpwnam("nobody").pw_uid, -1)
    _only(environ, "database: files", name)


# What there is nothing to try of.


def test_the_demo_says_what_it_does_not_try_and_why(
    environ: dict[str, str], tmp_path: Path
) -> None:
    outbox = {"WORD_AHEAD_DEMO": "1", "MAIL_URL": f"outbox:{tmp_path}/outbox"}
    result = _check(environ | outbox, "emma@home.example.org\n")
    assert result.exit_code == 0, result.output
    reason = "not tried: MAIL_URL is an outbox, so no mail leaves this machine."
    assert _not_tried(result) == {what: reason for what in ("relay", "DNS", "test mail")}
    assert "with the demo's own. Step 3 of 3." in result.output
    assert not (tmp_path / "outbox").exists()


def test_without_mail_database_relay_and_dns_are_not_tried_and_it_says_why(
    environ: dict[str, str],
) -> None:
    result = _check(environ | {"MAIL_URL": "none"})
    assert result.exit_code == 0, result.output
    reason = "not tried: MAIL_URL=none, so no mail leaves and nothing is kept."
    assert _not_tried(result) == {what: reason for what in ("database", "relay", "DNS")}
    assert "Step 1 of 3." in result.output


def _not_tried(result: Result) -> dict[str, str]:
    lines = [line[7:] for line in result.output.splitlines() if line.startswith("-")]
    return {line[:19].strip(): line[20:] for line in lines}


# Whoever stays silent.

SILENT = """
import socket, sys, threading
import dns.resolver
from webapp import create_app
from webapp.cli import host_mail
from flask.cli import FlaskGroup

def hangs(*_, **__):
    threading.Event().wait()

socket.getaddrinfo = hangs
nobody = dns.resolver.Resolver(configure=False)
nobody.nameservers, nobody.port = ["127.0.0.1"], int(sys.argv[1])
own, nobody.lifetime = host_mail.resolver, host_mail._DNS_SECONDS
host_mail.resolver = lambda: nobody
FlaskGroup(create_app=create_app).main(["host", "check"])
"""


def test_where_no_name_is_ever_answered_the_command_still_ends_and_names_each(
    environ: dict[str, str],
) -> None:
    """The whole process, at its own pace: no look-up that hangs keeps it from ending."""
    names = {
        "PUBLIC_URL": "https://letters.example",
        "TRUSTED_PROXIES": "1",
        "MAIL_URL": "smtps://relay.example",
        "MAIL_CA_FILE": "",
        "DATABASE_URL": "postgresql://emma:hunter2@db.example/letters",
        "RATELIMIT_STORAGE_URI": "redis://user:hunter2@valkey.example/0",
        "PATH": os.environ["PATH"],
    }
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        command = [sys.executable, "-c", SILENT, str(silent.getsockname()[1])]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environ | names,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
    assert done.returncode == 1, done.stderr
    wrong = [line[7:26].strip() for line in done.stdout.splitlines() if line.startswith("WRONG")]
    assert wrong == ["PUBLIC_URL", "floods", "database", "relay", "DNS"]
    assert host_check._SECONDS <= 22
    assert "hunter2" not in done.stdout + done.stderr


# No line holds what was set.


def test_a_database_whose_name_nobody_knows_is_not_named(
    environ: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    look_up = socket.getaddrinfo

    def unknown(host: Any, *args: Any, **more: Any) -> Any:
        if host == "hunter2.example":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return look_up(host, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    other = environ | {"DATABASE_URL": "postgresql://emma@hunter2.example/letters"}
    _only(other, "database", "failed to resolve host")


def test_a_real_databases_own_error_says_what_is_missing_and_not_its_name(
    environ: dict[str, str], postgresql: PostgreSQL
) -> None:
    there = sa.make_url(fresh_postgresql(postgresql))
    other = there.set(database="hunter2").render_as_string(hide_password=False)
    _only(environ | {"DATABASE_URL": other}, "database", 'database "…" does not exist')


BROKEN = [
    "user:hunter2#x@127.0.0.1:1",
    "user:hunter2/x@127.0.0.1:1",
    "user:hunter2@x@127.0.0.1:1",
    "user:hunter2?x@127.0.0.1:1",
    "user:hunter2%zz@127.0.0.1:1",
    "user:hunter2 x@127.0.0.1:1",
    "user:x@127.0.0.1:hunter2",
    "user:hunter2@[::1:1",
    "user:x@127.0.0.1:1?password=hunter2",
    "user:x@127.0.0.1:1?hunter2=1",
    "user:x@127.0.0.1:1/hunter2",
    "user:%00hunter2@127.0.0.1:1",
    "user:hunter2%0d%0a@127.0.0.1:1",
    "user:hunter2\u00e9\u202e@127.0.0.1:1",
    "hunter2:x@127.0.0.1:1",
]
COMMANDS = (["host", "check"], ["counts"], ["database", "upgrade"], ["purge"], ["block"])


@pytest.mark.parametrize(
    ("name", "scheme"),
    [
        ("DATABASE_URL", "postgresql"),
        ("DATABASE_URL", "mysql"),
        ("MAIL_URL", "smtp"),
        ("MAIL_URL", "hunter2"),
        ("RATELIMIT_STORAGE_URI", "redis"),
        ("RATELIMIT_STORAGE_URI", "bogus"),
    ],
)
@pytest.mark.parametrize("address", BROKEN)
def test_a_broken_address_is_in_no_line_of_any_command(
    environ: dict[str, str],
    name: str,
    scheme: str,
    address: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    runner = app_for().test_cli_runner(env=environ | {name: f"{scheme}://{address}"})
    for command in COMMANDS:
        group = FlaskGroup(create_app=lambda: create_app())
        result = runner.invoke(group, command, input="")
        assert isinstance(result.exception, SystemExit | None), result.exception
        said = result.output + result.stderr + caplog.text
        assert not [one for one in ("hunter2", "Traceback", "127.0.0.1:1") if one in said], said
