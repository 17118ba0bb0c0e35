"""A short kill campaign, so that the long one in `make proof` is never the first to know."""

from __future__ import annotations

from pathlib import Path

import pytest

from .kill import KILLS, KILLS_POSTGRESQL, kill_campaign
from .kill_figures import Figures
from .phases import PHASES, Run, wanted_phases
from .scan import scan
from .server import fresh_folder, postgresql

FEW = 22


@pytest.mark.campaign
def test_a_server_killed_while_it_sends_loses_no_letter_and_sends_none_twice() -> None:
    with fresh_folder() as folder:
        url = f"sqlite:///{folder / 'server' / 'db' / 'word-ahead.db'}"
        _holds(kill_campaign(FEW, url, folder / "server"))


@pytest.mark.campaign
def test_a_server_over_postgresql_neither() -> None:
    with postgresql() as (url, data), fresh_folder() as folder:
        _holds(kill_campaign(FEW, url, folder / "server", also=data))


def _holds(figures: Figures) -> None:
    assert not figures.falls_short
    assert {run.phase for run in figures.runs} >= {"before the claim", "dot there, 250 not said"}


@pytest.mark.parametrize("kills", [KILLS, KILLS_POSTGRESQL])
def test_every_phase_gets_its_share_of_kills(kills: int) -> None:
    wanted = wanted_phases(kills, 1)
    assert min(wanted.count(phase) for phase in PHASES) >= 20
    assert len(wanted) == kills


def test_a_kill_tells_nothing_of_its_letter() -> None:
    run = Run("random", "canary@vets.example.org", "canary", "canary", "canary")
    assert "canary" not in repr(run).replace(run.recipient, "")


@pytest.mark.parametrize("spelled", ["Canaryown", "\0c\0a\0n\0a\0r\0y\0", "Q2FuYXJ5"])
def test_the_scan_finds_what_is_there(tmp_path: Path, spelled: str) -> None:
    (tmp_path / "word-ahead.db").write_bytes(b"\x00\x01" + spelled.encode() + b"\x02")
    hits, _ = scan([tmp_path], [])
    assert hits == ["word-ahead.db"]
