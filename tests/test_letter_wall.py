"""The wall between the levels, seen from outside: pages and mails as they are decoded."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from itertools import product
from urllib.parse import unquote

import pytest

from webapp.letter.words import VOICES

from .builders import english, with_all_ticks
from .mails import read
from .visitor import DEMO, Drawer, drawer_of, make_app, visitor

BELOW = [*product(english().situations, ("described", "needs"))]
WALL = english().wall
# Written out, so that a slip in the words' own list cannot hide itself.
FORMS = re.compile(r"mutis|mute|\bs\.?m\b|talking ?circles|smira|ispeak", re.IGNORECASE)
REASONS = re.compile(r"anxi|fr[eo]ez|froze|panic|phobi|diagnos|condition|disab|disorder", re.I)


def _decoded(data: bytes) -> str:
    """All that a mail says: headers, text and HTML, its links and attributes too."""
    message = read(data)
    parts = [str(part.get_content()) for part in message.walk() if not part.is_multipart()]
    # A Message-ID is letters by chance: some day they spell a word.
    head = [str(value) for name, value in message.items() if name != "Message-ID"]
    whole = "\n".join([*head, *parts])
    return whole + unquote(html.unescape(whole))


@pytest.mark.parametrize(("situation", "level"), BELOW)
def test_below_named_neither_page_nor_mail_names_it(situation: str, level: str) -> None:
    for voice in VOICES:
        emma = visitor().reaches_check(situation=situation, level=level, voice=voice, ticks=99)
        shown = emma.page.letter() + emma.page.title
        emma.sends_to("emma@example.org")
        mail = _decoded(drawer_of(emma.app).mails[0])
        assert not FORMS.search(shown + mail)
        assert not WALL.is_named_in(shown)
        drawer_of(emma.app).mails.clear()


@pytest.mark.parametrize("situation", english().situations)
def test_a_letter_of_needs_gives_no_reason(situation: str) -> None:
    emma = visitor().reaches_check(situation=situation, level="needs", ticks=99)
    emma.sends_to("emma@example.org")
    assert not REASONS.search(_decoded(drawer_of(emma.app).mails[0]))


@pytest.mark.parametrize(("situation", "level"), BELOW)
def test_files_to_keep_name_it_neither_by_content_nor_by_name(situation: str, level: str) -> None:
    emma = visitor().reaches_check(situation=situation, level=level, ticks=99)
    for path in ("/letter/my-letter.txt", "/letter/my-letter.html"):
        page = emma.opens(path).page
        assert not FORMS.search(page.html + page.headers["Content-Disposition"] + page.path)


def test_named_names_it_and_gives_credit() -> None:
    emma = visitor().reaches_check().sends_to("emma@example.org")
    mail = _decoded(drawer_of(emma.app).mails[0])
    assert "Selective Mutism" in mail
    assert "SMTalkingCircles" in mail


# A host whose own names tell.

TELLING = (
    "letters@selective-mutism.example",
    "letters@selectivemutism.example",
    "sm@letters.example",
    "letters@smira.org.example",
    "talking.circles@letters.example",
)


@pytest.mark.parametrize("address", TELLING)
@pytest.mark.parametrize("level", ["described", "needs"])
def test_a_telling_sender_offers_no_mail_below_named_and_says_why(address: str, level: str) -> None:
    emma = visitor(replace(DEMO, mail_from=address)).reaches_check(level=level)
    assert not emma.page.soup.select("#email")
    assert emma.page.soup.select("[value='/letter/my-letter.txt'], [data-copy], [data-share]")
    assert f"Letters from here come from {address}." in emma.page.text
    assert "can cure this with a neutral address" in emma.page.text


def test_a_telling_sender_sends_nothing_below_named_even_to_a_bare_post() -> None:
    emma = visitor(replace(DEMO, mail_from=TELLING[0])).reaches_check(level="needs")
    emma.submits("/letter/check", email="emma@example.org")
    assert emma.page.status == 409
    assert not drawer_of(emma.app).mails


def test_a_telling_sender_may_send_what_names_it_anyway() -> None:
    emma = visitor(replace(DEMO, mail_from=TELLING[0])).reaches_check(level="named")
    emma.sends_to("emma@example.org")
    assert drawer_of(emma.app).recipients == ["emma@example.org"]


@pytest.mark.parametrize("address", ["x@mail.selectivemutism.example", "x@smira.example"])
def test_a_telling_name_told_to_the_relay_is_as_telling_as_a_sender(address: str) -> None:
    """EHLO_NAME stands in the Received lines of the letter that arrives."""
    emma = visitor(replace(DEMO, ehlo_name=address.partition("@")[2])).reaches_check(level="needs")
    assert not emma.page.soup.select("#email")
    assert emma.reaches_check(level="named").page.soup.select("#email")


@pytest.mark.parametrize("address", ["letters@kasmira.example", "small@prisms.example"])
def test_a_harmless_sender_is_not_suspected(address: str) -> None:
    emma = visitor(replace(DEMO, mail_from=address))
    assert emma.reaches_check(level="needs").page.soup.select("#email")


def test_the_hosts_own_names_stand_in_no_letter() -> None:
    telling = {"host_name": "The Selective Mutism Group", "host_contact": "hi@smgroup.example"}
    emma = visitor(replace(DEMO, **telling))  # type: ignore[arg-type]
    emma.reaches_check(level="needs")
    shown = emma.page.letter()
    emma.sends_to("emma@example.org")
    assert not FORMS.search(shown + _decoded(drawer_of(emma.app).mails[0]))


def test_the_log_names_each_telling_setting_and_the_cure(caplog: pytest.LogCaptureFixture) -> None:
    make_app(replace(DEMO, mail_from=TELLING[0], host_name="SM Group"), post=Drawer())
    assert "MAIL_FROM" in caplog.text
    assert "HOST_NAME" in caplog.text
    assert "selective" not in caplog.text


@pytest.mark.parametrize(("secret", "lines"), [("-" * 40, 0), ("a, secret" * 5, 1)])
def test_the_log_names_a_secret_that_could_never_be_a_fallback(
    secret: str, lines: int, caplog: pytest.LogCaptureFixture
) -> None:
    make_app(replace(DEMO, secret_key=secret), post=Drawer())
    assert caplog.text.count("event=secret-key-with-comma") == lines
    assert secret not in caplog.text


# What the person typed or lives at.

TYPED = ("I have selective mutism.", "S.M. since school", "SM", "Selective-Mutism", "mutism")


@pytest.mark.parametrize("typed", TYPED)
@pytest.mark.parametrize("level", ["described", "needs"])
def test_own_words_that_name_it_are_marked_and_asked_about_once(typed: str, level: str) -> None:
    emma = visitor().reaches_check(level=level, more={"own_words": typed})
    assert emma.page.soup.select("mark")
    emma.submits("/letter/check", email="emma@example.org")
    assert not drawer_of(emma.app).mails
    emma.keeps_what_it_names()
    assert not emma.page.soup.select("mark")
    assert emma.sends_to("emma@example.org").page.path == "/letter/sent"


@pytest.mark.parametrize("field", ["to_name", "first", "own_words"])
def test_every_field_is_looked_at(field: str) -> None:
    emma = visitor().reaches_check(level="needs", more={field: "mutism"})
    assert [mark.get_text() for mark in emma.page.soup.select("mark")] == ["mutism"]


def test_a_name_is_looked_at() -> None:
    emma = visitor().reaches_check(level="needs", name="Emma SM")
    assert [mark.get_text() for mark in emma.page.soup.select("mark")] == ["SM"]


def test_another_word_asks_again() -> None:
    emma = visitor().reaches_check(level="needs", more={"own_words": "SM"})
    emma.keeps_what_it_names()
    emma.opens("/letter/about-you?then=check").adds(own_words="SM, or mutism")
    assert emma.page.soup.select("mark")


def test_a_new_draft_asks_again() -> None:
    emma = visitor().reaches_check(level="needs", more={"own_words": "SM"})
    emma.keeps_what_it_names()
    emma.chooses("work").opens("/letter/check")
    assert emma.page.soup.select("mark")


def test_a_keep_without_its_token_keeps_nothing() -> None:
    emma = visitor().reaches_check(level="needs", more={"own_words": "SM"})
    emma.submits("/letter/check", keep="yes", csrf_token="wrong")
    assert emma.opens("/letter/check").page.soup.select("mark")


def test_at_level_named_nothing_is_asked() -> None:
    emma = visitor().reaches_check(more={"own_words": "I have selective mutism."})
    assert not emma.page.soup.select("mark")


def test_words_that_only_look_alike_are_not_marked() -> None:
    emma = visitor().reaches_check(level="needs", more={"own_words": "Kasmira, I speak. Prisms."})
    assert not emma.page.soup.select("mark")


def test_an_address_that_names_it_is_asked_about_and_a_second_press_sends() -> None:
    emma = visitor().reaches_check(level="needs").sends_to("emma.sm@example.org")
    assert "Your address names the condition" in emma.page.text
    assert not drawer_of(emma.app).mails
    assert emma.submits("/letter/check").page.path == "/letter/sent"


def test_enter_in_the_address_field_is_never_taken_for_keep() -> None:
    emma = visitor().reaches_check(level="needs", more={"own_words": "SM"})
    form = emma.page.soup.select_one("form:has(#email)")
    assert form
    first = form.select_one("button:not([type=button])")
    assert first
    assert first.get("name") != "keep"


def test_all_ticks_of_a_level_stay_behind_the_wall_in_the_words_themselves() -> None:
    # Guards the tests above: "99 ticks" really are all that fit.
    for situation, level in BELOW:
        emma = visitor().reaches_check(situation=situation, level=level, ticks=99)
        answers = emma.draft().answers
        assert answers
        assert set(answers.say) == set(with_all_ticks(answers).say)
