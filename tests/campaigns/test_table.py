"""The table of `make proof` hides nothing: no campaign, no tool that is not there, no break."""

from __future__ import annotations

import re
import sys
from types import SimpleNamespace

import pytest

from ..builders import ROOT
from .__main__ import BY_NAME_ALONE, PAGE, campaigns, chosen, main, page, tried
from .mail_tools import Missing, program
from .table import Row, printed


def test_a_kind_is_all_its_campaigns_and_nothing_named_is_all_but_the_longest() -> None:
    assert chosen([]) == [name for name in campaigns() if name not in BY_NAME_ALONE]
    assert chosen(["mutants"]) == ["mutants"]
    assert chosen(["pages", "kill", "pages_html"]) == [
        "pages_habits",
        "pages_html",
        "pages_lighthouse",
        "pages_looks",
        "kill",
    ]


def test_a_name_that_no_campaign_has_is_not_passed_over() -> None:
    with pytest.raises(SystemExit, match=r"no campaign “mial”, only .*mail_html"):
        chosen(["mial"])


def test_ci_tries_every_campaign_of_pages_mails_and_load() -> None:
    said = (ROOT / ".ci" / "run").read_text("utf-8")
    named = " ".join(re.findall(r'make proof ARGS="([a-z_ ]+)"', said)).split()
    assert set(chosen(["mail", "pages", "load", "fresh", "locks"])) <= set(chosen(named))
    assert {"mail_html", "mail_filters", "mail_servers"} < set(chosen(["mail"]))


def test_the_page_of_the_documents_lists_every_campaign() -> None:
    """Else: `python -m tests.campaigns --page`."""
    assert PAGE.read_text("utf-8") == page()


def _broken() -> list[Row]:
    raise ValueError("no port is free\nand more")


def _left_out() -> list[Row]:
    pytest.skip("no Chromium found")


def _idle() -> list[Row]:
    return [Row("all pages", "axe-core", 0)]


@pytest.mark.parametrize(
    ("campaign", "said"),
    [
        (_broken, "broke off: ValueError: no port is free"),
        (_left_out, "broke off: Skipped: no Chromium found"),
        (_idle, "nothing was tried"),
        (list, "nothing was tried"),
    ],
)
def test_what_was_not_tried_fell_short(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], campaign: object, said: str
) -> None:
    monkeypatch.setitem(sys.modules, "tests.campaigns.kill", SimpleNamespace(main=campaign))
    assert printed(tried("kill")).endswith(said)
    assert main(["kill"]) == 1
    assert capsys.readouterr().out.endswith(f"{said}\n")


def test_a_program_that_cannot_be_installed_is_missed_in_a_plain_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(Missing, match="exim4 is not installed, and only root of a Debian could"):
        program("exim4", "exim4")
