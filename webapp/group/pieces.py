"""What a group can decide on: every text of the letters, by an id, and where it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from ..errors import BallotError
from ..letter.words import LEVELS, Level, Statement, Words
from ..letter.words.fitting import frame_wordings, wordings_of
from .ballots import MOST_SENTENCES, Wording

Kind = Literal["statement", "heading", "lead", "subject", "opening", "closing", "reply", "frame"]

# Parts of the letters that are no section: what all its letters have round the ticked sentences.
PARTS: Final = ("headings", "openings", "closings", "replies", "frame")
_PART_OF: Final[Mapping[Kind, str]] = {
    "heading": "headings",
    "lead": "headings",
    "subject": "openings",
    "opening": "openings",
    "closing": "closings",
    "reply": "replies",
    "frame": "frame",
}

_KINDS: Final[Mapping[str, Kind]] = {"subject": "subject", "opening": "opening"}


@dataclass(frozen=True)
class Piece:
    """One text: its place in the files, and the letters that print it."""

    id: str
    kind: Kind
    # The section that it belongs to, or the part of the letters.
    part: str
    # File below the language's folder, and the keys to its table; "2" is the second in a list.
    file: str
    keys: tuple[str, ...]
    wording: Wording
    levels: tuple[Level, ...] = LEVELS
    situations: tuple[str, ...] = ()


def pieces_of(words: Words) -> dict[str, Piece]:
    """Every piece by its id, in the order of the files."""
    found = [*_in_sections(words), *_around(words), *_replies(words)]
    return {piece.id: piece for piece in found}


def parts_of(words: Words) -> tuple[str, ...]:
    """All sections, and the other parts."""
    return (*words.sections, *PARTS)


def in_part(part: str, words: Words) -> tuple[Piece, ...]:
    """The pieces of a section or of another part."""
    return tuple(piece for piece in pieces_of(words).values() if piece.part == part)


def texts_to_decide(words: Words, part: str = "", ids: Sequence[str] = ()) -> dict[str, Wording]:
    """The texts of a section or another part, and those named; raises BallotError for others."""
    known = pieces_of(words)
    if part and part not in parts_of(words):
        raise BallotError(f"There is no section “{part}”, only {', '.join(parts_of(words))}.")
    if unknown := [one for one in ids if one not in known]:
        raise BallotError(f"There is no sentence “{unknown[0]}”.")
    chosen = [*(in_part(part, words) if part else ()), *(known[one] for one in ids)]
    if not chosen:
        raise BallotError("Name a section, or sentences by their ids.")
    if ids and len(chosen) > MOST_SENTENCES:
        raise BallotError(f"A ballot has a section, or up to {MOST_SENTENCES} sentences.")
    return {piece.id: piece.wording for piece in chosen}


def _in_sections(words: Words) -> Iterator[Piece]:
    for section in words.sections.values():
        file = f"statements/{section.id}.toml"
        for key, wording in wordings_of(section):
            told = Wording(wording.me, wording.them)
            if isinstance(wording, Statement):
                yield _statement(wording, words)
            else:
                kind: Kind = "lead" if key == "lead" else "heading"
                yield Piece(f"{section.id}-{key}", kind, "headings", file, (key,), told)


def _statement(one: Statement, words: Words) -> Piece:
    situations = tuple(words.situations) if one.situations == "all" else one.situations
    return Piece(
        one.id,
        "statement",
        one.section,
        f"statements/{one.section}.toml",
        ("statement", one.id),
        Wording(one.me, one.them),
        one.levels,
        situations,
    )


def _around(words: Words) -> Iterator[Piece]:
    for file, key, wording in frame_wordings(words):
        if file == "rights.toml":
            # Legal words are no matter of taste.
            continue
        keys, told = tuple(key.split(".")), Wording(wording.me, wording.them)
        name = key.replace(".", "-").replace("_", "-")
        if file == "frame.toml":
            levels = (keys[1],) if keys[0] == "fact" else LEVELS
            yield Piece(f"frame-{name}", "frame", "frame", file, keys, told, levels)  # type: ignore[arg-type]
        else:
            situation = file.removeprefix("situations/").removesuffix(".toml")
            kind = _KINDS.get(key, "closing")
            one = f"{situation}-{name}"
            yield Piece(one, kind, _PART_OF[kind], file, keys, told, LEVELS, (situation,))


def _replies(words: Words) -> Iterator[Piece]:
    """A ready reply's two texts are its label and its body, in place of two voices."""
    for situation in words.situations.values():
        file = f"situations/{situation.id}.toml"
        for place, reply in enumerate(situation.replies, 1):
            keys, told = ("replies", str(place)), Wording(reply.label, reply.body)
            id_ = f"{situation.id}-reply-{place}"
            yield Piece(id_, "reply", "replies", file, keys, told, LEVELS, (situation.id,))
