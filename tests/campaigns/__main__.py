"""Run every campaign of this folder, or those named, and print one table of what they tried.

Each campaign is a module with `main() -> list[Row]`. Run: make proof, or
.venv/bin/python -m tests.campaigns kill mail
"""

from __future__ import annotations

import importlib
import pkgutil
import sys

from . import __path__ as folder
from .table import Row, printed

_NO_CAMPAIGNS = {"__main__", "table"}


def campaigns() -> list[str]:
    """The names of all campaigns: every module here that has a `main`."""
    names = [one.name for one in pkgutil.iter_modules(folder) if one.name not in _NO_CAMPAIGNS]
    modules = {name: importlib.import_module(f"tests.campaigns.{name}") for name in names}
    return [name for name, module in modules.items() if hasattr(module, "main")]


def main(names: list[str]) -> int:
    """Run them one after the other; 1 where anything fell short."""
    rows: list[Row] = []
    for name in names or campaigns():
        sys.stdout.write(f"{name} …\n")
        sys.stdout.flush()
        rows += importlib.import_module(f"tests.campaigns.{name}").main()
    sys.stdout.write(printed(rows) + "\n")
    return 1 if any(row.fell_short for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
