"""Mails and texts that tests of the mail wing share."""

from __future__ import annotations

import re

from hypothesis import strategies as st

from .mails import make_mail

ALWAYS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Content-Language",
]

KEY = b"k" * 32

# Text such as breaks lines, quoting and transport, more often than chance would.
AWKWARD = st.lists(
    st.sampled_from((". .. -- = =_ =20 é a " + " ".join("a" * x for x in (60, 74, 75, 76))).split())
    | st.sampled_from(["From ", " ", "\t", "\n", "\r\n", "\r", "\x00", "\x85", "\u2028", "\f"]),
    max_size=12,
).map("".join)

FULL = make_mail(
    reply_to="emma@example.org",
    list_unsubscribe="https://wordahead.example/stop",
    subject="How to communicate with Zoë",
)


def same_lines(text: str) -> str:
    """Text with its line ends written in one way."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def assert_well_formed(data: bytes) -> None:
    """The bytes of G2 and G3: 7-bit, CRLF alone, short lines."""
    assert data.isascii()
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\x00", data)
    head, _, body = data.partition(b"\r\n\r\n")
    assert max(map(len, head.split(b"\r\n"))) <= 78
    assert max(map(len, body.split(b"\r\n"))) <= 76
