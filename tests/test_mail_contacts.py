"""Links, addresses and telephone numbers are found; what people write of their days is not."""

from __future__ import annotations

import re

import pytest

from webapp.mail.contacts import Kind, find_contact
from webapp.mail.typed import clean_lines

from .contact_corpus import CONTACTS, NO_CONTACTS, SPACES_MISSING

# Alone, and in the middle of a paragraph.
ROUND = ("{}", "I like tea. {}, please.")


def found_in(typed: str) -> list[str]:
    return [one for one in ROUND if find_contact(clean_lines(one.replace("{}", typed)))]


def test_the_corpora_are_as_large_as_they_should_be() -> None:
    assert len(set(CONTACTS)) >= 400
    assert len(set(NO_CONTACTS)) >= 400


@pytest.mark.parametrize("typed", CONTACTS, ids=ascii)
def test_what_could_be_tapped_is_found(typed: str) -> None:
    assert found_in(typed) == list(ROUND)


@pytest.mark.parametrize("typed", NO_CONTACTS, ids=ascii)
def test_what_people_write_about_their_days_is_not(typed: str) -> None:
    assert found_in(typed) == []


def test_many_sentences_together_are_no_number_either() -> None:
    # Digits are counted by paragraph; whoever writes several such sentences starts new ones.
    assert not find_contact("\n\n".join(NO_CONTACTS))


@pytest.mark.parametrize("typed", SPACES_MISSING, ids=ascii)
def test_a_missing_space_is_asked_for_and_cures_it(typed: str) -> None:
    contact = find_contact(typed)
    assert contact is not None
    assert contact.kind == "link"
    assert not find_contact(re.sub(r"(?<=\w)([.。])(?=\w\w)|(?<= )\.", r"\1 ", typed))


@pytest.mark.parametrize(
    ("typed", "kind", "found"),
    [
        ("see evil.com now", "link", "evil.com"),
        ("see https://evil.example/x", "link", "https://evil.example/x"),
        ("call tel:12", "link", "tel:12"),
        ("nod.Then", "link", "nod.Then"),
        ("write to emma@example.org", "address", "emma@example.org"),
        ("I am @emma@mastodon.social", "address", "emma@mastodon.social"),
        ("call 07700 900 123 please", "number", "07700 900 123"),
        ("07700 then 900 then 123", "number", "07700 then 900 then 123"),
        ("٠٧٧٠٠ ٩٠٠ ١٢٣", "number", "07700 900 123"),
        ("on days 3 10 17 24 31", "list", "3 10 17 24 31"),
        ("numbers 9, 1030, 27, 4", "list", "9, 1030, 27, 4"),
        ("x" * 60 + ".com", "link", "x" * 39 + "…"),
    ],
)
def test_it_is_told_what_was_found_and_of_which_kind(typed: str, kind: Kind, found: str) -> None:
    contact = find_contact(typed)
    assert contact is not None
    assert (contact.kind, contact.found) == (kind, found)


@pytest.mark.parametrize(
    ("refused", "cured"),
    [
        ("I nod.Then I write.", "I nod. Then I write."),
        ("note tel:12", "note tel: 12"),
        ("I am quiet@school", "I am quiet at school"),
        ("on 3 10 17 24 31 May", "on 3 and 10 and 17 and 24 and 31 May"),
        ("I got 9 9 8 8 7 7 7 6 5", "I got 9 and 9 and 8 and 8 and 7 and 7 and 7 and 6 and 5"),
        ("3.30 3.45 4.00 4.15", "3.30 and 3.45 and 4.00 and 4.15"),
        ("7 cats, 0 dogs, 9 hens, 0 cows, 1, 2, 3", "7 cats, no dogs, 9 hens, no cows, 1, 2, 3"),
        ("born 04 03 2004", "born 04/03/2004"),
    ],
)
def test_what_the_hint_says_cures_it(refused: str, cured: str) -> None:
    assert find_contact(refused)
    assert not find_contact(cured)


@pytest.mark.parametrize("digits", ["07700900123", "+447700900123", "02079460958"])
@pytest.mark.parametrize("between", [*" .,:;-/_+*#|~=>'•·→…—–\n", " then ", " or ", "🐕", "a"])
def test_a_number_is_found_whatever_stands_between_its_digits(digits: str, between: str) -> None:
    for size in (1, 2, 3, 5):
        pieces = [digits[at : at + size] for at in range(0, len(digits), size)]
        assert find_contact(between.join(pieces)), (size, between)
