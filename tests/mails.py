"""Mails for tests, each with only what the test is about, and what a stranger reads in them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from webapp.mail.message import Mail, message_id

PLAIN = Mail(
    sender="letters@wordahead.example",
    recipient="emma@example.org",
    subject="How to communicate with Emma",
    text="Hello,\n\nI can answer in writing.\n",
    html="<p>Hello,</p>\n<p>I can answer in writing.</p>\n",
    language="en-GB",
    message_id=message_id(b"k" * 32, "wordahead.example", "a letter"),
    date=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
    auto_submitted=True,
)

# Names that a header cannot carry as they stand: too long, like an encoded word, joined emoji.
AWKWARD_NAMES = (
    "Emmanuelle Charlotte Fitzgerald-Worthington of Ashby-de-la-Zouch, Leic.",
    "Zoë Αλεξάνδρα " * 4 + "Παπαδοπούλου",
    "Zoë =?utf-8?q?x?=",
    "Sam \U0001f469\u200d\U0001f469\u200d\U0001f467",
)

# What people and programs have tried to get out of a field and into a mail's head.
INJECTIONS = (
    "Emma\r\nBcc: eve@example.org",
    "Emma\nBcc: eve@example.org",
    "Emma\rBcc: eve@example.org",
    "Emma\r\n\r\n<p>Another body</p>",
    "Emma\r\n Bcc: eve@example.org",
    "Emma\n",
    "Emma\x00Bcc: eve@example.org",
    "Emma\x85Bcc: eve@example.org",
    "Emma\u2028Bcc: eve@example.org",
    "Emma\u2029Bcc: eve@example.org",
    "Emma\x0b\x0c\x1c\x1d\x1e\x1f\x7fx",
    "Emma\u202egro.elpmaxe@eve",
    "\u2066Emma\u2069\u200b\u200e\ufeff",
    "=?utf-8?q?=0ABcc=3A_x?=",
    "=?utf-8?q?=0D=0ABcc=3A_eve=40example=2Eorg?= \U0001f600",
    "=?UTF-8?Q?=0A?=Bcc: eve@example.org \U0001f600",
    "=?utf-8?b?CkJjYzogZXZlQGV4YW1wbGUub3Jn?=",
    "=\u200b?utf-8?q?=0ABcc=3A_x?\u200b=",
    "==??utf-8?q?=0ABcc=3A_x?==",
    "=?unknown-8bit?q?x?= =?utf-8?q??=",
    "Zoë =?utf-8?q?x?=",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467 and \U0001f44b\U0001f3fd",
    "Patel, Meera; eve@example.org",
    'Emma "Bobby" O\'Neil \\ <eve@example.org>',
    "<eve@example.org>, emma@example.org",
    "(a comment) Emma :;",
    "x" * 500,
    "é" * 500,
    "\U0001f600" * 500,
    "Emma " * 100,
    "a\u0301" * 200,
    "\ud800Emma\udfff",
    "--=_boundary--",
    "\uffff\ufdd0Emma\ue000",
)


def make_mail(**changes: Any) -> Mail:
    """A plain mail, with some of it changed."""
    return replace(PLAIN, **changes)


def read(data: bytes) -> EmailMessage:
    """Read a mail as its receiver's program would."""
    message = message_from_bytes(data, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def bodies(data: bytes) -> tuple[str, str]:
    """The text and the HTML of a mail, as its receiver's program would show them."""
    text, html = read(data).iter_parts()
    assert isinstance(text, EmailMessage)
    assert isinstance(html, EmailMessage)
    return text.get_content().replace("\r\n", "\n"), html.get_content().replace("\r\n", "\n")


def code_in(mail: EmailMessage) -> str:
    """The six digits in a code mail's text, as they stand there alone in a line; "" for none."""
    text = mail.get_body(("plain",))
    found = re.search(
        r"^(\d{3}[ \u00a0]\d{3})\r?$", text.get_content() if text else "", re.MULTILINE
    )
    return found[1] if found else ""
