"""The cookie that holds a person's answers: small, sealed, and only this host's."""

from __future__ import annotations

import base64
import dataclasses
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from webapp.letter.answers import Answers
from webapp.letter.words import LEVELS, VOICES
from webapp.web.cookie import (
    FREE_TEXTS,
    MAX_COOKIE_BYTES,
    Addresses,
    Draft,
    _fields,
    _fields_of_letter,
)
from webapp.web.forms import ANSWER_BY, FIRST, NAME, OWN_WORDS, WRITER, Room

from .builders import english
from .visitor import DEMO, PRODUCTION, PUBLIC, Drawer, Visitor, app_for, make_app, visitor

# All that a person can type: as many bytes as fit, and letters of two, three and four of them.
LETTERS = ("a", "é", "中", "\U0001f600")


def _full(room: Room, letter: str) -> str:
    size = len(letter.encode())
    count = min(room.characters, room.utf8_bytes // size)
    return letter * count + "a" * min(room.characters - count, room.utf8_bytes - count * size)


def _everything(letter: str) -> dict[str, str]:
    name = _full(NAME, letter)
    return {"to_name": name, "first": _full(FIRST, letter), "own_words": _full(OWN_WORDS, letter)}


def _most_ticks() -> tuple[str, str, int]:
    counts = {
        (situation.id, level): sum(1 for _ in english().statements_for(situation, level))
        for situation, level in product(english().situations.values(), LEVELS)
    }
    (situation_id, level), most = max(counts.items(), key=lambda item: item[1])
    return situation_id, level, most


def _set_cookies(emma: Visitor, path: str, data: dict[str, str]) -> list[str]:
    answer = emma.client.post(path, data=data, base_url=emma.base)
    return answer.headers.getlist("Set-Cookie")


@pytest.mark.parametrize("voice", VOICES)
@pytest.mark.parametrize("letter", LETTERS)
def test_with_every_field_full_the_whole_line_stays_small(voice: str, letter: str) -> None:
    situation, level, most = _most_ticks()
    emma = visitor(PRODUCTION)
    full = {"voice": voice, "situation": situation, "level": level}
    more = _everything(letter) | {"rights": "any"}
    fields = {"name": _full(NAME, letter), "writer": _full(WRITER, letter)}
    fields |= {"they": "she", "term": "situational"}
    emma.reaches_check(ticks=most, more=more, says=fields, **full)
    assert emma.draft().answers.writer == fields["writer"]  # type: ignore[union-attr]
    assert emma.page.path == "/letter/check"
    emma.submits("/letter/check", answer_by=_full(ANSWER_BY, letter), email="e" * 320, go="/help")
    line = _lines(emma)[-1]
    assert len(line.encode()) <= MAX_COOKIE_BYTES == 3072


def _lines(emma: Visitor) -> list[str]:
    """A new Set-Cookie line for what the cookie now holds, every part of it filled."""
    with emma.app.test_request_context("/", base_url=emma.base):
        found = emma.draft()
        found.mark_browser()
        found.taken_out = frozenset(FREE_TEXTS)
        found.mark_sent(2_000_000_000, straight=True, what="0" * 8)
        found.kept = found.kept or "0" * 8
        found["csrf_token"] = "0" * 40
        response = emma.app.response_class()
        emma.app.session_interface.save_session(emma.app, found, response)
        return response.headers.getlist("Set-Cookie")


def test_ids_of_other_situations_make_the_cookie_no_larger_than_browsers_promise() -> None:
    emma = visitor(PRODUCTION)
    more = _everything("\U0001f600")
    emma.reaches_check(name=_full(NAME, "é"), ticks=[*english().statements], more=more)
    assert len(_lines(emma)[-1].encode()) <= 4096


def test_in_production_name_and_flags_bind_it_to_this_host_and_this_session() -> None:
    answer = app_for(PRODUCTION).test_client().get("/", base_url=PUBLIC)
    (line,) = answer.headers.getlist("Set-Cookie")
    name, _, rest = line.partition("=")
    assert name == "__Host-letter"
    assert rest.split("; ")[1:] == ["Secure", "HttpOnly", "Path=/", "SameSite=Lax"]


def test_on_this_machine_the_cookie_needs_no_https() -> None:
    answer = app_for(DEMO).test_client().get("/", base_url=DEMO.public_url)
    (line,) = answer.headers.getlist("Set-Cookie")
    assert line.startswith("letter=")
    assert line.split("; ")[1:] == ["HttpOnly", "Path=/", "SameSite=Lax"]


def test_there_is_one_cookie_and_no_other() -> None:
    emma = visitor(PRODUCTION).reaches_check()
    for path in ("/", "/help", "/nowhere", "/letter/print", "/letter/sent"):
        emma.opens(path)
    assert [*emma.cookies()] == ["__Host-letter"]


def test_what_was_typed_cannot_be_read_in_the_cookie() -> None:
    emma = visitor().reaches_check(name="Canary", more={"own_words": "canary words"})
    (value,) = emma.cookies().values()
    opened = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    assert b"canary" not in opened.lower()


def test_a_page_that_changes_nothing_sets_no_cookie_again() -> None:
    emma = visitor().reaches_check()
    answer = emma.client.get("/letter/check", base_url=emma.base)
    assert not answer.headers.getlist("Set-Cookie")


def _with_cookie(emma: Visitor, value: str) -> Visitor:
    other = Visitor(emma.app, emma.base)
    (name,) = emma.cookies()
    host = emma.base.partition("://")[2].partition(":")[0]
    other.client.set_cookie(name, value, domain=host)
    return other


def _tampered(value: str) -> list[str]:
    flipped = [
        value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1 :]
        for at in range(0, len(value) - 1, 97)
    ]
    return [*flipped, value[:-4], value + "AAAA", "", "x", "....", "%00", "é", "A" * 4000]


def test_a_cookie_that_was_changed_counts_as_none() -> None:
    emma = visitor().reaches_check()
    (value,) = emma.cookies().values()
    for wrong in _tampered(value):
        other = _with_cookie(emma, wrong)
        assert other.opens("/letter/check").page.path == "/"
        assert other.page.status == 200


def test_a_cookie_of_another_host_counts_as_none() -> None:
    emma = visitor().reaches_check()
    (value,) = emma.cookies().values()
    elsewhere = app_for(replace(DEMO, secret_key="another secret, long enough to be one too"))
    stranger = Visitor(elsewhere)
    stranger.client.set_cookie("letter", value, domain="127.0.0.1")
    assert stranger.opens("/letter/check").page.path == "/"


def test_a_demo_cookie_is_none_in_production() -> None:
    (value,) = visitor(DEMO).reaches_check().cookies().values()
    emma = visitor(PRODUCTION)
    emma.client.set_cookie("__Host-letter", value, domain="letters.example", secure=True)
    assert emma.opens("/letter/check").page.path == "/"


def test_a_new_secret_keeps_the_answers_while_the_old_one_is_a_fallback() -> None:
    emma = visitor().reaches_check()
    letter = emma.page.letter()
    new = replace(
        DEMO,
        secret_key="a new secret of the tests, long enough",
        secret_key_fallbacks=(DEMO.secret_key,),
    )
    emma.client.application = make_app(new, post=Drawer())
    assert emma.opens("/letter/check").page.letter() == letter
    assert emma.sends_to("emma@example.org").page.path == "/letter/sent"


def test_a_new_secret_between_page_and_press_asks_for_one_more_press() -> None:
    emma = visitor().reaches_check()
    post = Drawer()
    new = replace(DEMO, secret_key="n" * 40, secret_key_fallbacks=(DEMO.secret_key,))
    emma.client.application = make_app(new, post=post)
    emma.submits("/letter/check", email="emma@example.org")
    assert not post.mails
    assert emma.submits("/letter/check").page.path == "/letter/sent"


def test_a_draft_shows_nothing_of_itself() -> None:
    found = visitor().reaches_check(name="Canary").draft()
    assert repr(found) == str(found) == "Draft()"
    assert "Canary" not in repr(found.answers)


def test_the_same_answers_are_sealed_anew_each_time() -> None:
    one, other = (visitor().reaches_check().cookies()["letter"] for _ in range(2))
    assert one != other


def test_no_two_things_in_the_cookie_have_one_letter() -> None:
    """Else the one that was typed would come back as the other."""
    full = Draft()
    full.answers = Answers(
        situation="work", level="named", voice="me", language="en", say=("x",), rights="x"
    )
    for name, value in vars(full).items():
        if isinstance(value, bytes):
            setattr(full, name, b"\x01")
        elif isinstance(value, str):
            setattr(full, name, "ab")
    full.addresses = Addresses(*["x"] * len(dataclasses.fields(Addresses)))
    typed: dict[str, Any] = dict.fromkeys(FREE_TEXTS, "x")
    full.answers = replace(full.answers, **typed)
    full.proofs, full.taken_out = (b"\x01",), frozenset(FREE_TEXTS)
    full.sent_at = full.deleted_at = full.issued_at = 1
    full["csrf_token"] = "ab"
    tags = [tag for tag, content in (*_fields(full), *_fields_of_letter(full)) if content]
    assert len(tags) == len(set(tags)) > 25
