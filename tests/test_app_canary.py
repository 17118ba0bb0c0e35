"""What people type stays in their browser and their mail: nowhere else, whatever goes wrong."""

from __future__ import annotations

import logging
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from webapp import create_app
from webapp.mail.message import Mail
from webapp.post import Outcome, Result

from .builders import ROOT, library
from .pages import Page
from .visitor import DEMO, Drawer, Visitor, drawer_of, make_app, visitor

# One canary for each field; none of them is a word of ours.
TYPED = {
    "name": "Xanthippe",
    "to_name": "Yggdrasil",
    "first": "Zweisamkeit zuerst.",
    "own_words": "Quokkas kauen Kohlrabi.",
    "writer": "Narwhal, uncle",
    "email": "wombat@quagga.example",
}
CANARIES = re.compile("|".join([*TYPED.values(), "wombat", "quagga"]), re.IGNORECASE)
MORE = {name: TYPED[name] for name in ("to_name", "first", "own_words")}
WRITER = {"writer": TYPED["writer"]}
PATHS = (
    *("/", "/letter/how-much", "/letter/what", "/letter/about-you", "/letter/check"),
    *("/letter/print", "/letter/my-letter.txt", "/letter/my-letter.html", "/letter/someone"),
    *("/letter/sent", "/help", "/privacy", "/accessibility", "/deleted", "/stop", "/nowhere"),
)


class _Raises(Drawer):
    def send(self, mail: Mail, *, seconds: float = 25.0) -> Outcome:
        raise OSError(f"cannot send to {mail.recipient}: {mail.text}")


FAULTS = [Drawer(Outcome(result, "dot", 451)) for result in Result] + [_Raises()]


def _tells(page: Page) -> str:
    """What a page tells to history, logs and other sites: its address, title and headers."""
    # A letter that is downloaded is a document of its own: its title may hold the name.
    title = "" if "attachment" in str(page.headers) else page.title
    return page.path + title + str(page.headers)


def _goes_everywhere(emma: Visitor) -> Iterator[str]:
    emma.reaches_check(name=TYPED["name"], voice="child", more=MORE, says=WRITER)
    for path in PATHS:
        yield _tells(emma.opens(path).page)
    bad = {"name": f"{TYPED['name']} www.quagga.example", "own_words": TYPED["own_words"] * 99}
    for path in ("/letter/how-much", "/letter/about-you"):
        yield _tells(emma.opens(path).submits(path, **({"level": "named"} | bad)).page)
    yield _tells(emma.opens("/letter/check").sends_to("wombat@quagga").page)
    yield _tells(emma.posts("/letter/check", {"email": TYPED["email"]}).page)
    yield _tells(emma.posts("/letter/what", {"x": TYPED["own_words"] * 20_000}).page)
    yield _tells(emma.opens("/letter/check").sends_to(TYPED["email"]).page)
    yield _tells(emma.opens("/letter/check").page)


@pytest.mark.parametrize("post", FAULTS, ids=[*Result.__members__, "RAISES"])
def test_no_log_path_title_or_header_tells_what_was_typed(
    post: Drawer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    emma = Visitor(make_app(post=post))
    told = [*_goes_everywhere(emma)]
    assert not CANARIES.search("".join(told))
    assert not CANARIES.search(caplog.text)
    assert not CANARIES.search("".join(capfd.readouterr()))


def test_a_database_that_is_away_logs_nothing_typed_and_keeps_the_letter(
    caplog: pytest.LogCaptureFixture,
) -> None:
    settings = replace(DEMO, database_url="postgresql://127.0.0.1:1/nobody")
    emma = Visitor(create_app(settings, library=library(), post=Drawer()))
    emma.reaches_check(name=TYPED["name"], voice="child", more=MORE, says=WRITER).sends_to(
        TYPED["email"]
    )
    assert not drawer_of(emma.app).mails
    assert (emma.page.status, TYPED["first"] in emma.page.letter()) == (503, True)
    assert not CANARIES.search(caplog.text)


def test_in_a_mails_head_stands_the_address_and_the_name_where_it_belongs() -> None:
    emma = (
        visitor()
        .reaches_check(name=TYPED["name"], voice="child", more=MORE, says=WRITER)
        .sends_to(TYPED["email"])
    )
    (letter,) = drawer_of(emma.app).letters()
    telling = {name for name, value in letter.items() if CANARIES.search(str(value))}
    assert telling == {"To", "Reply-To", "Subject"}
    assert not re.search("Yggdrasil|Zwei|Quokka|Narwhal", str(letter["Subject"]))


def test_no_repr_tells_what_was_typed() -> None:
    from webapp.delivery.to_self import ToSelf, letter_to_self
    from webapp.letter.compose import compose
    from webapp.web.questions import open_questions

    emma = visitor().reaches_check(name=TYPED["name"], voice="child", more=MORE, says=WRITER)
    answers = emma.draft().answers
    assert answers
    services: Any = emma.app.extensions["word_ahead"]
    letter = compose(answers, services.library.words("en"))
    order = ToSelf(
        letter=letter,
        language="en",
        situation="volunteering",
        draft_id="1",
        shown="2",
        address=TYPED["email"],
    )
    mail = letter_to_self(order, services)
    asked = open_questions("wombat@gmial.com", answers, "", services)
    shown = [answers, letter, order, mail, asked, emma.draft(), emma.app, services, letter.replies]
    assert not CANARIES.search("".join(map(repr, shown)) + "".join(map(str, shown)))


# And once as a host runs it: a real gunicorn, its own output, and every file it could write.

# Seconds; a busy machine may take long to start it.
PATIENCE = 180.0


@dataclass
class _Served:
    port: int
    folder: Path
    process: subprocess.Popen[bytes]

    def output(self) -> str:
        return (self.folder / "output").read_text("utf-8", "replace")

    def ask(self, method: str, path: str, cookie: str = "", **fields: str) -> tuple[int, str, str]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        kind = {"Content-Type": "application/x-www-form-urlencoded"} if fields else {}
        headers = kind | ({"Cookie": cookie} if cookie else {})
        connection.request(method, path, urlencode(fields) or None, headers)
        answer = connection.getresponse()
        found = (answer.headers.get("Set-Cookie") or cookie).partition(";")[0]
        page = answer.read().decode("utf-8", "replace")
        connection.close()
        return answer.status, found, page


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def _served(folder: Path) -> Iterator[_Served]:
    port = _free_port()
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "WORD_AHEAD_DEMO": "1",
        "SECRET_KEY": DEMO.secret_key,
        "MAIL_URL": f"outbox:{folder / 'outbox'}",
        "DATABASE_URL": f"sqlite:///{folder / 'word-ahead.db'}",
        "PORT": str(port),
    }
    with (folder / "output").open("wb") as output:
        command = [sys.executable, "-m", "gunicorn", "webapp:create_app()"]
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=output, stderr=output)
        try:
            served = _Served(port, folder, process)
            _wait_for(served)
            yield served
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)


def _wait_for(served: _Served) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and served.process.poll() is None:
        try:
            served.ask("GET", "/healthz")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(served.output())


def _fields(page: str, *names: str) -> dict[str, str]:
    found = {}
    for name in names:
        match = re.search(rf'name="{name}" value="([^"]*)"', page)
        found[name] = match.group(1) if match else ""
    return found


def test_a_real_server_writes_nothing_typed_but_into_the_outbox(tmp_path: Path) -> None:
    with _served(tmp_path) as host:
        _, cookie, page = host.ask("GET", "/")
        token = _fields(page, "csrf_token")
        _, cookie, _ = host.ask("POST", "/", cookie, situation="work", **token)
        _, cookie, page = host.ask("GET", "/letter/how-much", cookie)
        both = _fields(page, "csrf_token", "draft")
        name = TYPED["name"]
        _, cookie, _ = host.ask(
            "POST", "/letter/how-much", cookie, level="named", name=name, **both
        )
        _, cookie, _ = host.ask("POST", "/letter/about-you", cookie, **MORE, **both)
        _, cookie, page = host.ask("GET", "/letter/check", cookie)
        whole = _fields(page, "csrf_token", "draft", "shown")
        large = host.ask("POST", "/letter/about-you", cookie, own_words=TYPED["own_words"] * 20_000)
        host.ask("GET", f"/{name}?{name}", cookie)
        sent = host.ask("POST", "/letter/check", cookie, email=TYPED["email"], **whole)
    assert TYPED["first"] in page
    assert (large[0], sent[0]) == (413, 303)
    (mail,) = (tmp_path / "outbox").glob("*.eml")
    assert CANARIES.search(mail.read_text())
    assert not CANARIES.search(host.output())
    others = [path for path in tmp_path.rglob("*") if path.is_file() and path != mail]
    assert not [p for p in others if CANARIES.search(p.read_bytes().decode("latin-1"))]
