"""Looks into the database from outside the server, and holds it up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa

from webapp.store.database.tables import waiting


@dataclass
class Watcher:
    """Looks into the database from outside, and holds it up."""

    url: str

    def __post_init__(self) -> None:
        # No connection outlives its use: to close any file of a database, as the scan does, takes
        # from this process all locks that its open connections hold on that file (POSIX).
        self._engine = _engine(_plain(self.url))
        self._limits = _engine(_plain(self.url, limits=True))
        self._sqlite = self._engine.dialect.name == "sqlite"

    def state(self, id_: bytes) -> str:
        """What the row says at this moment; "" where there is none."""
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(waiting.c.state).where(waiting.c.id == id_))
            return str(row.scalar() or "")

    @contextmanager
    def letters_held(self, id_: bytes) -> Iterator[None]:
        """Nobody can change this letter meanwhile."""
        with self._engine.connect() as connection:
            if self._sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                held = sa.select(waiting.c.id).where(waiting.c.id == id_).with_for_update()
                connection.execute(held)
            yield
            connection.rollback()

    @contextmanager
    def counts_held(self) -> Iterator[None]:
        """Nobody can count a mail meanwhile."""
        with self._limits.connect() as connection:
            if self._sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.exec_driver_sql("LOCK TABLE counted IN EXCLUSIVE MODE")
            yield
            connection.rollback()


def _engine(url: sa.URL) -> sa.Engine:
    return sa.create_engine(url, hide_parameters=True, poolclass=sa.NullPool)


def _plain(url: str, *, limits: bool = False) -> sa.URL:
    """The same database without any of the app's settings."""
    found = sa.make_url(url)
    if found.get_backend_name() != "sqlite":
        return found.set(drivername="postgresql+psycopg")
    file = Path(found.database or "")
    name = file.with_name(f"{file.stem}-limits{file.suffix}") if limits else file
    return sa.URL.create("sqlite", database=f"file:{quote(str(name))}", query={"uri": "true"})
