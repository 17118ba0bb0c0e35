"""The database keeps what it said it kept, tells nothing, and moves with the program."""

import contextlib
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from tests.databases import KINDS, NOON, PostgreSQL, fresh_postgresql
from webapp.errors import SettingsError
from webapp.store.database import (
    HEAD,
    MIGRATIONS,
    Database,
    DatabaseUnavailable,
    SchemaError,
)
from webapp.store.database.tables import daily, tables


@pytest.fixture(params=KINDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database in which nothing is yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/new/wa.db"
    return fresh_postgresql(request.getfixturevalue("postgresql"))


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path}/new/wa.db")
    opened.start()
    yield opened
    opened.close()


def pragma(database: Database, name: str) -> object:
    with database.reading() as connection:
        return connection.scalar(sa.text(f"PRAGMA {name}"))


def add_day(connection: sa.Connection, day: int) -> None:
    row = {"day": day, "situation": "work", "level": "named", "outcome": "sent", "number": 1}
    connection.execute(sa.insert(daily).values(row))


def add_days(database: Database, days: range) -> None:
    with database.writing() as connection:
        for day in days:
            add_day(connection, day)


def days(database: Database) -> list[int]:
    with database.reading() as connection:
        return list(connection.scalars(sa.select(daily.c.day)))


def test_the_constant_names_the_newest_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == HEAD


def test_the_migrations_make_the_tables_of_the_code(empty_url: str) -> None:
    database = Database(empty_url)
    database.upgrade()
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables) == []
    database.close()


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    with database.writing() as connection:
        add_day(connection, 1)
    database.upgrade()
    assert database.is_current()
    assert days(database) == [1]


def test_sqlite_migrates_itself_at_start(sqlite: Database) -> None:
    assert sqlite.is_current()


def test_postgresql_does_not_start_before_it_is_upgraded(postgresql: PostgreSQL) -> None:
    database = Database(fresh_postgresql(postgresql))
    with pytest.raises(SchemaError, match="database upgrade"):
        database.start()
    database.upgrade()
    database.start()
    database.close()


def test_a_newer_database_is_not_touched(empty_url: str) -> None:
    database = Database(empty_url)
    database.upgrade()
    with database.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaError):
        database.upgrade()
    database.close()


def test_four_programs_that_start_at_once_migrate_once(empty_url: str) -> None:
    program = (
        "import sys; from webapp.store.database import Database; Database(sys.argv[1]).upgrade()"
    )
    started = [subprocess.Popen([sys.executable, "-c", program, empty_url]) for _ in range(4)]
    assert [one.wait(60) for one in started] == [0, 0, 0, 0]
    database = Database(empty_url)
    assert database.is_current()
    database.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("journal_mode", "delete"),
        ("synchronous", 3),
        ("secure_delete", 1),
        ("cache_size", -256),
        ("busy_timeout", 5000),
        ("foreign_keys", 1),
        ("trusted_schema", 0),
        ("temp_store", 2),
    ],
)
def test_sqlite_is_held_to_safe_settings(sqlite: Database, name: str, value: object) -> None:
    """Section 5.10."""
    assert pragma(sqlite, name) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [("synchronous_commit", "on"), ("statement_timeout", "5s"), ("lock_timeout", "5s")],
)
def test_postgresql_is_held_to_safe_settings(postgresql: PostgreSQL, name: str, value: str) -> None:
    """Section 5.10."""
    database = Database(postgresql.url)
    with database.reading() as connection:
        assert connection.scalar(sa.text(f"SHOW {name}")) == value
    database.close()


def test_nobody_else_may_read_the_sqlite_file(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Database(f"sqlite:///{tmp_path}/new/wa.db").start()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "new" / "wa.db").stat().st_mode) == 0o600


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    (tmp_path / "wa.db").touch(0o644)
    Database(f"sqlite:///{tmp_path}/wa.db").start()
    assert stat.S_IMODE((tmp_path / "wa.db").stat().st_mode) == 0o600


def test_the_journal_is_as_private_as_the_file(sqlite: Database, tmp_path: Path) -> None:
    with sqlite.writing() as connection:
        add_day(connection, 1)
        journal = tmp_path / "new" / "wa.db-journal"
        assert stat.S_IMODE(journal.stat().st_mode) == 0o600


def test_an_error_rolls_everything_back(database: Database) -> None:
    with contextlib.suppress(KeyError), database.writing() as connection:
        add_day(connection, 1)
        raise KeyError
    assert days(database) == []


def test_a_failure_names_neither_value_nor_statement(database: Database) -> None:
    """R59."""
    canary = "canary-in-an-error"
    row = {"day": 1, "situation": canary, "level": "x", "outcome": "x", "number": 1}
    with pytest.raises(DatabaseUnavailable) as caught, database.writing() as connection:
        connection.execute(sa.insert(daily), [row, row])
    assert canary not in str(caught.value)
    assert caught.value.__suppress_context__


def test_the_probe_passes_on_a_good_database(database: Database) -> None:
    database.check()


def test_the_probe_fails_on_a_full_disk(sqlite: Database) -> None:
    """R14."""
    with sqlite.writing() as connection:
        pages = connection.scalar(sa.text("PRAGMA page_count"))
        connection.execute(sa.text(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(DatabaseUnavailable):
        add_days(sqlite, range(1000))
    assert days(sqlite) == []


def test_a_file_that_vanished_is_not_quietly_made_anew(sqlite: Database, tmp_path: Path) -> None:
    sqlite.close()
    (tmp_path / "new" / "wa.db").unlink()
    with pytest.raises(DatabaseUnavailable):
        sqlite.check()
    assert not (tmp_path / "new" / "wa.db").exists()


def test_a_server_that_is_away_is_an_error_of_ours() -> None:
    """R13."""
    with pytest.raises(DatabaseUnavailable):
        Database("postgresql://nobody@127.0.0.1:1/none").check()


@pytest.mark.parametrize("kind", ["server", "file"])
def test_what_fails_is_told_to_the_log_once_a_minute_and_no_more(
    kind: str, sqlite: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = sqlite
    if kind == "server":
        database = Database("postgresql://nobody@127.0.0.1:1/none")
    else:
        sqlite.close()
        (tmp_path / "new" / "wa.db").unlink()
    for _ in range(3):
        with pytest.raises(DatabaseUnavailable):
            database.check()
    told = ["event=database-away error=OperationalError"]
    assert [one.getMessage() for one in caplog.records] == told


def test_a_lock_held_too_long_is_an_error_of_ours(sqlite: Database, tmp_path: Path) -> None:
    with contextlib.closing(
        sqlite3.connect(tmp_path / "new" / "wa.db", isolation_level=None)
    ) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseUnavailable):
            sqlite.check()
        other.execute("ROLLBACK")
    sqlite.check()


@pytest.mark.parametrize(
    "bad", ["mysql://secret@host/x", "sqlite://", "sqlite:///:memory:", "not a url secret", ""]
)
def test_an_address_that_cannot_be_used_is_named_but_not_shown(bad: str) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL") as caught:
        Database(bad)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_is_understood(scheme: str) -> None:
    assert Database(f"{scheme}://user:word@db.example/wa").kind == "postgresql"


@pytest.mark.parametrize(
    ("address", "mode"),
    [
        ("postgresql://db.example/wa", "verify-full"),
        ("postgresql://db.example/wa?sslmode=require", "require"),
        ("postgresql://127.0.0.1/wa", None),
        ("postgresql:///wa?host=/run/postgresql", None),
    ],
)
def test_another_machine_is_verified_unless_the_host_says_otherwise(
    address: str, mode: str | None
) -> None:
    """Section 5.10."""
    from webapp.store.database.engines import parse

    assert parse(address).query.get("sslmode") == mode


def test_time_is_the_clocks_that_was_passed_in(database: Database) -> None:
    with database.reading() as connection:
        assert database.now(connection) == NOON


def test_without_one_time_is_the_databases(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """R66: what a worker's own clock says does not matter."""
    monkeypatch.setattr("time.time", lambda: 0.0)
    database = Database(url)
    with database.reading() as connection:
        now = database.now(connection)
    database.close()
    assert now > NOON - 86_400 * 365


def test_a_forked_child_opens_its_own_connections(database: Database) -> None:
    database.check()
    child = os.fork()
    if child == 0:
        try:
            database.check()
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    database.check()


def _cut_all_connections(server: PostgreSQL) -> int:
    """End every other session, as a restart of the server does."""
    engine = sa.create_engine(server.url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        cut = connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'word-ahead'"
            )
        ).all()
    engine.dispose()
    return len(cut)


def test_a_connection_cut_while_idle_is_replaced(
    postgresql: PostgreSQL, ready_postgresql: str
) -> None:
    database = Database(ready_postgresql)
    database.check()
    assert _cut_all_connections(postgresql) > 0
    database.check()
    database.close()
