"""`flask group invite`: the one thing that a host does for a round by link."""

from __future__ import annotations

import datetime
import os
import sys
from pathlib import Path
from typing import IO

import click
from flask.cli import AppGroup

from ..delivery.rounds import invite
from ..errors import AnswersError
from ..letter.words import load
from ..mail.addresses import domain_exists, read_address
from ..post import Post, Result
from ..post.outbox import OutboxPost
from ..post.smtp import SmtpPost
from ..rendering.templates import MailTemplates
from ..services import Services
from ..settings import OutboxFolder, Settings, from_environment
from ..store.opening import open_store
from .host import away_in_one_line, refuse_root

_NO_MAIL = "MAIL_URL is none: a round by link needs mail. Paper and tables do not: `words ballot`."


def group_commands(instance: Path, mail_templates: Path) -> AppGroup:
    """`flask group invite`."""
    group = AppGroup("group", help="A peer group's rounds of words.")

    @group.command("invite", with_appcontext=False)
    @click.argument("address", type=click.File("r", encoding="utf-8"), default="-")
    def invite_coordinator(address: IO[str]) -> None:
        """Mail the address on standard input a link and a code to lead a round."""
        try:
            coordinator = read_address(address.read())
        except AnswersError:
            click.echo("This is not one plain address.", err=True)
            sys.exit(2)
        settings = from_environment(os.environ, instance)
        refuse_root(settings)
        post = _post(settings)
        if post is None:
            raise click.ClickException(_NO_MAIL)
        with away_in_one_line():
            outcome = invite(coordinator, "", _services(settings, post, mail_templates))
        post.close()
        if outcome.result is not Result.SENT:
            said = f"{outcome.result.value}: {outcome.step} {outcome.kind} {outcome.code or ''}"
            raise click.ClickException(f"The invitation may not have gone out: {said.rstrip()}.")
        click.echo("The invitation has gone out. It works for 90 days.")

    return group


def _post(settings: Settings) -> Post | None:
    if settings.mail is None:
        return None
    if isinstance(settings.mail, OutboxFolder):
        return OutboxPost(settings.mail.path)
    return SmtpPost(settings.mail, ehlo_name=settings.ehlo_name)


def _services(settings: Settings, post: Post, mail_templates: Path) -> Services:
    store = open_store(
        settings.database_url, settings.keys, settings.limits, settings.waiting_hours
    )
    store.start()
    return Services(
        settings=settings,
        library=load(mail_templates / "words"),
        templates=MailTemplates.load(mail_templates),
        keys=settings.keys,
        clock=lambda: datetime.datetime.now(datetime.UTC),
        domain_exists=domain_exists,
        post=post,
        store=store,
    )
