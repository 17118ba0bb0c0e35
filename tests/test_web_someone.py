"""To whom a letter goes straight, and the yes to that: nothing is agreed by itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from webapp import create_app
from webapp.delivery.envelope import envelope_for, envelope_seal
from webapp.delivery.shown import LetterChanged
from webapp.delivery.to_person import ConsentMissing, ask_for_yes
from webapp.delivery.within_limits import MailNotOffered
from webapp.rendering.templates import MailTemplates
from webapp.settings import from_environment

from .builders import library
from .direct import (
    DIRECT,
    EMMA,
    EMMAS_BROWSER,
    MANAGER,
    NAME,
    Host,
    Writer,
    another_release,
    make_order,
    told,
)
from .letter_page import parse, visible_text
from .mails import AWKWARD_NAMES, bodies
from .visitor import DEMO, Drawer, Page, Visitor, make_app

FIELDS = {"recipient_name": NAME, "recipient_email": MANAGER, "email": EMMA, "may": "me"}


def _ticked(page: Page) -> list[str]:
    return [str(one["name"]) for one in page.soup.select("input[checked]")]


def _consent(page: Page) -> str:
    found = page.soup.select_one("label:has(#consent)")
    return " ".join(found.get_text(" ").split()) if found else ""


def _kept(page: Page) -> dict[str, str]:
    return {str(one.get("name")): str(one.get("value", "")) for one in page.soup.select("input")}


def _subject(page: Page) -> str:
    rows = {row.dt.get_text(): row.dd.get_text() for row in page.soup.select("dl.head div")}  # type: ignore[union-attr]
    return rows["Subject"]


def _nothing_happened(host: Host) -> bool:
    return host.rows() == 0 and not host.drawer.mails


# Where it is offered.


def test_the_check_page_offers_it_apart_from_the_letter_to_oneself(emma: Writer) -> None:
    offer = emma.reaches_check().page.soup.select_one("button[value='/letter/someone']")
    assert offer
    assert not offer.find_parent("form")


@pytest.mark.parametrize("off", [{"direct_send": "off"}, {"mail": None}])
def test_a_host_that_does_not_offer_it_has_neither_button_nor_page(off: dict[str, Any]) -> None:
    emma = Visitor(make_app(replace(DEMO, **off))).reaches_check()
    assert "/letter/someone" not in emma.page.html
    assert emma.opens("/letter/someone").page.path == "/letter/check"


@pytest.mark.parametrize(
    ("environ", "mode", "why"),
    [
        ({}, "off", "no-DATABASE_URL"),
        ({"DATABASE_URL": "sqlite:///{}/x.db", "DIRECT_SEND": "off"}, "off", "DIRECT_SEND=off"),
        ({"DATABASE_URL": "sqlite:///{}/x.db"}, "off", "DIRECT_SEND=off"),
        ({"DATABASE_URL": "sqlite:///{}/x.db", "DIRECT_SEND": "on"}, "on", ""),
    ],
)
def test_without_a_database_that_lasts_it_is_off_and_the_log_says_why(
    environ: dict[str, str], mode: str, why: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """R45."""
    usual = {
        "SECRET_KEY": "a-secret-of-the-tests-of-forty-characters",
        "PUBLIC_URL": "https://letters.example",
    }
    usual |= {
        "HOST_NAME": "We",
        "MAIL_URL": "smtp://localhost:1025",
        "MAIL_FROM": "letters@wordahead.example",
    }
    environ = {name: value.format(tmp_path) for name, value in environ.items()}
    settings = from_environment(usual | {"HOST_CONTACT": "us@host.example"} | environ, tmp_path)
    create_app(settings, library=library())
    assert settings.direct_send == mode
    assert [why] * bool(why) == [
        m.rpartition("reason=")[2] for m in caplog.messages if "reason=" in m
    ]


@pytest.mark.parametrize("level", ["described", "needs"])
@pytest.mark.parametrize(
    ("setting", "value", "why"),
    [
        ("public_url", "http://selective-mutism.localhost:5000", "someone_wall"),
        ("mail_from", "letters@selectivemutism.example", "wall_mail_cure"),
    ],
)
def test_a_host_whose_own_address_names_the_condition_offers_it_only_at_named(
    setting: str, value: str, why: str, level: str
) -> None:
    named: dict[str, Any] = {setting: value}
    settings = replace(DIRECT, **named)
    app = make_app(settings, post=Drawer())
    emma = Visitor(app, settings.public_url).reaches_check(level=level)
    assert "/letter/someone" not in emma.page.html
    assert told(why, "check") in emma.page.text
    emma = Visitor(app, settings.public_url).reaches_check(level="named")
    assert "/letter/someone" in emma.page.html


def test_words_that_name_the_condition_are_asked_about_before_a_person_is(emma: Writer) -> None:
    emma.reaches_check(level="needs", more={"own_words": "My selective mutism."})
    assert "/letter/someone" not in emma.page.html
    assert emma.opens("/letter/someone").page.path == "/letter/check"


# To whom.


@pytest.mark.parametrize(
    ("field", "typed", "error"),
    [
        ("recipient_name", "", "recipient_name_missing"),
        ("recipient_name", "see evil.com", "contact"),
        ("recipient_name", "x" * 81, "recipient_name_too_long"),
        ("recipient_email", "", "recipient_email_missing"),
        ("recipient_email", "a@b.example.org, c@d.example.org", "email_two"),
        ("recipient_email", "a@b.example.org\nBcc: eve", "email_malformed"),
        ("recipient_email", "mänager@vets.example.org", "email_letters"),
        ("email", "emma", "email_malformed"),
        ("may", None, "may_missing"),
    ],
)
def test_what_is_typed_wrong_gets_one_plain_sentence_and_keeps_the_rest(
    emma: Writer, field: str, typed: str | None, error: str
) -> None:
    emma.reaches_check().opens("/letter/someone")
    emma.submits("/letter/someone", **(FIELDS | {field: typed}))
    assert emma.page.status == 422
    assert told(error, "errors") in emma.page.error_at(field)
    assert {**_kept(emma.page), field: ""}.items() >= {**FIELDS, field: ""}.items()
    assert _nothing_happened(emma.host)


def test_a_likely_slip_in_the_persons_address_is_asked_about_once(emma: Writer) -> None:
    emma.reaches_check()
    emma.names("manager@gmial.com")
    assert "Did you mean manager@gmail.com?" in emma.page.text
    emma.submits("/letter/someone", may="me")
    assert "manager@gmial.com" in _consent(emma.page)


def test_an_own_address_that_names_the_condition_is_asked_about_below_named(emma: Writer) -> None:
    emma.reaches_check(level="needs")
    emma.names(email="selectivemutism@home.example.org")
    assert told("ask_named", "check") in emma.page.text
    emma.submits("/letter/someone", may="me")
    assert _consent(emma.page)


@pytest.mark.parametrize("level", ["described", "needs"])
def test_a_readers_name_that_names_the_condition_is_asked_about_once(
    emma: Writer, host: Host, level: str
) -> None:
    name = "Ms Patel, Selective Mutism lead"
    emma.reaches_check(level=level).opens("/letter/someone")
    emma.submits("/letter/someone", **(FIELDS | {"recipient_name": name}))
    assert emma.page.status == 422
    assert "“Selective Mutism”. That names the condition" in emma.page.text
    assert _kept(emma.page).items() >= (FIELDS | {"recipient_name": name}).items()
    assert _ticked(emma.page) == ["may"]
    emma.submits("/letter/someone")
    assert name in _consent(emma.page)
    emma.agrees().types().sends()
    assert host.to(MANAGER)


def test_a_readers_name_that_is_changed_is_asked_about_no_more(emma: Writer) -> None:
    emma.reaches_check(level="needs")
    emma.names(name="Selective-mutism team").submits("/letter/someone", recipient_name=NAME)
    assert NAME in _consent(emma.page)


def test_a_keep_holds_for_the_names_that_were_asked_about_and_no_others(emma: Writer) -> None:
    emma.reaches_check(level="needs")
    emma.names(name="Selective Mutism lead")
    emma.submits("/letter/someone", recipient_name="SMiRA lead")
    assert "“SMiRA”. That names the condition" in emma.page.text
    emma.submits("/letter/someone", recipient_name="Ms Patel, Selective Mutism lead")
    assert _consent(emma.page)


def test_a_readers_name_may_name_what_the_letter_names(emma: Writer) -> None:
    emma.reaches_check(level="named")
    assert _consent(emma.names(name="Selective Mutism lead").page)


def test_a_level_that_another_tab_lowered_asks_about_the_readers_name(emma: Writer) -> None:
    emma.reaches_check(level="named")
    consent = emma.names(name="Selective Mutism lead").page
    emma.opens("/letter/how-much").says("needs")
    emma.page = consent
    assert "“Selective Mutism”. That names the condition" in emma.agrees().page.text
    assert _nothing_happened(emma.host)


def test_both_addresses_are_shown_large_before_anything_goes(emma: Writer) -> None:
    emma.reaches_check()
    emma.names("Manager+x@VETS.example.org")
    large = [one.get_text() for one in emma.page.soup.select("dl.head strong.big")]
    assert large == ["Manager+x@vets.example.org", EMMA]


@pytest.mark.parametrize(
    ("address", "goes"),
    [
        ("manager@vets.example.org", True),
        ("manager@VETS.Example.ORG", True),
        ("manager@leeds.vets.example.org", True),
        ("manager@notvets.example.org", False),
        ("manager@example.org", False),
        ("vets.example.org@evil.example.net", False),
    ],
)
def test_an_allow_list_takes_its_domains_and_what_is_under_them(
    host: Host, address: str, goes: bool
) -> None:
    only = replace(DIRECT, direct_send="allowlist", direct_send_domains=("vets.example.org",))
    host.turns(settings=only)
    emma = Writer(host)
    emma.reaches_check()
    assert bool(_consent(emma.names(address).page)) is goes
    assert (told("recipient_email_not_allowed", "errors") in emma.page.text) is not goes


def test_the_allow_list_is_asked_again_where_the_letter_is_sealed(host: Host) -> None:
    only = replace(DIRECT, direct_send="allowlist", direct_send_domains=("other.example.org",))
    host.turns(settings=only)
    envelope = envelope_for(make_order(), host.services)
    seal = envelope_seal(envelope, host.services)
    with pytest.raises(MailNotOffered):
        ask_for_yes(envelope, seal, EMMAS_BROWSER, host.services, agreed=True)
    assert _nothing_happened(host)


# The yes.


def test_nothing_is_ticked_beforehand(emma: Writer) -> None:
    emma.reaches_check()
    assert _ticked(emma.opens("/letter/someone").page) == []
    assert _ticked(emma.names().page) == []


@pytest.mark.parametrize(
    ("voice", "says"),
    [
        ("me", "may_me"),
        ("child", "may_child"),
        ("supported", "may_supported"),
    ],
)
def test_each_voice_has_its_own_tick_and_nothing_goes_without_it(
    emma: Writer, voice: str, says: str
) -> None:
    emma.reaches_check(voice=voice).opens("/letter/someone")
    assert told(says, "someone") in emma.page.text
    emma.submits("/letter/someone", **(FIELDS | {"may": None}), consent="yes", shown="x")
    assert emma.page.status == 422
    assert _nothing_happened(emma.host)


@pytest.mark.parametrize(("first", "then"), [("me", "supported"), ("child", "me")])
def test_a_tick_is_no_yes_to_the_sentence_of_another_voice(
    emma: Writer, first: str, then: str
) -> None:
    emma.reaches_check(voice=first).opens("/letter/someone")
    ticked = emma.page
    emma.opens("/letter/how-much").says(voice=then, name="Sam")
    emma.page = ticked
    emma.submits("/letter/someone", **(FIELDS | {"may": first}))
    assert told("may_missing", "errors") in emma.page.error_at("may")
    assert told(f"may_{then}", "someone") in emma.page.text
    assert _ticked(emma.page) == []
    assert _kept(emma.page)["recipient_email"] == MANAGER
    emma.submits("/letter/someone", may=then)
    assert _consent(emma.page)


@pytest.mark.parametrize("press", [{"consent": "yes"}, {"change": "yes"}])
def test_a_voice_that_changed_beside_the_consent_page_is_ticked_for_anew(
    emma: Writer, press: dict[str, str]
) -> None:
    emma.reaches_check()
    consent = emma.names().page
    emma.opens("/letter/how-much").says(voice="supported", name="Sam")
    emma.page = consent
    emma.submits("/letter/someone", **press)
    assert told("may_supported", "someone") in emma.page.text
    assert _ticked(emma.page) == []
    assert _nothing_happened(emma.host)


def test_change_these_keeps_the_tick_of_the_same_voice(emma: Writer) -> None:
    emma.reaches_check(voice="child")
    emma.names().submits("/letter/someone", change="yes")
    assert _ticked(emma.page) == ["may"]


@pytest.mark.parametrize("said", ["0", "no", "yes", "on", "ME", "me,child"])
def test_only_the_value_of_that_box_is_a_tick(emma: Writer, said: str) -> None:
    emma.reaches_check().opens("/letter/someone")
    emma.submits("/letter/someone", **(FIELDS | {"may": said}))
    assert emma.page.status == 422
    assert told("may_missing", "errors") in emma.page.error_at("may")


@pytest.mark.parametrize(
    ("voice", "level", "learn"),
    [
        ("me", "named", "It says that I have Selective Mutism, and what helps me."),
        ("me", "described", "It says how speaking affects me, and what helps me."),
        ("me", "needs", "It says what helps me to communicate."),
        ("child", "named", "It says that Emma has Selective Mutism, and what helps."),
        ("supported", "described", "It says how speaking affects Emma, and what helps."),
        ("supported", "needs", "It says what helps Emma to communicate."),
    ],
)
def test_the_consent_names_host_person_and_what_they_learn(
    emma: Writer, voice: str, level: str, learn: str
) -> None:
    emma.reaches_check(voice=voice, level=level)
    said = _consent(emma.names().page)
    assert said.startswith(
        f"I agree that this letter goes once to {NAME}, {MANAGER}. {learn} "
        "I can cancel it until I press Send."
    )
    assert said.endswith("It is sent by: The Willow Group.")


def test_below_named_the_consent_leaves_out_a_host_that_names_the_condition(host: Host) -> None:
    host.turns(settings=replace(DIRECT, host_name="Selective Mutism Leeds"))
    emma = Writer(host)
    emma.reaches_check(level="needs")
    assert _consent(emma.names().page).endswith("It is sent by: Word Ahead.")


def test_the_consent_page_shows_the_very_letter_and_its_head(emma: Writer, host: Host) -> None:
    emma.reaches_check()
    shown = emma.names().page
    emma.agrees().types().sends()
    (letter,) = host.to(MANAGER)
    head = shown.soup.select_one("dl.head")
    assert head
    assert all(str(letter[part]) in head.get_text() for part in ("Subject", "To", "Reply-To"))
    _, html = bodies(letter.as_bytes())
    assert visible_text(parse(html)) == shown.letter().replace(f"{EMMA} .", f"{EMMA}.")


@pytest.mark.parametrize("name", AWKWARD_NAMES)
def test_consent_and_confirm_pages_show_the_subject_that_is_sent(
    emma: Writer, host: Host, name: str
) -> None:
    emma.reaches_check(name=name)
    pages = [emma.names().page, emma.agrees().types().page]
    emma.sends()
    (letter,) = host.to(MANAGER)
    assert [_subject(one) for one in pages] == [letter["Subject"]] * 2


def test_a_subject_that_the_group_made_longer_is_shown_as_it_is_sent(
    emma: Writer, host: Host, tmp_path: Path
) -> None:
    release = another_release(tmp_path / "release")
    file = tmp_path / "release" / "letter" / "subject.txt"
    file.write_text("A letter to read before we meet for the first time. {{ letter.subject }}")
    host.turns(**release | {"templates": MailTemplates.load(tmp_path / "release")})
    emma.reaches_check()
    shown = _subject(emma.names().page)
    emma.agrees().types().sends()
    (letter,) = host.to(MANAGER)
    assert shown == letter["Subject"]


def test_without_the_consent_nothing_is_sealed_and_the_page_says_so(emma: Writer) -> None:
    emma.reaches_check()
    emma.names().agrees(consent=None)
    assert emma.page.status == 422
    assert told("consent_missing", "errors") in emma.page.text
    assert _nothing_happened(emma.host)


@pytest.mark.parametrize("said", ["no", "", "YES", "on", "true"])
def test_only_the_yes_of_that_box_is_a_yes(emma: Writer, said: str) -> None:
    emma.reaches_check()
    emma.names().agrees(consent=said)
    assert emma.page.status == 422
    assert _nothing_happened(emma.host)


def test_the_yes_is_needed_in_the_domain_and_not_only_by_the_form(host: Host) -> None:
    envelope = envelope_for(make_order(), host.services)
    seal = envelope_seal(envelope, host.services)
    with pytest.raises(ConsentMissing):
        ask_for_yes(envelope, seal, EMMAS_BROWSER, host.services, agreed=False)
    assert _nothing_happened(host)


def test_a_yes_without_having_seen_the_letter_only_shows_it(emma: Writer) -> None:
    emma.reaches_check().opens("/letter/someone")
    emma.submits("/letter/someone", **FIELDS, consent="yes")
    assert emma.page.letter()
    assert _nothing_happened(emma.host)


@pytest.mark.parametrize(
    "change",
    [
        {"recipient": "other@vets.example.org"},
        {"recipient_name": "Mr Jones"},
        {"own": "eve@home.example.org"},
        {"consent": "I agree to something else."},
        {"draft_id": "11" * 9},
    ],
)
def test_a_yes_to_one_letter_is_none_to_another(host: Host, change: dict[str, Any]) -> None:
    seal = envelope_seal(envelope_for(make_order(), host.services), host.services)
    changed = envelope_for(make_order(**change), host.services)
    with pytest.raises(LetterChanged):
        ask_for_yes(changed, seal, EMMAS_BROWSER, host.services, agreed=True)
    assert _nothing_happened(host)


@pytest.mark.parametrize("field", ["recipient_name", "recipient_email", "email"])
def test_a_hidden_field_that_was_tampered_with_asks_for_nothing(emma: Writer, field: str) -> None:
    emma.reaches_check()
    other = {"recipient_name": "Eve"}.get(field, "eve@evil.example.org")
    emma.names().agrees(**{field: other})
    assert told("changed", "check") in emma.page.text
    assert _nothing_happened(emma.host)


def test_a_letter_that_another_tab_changed_is_not_asked_for(emma: Writer) -> None:
    emma.reaches_check()
    consent = emma.names().page
    emma.opens("/letter/about-you").adds(first="Another first thing.")
    emma.page = consent
    emma.agrees()
    assert emma.page.path == "/letter/check"
    assert told("changed", "check") in emma.page.text
    assert _nothing_happened(emma.host)


def test_a_new_letter_in_another_tab_is_not_asked_for(emma: Writer) -> None:
    emma.reaches_check()
    consent = emma.names().page
    emma.reaches_check(situation="work")
    emma.page = consent
    assert told("changed", "check") in emma.agrees().page.text
    assert _nothing_happened(emma.host)


def test_other_words_since_the_consent_page_are_not_asked_for(
    emma: Writer, host: Host, tmp_path: Path
) -> None:
    emma.reaches_check()
    emma.names()
    host.turns(**another_release(tmp_path / "release"))
    assert told("changed", "check") in emma.agrees().page.text
    assert _nothing_happened(host)


def test_a_form_token_that_failed_keeps_all_and_asks_for_one_more_press(emma: Writer) -> None:
    """R17."""
    emma.reaches_check()
    emma.names().agrees(csrf_token="old")
    assert told("again", "errors") in emma.page.text
    assert _kept(emma.page)["recipient_email"] == MANAGER
    assert _nothing_happened(emma.host)


def test_after_the_yes_the_code_goes_to_the_writers_inbox_and_nothing_else_does(
    emma: Writer, host: Host
) -> None:
    emma.asks()
    assert host.drawer.recipients == [EMMA]
    assert emma.page.path.startswith("/confirm/")
    assert MANAGER not in emma.page.html
    assert "Canary" not in emma.page.html


@pytest.mark.parametrize(
    ("level", "says"), [("named", False), ("described", True), ("needs", True)]
)
def test_below_named_the_page_says_what_looking_up_the_sender_tells_and_what_helps(
    level: str, says: bool, host: Host
) -> None:
    page = Writer(host).reaches_check(level=level).opens("/letter/someone").page
    assert (told("look_up", "someone") in page.text) is says


def test_what_was_taken_out_of_the_readers_name_is_told_with_the_consent(emma: Writer) -> None:
    emma.reaches_check()
    emma.names(name="Ms \u202ePatel\u200b")
    assert "Ms Patel" in emma.page.text
    assert "that nobody can see" in emma.page.text
    emma.submits("/letter/someone")  # without the tick
    assert emma.page.status == 422
    assert "that nobody can see" in emma.page.text
    emma.opens("/letter/someone")
    emma.names(name="Ms Patel")
    assert "that nobody can see" not in emma.page.text
