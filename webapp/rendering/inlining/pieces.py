"""A mail template in pieces, with all that it extends and includes put in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from jinja2 import Environment, TemplateSyntaxError

from ...errors import TemplateError

# What a mail template may do. No macro: an include does the same and costs nothing per letter.
_TAGS: Final = frozenset({"if", "elif", "else", "endif", "for", "endfor"})
_JOINING_TAGS: Final = frozenset({"extends", "include", "block", "endblock"})

_ENDS: Final = frozenset({"variable_end", "block_end", "comment_end"})


@dataclass(frozen=True)
class Piece:
    """A stretch of a template: text, one `{{ expression }}` or one `{% tag %}`."""

    kind: Literal["text", "expression", "tag"]
    source: str
    file: str
    line: int
    word: str = ""
    argument: str = ""


Read = Callable[[str], Sequence[Piece]]


def flatten(environment: Environment, folder: Path, file: str) -> list[Piece]:
    """The template without extends, include and block; raises TemplateError."""
    return list(_flat(lambda name: split(environment, folder, name), file))


def split(environment: Environment, folder: Path, file: str) -> list[Piece]:
    """One file in pieces, as Jinja itself cuts it; raises TemplateError."""
    try:
        source = (folder / file).read_text("utf-8")
        environment.compile(source, file)
        return list(_pieces(environment.lex(source, file), file))
    except (OSError, UnicodeError):
        raise TemplateError(f"{file}: this mail template cannot be read.") from None
    except TemplateSyntaxError as error:
        raise TemplateError(f"{file}, line {error.lineno}: {error.message}") from None


def _pieces(tokens: Iterable[tuple[int, str, str]], file: str) -> Iterator[Piece]:
    group: list[tuple[int, str, str]] = []
    for token in tokens:
        line, kind, value = token
        if kind == "raw_begin":
            raise TemplateError(f"{file}, line {line}: a mail template holds no raw block.")
        if kind == "data":
            yield Piece("text", value, file, line)
            continue
        group.append(token)
        if kind in _ENDS:
            if kind != "comment_end":
                yield _piece(group, file)
            group = []


def _piece(group: list[tuple[int, str, str]], file: str) -> Piece:
    line = group[0][0]
    # With trim_blocks a tag's last token holds the line's end, which Jinja does not print.
    source = "".join(value for _, _, value in group).rstrip()
    if group[-1][1] == "variable_end":
        return Piece("expression", source, file, line)
    inside = [(kind, value) for _, kind, value in group[1:-1] if kind != "whitespace"]
    word, rest = inside[0][1], inside[1:]
    if word not in _TAGS | _JOINING_TAGS:
        raise TemplateError(f"{file}, line {line}: {{% {word} %}} has no place in a mail template.")
    if word in _JOINING_TAGS and [kind for kind, _ in rest] not in ([], ["string"], ["name"]):
        raise TemplateError(f"{file}, line {line}: {{% {word} %}} takes one fixed name.")
    argument = rest[0][1].strip("\"'") if rest else ""
    return Piece("tag", source, file, line, word, argument)


def _flat(
    read: Read,
    file: str,
    blocks: Mapping[str, Sequence[Piece]] | None = None,
    trail: tuple[str, ...] = (),
) -> Iterator[Piece]:
    """The pieces of a file; `blocks` are those that its children fill."""
    if file in trail:
        raise TemplateError(f"{file}: this mail template contains itself.")
    pieces, trail = read(file), (*trail, file)
    own = _blocks(pieces)
    filled = {**own, **(blocks or {})}
    for piece in pieces:
        if piece.word == "extends":
            yield from _flat(read, piece.argument, filled, trail)
            return
    for name in filled.keys() - own.keys():
        raise TemplateError(f"{trail[0]}: {file} has no block named {name}.")
    yield from _joined(read, pieces, filled, trail)


def _joined(
    read: Read,
    pieces: Iterable[Piece],
    blocks: Mapping[str, Sequence[Piece]],
    trail: tuple[str, ...],
) -> Iterator[Piece]:
    """The pieces with each block's filling and each included file in its place."""
    in_block = False
    for piece in pieces:
        if piece.word == "block":
            in_block = True
            yield from _joined(read, blocks[piece.argument], {}, trail)
        elif piece.word == "endblock":
            in_block = False
        elif in_block:
            continue
        elif piece.word == "include":
            yield from _flat(read, piece.argument, None, trail)
        else:
            yield piece


def _blocks(pieces: Iterable[Piece]) -> dict[str, list[Piece]]:
    blocks: dict[str, list[Piece]] = {}
    filling: list[Piece] | None = None
    for piece in pieces:
        if piece.word == "block" and filling is not None:
            raise TemplateError(f"{piece.file}, line {piece.line}: a block stands in a block.")
        if piece.word == "block":
            filling = blocks[piece.argument] = []
        elif piece.word == "endblock":
            filling = None
        elif filling is not None:
            filling.append(piece)
    return blocks
