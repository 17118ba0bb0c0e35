"""Emma's letters through a real Exim into a real mailbox, read by IMAP, and forwarded once more.

The app runs under gunicorn and knows Exim by MAIL_URL and MAIL_CA_FILE only, as at a host.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final

from webapp.letter.compose import Answers, compose
from webapp.letter.words import LEVELS
from webapp.post import Outcome, Result
from webapp.post.smtp import SmtpPost, SmtpServer
from webapp.rendering.templates import Bodies

from ..builders import english
from ..direct import EMMA, MANAGER, NAME, paths_in, told
from ..letter_page import parse, plain_words, templates, visible_text, words_of
from ..mails import bodies, code_in, make_mail
from ..served import Caller, served
from .mail_forwards import QUOTING, forward
from .mail_post_office import DOMAIN, PASSWORD, USER, PostOffice, post_office
from .mail_tools import Missing, work_folder
from .table import Row

# What servers on the way have been known to spoil: a line that begins "From ", a lone dot, letters
# beyond ASCII, marks of HTML, and a line that is longer than SMTP allows unfolded.
TYPED: Final[dict[str, Any]] = {
    "to_name": "Ms Patel & the Löwe team",
    "first": "If I go quiet, I can still hear <you> & I'm not rude.",
    "own_words": (
        "From the start:\n.\n..two dots, 50 % = half, naïve 犬 🐕 إيما\n\n"
        + " ".join(["I know every dog here by name."] * 16)
    ),
}
_OTHER: Final = f"hr@{DOMAIN}"
_BUSY: Final = f"busy@{DOMAIN}"
# More than twice what Exim delivers at once of one connection.
_IN_A_ROW: Final = 25


@dataclass(frozen=True)
class Scene:
    """The app, the post office, and the letter that Emma writes."""

    base: str
    office: PostOffice
    writes: Answers

    def caller(self) -> Caller:
        """A new browser with all answers given."""
        browser = Caller(self.base)
        browser.chooses(self.writes.situation).says(self.writes.level, name=self.writes.name)
        browser.ticks(self.writes.say).adds(**TYPED)
        return browser

    def letter(self) -> Bodies:
        """The letter as it should arrive, word for word."""
        return templates().letter_bodies(compose(self.writes, english()), EMMA)


def main() -> list[Row]:
    """Each way of a letter, with real servers at both ends."""
    tried = "real servers: letters sent, read by IMAP, forwarded, refused"
    try:
        with work_folder() as folder, post_office(folder) as office:
            rows = [_row(one, folder / one.__name__, office) for one in _STEPS]
            return [*rows, _many_on_one_connection(office)]
    except Missing as reason:
        return [Row(tried, "Exim, Dovecot", 0, str(reason))]


Step = Callable[[Scene], Iterator[str]]


def _row(step: Step, folder: Path, office: PostOffice) -> Row:
    """Run one way at each level, at a host of its own; what it yields fell short."""
    folder.mkdir(mode=0o700)
    # How a letter with own words waits for its code is the tests’ matter; here it travels at once.
    settings = {"MAIL_URL": office.mail_url, "MAIL_CA_FILE": str(office.authority)}
    settings["OWN_INBOX_CODE"] = "never"
    faults = []
    with served(f"sqlite:///{folder}/word-ahead.db", folder, **settings) as host:
        for level in LEVELS:
            say = english().situations["volunteering"].starters.at(level)
            writes = Answers("volunteering", level, name="Emma Zoë", say=say, **TYPED)
            try:
                faults += [f"{level}: {one}" for one in step(Scene(host.base, office, writes))]
            except (AssertionError, OSError, LookupError, ValueError) as error:
                faults.append(f"{level}: {type(error).__name__}: {error}")
    tried = (step.__doc__ or "").rstrip(".")
    return Row(tried, office.versions, len(LEVELS), "; ".join(faults))


def _many_on_one_connection(office: PostOffice) -> Row:
    """As many letters as a busy host sends in a row.

    Exim delivers ten mails of a connection at once, and leaves the rest until it next looks at its
    queue, often half an hour later (smtp_accept_queue_per_connection).
    """
    server = SmtpServer("localhost", office.smtp_port, "starttls", USER, PASSWORD, office.authority)
    with closing(SmtpPost(server)) as post:
        outcomes = [
            post.send(make_mail(recipient=_BUSY, message_id=f"<{number}@wordahead.example>"))
            for number in range(_IN_A_ROW)
        ]
    here = len(office.mails_to(_BUSY, at_least=_IN_A_ROW))
    taken = outcomes.count(Outcome(Result.SENT))
    fault = f"taken {taken}, delivered {here} of {_IN_A_ROW}" if here < _IN_A_ROW else ""
    return Row("letters in a row: each delivered at once", office.versions, _IN_A_ROW, fault)


def _to_oneself(scene: Scene) -> Iterator[str]:
    """Letter to oneself by STARTTLS and password: read by IMAP word for word."""
    before = len(scene.office.mails_to(EMMA, at_least=0))
    browser = scene.caller().sends_to(EMMA)
    if browser.page.path != "/letter/sent":
        yield f"the page said: {browser.page.heading}"
    yield from _arrived(scene, scene.office.mails_to(EMMA, at_least=before + 1)[before:])
    if not scene.office.refuses_without_password():
        yield "Exim takes mail without a password: nothing is proved"


def _to_a_person(scene: Scene) -> Iterator[str]:
    """Code, letter to the named person and receipt: each in its mailbox, word for word."""
    office = scene.office
    own, hers = (len(office.mails_to(one, at_least=0)) for one in (EMMA, MANAGER))
    browser = scene.caller()
    browser.opens("/letter/someone")
    fields = {"recipient_name": NAME, "recipient_email": MANAGER, "email": EMMA, "may": "me"}
    browser.submits("/letter/someone", **fields)
    browser.submits("/letter/someone", consent="yes")
    (code,) = office.mails_to(EMMA, at_least=own + 1)[own:]
    browser.opens(paths_in(code)[-1]).submits(browser.page.path, code=code_in(code))
    browser.submits(browser.page.path, send="yes")
    letters = office.mails_to(MANAGER, at_least=hers + 1)[hers:]
    yield from _arrived(scene, letters, note=True)
    if [str(one["Reply-To"]) for one in letters] != [EMMA]:
        yield "answers do not go to Emma"
    (receipt,) = office.mails_to(EMMA, at_least=own + 2)[own + 1 :]
    if words_of(scene.letter().text.split(scene.writes.name)[-2]) not in words_of(_text(receipt)):
        yield "the receipt does not hold the letter"


def _forwarded_once_more(scene: Scene) -> Iterator[str]:
    """A letter forwarded by a mail program, quoted in each usual way: every word is still there."""
    office = scene.office
    before = len(office.mails_to(EMMA, at_least=0))
    scene.caller().sends_to(EMMA)
    (letter,) = office.mails_to(EMMA, at_least=before + 1)[before:]
    came_text, came_html = bodies(letter.as_bytes())
    for name, quote in QUOTING.items():
        seen = len(office.mails_to(_OTHER, at_least=0))
        office.takes(forward(letter, _OTHER, quote))
        (again,) = office.mails_to(_OTHER, at_least=seen + 1)[seen:]
        text, html = bodies(again.as_bytes())
        unquoted = re.sub(r"(?m)^> ?", "", text.partition("\n\n")[2])
        if words_of(unquoted) != words_of(came_text):
            yield f"the text is not the same, {name}"
        if not visible_text(parse(html)).endswith(_seen(came_html)):
            yield f"the HTML is not the same, {name}"
        if plain_words(came_text) not in visible_text(parse(html)):
            yield f"the HTML does not say what the text says, {name}"


def _put_off(scene: Scene) -> Iterator[str]:
    """Exim answers 451: the page says that the letter was not sent, and has it still."""
    yield from _told(scene, f"slow@{DOMAIN}", "not_sent")


def _refused(scene: Scene) -> Iterator[str]:
    """Exim answers 552: the page says that the address was not accepted, and has the letter."""
    yield from _told(scene, f"full@{DOMAIN}", "refused")


_STEPS: Final[tuple[Step, ...]] = (
    _to_oneself,
    _to_a_person,
    _forwarded_once_more,
    _put_off,
    _refused,
)


def _told(scene: Scene, address: str, outcome: str) -> Iterator[str]:
    page = scene.caller().sends_to(address).page
    for key in (f"{outcome}_heading", outcome):
        if told(key, "outcome") not in page.text:
            yield f"the page does not say “{told(key, 'outcome')}”"
    if scene.writes.name not in page.letter():
        yield "the letter is not on the page"
    if scene.office.mails_to(address, at_least=0):
        yield "and yet a mail arrived"


def _arrived(scene: Scene, found: list[EmailMessage], *, note: bool = False) -> Iterator[str]:
    """What differs between a mailbox and the letter that was meant."""
    if len(found) != 1:
        yield f"{len(found)} mails arrived"
        return
    meant = scene.letter()
    text, html = bodies(found[0].as_bytes())
    if note:
        # The line that tells how the letter came is the only thing more in it.
        text, html = _without_note(text, html, "person")
    else:
        text, html = _without_note(text, html, "unproved")
    if (text, html) != (meant.text, meant.html):
        yield "it is not word for word the letter"
    if str(found[0]["Subject"]) != meant.subject:
        yield "the subject is another"


def _without_note(text: str, html: str, of: str) -> tuple[str, str]:
    line = english().texts["mails"][of]["note"].partition("{")[0].strip()
    text = re.sub(rf"(?m)^{re.escape(line)}.*\n\n", "", text)
    return text, re.sub(rf"<p[^>]*>{re.escape(line)}.*?</p>\s*", "", html)


def _seen(html: str) -> str:
    return visible_text(parse(html))


def _text(mail: EmailMessage) -> str:
    return bodies(mail.as_bytes())[0]
