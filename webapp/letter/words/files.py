"""Reading the words' files, and saying what is wrong with them by file and key."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from ...errors import WordsError
from .fitting import check_fitting
from .library import Library, Words
from .model import Condition, Frame, Grammar, Model, Rights, Section, Situation
from .references import check_references
from .texts import TEXTS, check_texts

_M = TypeVar("_M", bound=Model)


def load(folder: Path) -> Library:
    """Read every language in `folder`; raise WordsError that names the file and the key."""
    library, problems = read(folder)
    if problems or library is None:
        raise WordsError(problems[0])
    return library


def read(folder: Path) -> tuple[Library | None, list[str]]:
    """Read every language and tell every problem of form; the library is None if there is one."""
    problems: list[str] = []
    languages: dict[str, Words] = {}
    for path in sorted(folder.glob("*/frame.toml"), key=lambda p: (p.parent.name != "en", p)):
        words = _read_language(path.parent, problems)
        if words is not None:
            languages[words.language] = words
    if not languages and not problems:
        problems.append(f"{folder}: holds no language, a folder with frame.toml")
    return (None if problems else Library(languages)), problems


def _read_language(folder: Path, problems: list[str]) -> Words | None:
    texts = {name: _read_texts(folder, name, problems) for name in TEXTS}
    before = len(problems)
    frame = _read_model(folder / "frame.toml", Frame, problems)
    condition = _read_model(folder / "condition.toml", Condition, problems)
    grammar = _read_model(folder / "grammar.toml", Grammar, problems)
    rights = _read_model(folder / "rights.toml", Rights, problems)
    situations = dict(_read_folder(folder / "situations", Situation, problems))
    sections = dict(_read_folder(folder / "statements", Section, problems))
    if frame is None or condition is None or grammar is None or rights is None:
        return None
    if len(problems) > before:
        return None
    words = Words(
        language=folder.name,
        frame=frame,
        situations=_in_order(situations),
        sections=_in_order(sections),
        statements={s.id: s for section in sections.values() for s in section.statement},
        rights={right.id: right for right in rights.rights},
        condition=condition,
        grammar=grammar,
        texts=texts,
        version=f"{frame.date.isoformat()} {_hash_of(folder)}",
    )
    found = list(check_references(words))
    # A text with a wrong placeholder is told of once.
    problems.extend(found or check_fitting(words))
    return words


def _read_texts(folder: Path, name: str, problems: list[str]) -> dict[str, Any]:
    path = folder / f"{name}.toml"
    tables = _read_toml(path, problems)
    if tables is None:
        return {}
    problems.extend(f"{_name(path)}: {problem}" for problem in check_texts(name, tables))
    return tables


_Ordered = TypeVar("_Ordered", Situation, Section)


def _in_order(models: dict[str, _Ordered]) -> dict[str, _Ordered]:
    return dict(sorted(models.items(), key=lambda item: (item[1].order, item[0])))


def _read_folder(
    folder: Path, model: type[_Ordered], problems: list[str]
) -> Iterator[tuple[str, _Ordered]]:
    for path in sorted(folder.glob("*.toml")):
        one = _read_model(path, model, problems)
        if one is not None:
            values: dict[str, Any] = {"id": path.stem}
            if isinstance(one, Section):
                values["statement"] = tuple(
                    s.model_copy(update={"section": path.stem}) for s in one.statement
                )
            yield path.stem, one.model_copy(update=values)


def _read_model(path: Path, model: type[_M], problems: list[str]) -> _M | None:
    table = _read_toml(path, problems)
    if table is None:
        return None
    try:
        return model.model_validate(table)
    except ValidationError as error:
        for one in error.errors():
            problems.append(f"{_name(path)}: {_key(one['loc'], table)}: {one['msg']}")
        return None


def _read_toml(path: Path, problems: list[str]) -> dict[str, Any] | None:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        problems.append(f"{_name(path)}: the file is missing")
    except OSError:
        problems.append(f"{_name(path)}: the file cannot be opened")
    except UnicodeDecodeError:
        problems.append(f"{_name(path)}: is not saved as UTF-8")
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{_name(path)}: cannot be read as TOML: {error}")
    return None


def _key(location: tuple[int | str, ...], table: Mapping[str, Any]) -> str:
    """The key as its author knows it: a statement by its id, not by its place in the list."""
    at: Any = table
    names: list[str] = []
    for step in location:
        try:
            at = at[step]
        except (KeyError, IndexError, TypeError):
            at = None
        known = at.get("id") if isinstance(at, dict) else None
        names.append(str(known) if isinstance(step, int) and known else str(step))
    return ".".join(names)


def _name(path: Path) -> str:
    """A file's name from the language's folder on, as a writer would say it."""
    parts = path.parts
    return "/".join(parts[-3:] if path.parent.name in ("situations", "statements") else parts[-2:])


def _hash_of(folder: Path) -> str:
    """Six hexadecimal digits over all files that a letter is made of; the form's own are not."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.toml")):
        if path.parent == folder and path.stem in TEXTS:
            continue
        content = path.read_bytes()
        digest.update(f"{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:6]
