"""Programs that nobody here wrote judge what could be tapped in a letter: none of it passes."""

from __future__ import annotations

from functools import cache

import pytest
from bleach.linkifier import Linker, build_url_re
from hypothesis import given, settings
from hypothesis import strategies as st
from linkify_it import LinkifyIt
from linkify_it.tlds import TLDS
from phonenumbers import Leniency, PhoneNumberMatcher

from webapp.mail.contacts import find_contact
from webapp.mail.typed import clean_lines

from .contact_corpus import CONTACTS, NO_CONTACTS

# Where a number is read as one of these countries' own; any country's with its "+" besides. A
# German telephone takes 04.03.2004 for a number, which is a date all the same.
REGIONS = ("GB", "IE", "US")


@cache
def _linkify() -> LinkifyIt:
    return LinkifyIt().tlds(TLDS).set({"fuzzy_ip": True, "fuzzy_link": True, "fuzzy_email": True})


@cache
def _bleach() -> Linker:
    return Linker(url_re=build_url_re(tlds=TLDS), parse_email=True)


def tappable(text: str) -> list[str]:
    """Who of the judges would make something in it live."""
    judges = ["linkify-it"] if _linkify().test(text) else []
    judges += ["bleach"] if "<a " in _bleach().linkify(text) else []
    judges += [
        f"a telephone in {region}"
        for region in REGIONS
        if any(PhoneNumberMatcher(text, region, leniency=Leniency.VALID))
    ]
    return judges


def test_the_judges_know_a_link_an_address_and_a_number() -> None:
    assert {"linkify-it", "bleach"} <= set(tappable("see evil.com"))
    assert {"linkify-it", "bleach"} <= set(tappable("emma@example.org"))
    assert "a telephone in GB" in tappable("call 07400 123456")
    assert tappable("I nod. Then I write, at 10.30.") == []


def test_the_judges_would_make_most_of_the_corpus_live() -> None:
    """The rest of it is what a reader types off, or other programs know."""
    assert sum(bool(tappable(clean_lines(one))) for one in CONTACTS) >= 400


@pytest.mark.parametrize("typed", NO_CONTACTS, ids=ascii)
def test_the_judges_find_nothing_in_what_passes(typed: str) -> None:
    assert tappable(typed) == []


PIECES = st.sampled_from(
    [
        *"abz.AZ019 -_:/@…—“”()[]{}<>,;!?¹①é❤",
        "evil",
        "com",
        "Support",
        "co.uk",
        "рф",
        "www.",
        "mailto:",
        "//",
        "07400",
        "123456",
        "+44",
        "2019",
        "10.30",
        "23/11/2026",
        ", ",
        " and ",
        "\u200b",
        "\u00ad",
        "．",
        "。",
        "＠",
        "\n",
    ]
)


@settings(max_examples=1500, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_nothing_that_passes_is_live(typed: str) -> None:
    text = clean_lines(typed)
    if find_contact(text) is None:
        assert tappable(text) == []


@settings(max_examples=700, deadline=None)
@given(
    st.sampled_from([one for one in CONTACTS if len(one) < 60]),
    st.lists(st.tuples(st.integers(0, 60), PIECES), min_size=1, max_size=3),
)
def test_nothing_near_the_corpus_is_live_where_it_passes(
    typed: str, changes: list[tuple[int, str]]
) -> None:
    for at, piece in changes:
        typed = typed[:at] + piece + typed[at:]
    text = clean_lines(typed)
    if find_contact(text) is None:
        assert tappable(text) == []


# What stands between pieces of a number that is to look like a list, hours, a date or marks.
BETWEEN = (" ", "-", "–", "/", ".", ". ", ":", "; ", ", ", ",", " - ", " & ", " and ", " a ", "'")
AROUND = (" x ", "h", "+", "(", ")", "\n", "m ", "pm ")
NUMBERS = st.one_of(
    st.sampled_from(["07400123456", "447400123456", "2025550123", "02079460958", "6505551234"]),
    st.text("0123456789", min_size=7, max_size=12),
)


@settings(max_examples=1500, deadline=None)
@given(NUMBERS, st.lists(st.integers(1, 5), min_size=12, max_size=12), st.data())
def test_no_number_is_live_however_it_is_cut_up(
    digits: str, sizes: list[int], data: st.DataObject
) -> None:
    used = data.draw(st.lists(st.sampled_from(BETWEEN + AROUND), min_size=1, max_size=3))
    text, at = data.draw(st.sampled_from(["", "+", "(", "T ", "at ", "call "])), 0
    for place, size in enumerate(sizes):
        text += digits[at : at + size]
        at += size
        if at >= len(digits):
            break
        text += used[place % len(used)]
    text = clean_lines(text)
    if find_contact(text) is None:
        assert tappable(text) == []
