"""Every mail's HTML before the Nu checker, html-validate, and what each mail program can show."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .mail_samples import samples
from .mail_tools import NPM, Missing, npm_modules, program, run, work_folder
from .table import Row

_ALLOWED: Final = Path(__file__).with_name("allowed_mail_issues.toml")
# The first few tell what is wrong; the rest is the same on other mails.
_TOLD: Final = 3
# A page that each checker must find fault with, or it checks nothing.
_PLANTED: Final = "planted"
_BROKEN: Final = (
    "<!DOCTYPE html><html lang=en><title>x</title><p><b><table role=none style=position:fixed>"
)

# The name of a file, and what is wrong in it.
Fault = tuple[str, str]


@dataclass(frozen=True)
class Allowed:
    """A fault that stays: its name, and the mail programs that have it."""

    title: str
    clients: tuple[str, ...]
    reason: str

    def covers(self, found: dict[str, Any]) -> bool:
        """Whether it speaks of this finding."""
        client = str(found["client"])
        family = client.partition(".")[0]
        return found["title"] == self.title and bool({client, family} & set(self.clients))


def main() -> list[Row]:
    """Check them all, once by each checker."""
    with work_folder() as folder:
        files = []
        for sample in samples():
            files.append(folder / f"{sample.name.replace(' ', '-')}.html")
            files[-1].write_text(sample.mail.html, "utf-8")
        files.append(folder / f"{_PLANTED}.html")
        files[-1].write_text(_BROKEN, "utf-8")
        return [
            _row("HTML of all mails: no error", "Nu HTML checker", files, _nu),
            _row("HTML of all mails: no error", "html-validate", files, _html_validate),
            _row("HTML of all mails: shown by every mail program", "caniemail", files, _caniemail),
        ]


def _row(
    tried: str, tool: str, files: list[Path], check: Callable[[list[Path]], list[Fault]]
) -> Row:
    try:
        found = check(files)
        if not any(name == _PLANTED for name, _ in found):
            raise Missing("it did not see a planted fault")
        faults = [f"{name}: {fault}" for name, fault in found if name != _PLANTED]
        tool = f"{tool} {_version({'Nu HTML checker': 'vnu-jar'}.get(tool, tool))}"
    except Missing as reason:
        return Row(tried, tool, 0, str(reason))
    return Row(tried, tool, len(files) - 1, _told(faults))


def _told(faults: Sequence[str]) -> str:
    more = [f"and {len(faults) - _TOLD} more"] if len(faults) > _TOLD else []
    return "; ".join([*faults[:_TOLD], *more])


def _version(package: str) -> str:
    found = json.loads((npm_modules() / package / "package.json").read_text("utf-8"))
    return str(found["version"])


def _nu(files: list[Path]) -> list[Fault]:
    jar = npm_modules() / "vnu-jar" / "build" / "dist" / "vnu.jar"
    java = program("java", "default-jre-headless")
    done = run([java, "-jar", jar, "--errors-only", "--format", "json", *files])
    try:
        messages = json.loads(done.stderr)["messages"]
    except ValueError:
        raise Missing("the Nu checker did not answer in JSON") from None
    return [(Path(one.get("url", "")).stem, one["message"]) for one in messages]


def _html_validate(files: list[Path]) -> list[Fault]:
    script = npm_modules() / "html-validate" / "bin" / "html-validate.mjs"
    node, config = program("node", "nodejs"), NPM / "htmlvalidate.json"
    done = run([node, script, "--config", config, "--formatter", "json", *files])
    try:
        found = json.loads(done.stdout)
    except ValueError:
        raise Missing("html-validate did not answer in JSON") from None
    return [
        (Path(one["filePath"]).stem, message["message"])
        for one in found
        for message in one["messages"]
    ]


def _caniemail(files: list[Path]) -> list[Fault]:
    """What is outside the list of what is allowed, and what is on that list for nothing."""
    npm_modules()
    done = run([program("node", "nodejs"), NPM / "caniemail.mjs", *files])
    if done.returncode:
        raise Missing("caniemail did not run to its end")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    allowed = _allowed()
    outside = {
        # One line tells of all mails that have it.
        (
            _PLANTED if Path(one["file"]).stem == _PLANTED else "a mail",
            f"{one['title']} in {one['client']} ({one['kind']})",
        )
        for one in found
        if not any(entry.covers(one) for entry in allowed)
    }
    ours = [one for one in found if Path(one["file"]).stem != _PLANTED]
    return sorted(outside) + list(_idle(allowed, ours))


def _allowed() -> list[Allowed]:
    entries = tomllib.loads(_ALLOWED.read_text("utf-8"))["allowed"]
    return [Allowed(one["title"], tuple(one["clients"]), one["reason"]) for one in entries]


def _idle(allowed: list[Allowed], found: list[dict[str, Any]]) -> Iterator[Fault]:
    for entry in allowed:
        for client in entry.clients:
            alone = Allowed(entry.title, (client,), entry.reason)
            if not any(alone.covers(one) for one in found):
                yield _ALLOWED.name, f"allowed for nothing: {entry.title} in {client}"
