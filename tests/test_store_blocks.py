"""Who wants no mail gets none, however the address is spelled, whatever key is new."""

import pytest
import sqlalchemy as sa

from tests.databases import OLD_SECRET, SECRET, Clock
from tests.ledgers import DAY, make_ledger, to_own, to_person
from webapp.store.database import Database
from webapp.store.database.tables import blocked
from webapp.store.ledger import (
    Ledger,
    LedgerUnavailable,
    Refusal,
)


def test_a_blocked_address_gets_nothing_either_way(ledger: Ledger) -> None:
    """R43."""
    ledger.block("manager1@work.example")
    ledger.block("emma1@home.example")
    assert ledger.reserve(to_person()) is ledger.reserve(to_own()) is Refusal.BLOCKED


@pytest.mark.parametrize("spelling", ["A@x.example", "a+tag@x.example", "a@X.EXAMPLE"])
def test_an_address_is_blocked_however_it_is_spelled(ledger: Ledger, spelling: str) -> None:
    ledger.block("a+other@x.example")
    assert ledger.is_blocked(spelling)


def test_blocking_one_person_blocks_no_neighbour(ledger: Ledger) -> None:
    ledger.block("ab@x.example")
    assert not ledger.is_blocked("a.b@x.example")
    ledger.block("ab@gmail.com")
    assert ledger.is_blocked("a.b@googlemail.com")


def test_a_block_never_ends(ledger: Ledger, clock: Clock) -> None:
    ledger.block("a@x.example")
    clock.forward(3000 * DAY)
    ledger.purge()
    assert ledger.is_blocked("a@x.example")


def test_blocking_twice_is_no_error(ledger: Ledger) -> None:
    ledger.block("a@x.example")
    ledger.block("a@x.example")
    assert ledger.is_blocked("a@x.example")


def test_the_block_list_outlives_a_change_of_secret(database: Database) -> None:
    make_ledger(database, OLD_SECRET).block("a@x.example")
    make_ledger(database, SECRET, OLD_SECRET).check_key()
    assert make_ledger(database, SECRET, OLD_SECRET).is_blocked("a@x.example")
    assert make_ledger(database, SECRET).is_blocked("a@x.example")


def test_with_the_block_lists_key_lost_nothing_is_sent(database: Database) -> None:
    """Fail closed: nobody can say who asked for peace."""
    make_ledger(database, OLD_SECRET).block("a@x.example")
    with pytest.raises(LedgerUnavailable, match="fallback"):
        make_ledger(database, SECRET).reserve(to_own())


def test_the_block_list_holds_no_hash_that_another_secret_could_check(database: Database) -> None:
    make_ledger(database).block("a@x.example")
    with database.writing() as connection:
        first = set(connection.scalars(sa.select(blocked.c.key)))
        connection.execute(sa.delete(blocked))
        connection.execute(sa.text("DELETE FROM lasting_keys"))
    make_ledger(database).block("a@x.example")
    with database.reading() as connection:
        assert not first & set(connection.scalars(sa.select(blocked.c.key)))
