"""A mail template with a mark for all that differs from letter to letter; Jinja joins its files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Final

from jinja2 import Environment, FunctionLoader, TemplateSyntaxError

from ...errors import TemplateError
from .rules import MARK, check_page

# What a mail template may do for each letter. No macro: an include does the same.
_TAGS: Final = frozenset({"if", "elif", "else", "endif", "for", "endfor"})
# What Jinja does when the app starts; so the name in it must be known by then.
_JOINING_TAGS: Final = frozenset({"extends", "include", "block", "endblock"})
_JOINING: Final = re.compile(
    r"\{%-?\s*(?:(?:extends|include)\s*([\"'])(?P<file>[^\"']+)\1"
    r"|block\s+\w+|endblock(?:\s+\w+)?)\s*-?%\}"
)

_MARK: Final = re.compile(rf"<!--{MARK}(\d+)t-->|{MARK}(\d+)e")


@dataclass(frozen=True)
class Piece:
    """A stretch of a template: text, one `{{ expression }}` or one `{% tag %}`."""

    source: str
    line: int
    word: str = ""

    def marked(self, number: int) -> str:
        """What a reader of HTML sees of it: a comment for a tag, a plain word for an expression."""
        if self.word == "{{":
            return f"{MARK}{number}e"
        return f"<!--{MARK}{number}t-->" if self.word else self.source


class MarkedTemplates:
    """The templates of a folder, and what stands behind each mark in them."""

    def __init__(self, environment: Environment, folder: Path) -> None:
        self._environment = environment
        self._folder = folder
        # White space round tags is trimmed as a file is cut in pieces; not a second time.
        self._exact = environment.overlay(
            loader=FunctionLoader(self._read), trim_blocks=False, lstrip_blocks=False
        )
        self._pieces: list[tuple[str, Piece]] = []
        self._parents: dict[str, str] = {}

    def joined(self, file: str) -> str:
        """A template with all that it extends and includes; TemplateError names file and line."""
        try:
            page = self._exact.get_template(file).render()
        except RecursionError:
            raise TemplateError(f"{file}: this mail template contains itself.") from None
        for child, parent in self._parents.items():
            blocks, known = (self._exact.get_template(one).blocks for one in (child, parent))
            for name in blocks.keys() - known.keys():
                raise TemplateError(f"{child}: {parent} has no block named {name}.")
        return page

    def filled(self, page: str, joined: str) -> str:
        """The page with its expressions and tags; TemplateError unless all kept their places."""
        wanted, found = ([_number(mark) for mark in _MARK.finditer(one)] for one in (joined, page))
        if found != wanted:
            misplaced = (a for a, b in zip_longest(wanted, found) if a != b and a is not None)
            file, piece = self._pieces[next(misplaced, wanted[-1])]
            raise TemplateError(
                f"{file}, line {piece.line}: {piece.source} does not keep its place in HTML."
            )
        return _MARK.sub(lambda mark: self._pieces[_number(mark)][1].source, page)

    def _read(self, file: str) -> str:
        """One file as Jinja gets it: only what joins files stands in it as it was written."""
        try:
            source = (self._folder / file).read_text("utf-8")
            self._environment.compile(source, file)
        except (OSError, UnicodeError):
            raise TemplateError(f"{file}: this mail template cannot be read.") from None
        except TemplateSyntaxError as error:
            raise TemplateError(f"{file}, line {error.lineno}: {error.message}") from None
        pieces = list(_pieces(self._environment.lex(source, file), file))
        if file.endswith(".html"):
            check_page(_line_by_line(pieces), file)
        first = len(self._pieces)
        self._pieces += [(file, piece) for piece in pieces]
        for piece in pieces:
            if piece.word == "extends" and (name := _JOINING.fullmatch(piece.source)):
                self._parents[file] = name["file"]
        return "".join(
            piece.source if piece.word in _JOINING_TAGS else piece.marked(number)
            for number, piece in enumerate(pieces, first)
        )


def _number(mark: re.Match[str]) -> int:
    return int(mark[1] or mark[2])


def _pieces(tokens: Iterable[tuple[int, str, str]], file: str) -> Iterator[Piece]:
    """A file in pieces, as Jinja itself cuts it."""
    group: list[str] = []
    for line, kind, value in tokens:
        group.append(value)
        if kind == "raw_begin":
            raise TemplateError(f"{file}, line {line}: a mail template holds no raw block.")
        if kind == "data":
            yield Piece(value, line)
        elif kind in ("variable_end", "block_end"):
            # With trim_blocks a tag's last token holds the line's end, which Jinja does not print.
            source = "".join(group).rstrip()
            yield Piece(source, line - source.count("\n"), _word(source, file, line))
        elif kind != "comment_end":
            continue
        group = []


def _word(source: str, file: str, line: int) -> str:
    """The first word of a tag that a mail template may hold, or the braces of an expression."""
    if source.startswith("{{"):
        return "{{"
    word = source.strip("{%- \t\n").split()[0]
    if word not in _TAGS | _JOINING_TAGS:
        raise TemplateError(f"{file}, line {line}: {{% {word} %}} has no place in a mail template.")
    if word in _JOINING_TAGS and not _JOINING.fullmatch(source):
        raise TemplateError(f"{file}, line {line}: {{% {word} %}} takes one fixed name.")
    return word


def _line_by_line(pieces: Iterable[Piece]) -> str:
    """A file for a reader of HTML, each piece on the line where it was written."""
    page = ""
    # As if a tag stood at its end: no element is begun in one file and gone on with in another.
    for piece in (*pieces, Piece("", 0, "end")):
        page += "\n" * (piece.line - 1 - page.count("\n")) + piece.marked(0)
    return page
