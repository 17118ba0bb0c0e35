"""/words: every sentence of the letters with its history, on pages that a slow phone can load."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from webapp.group.adoption import adopt
from webapp.group.ballots import Wording
from webapp.group.counting import Decided
from webapp.group.result import Count, result_of
from webapp.letter.words import Words, load
from webapp.letter.words.catalogue import catalogue, sentences_by_id
from webapp.web.sentences import ON_A_PAGE, text_of

from .agreed_words import agree_to_all
from .broken_words import edit_file, sub
from .builders import english
from .test_web_pages_size import PAGE
from .visitor import DEMO, WITHOUT_MAIL, Visitor, make_app, visitor

WAIT_ID = "wait-in-silence"
WAIT = "ask once, then wait, with no need to fill the silence."
BEFORE = (
    'before = [{ until = 2027-03-02, me = "ask once, and wait.", them = "ask once, and wait.",'
    ' agreed = { by = "First Circle", on = 2026-12-01 } }]'
)


def at(words: Path) -> Visitor:
    """A visitor to a host with these words."""
    return Visitor(make_app(DEMO, library=load(words)), DEMO.public_url)


def paths(words: Words) -> list[str]:
    return [
        f"/words/{place}/{number}" if number > 1 else f"/words/{place}"
        for place, sentences in catalogue(words).items()
        for number in range(1, 2 + (len(sentences) - 1) // ON_A_PAGE)
    ]


def test_every_sentence_stands_on_a_page_that_the_first_one_leads_to() -> None:
    first = visitor().opens("/words").page
    led_to = {str(a["href"]) for a in first.soup.select(".places a")}
    assert led_to == {path for path in paths(english()) if path.count("/") == 2}
    seen: dict[str, str] = {}
    for path in paths(english()):
        page = visitor().opens(path).page
        assert page.status == 200
        for item in page.soup.select(".said > li"):
            seen[str(item["id"])] = item.get_text(" ", strip=True)
    sentences = sentences_by_id(english())
    assert set(seen) == set(sentences)
    for one in sentences.values():
        told = seen[one.id]
        assert text_of(one.me, "me", english()) in told
        assert text_of(one.them, "them", english()) in told
        assert "A draft. No group has agreed to it yet." in told
        assert "{" not in told


def test_a_long_place_goes_on_and_ends() -> None:
    emma = visitor().opens("/words/what-i-ask")
    assert len(emma.page.soup.select(".said > li")) == ON_A_PAGE
    assert emma.page.soup.select_one("a.button[href='/words/what-i-ask/2']")
    assert not visitor().opens("/words/what-i-ask/3").page.soup.select("a.button[href^='/words']")
    for path in ("/words/what-i-ask/4", "/words/what-i-ask/0", "/words/nothing", "/words/a/b"):
        assert visitor().opens(path).page.status == 404


def test_an_agreed_sentence_tells_by_whom_when_for_and_against_and_what_stood_there(
    words: Path,
) -> None:
    agree_to_all(words)
    edit_file(
        words, "statements/what-helps.toml", sub(r'(id = "wait-in-silence")', rf"\1\n{BEFORE}")
    )
    page = at(words).opens("/words/what-helps").page
    one = page.soup.select_one("#wait-in-silence")
    assert one is not None
    told = one.get_text(" ", strip=True)
    assert WAIT in told
    assert "Agreed by Example Circle on 2 March 2027: 7 for it, 1 against." in told
    assert "Until 2 March 2027: “ask once, and wait.”" in told
    assert "Agreed by First Circle on 1 December 2026." in told
    assert "still a draft" not in at(words).opens("/words").page.text


def test_counts_that_the_group_does_not_show_are_not_told(words: Path) -> None:
    agree_to_all(words, 'agreed = { by = "Quiet Circle", on = 2027-03-02, round = 1 }')
    text = at(words).opens("/words/what-helps").page.text
    assert "Agreed by Quiet Circle on 2 March 2027." in text
    assert "for it" not in text


def test_what_a_group_adopts_is_told_on_the_next_start_opening_and_reply_too(words: Path) -> None:
    now = sentences_by_id(english())
    new = {
        "work-opening": (
            "I write about how we can talk well at work.",
            "I write for {about} about work.",
        ),
        "work-reply-1": ("“Yes to all of it”", "Thank you for your letter. Yes to all of it."),
        "wait-in-silence": ("ask once, then wait a little.", "ask once, then wait a little."),
    }
    decided = [
        Decided(one, "reworded", Wording(now[one].me, now[one].them), Wording(*text), (6, 1))
        for one, text in new.items()
    ]
    result = result_of(Count("Example Circle", datetime.date(2027, 3, 2), 2, 7), decided)
    adopt(result, words.parent, "en")
    emma = at(words)
    for path, one in (("work", "work-opening"), ("work", "work-reply-1"), ("what-helps", WAIT_ID)):
        item = emma.opens(f"/words/{path}").page.soup.select_one(f"#{one}")
        assert item is not None
        told = item.get_text(" ", strip=True)
        assert text_of(new[one][0], "me", english()) in told
        assert "Agreed by Example Circle on 2 March 2027: 6 for it, 1 against." in told
        assert f"Until 2 March 2027: “{text_of(now[one].me, 'me', english())}”" in told


def test_no_page_is_large_even_when_each_sentence_was_changed(words: Path) -> None:
    agree_to_all(words)
    for file in (words / "en" / "statements").glob("*.toml"):
        text = file.read_text("utf-8")
        long = BEFORE.replace("ask once, and wait.", "x" * 110)
        file.write_text(text.replace("agreed = {", f"{long}\nagreed = {{"), "utf-8")
    changed = load(words).words("en")
    for path in ("/words", *paths(changed), "/feedback", *_marked(changed)):
        assert len(at(words).opens(path).page.html.encode()) <= PAGE, path


def _marked(words: Words) -> list[str]:
    return [path.replace("/words", "/feedback") for path in paths(words)]


def test_it_works_without_mail_too_and_offers_nothing_to_count() -> None:
    emma = visitor(WITHOUT_MAIL)
    assert emma.opens("/words/what-helps").page.status == 200
    assert "/feedback" not in emma.page.html
    assert emma.opens("/help").page.soup.select_one("a[href='/words']")
    assert "/feedback" not in emma.page.html
    for path in ("/feedback", "/feedback/yours", "/feedback/thanks", "/feedback/what-helps"):
        assert emma.opens(path).page.status == 404
    assert emma.posts("/feedback", {"letter": "helped"}).page.status == 404


@pytest.mark.parametrize("path", ["/help", "/privacy", "/accessibility"])
def test_the_pages_around_the_form_lead_there(path: str) -> None:
    page = visitor().opens(path).page
    assert page.soup.select_one("main a[href='/words']")
    assert page.soup.select_one("main a[href='/feedback']")
