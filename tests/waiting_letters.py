"""Letters that wait for a test: one that was put, and what is done with it."""

import pytest
import sqlalchemy as sa

from tests.databases import keys_of
from webapp.store.database import Database
from webapp.store.database.tables import waiting
from webapp.store.sealing import Sealer
from webapp.store.waiting import (
    Claim,
    OpenedLetter,
    Ticket,
    WaitingLetters,
)

CHEAP = 2
LETTER = b"To: patel@surgery.example\r\n\r\nDear Ms Patel, I have selective mutism."
BROWSER = b"a browser's own id"
OTHER_BROWSER = b"somebody else's id"


def make_letters(database: Database, *secrets: str, most: int = 2000) -> WaitingLetters:
    return WaitingLetters(database, Sealer(keys_of(*secrets), cost=CHEAP), most=most)


@pytest.fixture
def letters(database: Database) -> WaitingLetters:
    return make_letters(database)


@pytest.fixture
def ticket(letters: WaitingLetters) -> Ticket:
    return letters.put(LETTER, browser=BROWSER)


def wrong(ticket: Ticket, number: int = 1) -> str:
    """A code that is not the right one."""
    return f"{(int(ticket.code) + number) % 10**6:06d}"


def opened(letters: WaitingLetters, ticket: Ticket) -> OpenedLetter:
    found = letters.open(ticket.token, ticket.code)
    assert found is not None
    return found


def claimed(letters: WaitingLetters, ticket: Ticket, *, again: int | None = None) -> Claim:
    claim = letters.claim(opened(letters, ticket), again=again)
    assert isinstance(claim, Claim)
    return claim


def put_newer(letters: WaitingLetters, browser: bytes = BROWSER) -> Ticket:
    """A letter whose code was sent: what the same browser put before makes room."""
    newer = letters.put(LETTER, browser=browser)
    letters.replace_older(newer)
    return newer


def mistype(letters: WaitingLetters, ticket: Ticket, times: int) -> None:
    for number in range(1, times + 1):
        assert letters.open(ticket.token, wrong(ticket, number)) is None


def rows(database: Database) -> int:
    with database.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(waiting)) or 0


def change(database: Database, **values: object) -> None:
    with database.writing() as connection:
        connection.execute(sa.update(waiting).values(**values))
