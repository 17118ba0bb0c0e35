"""Nobody reads or changes a waiting letter where it is kept; without its database it stays."""

import subprocess
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.databases import NOON, PostgreSQL
from tests.waiting_letters import (
    BROWSER,
    LETTER,
    change,
    claimed,
    make_letters,
    opened,
)
from webapp.post import Result
from webapp.store.database import Database, DatabaseUnavailable
from webapp.store.database.tables import waiting
from webapp.store.sealing import parse_token
from webapp.store.waiting import (
    LIFE,
    State,
    Ticket,
    WaitingLetters,
)


# ------------------------------------------------------------------ strangers and seizures
@pytest.mark.parametrize(
    "tampered",
    [
        {"expires_at": NOON + LIFE + 1},
        {"id": bytes([1] * 16)},
        {"sealed": b""},
        {"sealed": bytes(16_412)},
        {"state": State.SENT.value},
        {"state": "nonsense"},
    ],
)
def test_a_tampered_row_opens_like_an_unknown_one(
    letters: WaitingLetters, ticket: Ticket, database: Database, tampered: dict[str, object]
) -> None:
    """R41."""
    change(database, **tampered)
    assert letters.open(ticket.token, ticket.code) is None


def test_a_letter_moved_into_anothers_row_opens_for_neither(
    letters: WaitingLetters, ticket: Ticket, database: Database
) -> None:
    """R41."""
    other = letters.put(b"another letter")
    with database.writing() as connection:
        sealed = connection.scalar(sa.select(waiting.c.sealed).limit(1))
        connection.execute(sa.update(waiting).values(sealed=sealed))
    found = [letters.open(ticket.token, ticket.code), letters.open(other.token, other.code)]
    assert [one.payload for one in found if one] in ([LETTER], [b"another letter"])


CANARIES = (b"patel@surgery", b"selective mutism", BROWSER)


def test_neither_database_file_nor_journal_holds_a_word(tmp_path: Path) -> None:
    """R21."""
    database = Database(f"sqlite:///{tmp_path}/wa.db")
    database.start()
    letters = make_letters(database)
    ticket = letters.put(LETTER, browser=BROWSER)
    with database.writing() as connection:
        connection.execute(sa.update(waiting).values(doubts=1))
        seen = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert (tmp_path / "wa.db-journal").exists()
    letters.settle(claimed(letters, ticket), Result.SENT)
    seen += b"".join(file.read_bytes() for file in tmp_path.iterdir())
    database.close()
    token = parse_token(ticket.token) or b"no token"
    assert not [word for word in (*CANARIES, ticket.token.encode(), token) if word in seen]


def test_what_sqlite_deleted_is_overwritten(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/wa.db")
    database.start()
    letters = make_letters(database)
    letters.put(LETTER, browser=BROWSER)
    with database.reading() as connection:
        sealed = connection.scalar(sa.select(waiting.c.sealed)) or b""
    pieces = [sealed[start : start + 64] for start in range(0, len(sealed) - 64, 64)]
    stored = (tmp_path / "wa.db").read_bytes()
    assert sum(piece in stored for piece in pieces) > 200
    letters.cancel_from(BROWSER)
    database.close()
    stored = (tmp_path / "wa.db").read_bytes()
    assert not any(piece in stored for piece in pieces)


def test_neither_the_servers_files_nor_a_dump_hold_a_word(
    postgresql: PostgreSQL, ready_postgresql: str
) -> None:
    """R21."""
    database = Database(ready_postgresql)
    letters = make_letters(database)
    ticket = letters.put(LETTER, browser=BROWSER)
    letters.settle(claimed(letters, ticket), Result.SENT)
    with database.writing() as connection:
        # It waits for the disk, which on a busy machine takes longer than a visitor may wait.
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        connection.execute(sa.text("CHECKPOINT"))
    database.close()
    address = ready_postgresql.replace("+psycopg", "")
    dump = subprocess.run(
        [postgresql.dump, "--inserts", address], capture_output=True, check=True
    ).stdout
    files = [file.read_bytes() for file in postgresql.data.rglob("*") if file.is_file()]
    seen = [dump, *files]
    token = parse_token(ticket.token) or b"no token"
    words = [*CANARIES, ticket.token.encode(), token]
    words += [word.hex().encode() for word in words]
    assert b"waiting" in dump
    assert not [word for word in words for one in seen if word in one]


def test_nothing_secret_has_a_repr(letters: WaitingLetters, ticket: Ticket) -> None:
    letter = opened(letters, ticket)
    shown = repr(ticket) + repr(letter) + repr(letters.claim(letter))
    assert ticket.token not in shown
    assert ticket.code not in shown
    assert "Patel" not in shown


# ------------------------------------------------------------------ the database away
def test_without_its_database_nothing_can_be_claimed(
    letters: WaitingLetters, ticket: Ticket, database: Database
) -> None:
    """R34."""
    letter = opened(letters, ticket)
    with database.writing() as connection:
        connection.execute(sa.text("ALTER TABLE waiting RENAME TO away"))
    try:
        with pytest.raises(DatabaseUnavailable):
            letters.claim(letter)
    finally:
        with database.writing() as connection:
            connection.execute(sa.text("ALTER TABLE away RENAME TO waiting"))
    assert opened(letters, ticket).state is State.WAITING


def test_a_full_disk_gives_no_leave_to_send(tmp_path: Path) -> None:
    """R14, R34: reading still works, but what cannot be noted is not claimed."""
    database = Database(f"sqlite:///{tmp_path}/wa.db")
    database.start()
    letters = make_letters(database)
    letter = opened(letters, letters.put(LETTER))
    with database.reading() as connection:
        connection.execute(sa.text("PRAGMA query_only = ON"))
    with pytest.raises(DatabaseUnavailable):
        letters.claim(letter)
    database.close()
