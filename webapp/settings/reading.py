"""Reads setting after setting, and keeps what is wrong with each, so that all is told in one go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from ..errors import SettingsError
from . import parts

T = TypeVar("T")


@dataclass
class Reading:
    """The values as they were set, and a sentence for each that cannot be used."""

    values: Mapping[str, str] = field(repr=False)
    faults: list[str] = field(repr=False)

    def any(self, read: Callable[[Mapping[str, str]], T], instead: T) -> T:
        """What `read` makes of the values; `instead` where it raises, until end() is reached."""
        try:
            return read(self.values)
        except SettingsError as error:
            self.faults.append(str(error))
            return instead

    def needed(self, name: str, read: Callable[[str, str], T], instead: T) -> T:
        """A setting without which nothing is served; `read` gets its name and value."""
        value = self.values.get(name, "").strip()
        if not value:
            self.faults.append(f"{name} is not set. README.md says what it is for.")
            return instead
        return self.any(lambda _: read(name, value), instead)

    def choice(self, name: str, known: Sequence[str]) -> str:
        """One of some words; the first where nothing is said."""
        return self.any(lambda values: parts.choice(values, name, known), known[0])

    def number(self, name: str, *, usual: int, least: int = 0, most: int = 1_000_000_000) -> int:
        """A whole number."""
        return self.any(
            lambda values: parts.number(values, name, usual=usual, least=least, most=most), usual
        )

    def end(self) -> None:
        """Raise SettingsError if anything was wrong: a line for each, and none twice."""
        if self.faults:
            raise SettingsError("\n".join(dict.fromkeys(self.faults)))
