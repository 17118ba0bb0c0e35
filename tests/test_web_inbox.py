"""Own words go only to an inbox that its writer has shown to be theirs, by the code from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from webapp.letter.plain_name import is_plain_name
from webapp.settings import OwnInboxCode

from .direct import EMMA, MANAGER, Host, Writer, told, wrong
from .mails import code_in

STRANGER = "stranger@home.example.org"
OWN = {"own_words": "I am kind to dogs."}


@pytest.fixture
def careful(host: Host) -> Iterator[Host]:
    """A host as it comes: own words wait for the code."""
    before = host.services.settings
    host.turns(settings=replace(before, own_inbox_code="free-text"))
    yield host
    host.turns(settings=before)


@pytest.fixture
def writer(careful: Host) -> Writer:
    """Emma, on such a host."""
    return Writer(careful)


def _letters(host: Host, address: str) -> list[str]:
    texts = [mail.get_body(("plain",)).get_content() for mail in host.to(address)]  # type: ignore[union-attr]
    return [text for text in texts if "Hello," in text or "Dear" in text]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (OWN, {}),
        ({"first": "I will nod."}, {}),
        ({"to_name": "Ms Patel, you are a fool"}, {}),
        ({}, {"name": "Emma who never pays her debts at all"}),
        ({}, {"name": "Emma 7"}),
    ],
)
def test_what_could_say_anything_goes_nowhere_before_its_code(
    writer: Writer, careful: Host, more: dict[str, str], says: dict[str, str]
) -> None:
    writer.reaches_check(more=more, says=says)
    writer.sends_to(STRANGER)
    assert _letters(careful, STRANGER) == []
    (mail,) = careful.to(STRANGER)
    typed = [*more.values(), *says.values()]
    assert not [one for one in typed if one in mail.as_string()]
    assert writer.page.heading == told("heading")


def test_the_letter_follows_when_the_code_was_typed(writer: Writer, careful: Host) -> None:
    writer.reaches_check(more=OWN).sends_to(EMMA)
    shown = writer.page
    writer.types(wrong(careful.code()))
    assert _letters(careful, EMMA) == []
    writer.page = shown
    writer.types()
    assert writer.page.path == "/letter/sent"
    (letter,) = _letters(careful, EMMA)
    assert OWN["own_words"] in letter
    assert "To stop such mail" not in letter


def test_a_second_letter_needs_no_code(writer: Writer, careful: Host) -> None:
    writer.reaches_check(more=OWN).sends_to(EMMA)
    writer.types()
    writer.reaches_check(more=OWN).sends_to(EMMA)
    assert writer.page.path == "/letter/sent"
    assert len(_letters(careful, EMMA)) == 2
    assert len(careful.to(EMMA)) == 3


def test_another_address_needs_its_own_code(writer: Writer, careful: Host) -> None:
    writer.reaches_check(more=OWN).sends_to(EMMA)
    writer.types()
    writer.reaches_check(more=OWN).sends_to(STRANGER)
    assert _letters(careful, STRANGER) == []


def test_after_delete_the_proof_is_gone_too(writer: Writer, careful: Host) -> None:
    writer.reaches_check(more=OWN).sends_to(EMMA)
    writer.types()
    writer.submits("/deleted")
    writer.reaches_check(more=OWN).sends_to(EMMA)
    assert len(_letters(careful, EMMA)) == 1


def test_ticks_alone_go_at_once_and_say_how_the_mail_came(writer: Writer, careful: Host) -> None:
    writer.reaches_check()
    assert "To stop such mail" in writer.page.letter()
    writer.sends_to(EMMA)
    assert writer.page.path == "/letter/sent"
    (letter,) = _letters(careful, EMMA)
    assert "To stop such mail, write to letters@wordahead.example." in letter


@pytest.mark.parametrize(("wanted", "codes"), [("always", 1), ("never", 0), ("free-text", 0)])
def test_the_host_decides_when_the_code_goes_first(
    writer: Writer, careful: Host, wanted: OwnInboxCode, codes: int
) -> None:
    careful.turns(settings=replace(careful.services.settings, own_inbox_code=wanted))
    writer.reaches_check().sends_to(EMMA)
    assert len([mail for mail in careful.to(EMMA) if code_in(mail)]) == codes
    assert len(_letters(careful, EMMA)) == 1 - codes


def test_the_page_says_why_before_anything_is_typed(writer: Writer) -> None:
    writer.reaches_check()
    writer.opens("/letter/about-you")
    assert told("own_words_code", "about_you") in writer.page.text


def test_the_answer_shows_the_address_and_sends_the_code_again(
    writer: Writer, careful: Host
) -> None:
    writer.reaches_check(more=OWN).sends_to(EMMA)
    assert EMMA in writer.page.text
    first = careful.code(), writer.page.path
    writer.submits("/letter/check")
    assert writer.page.path != first[1]
    assert len(careful.to(EMMA)) == 2
    writer.types()
    assert len(_letters(careful, EMMA)) == 1


def test_a_double_press_mails_one_code(writer: Writer, careful: Host) -> None:
    writer.reaches_check(more=OWN)
    page = writer.page
    writer.sends_to(EMMA)
    first = writer.page.path
    writer.page = page
    writer.sends_to(EMMA)
    assert writer.page.path == first
    assert len(careful.to(EMMA)) == 1


def test_a_code_page_on_another_device_sends_the_letter_too(careful: Host, writer: Writer) -> None:
    writer.reaches_check(more=OWN).sends_to(EMMA)
    phone = Writer(careful).follows_the_mail()
    assert EMMA not in phone.page.text
    phone.types()
    assert len(_letters(careful, EMMA)) == 1
    assert "on its way to you" in phone.page.text


def test_one_inbox_has_one_limit_whatever_it_was_typed_as(host: Host) -> None:
    host.limits(own_six_hours=2, recipient_day=2)
    Writer(host).reaches_check().sends_to(MANAGER)
    Writer(host).reaches_check().sends_to(MANAGER)
    emma = Writer(host).asks()
    emma.types().sends()
    assert len(host.to(MANAGER)) == 2
    assert emma.page.status == 429


def test_the_readers_address_that_is_ones_own_is_asked_about_once(emma: Writer, host: Host) -> None:
    emma.reaches_check()
    emma.names("emma+boss@home.example.org")
    assert told("ask_same", "check")[:40] in emma.page.text
    emma.submits("/letter/someone")
    assert emma.page.heading == told("consent_heading", "someone")


@pytest.mark.parametrize("address", ["all-staff@vets.example.org", "parents@vets.example.org"])
def test_a_list_of_people_is_asked_about_once(emma: Writer, address: str) -> None:
    emma.reaches_check()
    emma.names(address)
    assert "one person, or many" in emma.page.text
    emma.submits("/letter/someone")
    assert emma.page.heading == told("consent_heading", "someone")


@pytest.mark.parametrize("end", [".", ">", "%20", "/", "%3E", ")"])
def test_a_link_with_something_at_its_end_works(emma: Writer, host: Host, end: str) -> None:
    emma.asks()
    emma.opens(host.link() + end)
    emma.submits(host.link(), code=host.code())
    assert emma.page.heading == told("opened_heading")


@pytest.mark.parametrize("around", ["Your code: {}", "“{}”.", "\u200b{}\u2068", " {} ", "{}\n"])
def test_a_code_is_found_in_what_was_pasted(emma: Writer, host: Host, around: str) -> None:
    emma.asks().types(around.format(host.code()))
    assert emma.page.heading == told("opened_heading")


def test_a_code_may_be_typed_in_any_scripts_digits(emma: Writer, host: Host) -> None:
    emma.asks()
    code = host.code()
    emma.types(code.translate({48 + n: 0x660 + n for n in range(10)}))
    assert emma.page.heading == told("opened_heading")


def test_no_outcome_is_spoken_from_an_address_line(emma: Writer, host: Host) -> None:
    emma.reaches_check()
    emma.opens("/letter/check?changed=1")
    assert told("changed", "check") not in emma.page.text
    emma.asks()
    emma.opens(f"{host.link()}?perhaps=1")
    assert told("intro_perhaps") not in emma.page.text


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Emma", True),
        ("Anne-Marie O’Neill", True),
        ("Dr. J. R. Smith", True),
        ("", True),
        ("Zoë Παπαδοπούλου", True),
        ("Emma, who lies", False),
        ("one two three four five", False),
        ("A" * 41, False),
        ("Emma 2", False),
        ("Emma!", False),
    ],
)
def test_a_name_is_plain_or_not(name: str, plain: bool) -> None:
    assert is_plain_name(name) is plain


def test_only_a_plain_name_enters_a_subject(emma: Writer, host: Host) -> None:
    emma.reaches_check(name="Emma the liar, ask anybody").sends_to(EMMA)
    (mail,) = host.to(EMMA)
    assert "liar" not in str(mail["Subject"])
