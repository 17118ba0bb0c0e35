"""Every mail before SpamAssassin with the rules of its package: what would a spam filter say?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.utils import format_datetime
from typing import Final

from .mail_samples import Sample, emmas_letter, samples
from .mail_tools import Missing, last_line, program, run, work_folder
from .table import Row

# Says that there is HTML, which is so, and scores nothing.
_USUAL: Final = frozenset({"HTML_MESSAGE"})
# An answer goes to a mailbox at a large provider, and the letter comes from us: that is meant so.
_FREEMAIL: Final = frozenset({"FREEMAIL_FORGED_REPLYTO"})
_FREE_ADDRESSES: Final = tuple(
    f"emma.watson@{domain}" for domain in ("gmail.com", "outlook.com", "yahoo.co.uk", "gmx.net")
)
# SpamAssassin's own text for trying whether it works at all.
_GTUBE: Final = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
_ANSWER: Final = re.compile(
    rb"^X-Spam-Status: .*?tests=([A-Z0-9_,\s]+?)\s+autolearn.*?ESMTPS id number-(\d+)", re.M | re.S
)
# An address of the open internet: the filter knows those that are for examples, and minds them.
_RELAY: Final = "81.2.69.142"
# How a mailbox file tells one mail from the next.
_FENCE: Final = b"From letters@wordahead.example  Mon Nov 23 09:30:00 2026\n"
# Seconds: a mail takes about one on a quiet machine.
_LONGEST: Final = 480.0


def main() -> list[Row]:
    """All mails, and a letter whose answers go to each large provider."""
    usual = [*samples(), Sample("ltr own domain", emmas_letter("emma@home.example.org"))]
    free = [Sample(f"answers to {one}", emmas_letter(one)) for one in _FREE_ADDRESSES]
    planted = Sample("planted", emmas_letter("emma@home.example.org", own_words=_GTUBE))
    tried = (
        "all mails: no rule but HTML_MESSAGE",
        "letters answered at a large provider: FREEMAIL_FORGED_REPLYTO besides",
    )
    try:
        tool, (*hits, spam) = _judged([*usual, *free, planted])
        if "GTUBE" not in spam:
            raise Missing("it did not see its own test for spam")
    except Missing as reason:
        return [Row(one, "SpamAssassin", 0, str(reason)) for one in tried]
    end = len(usual)
    return [
        Row(tried[0], tool, end, _faults(usual, hits[:end], _USUAL)),
        Row(tried[1], tool, len(free), _faults(free, hits[end:], _USUAL | _FREEMAIL)),
    ]


def _judged(mails: Sequence[Sample]) -> tuple[str, list[frozenset[str]]]:
    """The filter's name and version, and the rules that each mail hits."""
    spamassassin = program("spamassassin", "spamassassin")
    arrived = [_arrived(one, number) for number, one in enumerate(mails)]
    box = b"".join(_FENCE + one.replace(b"\r\n", b"\n") for one in arrived)
    with work_folder() as home:
        # Its folder is its own: nothing is learnt, and no rule of this machine's users counts.
        alone = ["--local", "--test-mode", "--nocreate-prefs", "--cf", "use_bayes 0"]
        done = run([spamassassin, *alone, "--mbox"], given=box, seconds=_LONGEST, HOME=str(home))
        version = run([spamassassin, "--version"], HOME=str(home)).stdout.split(b"\n")[0].split()
    # It answers in an order of its own.
    found = {
        int(number): frozenset(re.findall(r"\w+", rules.decode()))
        for rules, number in _ANSWER.findall(done.stdout)
    }
    if sorted(found) != list(range(len(mails))):
        raise Missing(f"it judged {len(found)} of {len(mails)} mails: {last_line(done.stderr)}")
    return f"SpamAssassin {version[-1].decode()}", [found[number] for number in range(len(mails))]


def _arrived(sample: Sample, number: int) -> bytes:
    """A mail with the lines that its reader's own server puts above it."""
    date = format_datetime(sample.mail.date)
    lines = (
        f"Return-Path: <{sample.mail.sender}>",
        f"Received: from relay.wordahead.example (relay.wordahead.example [{_RELAY}])",
        f"\tby mx.example.org with ESMTPS id number-{number}",
        f"\tfor <{sample.mail.recipient}>; {date}",
    )
    return "\r\n".join(lines).encode() + b"\r\n" + sample.data + b"\r\n"


def _faults(
    mails: Sequence[Sample], hits: Sequence[frozenset[str]], allowed: frozenset[str]
) -> str:
    """Each rule that should not have been hit, with the first mail that did."""
    first: dict[str, str] = {}
    for sample, rules in zip(mails, hits, strict=True):
        for rule in rules - allowed:
            first.setdefault(rule, sample.name)
    return "; ".join(f"{rule} ({name})" for rule, name in sorted(first.items()))
