"""A group holds two rounds on phones without JavaScript, against a real mail server."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Page, ViewportSize

from webapp.delivery.rounds import invite
from webapp.group.adoption import adopt
from webapp.group.result import read_result
from webapp.letter.compose import Answers, compose
from webapp.letter.proofreading import problems_in
from webapp.letter.words import load
from webapp.post.smtp import SmtpPost
from webapp.services import Services
from webapp.web.common import EXTENSION

from .. import browser
from ..builders import english
from ..campaigns.keyboard import lost_on_the_way
from ..campaigns.looks import NARROWEST, barriers, sideways
from ..campaigns.looks import PHONE as AS_MADE
from ..databases import Clock
from ..direct import DIRECT, store_over
from ..mail_server import RealServer, real_server
from ..mails import code_in, read
from ..rounds import COORDINATOR, GROUP, MEMBERS, SECTION, link_in, text_of
from ..visitor import make_app
from ..web_server import web_server

pytestmark = pytest.mark.browser

# In milliseconds; a machine may be busy.
PATIENCE = 60_000
PHONE = ViewportSize(width=390, height=664)
ASKED = [s.id for s in english().sections[SECTION].statement][:4]
FIRST = "ask once, then wait a while."
OTHER = "talk to me as you would to anyone you like."
NEW = "give me time."
WEIGHTS = {"w-today": 2, "w-a": 0, "w-none": 1}
# She never comes, and he answers on paper.
NEVER, ON_PAPER = MEMBERS[5], MEMBERS[6]


class Site:
    """A host on a port of this machine, with its mail server."""

    def __init__(self, url: str, mail: RealServer, services: Services) -> None:
        self.url, self.mail, self.services = url, mail, services

    def inbox(self, address: str) -> list[EmailMessage]:
        """The mails that came to an address, oldest first."""
        return [read(one.data) for one in self.mail.mails if one.recipients == (address,)]

    def link(self, address: str) -> str:
        """The link in a member's newest mail."""
        return link_in(text_of(self.inbox(address)[-1]))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Site, Browser]]:
    with (
        real_server() as mail,
        browser.launch() as chromium,
        closing(SmtpPost(mail.server)) as post,
        web_server() as server,
    ):
        settings, clock = replace(DIRECT, public_url=server.url), Clock()
        store = store_over(f"sqlite:///{tmp_path}/private/rounds.db", settings, clock)
        store.start()
        server.app = app = make_app(
            settings,
            post=post,
            store=store,
            clock=lambda: datetime.datetime.fromtimestamp(clock(), datetime.UTC),
        )
        yield Site(server.url, mail, app.extensions[EXTENSION]), chromium


def _press(page: Page, button: str) -> None:
    with page.expect_navigation():
        page.locator(button).locator("visible=true").first.click()


def _faults(page: Page, chromium: Browser) -> list[str]:
    """What stands in somebody's way: at 320 px with text twice as large, to axe, and by keyboard.

    What looks runs scripts: so the same answer is shown once more, in a browser that runs them.
    """
    shown = page.content()
    context = chromium.new_context(storage_state=page.context.storage_state(), viewport=PHONE)
    context.set_default_timeout(PATIENCE)
    context.route(page.url, lambda route: route.fulfill(body=shown, content_type="text/html"))
    again = context.new_page()
    again.goto(page.url)
    where = _heading(again)
    NARROWEST.put_on(again)
    wide = [f"{where}: {by} px too wide" for by in [sideways(again)] if by]
    AS_MADE.put_on(again)
    found = wide + [f"{where}: {what}" for what in barriers(again) + lost_on_the_way(again)]
    context.close()
    return found


def _heading(page: Page) -> str:
    return page.locator("h1").inner_text()


def _answers(page: Page, link: str, *answers: tuple[str, str]) -> None:
    """One text after the other, as a member does: a tap, perhaps own words, and on."""
    page.goto(link)
    _press(page, "a.main")
    for number, (answer, wording) in enumerate(answers, 1):
        page.goto(f"{link}/{number}")
        page.check(f"input[name=answer][value='{answer}']")
        if wording:
            page.fill("#me", wording)
        _press(page, "button[value=next].main")


def _weighs(page: Page, link: str) -> None:
    """Nothing against a proposal, little against leaving it out, and a lot against today's."""
    page.goto(link)
    _press(page, "a.main")
    while page.locator("fieldset.option").count():
        for option in page.locator("fieldset.option").all():
            name = str(option.locator("input").first.get_attribute("name"))
            option.locator(f"input[value='{WEIGHTS[name]}']").check()
        _press(page, "button[value=next].main")


def _sets_up(page: Page) -> None:
    page.fill("#addresses", "\n".join(MEMBERS))
    page.check("#agreed")
    _press(page, "button[value=look].main")
    _press(page, "button[value=start]")
    assert _heading(page) == english().texts["group"]["running"]["heading"]


def _ends(page: Page, *paper: FilePayload) -> None:
    page.click("summary")
    page.check("input[name=sure]")
    _press(page, "button[value=end]")
    if paper:
        page.set_input_files("#paper", list(paper))
    _press(page, "button[value=count]")
    assert _heading(page) == english().texts["group"]["result"]["heading"]


def _paper(page: Page, answers: dict[str, str]) -> FilePayload:
    """The table that the coordinator downloads, filled in."""
    with page.expect_download() as got:
        page.click("button[value=table]")
    rows = Path(got.value.path()).read_text("utf-8").splitlines()
    filled = [rows[0]]
    for row in rows[1:]:
        key = next((one for one in answers if row.lstrip(",").startswith(one)), "")
        filled.append(row.removesuffix(",,,,,") + f",{answers[key]},,,," if key else row)
    return {"name": "p.csv", "mimeType": "text/csv", "buffer": "\n".join(filled).encode()}


def test_a_group_agrees_on_phones_without_script(site: tuple[Site, Browser], words: Path) -> None:
    host, chromium = site
    invite(COORDINATOR, "en", host.services)
    (invitation,) = host.inbox(COORDINATOR)
    context = chromium.new_context(
        java_script_enabled=False,
        base_url=host.url,
        viewport=PHONE,
        is_mobile=True,
    )
    context.set_default_timeout(PATIENCE)
    lead, member = context.new_page(), context.new_page()
    lead.goto(link_in(text_of(invitation)))
    wrong = _faults(lead, chromium)
    lead.fill("#code", code_in(invitation))
    _press(lead, "button.main")
    wrong += _faults(lead, chromium)
    _press(lead, f"button[value={SECTION}]")
    wrong += _faults(lead, chromium)
    lead.fill("#by", GROUP)
    for one in ASKED:
        lead.check(f"input[value={one}]")
    lead.check("#show")
    _sets_up(lead)
    # Two rewordings, one to leave out, one agreed; somebody changes their mind.
    for page in ("", "/1"):
        member.goto(host.link(MEMBERS[0]) + page)
        wrong += _faults(member, chromium)
    wrong += _faults(lead, chromium)
    said = (("change", FIRST), ("not", ""), ("change", OTHER), ("send", ""))
    for address in MEMBERS[:5]:
        _answers(member, host.link(address), *said)
    _answers(member, host.link(MEMBERS[0]), ("send", ""), *said[1:])
    wrong += _faults(member, chromium)
    member.fill("#me", NEW)
    member.fill("#them", "give Sam time.")
    _press(member, "text=Add it")
    paper = _paper(lead, dict(zip(ASKED, ("not", "not", "not", "live"), strict=True)))
    _ends(lead, paper)
    wrong += _faults(lead, chromium)
    assert "6 answered" in lead.locator("main").inner_text()
    _press(lead, "button[value=setup]")
    _sets_up(lead)
    member.goto(host.link(MEMBERS[0]) + "/1")
    wrong += _faults(member, chromium)
    for address in MEMBERS[:5]:
        _weighs(member, host.link(address))
    _ends(lead)
    _press(lead, "button[value=host]")
    (result,) = host.inbox("hello@willow.example")
    context.close()
    assert wrong == []
    _is_adopted(text_of(result), words)
    assert not [one for one in host.inbox(NEVER) if "answer" not in text_of(one)]
    assert len(host.inbox(ON_PAPER)) == 2


def _is_adopted(mail: str, words: Path) -> None:
    """The words pass their check, and the next letter carries them."""
    adopt(read_result(mail, "mail.txt"), words.parent, "en")
    assert problems_in(words).problems == ()
    now = load(words).words("en")
    assert (now.statements[ASKED[0]].me, now.statements[ASKED[2]].me) == (FIRST, OTHER)
    assert ASKED[1] not in now.statements
    (new,) = (one for one in now.statements.values() if one.me == NEW)
    assert new.agreed
    assert new.agreed.by == GROUP
    said = (ASKED[0], ASKED[2], new.id)
    letter = compose(Answers("volunteering", say=said, name="Emma"), now)
    assert {FIRST, OTHER, NEW} <= set(letter.ticked)
