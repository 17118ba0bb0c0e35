"""SQLite has one writer at a time: nobody is passed over for long, and nobody waits for ever."""

import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from webapp.store.database import Database, DatabaseUnavailable, engines
from webapp.store.database.tables import tries

HOLDER = """
import sys, time
from webapp.store.database import Database
with Database(sys.argv[1]).writing():
    print("held", flush=True)
    time.sleep(60)
"""
# A process that adds rows one by one, and says after how long the slowest one was written.
WRITER = """
import sys, time
from webapp.store.database import Database
database, slowest = Database(sys.argv[1]), 0.0
for _ in range(int(sys.argv[2])):
    begun = time.monotonic()
    database.check()
    slowest = max(slowest, time.monotonic() - begun)
print(slowest)
"""


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/wa.db"


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    opened = Database(url)
    opened.start()
    yield opened
    opened.close()


def started(program: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True
    )


def test_who_waits_too_long_is_told_and_a_killed_writer_leaves_the_file_free(
    database: Database, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = started(HOLDER, url)
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    monkeypatch.setattr(engines, "PATIENCE", 0.2)
    with pytest.raises(DatabaseUnavailable):
        database.check()
    holder.kill()
    holder.communicate()
    monkeypatch.undo()
    database.check()


def test_a_thread_that_writes_too_long_is_not_waited_for(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing, done = threading.Event(), threading.Event()
    used: list[Any] = []

    def write() -> None:
        with database.writing() as connection:
            used.append(connection.connection.dbapi_connection)
            writing.set()
            done.wait(20)

    thread = threading.Thread(target=write)
    thread.start()
    assert writing.wait(20)
    monkeypatch.setattr(engines, "PATIENCE", 0.1)
    with pytest.raises(DatabaseUnavailable):
        database.check()
    done.set()
    thread.join()
    # The failure closed the idle connections; the one in use is closed when it comes back.
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        used[0].execute("SELECT 1")
    monkeypatch.undo()
    database.check()


def test_a_forked_process_does_not_wait_for_a_thread_that_it_does_not_have(
    database: Database,
) -> None:
    lock = database._one_writer
    with lock:
        child = os.fork()
        if child == 0:
            try:
                database.check()
                os._exit(0)
            finally:
                os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_the_next_writer_begins_after_the_one_before(database: Database, url: str) -> None:
    order: list[str] = []
    other = Database(url)

    def write() -> None:
        with other.writing():
            order.append("next")

    with database.writing():
        thread = threading.Thread(target=write)
        thread.start()
        time.sleep(0.05)
        order.append("first")
    thread.join(20)
    other.close()
    assert order == ["first", "next"]


def test_four_processes_write_at_once_and_every_row_is_there(database: Database, url: str) -> None:
    before = number(database)
    writers = [started(WRITER, url, "50") for _ in range(4)]
    slowest = [float(one.communicate(timeout=120)[0]) for one in writers]
    assert [one.returncode for one in writers] == [0] * 4
    assert number(database) == before + 4 * 50
    assert max(slowest) < engines.PATIENCE, "a writer was passed over until its patience ended"


def number(database: Database) -> int:
    with database.reading() as connection:
        return connection.scalar(sa.select(tries.c.last_at)) or 0


def test_a_reader_still_waits_as_long_as_sqlite_lets_it(database: Database) -> None:
    """Asking for leave to write turns SQLite's own waiting off, for that moment only."""
    with database.writing() as connection:
        assert connection.scalar(sa.text("PRAGMA busy_timeout")) == engines.PATIENCE * 1000


def test_what_is_no_busy_file_is_told_at_once(database: Database, tmp_path: Path) -> None:
    database.close()
    (tmp_path / "wa.db").write_bytes(b"this is no database" * 100)
    begun = time.monotonic()
    with pytest.raises(DatabaseUnavailable):
        database.check()
    assert time.monotonic() - begun < engines.PATIENCE


def test_another_program_that_writes_is_waited_for(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "wa.db"
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.3, lambda: other.execute("ROLLBACK"))
        timer.start()
        database.check()
        timer.join()
