"""The letter to oneself, as real mail programs send it on: forwarded, answered and redirected.

Each program is driven on this machine, and the source of what it sent is read: the text, the marks
of lists and the headings are those of the letter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from webapp.delivery.to_self import ToSelf, letter_to_self
from webapp.letter.compose import Answers, compose
from webapp.mail.message import Mail

from ..letter_page import elements, parse, words_of
from .mail_samples import english_services
from .mail_tools import Missing, work_folder
from .programs_desktop import drive_claws, drive_evolution
from .programs_neomutt import drive as drive_neomutt
from .programs_shared import EMMA, MODES, READER, Sent
from .programs_thunderbird import drive as drive_thunderbird
from .table import Row

_PROGRAMS: Final[dict[str, Callable[[bytes, Path], Sent]]] = {
    "Thunderbird": drive_thunderbird,
    "Evolution": drive_evolution,
    "Claws Mail": drive_claws,
    "NeoMutt": drive_neomutt,
}
# Thunderbird answers to the sender of what it redirects, whatever that mail's own Reply-To says.
_ANSWERS_ELSEWHERE: Final = {("Thunderbird", "redirected")}
# One of the marks that programs write before what was a list's item.
_MARK: Final = r"[-*•◦·]"


def main() -> list[Row]:
    """A row for each program and each way of sending on."""
    letter = emmas_letter()
    rows = []
    for name, drive in _PROGRAMS.items():
        try:
            sent = _sent(drive, letter.to_bytes())
        except (Missing, OSError, RuntimeError) as reason:
            rows += [Row(f"letter {mode} by {name}", name, 0, str(reason)) for mode in MODES]
            continue
        for mode in MODES:
            source = sent.by_mode.get(mode)
            faults = _faults(letter, source, name, mode) if source else ["nothing was sent"]
            cases = 1 if source else 0
            rows.append(Row(f"letter {mode} by {name}", sent.version, cases, "; ".join(faults)))
    return rows


def _sent(drive: Callable[[bytes, Path], Sent], letter: bytes) -> Sent:
    """What a program sends; driven once more where its windows did not follow the keys."""
    with suppress(Missing), work_folder() as folder:
        sent = drive(letter, folder)
        if all(sent.by_mode.get(mode) for mode in MODES):
            return sent
    with work_folder() as folder:
        return drive(letter, folder)


def emmas_letter() -> Mail:
    """The letter to oneself with every kind of part in it, a typed Arabic paragraph among them."""
    services = english_services()
    words = services.library.words("en")
    answers = Answers(
        situation="volunteering",
        name="Emma",
        to_name="Ms Patel",
        first="I will nod when I am ready.",
        own_words="I am kind, and I like dogs.\n\nأنا لطيفة جدا.",
        say=words.situations["volunteering"].starters.named,
    )
    letter = compose(answers, words)
    order = ToSelf(
        letter=letter,
        language=words.language,
        situation=answers.situation,
        draft_id="00" * 9,
        shown=letter.title,
        address=EMMA,
    )
    return replace(letter_to_self(order, services), sender="letters@wordahead.example")


def _faults(letter: Mail, source: bytes, program: str, mode: str) -> list[str]:
    """What differs between the letter and what a program has sent."""
    mail = message_from_bytes(source, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    inner = _attached(mail) if mode == "attached" else None
    if mode == "attached" and inner is None:
        return ["the letter is not attached"]
    found = [*_to_whom(mail, program, mode)]
    for part in (inner or mail).walk():
        if part.get_content_type() == "text/html":
            found += _html_faults(letter, str(part.get_content()))
        elif part.get_content_type() == "text/plain":
            # Claws Mail adds the letter's HTML as a part of its own; its text is the first one.
            found += _text_faults(letter, str(part.get_content()), mode)
    return found


def _attached(mail: EmailMessage) -> EmailMessage | None:
    for part in mail.walk():
        if part.get_content_type() == "message/rfc822":
            content = part.get_content()
            assert isinstance(content, EmailMessage)
            return content
    return None


def _to_whom(mail: EmailMessage, program: str, mode: str) -> Iterator[str]:
    """Whether it goes to the reader, and the reader's answers to Emma."""
    to = f"{mail['Resent-To'] or mail['To']}"
    if mode == "answered":
        # The letter to oneself is answered to oneself; a program may leave its own address out.
        if EMMA not in to and READER not in to:
            yield f"the answer goes to {to}"
        return
    if READER not in to:
        yield f"it goes to {to}"
    answers = f"{mail['Reply-To'] or mail['From']}"
    if EMMA not in answers and (program, mode) not in _ANSWERS_ELSEWHERE:
        yield f"answers go to {answers}"


def _html_faults(letter: Mail, html: str) -> Iterator[str]:
    """What the HTML lacks: words, list items, headings, the mark of the one thing, directions."""
    meant, is_now = parse(letter.html), parse(html)
    # Some leave no white space between two blocks.
    said, said_now = (_words(" ".join(x.find("body").itertext())) for x in (meant, is_now))
    if said not in said_now:
        yield "HTML: the words are not the same"
    for what in ("h1", "h2", "li", "strong"):
        one, other = (
            [words_of(e.text_content()) for e in elements(x, what)] for x in (meant, is_now)
        )
        if [text for text in other if text in one] != one:
            yield f"HTML: {what} was {len(one)}, is {len(other)}"
    rtl = [e for e in elements(is_now, "p") if e.get("dir") == "rtl"]
    if len(rtl) != 1:
        yield "HTML: the Arabic paragraph has lost its direction"


def _text_faults(letter: Mail, text: str, mode: str) -> Iterator[str]:
    """What the plain text lacks: words, the marks of lists, headings on lines of their own."""
    bare = "\n".join(re.sub(r"^[> \t\u200b]+", "", line) for line in text.splitlines())
    flowing = _words(re.sub(rf"(?m)^{_MARK} ", "", bare).replace("*", ""))
    page = parse(letter.html)
    for part in elements(page, "h1", "h2", "p", "li"):
        said = words_of(part.text_content())
        if said not in flowing:
            yield f"text: {said[:30]!r} is missing"
    lines = [line.strip().strip("*") for line in bare.splitlines()]
    for heading in elements(page, "h1", "h2"):
        count = lines.count(words_of(heading.text_content()))
        if count != 1:
            yield f"text: {heading.text_content()!r} stands {count} times on a line of its own"
    for item in elements(page, "li"):
        begin = r"\s+".join(map(re.escape, item.text_content().split()[:4]))
        if not re.search(rf"(?m)^{_MARK}\s+{begin}", bare):
            yield f"text: {item.text_content()[:20]!r} has lost its mark ({mode})"


def _words(text: str) -> str:
    """A text as it is read; Thunderbird writes a link's address once more behind it."""
    return words_of(re.sub(r"<mailto:[^>]*>", " ", text).replace("\u200b", ""))
