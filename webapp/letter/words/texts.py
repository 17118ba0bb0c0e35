"""Whether a language has the texts that pages and mails ask for: texts.toml lists them all."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .references import placeholders

_Check = Callable[[str, object], Iterator[str]]

_NAME: Final = re.compile(r"\{(\w+)(\??)\}")
_PART: Final = ("heading", "text")


@dataclass(frozen=True)
class _Wanted:
    """What one key has to hold."""

    kind: str
    is_optional: bool
    needed: frozenset[str]
    allowed: frozenset[str]


def _wanted(line: str) -> _Wanted:
    *before, kind = line.partition(" {")[0].split()
    names: list[tuple[str, str]] = _NAME.findall(line)
    return _Wanted(
        kind=kind,
        is_optional="perhaps" in before,
        needed=frozenset(name for name, perhaps in names if not perhaps),
        allowed=frozenset(name for name, _ in names),
    )


def _read_list() -> dict[str, dict[str, dict[str, _Wanted]]]:
    lines = tomllib.loads(Path(__file__).with_name("texts.toml").read_text("utf-8"))
    return {
        file: {
            table: {key: _wanted(line) for key, line in keys.items()}
            for table, keys in tables.items()
        }
        for file, tables in lines.items()
    }


_LIST: Final = _read_list()
# The form's own words: one file a purpose, plain tables of texts.
TEXTS: Final = tuple(_LIST)


def check_texts(file: str, tables: Mapping[str, Any]) -> Iterator[str]:
    """Every problem of form.toml, pages.toml or mails.toml, as "key: what is wrong"."""
    yield from _check_keys("", tables, _LIST[file])
    for table, wanted in _LIST[file].items():
        if table in tables:
            yield from _check_table(table, tables[table], wanted)


def leaves(key: str, value: object) -> Iterator[tuple[str, str]]:
    """Every text in a value with its key; in a list, the key ends in the place from 1 on."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from leaves(f"{key}.{name}" if key else name, one)
    elif isinstance(value, list):
        for place, one in enumerate(value, 1):
            yield from leaves(f"{key}.{place}", one)


def _check_keys(before: str, given: Iterable[str], wanted: Iterable[str]) -> Iterator[str]:
    for key in wanted:
        if key not in given:
            yield f"{before}{key}: is missing"
    for key in given:
        if key not in wanted:
            yield f"{before}{key}: is a key that nothing asks for"


def _check_table(table: str, value: object, wanted: Mapping[str, _Wanted]) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{table}: has to be a table"
        return
    wanted = {key: one for key, one in wanted.items() if key in value or not one.is_optional}
    yield from _check_keys(f"{table}.", value, wanted)
    for key, one in wanted.items():
        if key in value:
            yield from _check_value(f"{table}.{key}", value[key], one)


def _check_value(key: str, value: object, wanted: _Wanted) -> Iterator[str]:
    """What it is comes first: only a whole one is looked through for its placeholders."""
    problems = list(_KINDS[wanted.kind](key, value))
    yield from problems or _check_placeholders(key, value, wanted)


def _check_placeholders(key: str, value: object, wanted: _Wanted) -> Iterator[str]:
    found: set[str] = set()
    for at, text in leaves(key, value):
        names = placeholders(text)
        found.update(names)
        yield from _unknown(at, (name for name in names if name not in wanted.allowed))
    for name in sorted(wanted.needed - found):
        yield f"{key}: has to hold {{{name}}}"


def _unknown(key: str, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        yield f"{key}: has the unknown placeholder {{{name}}}"


def _check_text(key: str, value: object) -> Iterator[str]:
    if not isinstance(value, str):
        yield f"{key}: has to be a text"
    elif not value.strip():
        yield f"{key}: is empty"


def _list_of(check: _Check) -> _Check:
    def check_list(key: str, value: object) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"{key}: has to be a list"
        elif not value:
            yield f"{key}: is empty"
        else:
            for place, one in enumerate(value, 1):
                yield from check(f"{key}.{place}", one)

    return check_list


_check_list = _list_of(_check_text)


def _check_part(key: str, value: object) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{key}: has to be a table"
        return
    yield from _check_keys(f"{key}.", value, _PART)
    if "heading" in value:
        yield from _check_heading(f"{key}.heading", value["heading"])
    if "text" in value:
        yield from _check_list(f"{key}.text", value["text"])


def _check_heading(key: str, value: object) -> Iterator[str]:
    """Nothing is filled into a part's heading."""
    yield from _check_text(key, value)
    if isinstance(value, str):
        yield from _unknown(key, placeholders(value))


_KINDS: Final[Mapping[str, _Check]] = {
    "text": _check_text,
    "texts": _check_list,
    "parts": _list_of(_check_part),
}
