"""Bodies as they travel: 7-bit lines that every mail server leaves as they are."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.mail.message import message_id
from webapp.post.conversation import dot_stuffed

from .mail_shapes import ALWAYS, AWKWARD, FULL, KEY, assert_well_formed, same_lines
from .mails import PLAIN, bodies, make_mail, read

# Whatever fits into a body: everything but half characters.
BODY = st.text(st.characters(exclude_categories=["Cs"]))


def test_it_is_text_and_html_in_utf_8_and_nothing_else() -> None:  # G1, G2
    message = read(FULL.to_bytes())
    parts = list(message.iter_parts())
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert {part.get_content_charset() for part in parts} == {"utf-8"}
    assert {part["Content-Transfer-Encoding"] for part in parts} == {"quoted-printable"}
    assert not any(part.defects for part in message.walk())
    assert not message.preamble
    assert not message.epilogue


@pytest.mark.parametrize("text", ["Привет, мир. ", "مرحبا بالعالم. ", "こんにちは。"])
def test_other_scripts_are_written_in_the_shorter_way(text: str) -> None:  # G2, G15
    html = f"<p>{text * 400}</p>\n<p>.</p>\n"
    written = make_mail(text=text * 400 + "\n", html=html).to_bytes()
    assert_well_formed(written)
    encodings = {part["Content-Transfer-Encoding"] for part in read(written).iter_parts()}
    assert encodings == {"base64"}
    assert bodies(written)[1].replace("\r\n", "\n") == html
    assert len(written) < 1.45 * len((text * 800).encode())


def test_a_few_letters_of_another_script_leave_the_mail_readable_as_it_stands() -> None:
    written = make_mail(text="Hello,\n\nI am Мария. " + "I write. " * 20, html="<p>Мария</p>" * 9)
    plain = read(written.to_bytes()).get_body(("plain",))
    assert plain
    assert plain["Content-Transfer-Encoding"] == "quoted-printable"


def test_it_is_7_bit_with_short_lines_and_true_line_ends() -> None:  # G2, G3
    assert_well_formed(
        make_mail(text="é" * 999, html="<p>" + "x" * 999, subject="ß" * 70).to_bytes()
    )


@pytest.mark.parametrize(
    ("changes", "more"),
    [
        ({}, ["Auto-Submitted"]),
        ({"auto_submitted": False}, []),
        ({"reply_to": "emma@example.org", "auto_submitted": False}, ["Reply-To"]),
        ({"list_unsubscribe": "https://x.example/stop"}, ["Auto-Submitted", "List-Unsubscribe"]),
    ],
)
def test_it_has_exactly_the_headers_of_its_kind(
    changes: dict[str, object], more: list[str]
) -> None:
    names = read(make_mail(**changes).to_bytes()).keys()  # G4, G11
    assert sorted(names) == sorted(ALWAYS + more)


def test_its_date_has_a_numeric_zone_and_is_the_one_given() -> None:  # G6
    west = datetime(2026, 11, 23, 4, 30, tzinfo=timezone(timedelta(hours=-5)))
    for date, zone in ((PLAIN.date, "+0000"), (west, "-0500")):
        written = str(read(make_mail(date=date).to_bytes())["Date"])
        assert written.endswith(zone)
        assert parsedate_to_datetime(written) == date


def test_the_sender_is_always_word_ahead() -> None:  # G8
    sender = read(FULL.to_bytes())["From"].addresses
    assert [(x.display_name, x.addr_spec) for x in sender] == [("Word Ahead", FULL.sender)]


def test_the_same_mail_has_the_same_bytes() -> None:
    assert FULL.to_bytes() == FULL.to_bytes()


def test_the_boundary_differs_between_mails_and_occurs_in_no_body() -> None:
    boundary = read(PLAIN.to_bytes()).get_boundary()
    assert boundary is not None
    inside = make_mail(text=f"\n--{boundary}--\n", html=f"--{boundary}\n")
    assert bodies(inside.to_bytes()) == (inside.text, inside.html)
    other = make_mail(message_id=message_id(KEY, "wordahead.example", "another"))
    assert read(other.to_bytes()).get_boundary() != boundary


@settings(max_examples=150)
@given(text=BODY | AWKWARD, html=BODY | AWKWARD)
def test_any_body_is_read_back_by_the_standard_library(text: str, html: str) -> None:
    data = make_mail(text=text, html=html).to_bytes()
    assert_well_formed(data)
    assert bodies(data) == (same_lines(text), same_lines(html))


@pytest.mark.parametrize("width", range(66, 80))
@pytest.mark.parametrize("end", [" ", "\t", "  ", "é ", "= ", ".", " ."])
def test_a_line_that_ends_near_the_edge_stays_within_76_columns(width: int, end: str) -> None:
    text = f"{'a' * width}{end}\n{'b' * width}{end}"
    data = make_mail(text=text).to_bytes()
    assert_well_formed(data)
    assert bodies(data)[0] == text


@pytest.mark.parametrize("before", range(70, 80))
def test_no_line_is_broken_before_from(before: int) -> None:
    text = "x" * before + "From =From me to you." + "y" * 99
    written = make_mail(text=text).to_bytes()
    assert not any(line.startswith(b"From ") for line in written.split(b"\r\n"))
    assert bodies(written)[0].rstrip() == text
    assert_well_formed(written)


@given(AWKWARD)
def test_a_soft_break_stands_only_where_a_line_has_no_more_room(text: str) -> None:
    lines = make_mail(text="plain " * 99 + text).to_bytes().split(b"\r\n")
    for line, following in itertools.pairwise(lines):
        if line.endswith(b"="):
            assert len(line) >= 73
            assert len(line) + len(following) > 77


def test_a_line_without_escapes_is_filled_to_its_76_columns() -> None:
    lines = make_mail(text="a" * 202).to_bytes().split(b"\r\n")
    assert [len(line) for line in lines if line.startswith(b"aa")] == [76, 76, 52]


@pytest.mark.parametrize(
    "text",
    [
        "From here\nFrom \n",
        "so\nFrom here",
        "so \n",
        "so ",
        " ",
        "so\n\n \nfar  \n",
        ".\n",
        "so\n.\n.\n..\n.x",
        "so\n.",
        "From here\n.\n..\n.x\nso \nFrom \n",
    ],
)
def test_dots_from_lines_and_trailing_spaces_survive_old_mail_servers(text: str) -> None:
    mail = make_mail(text=f"{text}\n{'plain ' * 9}.\n\n{text}")
    lines = mail.to_bytes().split(b"\r\n")
    assert not any(line.startswith(b"From ") or line.endswith(b" ") for line in lines)
    assert bodies(mail.to_bytes())[0] == mail.text


@settings(max_examples=150)
@given(st.text(".=é From\n a", max_size=300) | AWKWARD | BODY)
def test_no_line_of_a_mail_begins_with_a_dot(text: str) -> None:
    """A server on the way that adds or drops a dot there then changes nothing."""
    data = make_mail(text=text, html=text).to_bytes()
    assert not any(line.startswith(b".") for line in data.split(b"\r\n"))
    assert dot_stuffed(data) == data
    assert_well_formed(data)
    assert bodies(data)[0].rstrip() == same_lines(text).rstrip()


@pytest.mark.parametrize("before", range(60, 80))
@pytest.mark.parametrize("dots", [".net", "..", "." * 200, "é.From here", "=2E.From "])
def test_an_address_is_broken_anywhere_but_before_its_dot(before: int, dots: str) -> None:
    text = "x" * before + dots + "y" * 90
    lines = make_mail(text=text).to_bytes().split(b"\r\n")
    assert not any(line.startswith(b".") for line in lines)
    assert all(len(line) <= 76 for line in lines)
    assert bodies(make_mail(text=text).to_bytes())[0].rstrip() == text
