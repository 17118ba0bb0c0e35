"""What people type: cleaned, measured, and looked through for contact details."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.mail.typed import clean_line, clean_lines, contact_in, utf8_length

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Emma \t Jones ", "Emma Jones"),
        ("Emma\r\nBcc: eve", "Emma Bcc: eve"),
        ("Em\x00ma\x07", "Emma"),
        ("\u202eEmma\u202c", "Emma"),
        ("\u2066Em\u200bma\ufeff\u00ad", "Emma"),
        ("Em\ud800ma", "Emma"),
        ("Zoe\u0308", "Zo\u00eb"),
        ("\U0001f469\u200d\U0001f467", "\U0001f469\u200d\U0001f467"),
        ("O’Neil, “Bobby” \U0001f600", "O’Neil, “Bobby” \U0001f600"),
        ("\ue000", ""),
        ("\u200d", ""),
        ("\u3164 \u2800", ""),
        ("a\u3164", "a\u3164"),
    ],
)
def test_a_name_keeps_what_belongs_to_it_and_nothing_that_hides(typed: str, kept: str) -> None:
    assert clean_line(typed) == kept


def test_paragraphs_stay_and_empty_lines_do_not_pile_up() -> None:
    assert clean_lines(" One\r\ntwo\r\n\r\n\r\n\r\n three \u2028four ") == "One\ntwo\n\nthree\nfour"


@given(ANY_TEXT)
def test_whatever_is_typed_becomes_one_line_that_can_be_sent(typed: str) -> None:
    cleaned = clean_line(typed)
    assert cleaned.encode() is not None
    assert len(cleaned.splitlines()) <= 1
    assert not {"Cc", "Cs", "Co"} & {unicodedata.category(char) for char in cleaned}


@given(ANY_TEXT)
def test_cleaning_twice_changes_nothing_more(typed: str) -> None:
    assert clean_lines(clean_lines(typed)) == clean_lines(typed)
    assert clean_line(clean_line(typed)) == clean_line(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "see https://evil.example/x",
        "ftp://evil",
        "www.evil.example",
        "write to emma@example.org",
        "evil.com",
        "Evil.CO.UK/now",
        "evil\uff0ecom",
        "evil\u3002com",
        "GOO.GL/x",
        "GOO.GL",
        "YOUTU.BE/abc",
        "EVIL.SHOP",
        "Evil.Shop/login",
        "evil.xn--p1ai",
        "evil.xn--p1ai/x",
        "evil\u200d.com",
        "mailto:x",
        "javascript:alert(1)",
        "call 1234567",
        "call 01632 960 001",
        "call 01632/960001",
        "call 01632\u2013960001",
        "call 01632\u2011960\u2011001",
        "call 020,7946,0958",
        "call 020_7946_0958",
        "call 0207\u200d946\u200d0958",
        "+44 (0)1632 960001",
        "01.23.45.67.89",
        "\uff10\uff11\uff16\uff13\uff12\uff19\uff16\uff10",
        "\u0660\u0661\u0662\u0663\u0664\u0665\u0666",
    ],
)
def test_links_addresses_and_telephone_numbers_are_found(typed: str) -> None:
    assert contact_in(f"I like tea. {typed}, please.")


@pytest.mark.parametrize(
    "typed",
    [
        "on 23/11/2026",
        "on 2026-11-23 at 10:30",
        "from 23.11.2026 to 24.11.2026",
        "from 9.30-10.30",
        "from 09.00 – 17.30, Monday to Friday",
        "I worked there 2019-2023.",
        "in 2025/2026",
        "Room 12, 3rd floor, desk 456",
        "Dr. Me, please",
        "I nod.Then I write.",
        "e.g. tea, i.e. no coffee",
        "version 1.2.3",
        "I have a B.SC. and a PH.D",
        "one of 1,000,000 people",
        "from 09.00\u201317.30",
        "in 2019\u20132023",
        "my file: blue",
    ],
)
def test_dates_times_and_sentences_are_no_contact_details(typed: str) -> None:
    assert contact_in(typed) == ""


def test_a_long_text_is_measured_in_the_bytes_it_takes() -> None:
    assert utf8_length("é\U0001f600") == 6


@pytest.mark.parametrize(
    "worst", ["a.", "a-.", "1 ", "+(1)", "www.", "a@", "9.30-", "x", "é\u0301", "a://", "1/1/"]
)
def test_no_text_makes_the_search_slow(worst: str) -> None:
    """R58: a loose bound in time of the processor, which other work does not lengthen."""
    fitting, long = (worst * 1200)[:1200], (worst * 65_536)[:65_536]
    started = time.process_time()
    contact_in(fitting)
    clean_line(long)
    clean_lines(long)
    assert time.process_time() - started < 0.5
