"""What can befall a request: its process dies, its database is away, another worker is quicker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum

import sqlalchemy as sa

from webapp.mail.message import Mail
from webapp.post import Outcome, Result
from webapp.store.database import Database, DatabaseUnavailable

from ..databases import Clock


class Killed(BaseException):
    """What kill -9 is to one request: nothing after it happens, and no page comes."""


class Blow(Enum):
    """What happens at one of a request's transactions."""

    NONE = "nothing"
    DIES_BEFORE_COMMIT = "dies before the commit"
    DIES_AFTER_COMMIT = "dies after the commit"
    AWAY = "the database is away"
    UNHEARD = "committed, but the database's answer is lost"
    MEANWHILE = "another worker acts just before"


@dataclass(frozen=True)
class Fate:
    """A blow, and at which of the request's transactions, counted from one, it falls."""

    blow: Blow = Blow.NONE
    at: int = 1

    @property
    def may_keep_the_page_back(self) -> bool:
        """Whether the person may be told less than there is to tell."""
        return self.blow not in (Blow.NONE, Blow.MEANWHILE)


@dataclass
class Course:
    """How far a worker's request has come, and what awaits it."""

    fate: Fate = field(default_factory=Fate)
    meanwhile: Callable[[], None] = lambda: None
    begun: int = 0

    def begins(self) -> None:
        """A transaction is about to begin."""
        self.begun += 1
        if self._falls(Blow.MEANWHILE):
            self.meanwhile()
        if self._falls(Blow.AWAY):
            raise DatabaseUnavailable("away")

    def commits(self) -> None:
        """It is about to be committed."""
        if self._falls(Blow.DIES_BEFORE_COMMIT):
            raise Killed

    def committed(self) -> None:
        """It is on disk."""
        if self._falls(Blow.DIES_AFTER_COMMIT):
            raise Killed
        if self._falls(Blow.UNHEARD):
            raise DatabaseUnavailable("no answer")

    def _falls(self, blow: Blow) -> bool:
        return self.fate == Fate(blow, self.begun)


class FatefulDatabase(Database):
    """A database at whose every transaction something may happen."""

    def __init__(self, url: str, course: Course, *, clock: Clock, counts: bool = False) -> None:
        super().__init__(url, clock=clock, counts=counts)
        self._course = course

    @contextmanager
    def writing(self, *, lasting: bool = False) -> Iterator[sa.Connection]:
        """A transaction that may meet its fate on both sides of its commit."""
        self._course.begins()
        with super().writing(lasting=lasting) as connection:
            yield connection
            self._course.commits()
        self._course.committed()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that may not even begin."""
        self._course.begins()
        with super().reading() as connection:
            yield connection


class Act(Enum):
    """What becomes of a mail at the relay."""

    TAKES = "takes it"
    TAKES_LATE = "takes it when the lease is long over"
    LATER = "not now"
    REFUSES = "never"
    SILENT_TOOK = "takes it and says nothing"
    SILENT_LOST = "loses it and says nothing"
    DIES_BEFORE = "our process dies before the relay has it"
    DIES_AFTER = "our process dies when the relay has it"
    MEANWHILE = "takes it, and another worker acts meanwhile"


_TAKEN = {Act.TAKES, Act.TAKES_LATE, Act.SILENT_TOOK, Act.DIES_AFTER, Act.MEANWHILE}
_SAYS = {Act.LATER: Outcome(Result.NOT_SENT, "rcpt", 450), Act.REFUSES: Outcome(Result.REFUSED)}
_SILENT = {Act.SILENT_TOOK, Act.SILENT_LOST}
_DEADLY = {Act.DIES_BEFORE, Act.DIES_AFTER}


@dataclass(eq=False)
class Relay:
    """A post whose every act is chosen, and which remembers what it took, and at whose press."""

    clock: Clock
    lease: int
    taken: list[tuple[Mail, object]] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    # The presses whose requests are under way, the innermost last.
    presses: list[object] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None

    def send(self, mail: Mail, *, seconds: float = 25.0) -> Outcome:
        """Do with this mail what was chosen; after that, take everything."""
        act = self.acts.pop(0) if self.acts else Act.TAKES
        press = self.presses[-1] if self.presses else None
        mail.to_bytes()
        if act is Act.MEANWHILE:
            self.meanwhile()
        if act is Act.TAKES_LATE:
            self.clock.forward(self.lease)
        if act in _TAKEN:
            self.taken.append((mail, press))
        if act in _DEADLY:
            raise Killed
        if act in _SILENT:
            return Outcome(Result.PERHAPS_SENT, "dot")
        return _SAYS.get(act, Outcome(Result.SENT))

    def close(self) -> None:
        """Nothing is open."""
