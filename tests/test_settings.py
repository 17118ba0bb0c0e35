"""Settings: complete, or the app does not start and one line names the variable."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from webapp.errors import SettingsError
from webapp.post.smtp import SmtpServer
from webapp.settings import OutboxFolder, Settings, from_environment

from .builders import ROOT

SECRET = "a-secret-of-the-tests-of-forty-characters"
HOST = {
    "SECRET_KEY": SECRET,
    "PUBLIC_URL": "https://letters.example",
    "MAIL_URL": "smtp+starttls://user:hunter2@relay.example:587",
    "MAIL_FROM": "letters@wordahead.example",
    "HOST_NAME": "The Willow Group",
    "HOST_CONTACT": "hello@willow.example",
}
NEEDED = [*HOST]


def _read(**changes: str) -> Settings:
    return from_environment(HOST | changes, Path("instance"))


def _refusal(environ: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as caught:
        from_environment(environ, Path("instance"))
    return str(caught.value)


def test_a_whole_environment_is_read() -> None:
    settings = _read()
    assert settings.public_url == "https://letters.example"
    assert settings.mail == SmtpServer("relay.example", 587, "starttls", "user", "hunter2")
    assert (settings.demo, settings.secure, settings.check_domains) == (False, True, True)


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("value", [None, "", "   "])
def test_each_needed_variable_is_named_where_it_is_missing(name: str, value: str | None) -> None:
    environ = {key: text for key, text in HOST.items() if key != name}
    line = _refusal(environ if value is None else environ | {name: value})
    assert line.startswith(f"{name} ")
    assert "\n" not in line


def test_the_name_told_to_the_relay_is_the_hosts_to_choose() -> None:
    assert _read().ehlo_name == ""
    assert _read(EHLO_NAME=" mail.letters.example ").ehlo_name == "mail.letters.example"
    assert _read(EHLO_NAME="[192.0.2.1]").ehlo_name == "[192.0.2.1]"


MALFORMED = [
    ("EHLO_NAME", "hunter2.example\r\nMAIL FROM:<x@y>"),
    ("EHLO_NAME", "hunter2 mail"),
    ("EHLO_NAME", "hunter2..example"),
    ("EHLO_NAME", f"hunter2.{'a.' * 130}example"),
    ("SECRET_KEY", "short-hunter2"),
    ("SECRET_KEY_FALLBACKS", f"{SECRET},short-hunter2"),
    ("HOST_CONTACT", "call hunter2 at 01632 960 001"),
    ("PUBLIC_URL", "letters-hunter2.example"),
    ("PUBLIC_URL", "http://hunter2.example"),
    ("PUBLIC_URL", "https://letters.example/hunter2"),
    ("PUBLIC_URL", "https://user:hunter2@letters.example"),
    ("PUBLIC_URL", "https://letters.example?hunter2"),
    ("PUBLIC_URL", "https://letters.example:hunter2"),
    ("PUBLIC_URL", "https://[hunter2"),
    ("MAIL_URL", "hunter2"),
    ("MAIL_URL", "http://user:hunter2@relay.example"),
    ("MAIL_URL", "smtp://user:hunter2@relay.example"),
    ("MAIL_URL", "smtps://user:hunter2@relay.example:port"),
    ("MAIL_URL", "smtps://"),
    ("MAIL_URL", "outbox:/tmp/hunter2"),
    ("MAIL_CA_FILE", "/nowhere/hunter2.pem"),
    ("MAIL_FROM", "hunter2"),
    ("MAIL_FROM", "hunter2@example.org, other@example.org"),
    ("MAIL_FROM", "hunter2@example.org\nBcc: x@example.org"),
    ("MAIL_FROM", "Zoë <zoë-hunter2@example.org>"),
    ("HOST_NAME", "One\nhunter2"),
    ("HOST_CONTACT", "hunter2\x1b[31m"),
    ("TRUSTED_PROXIES", "hunter2"),
    ("TRUSTED_PROXIES", "-1"),
    ("TRUSTED_PROXIES", "²"),
    ("CHECK_DOMAINS", "hunter2"),
    ("OWN_INBOX_CODE", "hunter2"),
    ("WAITING_HOURS", "169"),
    ("LIMITS_FLOOD_MINUTE", "hunter2"),
    ("WEB_CONCURRENCY", "hunter2"),
    ("WEB_CONCURRENCY", "0"),
    ("PORT", "hunter2"),
    ("PORT", "65536"),
    ("DIRECT_SEND", "hunter2"),
    ("WORD_AHEAD_DEMO", "hunter2"),
    ("DATABASE_URL", "hunter2"),
    ("DATABASE_URL", "mysql://user:hunter2@db.example/x"),
    ("DATABASE_URL", "postgresql://user:hunter2@db.example:port/x"),
    ("DATABASE_URL", "sqlite://"),
    ("RATELIMIT_STORAGE_URI", "bogus://user:hunter2@flood.example"),
    ("RATELIMIT_STORAGE_URI", "redis://user:hunter2@flood.example:port"),
    ("RATELIMIT_STORAGE_URI", "redis://user:hunter2@flood.example/x"),
    ("RATELIMIT_STORAGE_URI", "redis://"),
    ("MAIL_URL", "smtps://relay.example/hunter2"),
    ("MAIL_URL", "smtps://user:hunter2@relay.example:0"),
    ("HOST_NAME", '"hunter2"'),
    ("HOST_CONTACT", "'hunter2@willow.example'"),
]


@pytest.mark.parametrize(("name", "value"), MALFORMED)
def test_a_malformed_variable_is_named_and_its_value_is_not(name: str, value: str) -> None:
    line = _refusal(HOST | {name: value})
    assert line.startswith(f"{name} ")
    assert "hunter2" not in line
    assert "\n" not in line


@pytest.mark.parametrize("sign", [*"#/@?%[] "])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAIL_URL", "smtps://user:hunter{}2@relay.example:465"),
        ("RATELIMIT_STORAGE_URI", "redis://user:hunter{}2@flood.example:6379/0"),
    ],
)
def test_a_sign_that_would_cut_a_password_says_percent_encode(
    name: str, value: str, sign: str
) -> None:
    line = _refusal(HOST | {name: value.format(sign)})
    assert line.startswith(f"{name} ")
    assert "percent-encode" in line
    assert "hunter" not in line


def test_a_database_with_an_at_sign_in_its_password_says_percent_encode() -> None:
    line = _refusal(HOST | {"DATABASE_URL": "postgresql://user:hun@ter2@db.example/x"})
    assert line.startswith("DATABASE_URL ")
    assert "percent-encode" in line
    assert "ter2" not in line


def test_every_fault_is_told_in_one_go_and_each_in_a_line_of_its_own() -> None:
    wrong = {
        "SECRET_KEY": "changeme" * 5,
        "PUBLIC_URL": "hunter2",
        "MAIL_URL": "smtps://user:hunter#2@relay.example",
        "MAIL_FROM": "hunter2",
        "HOST_NAME": "",
        "HOST_CONTACT": "01632 960 001",
        "DATABASE_URL": "hunter2://",
        "RATELIMIT_STORAGE_URI": "hunter2://",
        "TRUSTED_PROXIES": "hunter2",
        "WAITING_HOURS": "hunter2",
        "LIMITS_PAIR_DAY": "hunter2",
        "LIMITS_OWN_DAY": "hunter2",
        "LIMITS_TYPO": "hunter2",
        "DIRECT_SEND": "hunter2",
        "WEB_CONCURRENCY": "two-hunter2",
        "MAIL_CA_FILE": "/nowhere/hunter2",
    }
    said = _refusal(wrong)
    assert sorted(line.partition(" ")[0] for line in said.splitlines()) == sorted(wrong)
    assert "hunter" not in said


SLIPS = [
    ("DIRECTSEND", "DIRECT_SEND"),
    ("DIRECT_SENT", "DIRECT_SEND"),
    ("direct_send", "DIRECT_SEND"),
    ("DATABASE_URI", "DATABASE_URL"),
    ("TRUSTED_PROXY", "TRUSTED_PROXIES"),
    ("RATELIMIT_STORAGE_URL", "RATELIMIT_STORAGE_URI"),
    ("SECRET_KEY_FALLBACK", "SECRET_KEY_FALLBACKS"),
    ("WEB_CONCURENCY", "WEB_CONCURRENCY"),
    ("LIMIT_SITE_HOUR", "LIMITS_SITE_HOUR"),
]


@pytest.mark.parametrize(("slip", "meant"), SLIPS)
def test_a_slip_in_a_name_is_told_with_the_name_that_was_meant(slip: str, meant: str) -> None:
    assert _refusal(HOST | {slip: "hunter2"}) == f"{slip} is no setting; {meant} is one."


@pytest.mark.parametrize("name", ["LIMITS_TYPO", "DIRECT_SEND_LIST", "WORD_AHEAD_DEBUG"])
def test_what_begins_as_only_ours_do_and_is_unknown_is_told(name: str) -> None:
    assert _refusal(HOST | {name: "hunter2"}).startswith(f"{name} is no setting")


@pytest.mark.parametrize(
    "name",
    [
        *("HOSTNAME", "HOST", "MAIL", "MAILTO", "LOGNAME", "PATH", "PWD", "PUBLIC", "SECRET"),
        *("MAILCHECK", "PORTS", "PYTHONPATH", "GUNICORN_CMD_ARGS", "DATABASE_PASSWORD"),
        *("POSTGRES_URL", "REDIS_URL", "DYNO", "INVOCATION_ID", "STATE_DIRECTORY"),
        # Alike, but the one that it could have meant is set.
        *("MAIL_FORM", "EMAIL_FROM", "SECRET_KEY_BASE"),
    ],
)
def test_other_programs_variables_are_left_alone(name: str) -> None:
    assert _read(**{name: "x"}).host_name == HOST["HOST_NAME"]


GUESSABLE = [
    "changeme" * 5,
    "changeme1changeme2changeme3changeme4",
    "please-change-me-to-something-random-soon",
    "x" * 40,
    "0123456789" * 4,
    "0123456789abcdef" * 2,
    "abcdefghijklmnopqrstuvwxyz0123456789",
    "your-secret-key-goes-here-please-and-now",
    "$(python3 -c 'import secrets; print(secrets.token_urlsafe(32))')",
]


@pytest.mark.parametrize("key", GUESSABLE)
def test_a_key_that_can_be_guessed_is_refused_but_may_be_left_by_way_of_the_fallbacks(
    key: str,
) -> None:
    line = _refusal(HOST | {"SECRET_KEY": key})
    assert line.startswith("SECRET_KEY ")
    assert "guessed" in line
    if "," not in key:
        assert _read(SECRET_KEY_FALLBACKS=key).secret_key_fallbacks == (key,)


@pytest.mark.parametrize("make", [secrets.token_urlsafe, secrets.token_hex])
def test_a_random_key_is_never_taken_for_one_that_can_be_guessed(
    make: Callable[[int], str],
) -> None:
    for _ in range(500):
        key = make(32)
        assert _read(SECRET_KEY=key).secret_key == key


@pytest.mark.parametrize(
    ("environ", "mode"),
    [
        ({"DATABASE_URL": "postgresql://u:p@localhost/x"}, "off"),
        ({"DATABASE_URL": "postgresql://u:p@localhost/x", "DIRECT_SEND": ""}, "off"),
        ({"DATABASE_URL": "postgresql://u:p@localhost/x", "DIRECT_SEND": "on"}, "on"),
        ({"DIRECT_SEND": "on"}, "off"),
        ({"WORD_AHEAD_DEMO": "1"}, "on"),
        ({"WORD_AHEAD_DEMO": "1", "DIRECT_SEND": "off"}, "off"),
    ],
)
def test_a_letter_goes_straight_to_a_person_only_where_the_host_says_so(
    environ: dict[str, str], mode: str, tmp_path: Path
) -> None:
    assert from_environment(HOST | environ, tmp_path).direct_send == mode


@pytest.mark.parametrize("value", ["memory://", "redis://:p%40ss@flood.example:6379/1"])
def test_where_floods_are_counted_is_read(value: str) -> None:
    assert _read(RATELIMIT_STORAGE_URI=value).flood_storage == value


@pytest.mark.parametrize(
    "value", ["Word Ahead <letters@wordahead.example>", '"A, B" <letters@wordahead.example>']
)
def test_a_sender_with_a_name_is_taken_as_its_address(value: str) -> None:
    assert _read(MAIL_FROM=value).mail_from == "letters@wordahead.example"


def test_a_host_without_mail_needs_no_sender() -> None:
    environ = {name: value for name, value in HOST.items() if name != "MAIL_FROM"}
    settings = from_environment(environ | {"MAIL_URL": "none"}, Path("instance"))
    assert (settings.mail, settings.mail_from) == (None, "")


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("https://Letters.Example/", "https://letters.example"),
        ("https://letters.example:443", "https://letters.example"),
        ("https://letters.example:8443", "https://letters.example:8443"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("http://localhost", "http://localhost"),
        ("http://localhost:80", "http://localhost"),
        ("http://[::1]:5000", "http://[::1]:5000"),
    ],
)
def test_the_public_address_is_read_as_browsers_write_it(value: str, read: str) -> None:
    assert _read(PUBLIC_URL=value).public_url == read


@pytest.mark.parametrize(
    ("value", "server"),
    [
        ("smtp://localhost", SmtpServer("localhost", 25, "none")),
        ("smtps://relay.example", SmtpServer("relay.example", 465, "tls")),
        ("smtp+starttls://relay.example", SmtpServer("relay.example", 587, "starttls")),
        (
            "smtps://a%40b.example:p%3A%2F@relay.example:2465",
            SmtpServer("relay.example", 2465, "tls", "a@b.example", "p:/"),
        ),
    ],
)
def test_a_relay_is_read(value: str, server: SmtpServer) -> None:
    assert _read(MAIL_URL=value).mail == server


def test_secrets_stand_in_no_repr() -> None:
    settings = _read(SECRET_KEY_FALLBACKS="f" * 40, DATABASE_URL="postgresql://u:hunter2@db/x")
    assert not any(secret in repr(settings) for secret in (SECRET, "f" * 40, "hunter2"))


def test_the_demo_needs_nothing_and_keeps_its_secret_for_itself(tmp_path: Path) -> None:
    first, again = (from_environment({"WORD_AHEAD_DEMO": "1"}, tmp_path) for _ in range(2))
    assert first.secret_key == again.secret_key
    assert first.mail == OutboxFolder(tmp_path / "outbox")
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_demo_differs_in_one_variable_only() -> None:
    assert "MAIL_URL" in _refusal(HOST | {"MAIL_URL": "outbox:/tmp/x"})
    demo = from_environment(
        HOST | {"MAIL_URL": "outbox:/tmp/x", "WORD_AHEAD_DEMO": "1"}, Path("instance")
    )
    assert demo.mail == OutboxFolder(Path("/tmp/x"))  # noqa: S108  nothing is written there


@pytest.mark.parametrize("port", ["abc", "65536", "-1", "²", "5001x"])
def test_a_wrong_port_of_the_demo_is_the_only_fault_that_is_told(port: str) -> None:
    line = _refusal({"WORD_AHEAD_DEMO": "1", "SECRET_KEY": HOST["SECRET_KEY"], "PORT": port})
    assert line == "PORT has to be a whole number from 0 to 65535."


# As a host starts it.

SERVE = (sys.executable, "-m", "webapp")
GUNICORN = (sys.executable, "-m", "gunicorn", "webapp:create_app()")
FLASK = (sys.executable, "-m", "flask", "--app", "webapp", "run", "--port", "0")


@pytest.mark.parametrize(
    ("command", "name", "value"),
    [
        (SERVE, "HOST_CONTACT", ""),
        (SERVE, "WEB_CONCURRENCY", "two-hunter2"),
        (SERVE, "WEB_CONCURRENCY", "0"),
        (SERVE, "PORT", "hunter2"),
        (SERVE, "RATELIMIT_STORAGE_URI", "bogus://user:hunter2@h"),
        (GUNICORN, "WEB_CONCURRENCY", "0"),
        (GUNICORN, "MAIL_URL", ""),
        (GUNICORN, "SECRET_KEY", "hunter2"),
        (FLASK, "HOST_NAME", ""),
        (FLASK, "MAIL_URL", "hunter2"),
    ],
)
def test_an_incomplete_app_is_not_served_and_says_why_in_one_line(
    command: tuple[str, ...], name: str, value: str
) -> None:
    environ = HOST | {"PATH": os.environ["PATH"], "PORT": "0"} | {name: value}
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60
    )
    said = (done.stdout + done.stderr).strip()
    # The exit code after which the systemd unit does not try again.
    assert done.returncode == 78
    assert "RestartPreventExitStatus=78\n" in (ROOT / "docs/deploy/word-ahead.service").read_text()
    assert said.startswith(name)
    assert said.count("\n") == 0
    assert "hunter2" not in said
