"""A round by link, page by page: set up, answered, counted, decided; and what bad input is told."""

from __future__ import annotations

import json

from webapp.group.result import read_result

from .builders import english
from .direct import Host
from .direct import host as host
from .rounds import GROUP, MEMBERS, SECTION, Lead, Member, members

ASKED = [s.id for s in english().sections[SECTION].statement]
KINDER = "ask once, then wait a while, with no need to fill the silence."


def test_a_whole_round_by_link(host: Host) -> None:
    lead = Lead(host).is_invited()
    lead.starts()
    assert "The round is running" in lead.page.text
    group = members(host)
    for member in group[:6]:
        member.answers_all(2)
    for member in group[:4]:
        member.answers(1, "change", reasons=["order"], me=KINDER)
    assert lead.ends().page.heading == "What the group decided"
    got = lead.presses("json").page
    result = read_result(got.html, "r")
    decided = {d.sentence: d for d in result.decisions()}
    assert decided[ASKED[0]].decision == "open"
    assert decided[ASKED[1]].decision == "agreed"
    assert (result.by, result.ballots, result.shown) == (GROUP, 6, True)
    assert json.loads(got.html)["round"] == 1
    assert [w.me for w in decided[ASKED[0]].proposals] == [KINDER]
    assert Member(host, MEMBERS[0]).opens(group[0].link).page.status == 404
