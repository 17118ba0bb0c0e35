"""Letters through a real Exim that adds a dot to each line that begins with one, or drops it."""

from __future__ import annotations

from contextlib import closing
from typing import Final

from webapp.post import Outcome, Result
from webapp.post.smtp import SmtpPost, SmtpServer

from ..builders import make_letter
from ..letter_page import templates
from ..mails import bodies, make_mail
from .mail_post_office import DOMAIN, PASSWORD, USER, post_office
from .mail_tools import Missing, work_folder
from .table import Row

_READER: Final = f"dots@{DOMAIN}"
# As many different places for the dot of an address as a line has columns.
_LETTERS: Final = 76
_TYPED: Final = ".\n..two dots\n...and three\n.net"


def main() -> list[Row]:
    """Every letter arrives as it left, whatever such a server does with dots."""
    return [_row("adds a dot", ".."), _row("drops a dot", "")]


def _row(what: str, dots: str) -> Row:
    tried = f"letters through an Exim that {what}: word for word"
    try:
        with work_folder() as folder, post_office(folder, dots) as office:
            server = SmtpServer(
                "localhost", office.smtp_port, "starttls", USER, PASSWORD, office.authority
            )
            meant = [_mail_bodies(length) for length in range(1, _LETTERS + 1)]
            with closing(SmtpPost(server)) as post:
                outcomes = [
                    post.send(make_mail(recipient=_READER, text=text, html=html, message_id=one))
                    for number, (text, html) in enumerate(meant)
                    for one in (f"<{number}@wordahead.example>",)
                ]
            # A line that we did not write shows that this server does what it is here for.
            plain = make_mail(recipient=_READER)
            office.takes_bytes(plain.sender, _READER, _with_a_dot())
            found = office.mails_to(_READER, at_least=len(meant) + 1)
            versions = office.versions
    except Missing as reason:
        return Row(tried, "Exim", 0, str(reason))
    planted = [one for one in found if one["Subject"] == "planted"]
    if not planted or str(planted[0].get_content()).strip() != f"{dots}net":
        return Row(tried, versions, 0, "this Exim leaves dots as they are: nothing is proved")
    arrived = {
        str(one["Message-ID"]): bodies(one.as_bytes()) for one in found if one not in planted
    }
    same = sum(
        arrived.get(f"<{number}@wordahead.example>") == one for number, one in enumerate(meant)
    )
    taken = outcomes.count(Outcome(Result.SENT))
    fault = "" if same == taken == len(meant) else f"taken {taken}, same {same} of {len(meant)}"
    return Row(tried, versions, len(meant), fault)


def _mail_bodies(length: int) -> tuple[str, str]:
    """A letter whose address of the writer has its dot in another column each time."""
    letter = make_letter(first=".x", own_words=_TYPED, name="Emma")
    made = templates().letter_bodies(letter, f"{'e' * length}@nhs.net")
    return made.text, made.html


def _with_a_dot() -> bytes:
    return b"Subject: planted\r\nContent-Type: text/plain\r\n\r\n.net\r\n"
