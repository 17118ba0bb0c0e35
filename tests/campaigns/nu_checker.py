"""The Nu HTML checker on files, and a page by which it shows that it checks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from .mail_tools import Missing, npm_modules, program, run

# A page that each checker must find fault with, or it checks nothing.
PLANTED: Final = "planted"
_BROKEN: Final = (
    "<!DOCTYPE html><html lang=en><title>x</title><p><b><table role=none style=position:fixed>"
)

# The name of a file, and what is wrong in it.
Fault = tuple[str, str]


def plant(folder: Path) -> Path:
    """Write the page with faults."""
    file = folder / f"{PLANTED}.html"
    file.write_text(_BROKEN, "utf-8")
    return file


def all_but_planted(found: Sequence[Fault]) -> list[str]:
    """What was found on the other pages; raises Missing where the planted one passed."""
    if not any(name == PLANTED for name, _ in found):
        raise Missing("it did not see a planted fault")
    return [f"{name}: {fault}" for name, fault in found if name != PLANTED]


def nu_faults(files: Sequence[Path]) -> list[Fault]:
    """What the Nu checker calls an error."""
    java = program("java", "default-jre-headless")
    jar = npm_modules() / "vnu-jar" / "build" / "dist" / "vnu.jar"
    done = run([java, "-jar", jar, "--errors-only", "--format", "json", *files])
    try:
        messages = json.loads(done.stderr)["messages"]
    except ValueError:
        raise Missing("the Nu checker did not answer in JSON") from None
    return [(Path(one.get("url", "")).stem, one["message"]) for one in messages]


def npm_version(package: str) -> str:
    """Which version of an npm package is here."""
    found = json.loads((npm_modules() / package / "package.json").read_text("utf-8"))
    return str(found["version"])
