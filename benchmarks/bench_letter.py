"""Answers to the bytes of a mail, against premailer on every letter and the stdlib's EmailMessage.

Both sides compose the letter, render its text and HTML by Jinja and write quoted-printable.
"""

import gc
import json
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, default
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from jinja2 import FileSystemLoader
from lxml import html as lxml_html
from premailer import Premailer

from webapp.letter.compose import Answers, Letter, compose
from webapp.letter.words import LEVELS, Words, load
from webapp.mail.message import Mail, message_id
from webapp.rendering.templates import MailTemplates, letter_context, mail_environment

FOLDER = Path(__file__).parent.parent / "mail_templates"
ADDRESS, SENDER = "emma.watson@example.org", "letters@wordahead.example"
DATE = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
MESSAGE_ID = message_id(b"k" * 32, "wordahead.example", "bench")

# Both sides in turn, so that whatever else the machine does hits both; ours takes a twentieth of
# the time, and so has more goes at a moment without it.
ROUNDS, OURS_A_ROUND = 8, 20

Make = Callable[[Answers], bytes]


class Peer:
    """The same mail with the CSS put inline into each letter, and the stdlib's MIME."""

    def __init__(self, words: Words, put_inline: Callable[[str], str]) -> None:
        self._words, self._put_inline = words, put_inline
        environment = mail_environment()
        environment.loader = FileSystemLoader(FOLDER)
        css = (FOLDER / "mail.css").read_text()
        self._text = environment.get_template("letter/body.txt")
        self._html = environment.get_template("letter/body.html")
        self._style = f"<style>{css}</style></head>"

    def __call__(self, answers: Answers) -> bytes:
        """Answers to bytes."""
        letter = compose(answers, self._words)
        text, html = self.bodies(letter, ADDRESS)
        mail = EmailMessage(policy=SMTP)
        mail["From"] = f"Word Ahead <{SENDER}>"
        mail["To"] = ADDRESS
        mail["Subject"] = letter.subject
        mail["Date"] = DATE
        mail["Message-ID"] = MESSAGE_ID
        mail["Content-Language"] = letter.language
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(text, cte="quoted-printable")
        mail.add_alternative(html, subtype="html", cte="quoted-printable")
        return mail.as_bytes()

    def bodies(self, letter: Letter, address: str) -> tuple[str, str]:
        """Text and HTML of a letter, its styles put inline now."""
        context = letter_context(letter, address)
        page = self._html.render(context).replace("</head>", self._style, 1)
        return self._text.render(context), self._put_inline(page)


def premailed(page: str) -> str:
    """The page through premailer, its own cache of parsed CSS in use."""
    inliner = Premailer(
        page,
        allow_network=False,
        remove_classes=True,
        keep_style_tags=False,
        cssutils_logging_level=logging.CRITICAL + 1,
    )
    return str(inliner.transform(pretty_print=False))


def ours(words: Words) -> Make:
    """Answers to bytes as the app does it."""
    templates = MailTemplates.load(FOLDER)

    def make(answers: Answers) -> bytes:
        letter = compose(answers, words)
        bodies = templates.letter_bodies(letter, ADDRESS)
        mail = Mail(
            sender=SENDER,
            recipient=ADDRESS,
            subject=bodies.subject,
            text=bodies.text,
            html=bodies.html,
            language=letter.language,
            message_id=MESSAGE_ID,
            date=DATE,
            auto_submitted=True,
        )
        return mail.to_bytes()

    return make


def every_answers(words: Words) -> Iterator[tuple[str, Answers]]:
    """Each situation and level with nothing, the eight starters and everything ticked."""
    for situation in words.situations.values():
        for level in LEVELS:
            bare = Answers(situation.id, level, name="Emma", to_name="Ms Patel")
            every = tuple(one.id for one in words.statements_for(situation, level))
            for ticks, say in (
                ("none", ()),
                ("eight", situation.starters.at(level)),
                ("all", every),
            ):
                yield f"{situation.id}, {level}, {ticks}", replace(bare, say=say)


def seconds(fast: Make, slow: Make, answers: Answers) -> tuple[float, float]:
    """The best times of one letter: what others do on the machine can only add to them."""
    ours, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(timed(slow, answers))
        ours += [timed(fast, answers) for _ in range(OURS_A_ROUND)]
    return min(ours), min(theirs)


def timed(make: Make, answers: Answers) -> float:
    """Seconds for one letter."""
    start = perf_counter()
    make(answers)
    return perf_counter() - start


def said(data: bytes) -> str:
    """What the HTML of a mail says, to see that both sides sent the same letter."""
    html = message_from_bytes(data, policy=default).get_body(("html",))
    assert isinstance(html, EmailMessage)
    return " ".join(lxml_html.document_fromstring(html.get_content()).text_content().split())


def compare(name: str, put_inline: Callable[[str], str], at_least: float) -> dict[str, Any]:
    """How many times faster than a peer we make each letter; the ratio is the worst of all."""
    words = load(FOLDER / "words").words("en")
    fast, slow = ours(words), Peer(words, put_inline)
    ratios, times = {}, {}
    # As under gunicorn.conf.py: what is loaded is no garbage, and is not looked through for any.
    gc.collect()
    gc.freeze()
    for letter, answers in every_answers(words):
        assert said(fast(answers)) == said(slow(answers)), letter
        times[letter], theirs = seconds(fast, slow, answers)
        ratios[letter] = theirs / times[letter]
    worst = min(ratios, key=lambda letter: ratios[letter])
    by_ticks = {
        ticks: round(min(ratio for letter, ratio in ratios.items() if letter.endswith(ticks)), 1)
        for ticks in ("none", "eight", "all")
    }
    return {
        "measure": f"answers to bytes, {name} on each letter + EmailMessage / ours",
        "ratio": round(ratios[worst], 1),
        "at_least": at_least,
        "worst_letter": worst,
        "worst_by_ticks": by_ticks,
        "letters": len(ratios),
        "our_median_microseconds": round(median(times.values()) * 1e6),
    }


def main() -> dict[str, Any]:
    """Compare with premailer."""
    return compare("premailer", premailed, at_least=10)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main()) + "\n")
