"""The plan of the house, drawn from its imports, and its size in figures.

`python -m tests.house` draws the plan into docs/house.md anew and prints the figures.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
HOUSE = ROOT / "webapp"
PAGE = ROOT / "docs" / "house.md"
# The plan stands between these two lines of the page.
BEGIN, END = "<!-- plan: python -m tests.house -->\n```\n", "```\n<!-- end of the plan -->"
# A private function this short, with one caller, says less than its body.
_TINY = 3


@dataclass
class Room:
    """One name at the top of webapp/: a wing with all its modules, or a module."""

    name: str
    purpose: str = ""
    asks: set[str] = field(default_factory=set)
    lines: int = 0
    modules: int = 0


def rooms() -> dict[str, Room]:
    """All rooms by name; a folder without Python is none."""
    found: dict[str, Room] = {}
    for path in sorted(HOUSE.rglob("*.py")):
        parts = path.relative_to(HOUSE).with_suffix("").parts
        # `python -m webapp` is the same door, with gunicorn held open behind it.
        name = "create_app" if parts in (("__init__",), ("__main__",)) else parts[0]
        tree = ast.parse(path.read_text("utf-8"))
        room = found.setdefault(name, Room(name))
        if not room.purpose and (len(parts) == 1 or parts[1:] == ("__init__",)):
            room.purpose = (ast.get_docstring(tree) or "").partition("\n")[0]
        room.asks |= set(_rooms_asked(tree, parts)) - {name}
        room.lines += code_lines(path)
        room.modules += 1
    return found


def _rooms_asked(tree: ast.AST, parts: tuple[str, ...]) -> Iterator[str]:
    """The rooms that a module imports from; inside webapp all imports are relative."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        if node.level:
            package = ["webapp", *parts[:-1]]
            base = package[: len(package) - node.level + 1]
        else:
            base = []
        full = [*base, *((node.module or "").split(".") if node.module else [])]
        if full[:1] == ["webapp"]:
            yield from [full[1]] if len(full) > 1 else [alias.name for alias in node.names]


def code_lines(path: Path) -> int:
    """Lines that are neither blank nor a comment nor part of a docstring."""
    text = path.read_text("utf-8")
    kept: set[int] = set()
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in skipped and token.type != tokenize.ENDMARKER:
            kept.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            first = node.body[0]
            kept -= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return len(kept)


def floors(house: dict[str, Room]) -> list[list[Room]]:
    """The rooms by floor, the highest first: a room asks only rooms below its own.

    Raises ValueError where rooms ask each other in a circle.
    """
    height: dict[str, int] = {}
    while len(height) < len(house):
        ready = [r for r in house.values() if r.name not in height and r.asks <= height.keys()]
        if not ready:
            raise ValueError(f"a circle among {sorted(house.keys() - height.keys())}")
        for room in ready:
            height[room.name] = 1 + max((height[name] for name in room.asks), default=0)
    return [
        sorted((r for r in house.values() if height[r.name] == floor), key=lambda r: r.name)
        for floor in range(max(height.values()), 0, -1)
    ]


def plan() -> str:
    """The house as text, one room a line: what it is for, and which rooms it asks."""
    house = rooms()
    drawn: list[str] = []
    for floor in floors(house):
        for room in floor:
            asks = " ".join(sorted(room.asks)) or "nobody"
            drawn += [f"{room.name:<11}| {room.purpose}", f"{'':<11}|   asks {asks}"]
        drawn.append(f"{'-' * 11}+{'-' * 80}")
    return "\n".join(drawn[:-1]) + "\n"


def page_with(drawing: str) -> str:
    """docs/house.md with this plan in its place."""
    text = PAGE.read_text("utf-8")
    start, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    return text[:start] + drawing + text[end:]


def functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    """All functions of webapp/, each with its module's path."""
    for path in sorted(HOUSE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield path.relative_to(ROOT).as_posix(), node


def body_length(function: ast.FunctionDef) -> int:
    """Lines of a function's body, its docstring aside."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return sum((node.end_lineno or node.lineno) - node.lineno + 1 for node in body)


def tiny_functions() -> list[str]:
    """Private functions at the top of a module with one caller and a body of three lines."""
    tiny: list[str] = []
    for path in sorted(HOUSE.rglob("*.py")):
        text = path.read_text("utf-8")
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("_"):
                uses = len(re.findall(rf"\b{node.name}\b", text)) - 1
                if uses == 1 and body_length(node) <= _TINY and not node.decorator_list:
                    tiny.append(f"{path.relative_to(HOUSE)}:{node.name}")
    return tiny


def figures() -> str:
    """The size of the house: names, lines, small functions, long ones."""
    house = rooms()
    lengths = sorted(
        ((node.end_lineno or 0) - node.lineno + 1, f"{path}:{node.name}")
        for path, node in functions()
    )
    bodies = sorted(body_length(node) for _, node in functions())
    private = Counter(node.name.startswith("_") for _, node in functions())
    return "\n".join(
        [
            f"names at the top of webapp/: {len(house)} with create_app",
            f"code lines: {sum(room.lines for room in house.values())}",
            *(f"  {r.name:<11}{r.lines:>6} in {r.modules}" for r in house.values()),
            f"arrows between rooms: {sum(len(room.asks) for room in house.values())}",
            f"private functions: {private[True]}",
            f"  with one caller and a body of at most {_TINY} lines: {len(tiny_functions())}",
            f"body of a function: p90 {bodies[len(bodies) * 9 // 10]} lines",
            *(f"  {length:>4} lines  {name}" for length, name in reversed(lengths[-5:])),
        ]
    )


if __name__ == "__main__":
    PAGE.write_text(page_with(plan()), "utf-8")
    sys.stdout.write(figures() + "\n")
