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
from typing import Any

import tomlkit

from ..errors import BallotError
from ..letter.proofreading import problems_in
from ..letter.words import Words, load
from .counting import Decided
from .pieces import Piece, pieces_of
from .result import Result
from .wordings import levels_of


def adopt(result: Result, mail_templates: Path, language: str) -> list[str]:
    """Write the decided sentences; gives the files that changed, as paths below `mail_templates`.

    Raises BallotError, with nothing written, where a sentence is no longer as the group saw it, or
    where the new words would not pass their gates.
    """
    changed = dict(_changed_files(result, mail_templates, language))
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


def _changed_files(
    result: Result, mail_templates: Path, language: str
) -> Iterator[tuple[Path, str]]:
    """Every file that changes, with its new text; each text has to be as the group saw it."""
    folder = mail_templates / "words" / language
    words = load(mail_templates / "words").words(language)
    pieces = pieces_of(words)
    by_file: dict[str, list[Decided]] = {}
    for decided in result.decisions():
        if decided.decision not in ("open", "declined"):
            by_file.setdefault(_file_of(decided, pieces), []).append(decided)
    for file, decisions in by_file.items():
        document = tomlkit.parse((folder / file).read_text("utf-8"))
        for decided in decisions:
            if piece := pieces.get(decided.sentence):
                _write(document, decided, piece, result)
            else:
                document["statement"].append(_added(decided, result, words))
        yield folder / file, tomlkit.dumps(document)


def _file_of(decided: Decided, pieces: Mapping[str, Piece]) -> str:
    piece = pieces.get(decided.sentence)
    if decided.decision == "added":
        if piece is not None or not any(p.part == decided.section for p in pieces.values()):
            raise BallotError(f"“{decided.sentence}” cannot be added to “{decided.section}”.")
        return f"statements/{decided.section}.toml"
    if piece is None:
        raise BallotError(f"There is no sentence “{decided.sentence}” any more.")
    if decided.decision == "dropped" and piece.kind != "statement":
        raise BallotError(f"“{decided.sentence}” cannot be left out: each letter needs it.")
    return piece.file


# The documents are tomlkit's own, without types.
def _write(document: Any, decided: Decided, piece: Piece, result: Result) -> None:  # noqa: ANN401
    table = _table_at(document, piece)
    first, second = ("label", "body") if piece.kind == "reply" else ("me", "them")
    if (table[first], table[second]) != (decided.today.me, decided.today.them):
        raise BallotError(f"“{decided.sentence}” has changed since the group saw it.")
    if decided.decision == "dropped":
        ids = [str(one["id"]) for one in document["statement"]]
        del document["statement"][ids.index(piece.id)]
        return
    if decided.decision == "reworded":
        _keep_what_stood_there(table, (first, second), result)
        table[first], table[second] = decided.wording.me, decided.wording.them
    table["agreed"] = _certificate(decided, result)


def _table_at(document: Any, piece: Piece) -> Any:  # noqa: ANN401
    if piece.kind == "statement":
        return next(one for one in document["statement"] if one["id"] == piece.id)
    table = document
    for key in piece.keys:
        table = table[int(key) - 1 if key.isdecimal() else key]
    return table


def _keep_what_stood_there(table: Any, keys: tuple[str, str], result: Result) -> None:  # noqa: ANN401
    before = tomlkit.inline_table()
    before.update({"until": result.on} | {key: str(table[key]) for key in keys})
    if "agreed" in table:
        before.update({"agreed": table["agreed"]})
    table["before"] = [*table.get("before", ()), before]


def _added(decided: Decided, result: Result, words: Words) -> Any:  # noqa: ANN401
    """A new sentence: offered everywhere, at each level that its words allow."""
    table = tomlkit.table()
    table["id"] = decided.sentence
    table["situations"] = "all"
    table["levels"] = list(levels_of(decided.wording, words))
    table["me"], table["them"] = decided.wording.me, decided.wording.them
    table["source"] = [result.by]
    table["agreed"] = _certificate(decided, result)
    return table


def _certificate(decided: Decided, result: Result) -> Any:  # noqa: ANN401
    told: dict[str, Any] = {"by": result.by, "on": result.on}
    if result.shown and any(decided.votes):
        told |= {"for": decided.votes[0], "against": decided.votes[1]}
    agreed = tomlkit.inline_table()
    agreed.update(told | {"round": result.round})
    return agreed


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
