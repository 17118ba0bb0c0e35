"""A letter's bytes: our own writer with its guard, against the standard library's EmailMessage.

A part of bench_letter, which has the bound; this tells how much of it the writer is.
"""

import json
import sys
import timeit
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from functools import partial
from typing import Any

from webapp.mail.message import Mail, message_id

ROUNDS, REPEATS = 30, 7

SENTENCE = "I can’t speak when I feel watched, but I can write, point & show what I mean.\n"
ROW = (
    '<tr><td style="padding:0 0 12px 0;color:#1d2b36;background-color:#ffffff;font-size:17px">'
    f'<p style="margin:0 0 12px 0">{SENTENCE.replace("&", "&amp;")}</p></td></tr>\n'
)
LETTER = Mail(
    sender="letters@wordahead.example",
    recipient="zoe@example.org",
    reply_to="zoe@example.org",
    subject="How to communicate with Zoë",
    text=SENTENCE * 28,
    html=f"<!doctype html><html lang=en-GB><body><table>{ROW * 40}</table></body></html>\n",
    language="en-GB",
    message_id=message_id(b"k" * 32, "wordahead.example", "bench"),
    date=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
    auto_submitted=True,
)


def by_standard_library(mail: Mail) -> bytes:
    """The same letter by EmailMessage, in the one way of it that is 7-bit and of legal width."""
    message = EmailMessage(policy=policy.SMTP.clone(max_line_length=76))
    message["From"] = f"Word Ahead <{mail.sender}>"
    message["To"] = mail.recipient
    message["Reply-To"] = mail.reply_to
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.date)
    message["Message-ID"] = mail.message_id
    message["Content-Language"] = mail.language
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    return message.as_bytes()


def _read(data: bytes) -> list[str]:
    message = message_from_bytes(data, policy=policy.default)
    parts = [part.get_content().replace("\r\n", "\n") for part in message.iter_parts()]
    return [str(message["Subject"]), str(message["To"]), *parts]


def _microseconds(number: float) -> int:
    return round(number / ROUNDS * 1_000_000)


def main() -> dict[str, Any]:
    """Measure both sides in turn, and take the best of each: load from elsewhere only adds."""
    ours, theirs = LETTER.to_bytes, partial(by_standard_library, LETTER)
    assert _read(ours()) == _read(theirs())
    ours_times, theirs_times = [], []
    for _ in range(REPEATS):
        ours_times.append(timeit.timeit(ours, number=ROUNDS))
        theirs_times.append(timeit.timeit(theirs, number=ROUNDS))
    return {
        "measure": "EmailMessage / Mail.to_bytes()",
        "ratio": round(min(theirs_times) / min(ours_times), 1),
        "ours_us": _microseconds(min(ours_times)),
        "theirs_us": _microseconds(min(theirs_times)),
        "letter_bytes": len(ours()),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main()) + "\n")
