"""A host keeps a reader's wish for no more letters, without their address in a shell's history."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from flask.cli import FlaskGroup

from webapp import create_app
from webapp.settings import from_environment
from webapp.store.opening import open_store

from .visitor import app_for

MANAGER = "patel@vets.example.org"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    url = f"sqlite:///{tmp_path}/word-ahead.db"
    return {"WORD_AHEAD_DEMO": "1", "DATABASE_URL": url, "SECRET_KEY": "x" * 32}


def _block(environ: dict[str, str], typed: str) -> Result:
    runner = app_for().test_cli_runner(env=environ)
    return runner.invoke(FlaskGroup(create_app=lambda: create_app()), ["block"], input=typed)


def test_a_blocked_address_gets_nothing_more(environ: dict[str, str], tmp_path: Path) -> None:
    settings = from_environment(environ, tmp_path)
    store = open_store(
        settings.database_url, settings.keys, settings.limits, settings.waiting_hours
    )
    store.start()
    result = _block(environ, f"{MANAGER}\n")
    assert (result.exit_code, MANAGER in result.output) == (0, False)
    assert store.ledger.is_blocked(MANAGER)
    assert not store.ledger.is_blocked("somebody@vets.example.org")


def test_what_is_no_address_is_told_and_not_repeated(environ: dict[str, str]) -> None:
    result = _block(environ, "patel at vets\n")
    assert result.exit_code == 2
    assert "patel" not in result.output
