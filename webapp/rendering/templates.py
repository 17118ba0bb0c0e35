"""A letter becomes the subject, text and HTML of a mail, through mail_templates/."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote

from jinja2 import (
    Environment,
    StrictUndefined,
    Template,
    TemplateSyntaxError,
    UndefinedError,
    select_autoescape,
)

from ..errors import TemplateError
from ..letter.compose import ADDRESS_SLOT, Letter, Part, Reply
from .inlining import check_css, inline, mirrored, plain

Direction = Literal["ltr", "rtl"]

_FILES: Final = ("subject.txt", "body.txt", "body.html")

# Gmail cuts a mailto: address at about this many characters, others at 2,000.
MAILTO_LIMIT: Final = 1_600

# Some programs put a page's title before the text when they forward it, and the heading would
# stand there twice. HTML and screen readers want a title; this one shows nothing.
NO_TITLE: Final = "\u200b"

# Every part once, and lists of one and of two: what a template asks for is then looked up.
_SPECIMEN: Final = Letter(
    language="en-GB",
    direction="ltr",
    level="named",
    subject="A letter",
    title="A letter",
    greeting="Hello,",
    before_opening=("Who I am.",),
    opening="An opening.",
    after_opening=("A friendly line.",),
    fact="A fact.",
    first="The first thing.",
    first_heading="The first",
    own_words_heading="In my own words",
    own_words=("A paragraph.",),
    parts=(
        Part("", ("an end.",), lead="A beginning and"),
        Part("Two", ("An item.", "Another."), listed=True),
    ),
    rights="Rights.",
    ending=("An end.",),
    closing="A closing.",
    reply_line=f"Write to {ADDRESS_SLOT}.",
    replies=(Reply("A reply", "A letter", "A reply."),),
    sign_off="Thank you,",
    name="A name",
    credit="Credit.",
    version="Version.",
    answer_line="Answer here.",
    agreed="Agreed.",
    note="A note.",
)


@dataclass(frozen=True)
class Bodies:
    """What a mail says, in its three forms."""

    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)


@dataclass(frozen=True)
class ReplyLink:
    """A ready reply and the mailto: address that opens it."""

    label: str
    href: str = field(repr=False)


@dataclass(frozen=True)
class _Mail:
    """The three compiled templates of a mail."""

    subject: Template
    text: Template
    html: Template

    def bodies(self, context: Mapping[str, object]) -> Bodies:
        return Bodies(
            subject=" ".join(self.subject.render(context).split()),
            text=self.text.render(context).strip() + "\n",
            html=self.html.render(context) + "\n",
        )


class MailTemplates:
    """All mails we send, compiled and with their styles inline."""

    def __init__(self, mails: Mapping[tuple[str, Direction], _Mail]) -> None:
        self._mails = mails

    @classmethod
    def load(cls, folder: Path) -> MailTemplates:
        """Read mail_templates; raises TemplateError, naming file and line."""
        environment = mail_environment()
        css = _stylesheets(folder)
        names = sorted({path.parent.name for name in _FILES for path in folder.glob(f"*/{name}")})
        templates = cls(
            {
                (name, direction): _load_mail(environment, folder, name, css[direction])
                for name in names
                for direction in css
            }
        )
        templates._try_out()
        return templates

    def letter_bodies(self, letter: Letter, address: str) -> Bodies:
        """The letter as mail; without an address (a letter to copy) it has no lines to reply by."""
        return self._mails["letter", letter.direction].bodies(letter_context(letter, address))

    def notice_bodies(
        self, name: str, direction: Direction, context: Mapping[str, object]
    ) -> Bodies:
        """A mail around a letter: the code, or the receipt."""
        return self._mails[name, direction].bodies({"page_title": NO_TITLE, **context})

    def _try_out(self) -> None:
        for name, context in _SPECIMENS.items():
            try:
                self.notice_bodies(name, "ltr", context)
            except KeyError:
                raise TemplateError(f"{name}: this mail template is missing.") from None
            except UndefinedError as error:
                raise TemplateError(f"{name}: {error.message}.") from None


def letter_context(letter: Letter, address: str) -> dict[str, object]:
    """What the templates of a letter are given."""
    before, _, after = letter.reply_line.partition(ADDRESS_SLOT) if address else ("", "", "")
    return {
        "letter": letter,
        "language": letter.language,
        "direction": letter.direction,
        "title": letter.title,
        # A letter that is kept as a page is called by its title in the browser.
        "page_title": NO_TITLE if address else letter.title,
        "address": address,
        "mailto": _mailto(address),
        "before_address": before,
        "after_address": after,
        "reply_line": f"{before}{address}{after}",
        "replies": reply_links(letter.replies, address) if address else (),
    }


def reply_links(replies: Iterable[Reply], address: str) -> tuple[ReplyLink, ...]:
    """Ready replies as links; a link that mail programs would cut loses its body (RFC 6068)."""
    mailto = _mailto(address)
    links = []
    for reply in replies:
        bare = f"{mailto}?subject={quote(reply.subject, safe='')}"
        body = "\r\n".join(reply.body.splitlines())
        href = f"{bare}&body={quote(body, safe='')}"
        links.append(ReplyLink(reply.label, href if len(href) <= MAILTO_LIMIT else bare))
    return tuple(links)


def _mailto(address: str) -> str:
    return "mailto:" + quote(address, safe="@")


def direction_of(text: str) -> Direction:
    """The direction of a typed text, by its first letter that has one (Unicode's annex 9, P2).

    So does `dir="auto"`, which Outlook on Windows does not know.
    """
    strong = (unicodedata.bidirectional(character) for character in text)
    first = next((one for one in strong if one in ("L", "R", "AL")), "L")
    return "ltr" if first == "L" else "rtl"


def mail_environment() -> Environment:
    """Jinja with what a letter needs and no more: no filter, for one, that stops the escaping."""
    environment = Environment(
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters = {"length": len, "direction": direction_of}
    environment.globals.clear()
    return environment


def _stylesheets(folder: Path) -> dict[Direction, str]:
    try:
        css = (folder / "mail.css").read_text("utf-8")
    except (OSError, UnicodeError):
        raise TemplateError("mail.css: the mails' stylesheet cannot be read.") from None
    check_css(css, "mail.css")
    return {"ltr": css, "rtl": mirrored(css)}


def _load_mail(environment: Environment, folder: Path, name: str, css: str) -> _Mail:
    """Compile the three files of a mail."""
    subject, text, html = (f"{name}/{file}" for file in _FILES)
    return _Mail(
        _compiled(environment, subject, plain(environment, folder, subject)),
        _compiled(environment, text, plain(environment, folder, text)),
        _compiled(environment, html, inline(environment, folder, html, css)),
    )


def _compiled(environment: Environment, file: str, source: str) -> Template:
    # White space round tags was trimmed when the files were read; not a second time.
    exact = environment.overlay(trim_blocks=False, lstrip_blocks=False)
    try:
        return Template.from_code(exact, exact.compile(source, file), {})
    except TemplateSyntaxError as error:
        raise TemplateError(f"{file}: {error.message}") from None


_RECEIPT: Final[Mapping[str, object]] = {
    "lines": ("A",),
    "below": "A",
    "letter": _SPECIMEN,
    "reply_line": "A",
    "letter_lines": ("A", ""),
}
_NOTICE: Final = {"language": "en-GB", "direction": "ltr", "title": "A", "subject": "A"}
# One of each mail with every part in it: the start stops where a template asks for anything else.
_SPECIMENS: Final[Mapping[str, Mapping[str, object]]] = {
    "letter": letter_context(_SPECIMEN, "you@example.org"),
    "code": _NOTICE | dict.fromkeys(("asked", "you", "code", "link"), "A") | {"after": ("A",)},
    "receipt": {**_NOTICE, **_RECEIPT},
    "round": {**_NOTICE, "lines": ("A",), "link": "A", "after": ("A",)},
    "outcome": {**_NOTICE, "lines": ("A",), "below": "A", "result": ("A",)},
}
