"""The table of requirements is true: every row is there, and every test that it names exists."""

from __future__ import annotations

import re

import pytest

from .builders import ROOT

DOCUMENT = (ROOT / "docs" / "requirements.md").read_text("utf-8")
ROWS = dict(re.findall(r"^\| R(\d+) \| [^|]+ \| ([^|]+) \|$", DOCUMENT, re.MULTILINE))
TESTS = "\n".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
KNOWN = frozenset(re.findall(r"^def (test_\w+)", TESTS, re.MULTILINE))
LAST = 67


def test_every_requirement_has_its_row() -> None:
    assert sorted(map(int, ROWS)) == [*range(1, LAST + 1)]


@pytest.mark.parametrize("number", ROWS)
def test_every_row_names_tests_that_exist_or_says_why_there_is_none(number: str) -> None:
    named = re.findall(r"`(test_\w+)`", ROWS[number])
    assert named or ROWS[number].startswith("Does not apply: ")
    assert set(named) <= KNOWN


def test_no_test_of_the_table_is_named_like_another() -> None:
    named = set(re.findall(r"`(test_\w+)`", DOCUMENT))
    found = re.findall(r"^def (test_\w+)", TESTS, re.MULTILINE)
    assert [name for name in sorted(named) if found.count(name) > 1] == []
