"""The mails of the way to a named person: the code, the letter itself, and the receipt."""

from __future__ import annotations

import re
from dataclasses import replace
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

import pytest

from webapp.post import Outcome, Result

from .builders import english
from .direct import CANARY, DIRECT, EMMA, HOUR, MANAGER, NAME, Host, Writer
from .letter_page import elements, parse, plain_words, runs, style_of, visible_text
from .mails import bodies

HEAD = ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"]
USUAL = {*HEAD, "Content-Language"}
# What survives forwarding in every mail program.
ELEMENTS = re.compile(
    "html|head|meta|title|body|table|tbody|tr|td|div|p|h[123]|ul|ol|li|strong|em|br|hr|a|span"
)
HOST = ("The Willow Group", "hello@willow.example", "127.0.0.1", "letters.example")
KINDS = ("code", "letter", "receipt")


@pytest.fixture
def mails(emma: Writer, host: Host) -> dict[str, EmailMessage]:
    """The three mails of one story."""
    emma.asks().types().sends()
    return dict(zip(KINDS, host.letters(), strict=True))


def _both(mail: EmailMessage) -> tuple[str, str]:
    return bodies(mail.as_bytes())


def _links(mail: EmailMessage) -> list[str]:
    text, html = _both(mail)
    return sorted(set(re.findall(r"https?://[^\s\"<>]+", text + html)))


def _banned() -> list[str]:
    """All words that tell of health: what may not stand in a letter at the lowest level."""
    condition = english().condition
    return [*condition.banned["needs"], *condition.names, "health", "speech", "speak", "silent"]


# The code.


def test_the_code_mail_says_who_asked_when_and_what_to_do(mails: dict[str, EmailMessage]) -> None:
    text, _ = _both(mails["code"])
    asked = "A moment ago, this address was typed on our page, to send a letter to somebody."
    assert asked in plain_words(text)
    assert "UTC" not in text
    assert "If it was not you, do nothing." in text
    assert "This code is only for you. Please do not pass it on." in plain_words(text)


@pytest.mark.parametrize("level", ["named", "described", "needs"])
def test_neither_the_code_mail_nor_any_subject_of_ours_has_a_word_of_health(
    emma: Writer, host: Host, level: str
) -> None:
    """R64."""
    emma.reaches_check(level=level)
    emma.names().agrees().types().sends()
    code, _, receipt = host.letters()
    said = " ".join([*_both(code), str(code["Subject"]), str(receipt["Subject"])]).lower()
    visible = re.sub(r'style="[^"]*"|/confirm/[\w-]+', "", said)
    assert not [word for word in _banned() if re.search(rf"\b{word}", visible)]


def test_the_code_mail_holds_nothing_of_the_letter_nor_to_whom_it_goes(
    mails: dict[str, EmailMessage],
) -> None:
    said = " ".join([*_both(mails["code"]), mails["code"].as_string()])
    assert not [word for word in (MANAGER, NAME, "Emma", *CANARY.values()) if word in said]


def test_the_code_mail_has_one_link_and_the_code_below_what_a_lock_screen_shows(
    mails: dict[str, EmailMessage], host: Host
) -> None:
    (link,) = _links(mails["code"])
    assert link == f"{DIRECT.public_url}{host.link()}"
    text, _ = _both(mails["code"])
    shown = " ".join(text.split())[:140]
    assert not re.search(r"\d", f"{mails['code']['Subject']} {shown}")
    assert all(host.code() in body for body in _both(mails["code"]))


def test_on_a_host_with_https_the_link_is_https(host: Host) -> None:
    host.turns(settings=replace(DIRECT, public_url="https://letters.example"))
    Writer(host, DIRECT.public_url).asks()
    assert all(link.startswith("https://letters.example/") for link in _links(host.letters()[0]))


def test_two_codes_differ_in_link_code_and_message_id(host: Host) -> None:
    for _ in range(2):
        Writer(host).asks()
    one, other = host.letters()
    assert one["Message-ID"] != other["Message-ID"]
    assert _links(one) != _links(other)


# The letter.


def test_answers_go_to_the_writer_whose_address_also_stands_in_both_bodies(
    mails: dict[str, EmailMessage],
) -> None:
    """G9."""
    assert mails["letter"]["Reply-To"] == EMMA
    assert all(EMMA in body for body in _both(mails["letter"]))


@pytest.mark.parametrize("kind", ["code", "receipt"])
def test_only_the_letter_has_a_reply_to(mails: dict[str, EmailMessage], kind: str) -> None:
    assert mails[kind]["Reply-To"] is None


def test_the_letter_says_in_one_line_how_to_stop_such_letters(
    mails: dict[str, EmailMessage],
) -> None:
    (line,) = [x for x in _both(mails["letter"])[0].splitlines() if "no such letters" in x]
    assert line.endswith(f"write to {DIRECT.mail_from}.")


@pytest.mark.parametrize("level", ["named", "described", "needs"])
def test_neither_host_nor_its_address_nor_any_link_stands_in_the_letter(
    emma: Writer, host: Host, level: str
) -> None:
    """G31."""
    emma.reaches_check(level=level)
    emma.names().agrees().types().sends()
    (letter,) = host.to(MANAGER)
    said = " ".join([letter.as_string(), *_both(letter)])
    assert not [word for word in HOST if word in said]
    assert _links(letter) == []
    assert host.link().rpartition("/")[2] not in said


def test_below_named_no_part_of_letter_code_or_receipt_names_the_condition(
    emma: Writer, host: Host
) -> None:
    host.turns(settings=replace(DIRECT, host_name="Selective Mutism Leeds"))
    emma.reaches_check(level="described")
    emma.names().agrees().types().sends()
    wall = host.services.wall("en")
    for mail in host.letters():
        assert not wall.names_in(" ".join([mail.as_string(), *_both(mail)]))


# The receipt.


def test_the_receipt_holds_letter_person_moment_consent_version_and_what_was_deleted(
    mails: dict[str, EmailMessage],
) -> None:
    text = plain_words(_both(mails["receipt"])[0])
    letter = plain_words(_both(mails["letter"])[0])
    assert letter in text
    assert f"{NAME} ({MANAGER})" in text
    assert "A moment ago, at the time of this mail, we handed your letter over" in text
    assert f"I agree that this letter goes once to {NAME}, {MANAGER}." in text
    assert "It is sent by: The Willow Group." in text
    assert re.search(r"Words: \d{4}-\d\d-\d\d \w+", text)
    assert "The letter is deleted here." in text


def test_the_receipt_shows_the_letter_as_its_reader_sees_it(
    mails: dict[str, EmailMessage],
) -> None:
    """Headings, list marks and the mark on the one thing, each in the letter's own style."""
    letter, receipt = (parse(_both(mails[kind])[1]) for kind in ("letter", "receipt"))
    for kind in ("h2", "li", "strong"):
        in_letter = [(one.text_content(), one.get("style")) for one in elements(letter, kind)]
        in_receipt = [(one.text_content(), one.get("style")) for one in elements(receipt, kind)]
        assert in_letter
        assert [one for one in in_letter if one not in in_receipt] == []


def test_the_receipt_has_no_link(mails: dict[str, EmailMessage]) -> None:
    assert _links(mails["receipt"]) == []


def test_without_the_letter_gone_there_is_no_receipt(emma: Writer, host: Host) -> None:
    emma.asks().types()
    host.drawer.outcome = Outcome(Result.PERHAPS_SENT, "dot")
    emma.sends()
    assert [str(mail["To"]) for mail in host.letters()] == [EMMA, MANAGER]


# Checks for all three.


@pytest.mark.parametrize("kind", KINDS)
def test_each_has_exactly_its_headers_each_once(mails: dict[str, EmailMessage], kind: str) -> None:
    """G4, G11: a program may answer the letter to a person, and no program the others."""
    own = {"Reply-To"} if kind == "letter" else {"Auto-Submitted"}
    assert sorted(mails[kind].keys()) == sorted(USUAL | own)
    assert mails[kind]["Auto-Submitted"] == (None if kind == "letter" else "auto-generated")


@pytest.mark.parametrize("kind", KINDS)
def test_each_comes_from_word_ahead_and_never_from_the_person(
    mails: dict[str, EmailMessage], kind: str
) -> None:
    """G8."""
    assert mails[kind]["From"] == f"Word Ahead <{DIRECT.mail_from}>"


@pytest.mark.parametrize("kind", KINDS)
def test_each_has_the_time_and_an_id_of_its_own(mails: dict[str, EmailMessage], kind: str) -> None:
    """G6, G7."""
    mail = mails[kind]
    domain = DIRECT.mail_from.rpartition("@")[2]
    assert parsedate_to_datetime(str(mail["Date"])).hour == 12
    assert str(mail["Message-ID"]).endswith(f"@{domain}>")
    assert len({str(one["Message-ID"]) for one in mails.values()}) == len(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_text_and_html_that_say_the_same(mails: dict[str, EmailMessage], kind: str) -> None:
    """G1, G33."""
    text, html = _both(mails[kind])
    assert plain_words(text) == visible_text(parse(html)).replace(" - ", " ")


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_plain_html_that_survives_forwarding(
    mails: dict[str, EmailMessage], kind: str
) -> None:
    """G16 to G19, G22, G23, G26."""
    _, html = _both(mails[kind])
    root = parse(html)
    assert all(ELEMENTS.fullmatch(str(one.tag)) for one in root.iter())
    assert len(elements(root, "h1")) == 1
    assert not [one for one in root.iter() if one.get("class") or one.get("id")]
    assert all(one.get("role") == "presentation" for one in elements(root, "table"))
    assert all("display" not in style_of(one) for one in elements(root, "p", "td", "div"))
    assert min(run.size for run in runs(root)) >= 15


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_small(mails: dict[str, EmailMessage], kind: str) -> None:
    """G15."""
    assert len(mails[kind].as_bytes()) < 90_000


def test_what_a_person_typed_is_escaped_in_every_mail(emma: Writer, host: Host) -> None:
    """G32."""
    typed = '<b>Ms</b> & "Patel"\''
    emma.reaches_check(more={"first": typed})
    emma.names(name=typed).agrees().types().sends()
    for mail in host.letters()[1:]:
        text, html = _both(mail)
        assert plain_words(typed) in plain_words(text)
        assert "<b>" not in html


def test_the_time_until_which_the_code_works_is_told(emma: Writer, host: Host) -> None:
    host.clock.forward(3 * HOUR)
    emma.asks()
    text, _ = _both(host.letters()[0])
    assert "The code works for 48 hours from the time of this mail." in text
    assert "UTC" not in text
