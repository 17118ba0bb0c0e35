"""The documents name only what exists: paths, links, make targets and flask commands."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from webapp.store.ledger import Limits

from .locks import INSTALL, LOCKS

ROOT = Path(__file__).parent.parent
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    ROOT / "SECURITY.md",
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
# Names that only show how a test is named.
_EXAMPLES = {"test_confirming_twice_sends_once"}
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
    inside = {link for link in links if ":" not in link and not link.startswith(MADE_LATER)}
    missing = {link for link in inside if not (document.parent / link).exists()}
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


_VARIABLE = re.compile(r"[A-Z]+(?:_[A-Z]+)*")
# A line that sets a variable, also where it is commented out.
_SET = re.compile(r"^#?([A-Z][A-Z_]+)=", re.MULTILINE)


def _settings_read() -> set[str]:
    """Every environment variable that the program asks for, by the strings that name one."""
    readers = [*(ROOT / "webapp/settings").glob("*.py"), ROOT / "gunicorn.conf.py"]
    names = {
        node.value
        for reader in readers
        for node in ast.walk(ast.parse(reader.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    limits = {f"LIMITS_{limit.name.upper()}" for limit in fields(Limits)}
    return limits | {name for name in names if len(name) > 3 and _VARIABLE.fullmatch(name)}


def _settings_in_the_table() -> set[str]:
    text = (ROOT / "README.md").read_text("utf-8")
    return set(re.findall(r"^\| `([A-Z_]+)`", text, re.MULTILINE))


def test_the_readme_has_every_setting_that_the_program_reads_and_no_other() -> None:
    assert _settings_in_the_table() == _settings_read()


def test_every_setting_that_a_document_names_is_in_the_readme() -> None:
    named = _named(re.compile(r"(?<![\w-])(?:LIMITS|MAIL|DIRECT|SECRET|HOST)_[A-Z_]+(?![\w=])"))
    assert named - _settings_in_the_table() == set()


def test_the_example_of_an_environment_sets_what_the_readme_explains() -> None:
    example = (ROOT / ".env.example").read_text("utf-8")
    assert set(_SET.findall(example)) <= _settings_in_the_table()


def test_every_test_that_a_document_names_exists() -> None:
    tests = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    named = _named(re.compile(r"\btest_\w+\b(?!\.py)")) - _EXAMPLES
    assert {name for name in named if f"def {name}" not in tests} == set()


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile"])
def test_a_web_server_lets_a_body_through_that_the_app_itself_refuses(name: str) -> None:
    sizes = re.findall(r"(?:client_max_body_size|max_size) (\d+)k", _deployed(name), re.IGNORECASE)
    assert [int(size) * 1000 > 256 * 1024 for size in sizes] == [True]


def test_what_runs_it_on_a_plain_machine_is_what_the_procfile_runs() -> None:
    web = re.search(r"^web: (.+)$", (ROOT / "Procfile").read_text("utf-8"), re.MULTILINE)
    assert web
    assert f"/.venv/bin/{web[1]}\n" in _deployed("word-ahead.service")


def test_a_release_on_a_platform_brings_the_tables_up_to_date() -> None:
    assert "\nrelease: flask --app webapp database upgrade\n" in (ROOT / "Procfile").read_text(
        "utf-8"
    )


_WRAPPED = re.compile(r"(?:^|&& )word-ahead ((?:[a-z]+(?: |$))+)")


@pytest.mark.parametrize("command", sorted(_named(_WRAPPED)))
def test_every_command_of_the_wrapper_in_the_documents_exists(command: str) -> None:
    test_every_flask_command_in_the_documents_exists(command)


def test_the_version_of_the_program_is_the_newest_one_in_the_changelog() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    releases = re.findall(r"^## \[(\d.*?)\] - \d{4}-\d\d-\d\d$", changelog, re.MULTILINE)
    assert releases[:1] == [version]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_no_document_names_a_folder_of_the_machine_it_was_written_on(document: Path) -> None:
    assert not re.search(r"(?:^|[\s`(])/(?:work|tmp|home|root)/", document.read_text("utf-8"))


# ------------------------------------------------------------------ one way to install a lock

_ONE_WAY = INSTALL.removeprefix("pip ")
# Made by running something, or other people's files.
_NOT_OURS = {".git", ".venv", "instance", "node_modules", "__pycache__"}
# They tell what was once done otherwise.
_HISTORY = {ROOT / "CHANGELOG.md", Path(__file__)}
# A command that installs from a file, or that goes by hashes.
_INSTALLS = re.compile(r"\binstall\b[^|;&\n]*(?:\s-r(?:[\s=]|$)|--requirement)|--require-hashes")


def _own_files() -> Iterator[Path]:
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [one for one in folders if one not in _NOT_OURS and "cache" not in one]
        yield from (Path(folder, one) for one in names if not one.endswith((".png", ".pyc")))


def _other_ways(text: str) -> list[str]:
    """The lines of a file that install a lock in another way than the Makefile does."""
    lines = [line for line in text.splitlines() if _INSTALLS.search(line)]
    # What is only looked at is not installed.
    return [line for line in lines if _ONE_WAY not in line and "--dry-run" not in line]


def test_the_one_way_to_install_a_lock_needs_no_resolution_and_builds_nothing() -> None:
    assert INSTALL == "pip install --no-deps --require-hashes --only-binary :all: -r"
    assert _other_ways(f".venv/bin/pip {_ONE_WAY} requirements.lock") == []


def test_every_file_that_installs_a_lock_does_it_in_the_one_way() -> None:
    found = {
        str(path.relative_to(ROOT)): lines
        for path in _own_files()
        if path not in _HISTORY and (lines := _other_ways(path.read_text("utf-8", "replace")))
    }
    assert found == {}, f"a lock is installed by: pip {_ONE_WAY} LOCK"


def _makefiles_other_ways(makefile: str) -> list[str]:
    """The Makefile's lines that tell pip or uv to install, but for the one that all others use."""
    lines = [line for line in makefile.splitlines() if _MAKE_INSTALLS.search(line)]
    return [line for line in lines if line not in (f"INSTALL := {INSTALL}", _MAKES_INSTALL)]


# Whatever the options are called that stand behind it.
_MAKE_INSTALLS = re.compile(r"\b(?:pip3?|uv)\b.*\b(?:install|sync)\b|\$\(INSTALL\)")
_MAKES_INSTALL = (
    "install = $(BIN)/python -m $(INSTALL) $(1) -qq || $(BIN)/python -m $(INSTALL) $(1) -q"
)


def test_the_makefile_installs_every_lock_by_its_one_line() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert _makefiles_other_ways(makefile) == []
    used = set(re.findall(r"\$\(call install,([^)]*)\)", makefile))
    assert used == set(LOCKS)


@pytest.mark.parametrize(
    "line",
    [
        "\t@$(BIN)/pip install $(FLAGS) $(LOCK_FILE)",
        "\t@$(BIN)/python -m $(INSTALL) requirements.lock --no-binary :all:",
        "\t@$(BIN)/uv pip sync requirements-dev.lock",
    ],
)
def test_another_way_to_install_in_the_makefile_is_seen(line: str) -> None:
    assert _makefiles_other_ways(f"INSTALL := {INSTALL}\nrun:\n{line}\n") == [line]


@pytest.mark.parametrize(
    "line",
    [
        "pip install -r requirements.lock",
        ".venv/bin/pip install --require-hashes -r requirements.lock",
        "RUN pip install --no-deps --require-hashes --requirement requirements.txt",
    ],
)
def test_another_way_to_install_a_lock_is_seen(line: str) -> None:
    assert _other_ways(f"# first\n{line}\n") == [line]


def _deployed(name: str) -> str:
    return (ROOT / "docs/deploy" / name).read_text("utf-8")
