"""Changes that come at the same moment share one transaction: all of it is made, or none."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from webapp.database import Database, DatabaseUnavailable, Turn
from webapp.database.group_commit import GroupCommit
from webapp.database.tables import counted

THREADS, ROUNDS = 8, 40
PATIENCE = 10  # seconds, for what should take none
Change = Callable[[sa.Connection], int]


class Together:
    """A group of changes on a database, and how many transactions they took."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.transactions = 0
        self.made = GroupCommit(self._begin)

    @contextmanager
    def _begin(self) -> Iterator[sa.Connection]:
        with self.database.writing() as connection:
            self.database.take_turns(connection, Turn.COUNT)
            self.transactions += 1
            yield connection

    def at_once(self, *changes: Change) -> list[Future[int]]:
        """Make the first; while it is being made the others gather, to share the next."""
        begun, go_on = threading.Event(), threading.Event()

        def first(connection: sa.Connection) -> int:
            begun.set()
            assert go_on.wait(PATIENCE)
            return changes[0](connection)

        with ThreadPoolExecutor(len(changes)) as pool:
            futures = [pool.submit(self.made.make, first)]
            assert begun.wait(PATIENCE)
            for number, change in enumerate(changes[1:], 1):
                futures.append(pool.submit(self.made.make, change))
                while len(self.made._gathered) < number:
                    pass
            go_on.set()
        return futures


@pytest.fixture
def together(database: Database) -> Together:
    return Together(database)


def adding(number: int) -> Change:
    def add(connection: sa.Connection) -> int:
        connection.execute(sa.insert(counted).values(key=b"%d" % number, at=0, number=1))
        return number

    return add


def failing(connection: sa.Connection) -> int:
    adding(99)(connection)
    raise ValueError("a slip in one change")


def stored(database: Database) -> int:
    with database.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(counted)) or 0


def test_changes_that_come_while_one_is_made_share_the_next_transaction(
    together: Together,
) -> None:
    futures = together.at_once(*(adding(number) for number in range(6)))
    assert [future.result() for future in futures] == list(range(6))
    assert together.transactions == 2
    assert stored(together.database) == 6


def test_a_change_that_fails_is_told_why_and_those_beside_it_are_not_made(
    together: Together,
) -> None:
    first, beside, failed, after = together.at_once(adding(0), adding(1), failing, adding(2))
    assert first.result() == 0
    with pytest.raises(ValueError, match="a slip"):
        failed.result()
    for other in (beside, after):
        with pytest.raises(DatabaseUnavailable):
            other.result()
    assert stored(together.database) == 1
    assert together.made.make(adding(3)) == 3, "and the next one is made again"


def test_what_the_database_refuses_at_the_end_was_made_for_nobody(together: Together) -> None:
    def broken(connection: sa.Connection) -> int:
        """It ends the transaction under the others' feet, as a lost server does."""
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("SELECT * FROM no_such_table")
        return 0

    _, *others = together.at_once(adding(0), adding(1), broken, adding(2))
    for one in others:
        with pytest.raises(DatabaseUnavailable):
            one.result()
    assert stored(together.database) == 1


def test_a_leader_that_is_ended_wakes_the_others(together: Together) -> None:
    def ended(_connection: sa.Connection) -> int:
        raise SystemExit

    first, *others = together.at_once(ended, adding(1), adding(2))
    with pytest.raises(SystemExit):
        first.result()
    assert [one.result() for one in others] == [1, 2]


def test_many_threads_make_every_change_once(together: Together) -> None:
    def work(thread: int) -> list[int]:
        return [together.made.make(adding(thread * ROUNDS + n)) for n in range(ROUNDS)]

    with ThreadPoolExecutor(THREADS) as pool:
        made = [one for found in pool.map(work, range(THREADS)) for one in found]
    assert sorted(made) == list(range(THREADS * ROUNDS))
    assert stored(together.database) == THREADS * ROUNDS
    assert together.transactions < len(made)
