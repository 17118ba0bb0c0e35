"""A round by link, page by page: set up, answered, counted, decided; and what bad input is told."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from webapp.errors import BallotError
from webapp.group.adoption import adopt
from webapp.group.ballots import FIRST_COLUMNS, votes_in
from webapp.group.result import Result, read_result
from webapp.letter.words import load
from webapp.post import Outcome
from webapp.post import Result as Sent
from webapp.store.database import DatabaseUnavailable
from webapp.web.coordinator.visit import Visit

from .builders import english
from .direct import DAY, DIRECT, Host, store_over
from .direct import host as host
from .rounds import COORDINATOR, GROUP, MEMBERS, SECTION, Lead, Member, members, text_of
from .test_group_rounds import filled
from .visitor import WITHOUT_MAIL, Visitor, make_app

ASKED = [s.id for s in english().sections[SECTION].statement]
KINDER = "ask once, then wait a while, with no need to fill the silence."
TEXTS = english().texts["group"]
# Enough texts for most tests, and fewer pages to open.
FEW = ASKED[:2]


@pytest.fixture
def lead(host: Host) -> Lead:
    return Lead(host).is_invited()


@pytest.fixture
def started(lead: Lead) -> Lead:
    return lead.starts(which=FEW)


def result(lead: Lead) -> Result:
    return read_result(lead.keeps("json"), "result.json")


def decisions(lead: Lead) -> dict[str, str]:
    return {one.sentence: one.decision for one in result(lead).decisions()}


def one_member(host: Host) -> Member:
    return Member(host, MEMBERS[0])


# ------------------------------------------------------------------ the whole way
def test_two_rounds_and_the_words_are_adopted(host: Host, lead: Lead, words: Path) -> None:
    asked = ASKED[:3]
    lead.starts(which=asked)
    for number, member in enumerate(members(host)[:6]):
        member.answers(1, "change", me=KINDER) if number < 3 else member.answers(1, "not")
        member.answers(2, "not")
        member.answers(3, "live")
    members(host)[0].misses("give me time.", "give Sam time.")
    lead.ends()
    (new,) = {d for d in decisions(lead) if d.startswith("new-")}
    assert decisions(lead) == {asked[0]: "open", asked[1]: "open", asked[2]: "agreed", new: "open"}
    lead.presses("setup", goes_on="yes")
    lead.presses("look", addresses=" ".join(MEMBERS), agreed="yes").presses("start")
    for member in members(host)[:6]:
        member.weighs(1, today="2", a="0", none="3")
        member.weighs(2, today="3", none="0")
        member.weighs(3, today="2", a="1")
    lead.ends()
    assert decisions(lead) == {
        **{asked[0]: "reworded", asked[1]: "dropped", asked[2]: "agreed", new: "added"},
    }
    lead.presses("host")
    (mail,) = host.to("hello@willow.example")
    adopt(read_result(text_of(mail), "mail.txt"), words.parent, "en")
    now = load(words).words("en").statements
    assert now[asked[0]].me == KINDER
    assert asked[1] not in now
    assert (now[new].me, now[new].them) == ("give me time.", "give {name} time.")
    assert {one.agreed.by for one in (now[asked[0]], now[asked[2]], now[new]) if one.agreed} == {
        GROUP
    }


def test_who_changes_their_mind_is_counted_once_and_as_they_last_said(
    host: Host, started: Lead
) -> None:
    group = members(host)
    for member in group[:5]:
        member.answers_all(2, "send")
    group[0].answers(1, "not").answers(1, "change").answers(1, "live")
    started.ends()
    first = result(started).sentence[0]
    assert first.votes
    assert (first.votes.yes, first.votes.against, result(started).ballots) == (5, 0, 5)


def test_leaving_out_is_an_answer_that_counts_for_nothing(host: Host, started: Lead) -> None:
    group = members(host)
    for member in group[:5]:
        member.answers_all(2, "send")
    group[0].answers(1, "")
    group[5].answers(1, "").answers(2, "")
    started.ends()
    found = result(started)
    assert found.ballots == 5
    assert found.sentence[0].votes
    assert found.sentence[0].votes.yes == 4


def test_paper_counts_beside_the_links(host: Host, started: Lead) -> None:
    for member in members(host)[:3]:
        member.answers_all(2)
    table = started.comes().keeps("table")
    assert next(iter(votes_in(table, "t").values()))[0].sentence == FEW[0]
    assert english().statements[FEW[0]].me in started.keeps("sheet")
    started.comes().presses("end", sure="yes")
    paper = table.replace(",,,,,\n", ",not,,,,\n")
    _count(started, paper)
    assert result(started).ballots == 4


def _count(lead: Lead, table: str) -> None:
    file = (io.BytesIO(table.encode()), "paper.csv")
    lead.posts(lead.link, {"code": lead.code, "do": "count", "paper": file})


def test_a_broken_row_on_paper_is_named_and_counts_nothing(host: Host, started: Lead) -> None:
    members(host)[0].answers_all(2)
    started.comes().presses("end", sure="yes")
    statement = english().statements[FEW[0]]
    row = {"sentence": FEW[0], "text": statement.me, "text about somebody": statement.them}
    for broken, told in (
        (filled(FIRST_COLUMNS, row | {"answer": "yes"}), "row 2: the answer is one of"),
        (filled(FIRST_COLUMNS, row | {"sentence": "other"}), "“other” is not asked"),
        (filled(FIRST_COLUMNS, row | {"text": "Another."}), "different texts"),
        ("\x00\x01", "missing"),
    ):
        _count(started, broken)
        assert (started.page.status, told in started.page.text) == (422, True), broken
    started.presses("count")
    assert result(started).ballots == 1


# ------------------------------------------------------------------ the coordinator
def test_the_invitation_says_nothing_and_shows_no_digit_on_a_lock_screen(
    host: Host, lead: Lead
) -> None:
    (mail,) = host.to(COORDINATOR)
    first = str(mail["Subject"]) + text_of(mail)[:140]
    assert not any(map(str.isdigit, first))
    assert english().condition.names[0] not in text_of(mail).lower()


def test_no_page_opens_without_the_code_and_no_get_tells_anything(host: Host, lead: Lead) -> None:
    lead.starts(which=FEW)
    there = lead.opens(lead.link).page
    nowhere = lead.opens("/group/" + "A" * 22).page
    assert there.text == nowhere.text
    wrong = f"{(int(lead.code.replace(' ', '')) + 1) % 10**6:06d}"
    for code, key in ((wrong, "wrong"), ("12", "digits"), ("", "digits")):
        page = lead.opens(lead.link).submits(lead.link, code=code).page
        assert (page.status, page.error_at("code")) == (422, TEXTS["code"][key])


def test_what_will_happen_stands_on_one_screen_before_any_mail(host: Host, lead: Lead) -> None:
    before = len(host.letters())
    lead.sets_up(MEMBERS[:4], which=FEW)
    for one in ("4 people", "2 texts", MEMBERS[3], "75 in 100", TEXTS["look"]["few"]):
        assert one in lead.page.text
    assert len(host.letters()) == before
    assert host.store.rounds.read(b"\0" * 32) is None


def test_five_members_and_more_are_not_told_that_they_are_few(host: Host, lead: Lead) -> None:
    assert TEXTS["look"]["few"] not in lead.sets_up(MEMBERS[:5], which=FEW).page.text


def test_every_slip_of_a_set_up_keeps_what_was_typed(host: Host, lead: Lead) -> None:
    page = lead.sets_up(MEMBERS[:2], which=FEW, days="99").page
    assert (page.status, set(page.summary())) == (422, {"addresses", "days"})
    assert page.soup.select_one(f"input[value={FEW[1]}][checked]")
    assert MEMBERS[1] in str(page.soup.select_one("#addresses"))


def test_an_unknown_section_leads_back_to_the_choice(host: Host, lead: Lead) -> None:
    assert lead.presses("setup", part="mars").page.heading == TEXTS["parts"]["heading"]
    assert lead.posts(lead.link, {"code": lead.code, "do": "start"}).page.status == 200
    assert not [mail for mail in host.letters() if mail["To"] in MEMBERS]


class _Bounces:
    """A relay that does not take mail for some people."""

    def __init__(self, host: Host, *refused: str) -> None:
        self._drawer = host.drawer
        self._refused = refused

    def send(self, mail: Any, *, seconds: float = 25.0) -> Outcome:
        if mail.recipient in self._refused:
            return Outcome(Sent.REFUSED, "rcpt", 550)
        return self._drawer.send(mail, seconds=seconds)

    def close(self) -> None:
        """Nothing is open."""


def test_where_a_mail_bounces_nothing_starts_and_the_address_is_named(
    host: Host, lead: Lead
) -> None:
    host.turns(post=_Bounces(host, MEMBERS[2]))
    lead.starts(which=FEW)
    assert lead.page.status == 422
    assert f"{MEMBERS[2]}. The round has not started" in lead.page.text
    assert one_member(host).opens(one_member(host).link).page.status == 404
    host.turns(post=host.drawer)
    lead.presses("look").presses("start")
    assert lead.page.heading == TEXTS["running"]["heading"]
    assert one_member(host).opens(one_member(host).link).page.status == 200


def test_a_group_has_a_quota_of_mails_of_its_own(host: Host, lead: Lead) -> None:
    host.limits(group_day=3, own_day=0, site_hour=0)
    lead.starts(which=FEW)
    assert (lead.page.status, "has not started" in lead.page.text) == (422, True)
    host.limits(group_day=50, own_day=0, site_hour=0)
    assert lead.presses("look").presses("start").page.heading == TEXTS["running"]["heading"]


def test_pressed_twice_it_starts_once(host: Host, lead: Lead) -> None:
    lead.sets_up(which=FEW)
    fields = dict(_fields(lead))
    lead.presses("start")
    mails = len(host.letters())
    one_member(host).answers(1, "send")
    lead.posts(lead.link, fields | {"do": "start"})
    assert (lead.page.heading, len(host.letters())) == (TEXTS["running"]["heading"], mails)
    assert one_member(host).opens(one_member(host).link + "/end").page.text.count("1 of 2")


def _fields(lead: Lead) -> Iterator[tuple[str, str]]:
    for one in lead.page.soup.select("main input[name]"):
        yield str(one["name"]), str(one.get("value", ""))


def test_a_press_that_comes_late_starts_nothing_twice_and_counts_nothing_away(
    host: Host, lead: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead.sets_up(which=FEW[:1])
    fields = dict(_fields(lead))
    with monkeypatch.context() as patch:
        # What a second press had read before the first one was done.
        patch.setattr(Visit, "runs", property(lambda self: False))
        lead.posts(lead.link, fields | {"do": "start"})
        mails = len(host.letters())
        one_member(host).answers(1, "send")
        lead.posts(lead.link, fields | {"do": "start"})
        assert len(host.letters()) == mails
    lead.ends()
    assert result(lead).ballots == 1
    with monkeypatch.context() as patch:
        patch.setattr(Visit, "runs", property(lambda self: True))
        lead.posts(lead.link, {"code": lead.code, "do": "count"})
    lead.comes()
    assert result(lead).ballots == 1


def test_everybody_is_reminded_once_without_a_link(host: Host, started: Lead) -> None:
    started.comes().presses("remind")
    started.posts(started.link, {"code": started.code, "do": "remind"})
    for address in MEMBERS:
        first, reminder = host.to(address)
        assert "/round/" not in text_of(reminder)
        assert str(first["Subject"]) in text_of(reminder)


def test_ending_early_takes_a_tick_and_no_result_comes_before_its_time(
    host: Host, started: Lead
) -> None:
    one_member(host).answers_all(2)
    assert started.comes().presses("end").page.status == 422
    for do in ("count", "json", "csv", "host", "forget"):
        started.posts(started.link, {"code": started.code, "do": do, "sure": "yes"})
        assert "send it" not in started.page.text.lower().replace("i would send it", "x")
        assert "attachment" not in str(started.page.headers)
    assert one_member(host).opens(one_member(host).link).page.status == 200


def test_when_its_time_is_over_the_round_is_counted(host: Host, started: Lead) -> None:
    for member in members(host)[:5]:
        member.answers_all(2)
    late = one_member(host)
    late.opens(f"{late.link}/1")
    host.clock.forward(8 * DAY)
    late.submits(late.page.path, answer="not", why="Too late, alas")
    assert (late.page.status, late.page.heading) == (410, TEXTS["member"]["ended_heading"])
    assert "Too late, alas" in late.page.text
    started.comes().presses("count")
    assert result(started).sentence[0].votes
    assert late.opens(late.link).page.status == 404


def test_nobody_answered_and_it_can_be_set_up_again(host: Host, started: Lead) -> None:
    assert started.ends().page.heading == TEXTS["result"]["nobody_heading"]
    started.presses("parts")
    assert started.page.heading == TEXTS["parts"]["heading"]
    assert started.starts(which=FEW).page.heading == TEXTS["running"]["heading"]


def test_all_of_it_can_be_deleted(host: Host, started: Lead) -> None:
    one_member(host).answers_all(2)
    started.ends().presses("forget")
    assert started.page.status == 422
    started.presses("forget", sure="yes")
    assert started.page.heading == TEXTS["result"]["forgotten_heading"]
    assert started.comes().page.error_at("code") == TEXTS["code"]["wrong"]
    assert "Canary" not in str(host.held())


def test_a_result_can_be_kept_as_text_table_and_file(host: Host, started: Lead) -> None:
    for member in members(host)[:5]:
        member.answers_all(2)
    started.ends()
    for kind, holds in (("text", "agreed (5 for"), ("csv", f"{FEW[0]},agreed,5,0,")):
        assert holds in started.comes().keeps(kind)


# ------------------------------------------------------------------ a member
def test_a_members_mail_says_nothing_of_a_condition_or_a_group(host: Host, started: Lead) -> None:
    (mail,) = host.to(MEMBERS[0])
    whole = str(mail["Subject"]) + text_of(mail)
    assert not host.services.wall("en").names_in(whole)
    assert GROUP not in whole


def test_every_link_is_another_one(host: Host, started: Lead) -> None:
    assert len({member.link for member in members(host)}) == len(MEMBERS)


def test_one_text_stands_in_its_letter_and_can_be_seen_in_another(
    host: Host, started: Lead
) -> None:
    member = one_member(host)
    path = f"{member.link}/1"
    member.opens(path)
    assert member.page.text.count("1 of 2") >= 1
    marked = member.page.soup.select_one(".letter mark")
    assert marked
    assert marked.get_text() == english().statements[FEW[0]].me
    before = host.store.rounds.look(member.link.rpartition("/")[2])
    member.submits(
        path, look="yes", voice="child", level="needs", situation="school", answer="not", why="Hm"
    )
    assert "Selective" not in member.page.letter()
    assert member.page.soup.select_one("input[value=not][checked]")
    assert "Hm" in member.page.text
    assert host.store.rounds.look(member.link.rpartition("/")[2]) == before
    member.submits(path, answer="send", go="next")
    assert member.page.path == f"{member.link}/2"
    assert member.page.soup.select_one("option[value=child][selected]")


def test_back_pause_and_return_lose_nothing(host: Host, started: Lead) -> None:
    member = one_member(host)
    member.opens(f"{member.link}/2").submits(f"{member.link}/2", answer="live", go="previous")
    assert member.page.path == f"{member.link}/1"
    member.submits(member.page.path, answer="change", why="For later", go="pause")
    assert member.page.path == f"{member.link}/end"
    again = Member(host, MEMBERS[0])
    assert "For later" in again.opens(f"{member.link}/1").page.text
    assert again.opens(f"{member.link}/2").page.soup.select_one("input[value=live][checked]")


def test_a_get_changes_nothing_and_a_scanner_that_presses_every_button_votes_for_nobody(
    host: Host, started: Lead
) -> None:
    member = one_member(host)
    for path in ("", "/1", "/2", "/missing", "/end", "/99"):
        page = member.opens(member.link + path).page
        for form in page.soup.select("main form"):
            for button in form.select("button"):
                name = str(button.get("name", ""))
                fields = {name: str(button.get("value", ""))} if name else {}
                member.opens(member.link + path).submits(str(form["action"]), **fields)
    started.ends()
    assert started.page.heading == TEXTS["result"]["nobody_heading"]


@pytest.mark.parametrize(
    ("fields", "field", "key"),
    [
        ({"me": "see www.evil.example now."}, "me", "contact"),
        ({"me": "ask {boss} once."}, "me", "placeholder"),
        ({"me": "wait, since I freeze."}, "me", "level_needs"),
        ({"them": "wait when they are ready."}, "them", "they"),
        ({"why": "ring 07700 900123"}, "why", "why_contact"),
        ({"why": "w" * 601}, "why", "why_long"),
    ],
)
def test_a_wording_that_cannot_be_taken_is_told_why_and_kept(
    host: Host, started: Lead, fields: dict[str, str], field: str, key: str
) -> None:
    member = one_member(host).answers(1, "change", **fields)
    assert member.page.status == 422
    assert member.page.error_at(field).startswith(TEXTS["faults"][key].partition("{")[0])
    assert next(iter(fields.values())) in member.page.text
    assert member.page.soup.select_one("input[value=change][checked]")
    started.ends()
    assert started.page.heading == TEXTS["result"]["nobody_heading"]


def test_a_word_for_another_level_is_refused_in_a_new_sentence_too(
    host: Host, started: Lead
) -> None:
    member = one_member(host).misses("Ask me twice.")
    assert (member.page.status, member.page.error_at("me")) == (422, TEXTS["faults"]["ends"])
    for number in range(3):
        member.misses(f"give me time and space{'.' if not number else f', {number}.'}")
    assert member.page.text.count("Take it out") == 3
    fourth = {"me": "give me ink.", "them": "give ink."}
    page = member.posts(f"{member.link}/missing", fourth).page
    assert (page.status, TEXTS["missing"]["full"] in page.text) == (422, True)


def test_two_phones_that_answer_the_same_text_are_told(host: Host, started: Lead) -> None:
    one, other = Member(host, MEMBERS[0]), Member(host, MEMBERS[0])
    path = f"{one.link}/1"
    one.opens(path)
    other.answers(1, "not", why="From the other phone")
    one.submits(path, answer="change", why="From this phone", go="next")
    assert (one.page.status, TEXTS["question"]["other"] in one.page.text) == (409, True)
    assert "From this phone" in one.page.text
    one.submits(path, go="next", answer="change")
    assert one.page.path == f"{one.link}/2"
    assert "From this phone" in one.opens(path).page.text


def test_two_phones_that_answer_two_texts_lose_neither(host: Host, started: Lead) -> None:
    one, other = Member(host, MEMBERS[0]), Member(host, MEMBERS[0])
    one.opens(f"{one.link}/1")
    other.opens(f"{one.link}/2")
    one.submits(f"{one.link}/1", answer="send", go="pause")
    other.submits(f"{one.link}/2", answer="not", go="pause")
    assert "2 of 2" in one.opens(f"{one.link}/end").page.text


@pytest.mark.parametrize(
    ("link", "key"), [("/round/" + "A" * 22, "gone"), ("/round/abc", "cut"), ("/round/é", "cut")]
)
def test_a_link_that_opens_nothing_says_what_may_have_happened(
    host: Host, started: Lead, link: str, key: str
) -> None:
    page = one_member(host).opens(link).page
    assert (page.status, page.heading) == (404, TEXTS["member"][f"{key}_heading"])


def test_what_a_mail_program_left_at_the_end_of_a_link_is_no_matter(
    host: Host, started: Lead
) -> None:
    member = one_member(host)
    assert member.opens(f"{member.link}.").page.status == 200


def test_a_database_that_is_away_in_mid_vote_loses_no_word(
    host: Host, started: Lead, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = one_member(host)
    member.opens(f"{member.link}/1")

    def away(*_: object) -> None:
        raise DatabaseUnavailable("away")

    with monkeypatch.context() as patch:
        patch.setattr(type(host.store.rounds), "change", away)
        member.submits(member.page.path, answer="change", why="Not lost")
    assert (member.page.status, TEXTS["question"]["away"] in member.page.text) == (503, True)
    assert "Not lost" in member.page.text
    member.submits(member.page.path, go="pause")
    assert "1 of 2" in member.page.text


def test_words_that_change_while_a_round_runs_change_no_ballot(
    host: Host, started: Lead, words: Path
) -> None:
    file = words / "en" / "statements" / f"{SECTION}.toml"
    today = english().statements[FEW[0]].me
    file.write_text(file.read_text("utf-8").replace(today, "ask me once."), "utf-8")
    host.turns(library=load(words))
    member = one_member(host)
    assert today in member.opens(f"{member.link}/1").page.letter()
    for one in members(host)[:3]:
        one.answers_all(2)
    started.ends()
    with pytest.raises(BallotError, match="has changed since the group saw it"):
        adopt(result(started), words.parent, "en")
    assert "ask me once." in file.read_text("utf-8")


def test_a_host_without_mail_has_no_rounds_by_link() -> None:
    for path in ("/group/" + "A" * 22, "/round/" + "A" * 22):
        page = Visitor(make_app(WITHOUT_MAIL), WITHOUT_MAIL.public_url).opens(path).page
        assert page.status == 404


def test_a_restart_at_any_moment_goes_on_where_it_was(host: Host, started: Lead) -> None:
    for member in members(host)[:3]:
        member.answers(1, "send")
    opens_again(host)
    for member in members(host)[:3]:
        assert "1 of 2" in member.opens(f"{member.link}/end").page.text
        member.answers(2, "send")
    started.comes().presses("end", sure="yes")
    opens_again(host)
    started.comes().presses("count")
    assert result(started).ballots == 3


def opens_again(host: Host) -> None:
    """The same database in a new process."""
    host.close()
    store = store_over(host.url, DIRECT, host.clock)
    store.start()
    host.turns(store=store)


def test_headings_openings_and_replies_are_decided_and_adopted(
    host: Host, lead: Lead, words: Path
) -> None:
    changed = {
        "openings": ("work-opening", "I am writing about how we can work well together."),
        "replies": ("work-reply-1", "“All of it is fine”"),
    }
    for part, (piece, wording) in changed.items():
        lead.starts(part=part, which=[piece])
        for member in members(host)[:5]:
            member.answers(1, "change", me=wording)
        lead.ends().presses("setup", goes_on="yes")
        lead.presses("look", addresses=" ".join(MEMBERS), agreed="yes").presses("start")
        for member in members(host)[:5]:
            member.weighs(1, today="3", a="0")
        lead.ends()
        adopt(result(lead), words.parent, "en")
        lead.comes().presses("parts")
    work = load(words).words("en").situations["work"]
    assert work.opening.me == changed["openings"][1]
    assert work.opening.agreed
    assert (work.replies[0].label, work.replies[0].agreed is None) == (
        changed["replies"][1],
        False,
    )
