"""`flask group invite`: the one thing that a host does for a round by link."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path
from typing import IO

import click
from flask.cli import AppGroup

from ..delivery.rounds import invite
from ..errors import AnswersError
from ..mail.addresses import read_address
from ..post import Result
from ..services import wire
from ..settings import from_environment
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
        services = wire(settings, mail_templates)
        if services.post is None:
            raise click.ClickException(_NO_MAIL)
        with away_in_one_line(), closing(services.post):
            outcome = invite(coordinator, "", services)
        if outcome.result is not Result.SENT:
            said = f"{outcome.result.value}: {outcome.step} {outcome.kind} {outcome.code or ''}"
            raise click.ClickException(f"The invitation may not have gone out: {said.rstrip()}.")
        click.echo("The invitation has gone out. It works for 90 days.")

    return group
