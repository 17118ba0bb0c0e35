"""The documents name only what exists: paths, links, make targets and flask commands."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "mail_templates").glob("*.md")),
]
# Made by running something, or by the reader.
MADE_LATER = (".venv/", "instance/")

_FENCE = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)#\s]+)")
# A relative path, or the name of a file; `<id>`, `xx` and `*` stand for any name.
_PATH = re.compile(r"(?:[\w.<>*-]+/)+[\w.<>*-]*|[\w-]+\.(?:py|toml|lock|md|css|html)")
_MAKE = re.compile(r"\bmake ([a-z]+)")
_FLASK = re.compile(r"\bflask --app webapp ((?:[a-z]+(?: |$))+)")


def _code(document: Path) -> Iterator[str]:
    """Every code span, and every line of a code block."""
    text = document.read_text(encoding="utf-8")
    for block in _FENCE.findall(text):
        yield from block.splitlines()
    yield from _SPAN.findall(_FENCE.sub("", text))


def _named(pattern: re.Pattern[str]) -> set[str]:
    return {
        found.strip()
        for document in DOCUMENTS
        for code in _code(document)
        for found in pattern.findall(code)
    }


def _is_there(path: str, folder: Path) -> bool:
    """Whether a path, or a file of that name if it names no folder, is in the project."""
    if path.startswith(MADE_LATER):
        return True
    pattern = re.sub(r"<\w+>|\bxx\b", "*", path.rstrip("/"))
    places = [ROOT, folder] if "/" in path else [ROOT, folder, *_own_folders()]
    return any(any(place.glob(pattern)) for place in places)


def _own_folders() -> Iterator[Path]:
    for name in ("webapp", "mail_templates", "tests", "docs", "benchmarks"):
        yield ROOT / name
        yield from (folder for folder in (ROOT / name).rglob("*") if folder.is_dir())


def _paths(document: Path) -> Iterator[str]:
    for code in _code(document):
        for word in code.split():
            if _PATH.fullmatch(word.strip(",;:()'\"")):
                yield word.strip(",;:()'\"")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_path_in_the_documents_exists(document: Path) -> None:
    missing = {path for path in _paths(document) if not _is_there(path, document.parent)}
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_between_the_documents_leads_somewhere(document: Path) -> None:
    links = _LINK.findall(document.read_text(encoding="utf-8"))
    missing = {x for x in links if ":" not in x and not (document.parent / x).exists()}
    assert not missing


def test_every_make_command_in_the_documents_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    assert _named(_MAKE) - targets == set()


def test_the_documents_name_all_commands_that_a_reader_needs() -> None:
    assert _named(_MAKE) >= {"run", "test", "check", "bench", "format", "lock"}


@pytest.mark.parametrize("command", sorted(_named(_FLASK)))
def test_every_flask_command_in_the_documents_exists(command: str) -> None:
    arguments = [sys.executable, "-m", "flask", "--app", "webapp", *command.split(), "--help"]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_setting_in_the_readme_is_one_that_the_program_reads() -> None:
    table = re.findall(r"^\| `([A-Z_]+)`", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    readers = [*(ROOT / "webapp/settings").glob("*.py"), ROOT / "gunicorn.conf.py"]
    read = "".join(reader.read_text("utf-8") for reader in readers)
    assert [name for name in table if f'"{name}"' not in read] == []
