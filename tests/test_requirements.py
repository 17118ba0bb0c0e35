"""The table of requirements is true: every row is there, and every test that it names exists."""

from __future__ import annotations

import re
import tomllib

import pytest

from .builders import ROOT

ROWS = tomllib.loads((ROOT / "tests" / "requirements.toml").read_text("utf-8"))
TESTS = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
FOUND = re.findall(r"^def (test_\w+)", TESTS, re.MULTILINE)
LAST = 67


def test_every_requirement_has_its_row() -> None:
    assert sorted(ROWS) == sorted(f"R{number}" for number in range(1, LAST + 1))


@pytest.mark.parametrize("number", ROWS)
def test_every_row_names_tests_that_exist_or_says_why_there_is_none(number: str) -> None:
    row = ROWS[number]
    assert row["what"]
    assert bool(row.get("tests")) != bool(row.get("none"))
    assert set(row.get("tests", [])) <= set(FOUND)


def test_no_test_of_the_table_is_named_like_another() -> None:
    named = {test for row in ROWS.values() for test in row.get("tests", [])}
    assert [name for name in sorted(named) if FOUND.count(name) > 1] == []
