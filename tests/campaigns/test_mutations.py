"""The campaign's own slips: each is made where it says, and nowhere else."""

from __future__ import annotations

from .mutations import mutations

TEXT = '''"""What it is for."""

LIMIT: int = 5


def may(count: int, name: str = "é") -> bool:
    """Whether."""
    if count < LIMIT and not name.isspace():
        return bool(max(count, 1, key=abs))
    raise ValueError(name)
'''


def test_each_kind_of_slip_is_made_at_its_own_place() -> None:
    made = {slip.name.partition(": ")[2] for slip in mutations("a.py", TEXT)}
    assert {
        "5 -> 6",
        "5 -> 4",
        "count < LIMIT -> (count <= LIMIT)",
        "not name.isspace() -> (name.isspace())",
        "max(count, 1, key=abs) -> (max(1, count, key=abs))",
        "max(count, 1, key=abs) -> (max(count, 1))",
        "return bool(max(count, 1, key=abs)) -> return None",
        "raise ValueError(name) -> pass",
        '"é" -> ""',
    } <= made


def test_a_slip_changes_one_place_and_leaves_python() -> None:
    for slip in mutations("a.py", TEXT):
        changed = slip.applied(TEXT)
        assert changed != TEXT
        assert TEXT.splitlines()[slip.line - 1] != changed.splitlines()[slip.line - 1]
        compile(changed, "a.py", "exec")


def test_words_that_nobody_runs_are_left_alone() -> None:
    befores = {slip.before for slip in mutations("a.py", TEXT)}
    assert '"""Whether."""' not in befores
    assert "int" not in befores
