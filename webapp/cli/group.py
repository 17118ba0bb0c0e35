"""The group's decisions in the shell: a ballot to fill, the count, and what is adopted."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import click
from flask.cli import AppGroup

from ..errors import BallotError
from ..group.ballots import blank, blank_second, votes_in, weighings_in
from ..group.counting import Decided, Rules, first_round, second_round
from ..group.pieces import texts_to_decide
from ..group.result import Count, Result, as_text, read_result, result_of
from ..group.sheet import first_sheet, second_sheet
from ..letter.words import Words, load

_LANGUAGE: Final = "en"
_NO_TOOLS: Final = (
    "To adopt words, tomlkit and textstat are needed. `make words` installs them, and so does "
    ".venv/bin/pip install --no-deps --require-hashes --only-binary :all: -r requirements-dev.lock"
)
_File = click.File("r", encoding="utf-8")


@contextmanager
def _told() -> Iterator[None]:
    """What cannot be used is one clear sentence on standard error, and exit 2."""
    try:
        yield
    except BallotError as error:
        click.echo(str(error), err=True)
        sys.exit(2)


def add_to(group: AppGroup, mail_templates: Path) -> None:
    """Put `ballot`, `tally` and `adopt` among the commands of `flask words`."""

    def words() -> Words:
        return load(mail_templates / "words").words(_LANGUAGE)

    group.add_command(_ballot(words))
    group.add_command(_tally())
    group.add_command(_adopt(mail_templates))


def _ballot(words: Callable[[], Words]) -> click.Command:
    @click.command("ballot", help="Print an empty ballot on a section, or on sentences by IDS.")
    @click.argument("ids", nargs=-1)
    @click.option("--section", default="", help="All texts of this section or part.")
    @click.option("--second", type=_File, help="RESULT of a first round: what is still open.")
    @click.option("--as", "form", type=click.Choice(["csv", "html"]), default="csv")
    def ballot(ids: tuple[str, ...], section: str, second: IO[str] | None, form: str) -> None:
        with _told():
            if second:
                options = read_result(second.read(), second.name).second_round()
                if not options:
                    raise BallotError("Nothing is open for a second round.")
                text = second_sheet(options, words()) if form == "html" else blank_second(options)
            else:
                chosen = texts_to_decide(words(), section, ids)
                text = first_sheet(chosen, words()) if form == "html" else blank(chosen)
        click.echo(text, nl=False)

    return ballot


def _tally() -> click.Command:
    @click.command("tally", help="Count filled ballots (CSV FILES) and print the result.")
    @click.argument("files", nargs=-1, required=True, type=_File)
    @click.option("--by", required=True, help="The group's name, as letters will print it.")
    @click.option("--first", type=_File, help="RESULT of the first round; FILES are the second's.")
    @click.option("--threshold", type=click.IntRange(51, 100), default=75, show_default=True)
    @click.option("--quorum", type=click.IntRange(1, 15), default=3, show_default=True)
    @click.option("--hide-counts", is_flag=True, help="The group wants no counts shown.")
    @click.option("--as", "form", type=click.Choice(["json", "text"]), default="json")
    def tally(  # noqa: PLR0913  # one parameter an option
        files: tuple[IO[str], ...],
        by: str,
        first: IO[str] | None,
        threshold: int,
        quorum: int,
        hide_counts: bool,
        form: str,
    ) -> None:
        with _told():
            rules = Rules(threshold, quorum)
            if first:
                before = read_result(first.read(), first.name)
                decided, ballots = _second(before, files, rules)
            else:
                decided, ballots = _first(files, rules)
            today = datetime.datetime.now(datetime.UTC).date()
            count = Count(by.strip(), today, 2 if first else 1, ballots, show=not hide_counts)
            result = result_of(count, decided)
        click.echo(as_text(result) if form == "text" else result.as_json(), nl=False)

    return tally


def _first(files: tuple[IO[str], ...], rules: Rules) -> tuple[list[Decided], int]:
    ballots = [ballot for file in files for ballot in votes_in(file.read(), file.name).values()]
    return first_round(ballots, rules), len(ballots)


def _second(before: Result, files: tuple[IO[str], ...], rules: Rules) -> tuple[list[Decided], int]:
    ballots = [b for file in files for b in weighings_in(file.read(), file.name).values()]
    return second_round(before.decisions(), ballots, rules), len(ballots)


def _adopt(mail_templates: Path) -> click.Command:
    @click.command("adopt", help="Write what RESULT decided into the words, whole or not at all.")
    @click.argument("result", type=_File)
    def adopt(result: IO[str]) -> None:
        try:
            # Needs tools that a host who serves does not have.
            from ..group.adoption import adopt as write

            with _told():
                decided = read_result(result.read(), result.name)
                changed = write(decided, mail_templates, _LANGUAGE)
        except ModuleNotFoundError as error:
            if error.name not in ("tomlkit", "textstat"):
                raise
            click.echo(_NO_TOOLS, err=True)
            sys.exit(2)
        for path in changed:
            click.echo(f"changed: {path}")
        click.echo("Read the change (git diff), then commit it.")

    return adopt
