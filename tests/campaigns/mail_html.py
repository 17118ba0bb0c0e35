"""Every mail's HTML before the Nu checker, html-validate, and what each mail program can show."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from .mail_samples import samples
from .mail_tools import NPM, Missing, node, npm_modules, run, work_folder
from .nu_checker import PLANTED, Fault, all_but_planted, npm_version, nu_faults, plant
from .table import Row

_ALLOWED: Final = Path(__file__).with_name("allowed_mail_issues.toml")
# The first few tell what is wrong; the rest is the same on other mails.
_TOLD: Final = 3


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
        files.append(plant(folder))
        return [
            _row("HTML of all mails: no error", "Nu HTML checker", files, nu_faults),
            _row("HTML of all mails: no error", "html-validate", files, _html_validate),
            _row("HTML of all mails: shown by every mail program", "caniemail", files, _caniemail),
        ]


def _row(
    tried: str, tool: str, files: list[Path], check: Callable[[list[Path]], list[Fault]]
) -> Row:
    try:
        faults = all_but_planted(check(files))
        tool = f"{tool} {npm_version({'Nu HTML checker': 'vnu-jar'}.get(tool, tool))}"
    except Missing as reason:
        return Row(tried, tool, 0, str(reason))
    return Row(tried, tool, len(files) - 1, _told(faults))


def _told(faults: Sequence[str]) -> str:
    more = [f"and {len(faults) - _TOLD} more"] if len(faults) > _TOLD else []
    return "; ".join([*faults[:_TOLD], *more])


def _html_validate(files: list[Path]) -> list[Fault]:
    script = npm_modules() / "html-validate" / "bin" / "html-validate.mjs"
    config = NPM / "htmlvalidate.json"
    done = run([node(), script, "--config", config, "--formatter", "json", *files])
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
    done = run([node(), NPM / "caniemail.mjs", *files])
    if done.returncode:
        raise Missing("caniemail did not run to its end")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    allowed = _allowed()
    outside = {
        # One line tells of all mails that have it.
        (
            PLANTED if Path(one["file"]).stem == PLANTED else "a mail",
            f"{one['title']} in {one['client']} ({one['kind']})",
        )
        for one in found
        if not any(entry.covers(one) for entry in allowed)
    }
    ours = [one for one in found if Path(one["file"]).stem != PLANTED]
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
