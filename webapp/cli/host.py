"""A host's chores in the shell: the database's tables, what is out of date, the day's figures."""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from ..errors import AnswersError
from ..letter.words import Words
from ..letter.words.catalogue import sentences_by_id
from ..mail.addresses import read_address
from ..settings import Settings, from_environment
from ..store.database import DatabaseUnavailable
from ..store.feedback import FEW, LETTER, NO_WORDING, OF_A_LETTER, OF_A_SENTENCE
from ..store.ledger import Count
from ..store.opening import Store, open_store

_NOTHING_KEPT: Final = "MAIL_URL=none: no mail leaves, and nothing is kept."


@dataclass(frozen=True)
class HostCommands:
    """The commands that need a host's settings; they name the first one that is missing."""

    instance: Path

    def database(self) -> AppGroup:
        """`flask database upgrade`."""
        group = AppGroup("database", help="The database's tables.")

        @group.command("upgrade", with_appcontext=False, help="Bring the tables up to date.")
        def upgrade() -> None:
            settings = self._settings()
            if settings.mail is None:
                # A platform's release step runs this for every host, and has to succeed.
                click.echo(f"{_NOTHING_KEPT} There are no tables to bring up to date.")
                return
            with away_in_one_line():
                _store(settings).upgrade()
            click.echo("The tables are up to date.")

        return group

    def purge(self) -> click.Command:
        """`flask purge`."""

        @click.command("purge", help="Delete what is past its time; nothing past it counts anyway.")
        def purge() -> None:
            with away_in_one_line():
                store = self._ready_store()
                rows = store.waiting.purge() + store.stopping.purge() + store.ledger.purge()
                rows += store.rounds.purge()
            click.echo(f"{rows} rows deleted.")

        return purge

    def counts(self) -> click.Command:
        """`flask counts`."""

        @click.command("counts", help="Letters a day; figures under 5 are not shown.")
        def counts() -> None:
            with away_in_one_line():
                figures = self._ready_store().ledger.counts()
            for line in _columns(figures):
                click.echo(line)

        return counts

    def feedback(self, words: Callable[[], Words]) -> click.Command:
        """`flask words feedback`."""

        @click.command("feedback", help="How people found the sentences; no count under 5.")
        def feedback() -> None:
            known = {one.id: one.wording for one in sentences_by_id(words()).values()}
            with away_in_one_line():
                kept = self._ready_store().feedback
                found = kept.figures({LETTER: NO_WORDING} | known)
            for one in found:
                marks = OF_A_SENTENCE if one.sentence else OF_A_LETTER
                told = (f"{mark} {one.numbers.get(mark, f'under {FEW}')}" for mark in marks)
                click.echo(f"{one.sentence or 'the letter'}: {', '.join(told)}")
            click.echo(f"All others: under {FEW}.")

        return feedback

    def _ready_store(self) -> Store:
        """The database with its tables; raises SchemaError or DatabaseUnavailable."""
        settings = self._settings()
        if settings.mail is None:
            raise click.ClickException(_NOTHING_KEPT)
        store = _store(settings)
        store.start()
        return store

    def block(self) -> click.Command:
        """`flask block`."""

        @click.command("block", help="Send no more mail to the address on standard input.")
        @click.argument("address", type=click.File("r", encoding="utf-8"), default="-")
        def block(address: IO[str]) -> None:
            try:
                blocked = read_address(address.read())
            except AnswersError:
                click.echo("This is not one plain address.", err=True)
                sys.exit(2)
            with away_in_one_line():
                self._ready_store().ledger.block(blocked)
            click.echo("Nothing will be sent to this address any more.")

        return block

    def _settings(self) -> Settings:
        settings = from_environment(os.environ, self.instance)
        refuse_root(settings)
        return settings


def _store(settings: Settings) -> Store:
    return open_store(settings.database_url, settings.keys, settings.limits, settings.waiting_hours)


@contextmanager
def away_in_one_line() -> Iterator[None]:
    """A database that is away ends the command with one line, in which no address stands."""
    try:
        yield
    except DatabaseUnavailable as error:
        why = "`flask --app webapp host check` says why."
        raise click.ClickException(f"DATABASE_URL: {error}. {why}") from None


def refuse_root(settings: Settings) -> None:
    """As root, stop where the database's files are another user's: root's would end all mail.

    A container where all is root's, or a folder of a user whom nobody here knows, goes on.
    """
    url = sa.make_url(settings.database_url)
    if settings.mail is None or os.geteuid() != 0 or url.get_backend_name() != "sqlite":
        return
    file = Path(url.database or "")
    there = next(one for one in (file, *file.absolute().parents) if one.exists())
    try:
        owner = pwd.getpwuid(there.stat().st_uid)
    except KeyError:
        return
    if owner.pw_uid != 0:
        raise click.ClickException(
            f"As root this would leave files that {owner.pw_name} cannot write."
            " Run it by docs/deploy/word-ahead, which takes that user and the service's settings."
        )


def _columns(figures: Sequence[Count]) -> Iterator[str]:
    """A table whose columns stand under each other, the figures to the right."""
    rows = [("day", "what", "level", "outcome", "number")]
    for one in figures:
        number = "under 5" if one.number is None else str(one.number)
        outcome = one.outcome.replace(" ", "-").replace("_", "-")
        rows.append((str(one.day), one.situation, one.level, outcome, number))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for *texts, number in rows:
        left = "  ".join(text.ljust(width) for text, width in zip(texts, widths, strict=False))
        yield f"{left}  {number.rjust(widths[-1])}"
