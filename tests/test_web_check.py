"""The last screen: what is shown is what is sent, and what became of it is told truly."""

from __future__ import annotations

import datetime
import shutil
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from bs4 import BeautifulSoup

from webapp.letter.compose import legal_combinations
from webapp.letter.words import load

from .builders import MAIL_TEMPLATES, english
from .databases import Clock
from .letter_page import parse, plain_words, visible_text
from .mails import AWKWARD_NAMES, bodies
from .visitor import DEMO, PUBLIC, WITHOUT_MAIL, Drawer, Visitor, drawer_of, make_app, visitor

MORE = {"to_name": "Ms Patel", "first": "I will nod.", "own_words": "I am kind.\n\nI like dogs."}


# What you saw is what is sent.


@pytest.mark.parametrize(("situation", "level", "voice"), [*legal_combinations(english())])
def test_the_mail_is_the_letter_that_the_page_showed_word_for_word(
    situation: str, level: str, voice: str
) -> None:
    emma = visitor().reaches_check(
        situation=situation, level=level, voice=voice, ticks=99, more=MORE
    )
    shown = emma.page.letter_to("emma@example.org")
    emma.sends_to("emma@example.org")
    text, html = bodies(drawer_of(emma.app).mails[0])
    assert visible_text(parse(html)) == shown
    assert plain_words(text) == shown


def test_the_subject_on_the_page_is_the_subject_of_the_mail() -> None:
    emma = visitor().reaches_check(name="Zoë O’Neill")
    assert f"Subject: {(subject := 'A note from Zoë O’Neill about volunteering')}" in emma.page.text
    assert emma.sends_to("emma@example.org").page.path == "/letter/sent"
    assert drawer_of(emma.app).only_letter()["Subject"] == subject


@pytest.mark.parametrize("name", AWKWARD_NAMES)
def test_an_awkward_names_subject_is_sent_and_answered_as_the_page_shows_it(name: str) -> None:
    emma = visitor().reaches_check(name=name)
    shown = emma.page.soup.select_one("p.subject")
    assert shown
    subject = shown.get_text().removeprefix("Subject: ")
    assert name in emma.page.letter()
    letter = drawer_of(emma.sends_to("emma@example.org").app).only_letter()
    assert letter["Subject"] == subject
    text, html = bodies(letter.as_bytes())
    assert name in text
    links = [str(one["href"]) for one in BeautifulSoup(html, "lxml").select('a[href*="subject="]')]
    assert links
    assert {parse_qs(urlsplit(link).query)["subject"][0] for link in links} == {subject}


def test_the_letter_goes_to_the_typed_address_and_to_nobody_else() -> None:
    emma = visitor().reaches_check().sends_to(" Emma+x@Example.ORG ")
    letter = drawer_of(emma.app).only_letter()
    assert drawer_of(emma.app).recipients == ["Emma+x@example.org"]
    assert letter["To"] == "Emma+x@example.org"
    assert not {"Cc", "Bcc"} & set(letter.keys())
    # Whoever redirects it sends the answers to its writer.
    assert letter["Reply-To"] == letter["To"]


def test_downloads_are_the_letter_without_the_lines_to_answer_by() -> None:
    emma = visitor().reaches_check(more=MORE)
    text = emma.opens("/letter/my-letter.txt").page.html
    html = emma.opens("/letter/my-letter.html").page.html
    assert visible_text(parse(html)) == plain_words(text)
    assert "mailto:" not in html


def test_a_download_tells_nothing_by_its_name() -> None:
    emma = visitor().reaches_check().opens("/letter/my-letter.txt")
    assert emma.page.headers["Content-Disposition"] == 'attachment; filename="my-letter.txt"'


def test_another_tab_of_the_same_letter_that_changed_it_stops_the_mail() -> None:
    emma = visitor().reaches_check()
    page = emma.page
    emma.opens("/letter/what").ticks(["write-or-type"])
    emma.page = page
    emma.submits("/letter/check", email="emma@example.org")
    assert not drawer_of(emma.app).mails
    assert "Your answers have changed. This is the letter now." in emma.page.text


def test_another_tab_with_another_letter_never_sends_that_one() -> None:
    emma = visitor().reaches_check(name="Emma")
    first = emma.page
    emma.reaches_check(situation="work", name="Zoe")
    second, emma.page = emma.page, first
    emma.submits("/letter/check", email="emma@example.org")
    assert not drawer_of(emma.app).mails
    emma.page = second
    emma.submits("/letter/check", email="emma@example.org")
    assert drawer_of(emma.app).only_letter()["Subject"] == "A note from Zoe about work"


def test_a_change_that_was_taken_back_is_no_change() -> None:
    emma = visitor().reaches_check()
    page = emma.page
    emma.opens("/letter/about-you").adds(first="I nod.")
    emma.opens("/letter/about-you").adds(first="")
    emma.page = page
    emma.submits("/letter/check", email="emma@example.org")
    assert emma.page.path == "/letter/sent"


def test_a_deploy_with_other_words_between_page_and_press_stops_the_mail(tmp_path: Path) -> None:
    folder = tmp_path / "mail_templates"
    shutil.copytree(MAIL_TEMPLATES, folder)
    frame = folder / "words/en/frame.toml"
    frame.write_text(frame.read_text().replace("Hello,", "Good day,"))
    emma = visitor().reaches_check()
    post = Drawer()
    emma.client.application = make_app(library=load(folder / "words"), post=post)
    emma.submits("/letter/check", email="emma@example.org")
    assert not post.mails
    assert "Your answers have changed" in emma.page.text
    assert "Good day," in emma.page.letter()


def test_a_made_up_seal_sends_nothing() -> None:
    emma = visitor().reaches_check()
    for seal in ("", "0" * 32, "é", "\x00", "x" * 9999):
        emma.submits("/letter/check", email="emma@example.org", shown=seal)
    assert not drawer_of(emma.app).mails


def test_the_seal_of_another_browsers_same_letter_sends_nothing() -> None:
    emma, zoe = visitor().reaches_check(), visitor().reaches_check()
    seal = zoe.page.soup.select_one("input[name=shown]")["value"]  # type: ignore[index]
    emma.submits("/letter/check", email="emma@example.org", shown=str(seal))
    assert not drawer_of(emma.app).mails


def _rows(emma: Visitor) -> dict[str, tuple[str, str]]:
    """Value and target of every row with a Change button, by its label."""
    rows = {}
    for row in emma.page.soup.select("dl.rows > div"):
        label, value, _ = row.find_all(["dt", "dd"])
        (button,) = row.find_all("button")
        rows[label.get_text()] = (value.get_text(), str(button["value"]))
    return rows


def test_every_part_of_the_letter_has_its_change_link() -> None:
    more = MORE | {"rights": "gb-work"}
    rows = _rows(visitor().reaches_check(situation="work", voice="child", more=more))
    about_you, how_much = "/letter/about-you?then=check", "/letter/how-much?then=check"
    assert rows["Whose letter is this?"] == ("My child’s", f"{how_much}#voice")
    assert rows["A paragraph about rights"] == (
        "England, Scotland and Wales",
        f"{about_you}#rights",
    )
    assert rows["Who writes"] == ("Not given", f"{how_much}#writer")
    assert rows["In the letter, they are"] == ("they", f"{how_much}#they")
    assert len(rows) == 11
    assert all("?then=check" in address for _, address in rows.values())


def test_a_letter_without_a_right_says_none() -> None:
    assert _rows(visitor().reaches_check())["A paragraph about rights"][0] == (
        "No paragraph about rights"
    )


def test_a_long_letter_is_told_by_what_it_prints_and_not_by_hidden_ticks() -> None:
    situation = english().situations["work"]
    fitting = [s.id for s in english().statements_for(situation, "needs")]
    named = [s.id for s in english().statements_for(situation, "named")]
    hidden = [one for one in named if one not in fitting][:10]
    emma = visitor().reaches_check(situation="work", ticks=hidden + fitting[: 21 - len(hidden)])
    assert "This is a long letter." in emma.page.text
    emma.opens("/letter/how-much?then=check").says("needs").opens("/letter/check")
    assert len(emma.draft().answers.say) == 21  # type: ignore[union-attr]
    assert "This is a long letter." not in emma.page.text


# What is asked before it goes.


def test_a_likely_slip_is_asked_about_once_and_a_second_press_sends() -> None:
    emma = visitor().reaches_check().sends_to("emma@gmial.com")
    assert "Did you mean emma@gmail.com?" in emma.page.text
    assert not drawer_of(emma.app).mails
    emma.submits("/letter/check")
    assert drawer_of(emma.app).recipients == ["emma@gmial.com"]


def test_the_answer_for_one_address_is_none_for_another() -> None:
    emma = visitor().reaches_check().sends_to("emma@gmial.com")
    emma.submits("/letter/check", email="emma@hotmial.com")
    assert "Did you mean emma@hotmail.com?" in emma.page.text
    assert not drawer_of(emma.app).mails


def test_a_domain_that_is_not_found_is_asked_about_once() -> None:
    settings = replace(DEMO, check_domains=True)
    post = Drawer()
    app = make_app(settings, post=post, domain_exists=lambda d: d != "example.orgg")
    emma = Visitor(app).reaches_check().sends_to("emma@example.orgg")
    assert "We could not find example.orgg." in emma.page.text
    emma.submits("/letter/check", email="emma@example.orgg")
    assert post.recipients == ["emma@example.orgg"]


def test_braces_in_an_address_are_shown_as_they_are() -> None:
    emma = visitor().reaches_check().sends_to("a{address}@gmial.com")
    assert "Did you mean a{address}@gmail.com? You typed a{address}@gmial.com." in emma.page.text


def test_sentences_that_do_not_go_together_are_shown_and_nothing_is_blocked() -> None:
    words = english().statements.values()
    one = next(s for s in words if s.contradicts)
    level, other = one.levels[0], english().statements[one.contradicts[0]]
    situation = next(s for s in english().situations if one.fits(s, level) and other.fits(s, level))
    emma = visitor().reaches_check(situation=situation, level=level, ticks=[one.id, other.id])
    assert "These two do not go well together." in emma.page.text
    assert emma.sends_to("emma@example.org").page.path == "/letter/sent"


# A host that sends no mail.


def test_a_host_without_mail_asks_for_no_address_and_offers_everything_else() -> None:
    emma = Visitor(make_app(WITHOUT_MAIL), PUBLIC)
    emma.reaches_check()
    assert "This site does not send email." in emma.page.text
    assert not emma.page.soup.select("#email")
    assert emma.page.soup.select("[value='/letter/my-letter.txt'], [data-copy], [data-share]")


@pytest.mark.parametrize("address", ["emma@example.org", "emma@gmial.com", "emma", ""])
def test_a_host_without_mail_answers_a_bare_post_with_the_letter_and_asks_nothing(
    address: str,
) -> None:
    emma = Visitor(make_app(WITHOUT_MAIL), PUBLIC)
    emma.reaches_check().submits("/letter/check", email=address)
    assert emma.page.status == 409
    assert "Emma" in emma.page.letter()
    assert "This site does not send email." in emma.page.text
    assert not emma.page.soup.select("#summary, #questions")


@pytest.mark.parametrize("path", ["/stop", "/stop/abc", "/confirm/abc"])
def test_a_host_without_mail_says_so_where_other_hosts_ask_for_address_or_code(path: str) -> None:
    someone = Visitor(make_app(WITHOUT_MAIL), PUBLIC)
    for page in (someone.opens(path).page, someone.posts(path, {"email": "a@b.org"}).page):
        assert (page.status, page.heading) == (404, "This site sends no mail")
        assert not page.soup.select("main form")


def test_a_host_without_mail_promises_none_and_links_to_no_page_that_stops_it() -> None:
    someone = Visitor(make_app(WITHOUT_MAIL), PUBLIC)
    assert "You take it as a copy or a print-out." in someone.opens("/").page.text
    assert "as an email" not in someone.page.text
    for path in ("/help", "/privacy", "/accessibility"):
        assert not someone.opens(path).page.soup.select("a[href^='/stop']")
        assert "no mail from here" not in someone.page.text
        assert "no more mail from here" not in someone.page.text


def test_a_host_with_mail_offers_it_and_the_way_to_stop_it() -> None:
    someone = visitor().opens("/")
    assert "as an email, a copy or a print-out." in someone.page.text
    for path in ("/help", "/privacy"):
        assert someone.opens(path).page.soup.select("main a[href='/stop']")


# What a page says once a letter has left.

GONE = "This press changed nothing and sent nothing."


@pytest.mark.parametrize("path", ["/letter/check", "/letter/about-you", "/letter/how-much"])
def test_an_older_tab_is_told_that_the_newer_letter_had_gone(path: str) -> None:
    emma = visitor().reaches_check(name="Emma")
    older = emma.opens(path).page
    emma.reaches_check(situation="work", name="Zoe").sends_to("zoe@example.org")
    emma.page = older
    emma.submits(path, email="emma@example.org", level="named")
    assert (emma.page.status, len(drawer_of(emma.app).mails)) == (409, 1)
    assert GONE in emma.page.text
    assert "There is no letter here" not in emma.page.text
    assert emma.submits("/letter/sent").page.letter().startswith("A note from Zoe about work")


def test_an_older_tab_offers_no_way_back_that_there_is_no_longer() -> None:
    clock = Clock()
    app = make_app(
        post=Drawer(), clock=lambda: datetime.datetime.fromtimestamp(clock(), datetime.UTC)
    )
    emma = Visitor(app).reaches_check()
    older = emma.page
    emma.reaches_check(name="Zoe").sends_to("zoe@example.org")
    clock.forward(31 * 60)
    emma.page = older
    emma.submits("/letter/check", email="emma@example.org")
    assert GONE in emma.page.text
    assert "back below" not in emma.page.text


def test_after_the_answers_are_deleted_an_older_tab_is_told_that_nothing_is_here() -> None:
    emma = visitor().reaches_check()
    older = emma.page
    emma.deletes()
    emma.page = older
    assert "There is no letter here" in emma.submits("/letter/check").page.text


def test_the_hosts_name_stands_where_any_name_reads_well() -> None:
    someone = Visitor(make_app(replace(DEMO, host_name="A demo on this computer")))
    assert "Run by: A demo on this computer" in someone.opens("/help").page.text
    assert "This site is run by: A demo on this computer." in someone.page.text
