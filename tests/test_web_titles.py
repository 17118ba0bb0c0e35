"""Each page's title says what is so, and what is ours to mend marks no field of anybody's."""

from __future__ import annotations

import pytest

from webapp.post import Outcome, Result

from .direct import Host, Writer, told
from .visitor import visitor

LOOK = told("title", "errors")


def test_a_question_is_no_mistake() -> None:
    emma = visitor().reaches_check().sends_to("emma@gmial.com")
    assert (emma.page.status, emma.page.title) == (422, told("ask_heading", "check"))


def test_a_question_about_the_reader_is_no_mistake(emma: Writer) -> None:
    emma.reaches_check()
    emma.names("manager@gmial.com")
    assert emma.page.title == told("ask_heading", "check")


def test_own_words_that_name_it_are_what_the_page_is_about() -> None:
    emma = visitor().reaches_check(level="needs", more={"own_words": "I have selective mutism."})
    assert emma.page.title == told("named_heading", "check")


def test_a_mistake_is_said_first() -> None:
    emma = visitor().reaches_check().sends_to("emma")
    assert emma.page.title.startswith(LOOK)


@pytest.mark.parametrize(
    ("result", "heading"),
    [(Result.NOT_SENT, "unsent_heading"), (Result.PERHAPS_SENT, "uncertain_heading")],
)
def test_the_opened_letters_title_is_its_heading(
    emma: Writer, host: Host, result: Result, heading: str
) -> None:
    opened = emma.asks().types().page
    assert opened.title == opened.heading == told("opened_heading")
    host.drawer.outcome = Outcome(result, "dot")
    emma.sends()
    assert emma.page.title == emma.page.heading == told(heading)


def test_what_came_of_a_press_stands_before_the_heading_and_takes_the_focus(
    emma: Writer, host: Host
) -> None:
    emma.asks().types()
    host.drawer.outcome = Outcome(Result.NOT_SENT, "connect")
    html = emma.sends().page.html
    assert html.index('id="summary" tabindex="-1"') < html.index("<h1")


def test_the_tick_that_was_missing_is_marked_and_linked_to(emma: Writer, host: Host) -> None:
    emma.asks().types()
    host.drawer.outcome = Outcome(Result.PERHAPS_SENT, "dot")
    emma.sends().sends()
    assert emma.page.summary() == {"again": told("again_needed")}
    assert emma.page.error_at("again") == told("again_needed")
    assert emma.page.soup.select("#again[aria-invalid][aria-describedby=again-error]")


@pytest.mark.parametrize("path", ["/stop", "/confirm/x", "/stop/x"])
def test_what_is_ours_marks_no_field_and_speaks_of_what_the_page_is_for(
    host: Host, path: str
) -> None:
    host.close()
    host.turns(store=None)
    page = Writer(host).posts(path, {"email": "other@example.org", "code": "123456"}).page
    assert page.status == 503
    assert page.soup.select("#summary[tabindex]")
    assert not page.soup.select("[aria-invalid], .wrong, .error")
    assert not page.title.startswith(LOOK)
    if path.startswith("/stop"):
        assert "letter" not in page.soup.main.get_text().lower()  # type: ignore[union-attr]


def test_a_wrong_code_to_stop_mail_speaks_of_no_letter(host: Host) -> None:
    writer = Writer(host).opens("/stop")
    writer.submits("/stop", email="other@example.org")
    for code in ("000000", "12"):
        writer.submits(writer.page.path, code=code)
        assert "letter" not in writer.page.soup.main.get_text().lower()  # type: ignore[union-attr]
        assert writer.page.summary() == {"code": writer.page.error_at("code")}


def test_no_place_chosen_is_told_above_and_beside_the_question() -> None:
    emma = visitor().opens("/").submits("/", situation="nowhere")
    assert emma.page.summary()["situation"] == emma.page.error_at("situation") != ""
    assert emma.page.soup.select("[role=group][aria-describedby=situation-error]")
