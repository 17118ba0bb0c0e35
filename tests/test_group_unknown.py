"""Nobody can tell from what is stored who voted what: at no moment, on neither database."""

from __future__ import annotations

import hashlib
import itertools
import logging
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from webapp.keys import keyed_hash
from webapp.store.database.tables import ballots, tables

from .builders import english
from .databases import PostgreSQL
from .direct import DIRECT, Host
from .direct import either_host as either_host
from .rounds import COORDINATOR, GROUP, MEMBERS, SECTION, Lead, members, text_of

FEW = [s.id for s in english().sections[SECTION].statement][:2]
WORDING = "ask the canaryquestion once, then wait."
WHY = "Canarywhy, since I said so."
SECRETS = ("canary", "Canary")


def _known_of(address: str, host: Host) -> Iterator[bytes]:
    """What somebody with SECRET_KEY, the members' list and all mails knows of a member."""
    mails = host.to(address)
    texts = [address, address.lower(), address.partition("@")[0]]
    texts += [str(mail[name]) for mail in mails for name in ("Message-ID", "Date", "To")]
    for mail in mails:
        moment = int(mail["Date"].datetime.timestamp())
        yield from (moment.to_bytes(8), moment.to_bytes(4), moment.to_bytes(8, "little"))
        texts.append(str(moment))
    purposes = ["", "word-ahead/v1/ledger/block", "message-id/v1", "flood/v1"]
    day = host.clock.now // 86_400
    purposes += [f"word-ahead/v1/ledger/day {day - back}" for back in range(3)]
    for text in texts:
        raw = text.encode()
        yield from (raw, hashlib.sha256(raw).digest()[:16], hashlib.md5(raw).digest())  # noqa: S324
        for purpose in purposes:
            for label in ("", "inbox\0", "group inbox\0"):
                yield keyed_hash(DIRECT.keys.key(purpose), (label + text).encode())


def joined(host: Host, addresses: Sequence[str]) -> set[tuple[str, bytes]]:
    """Every member and ballot that something stored leads from one to the other."""
    with host.store.database.reading() as connection:
        rows = connection.execute(sa.select(ballots)).all()
    found = set()
    for address in addresses:
        known = {one for one in _known_of(address, host) if len(one) >= 4}
        for row in rows:
            held = b"\0".join(bytes(value) for value in row)
            found |= {(address, row.id) for one in known if one in held}
    return found


def shared(host: Host) -> set[bytes]:
    """What a ballot's row has in common with any other row, its round's id aside."""
    held = [[*map(_bytes, row)] for row in host.held()]
    with host.store.database.reading() as connection:
        rows = connection.execute(sa.select(ballots)).all()
    ids = {row.round for row in rows}
    mine = [value for row in rows for value in (row.id, row.wrapped, row.sealed)]
    others = list(itertools.chain.from_iterable(held))
    return {value for value in mine if others.count(value) > 1} - ids


def _bytes(value: Any) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def _moments(host: Host, lead: Lead) -> Iterator[str]:
    """Every moment of a round, each a second and more after the one before."""
    lead.starts(which=FEW)
    yield "started"
    for number, member in enumerate(members(host)[:6]):
        host.clock.forward(61)
        member.answers(1, "change", me=WORDING, why=WHY) if number < 3 else member.answers(1, "not")
        yield f"{number} has answered"
    host.clock.forward(61)
    lead.comes().presses("remind")
    yield "reminded"
    members(host)[0].answers(1, "live")
    yield "changed"
    lead.comes().presses("end", sure="yes")
    yield "ended"
    lead.presses("count")
    yield "counted"
    lead.presses("setup", goes_on="yes")
    lead.presses("look", addresses=" ".join(MEMBERS), agreed="yes").presses("start")
    yield "the second round has started"
    for member in members(host)[:5]:
        member.weighs(1, today="2", a="0")
    yield "weighed"
    lead.ends()
    yield "the second is counted"


def test_at_no_moment_does_anything_stored_lead_from_a_member_to_a_ballot(
    either_host: Host,
) -> None:
    lead = Lead(either_host).is_invited()
    for moment in _moments(either_host, lead):
        assert joined(either_host, MEMBERS) == set(), moment
        assert shared(either_host) == set(), moment
        lengths = {tuple(map(len, row)) for row in _ballots(either_host)}
        assert len(lengths) <= 1, moment


def _ballots(host: Host) -> list[tuple[bytes, ...]]:
    with host.store.database.reading() as connection:
        return [tuple(row) for row in connection.execute(sa.select(ballots)).all()]


@pytest.mark.parametrize("leak", ["address", "hash", "time", "mail"])
def test_the_search_for_a_join_would_find_one(either_host: Host, leak: str) -> None:
    Lead(either_host).is_invited().starts(which=FEW)
    (mail,) = either_host.to(MEMBERS[3])
    moment = int(mail["Date"].datetime.timestamp())
    day = f"word-ahead/v1/ledger/day {either_host.clock.now // 86_400}"
    leaks = {
        "address": MEMBERS[3].encode(),
        "hash": keyed_hash(DIRECT.keys.key(day), f"group inbox\0{MEMBERS[3]}".encode()),
        "time": moment.to_bytes(8),
        "mail": str(mail["Message-ID"]).encode(),
    }
    row = _ballots(either_host)[2]
    with either_host.store.database.writing() as connection:
        changed = {"wrapped": row[2] + leaks[leak]}
        connection.execute(sa.update(ballots).where(ballots.c.id == row[0]).values(changed))
    assert (MEMBERS[3], row[0]) in joined(either_host, MEMBERS)


def test_when_all_is_over_only_the_result_is_left(either_host: Host) -> None:
    lead = Lead(either_host).is_invited()
    *_, last = _moments(either_host, lead)
    assert last == "the second is counted"
    assert _ballots(either_host) == []
    held = either_host.store.rounds.read(_root(lead))
    assert held
    state = held.state.decode()
    assert WORDING in state
    assert "@" not in state
    assert not [name for name in MEMBERS if name.partition("@")[0] in state]


def _root(lead: Lead) -> bytes:
    from webapp.delivery.rounds import Coordinator

    opened = lead.host.store.inviting.open(lead.link.rpartition("/")[2], lead.code)
    assert opened
    return Coordinator.unpack(opened.payload).root


def _copies(host: Host, request: pytest.FixtureRequest) -> Iterator[bytes]:
    """All that a copy of the database holds, as its files or as a dump."""
    if host.url.startswith("sqlite"):
        folder = Path(host.url.removeprefix("sqlite:///")).parent
        yield from (path.read_bytes() for path in folder.rglob("*") if path.is_file())
        return
    server: PostgreSQL = request.getfixturevalue("postgresql")
    plain = host.url.replace("postgresql+psycopg", "postgresql")
    command = [str(server.dump), "--inserts", plain]
    yield subprocess.run(command, capture_output=True, check=True).stdout


def test_no_file_no_dump_and_no_log_holds_a_word_an_address_or_a_link(
    either_host: Host,
    request: pytest.FixtureRequest,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    lead = Lead(either_host).is_invited()
    told = []
    for moment in _moments(either_host, lead):
        links = [
            text_of(mail).partition("/round/")[2][:22]
            for mail in either_host.letters()
            if "/round/" in text_of(mail)
        ]
        secrets = [one.encode() for one in (*SECRETS, GROUP, COORDINATOR, *links) if one]
        secrets += [one.hex().encode() for one in secrets]
        for data in _copies(either_host, request):
            assert not [one for one in secrets if one in data], moment
        told.append(lead.page.title + lead.page.path)
    logged = caplog.text + "".join(capfd.readouterr())
    assert not [one for one in (*SECRETS, *links) if one in logged + "".join(told)]


def test_no_table_has_a_place_for_an_address_or_the_time_of_an_answer() -> None:
    columns = {str(column) for column in tables.tables["ballots"].columns}
    assert columns == {f"ballots.{name}" for name in ("id", "round", "wrapped", "sealed")}
