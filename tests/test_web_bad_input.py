"""Bad input: the page again with everything kept, and never a mail to anybody else."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from webapp.letter.plain_name import is_plain_name

from .letter_page import words_of
from .mails import INJECTIONS, bodies
from .pages import Page
from .visitor import Visitor, drawer_of, visitor

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
    assert letter["To"] == letter["Reply-To"] == "emma@example.org"


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
    "reply-to",
}


@pytest.mark.parametrize(
    "name", ["O’Neil", 'Emma "Bobby" Jones', "Patel, Meera", "Zoë 🌻", "<b>Emma</b> & Co", "李雷"]
)
def test_an_unusual_name_stands_in_page_and_mail_as_it_was_typed(name: str) -> None:
    """Only a plain name enters the subject; the letter's heading is its writer's own."""
    emma = visitor().reaches_check(name=name)
    subject = f"A note from {name} about volunteering"
    if not is_plain_name(name):
        subject = "A note about volunteering"
    assert emma.page.letter().startswith(f"A note from {name} about volunteering ")
    (letter,) = drawer_of(emma.sends_to("emma@example.org").app).letters()
    assert letter["Subject"] == subject
    body = letter.get_body(("plain",))
    assert body
    assert name in body.get_content()


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


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("I nod.Then I write", "put a space after the full stop"),
        ("I am quiet@school", "write “at” for “@”"),
        ("born 04 03 2004", "write it like 23/11/2026"),
        ("on 3 10 17 24 31 May", "put a word between the numbers"),
    ],
)
def test_the_hint_fits_what_was_found(text: str, hint: str) -> None:
    emma = _fills(visitor().reaches_check(), "own_words", text)
    assert hint in emma.page.error_at("own_words")


def test_what_was_taken_out_of_a_text_is_told_until_it_is_typed_without() -> None:
    emma = _fills(visitor().reaches_check(), "own_words", "I am \u202ekind\u202c and\u200b quiet.")
    assert "I am kind and quiet." in emma.page.letter()
    note = emma.page.soup.select_one(".note")
    assert note is not None
    assert "that nobody can see" in note.text
    assert [item.text for item in note.select("li")] == ["Your own words"]
    emma.opens("/letter/how-much").says("named", name="Em\u2066ma")
    assert "Your own words" in emma.opens("/letter/check").page.soup.select_one(".note").text  # type: ignore[union-attr]
    _fills(emma, "own_words", "I am kind and quiet.").opens("/letter/how-much").says("named")
    assert "nobody can see" not in emma.opens("/letter/check").page.text


SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


@pytest.mark.parametrize("kept", [SCOTLAND, "\U0001fa77", "\U0001fae8", "\U000323b0", "\u0600١٢"])
def test_newer_signs_stand_in_page_and_mail_and_nothing_is_said_of_them(kept: str) -> None:
    emma = _fills(visitor().reaches_check(), "own_words", f"I like {kept} very much.")
    assert kept in emma.page.letter()
    assert "nobody can see" not in emma.page.text
    emma.sends_to("emma@example.org")
    text, html = bodies(drawer_of(emma.app).mails[0])
    assert kept in text
    assert kept in html


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


# What deletes reads nothing of what is posted.
KEEPING = [path for path in POSTS if path != "/deleted"]


@pytest.mark.parametrize("path", KEEPING)
def test_a_body_over_the_limit_gets_a_calm_page_and_keeps_the_answers(path: str) -> None:
    emma = visitor().reaches_check(more=MORE)
    emma.posts(path, {"own_words": "a" * 300 * 1024})
    assert (emma.page.status, emma.page.heading) == (413, "That was too much text")
    assert "I am kind." in emma.opens("/letter/check").page.letter()


@pytest.mark.parametrize("path", KEEPING)
@pytest.mark.parametrize("content_type", [None, "multipart/form-data"])
def test_a_thousand_fields_break_nothing(path: str, content_type: str | None) -> None:
    emma = visitor().reaches_check(more=MORE)
    data: dict[str, Any] = {f"field{n}": "x" for n in range(1000)} | {"say": ["x"] * 1000}
    answer = emma.client.post(path, data=data, content_type=content_type, base_url=emma.base)
    assert answer.status_code < 500
    assert "I am kind." in emma.opens("/letter/check").page.letter()
    assert not drawer_of(emma.app).mails


def test_a_flag_in_a_name_stands_in_the_letter_and_its_subject_does_without_the_name() -> None:
    """A header has no place for what shows nothing; half a flag would be another one."""
    emma = visitor().reaches_check(name=f"Emma {SCOTLAND}").sends_to("emma@example.org")
    mail = drawer_of(emma.app).only_letter()
    assert f"Emma {SCOTLAND}" in bodies(drawer_of(emma.app).mails[0])[0]
    assert "\U0001f3f4" not in mail["Subject"]
    assert "Emma" not in mail["Subject"]
