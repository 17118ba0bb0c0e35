"""Run every campaign of this folder, or those named, and print one table of what they tried.

Each campaign is a module with `main() -> list[Row]`. Run: make proof, or
.venv/bin/python -m tests.campaigns kill mail
where `mail` is mail_html and all others of its kind. `--page` writes the list of all campaigns
into docs/campaigns.md.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import time
import traceback
from pathlib import Path

import pytest

from . import __path__ as folder
from .table import Row, printed

PAGE = Path(__file__).parents[2] / "docs" / "campaigns.md"
_BEGIN, _END = (
    "<!-- campaigns: python -m tests.campaigns --page -->\n",
    "<!-- end of the campaigns -->",
)
_NO_CAMPAIGNS = {"__main__", "table"}
# These take an hour and more, or boot whole machines as root: only by name.
BY_NAME_ALONE = frozenset({"hosts_hour", "mutants"})
# How a part that is shared with the tests says that something is not here.
_LEFT_OUT = (pytest.skip.Exception, pytest.fail.Exception)


def campaigns() -> list[str]:
    """The names of all campaigns: every module here that has a `main`."""
    names = [
        one.name
        for one in pkgutil.iter_modules(folder)
        if one.name not in _NO_CAMPAIGNS and not one.name.startswith("test_")
    ]
    modules = {name: importlib.import_module(f"tests.campaigns.{name}") for name in names}
    return [name for name, module in modules.items() if hasattr(module, "main")]


def chosen(names: list[str]) -> list[str]:
    """The campaigns that are named, by their own name or by their kind; where none is, all.

    All but those that take hours: they are run by name alone.
    """
    found, known = [], campaigns()
    for name in names:
        of_its_kind = [
            one
            for one in known
            if one == name or one.startswith(f"{name}_") or one.endswith(f"_{name}")
        ]
        if not of_its_kind:
            raise SystemExit(f"There is no campaign “{name}”, only {', '.join(known)}.")
        found += of_its_kind
    return list(dict.fromkeys(found)) or [one for one in known if one not in BY_NAME_ALONE]


def tried(name: str) -> list[Row]:
    """Run one campaign; where it breaks off, a row says so, and the others still run."""
    try:
        rows: list[Row] = importlib.import_module(f"tests.campaigns.{name}").main()
    except (Exception, *_LEFT_OUT) as error:
        traceback.print_exc()
        said = (str(error).splitlines() or [""])[0]
        return [Row(name, "nothing", 0, f"broke off: {type(error).__name__}: {said}")]
    return rows or [Row(name, "nothing", 0)]


def page() -> str:
    """docs/campaigns.md with the list of all campaigns, each in its own first line."""
    text = PAGE.read_text("utf-8")
    entries = [f"- `{name}`: {_first_line(name)}\n" for name in campaigns()]
    return text[: text.index(_BEGIN) + len(_BEGIN)] + "".join(entries) + text[text.index(_END) :]


def _first_line(name: str) -> str:
    module = importlib.import_module(f"tests.campaigns.{name}")
    return (module.__doc__ or "").strip().partition("\n")[0]


def main(names: list[str]) -> int:
    """Run them one after the other; 1 where anything fell short."""
    if names == ["--page"]:
        PAGE.write_text(page(), "utf-8")
        return 0
    rows: list[Row] = []
    for name in chosen(names):
        sys.stdout.write(f"{name} …\n")
        sys.stdout.flush()
        begun = time.monotonic()
        rows += tried(name)
        sys.stdout.write(f"{name}: {time.monotonic() - begun:.0f} s\n")
    sys.stdout.write(printed(rows) + "\n")
    return 1 if any(row.short for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
