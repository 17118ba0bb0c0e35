"""A letter that is copied, printed or kept: how to answer it, typed for such a copy alone."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest

from webapp.web.forms import ANSWER_BY

from .builders import english
from .letter_page import parse, visible_text
from .mails import bodies
from .visitor import Drawer, Visitor, drawer_of, make_app, visitor

ANSWER = "emma@example.org, or a note at reception"
LINE = f"You can answer here: {ANSWER}"


def _asked(path: str, answer_by: str = ANSWER, **fields: Any) -> Visitor:
    emma = visitor().reaches_check(**({"more": {"to_name": "Ms Patel"}} | fields))
    return emma.submits("/letter/check", answer_by=answer_by, go=path)


@pytest.mark.parametrize("path", ["/letter/print", "/letter/my-letter.txt"])
def test_a_copy_says_how_to_answer_where_that_was_typed(path: str) -> None:
    assert LINE in _asked(path).page.text


def test_so_does_the_copy_to_keep_as_a_page() -> None:
    assert LINE in visible_text(parse(_asked("/letter/my-letter.html").page.html))


@pytest.mark.parametrize("path", ["/letter/print", "/letter/my-letter.txt"])
def test_where_nothing_was_typed_nothing_stands(path: str) -> None:
    assert "You can answer here" not in _asked(path, "").page.text


@pytest.mark.parametrize("ticks", [0, 1, 8])
@pytest.mark.parametrize("situation", english().situations)
def test_every_copy_asks_for_an_answer_in_writing(situation: str, ticks: int) -> None:
    emma = visitor().reaches_check(situation=situation, ticks=ticks)
    text = emma.opens("/letter/my-letter.txt").page.text
    assert re.search(r"in writing (?:which|would)|Could you write ", text)


@pytest.mark.parametrize("situation", ["healthcare", "service"])
def test_no_copy_asks_for_an_answer_by_email_to_no_address(situation: str) -> None:
    emma = visitor().reaches_check(situation=situation, ticks=99).opens("/letter/print")
    assert "You can answer by email" not in emma.page.letter()


def test_the_mail_never_has_that_line() -> None:
    emma = _asked("/help").opens("/letter/check").sends_to("emma@example.org")
    (mail,) = drawer_of(emma.app).mails
    assert all("You can answer here" not in body for body in bodies(mail))


def test_it_is_there_again_after_help_and_gone_once_the_letter_went() -> None:
    emma = _asked("/help").opens("/letter/check")
    field = emma.page.soup.select_one("#answer_by")
    assert field
    assert field.get_text().strip() == ANSWER
    emma.sends_to("emma@example.org").submits("/letter/sent")
    field = emma.page.soup.select_one("#answer_by")
    assert field
    assert field.get_text().strip() == ""


def test_too_long_a_line_is_told_beside_its_field() -> None:
    emma = _asked("/letter/print", "x" * (ANSWER_BY.characters + 1))
    assert emma.page.path == "/letter/check"
    assert emma.page.error_at("answer_by").startswith("Please make this shorter.")
    assert emma.page.summary()["answer_by"] == emma.page.error_at("answer_by")


def test_a_name_of_the_condition_in_it_is_asked_about_where_it_can_be_changed() -> None:
    emma = _asked("/letter/check", "emma@selectivemutism.example", level="needs")
    change = emma.page.soup.select_one("#summary button[name=go]")
    assert change
    assert change["value"] == "/letter/check#answer_by"
    emma.keeps_what_it_names()
    assert not emma.page.soup.select("#summary")


def test_a_printed_letter_has_its_day_who_sends_it_and_who_gets_it() -> None:
    noon = datetime.datetime(2027, 3, 9, 12, tzinfo=datetime.UTC)
    emma = Visitor(make_app(post=Drawer(), clock=lambda: noon))
    emma.reaches_check(name="Emma", more={"to_name": "Ms Patel"}).opens("/letter/print")
    letter = emma.page.letter()
    assert letter.startswith("9 March 2027 From: Emma To: Ms Patel A note from Emma")
    # No other day stands there, not even that of the words.
    assert re.search(r"Words: \w{4,}$", letter)
    assert not re.search(r"\d{4}-\d\d-\d\d", letter)


def test_for_somebody_else_it_comes_from_whoever_writes() -> None:
    emma = visitor().chooses("school").says("named", voice="child", writer="Ann, Sam’s mother")
    emma.ticks(2).adds().opens("/letter/print")
    assert "From: Ann, Sam’s mother" in emma.page.letter()
    assert "To:" not in emma.page.letter()
