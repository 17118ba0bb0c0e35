"""The table in docs/hosting.md: what a relay says, then page, log and the next press."""

from __future__ import annotations

import re
from typing import Final

import pytest

from .builders import ROOT
from .direct import CANARY, MANAGER, Host, Writer, told
from .fault_server import Act, Faults
from .sending import ready_to_send, relay_with, tick_of

_STEPS: Final = {
    "EHLO": "ehlo",
    "MAIL": "mail",
    "RCPT": "rcpt",
    "DATA": "data",
    "the final dot": "dot",
}
# What the page has, and what it has not.
_PAGES: Final = {
    "the address was not accepted": ("refused", "refused_mail"),
    "not sent": ("not_sent", "refused"),
    "not sent, the address may be right": ("refused_mail", "refused"),
    "perhaps sent": ("uncertain_heading", "not_sent"),
}


def _rows() -> list[tuple[str, ...]]:
    text = (ROOT / "docs" / "hosting.md").read_text("utf-8")
    table = text.partition("| At | The relay | The page |")[2].partition("\n\n")[0]
    lines = table.splitlines()[2:]
    return [tuple(cell.strip(" `") for cell in line.strip("|").split(" | ")) for line in lines]


def _faults(at: str, says: str) -> Faults:
    act = Act.HANG_UP if says == "*hangs up*" else f"{says}\r\n".encode()
    return {_STEPS[at]: act}


ROWS: Final = _rows()


def test_the_table_has_every_kind_of_fault() -> None:
    assert len(ROWS) >= 15
    assert {row[0] for row in ROWS} == set(_STEPS)
    assert {row[2] for row in ROWS} == set(_PAGES)


@pytest.mark.parametrize(("at", "says", "page", "log", "then"), ROWS)
def test_page_log_and_next_press_are_as_the_table_says(  # noqa: PLR0913  the table's columns
    emma: Writer,
    host: Host,
    caplog: pytest.LogCaptureFixture,
    at: str,
    says: str,
    page: str,
    log: str,
    then: str,
) -> None:
    ready_to_send(emma)
    caplog.clear()
    with relay_with(host, _faults(at, says)):
        emma.sends()
    says_so, says_not = _PAGES[page]
    assert told(says_so) in emma.page.text
    assert told(says_not) not in emma.page.text
    assert CANARY["own_words"] in emma.page.text
    assert re.findall(r"event=relay-failed (.*)", caplog.text) == [log]
    host.posts_by(host.drawer)
    if then.startswith("none"):
        assert not emma.page.soup.find("button", attrs={"name": "send"})
    else:
        emma.sends(again=tick_of(emma)) if "tick" in then else emma.sends()
        assert emma.page.heading == told("sent_heading")
    assert len(host.to(MANAGER)) == then.startswith("sends")
