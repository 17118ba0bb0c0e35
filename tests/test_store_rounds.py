"""Ballots in the store: only their link or their coordinator reads them, and none is lost."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from webapp.store.database import Database, DatabaseUnavailable
from webapp.store.database.tables import ballots, rounds
from webapp.store.rounds import KEPT, LEASE, BallotGone, RoundBusy, Rounds, TooMuch, new_root
from webapp.store.rounds.seals import BALLOT_ROOM
from webapp.store.sealing import new_token

from .databases import Clock, PostgreSQL

DAY = 86_400
ROOT = new_root()
CANARY = b"Canarysentence"


@pytest.fixture
def store(database: Database) -> Rounds:
    return Rounds(database)


def opened(store: Rounds, clock: Clock, number: int = 5, root: bytes = ROOT) -> list[str]:
    """A round of so many ballots, open for a week; gives their tokens."""
    tokens = [new_token() for _ in range(number)]
    with store.press(root):
        store.open(root, b"state", clock.now + 7 * DAY, dict.fromkeys(tokens, b"empty"))
    return tokens


def held(database: Database) -> list[Any]:
    with database.reading() as connection:
        return list(connection.execute(sa.select(ballots)).all())


def votes(store: Rounds, token: str, text: bytes) -> None:
    store.change(token, lambda _: text)


def counted(store: Rounds, root: bytes = ROOT) -> list[bytes]:
    found: list[bytes] = []

    def count(_state: bytes, contents: list[bytes]) -> bytes:
        found.extend(contents)
        return b"result"

    store.end(root)
    store.close(root, count)
    return found


def test_each_ballot_opens_by_its_own_link_and_counts_once(store: Rounds, clock: Clock) -> None:
    tokens = opened(store, clock)
    for number, token in enumerate(tokens):
        votes(store, token, b"vote %d" % number)
    shown = [store.look(token) for token in tokens]
    assert [one.content for one in shown if one] == [b"vote %d" % n for n in range(5)]
    assert sorted(counted(store)) == [b"vote %d" % n for n in range(5)]
    state = store.read(ROOT)
    assert state
    assert state.state == b"result"


def test_after_the_end_no_link_leads_anywhere_and_after_the_count_no_ballot_is_left(
    store: Rounds, clock: Clock, database: Database
) -> None:
    tokens = opened(store, clock)
    before = {row.id for row in held(database)}
    store.end(ROOT)
    assert not before & {row.id for row in held(database)}
    assert [store.look(token) for token in tokens] == [None] * 5
    with pytest.raises(BallotGone):
        votes(store, tokens[0], b"late")
    store.close(ROOT, lambda _, contents: b"result of %d" % len(contents))
    assert held(database) == []


def test_when_its_time_is_over_a_ballot_can_be_read_and_no_longer_changed(
    store: Rounds, clock: Clock
) -> None:
    (token, *_) = opened(store, clock)
    votes(store, token, b"in time")
    clock.forward(7 * DAY)
    with pytest.raises(BallotGone):
        votes(store, token, b"late")
    shown = store.look(token)
    assert shown
    assert (shown.content, shown.is_open) == (b"in time", False)
    assert sorted(counted(store))[-1] == b"in time"


@pytest.mark.parametrize("token", ["", "x", "A" * 22, "A" * 21 + "é", new_token()])
def test_a_link_that_is_none_opens_nothing(store: Rounds, clock: Clock, token: str) -> None:
    opened(store, clock)
    assert store.look(token) is None
    with pytest.raises(BallotGone):
        votes(store, token, b"x")


def test_two_phones_at_once_lose_no_answer(store: Rounds, clock: Clock) -> None:
    (token, *_) = opened(store, clock)

    def add(number: int) -> None:
        store.change(token, lambda content: content + b" %d" % number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(16)))
    shown = store.look(token)
    assert shown
    assert sorted(shown.content.split()[1:], key=int) == [b"%d" % n for n in range(16)]


def test_a_step_that_fails_changes_nothing(store: Rounds, clock: Clock) -> None:
    (token, *_) = opened(store, clock)
    with pytest.raises(TooMuch):
        votes(store, token, b"x" * BALLOT_ROOM)
    shown = store.look(token)
    assert shown
    assert shown.content == b"empty"


def test_a_count_that_fails_keeps_every_ballot(store: Rounds, clock: Clock) -> None:
    (token, *_) = opened(store, clock)
    votes(store, token, b"vote")

    def breaks(_state: bytes, contents: list[bytes]) -> bytes:
        raise RuntimeError("killed")

    store.end(ROOT)
    with pytest.raises(RuntimeError):
        store.close(ROOT, breaks)
    assert b"vote" in counted(store)


def test_one_press_at_a_time_and_one_that_died_holds_nobody_up_for_long(
    store: Rounds, clock: Clock
) -> None:
    press = store.press(ROOT)
    press.__enter__()
    with pytest.raises(RoundBusy), store.press(ROOT):
        pass
    with store.press(new_root()):
        pass
    clock.forward(LEASE)
    with store.press(ROOT):
        pass
    assert store.read(ROOT) is None


def test_a_press_that_opens_nothing_leaves_nothing(store: Rounds, database: Database) -> None:
    with store.press(ROOT):
        pass
    with database.reading() as connection:
        assert connection.execute(sa.select(rounds)).all() == []


def test_rounds_that_nobody_ends_are_ended_and_in_the_end_deleted(
    store: Rounds, clock: Clock, database: Database
) -> None:
    tokens = opened(store, clock)
    votes(store, tokens[0], b"vote")
    clock.forward(7 * DAY)
    store.purge()
    assert store.look(tokens[0]) is None
    assert b"vote" in counted(store)
    clock.forward(KEPT)
    assert store.purge() == 1
    assert store.read(ROOT) is None


def test_a_forgotten_round_takes_its_ballots_along(
    store: Rounds, clock: Clock, database: Database
) -> None:
    others = new_root()
    opened(store, clock)
    opened(store, clock, 3, others)
    store.delete(ROOT)
    assert (store.read(ROOT), len(held(database))) == (None, 3)


# ------------------------------------------------------------------ who can tell whose a ballot is
def test_ballots_have_one_length_and_neither_time_nor_order(
    store: Rounds, clock: Clock, database: Database
) -> None:
    tokens = opened(store, clock, 15)
    votes(store, tokens[3], b"x" * (BALLOT_ROOM - 10))
    found = held(database)
    assert {(len(row.sealed), len(row.wrapped), row.round) for row in found} == {
        (BALLOT_ROOM + 28, 32 + 28, found[0].round)
    }
    assert {column.name for column in ballots.columns} == {"id", "round", "wrapped", "sealed"}


def _order(url: str, server: PostgreSQL | None, file: Path) -> list[bytes]:
    """The ids of the ballots in the order in which a copy of the database has them."""
    if server is None:
        with closing(sqlite3.connect(file)) as connection:
            return [row[0] for row in connection.execute("SELECT id FROM ballots")]
    plain = url.replace("postgresql+psycopg", "postgresql")
    command = [str(server.dump), "--data-only", "--table=ballots", plain]
    dump = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    lines = [line.split("\t")[0] for line in dump.splitlines() if line.startswith("\\\\x")]
    return [bytes.fromhex(line.removeprefix("\\\\x")) for line in lines]


@pytest.fixture
def places(url: str, request: pytest.FixtureRequest) -> Iterator[tuple[PostgreSQL | None, Path]]:
    if url.startswith("sqlite"):
        yield None, Path(url.removeprefix("sqlite:///"))
    else:
        yield request.getfixturevalue("postgresql"), Path()


def test_a_copy_of_the_database_does_not_tell_who_answered_last(
    store: Rounds, clock: Clock, url: str, places: tuple[PostgreSQL | None, Path]
) -> None:
    tokens = opened(store, clock, 7)
    server, file = places
    first = _order(url, server, file)
    assert len(first) == 7
    for token in (tokens[2], tokens[5], tokens[2], tokens[0]):
        votes(store, token, b"an answer")
        assert _order(url, server, file) == first


def test_rows_are_not_in_the_order_of_the_members(store: Rounds, clock: Clock, url: str) -> None:
    from webapp.store.rounds.seals import BallotKeys

    database = Database(url, clock=clock)
    seen = set()
    for _ in range(4):
        tokens = opened(store, clock, 15)
        in_rows = [row.id for row in held(database)]
        seen.add(tuple(in_rows.index(BallotKeys.of(token).id) for token in tokens))
    database.close()
    assert len(seen) == 4
    assert tuple(range(15)) not in seen


def test_no_copy_holds_a_word_a_token_or_a_key(
    store: Rounds, clock: Clock, url: str, places: tuple[PostgreSQL | None, Path], tmp_path: Path
) -> None:
    tokens = opened(store, clock)
    for token in tokens:
        votes(store, token, CANARY)
    server, file = places
    if server is None:
        shutil.copytree(file.parent, tmp_path / "copy")
        data = b"".join(p.read_bytes() for p in (tmp_path / "copy").iterdir())
    else:
        command = [str(server.dump), url.replace("postgresql+psycopg", "postgresql")]
        data = subprocess.run(command, capture_output=True, check=True).stdout
    assert len(data) > BALLOT_ROOM
    for secret in (CANARY, CANARY.hex().encode(), ROOT, ROOT.hex().encode()):
        assert secret not in data
    assert not [token for token in tokens if token.encode() in data]


def test_a_row_that_somebody_else_changed_is_never_counted(
    store: Rounds, clock: Clock, database: Database
) -> None:
    tokens = opened(store, clock)
    votes(store, tokens[0], b"vote")
    with database.writing() as connection:
        sealed = held(database)[0].sealed
        connection.execute(sa.update(ballots).values(sealed=sealed))
    with pytest.raises(ValueError, match="changed by somebody else"):
        counted(store)


def test_a_database_that_is_away_in_mid_vote_keeps_what_was_there(
    store: Rounds, clock: Clock, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    (token, *_) = opened(store, clock)
    votes(store, token, b"first")

    def cut(content: bytes) -> bytes:
        raise OSError("the line was cut")

    with pytest.raises(DatabaseUnavailable):
        store.change(token, cut)
    shown = store.look(token)
    assert shown
    assert shown.content == b"first"
