"""`flask host check`: tries a host's set-up, and says of each part what cures it."""

from __future__ import annotations

import io
import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

import click
from flask.cli import AppGroup

from ..errors import AnswersError, SettingsError
from ..mail.addresses import read_address
from ..mail.message import Mail
from ..post.smtp import SmtpServer
from ..settings import OutboxFolder, Settings, from_environment
from ..store.database import DatabaseUnavailable, SchemaError
from ..store.opening import open_store
from . import host_machine, host_mail
from .findings import Check, Finding, found_by
from .host import refuse_root

# Starting takes some seconds; all of it is over within half a minute, whoever stays silent.
_SECONDS: Final = 22.0
# (address, sender) → a letter to oneself, without a tick.
Letter = Callable[[str, str], Mail]


def host_group(instance: Path, letter: Letter) -> AppGroup:
    """`flask host check`."""
    group = AppGroup("host", help="A host's set-up.")

    @group.command("check", with_appcontext=False)
    def check() -> None:
        """Try settings, database, relay, DNS, PUBLIC_URL; mail an address on standard input."""
        wrong = False
        for finding in _findings(instance, letter):
            click.echo(finding.line())
            wrong = wrong or finding.is_right is False
        sys.exit(1 if wrong else 0)

    return group


def _findings(instance: Path, letter: Letter) -> list[Finding]:
    try:
        settings = from_environment(os.environ, instance)
    except SettingsError as error:
        return [Finding("settings", False, line) for line in str(error).splitlines()]
    refuse_root(settings)
    said = "complete, with the demo's own." if settings.demo else "complete."
    first = Finding("settings", True, f"{said} Step {settings.step} of 3.")
    return [first, *_of_the_clock(), *found_by(_checks(settings, letter), _SECONDS)]


def _of_the_clock() -> list[Finding]:
    newest = max(one.stat().st_mtime for one in Path(__file__).parent.glob("*.py"))
    if time.time() > newest - 24 * 3600:
        return []
    return [Finding("clock", False, "it is before this program was made.", "set it by NTP.")]


def _checks(settings: Settings, letter: Letter) -> dict[str, Check]:
    checks: dict[str, Check] = {
        "PUBLIC_URL": partial(host_machine.public_url, settings),
        "floods": partial(host_machine.floods, settings),
    }
    if settings.mail is None:
        reason = "not tried: MAIL_URL=none, so no mail leaves and nothing is kept."
        return checks | _not_tried(reason, "database", "relay", "DNS")
    checks["database"] = partial(host_machine.database, settings)
    if isinstance(settings.mail, OutboxFolder):
        reason = "not tried: MAIL_URL is an outbox, so no mail leaves this machine."
        return checks | _not_tried(reason, "relay", "DNS")
    relay = settings.mail
    checks["relay"] = partial(host_mail.relay, relay, settings.ehlo_name, settings.mail_from)
    domain = settings.mail_from.rpartition("@")[2]
    checks["DNS"] = lambda: host_mail.names(domain, host_mail.resolver())
    if typed := _typed():
        try:
            address = read_address(typed)
            mail = letter(address, settings.mail_from)
        except AnswersError:
            wrong = Finding("test mail", False, "what was typed is not one plain address.")
            checks["test mail"] = lambda: iter([wrong])
        else:
            checks["test mail"] = partial(_sample, settings, relay, mail)
    return checks


def _not_tried(reason: str, *names: str) -> dict[str, Check]:
    """What there is nothing to try of; a test mail too, where somebody asked for one."""
    asked = (*names, "test mail") if _typed() else names
    return {name: partial(iter, (Finding(name, None, reason),)) for name in asked}


def _sample(settings: Settings, relay: SmtpServer, mail: Mail) -> Iterator[Finding]:
    """The test mail, unless its reader wants none, or nobody can say whether they do."""
    try:
        store = open_store(
            settings.database_url, settings.keys, settings.limits, settings.waiting_hours
        )
        is_blocked = store.ledger.is_blocked(mail.recipient)
    except (DatabaseUnavailable, SchemaError):
        yield Finding("test mail", False, "not sent: the block list cannot be read.")
        return
    if is_blocked:
        yield Finding("test mail", False, "not sent: this address wants no mail.")
        return
    yield from host_mail.sample_mail(relay, settings.ehlo_name, mail)


def _typed() -> str:
    """The address on standard input, where something stands there."""
    try:
        if sys.stdin.isatty() or not select.select([sys.stdin], [], [], 0)[0]:
            return ""
        return sys.stdin.readline().strip()
    except io.UnsupportedOperation:
        # No file of the system's: whatever was put there is there.
        return sys.stdin.readline().strip()
    except (OSError, ValueError):
        return ""
