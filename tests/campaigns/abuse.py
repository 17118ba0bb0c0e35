"""A hostile examination of the app: another's name, another's inbox, outcomes that are not true.

The scenarios stand in abuse.toml, each a line; here stands what has to be so after each.
"""

from __future__ import annotations

import shutil
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..direct import DIRECT, MANAGER, Host, Writer, open_host, told
from ..mails import code_in
from .table import Row

SCENARIOS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
CAREFUL = replace(DIRECT, own_inbox_code="free-text")
STRANGER = "stranger@home.example.org"

Tried = Iterator[tuple[str, bool]]


def main() -> list[Row]:
    """Try everything, each kind on a host of its own."""
    return [_row(what, kind) for what, kind in KINDS.items()]


def _row(what: str, kind: Callable[[Host], Tried]) -> Row:
    with _host() as host:
        tried = list(kind(host))
    short = [name for name, held in tried if not held]
    return Row(f"abuse: {what}", "the app", len(tried), "; ".join(short[:5]))


@contextmanager
def _host() -> Iterator[Host]:
    folder = Path(tempfile.mkdtemp(prefix="abuse-"))
    try:
        with open_host(f"sqlite:///{folder / 'word-ahead.db'}", settings=CAREFUL) as host:
            yield host
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _own_words(host: Host) -> Tried:
    """Nothing of it is in a mail before the code of that inbox was typed."""
    for where, texts in SCENARIOS["own_words"].items():
        for text in texts:
            host.drawer.mails.clear()
            fields: dict[str, Any] = {where: text} if where == "name" else {"more": {where: text}}
            writer = Writer(host)
            writer.reaches_check(**fields)
            writer.sends_to(STRANGER)
            mails = host.to(STRANGER)
            said = "".join(f"{one['Subject']} {_text(one)}" for one in mails)
            one_code = len(mails) == 1 and bool(code_in(mails[0]))
            # "x" and "!" stand in any mail; that it is the code mail and no other is then enough.
            yield f"{where}: {text}", one_code and (len(text) < 3 or text not in said)


def _text(mail: Any) -> str:
    return str(mail.get_body(("plain",)).get_content())


def _subjects(host: Host) -> Tried:
    """After the code too, no subject has a name that is no plain name."""
    for name in SCENARIOS["own_words"]["name"]:
        host.drawer.mails.clear()
        writer = Writer(host)
        writer.reaches_check(name=name)
        writer.sends_to(STRANGER).submits(writer.page.path, code=host.code())
        subjects = [str(one["Subject"]) for one in host.to(STRANGER)]
        yield name, len(subjects) == 2 and not any(name in one for one in subjects)


def _codes(host: Host) -> Tried:
    """The only six digits in what was pasted open it; anything else does not."""
    for kind in ("right", "wrong"):
        for pasted in SCENARIOS["codes"][kind]:
            writer = Writer(host).asks()
            writer.types(pasted.replace("{}", host.code()))
            opened = writer.page.heading == told("opened_heading")
            yield repr(pasted), opened is (kind == "right")


def _links(host: Host) -> Tried:
    """The link works, whatever was left at its end."""
    for end in SCENARIOS["links"]["ends"]:
        writer = Writer(host).asks()
        writer.opens(host.link() + end)
        writer.submits(host.link(), code=host.code())
        yield end, writer.page.heading == told("opened_heading")


def _inboxes(host: Host) -> Tried:
    """One inbox has one limit, and two have two."""
    for kind, count in (("one", 1), ("two", 2)):
        for addresses in SCENARIOS["inboxes"][kind]:
            host.limits(own_six_hours=1, own_day=1)
            _empty(host)
            for address in addresses:
                writer = Writer(host)
                writer.reaches_check()
                writer.sends_to(address)
            yield " ".join(addresses), len(host.drawer.mails) == count


def _empty(host: Host) -> None:
    host.drawer.mails.clear()
    host.clock.forward(3 * 24 * 3600)


def _lists(host: Host) -> Tried:
    """A list is asked about once; a person or a desk is not."""
    for kind in ("many", "single"):
        for address in SCENARIOS["lists"][kind]:
            writer = Writer(host)
            writer.reaches_check()
            writer.names(address)
            yield address, ("one person, or many" in writer.page.text) is (kind == "many")


def _address_lines(host: Host) -> Tried:
    """A page says the same with and without them."""
    for path in SCENARIOS["address_lines"]["paths"]:
        writer = Writer(host)
        writer.reaches_check()
        writer.opens(path.partition("?")[0])
        before = writer.page.text
        writer.opens(path)
        yield path, writer.page.text == before


def _origins(host: Host) -> Tried:
    """Only our own pages' presses are let in."""
    for site, origin, let in SCENARIOS["origins"]["pairs"]:
        headers = {"Sec-Fetch-Site": site, "Origin": origin}
        writer = Writer(host)
        sent = {name: value for name, value in headers.items() if value}
        writer.posts("/deleted", {}, headers=sent)
        yield f"{site or '-'} {origin or '-'}", (writer.page.status != 403) is (let == "in")


def _outbox(host: Host) -> Tried:
    """The demo's outbox answers this machine alone."""
    client = host.app.test_client()
    ours = client.get("/outbox", base_url=CAREFUL.public_url)
    yield "this machine", ours.status_code == 200
    for name in SCENARIOS["outbox"]["headers"]:
        answer = client.get("/outbox", base_url=CAREFUL.public_url, headers={name: "192.0.2.1"})
        yield name, answer.status_code == 404
    peer = {"REMOTE_ADDR": "192.0.2.1"}
    answer = client.get("/outbox", base_url=CAREFUL.public_url, environ_overrides=peer)
    yield "another machine", answer.status_code == 404


def _strangers(host: Host) -> Tried:
    """Own words to the named person's inbox pass neither allowlist nor limit."""
    for own_words in SCENARIOS["own_words"]["own_words"][:5]:
        host.turns(settings=replace(CAREFUL, direct_send="allowlist"))
        writer = Writer(host)
        writer.reaches_check(more={"own_words": own_words})
        writer.sends_to(MANAGER)
        yield own_words, not any(own_words in _text(one) for one in host.to(MANAGER))


KINDS: dict[str, Callable[[Host], Tried]] = {
    "own words to an inbox that is not proved": _own_words,
    "a name that is no name in a subject": _subjects,
    "past the list of allowed domains": _strangers,
    "what is pasted as a code": _codes,
    "what stands at a link's end": _links,
    "one inbox under many spellings": _inboxes,
    "lists in place of a person": _lists,
    "outcomes spoken by an address line": _address_lines,
    "presses from elsewhere": _origins,
    "a demo on the open net": _outbox,
}
