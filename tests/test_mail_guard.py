"""The guard alone: any other head than the one that was meant is stopped."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.errors import MailRefused
from webapp.mail.guard import check_address, check_head

from .mails import read

MEANT = {
    "From": "Word Ahead <letters@wordahead.example>",
    "To": "emma@example.org",
    "Subject": "Hello",
}


GOOD = "".join(f"{name}: {value}\r\n" for name, value in MEANT.items())


def test_the_guard_lets_a_right_head_pass() -> None:
    assert check_head(GOOD, MEANT) == GOOD.encode()


@pytest.mark.parametrize(
    "head",
    [
        "",
        GOOD + "Bcc: eve@example.org\r\n",
        GOOD + "\r\n",
        GOOD + "Subject: Hello\r\n",
        GOOD.removesuffix("\r\n"),
        GOOD.replace("\r\n", "\n"),
        GOOD.replace("Hello", "Hello\nBcc: eve@example.org"),
        GOOD.replace("Hello", "Hello\rBcc: eve@example.org"),
        GOOD.replace("Hello", "Hello\r\nBcc: eve@example.org"),
        GOOD.replace("Hello", "Hello\r\n \r\n there"),
        GOOD.replace("Hello", "Hello\r\n\tthere"),
        GOOD.replace("Hello", "Hello there"),
        GOOD.replace("Hello", "Hell\x00o"),
        GOOD.replace("Hello", "Héllo"),
        GOOD.replace("Hello", "Hello" * 20),
        GOOD.replace("Hello", "=?utf-8?q?=0ABcc=3A_x?="),
        GOOD.replace("Hello", "Hello =?utf-8?q?=0ABcc=3A_x?="),
        GOOD.replace("Hello", "=?utf-8?b?x?="),
        GOOD.replace("Hello", "=?utf-8?q?=FF?="),
        GOOD.replace("To: emma@", "To: eve@"),
        GOOD.replace("emma@example.org", "emma@example.org, eve@example.org"),
        GOOD.replace("emma@example.org", "emma@example.org eve@example.org"),
        GOOD.replace("To:", "Cc:"),
        GOOD.replace("To: ", "To:"),
        GOOD.replace("To:", "To :"),
        GOOD.replace("From: ", " From: "),
        GOOD.replace("Word Ahead", "Emma"),
    ],
)
def test_the_guard_stops_any_other_head(head: str) -> None:
    with pytest.raises(MailRefused):
        check_head(head, MEANT)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Subject", "Hello " * 13 + "you"),
        ("Subject", "Hello "),
        ("Subject", "Hello\r\n you "),
        ("Subject", f"Hello\r\n {'x' * 78}"),
        ("To", f"emma@{'e' * 30}{'.example' * 120}.org"),
    ],
)
def test_the_guard_stops_a_line_that_is_too_long_or_ends_in_a_space(name: str, value: str) -> None:
    meant = MEANT | {name: value}
    with pytest.raises(MailRefused, match=f"{name} is not well formed"):
        check_head("".join(f"{one}: {meant[one]}\r\n" for one in meant), meant)


@settings(max_examples=200)
@given(
    st.integers(0, len(GOOD)),
    st.text(min_size=1, max_size=6) | st.sampled_from(["\r\n", "\n", "\r\n\r\n", ": ", "=?", ","]),
)
def test_the_guard_stops_whatever_is_slipped_into_a_head(place: int, extra: str) -> None:
    slipped = GOOD[:place] + extra + GOOD[place:]
    try:
        passed = check_head(slipped, MEANT)
    except MailRefused:
        return
    message = read(passed + b"\r\n")
    assert message.keys() == list(MEANT)
    assert (message["To"], message["Subject"]) == (MEANT["To"], MEANT["Subject"])


@settings(max_examples=200)
@given(st.text() | st.from_regex(r"[a-z.@ ,;<>\r\n\"%!]{3,40}"))
def test_an_address_that_passes_is_one_address_to_everybody(text: str) -> None:
    try:
        check_address(text)
    except MailRefused:
        return
    read_back = read(f"To: {text}\r\n\r\n".encode())["To"].addresses
    assert [x.addr_spec for x in read_back] == [text]
