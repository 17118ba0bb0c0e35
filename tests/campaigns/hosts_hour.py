"""A host's first hour and year: the commands of docs/hosting.md on fresh Debians 12 and 13.

Every line is read out of the document and typed into a Debian that debootstrap made and its own
systemd runs. Only three things stand in for the world outside: a git repository in place of
ADDRESS, Debian's `pebble` in place of Let's Encrypt, and a relay of the tests. What an editor would
write into the settings is written here.
"""

from __future__ import annotations

import re
import ssl
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Final
from urllib.parse import quote

from ..builders import ROOT
from ..direct import NAME as READER
from ..direct import paths_in
from ..mail_server import PASSWORD, USER, RealServer, make_certificate, real_server
from ..mails import read
from .debian import Debian, booted
from .hosts_world import Securely, pebble, pebble_root, repository, serial
from .table import Row

DOCUMENT: Final = ROOT / "docs" / "hosting.md"
SETTINGS: Final = "/etc/word-ahead/environment"
# Each block of commands by words that stand in no other one.
BLOCKS: Final = {
    "program": "useradd",
    "settings": "install -o root -g word-ahead -m 0640",
    "service": "cp docs/deploy/*.service docs/deploy/*.timer /etc/systemd/system/\ninstall -m 0755 "
    "docs/deploy/word-ahead /usr/local/sbin/\nsystemctl daemon-reload\n",
    "postgresql": "createuser",
    "start": "enable --now",
    "nginx": "certbot",
    "caddy": "caddy",
    "containers": "cp .env.example .env\n",
    "backup of SQLite": ".backup(",
    "backup of PostgreSQL": "pg_dump",
    "restore of SQLite": "kept.db letters-limits.db",
    "restore of PostgreSQL": "< /var/backups",
    "restore in its place": "TRUNCATE",
    "upgrade": "git pull",
    "next Debian": "--clear",
    "new key": "s/^SECRET_KEY=/SECRET_KEY_FALLBACKS=/",
    "old key goes": "sed -i '/^SECRET_KEY_FALLBACKS=/d' /etc",
}
_FENCE: Final = re.compile(r"^```\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Seconds until the form answers, or a mail is there; a quiet machine needs one or two.
_PATIENCE: Final = 180.0
_TRUSTS: Final = "/etc/word-ahead/relay.pem"


def blocks(document: str) -> dict[str, list[str]]:
    """The document's blocks of commands, line by line; each is known here, and none is missing."""
    found: dict[str, list[str]] = {}
    for text in _FENCE.findall(document):
        names = [name for name, mark in BLOCKS.items() if mark in text]
        # The lines of "service" stand in "upgrade" as well.
        name = "upgrade" if "upgrade" in names else "".join(names)
        assert name in BLOCKS, f"an unknown block of commands: {text}"
        assert name not in found, f"two blocks of commands look like “{name}”"
        found[name] = text.splitlines()
    assert found.keys() == BLOCKS.keys(), f"no commands for {BLOCKS.keys() - found.keys()}"
    return found


@dataclass
class Hour:
    """One machine, its relay, and what was typed so far."""

    debian: Debian
    relay: RealServer
    lines: dict[str, list[str]]
    trusted: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    typed: int = 0

    def follows(self, name: str) -> None:
        """Type a block of the document."""
        for line in self.lines[name]:
            if line.startswith("ADDRESS="):
                line = "ADDRESS=/srv/word-ahead.git"
            sys.stdout.write(f"{self.debian.name} # {line}\n")
            sys.stdout.flush()
            self.debian.types(line)
            self.typed += 1

    def sets(self, **settings: str) -> None:
        """Write settings, as a host does with an editor."""
        text = self.debian.read(SETTINGS)
        for name, value in settings.items():
            text = re.sub(rf"(?m)^#?{name}=.*\n", "", text) + f"{name}={value}\n"
        self.debian.write(SETTINGS, text)

    def mails(self, address: str, *, at_least: int = 0) -> list[EmailMessage]:
        """What the relay has for an address, once there are so many."""
        end = time.monotonic() + (_PATIENCE if at_least else 1)
        while True:
            raw = [one.data for one in self.relay.mails if address in one.recipients]
            if len(raw) >= at_least or time.monotonic() > end:
                return [read(one) for one in raw]
            time.sleep(0.1)

    def caller(self) -> Securely:
        """A new browser, with all answers given."""
        self.waits_until_up()
        browser = Securely(self.trusted)
        browser.reaches_check()
        return browser

    def waits_until_up(self) -> None:
        """Wait until the form answers by HTTPS."""
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                if Securely(self.trusted).opens("/healthz").page.status == 200:
                    return
            except OSError:
                pass
            if time.monotonic() > end:
                raise AssertionError("the form does not answer by HTTPS")
            time.sleep(0.3)


# ------------------------------------------------------------------ what people do


def writes_to_oneself(hour: Hour, who: str, *, arrives: bool = True) -> None:
    """A letter to one's own inbox: it arrives, or nothing does."""
    address = f"{who}@home.example.org"
    before = len(hour.mails(address))
    page = hour.caller().sends_to(address).page
    wanted = before + arrives
    got = len(hour.mails(address, at_least=wanted))
    assert got == wanted, f"{got - before} letters came to {who}; the page: {page.heading}"


def asks(hour: Hour, who: str) -> tuple[Securely, EmailMessage]:
    """Asks for a letter to a named person; the code has come."""
    own, hers = f"{who}@home.example.org", f"{who}@vets.example.org"
    browser = hour.caller()
    browser.opens("/letter/someone")
    fields = {"recipient_name": READER, "recipient_email": hers, "email": own, "may": "me"}
    browser.submits("/letter/someone", **fields)
    browser.submits("/letter/someone", consent="yes")
    found = hour.mails(own, at_least=1)
    assert found, f"no code came: {browser.page.heading}"
    assert not hour.mails(hers), "a letter went before there was a yes"
    return browser, found[-1]


def confirms(hour: Hour, who: str, code: EmailMessage) -> None:
    """Types the code into a browser without any cookie, and sends."""
    said = re.search(r"\d{3} \d{3}", f"{code['Subject']} {code.get_body(('plain',))}")
    assert said, "the mail has no code"
    hour.waits_until_up()
    browser = Securely(hour.trusted)
    browser.opens(paths_in(code)[-1]).submits(browser.page.path, code=said[0])
    browser.submits(browser.page.path, send="yes")
    letters = hour.mails(f"{who}@vets.example.org", at_least=1)
    assert len(letters) == 1, f"{len(letters)} letters came: {browser.page.heading}"


def blocks_address(hour: Hour, who: str) -> None:
    """As a host does for somebody who wrote that they want no such letters."""
    hour.debian.types(f"echo {who}@home.example.org | word-ahead block")


# ------------------------------------------------------------------ what the host does


def first_hour(hour: Hour) -> None:
    """Program, settings, service, HTTPS: a letter to oneself arrives."""
    hour.follows("program")
    hour.follows("settings")
    server = hour.relay.server
    password = quote(PASSWORD, safe="")
    hour.sets(
        MAIL_URL=f"smtp+starttls://{USER}:{password}@localhost:{server.port}",
        MAIL_FROM="letters@post.example.org",
        MAIL_CA_FILE=_TRUSTS,
        DATABASE_URL="sqlite:////var/lib/word-ahead/letters.db",
        DIRECT_SEND="on",
        CHECK_DOMAINS="off",
    )
    assert server.ca_file
    hour.debian.write(_TRUSTS, server.ca_file.read_text())
    hour.follows("service")
    hour.follows("start")
    pebble(hour.debian)
    hour.follows("nginx")
    hour.trusted = ssl.create_default_context(cadata=pebble_root(hour.debian))
    _checks(hour)
    writes_to_oneself(hour, "emma")


# Of these a machine without a network outside says rightly that they are wrong.
_OUTSIDE: Final = re.compile(r"WRONG\s+(?:DNS|MX|SPF|DMARC|PUBLIC_URL)")


def _checks(hour: Hour) -> None:
    """`word-ahead host check` finds the relay right, and nothing wrong on this side of the door."""
    said = hour.debian.tries("word-ahead host check")[1]
    sys.stdout.write(said + "\n")
    lines = said.splitlines()
    wrong = [one for one in lines if one.startswith("WRONG") and not _OUTSIDE.match(one)]
    assert not wrong, f"host check: {wrong[0]}"
    assert any(re.match(r"ok\s+relay", one) for one in lines), "it did not try the relay"


def direct_letter(hour: Hour) -> None:
    """To a named person, after the code from the writer's inbox."""
    confirms(hour, "ben", asks(hour, "ben")[1])


def new_key(hour: Hour) -> None:
    """A letter that waits is sent after the change; who was blocked stays so, with the new key."""
    _, code = asks(hour, "rota")
    blocks_address(hour, "old")
    hour.follows("new key")
    confirms(hour, "rota", code)
    hour.follows("old key goes")
    writes_to_oneself(hour, "kim")
    writes_to_oneself(hour, "old", arrives=False)


def sqlite_backup(hour: Hour) -> None:
    """The small file is copied while the form serves."""
    blocks_address(hour, "before")
    hour.follows("backup of SQLite")


def sqlite_restore(hour: Hour) -> None:
    """Who was blocked before the backup gets nothing; the file is the service's; mail leaves."""
    blocks_address(hour, "since")
    hour.follows("restore of SQLite")
    owner = hour.debian.types("stat -c '%U %a' /var/lib/word-ahead/letters-limits.db")
    assert owner == "word-ahead 600", f"the file is {owner}"
    writes_to_oneself(hour, "before", arrives=False)
    writes_to_oneself(hour, "since")


def postgresql(hour: Hour) -> None:
    """From createuser to a letter to a named person."""
    hour.follows("postgresql")
    hour.debian.types("systemctl restart word-ahead")
    confirms(hour, "pat", asks(hour, "pat")[1])


def postgresql_restore(hour: Hour) -> None:
    """Refused whole where somebody was blocked meanwhile; in its place; into a new database."""
    blocks_address(hour, "first")
    hour.follows("backup of PostgreSQL")
    _new_database(hour)
    blocks_address(hour, "second")
    (line,) = hour.lines["restore of PostgreSQL"]
    code, said = hour.debian.tries(line)
    assert code, "a restore over another block list ended well"
    assert "duplicate key value" in said, f"it said: {said[-200:]}"
    writes_to_oneself(hour, "second", arrives=False)
    hour.follows("restore in its place")
    writes_to_oneself(hour, "first", arrives=False)
    writes_to_oneself(hour, "second")
    _new_database(hour)
    hour.follows("restore of PostgreSQL")
    writes_to_oneself(hour, "first", arrives=False)
    sql = "psql -Atc 'SELECT count(*) FROM lasting_keys' word-ahead"
    assert hour.debian.types(f"runuser -u word-ahead -- {sql}") == "1", "two lasting keys"


def _new_database(hour: Hour) -> None:
    debian = hour.debian
    debian.types("systemctl stop word-ahead")
    debian.types("runuser -u postgres -- dropdb word-ahead")
    debian.types("runuser -u postgres -- createdb --owner=word-ahead word-ahead")
    debian.types("word-ahead database upgrade")
    debian.types("systemctl start word-ahead")


def upgrade(hour: Hour) -> None:
    """A newer version is pulled; a letter that waits over it is sent."""
    _, code = asks(hour, "upton")
    newer = "/srv/newer"
    for line in (
        f"git clone -q /srv/word-ahead.git {newer}",
        f"cd {newer}",
        "sed -i 's/^version = .*/version = \"99.0.0\"/' pyproject.toml",
        "git -c user.name=host -c user.email=host@example.org commit -qam 'A newer version'",
        "git push -q",
    ):
        hour.debian.types(line)
    hour.follows("upgrade")
    assert '"99.0.0"' in hour.debian.read("/opt/word-ahead/pyproject.toml")
    confirms(hour, "upton", code)


def renewal(hour: Hour) -> None:
    """Debian's own renewal, made to think that it is due: nginx shows the new certificate."""
    before = serial(hour.trusted)
    unit = hour.debian.types("systemctl cat certbot.service")
    command = re.search(r"(?m)^ExecStart=(.+)$", unit)
    assert command, "Debian's certbot has no service"
    options = "--force-renewal --no-random-sleep-on-renew"
    hour.debian.types(f"{command[1].replace('--no-random-sleep-on-renew', '')} {options}")
    end = time.monotonic() + _PATIENCE
    while serial(hour.trusted) == before:
        assert time.monotonic() < end, "nginx shows the old certificate"
        time.sleep(0.5)
    hour.debian.types("systemctl is-active nginx")
    timer = hour.debian.types("systemctl is-enabled certbot.timer")
    assert timer == "enabled", f"certbot's timer is {timer}"
    writes_to_oneself(hour, "rene")


def next_debian(hour: Hour) -> None:
    """An environment whose Python is gone is dead; made anew, letters leave."""
    old = "/opt/word-ahead/.venv/lib/python3.10"
    hour.debian.types(f"mv /opt/word-ahead/.venv/lib/python3.* {old}")
    code, said = hour.debian.tries("/opt/word-ahead/.venv/bin/python -m gunicorn --version")
    assert code, "the old environment still works"
    assert "No module named gunicorn" in said, said
    hour.follows("next Debian")
    writes_to_oneself(hour, "nexta")


def caddy(hour: Hour) -> None:
    """Caddy in nginx's place, with a certificate that it gets by itself."""
    hour.debian.types("systemctl stop nginx")
    hour.debian.types("cd /opt/word-ahead")
    install, site, restart = hour.lines["caddy"]
    hour.debian.types(install)
    hour.debian.types(site)
    local = "acme_ca https://localhost:14000/dir\\n\\tacme_ca_root /etc/pebble.pem"
    hour.debian.types(f"sed -i '0,/^{{/s#^{{#{{\\n\\t{local}#' /etc/caddy/Caddyfile")
    hour.debian.types(restart)
    hour.typed += 3
    writes_to_oneself(hour, "cady")


STEPS: Final[tuple[Callable[[Hour], None], ...]] = (
    *(first_hour, direct_letter, new_key, sqlite_backup, sqlite_restore, upgrade, renewal),
    *(postgresql, postgresql_restore, next_debian, caddy),
)


@contextmanager
def _hour(suite: str) -> Iterator[Hour]:
    with booted(suite) as debian:
        repository(debian.root)
        debian.types("apt-get update")
        certificate = make_certificate(debian.root.parent / "relay", "localhost")
        with (
            debian.network(),
            real_server(certificate, security="starttls", log_in=True) as relay,
        ):
            yield Hour(debian, relay, blocks(DOCUMENT.read_text("utf-8")))


def main() -> list[Row]:
    """Debian 12, then Debian 13; a step that fails ends its machine's hour."""
    rows: list[Row] = []
    for suite in ("bookworm", "trixie"):
        with _hour(suite) as hour:
            for step in STEPS:
                rows.append(_row(hour, step))
                if rows[-1].short:
                    break
    return rows


def _row(hour: Hour, step: Callable[[Hour], None]) -> Row:
    begun, typed = time.monotonic(), hour.typed
    fault = ""
    try:
        step(hour)
    except (AssertionError, OSError, LookupError, ValueError) as error:
        traceback.print_exc()
        fault = f"{type(error).__name__}: {error}"
        sys.stdout.write(hour.debian.tries("journalctl -n 40 --no-pager")[1] + "\n")
    what = f"{step.__name__.replace('_', ' ')}: {step.__doc__}".rstrip(".")
    seconds = f"{time.monotonic() - begun:.0f} s"
    return Row(what, f"{hour.debian.name}, {seconds}", max(1, hour.typed - typed), fault)
