"""How gunicorn is set up: what it logs, and whom it believes."""

import io
import logging
import re
import runpy
from pathlib import Path
from typing import Any

import pytest

CONFIG = Path(__file__).parent.parent / "gunicorn.conf.py"


def _config(monkeypatch: pytest.MonkeyPatch, **environ: str) -> dict[str, Any]:
    for name in ("WORD_AHEAD_DEMO", "PORT", "WEB_CONCURRENCY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(CONFIG))


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> tuple[logging.Logger, io.StringIO]:
    """A logger as gunicorn has it, and what it has written."""
    written = io.StringIO()
    logger = logging.Logger("gunicorn.error")
    logger.addHandler(logging.StreamHandler(written))
    logger.addFilter(_config(monkeypatch)["NoVisitors"]())
    return logger, written


def test_a_failed_request_leaves_neither_path_nor_words_in_the_log(
    log: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, written = log
    try:
        raise ValueError("Emma wrote this")
    except ValueError:
        logger.exception("Error handling request %s", "/confirm/token")
    assert written.getvalue() == "Request failed: ValueError\n"


def test_an_invalid_request_leaves_no_address_in_the_log(
    log: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, written = log
    logger.warning("Invalid request from ip=192.0.2.7: Invalid HTTP header: 'Emma'")
    assert written.getvalue() == "Invalid request\n"


def test_no_header_is_believed_about_where_a_request_came_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = _config(monkeypatch)
    believed = [config["forwarded_allow_ips"], config["forwarder_headers"]]
    assert believed == ["", ""]
    assert config["secure_scheme_headers"] == {}


@pytest.mark.parametrize(
    ("environ", "bind"),
    [
        ({}, "127.0.0.1:8000"),
        ({"PORT": "9000"}, "0.0.0.0:9000"),
        ({"WORD_AHEAD_DEMO": "1"}, "127.0.0.1:5000"),
        ({"WORD_AHEAD_DEMO": "1", "PORT": "9000"}, "127.0.0.1:9000"),
    ],
)
def test_only_a_platform_that_sets_a_port_reaches_it_from_outside(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], bind: str
) -> None:
    assert _config(monkeypatch, **environ)["bind"] == [bind]


def test_the_demo_is_one_process_and_a_host_chooses_how_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert _config(monkeypatch, WORD_AHEAD_DEMO="1")["workers"] == 1
    assert _config(monkeypatch, WEB_CONCURRENCY="3")["workers"] == 3


def test_whatever_a_host_copies_starts_the_app_by_its_own_door_and_not_by_gunicorns() -> None:
    """gunicorn reads WEB_CONCURRENCY while it is imported: a slip there would be a traceback."""
    root = CONFIG.parent
    names = ("README.md", "CONTRIBUTING.md", "Procfile", "Containerfile", "compose.yaml")
    files = [root / one for one in names]
    files += [one for one in (root / "docs").rglob("*") if one.suffix not in (".png", ".jpg")]
    texts = {one: one.read_text("utf-8") for one in files if one.is_file()}
    start = re.compile(r"(?:-m|bin/|exec|ExecStart=\S*|web:) *gunicorn\b|gunicorn +['\"]?webapp")
    assert [str(one) for one, text in texts.items() if start.search(text)] == []
    doors = [one.name for one, text in texts.items() if re.search(r"-m\W+webapp\b", text)]
    assert {"Procfile", "Containerfile", "word-ahead.service"} <= set(doors)


def test_the_demos_last_line_names_where_its_letters_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _config(monkeypatch, WORD_AHEAD_DEMO="1", PORT="9000")["when_ready"](None)
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "The form is at http://127.0.0.1:9000/"
    assert said[-1] == "Every letter goes to http://127.0.0.1:9000/outbox"
