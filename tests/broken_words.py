"""Changes to a copy of the words' files, each of one file."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

SITUATION = "situations/volunteering.toml"
STATEMENTS = "statements/how-i-communicate.toml"
NEW_STATEMENT = """
[[statement]]
id = "made-up"
situations = {situations}
levels = {levels}
me = "{me}"
them = "{them}"
source = ["TEST"]
"""

Edit = Callable[[str], str]


def edit_file(words: Path, file: str, edit: Edit) -> None:
    path = words / "en" / file
    before = path.read_text("utf-8")
    after = edit(before)
    assert after != before, f"the test changed nothing in {file}"
    path.write_text(after, "utf-8")


def sub(pattern: str, by: str) -> Edit:
    return lambda text: re.sub(pattern, by, text, count=1, flags=re.MULTILINE | re.DOTALL)


def append(text: str) -> Edit:
    return lambda before: before + text


def statement(
    me: str = "Tea helps me.",
    them: str = "Tea helps {them}.",
    *,
    situations: str = '"all"',
    levels: str = '["named"]',
) -> Edit:
    return append(NEW_STATEMENT.format(me=me, them=them, situations=situations, levels=levels))


ALL_LEVELS = '["named", "described", "needs"]'
