"""How each of the two databases is connected to, and the settings it is held to."""

import os
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from ...errors import SettingsError

PATIENCE: Final = 5  # seconds for a lock, a statement or a connection; a visitor waits no longer
NETWORK_PATIENCE: Final = 2 * PATIENCE  # seconds without an answer until a connection is dead
POOL: Final = 8  # connections a process keeps: as many as it has threads
# Seconds until SQLite is asked again for leave to write: less than a transaction takes. Its own
# waits grow to a tenth of a second, in which the file may have been free all along.
ASK_AGAIN: Final = 0.0003
PRIVATE_FILE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700

BUSY_TIMEOUT: Final = f"busy_timeout = {PATIENCE * 1000}"
# secure_delete: what is deleted is also overwritten.
SQLITE_SETTINGS: Final = (
    BUSY_TIMEOUT,
    "secure_delete = ON",
    "foreign_keys = ON",
    "trusted_schema = OFF",
    "temp_store = MEMORY",
    # KiB of the file kept in memory for each connection, of which a process has sixteen: SQLite's
    # own 2,000 filled as the file grew.
    "cache_size = -256",
)
# DELETE, not WAL: a WAL file keeps what was deleted. EXTRA: a claim must outlive a power cut, or a
# letter could go twice.
SQLITE_LETTERS: Final = ("journal_mode = DELETE", "synchronous = EXTRA")
# What may be lost with the current, for the sake of speed: the last counts before a power cut, and
# nothing that was deleted can be read in a WAL file, since only keyed hashes are kept like this.
SQLITE_COUNTS: Final = ("journal_mode = WAL", "synchronous = NORMAL")
POSTGRESQL_SETTINGS: Final = (
    f"statement_timeout = {PATIENCE * 1000}",
    f"lock_timeout = {PATIENCE * 1000}",
    f"idle_in_transaction_session_timeout = {NETWORK_PATIENCE * 1000}",
    # Who had to wait for a turn must see what was done before it.
    "default_transaction_isolation = 'read committed'",
)


def parse(url: str) -> URL:
    """The address of a database that we know how to use; raises SettingsError."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise SettingsError("DATABASE_URL cannot be read as an address.") from None
    if parsed.drivername in {"postgres", "postgresql", "postgresql+psycopg"}:
        if "@" in (parsed.host or ""):
            raise SettingsError(
                "DATABASE_URL cannot be read: percent-encode @ in the password, as %40."
            )
        return _with_tls(parsed.set(drivername="postgresql+psycopg"))
    if parsed.drivername == "sqlite" and parsed.database not in {None, "", ":memory:"}:
        return parsed
    raise SettingsError(
        "DATABASE_URL has to begin with sqlite:/// and a file, or with postgresql://."
    )


def _with_tls(url: URL) -> URL:
    """Another machine's certificate is verified unless the URL's own sslmode says otherwise."""
    host = str(url.query.get("host", url.host or ""))
    if (
        "sslmode" in url.query
        or host.startswith("/")
        or host in {"", "localhost", "127.0.0.1", "::1"}
    ):
        return url
    return url.update_query_dict({"sslmode": "verify-full", "sslrootcert": "system"})


POSTGRESQL_LETTERS: Final = ("synchronous_commit = on",)
POSTGRESQL_COUNTS: Final = ("synchronous_commit = off",)


def sqlite(file: Path, *, counts: bool = False) -> sa.Engine:
    """A file of SQLite; `counts` says that it may lose its last moments in a power cut."""
    url = URL.create(
        "sqlite",
        database=f"file:{quote(str(file.absolute()))}",
        query={"mode": "rw", "uri": "true"},
    )
    engine = sa.create_engine(url, hide_parameters=True, pool_timeout=PATIENCE, pool_size=POOL)

    @sa.event.listens_for(engine, "connect")
    def _settle_in(connection: Any, _record: object) -> None:  # noqa: ANN401  sqlite3's own
        connection.isolation_level = None  # BEGIN is ours: sqlite3 would begin too late
        for setting in (*SQLITE_SETTINGS, *(SQLITE_COUNTS if counts else SQLITE_LETTERS)):
            connection.execute(f"PRAGMA {setting}")

    _close_late_ones(engine)
    return engine


def postgresql(url: URL, *, counts: bool = False) -> sa.Engine:
    """A PostgreSQL server; `counts` as above."""
    engine = sa.create_engine(
        url,
        hide_parameters=True,
        pool_timeout=PATIENCE,
        pool_size=POOL,
        # A connection may have been cut while it was idle, by a restart or a firewall.
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": PATIENCE,
            "tcp_user_timeout": NETWORK_PATIENCE * 1000,
            "application_name": "word-ahead",
        },
    )

    @sa.event.listens_for(engine, "connect")
    def _settle_in(connection: Any, _record: object) -> None:  # noqa: ANN401  psycopg's own
        connection.autocommit = True
        for setting in (
            *POSTGRESQL_SETTINGS,
            *(POSTGRESQL_COUNTS if counts else POSTGRESQL_LETTERS),
        ):
            connection.execute(f"SET {setting}")
        connection.autocommit = False

    _close_late_ones(engine)
    return engine


def _close_late_ones(engine: sa.Engine) -> None:
    """Close a connection that comes back after its engine was disposed.

    dispose() closes the idle ones only, and replaces the pool: one that another thread still used
    would go back to the old pool, where nobody looks for it, and stay open.
    """

    @sa.event.listens_for(engine, "connect")
    def _remember_pool(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info["pool"] = engine.pool

    @sa.event.listens_for(engine, "checkin")
    def _close_if_late(_connection: object, record: ConnectionPoolEntry) -> None:
        if record.info.get("pool") is not engine.pool:
            record.invalidate()


def begin_immediate(connection: sa.Connection, until: float) -> None:
    """Become the one writer of a file of SQLite; asks again and again until that time."""
    connection.exec_driver_sql("PRAGMA busy_timeout = 0")
    try:
        while not _is_writer(connection, until):
            time.sleep(ASK_AGAIN)
    finally:
        connection.exec_driver_sql(f"PRAGMA {BUSY_TIMEOUT}")


def _is_writer(connection: sa.Connection, until: float) -> bool:
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    except OperationalError as error:
        code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
        is_busy = code & 0xFF == sqlite3.SQLITE_BUSY
        if not is_busy or time.monotonic() > until:
            raise
        return False
    return True


def sync_log(file: Path) -> None:
    """Bring to disk what was committed to a file in WAL mode; SQLite itself does it later.

    Where there is no log, or no longer, everything is in the file, which SQLite has synced.
    """
    with suppress(FileNotFoundError):
        log = os.open(f"{file}-wal", os.O_RDWR | os.O_CLOEXEC)
        try:
            os.fsync(log)
        finally:
            os.close(log)


def make_private(file: Path) -> None:
    """The file and, if it is new, its folder belong to nobody else; the journal inherits that."""
    file.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE))
    if file.stat().st_mode & 0o077:
        file.chmod(PRIVATE_FILE)
