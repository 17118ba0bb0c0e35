"""The shell: a letter from a file of answers, the check of the words, and a host's chores."""

from __future__ import annotations

import dataclasses
import datetime
import json
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from secrets import token_bytes
from typing import IO, Any, Final

import click
from flask import Flask
from flask.cli import AppGroup

from ..errors import AnswersError
from ..letter.compose import Answers, compose
from ..letter.proofreading import problems_in, sentences_in
from ..letter.words import Words, load
from ..mail.message import Mail, message_id
from ..mail.typed import clean_line
from ..rendering.templates import MailTemplates
from . import group as decisions
from .answers import answers_from
from .group_invite import group_commands
from .host import HostCommands
from .host_check import host_group

# Without a host there is no MAIL_FROM: a name that can belong to nobody (RFC 2606).
_SENDER: Final = "letters@wordahead.example"
# What no form can get wrong, so that its words have no sentence for it.
_SENTENCES: Final = {"field_unknown": "No question of the form has this name."}
_NO_TEXTSTAT: Final = (
    "To check the words, textstat is needed. `make words` installs it, and so does .venv/bin/pip "
    "install --no-deps --require-hashes --only-binary :all: -r requirements-dev.lock"
)
# A name that nobody knows is shown so far, to be found again.
_LONGEST_FIELD: Final = 40


def init_app(app: Flask, mail_templates: Path) -> None:
    """Put the commands on the app; `letter` and `words` need no setting."""
    app.cli.add_command(_letter_command(mail_templates))
    host = HostCommands(Path(app.instance_path))
    words = _words_group(mail_templates)
    words.add_command(host.feedback(lambda: load(mail_templates / "words").words("en")))
    app.cli.add_command(words)
    app.cli.add_command(host.database())
    app.cli.add_command(host.purge())
    app.cli.add_command(host.counts())
    app.cli.add_command(host.block())
    app.cli.add_command(group_commands(Path(app.instance_path), mail_templates))
    letter = partial(_plain_letter, mail_templates)
    app.cli.add_command(host_group(Path(app.instance_path), letter))


def _plain_letter(mail_templates: Path, address: str, sender: str) -> Mail:
    """A letter to oneself without a tick, below "named": a test of the way, with nobody's words."""
    words = load(mail_templates / "words").words("en")
    said, _ = answers_from({"situation": "work", "level": "needs"}, words)
    mail = _mail(said, address, words, MailTemplates.load(mail_templates))
    identity = message_id(token_bytes(32), sender.rpartition("@")[2], address)
    return dataclasses.replace(mail, sender=sender, message_id=identity)


def _letter_command(mail_templates: Path) -> click.Command:
    @click.command("letter", help="Print the letter to oneself for ANSWERS, a JSON file or -.")
    @click.argument("answers", type=click.File("r", encoding="utf-8"))
    @click.option("--as", "form", type=click.Choice(["eml", "html", "text"]), default="text")
    def letter(answers: IO[str], form: str) -> None:
        words = load(mail_templates / "words").words("en")
        try:
            said, address = answers_from(_table(answers), words)
            mail = _mail(said, address, words, MailTemplates.load(mail_templates))
        except AnswersError as error:
            field = clean_line(error.field)[:_LONGEST_FIELD]
            click.echo(f"{field}: {_sentence(error, words)}", err=True)
            sys.exit(2)
        _print(mail, form)

    return letter


def _words_group(mail_templates: Path) -> AppGroup:
    group = AppGroup("words", help="The words of the letters.")

    @group.command("check", with_appcontext=False, help="Check all words; print every problem.")
    def check() -> None:
        try:
            report = problems_in(mail_templates / "words")
        except ModuleNotFoundError as error:
            if error.name != "textstat":
                raise
            click.echo(_NO_TEXTSTAT, err=True)
            sys.exit(2)
        for line in report.figures:
            click.echo(line)
        for problem in report.problems:
            click.echo(problem, err=True)
        sys.exit(1 if report.problems else 0)

    decisions.add_to(group, mail_templates)
    return group


def _table(file: IO[str]) -> Mapping[str, Any]:
    try:
        # Some programs put a byte order mark before it (RFC 8259, 8.1: it may be ignored).
        table = json.loads(file.read().removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        raise AnswersError("answers", "json_expected") from None
    if not isinstance(table, dict):
        raise AnswersError("answers", "json_expected")
    return table


def _sentence(error: AnswersError, words: Words) -> str:
    """What the form would say, but for a sentence that repeats what was typed."""
    known: dict[str, str] = _SENTENCES | words.texts["form"]["errors"]
    sentences = sentences_in(known.get(str(error), str(error)))
    return " ".join(one for one in sentences if "{" not in one)


def _mail(said: Answers, address: str, words: Words, templates: MailTemplates) -> Mail:
    bodies = templates.letter_bodies(compose(said, words), address)
    return Mail(
        sender=_SENDER,
        recipient=address,
        subject=bodies.subject,
        text=bodies.text,
        html=bodies.html,
        language=words.frame.code,
        message_id=message_id(b"shell", _SENDER.rpartition("@")[2], bodies.text, address),
        date=datetime.datetime.now(datetime.UTC),
        auto_submitted=True,
    )


def _print(mail: Mail, form: str) -> None:
    texts = {"html": mail.html, "text": mail.text}
    content = mail.to_bytes() if form == "eml" else texts[form].encode()
    sys.stdout.buffer.write(content)
