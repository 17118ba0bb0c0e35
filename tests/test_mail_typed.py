"""What people type: cleaned, measured, and looked through for contact details."""

from __future__ import annotations

import re
import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.mail.typed import clean_line, clean_lines, contact_in, utf8_length
from webapp.mail.unseen import DEFAULT_IGNORABLE

from . import browser

SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
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
        # A flag of a part of a country, and newer signs than this Python's Unicode knows.
        (SCOTLAND, SCOTLAND),
        ("\U0001fa77 \U0001fae8 \U0001fadf", "\U0001fa77 \U0001fae8 \U0001fadf"),
        ("\U000323b0\u31350", "\U000323b0\u31350"),
        ("\u0600\u0663", "\u0600\u0663"),
        ("\u0378\U0001fbff", "\u0378\U0001fbff"),
        ("\u845b\U000e0100", "\u845b\U000e0100"),
        ("\u2764\ufe0f", "\u2764\ufe0f"),
        # Tags without a flag hide text; so do rows of joiners and of choices of a form.
        ("a\U000e0065\U000e0076", "a"),
        ("\U0001f3f4\U000e0067", "\U0001f3f4"),
        ("a\ufe00\ufe01\ufe02", "a\ufe00"),
        ("a\u200d\u200c\u200d\u200cb", "a\u200db"),
        ("a\ufffe\ufdd0\U0010ffffb", "ab"),
        ("a\ufff9b\ufffac\ufffb", "abc"),
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


def test_a_long_text_is_measured_in_the_bytes_it_takes() -> None:
    assert utf8_length("é\U0001f600") == 6


@pytest.mark.browser
def test_what_shows_nothing_is_what_a_browser_ignores() -> None:
    """The table is Unicode's own property; the browser's Unicode is newer than ours."""
    with browser.launch() as chromium:
        ignored = chromium.new_page().evaluate(
            "Array.from({length: 0x110000}, (_, i) => i)"
            ".filter(i => /^\\p{Default_Ignorable_Code_Point}$/u.test(String.fromCodePoint(i)))"
        )
    ours = re.compile(f"[{DEFAULT_IGNORABLE}]")
    assert [i for i in range(0x110000) if ours.match(chr(i))] == ignored


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
