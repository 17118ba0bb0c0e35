"""The ledger lets out no mail while it cannot count, and keeps nothing readable."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.databases import NOON, Clock, PostgreSQL, fresh_postgresql
from tests.ledgers import DAY, PRESSED, make_ledger, reserved, roomy, stored, to_own, to_person
from webapp.post import Result
from webapp.store.database import Database
from webapp.store.database.tables import counted, submissions
from webapp.store.ledger import (
    Kind,
    Ledger,
    LedgerUnavailable,
    Reservation,
    Submission,
    ToOwn,
    ToPerson,
)


# ------------------------------------------------------------------ counts
def count(ledger: Ledger, clock: Clock, times: int, result: Result = Result.SENT) -> None:
    for _ in range(times):
        ledger.settle(Reservation((), clock(), kind=Kind("work", "named")), result)


def test_days_are_counted_by_situation_level_and_outcome(ledger: Ledger, clock: Clock) -> None:
    count(ledger, clock, 5)
    count(ledger, clock, 6, Result.REFUSED)
    clock.forward(DAY)
    count(ledger, clock, 7)
    numbers = [(str(one.day), one.outcome, one.number) for one in ledger.counts()]
    first, second = "2026-11-23", "2026-11-24"
    assert numbers == [(first, "refused", 6), (first, "sent", 5), (second, "sent", 7)]


def test_figures_under_five_are_hidden(ledger: Ledger, clock: Clock) -> None:
    count(ledger, clock, 4)
    assert [one.number for one in ledger.counts()] == [None]


# ------------------------------------------------------------------ what is kept, and how long
def test_rows_past_their_time_are_gone_after_a_purge(
    ledger: Ledger, clock: Clock, database: Database
) -> None:
    """R60."""
    reserved(ledger, to_own(), PRESSED)
    count(ledger, clock, 1)
    clock.forward(2 * DAY)
    ledger.purge()
    assert rows(database) == (0, 0)
    assert len(ledger.counts()) == 1
    clock.forward(401 * DAY)
    ledger.purge()
    assert ledger.counts() == []


def rows(database: Database) -> tuple[int, int]:
    with database.reading() as connection:
        mails = connection.scalar(sa.select(sa.func.count()).select_from(counted)) or 0
        pressed = connection.scalar(sa.select(sa.func.count()).select_from(submissions)) or 0
    return mails, pressed


def test_a_purge_takes_nothing_that_a_rule_still_looks_at(database: Database, clock: Clock) -> None:
    ledger = make_ledger(database, limits=roomy(own_day=1))
    reserved(ledger, to_own(), PRESSED)
    clock.forward(DAY - 1)
    ledger.purge()
    assert not reserved(ledger, to_own())


def test_the_same_address_leaves_unlike_hashes_on_two_days(
    ledger: Ledger, clock: Clock, database: Database
) -> None:
    reserved(ledger, to_own())
    first = stored(database)
    clock.forward(DAY)
    reserved(ledger, to_own())
    assert len(first) == 3
    assert not first & stored(database)


def test_one_address_in_two_roles_counts_as_the_one_inbox_that_gets_the_mails(
    ledger: Ledger, database: Database
) -> None:
    both = "emma@home.example"
    reserved(ledger, ToOwn("192.0.2.1", both))
    own = stored(database)
    reserved(ledger, ToPerson("192.0.2.9", "x@y.example", both))
    # A network and a pair are new; the inbox is the one that had a mail before.
    assert len(stored(database) - own) == 2


def test_the_file_holds_no_address_no_network_and_no_letter(tmp_path: Path) -> None:
    """R21, R59."""
    database = Database(f"sqlite:///{tmp_path}/wa.db", clock=Clock(NOON))
    database.start()
    ledger = make_ledger(database)
    mail = ToPerson("198.51.100.77", "canary-own@home.example", "canary-boss@work.example")
    reserved(ledger, mail, Submission("canary-id", b"canary-letter"))
    ledger.block("canary-blocked@work.example")
    database.close()
    seen = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"canary" not in seen
    assert b"198.51" not in seen


def test_nothing_personal_has_a_repr(ledger: Ledger) -> None:
    shown = repr(to_own()) + repr(to_person()) + repr(PRESSED)
    assert "example" not in shown
    assert "192" not in shown
    assert "one-use" not in shown


# ------------------------------------------------------------------ fail closed
def test_with_the_database_away_nothing_may_be_sent() -> None:
    """R13."""
    ledger = make_ledger(Database("postgresql://nobody@127.0.0.1:1/none"))
    with pytest.raises(LedgerUnavailable):
        ledger.reserve(to_own())
    with pytest.raises(LedgerUnavailable):
        ledger.is_blocked("a@x.example")


def test_with_a_table_missing_nothing_may_be_sent(ledger: Ledger, database: Database) -> None:
    """R13."""
    with database.writing() as connection:
        connection.execute(sa.text("ALTER TABLE counted RENAME TO away"))
    try:
        with pytest.raises(LedgerUnavailable):
            ledger.reserve(to_own())
    finally:
        with database.writing() as connection:
            connection.execute(sa.text("ALTER TABLE away RENAME TO counted"))


def test_on_a_full_disk_nothing_may_be_sent(tmp_path: Path) -> None:
    """R14."""
    database = Database(f"sqlite:///{tmp_path}/wa.db")
    database.start()
    with database.writing() as connection:
        pages = connection.scalar(sa.text("PRAGMA page_count"))
        connection.execute(sa.text(f"PRAGMA max_page_count = {pages}"))
    ledger = make_ledger(database, limits=roomy())
    with pytest.raises(LedgerUnavailable):
        fill(ledger)
    database.close()


def fill(ledger: Ledger) -> None:
    for number in range(1000):
        ledger.reserve(to_own(number))


def test_on_a_read_only_file_nothing_may_be_sent(tmp_path: Path) -> None:
    """R14."""
    database = Database(f"sqlite:///{tmp_path}/wa.db")
    database.start()
    with database.reading() as connection:
        connection.execute(sa.text("PRAGMA query_only = ON"))
    with pytest.raises(LedgerUnavailable):
        make_ledger(database).reserve(to_own())
    database.close()


def test_while_nobody_is_blocked_no_readers_hash_goes_to_the_database(database: Database) -> None:
    """What is asked with may stand in the database server's log."""
    asked: list[object] = []

    def note(_c: object, _cursor: object, _statement: str, values: object, *_rest: object) -> None:
        asked.append(values)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        assert not make_ledger(database).is_blocked("emma@home.example")
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert not [one for one in asked if "blocked" in str(one) or b"" in _bytes_in(one)]


def _bytes_in(values: object) -> list[bytes]:
    every = values.values() if isinstance(values, dict) else values
    return [one for one in every if isinstance(one, bytes)]  # type: ignore[attr-defined]


def test_who_waits_for_a_turn_sees_what_was_counted_before_it_whatever_the_server_is_set_to(
    postgresql: PostgreSQL,
) -> None:
    url = fresh_postgresql(postgresql)
    set_up = Database(url)
    set_up.upgrade()
    with set_up.writing() as connection:
        name = sa.make_url(url).database
        serializable = "default_transaction_isolation = 'serializable'"
        connection.execute(sa.text(f"ALTER DATABASE {name} SET {serializable}"))
    set_up.close()
    workers = [make_ledger(Database(url, counts=True), limits=roomy(own_day=3)) for _ in range(4)]
    with ThreadPoolExecutor(16) as pool:
        done = pool.map(lambda n: reserved(workers[n % 4], to_own(ip=f"192.0.2.{n}")), range(32))
    assert sum(done) == 3
