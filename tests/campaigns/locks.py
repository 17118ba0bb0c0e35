"""Each lock is whole and ready built for every Python and machine, as uv reads the packages."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ..builders import ROOT
from ..locks import INSTALL, SUPPORTED
from .mail_tools import Missing, last_line, run, work_folder
from .table import Row

_LINUX: Final = ("x86_64-manylinux_2_28", "aarch64-manylinux_2_28")
_MACS: Final = ("aarch64-apple-darwin", "x86_64-apple-darwin")
# What serves is ready built for musl and Windows, too; some tools of the tests are not.
_PLATFORMS: Final = {
    "requirements.lock": (*_LINUX, *_MACS, "x86_64-unknown-linux-musl", "x86_64-pc-windows-msvc"),
    "requirements-dev.lock": (*_LINUX, *_MACS),
    "requirements-uv.lock": (*_LINUX, *_MACS),
    "tests/campaigns/npm/node.lock": _LINUX,
}
# Seconds; uv asks for what each package says of itself, and fetches no package.
_PATIENCE: Final = 600.0


def main() -> list[Row]:
    """Every lock for every Python and platform; a lock with a line missing is found first."""
    with work_folder() as folder:
        judge = Uv(folder)
        planted = _without_a_line(ROOT / "requirements.lock", folder / "planted.lock")
        if not judge.fault(planted, SUPPORTED[0], _LINUX[0]):
            raise Missing("uv did not see that a lock had a line missing: it proves nothing")
        return [_row(lock, judge) for lock in _PLATFORMS]


class Uv:
    """The program that writes the locks, apart from all else here."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._uv = folder, folder / "venv" / "bin" / "uv"
        python = folder / "venv" / "bin" / "python"
        install = [str(python), "-m", *INSTALL.split(), str(ROOT / "requirements-uv.lock"), "-qq"]
        for command in ([sys.executable, "-m", "venv", str(folder / "venv")], install):
            done = run(command, seconds=_PATIENCE)
            if done.returncode:
                done = run(command, seconds=_PATIENCE)
            if done.returncode:
                raise Missing(f"uv cannot be installed: {last_line(done.stderr)}")

    def fault(self, lock: Path, python: str, platform: str) -> str:
        """What is missing from a lock there: a line, or a package that is ready built; else ""."""
        command: list[str | Path] = [self._uv, "pip", "install", "--dry-run", "--require-hashes"]
        command += ["--only-binary", ":all:", "--python-version", python]
        command += ["--python-platform", platform, "--target", self._folder / "nothing", "-r", lock]
        for _ in range(2):
            done = run(
                command,
                seconds=_PATIENCE,
                UV_CACHE_DIR=str(self._folder / "cache"),
                UV_PYTHON_DOWNLOADS="never",
                UV_HTTP_TIMEOUT="120",
            )
            if done.returncode == 0:
                return ""
        said = done.stderr.decode("utf-8", "replace")
        found = re.search(r"^\s*(?:cause|error): (.*)$", said, re.MULTILINE)
        return found[1] if found else last_line(done.stderr)


def _row(lock: str, judge: Uv) -> Row:
    tried = [(python, platform) for python in SUPPORTED for platform in _PLATFORMS[lock]]
    short = [
        f"Python {python}, {platform}: {fault}"
        for python, platform in tried
        if (fault := judge.fault(ROOT / lock, python, platform))
    ]
    return Row(f"{lock} whole and ready built", "uv", len(tried), "; ".join(short))


def _without_a_line(lock: Path, planted: Path) -> Path:
    """The same lock without markupsafe, which jinja2 asks for."""
    lines = "".join(_blocks(lock.read_text("utf-8"), "markupsafe"))
    planted.write_text(lines, "utf-8")
    return planted


def _blocks(text: str, without: str) -> Iterator[str]:
    for block in re.split(r"(?m)^(?=\S)", text):
        if not block.startswith(f"{without}=="):
            yield block
