"""A letter as its reader's mail program sends it on: quoted, broken anew, or as it is."""

from __future__ import annotations

import re
from collections.abc import Callable
from email.message import EmailMessage
from typing import Final

from webapp.rendering.forwarding import forwarded

from ..direct import EMMA
from ..mails import bodies


def forward(letter: EmailMessage, reader: str, quote: Callable[[str], str]) -> EmailMessage:
    """A letter as Emma's own mail program sends it on."""
    text, html = bodies(letter.as_bytes())
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = EMMA, reader, f"Fwd: {letter['Subject']}"
    lines = [f"{name}: {letter[name]}" for name in ("From", "Date", "Subject", "To")]
    mail.set_content("\n".join(["---------- Forwarded message ---------", *lines, "", quote(text)]))
    mail.add_alternative(forwarded(html, lines=lines), subtype="html")
    return mail


def _quoted(text: str) -> str:
    return "".join(f"> {line}\n" for line in text.splitlines())


def _wrapped(text: str) -> str:
    """Quoted and broken at 76 columns, as older programs do."""
    lines = (re.findall(r".{1,74}(?:\s|$)|\S+", line) or [""] for line in text.splitlines())
    return "".join(f"> {piece}\n" for pieces in lines for piece in pieces)


def _bare(text: str) -> str:
    return text


QUOTING: Final[dict[str, Callable[[str], str]]] = {
    "quoted with >": _quoted,
    "quoted and broken anew": _wrapped,
    "not quoted": _bare,
}
