"""Whatever is posted: ids nobody knows, bytes that are no text, and forms made by chance."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .builders import english
from .mails import INJECTIONS
from .visitor import DEMO, Visitor, app_for, drawer_of, visitor

MORE = {"to_name": "Ms Patel", "first": "I will nod.", "own_words": "I am kind."}
POSTS = (
    "/",
    "/letter/how-much",
    "/letter/what",
    "/letter/about-you",
    "/letter/check",
    "/letter/sent",
    "/deleted",
)


# Ids.


@pytest.mark.parametrize(
    ("path", "field", "error"),
    [
        ("/", "situation", "Choose where your letter goes."),
        ("/letter/how-much", "level", "Choose how much the letter says."),
        ("/letter/how-much", "voice", "Choose whose letter this is."),
        ("/letter/what", "say", "One of the sentences is no longer in the list."),
        ("/letter/about-you", "rights", "Choose a paragraph from the list, or none."),
    ],
)
@pytest.mark.parametrize("bad", ["nothing-known", "x" * 9999, "\x00🌻"])
def test_an_unknown_id_is_refused_and_the_answers_stay(
    path: str, field: str, error: str, bad: str
) -> None:
    emma = visitor().reaches_check(more=MORE)
    letter = emma.page.letter()
    emma.opens(path).submits(path, **({"level": "named"} | {field: bad}))
    assert emma.page.status == 422
    assert emma.page.summary()[field].startswith(error)
    assert set(emma.page.summary()) <= emma.page.ids()
    assert emma.opens("/letter/check").page.letter() == letter


def test_ids_of_another_situation_or_level_never_come_into_the_letter() -> None:
    every = [*english().statements]
    emma = visitor().reaches_check(situation="service", level="needs", ticks=every)
    fits = english().statements_for(english().situations["service"], "needs")
    assert emma.page.path == "/letter/check"
    items = {li.get_text() for li in emma.page.soup.select(".letter li, .letter h3 + p")}
    assert items <= {s.me for s in fits} | {r.label for r in _replies()}


def _replies() -> list[Any]:
    return list(english().situations["service"].replies)


def test_a_right_of_another_situation_never_comes_into_the_letter() -> None:
    emma = visitor().reaches_check(situation="volunteering", more={"rights": "gb-work"})
    assert "Equality Act" not in emma.page.letter()


# Whatever else is posted.


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "body",
    [
        b"name=%ED%A0%80&own_words=%FF%FE&email=%C0%AF@example.org&situation=%80",
        b"name=\xed\xa0\x80&email=\xff&level=\x80",
        b"%%%&&&===;;;%0&%u0041",
        b"=" * 5000,
        b"\x00" * 100,
        b"",
    ],
)
def test_bytes_that_are_no_text_break_nothing(path: str, body: bytes) -> None:
    emma = visitor().reaches_check()
    token = dict(csrf_token=_value(emma, "csrf_token"), draft=_value(emma, "draft"))
    head = "&".join(f"{name}={value}" for name, value in token.items()).encode()
    kind = "application/x-www-form-urlencoded"
    answer = emma.client.post(path, data=head + b"&" + body, content_type=kind, base_url=emma.base)
    assert answer.status_code < 500
    assert not drawer_of(emma.app).mails
    assert emma.opens("/letter/check").page.status == 200


def _value(emma: Visitor, name: str) -> str:
    return str(emma.page.soup.select_one(f"#send input[name={name}]")["value"])  # type: ignore[index]


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data", ""])
def test_a_body_of_another_kind_breaks_nothing(path: str, kind: str) -> None:
    emma = visitor().reaches_check()
    answer = emma.client.post(path, data=b'{"a": [', content_type=kind, base_url=emma.base)
    assert answer.status_code < 500
    assert not drawer_of(emma.app).mails


FIELDS = (
    *("situation", "level", "voice", "name", "say", "to_name", "first", "own_words", "rights"),
    *("email", "shown", "answered", "draft", "then", "see", "keep", "language", "csrf_token"),
)
VALUES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(["named", "needs", "me", "child", "work", "write-or-type", "en", "check"]),
    st.sampled_from(["eve@evil.example", "\r\nBcc: eve@evil.example", "selective mutism"]),
    st.sampled_from(INJECTIONS).map(lambda text: text.encode("utf-8", "replace").decode()),
)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(POSTS), st.dictionaries(st.sampled_from(FIELDS), st.lists(VALUES)))
def test_random_forms_never_break_a_page_and_never_mail_anybody_else(
    path: str, data: dict[str, list[str]]
) -> None:
    emma = PATIENT.opens("/letter/check")
    drawer_of(emma.app).recipients.clear()
    if emma.page.path != "/letter/check":
        emma.reaches_check()
    hidden = {name: [_value(emma, name)] for name in ("csrf_token", "draft", "shown")}
    emma.posts(path, hidden | data)
    assert emma.page.status < 500
    assert set(drawer_of(emma.app).recipients) <= {one.strip() for one in data.get("email", [])}
    assert emma.opens("/letter/check").page.status == 200


# One browser that goes on from whatever the last random form left.
PATIENT = Visitor(app_for(DEMO))
