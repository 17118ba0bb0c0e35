"""Bad input: the page again with everything kept, and never a mail to anybody else."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .builders import english
from .letter_page import words_of
from .mails import INJECTIONS
from .visitor import DEMO, Page, Visitor, app_for, drawer_of, visitor

SLOT = "your email address"
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


def _is_beside_the_field_and_linked_at_the_top(page: Page, name: str) -> bool:
    sentence = page.error_at(name)
    field = page.soup.find(id=name)
    return bool(
        sentence.endswith((".", ":"))
        and page.summary() == {name: sentence}
        and field
        and field["aria-invalid"] == "true"
        and f"{name}-error" in str(field["aria-describedby"])
    )


# Addresses.


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Type your email address"),
        ("emma", "Type the whole address"),
        ("zoë@example.org", "without accents"),
        ("a" * 288 + "@example.org", "too long"),
        ("emma@example.org, eve@example.org", "one address only"),
        ("emma@example.org\r\nBcc: eve@example.org", "one address only"),
        ("emma@example.org\nBcc: x", "Type the whole address"),
        ("=?utf-8?q?=0ABcc=3A_x?=", "Type the whole address"),
        ("=?utf-8?q?=0ABcc=3A_x?=@example.org", "Type the whole address"),
    ],
)
def test_a_bad_address_gets_one_plain_sentence_and_keeps_everything(
    typed: str, sentence: str
) -> None:
    emma = visitor().reaches_check(more=MORE)
    letter = emma.page.letter()
    emma.sends_to(typed)
    assert emma.page.status == 422
    assert sentence in emma.page.error_at("email")
    assert _is_beside_the_field_and_linked_at_the_top(emma.page, "email")
    assert words_of(str(emma.page.soup.select_one("#email")["value"])) == words_of(typed)  # type: ignore[index]
    assert emma.page.letter().replace(words_of(typed) or SLOT, SLOT) == letter
    assert not drawer_of(emma.app).mails


# Names.


def _is_taken_or_refused_well(page: Page, field: str) -> bool:
    return page.status == 200 or _is_beside_the_field_and_linked_at_the_top(page, field)


@pytest.mark.parametrize("typed", INJECTIONS)
def test_a_name_is_cleaned_or_refused_and_never_a_second_header(typed: str) -> None:
    typed = typed.encode("utf-8", "replace").decode()
    emma = visitor().chooses().says("named", name=typed)
    assert _is_taken_or_refused_well(emma.page, "name")
    if emma.page.status == 422:
        emma.says("named", name="Emma")
    emma.opens("/letter/about-you").adds(to_name=typed)
    assert _is_taken_or_refused_well(emma.page, "to_name")
    emma.opens("/letter/check").sends_to("emma@example.org")
    (letter,) = drawer_of(emma.app).letters()
    assert sorted(map(str.lower, letter)) == sorted(HEADERS)
    assert letter["To"] == "emma@example.org"


HEADERS = {
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "content-language",
    "auto-submitted",
    "list-unsubscribe",
}


@pytest.mark.parametrize(
    "name", ["O’Neil", 'Emma "Bobby" Jones', "Patel, Meera", "Zoë 🌻", "<b>Emma</b> & Co", "李雷"]
)
def test_an_unusual_name_stands_in_page_and_mail_as_it_was_typed(name: str) -> None:
    emma = visitor().reaches_check(name=name)
    assert emma.page.letter().startswith(f"How to communicate with {name} ")
    (letter,) = drawer_of(emma.sends_to("emma@example.org").app).letters()
    assert letter["Subject"] == f"How to communicate with {name}"


# Free fields.

LONG = {"name": 80, "to_name": 80, "first": 150, "own_words": 600}


def _fills(emma: Visitor, field: str, text: str) -> Visitor:
    if field == "name":
        return emma.opens("/letter/how-much").says("named", name=text)
    return emma.opens("/letter/about-you").adds(**(MORE | {field: text}))


@pytest.mark.parametrize("field", LONG)
@pytest.mark.parametrize(
    "text", ["see evil.com now", "https://evil.example", "eve@evil.example", "call 01632 960 001"]
)
def test_contact_details_are_refused_kindly_and_kept(field: str, text: str) -> None:
    emma = _fills(visitor().reaches_check(more=MORE), field, text)
    assert emma.page.status == 422
    assert "Take out web links" in emma.page.error_at(field)
    assert _is_beside_the_field_and_linked_at_the_top(emma.page, field)
    assert text in emma.page.form(emma.page.path).decode()
    assert "evil" not in emma.opens("/letter/check").page.html


def test_a_date_is_no_telephone_number() -> None:
    emma = _fills(visitor().reaches_check(), "own_words", "I start on 23/11/2026 at 9.30.")
    assert "23/11/2026" in emma.page.letter()


@pytest.mark.parametrize("field", LONG)
@pytest.mark.parametrize("letter", ["a", "\U0001f600", "0."])
def test_a_text_that_is_too_long_is_refused_and_kept(field: str, letter: str) -> None:
    # In a body, every byte beyond ASCII takes three.
    text = letter * (100 * 1024 // len(quote(letter)))
    emma = _fills(visitor().reaches_check(more=MORE), field, text)
    assert emma.page.status == 422
    assert "shorter" in emma.page.error_at(field)
    assert _is_beside_the_field_and_linked_at_the_top(emma.page, field)
    assert text in emma.page.form(emma.page.path).decode()


@pytest.mark.parametrize("field", LONG)
def test_the_longest_text_that_fits_is_taken(field: str) -> None:
    emma = _fills(visitor().reaches_check(), field, "é" * LONG[field])
    assert emma.page.status == (422 if field == "first" else 200)
    emma = _fills(emma, field, "a" * LONG[field])
    assert "a" * LONG[field] in emma.opens("/letter/check").page.letter()


@pytest.mark.parametrize("path", POSTS)
def test_a_body_over_the_limit_gets_a_calm_page_and_keeps_the_answers(path: str) -> None:
    emma = visitor().reaches_check(more=MORE)
    emma.posts(path, {"own_words": "a" * 300 * 1024})
    assert (emma.page.status, emma.page.heading) == (413, "That was too much text")
    assert "I am kind." in emma.opens("/letter/check").page.letter()


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("content_type", [None, "multipart/form-data"])
def test_a_thousand_fields_break_nothing(path: str, content_type: str | None) -> None:
    emma = visitor().reaches_check(more=MORE)
    data: dict[str, Any] = {f"field{n}": "x" for n in range(1000)} | {"say": ["x"] * 1000}
    answer = emma.client.post(path, data=data, content_type=content_type, base_url=emma.base)
    assert answer.status_code < 500
    assert "I am kind." in emma.opens("/letter/check").page.letter()
    assert not drawer_of(emma.app).mails


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
