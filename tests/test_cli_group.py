"""A host invites a coordinator: one command, one mail, and no address in any output."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from flask.cli import FlaskGroup

from webapp import create_app
from webapp.store.sealing import parse_code

from .mails import code_in, read
from .rounds import COORDINATOR, link_in, text_of
from .visitor import app_for


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {
        "WORD_AHEAD_DEMO": "1",
        "SECRET_KEY": "x" * 32,
        "DATABASE_URL": f"sqlite:///{tmp_path}/word-ahead.db",
        "MAIL_URL": f"outbox:{tmp_path}/outbox",
    }


def _invite(environ: dict[str, str], typed: str) -> Result:
    runner = app_for().test_cli_runner(env=environ)
    return runner.invoke(
        FlaskGroup(create_app=lambda: create_app()), ["group", "invite"], input=typed
    )


def test_one_invitation_goes_out_with_a_link_and_a_code(
    environ: dict[str, str], tmp_path: Path
) -> None:
    done = _invite(environ, f"{COORDINATOR}\n")
    assert (done.exit_code, "canary" in done.output) == (0, False)
    (mail,) = (read(path.read_bytes()) for path in (tmp_path / "outbox").glob("*.eml"))
    assert mail["To"] == COORDINATOR
    assert link_in(text_of(mail)).startswith("/group/")
    assert parse_code(code_in(mail))


def test_what_is_no_address_is_told_and_not_repeated(environ: dict[str, str]) -> None:
    done = _invite(environ, "canary at home\n")
    assert (done.exit_code, "canary" in done.output) == (2, False)


def test_a_host_without_mail_is_told_of_paper(environ: dict[str, str]) -> None:
    done = _invite(environ | {"MAIL_URL": "none"}, f"{COORDINATOR}\n")
    assert done.exit_code == 1
    assert "words ballot" in done.output
