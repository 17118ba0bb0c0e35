"""The database: SQLite unless a URL says PostgreSQL; a change is on disk when its block ends."""

import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from ...errors import StartError, WordAheadError, warn
from . import engines
from .tables import DECOY, tries

HEAD: Final = "0004"  # the newest migration, so that a start need not load Alembic to ask
MIGRATIONS: Final = Path(__file__).parent.parent / "migrations"
UPGRADE_PATIENCE: Final = 60  # seconds for another upgrade to end; nobody waits at a page here

# The time of the statement, not of the transaction, which may have waited for a lock.
_NOW: Final = {
    "sqlite": sa.text("SELECT CAST(strftime('%s', 'now') AS INTEGER)"),
    "postgresql": sa.text(
        "SELECT CAST(floor(extract(epoch FROM statement_timestamp())) AS bigint)"
    ),
}
_LOCK: Final = sa.text("SELECT pg_advisory_xact_lock(:what)")


class AdvisoryLock(Enum):
    """What only one connection does at a time; the numbers are ours, and nobody else locks them."""

    UPGRADE = 0x57_41_01
    COUNT = 0x57_41_02  # or two reservations would both see the last free place
    PUT = 0x57_41_03  # or two letters of one browser would not see each other
    ROUND = 0x57_41_04  # or an answer from one phone would undo that from another


class DatabaseUnavailable(WordAheadError):
    """The database did not do what was asked: it is away, full, locked or read-only."""


class SchemaError(StartError):
    """The database's tables are not those of this version."""


class Database:
    """One database, opened when first used; each `with` of writing() is durable when it ends.

    `counts` is for what limits and figures need: on SQLite a second file beside the first, which
    commits in a tenth of the time, and may lose its last moments in a power cut, as PostgreSQL
    then may. Time is the database's own, which all workers share, unless a clock is passed in.
    """

    def __init__(
        self, url: str, *, clock: Callable[[], int] | None = None, counts: bool = False
    ) -> None:
        self._url = engines.parse(url)
        self.kind: Literal["sqlite", "postgresql"] = (
            "sqlite" if self._url.get_backend_name() == "sqlite" else "postgresql"
        )
        self._file = self._file_of(counts=counts) if self.kind == "sqlite" else None
        self._clock = clock
        self._engine = (
            engines.sqlite(self._file, counts=counts)
            if self._file
            else engines.postgresql(self._url, counts=counts)
        )
        # SQLite has one writer at a time, and a process's threads wait for each other here.
        self._one_writer = threading.Lock()
        self._is_ready = False
        _forget_connections_after_fork(self)
        # Whoever drops a database without closing it leaves no connection behind.
        weakref.finalize(self, self._engine.dispose)

    def _file_of(self, *, counts: bool) -> Path:
        file = Path(self._url.database or "")
        return file.with_name(f"{file.stem}-limits{file.suffix}") if counts else file

    @property
    def has_file(self) -> bool:
        """Whether its file is there; PostgreSQL has none."""
        return self._file is not None and self._file.exists()

    @contextmanager
    def writing(self, *, lasting: bool = False) -> Iterator[sa.Connection]:
        """A transaction that may write; committed at the end, or not at all.

        It then outlives a power cut, in a database of counts only if it is to be `lasting`.
        """
        with self._translated():
            if self._file:
                with self._writing_to_file() as connection:
                    yield connection
                if lasting:
                    engines.sync_log(self._file)
            else:
                with self._engine.begin() as connection:
                    if lasting:
                        connection.execute(sa.text("SET LOCAL synchronous_commit = on"))
                    yield connection

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that only reads."""
        with self._translated(), self._begun("BEGIN") as connection:
            yield connection

    @contextmanager
    def _writing_to_file(self) -> Iterator[sa.Connection]:
        if not self._is_ready:
            # Its folder was away at the start, and may be back by now.
            self.start()
        until, lock = time.monotonic() + engines.PATIENCE, self._one_writer
        if not lock.acquire(timeout=engines.PATIENCE):
            raise TimeoutError
        try:
            with self._engine.begin() as connection:
                engines.begin_immediate(connection, until)
                yield connection
        finally:
            lock.release()

    def now(self, connection: sa.Connection) -> int:
        """The time in whole UTC seconds, by the clock that all workers share."""
        if self._clock:
            return self._clock()
        return int(connection.scalar(_NOW[self.kind]) or 0)

    def lock(self, connection: sa.Connection, what: AdvisoryLock) -> None:
        """Let nobody else do this until the transaction ends; SQLite has one writer anyway."""
        if self.kind == "postgresql":
            connection.execute(_LOCK, {"what": what.value})

    def start(self) -> None:
        """Make ready to serve: SQLite migrates itself, PostgreSQL must have been upgraded."""
        if self.kind == "sqlite":
            self.upgrade()
            self._is_ready = True
        elif not self.is_current():
            raise SchemaError("DATABASE_URL: run `flask --app webapp database upgrade` first")

    def is_current(self) -> bool:
        """Whether the tables are those of this version."""
        with self.reading() as connection:
            return _version(connection) == HEAD

    def upgrade(self) -> None:
        """Bring the tables up to date, once, however many start at the same time."""
        if self._file:
            with self._translated():
                engines.make_private(self._file)
        if self.is_current():
            return
        with self._translated(), self._begun("BEGIN EXCLUSIVE") as connection:
            if self.kind == "postgresql":
                connection.execute(sa.text(f"SET LOCAL lock_timeout = {UPGRADE_PATIENCE * 1000}"))
                connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
                self.lock(connection, AdvisoryLock.UPGRADE)
            if _version(connection) != HEAD:
                _migrate(connection)

    def check(self) -> None:
        """Write, commit and read back; raises DatabaseUnavailable."""
        with self.writing() as connection:
            touched = connection.execute(
                sa.update(tries).where(tries.c.id == DECOY).values(last_at=tries.c.last_at + 1)
            )
        if touched.rowcount != 1:
            raise DatabaseUnavailable("the database took no change")

    def close(self) -> None:
        """Close all connections; the next use opens new ones."""
        self._engine.dispose()

    def forget_connections(self) -> None:
        """Leave the parent's connections alone: this process was forked from it."""
        self._engine.dispose(close=False)
        # A thread that is not in this process may have held it.
        self._one_writer = threading.Lock()

    @contextmanager
    def _begun(self, begin: str) -> Iterator[sa.Connection]:
        """A transaction; on SQLite it begins as told (psycopg begins its own by itself)."""
        with self._engine.begin() as connection:
            if self.kind == "sqlite":
                connection.exec_driver_sql(begin)
            yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Any failure as DatabaseUnavailable, without the driver's text, which may hold values."""
        try:
            yield
        except (SQLAlchemyError, OSError) as error:
            # Visitors are only told to come back.
            warn("database-away", error=type(error).__name__)
            if self.kind == "sqlite":
                # A connection that was opened while the disk could only be read stays like that.
                self._engine.dispose()
            raise DatabaseUnavailable(f"the database failed: {type(error).__name__}") from None


def _version(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    version = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return None if version is None else str(version)


def _migrate(connection: sa.Connection) -> None:
    from alembic import command  # loaded only when there is something to migrate
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError:
        raise SchemaError("DATABASE_URL: the database was made by a newer version") from None


def _forget_connections_after_fork(database: Database) -> None:
    """A connection shared with a parent process would mix up their transactions."""
    alive = weakref.ref(database)

    def forget() -> None:
        if database := alive():
            database.forget_connections()

    os.register_at_fork(after_in_child=forget)
