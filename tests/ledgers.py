"""A ledger for a test, and mails that it counts."""

import pytest
import sqlalchemy as sa

from tests.databases import keys_of
from webapp.store.database import Database
from webapp.store.database.tables import counted
from webapp.store.ledger import (
    Ledger,
    Limits,
    Reservation,
    Submission,
    ToOwn,
    ToPerson,
)

MINUTE, HOUR, DAY = 60, 3600, 86_400
ROOMY = 10**6  # a limit that a test does not look at
PRESSED = Submission("one-use", b"the exact mail")


def roomy(**limits: int) -> Limits:
    """Limits of which only the named ones can be reached."""
    every = dict.fromkeys(Limits.__dataclass_fields__, ROOMY)
    return Limits(**every | limits)


def make_ledger(database: Database, *secrets: str, limits: Limits | None = None) -> Ledger:
    return Ledger(database, keys_of(*secrets), limits)


def to_own(number: int = 1, ip: str = "192.0.2.1") -> ToOwn:
    return ToOwn(ip=ip, own=f"emma{number}@home.example")


def to_person(number: int = 1, *, own: str = "emma@home.example", again: bool = False) -> ToPerson:
    return ToPerson("192.0.2.1", own, f"manager{number}@work.example", again=again)


def reserved(ledger: Ledger, mail: ToOwn | ToPerson, pressed: Submission | None = None) -> bool:
    return isinstance(ledger.reserve(mail, pressed), Reservation)


def reservation(
    ledger: Ledger, mail: ToOwn | ToPerson, pressed: Submission | None = None, **more: bool
) -> Reservation:
    found = ledger.reserve(mail, pressed, **more)
    assert isinstance(found, Reservation)
    return found


def stored(database: Database) -> set[bytes]:
    with database.reading() as connection:
        return set(connection.scalars(sa.select(counted.c.key)))


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return make_ledger(database)
