"""Small slips that a hand could make in a module, each at one place of its text."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_COMPARED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
_COUNTED: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
}


@dataclass(frozen=True)
class Mutation:
    """One slip: the place in the text (line, then offsets into its bytes) and what stands there."""

    path: str
    line: int
    start: int
    end: int
    before: str
    after: str

    @property
    def name(self) -> str:
        """How a survivor is listed, and how an equivalent one is named: without the line."""
        return f"{self.path}: {' '.join(self.before.split())} -> {' '.join(self.after.split())}"

    def applied(self, text: str) -> str:
        """The module's text with this slip in it."""
        content = text.encode()
        return (content[: self.start] + self.after.encode() + content[self.end :]).decode()


def mutations(path: str, text: str) -> Iterator[Mutation]:
    """Every slip that can be made in a module; those that are no Python are left out."""
    tree = ast.parse(text)
    starts = _line_starts(text)
    skipped = _left_alone(tree)
    for node in ast.walk(tree):
        if id(node) in skipped or not isinstance(node, ast.expr | ast.stmt):
            continue
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        before = text.encode()[start:end].decode()
        for after in _slips(node):
            made = Mutation(path, node.lineno, start, end, before, after)
            if after != before and _is_python(made.applied(text)):
                yield made


def _slips(node: ast.AST) -> Iterator[str]:
    """What could stand in the place of a node."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in _COMPARED:
            yield _with(node, ops=[_COMPARED[type(op)]()])
        case ast.BoolOp():
            other = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
            yield _with(node, op=other)
            yield f"({ast.unparse(node.values[0])})"
        case ast.UnaryOp(op=ast.Not()):
            yield f"({ast.unparse(node.operand)})"
        case ast.BinOp() if type(node.op) in _COUNTED:
            yield _with(node, op=_COUNTED[type(node.op)]())
        case ast.Constant():
            yield from _other_constants(node.value)
        case ast.If():
            yield from _other_tests(node)
        case ast.Return(value=value) if value is not None:
            yield "return None"
        case ast.Call():
            yield from _other_calls(node)
        case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Raise():
            yield "pass"


def _other_constants(value: object) -> Iterator[str]:
    match value:
        case bool():
            yield repr(not value)
        case int():
            yield repr(value + 1)
            if value:
                yield repr(value - 1)
        case str() if value:
            yield '""'
        case bytes() if value:
            yield 'b""'


def _other_tests(node: ast.If) -> Iterator[str]:
    """The branch always taken, and never: by the condition alone."""
    for always in (True, False):
        changed = copy.deepcopy(node)
        changed.test = ast.Constant(always)
        lines = ast.unparse(changed).split("\n")
        yield f"\n{' ' * node.col_offset}".join(lines)


def _other_calls(node: ast.Call) -> Iterator[str]:
    """Two arguments the other way round, and each named argument left out."""
    if len(node.args) > 1 and not any(isinstance(one, ast.Starred) for one in node.args):
        yield _with(node, args=[node.args[1], node.args[0], *node.args[2:]])
    for place in range(len(node.keywords)):
        yield _with(node, keywords=node.keywords[:place] + node.keywords[place + 1 :])


def _with(node: ast.AST, **changes: object) -> str:
    changed = copy.copy(node)
    for name, value in changes.items():
        setattr(changed, name, value)
    return f"({ast.unparse(changed)})" if isinstance(node, ast.expr) else ast.unparse(changed)


def _left_alone(tree: ast.Module) -> set[int]:
    """Docstrings, annotations and what only types read: a slip there changes nothing."""
    alone: set[int] = set()

    def leave(node: ast.AST | None) -> None:
        if node is not None:
            alone.update(id(inner) for inner in ast.walk(node))

    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant()) | ast.If(test=ast.Name(id="TYPE_CHECKING")):
                leave(node)
            case ast.AnnAssign() | ast.arg():
                leave(node.annotation)
            case ast.FunctionDef():
                leave(node.returns)
            case ast.JoinedStr():
                alone.update(id(inner) for inner in ast.walk(node) if inner is not node)
            case ast.Assign(targets=[ast.Name(id="__all__")]):
                leave(node)
    return alone


def _line_starts(text: str) -> list[int]:
    starts, offset = [], 0
    for line in text.encode().splitlines(keepends=True):
        starts.append(offset)
        offset += len(line)
    return starts


def _is_python(text: str) -> bool:
    try:
        compile(text, "mutated", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True
