"""The app as the kill campaign serves it: everything real but the clock and the price of a code."""

from __future__ import annotations

import datetime
import os
import time
from dataclasses import dataclass
from pathlib import Path

from flask import Flask

from webapp import ROOT, create_app
from webapp.settings import from_environment

from ..direct import CHEAP, store_over

CLOCK_FILE = "CAMPAIGN_CLOCK"


@dataclass(frozen=True)
class AheadClock:
    """The real time, and as many seconds more as a file says: one for all processes."""

    file: Path

    def __call__(self) -> int:
        """UTC seconds."""
        return int(time.time()) + int(self.file.read_text())


def create() -> Flask:
    """The app for gunicorn; its environment is a host's own, and the file of the clock."""
    settings = from_environment(os.environ, ROOT / "instance")
    clock = AheadClock(Path(os.environ[CLOCK_FILE]))
    return create_app(
        settings,
        store=store_over(settings.database_url, settings, clock, cost=CHEAP),
        clock=lambda: datetime.datetime.fromtimestamp(clock(), datetime.UTC),
    )
