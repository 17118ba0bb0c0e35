"""Writing what a group decided into the words' files: whole or not at all.

Formatting and comments stay (tomlkit). The changed files are first checked in a copy, by the same
gates as `flask words check`; only then do they take their places, as a change for a person to read
and commit.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import tomlkit

from ..errors import BallotError
from ..letter.proofreading import problems_in
from .counting import Decided
from .result import Result

_AGREED: Final = ("agreed", "reworded")


def adopt(result: Result, mail_templates: Path, language: str) -> list[str]:
    """Write the decided sentences; gives the files that changed, as paths below `mail_templates`.

    Raises BallotError, with nothing written, where a sentence is no longer as the group saw it, or
    where the new words would not pass their gates.
    """
    changed = dict(_changed_files(result, mail_templates / "words" / language / "statements"))
    if not changed:
        raise BallotError("Nothing in this result was decided.")
    with tempfile.TemporaryDirectory(prefix="word-ahead-adopt-") as folder:
        copy = Path(folder) / "mail_templates"
        shutil.copytree(mail_templates, copy)
        for path, text in changed.items():
            (copy / path.relative_to(mail_templates)).write_text(text, "utf-8")
        if problems := problems_in(copy / "words").problems:
            raise BallotError("\n".join(("The new words do not pass their check:", *problems)))
    _put(changed)
    return [path.relative_to(mail_templates).as_posix() for path in changed]


def _changed_files(result: Result, statements: Path) -> Iterator[tuple[Path, str]]:
    wanted = {d.sentence: d for d in result.decisions() if d.decision != "open"}
    found: set[str] = set()
    for path in sorted(statements.glob("*.toml")):
        document = tomlkit.parse(path.read_text("utf-8"))
        tables: Any = document["statement"]
        mine = [table for table in tables if table["id"] in wanted]
        found |= {str(table["id"]) for table in mine}
        for table in mine:
            _write(table, wanted[str(table["id"])], result)
        gone = [n for n, t in enumerate(tables) if _is_dropped(wanted.get(str(t["id"])))]
        for number in reversed(gone):
            del tables[number]
        if mine:
            yield path, tomlkit.dumps(document)
    if lost := wanted.keys() - found:
        raise BallotError(f"There is no sentence “{min(lost)}” any more.")


def _is_dropped(decided: Decided | None) -> bool:
    return decided is not None and decided.decision == "dropped"


def _write(table: Any, decided: Decided, result: Result) -> None:  # noqa: ANN401  # tomlkit's own
    if (table["me"], table["them"]) != (decided.today.me, decided.today.them):
        raise BallotError(f"“{decided.sentence}” has changed since the group saw it.")
    if decided.decision not in _AGREED:
        return
    if decided.decision == "reworded":
        before = tomlkit.inline_table()
        before.update({"until": result.on, "me": str(table["me"]), "them": str(table["them"])})
        if "agreed" in table:
            before.update({"agreed": table["agreed"]})
        earlier = [*table.get("before", ()), before]
        table["me"], table["them"] = decided.wording.me, decided.wording.them
        table["before"] = earlier
    agreed = tomlkit.inline_table()
    agreed.update(_certificate(decided, result))
    table["agreed"] = agreed


def _certificate(decided: Decided, result: Result) -> dict[str, Any]:
    told: dict[str, Any] = {"by": result.by, "on": result.on}
    if result.shown:
        told |= {"for": decided.votes[0], "against": decided.votes[1]}
    return told | {"round": result.round}


def _put(changed: Mapping[Path, str]) -> None:
    """Each file at its place in one step; where one fails, those before it are put back."""
    earlier = {path: path.read_bytes() for path in changed}
    done: list[Path] = []
    try:
        for path, text in changed.items():
            fresh = path.with_suffix(".new")
            fresh.write_text(text, "utf-8")
            os.replace(fresh, path)
            done.append(path)
    except OSError as error:
        for path in done:
            path.write_bytes(earlier[path])
        raise BallotError(f"{path.name} could not be written: {error.strerror}.") from error
