"""All words of a language, and all languages, as the rest of the app asks for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..wall import Wall
from .model import Condition, Frame, Grammar, Level, Right, Section, Situation, Statement, Voice

Fitting = tuple[tuple[Section, tuple[Statement, ...]], ...]
# Sections with the ids and texts of their statements.
Sentences = tuple[tuple[Section, tuple[tuple[str, str], ...]], ...]


@dataclass(frozen=True, eq=False)
class Words:
    """All words of one language."""

    language: str
    frame: Frame
    situations: Mapping[str, Situation]
    sections: Mapping[str, Section]
    statements: Mapping[str, Statement]
    rights: Mapping[str, Right]
    condition: Condition
    grammar: Grammar
    texts: Mapping[str, Any]
    version: str

    @cached_property
    def wall(self) -> Wall:
        """What gives the condition's name away in this language."""
        return Wall(self.condition.names, self.condition.tokens, self.condition.groups)

    @property
    def short_version(self) -> str:
        """The code of the words, without their day."""
        return self.version.rpartition(" ")[2]

    def sections_for(self, situation: str, level: Level) -> Fitting:
        """What a letter may say there at that level, in its order."""
        sections = [self.sections[one] for one in self.situations[situation].sections]
        return tuple(
            (section, tuple(one for one in section.statement if one.fits(situation, level)))
            for section in sections
        )

    def sentences_for(self, situation: str, level: Level, voice: Voice) -> Sentences:
        """The same as it is printed in a voice, placeholders still in it."""
        return tuple(
            (section, tuple((one.id, one.in_voice(voice)) for one in statements))
            for section, statements in self.sections_for(situation, level)
        )

    def statements_for(self, situation: Situation, level: Level) -> Iterator[Statement]:
        """All statements that fit, in the order of that situation's letter."""
        for _, statements in self.sections_for(situation.id, level):
            yield from statements


@dataclass(frozen=True, eq=False)
class Library:
    """The words of every language; the first is the one that a visitor meets."""

    languages: Mapping[str, Words]

    def words(self, language: str) -> Words:
        """The words of a language, or of the first one where that is not known."""
        return self.languages.get(language) or next(iter(self.languages.values()))
