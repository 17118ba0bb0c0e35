"""The start page on a slow telephone, as Lighthouse measures it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

from .. import browser
from .browsers import told
from .mail_tools import Missing, last_line, node, npm_modules, program, run, work_folder
from .nu_checker import npm_version
from .site import site
from .table import Row

# Of 100. The last depends on how busy this machine is, so the best of some tries counts.
_LEAST: Final = {"accessibility": 100, "best-practices": 100, "seo": 100, "performance": 95}
_TRIES: Final = 5
_SECONDS: Final = 300.0
# The telephone is this machine slowed down: four times where Lighthouse's own index of its speed
# is this, and less on a slower one (its docs/throttling.md, "Calibrating"), never less than not.
_SLOWER, _INDEX = 4.0, 2800.0


def main() -> list[Row]:
    """Measure the start page, and compare with what the design asks for."""
    return told("the start page on a telephone", _measured)


def _measured() -> list[Row]:
    chrome = browser.path() or program("chromium", "chromium")
    cli = npm_modules() / "lighthouse" / "cli" / "index.js"
    version = npm_version("lighthouse")
    best = dict.fromkeys(_LEAST, 0)
    tries, slower, why = 0, _SLOWER, ""
    while tries < _TRIES and _missed(best):
        tries += 1
        try:
            report = _report(chrome, [node(), cli], slower)
        except (Missing, subprocess.TimeoutExpired) as reason:
            why = str(reason)
            continue
        best = {name: max(best[name], score) for name, score in _scores(report).items()}
        slower = max(1.0, min(_SLOWER, _SLOWER * _index(report) / _INDEX))
    if not any(best.values()):
        raise Missing(why)
    figures = ", ".join(f"{name} {score}" for name, score in best.items())
    short = ", ".join(f"{name} below {_LEAST[name]}" for name in _missed(best))
    return [Row(f"the start page on a telephone: {figures}", f"Lighthouse {version}", tries, short)]


def _missed(scores: dict[str, int]) -> list[str]:
    return [name for name, least in _LEAST.items() if scores[name] < least]


def _report(chrome: str, lighthouse: list[Path], slower: float) -> dict[str, Any]:
    """What Lighthouse found; raises Missing if it found nothing, or TimeoutExpired."""
    with site() as here, work_folder() as folder:
        report = folder / "report.json"
        done = run(
            [
                *lighthouse,
                here.url,
                "--quiet",
                "--output=json",
                f"--output-path={report}",
                "--form-factor=mobile",
                f"--throttling.cpuSlowdownMultiplier={slower:.2f}",
                "--no-enable-error-reporting",
                f"--chrome-flags={' '.join(browser.FLAGS)}",
            ],
            seconds=_SECONDS,
            CHROME_PATH=chrome,
        )
        if not report.exists():
            raise Missing(f"Lighthouse gave no report: {last_line(done.stderr)}")
        found: dict[str, Any] = json.loads(report.read_text())
    return found


def _scores(report: dict[str, Any]) -> dict[str, int]:
    return {name: round(100 * (report["categories"][name]["score"] or 0)) for name in _LEAST}


def _index(report: dict[str, Any]) -> float:
    """How fast Lighthouse found this machine to be while it measured."""
    return float(report["environment"]["benchmarkIndex"])
