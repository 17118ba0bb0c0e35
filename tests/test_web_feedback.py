"""How people found a letter: one tap, only counted, by writers and readers, without a name."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from webapp.letter.words.catalogue import sentences_by_id
from webapp.store.database import Database, DatabaseUnavailable
from webapp.store.database.tables import feedback
from webapp.store.feedback import OF_A_LETTER, OF_A_SENTENCE, Feedback, Mark
from webapp.store.opening import Store
from webapp.web.common import EXTENSION
from webapp.web.feedback import OFTEN

from .builders import english
from .visitor import DEMO, Visitor, make_app, visitor

WAIT = sentences_by_id(english())["wait-in-silence"]


@pytest.fixture
def emma() -> Visitor:
    """A visitor to a host whose counters start at nothing."""
    emma = visitor()
    with store_of(emma).counts.writing() as connection:
        connection.execute(sa.delete(feedback))
    return emma


def store_of(host: Visitor) -> Store:
    """What the host keeps."""
    store = host.client.application.extensions[EXTENSION].store
    assert isinstance(store, Store)
    return store


def counted(host: Visitor) -> dict[tuple[str, str], int]:
    kept = store_of(host).feedback.counts()
    return {(mark.sentence, mark.mark): number for mark, number in kept.items()}


@pytest.mark.parametrize("mark", OF_A_LETTER)
def test_one_tap_is_counted_and_thanked_for(emma: Visitor, mark: str) -> None:
    assert emma.opens("/feedback").page.status == 200
    emma.posts("/feedback", {"letter": mark})
    assert (emma.page.status, emma.page.path) == (200, "/feedback/thanks")
    assert counted(emma) == {("", mark): 1}


def test_the_page_after_sending_asks_and_its_tap_is_counted(emma: Visitor) -> None:
    emma.reaches_check().sends_to("emma@example.org")
    assert emma.page.path == "/letter/sent"
    assert emma.page.soup.select_one("a[href='/words']")
    buttons = emma.page.soup.select("form[action='/feedback'] button[name=letter]")
    assert [str(one["value"]) for one in buttons] == list(OF_A_LETTER)
    emma.submits("/feedback", letter="helped")
    assert counted(emma) == {("", "helped"): 1}


def test_the_sentences_of_the_letter_just_sent_can_be_marked(emma: Visitor) -> None:
    emma.reaches_check(voice="child", name="Lily").sends_to("emma@example.org")
    emma.opens("/feedback")
    assert emma.page.soup.select_one("a[href='/feedback/yours']")
    emma.opens("/feedback/yours")
    legends = [one.get_text(strip=True) for one in emma.page.soup.select("legend")]
    assert len(legends) == 8
    assert "Lily is very glad to help with your work." in legends
    assert any(one.startswith("I would be grateful if you could tell") for one in legends)


def test_without_a_letter_there_are_no_sentences_of_it(emma: Visitor) -> None:
    assert "/feedback/yours" not in emma.opens("/feedback").page.html
    assert emma.opens("/feedback/yours").page.path == "/feedback"


def test_any_sentence_is_marked_and_several_at_once(emma: Visitor) -> None:
    emma.opens("/feedback/what-helps")
    fields = {"mark-wait-in-silence": "helpful", "mark-talk-as-normal": "wrong"}
    emma.submits("/feedback", **fields)
    emma.posts("/feedback", {"mark-wait-in-silence": "helpful", "mark-work-opening": "unclear"})
    assert counted(emma) == {
        ("wait-in-silence", "helpful"): 2,
        ("talk-as-normal", "wrong"): 1,
        ("work-opening", "unclear"): 1,
    }


def test_a_reader_without_a_cookie_may_tap_too(emma: Visitor) -> None:
    reader = Visitor(emma.client.application, DEMO.public_url)
    reader.posts("/feedback", {"letter": "not"}, headers={"Sec-Fetch-Site": "same-origin"})
    assert counted(emma) == {("", "not"): 1}
    assert reader.page.status == 200


BAD = [
    {},
    {"letter": "great"},
    {"letter": "x" * 5000},
    {"mark-nothing": "helpful"},
    {"mark-wait-in-silence": "bad"},
    {"mark-": "helpful"},
    {"mark-wait-in-silence' OR 1": "helpful"},
    {"text": "I am Emma, emma@example.org"},
]


@pytest.mark.parametrize("fields", BAD)
def test_what_nobody_can_tap_is_not_counted_and_gets_a_kind_page(
    emma: Visitor, fields: dict[str, str]
) -> None:
    emma.posts("/feedback", fields)
    assert emma.page.status == 422
    assert "Nothing is marked yet" in emma.page.text
    assert counted(emma) == {}


def test_a_get_counts_nothing_and_another_site_neither(emma: Visitor) -> None:
    emma.opens("/feedback?letter=helped").opens("/feedback/thanks?letter=helped")
    emma.posts("/feedback", {"letter": "helped"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert emma.page.status == 403
    assert counted(emma) == {}


def test_no_field_for_text_stands_on_these_pages(emma: Visitor) -> None:
    for path in ("/feedback", "/feedback/what-helps", "/feedback/thanks"):
        page = emma.opens(path).page
        kinds = {str(one.get("type")) for one in page.soup.select("main input, main textarea")}
        assert kinds <= {"radio"}


def test_more_than_a_group_can_tap_in_an_hour_is_not_counted_and_told_kindly() -> None:
    emma = Visitor(make_app(DEMO), DEMO.public_url)
    most = int(OFTEN.split()[0])
    for _ in range(most + 3):
        emma.posts("/feedback", {"letter": "helped"})
    assert emma.page.status == 429
    assert "These last ones were not counted." in emma.page.text
    assert counted(emma) == {("", "helped"): most}


def test_a_database_that_is_away_is_told_and_nothing_is_lost(
    emma: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise DatabaseUnavailable

    monkeypatch.setattr(Feedback, "count", away)
    emma.posts("/feedback", {"letter": "helped"})
    assert emma.page.status == 503
    assert "We could not count this" in emma.page.text


def test_the_counters_add_up_in_both_databases(database: Database) -> None:
    database.start()
    kept = Feedback(database)
    marks = [Mark(WAIT.id, WAIT.wording, mark) for mark in OF_A_SENTENCE]
    for _ in range(3):
        kept.count(marks)
    kept.count([Mark("", b"", "helped"), Mark("x" * 128, b"1234", "helpful")])
    assert kept.counts()[marks[0]] == 3
    assert kept.counts()[Mark("", b"", "helped")] == 1


def test_the_table_has_no_place_for_a_time_a_person_or_a_text() -> None:
    assert {column.name for column in feedback.columns} == {
        "sentence",
        "wording",
        "mark",
        "number",
    }


def test_other_words_begin_their_count_anew() -> None:
    assert replace(WAIT, me="ask once.").wording != WAIT.wording
    assert replace(WAIT, them="ask once.").wording != WAIT.wording
    assert replace(WAIT, agreed=None).wording == WAIT.wording
