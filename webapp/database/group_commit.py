"""Group commit: changes that come at the same moment share one transaction and its turn.

A transaction keeps all others out, and each of its statements waits for Python's lock as well: with
sixteen people at once most of the time went into these waits.
"""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

import sqlalchemy as sa

from . import DatabaseUnavailable

T = TypeVar("T")


@dataclass(eq=False)
class _Change(Generic[T]):
    """One thread's change, and how it ended."""

    make: Callable[[sa.Connection], T]
    woken: threading.Event = field(default_factory=threading.Event)
    results: list[T] = field(default_factory=list)  # one, as soon as it was made
    failure: BaseException | None = None
    is_over: bool = False


class GroupCommit:
    """Makes the changes of a process's threads: the first to come leads, the others wait for it.

    While one leads, the next changes gather; one of their threads leads these. `begin` gives a
    transaction, which is committed at its end.
    """

    def __init__(self, begin: Callable[[], AbstractContextManager[sa.Connection]]) -> None:
        self._begin: Final = begin
        self._guard: Final = threading.Lock()
        self._gathered: list[_Change[Any]] = []
        self._is_led = False

    def make(self, make: Callable[[sa.Connection], T]) -> T:
        """Make a change; it is committed when this returns its result.

        Raises what the change raised, or DatabaseUnavailable: then it was not made, nor were those
        that shared its transaction.
        """
        change = _Change(make)
        with self._guard:
            self._gathered.append(change)
            leads, self._is_led = not self._is_led, True
        if not leads:
            change.woken.wait()
        if not change.is_over:
            self._lead()
        if change.failure:
            raise change.failure
        return change.results[0]

    def _lead(self) -> None:
        """Make all that has gathered; then wake its threads, and one of those that came since."""
        with self._guard:
            changes, self._gathered = self._gathered, []
        try:
            self._commit(changes)
        finally:
            for change in changes:
                change.is_over = True
            with self._guard:
                self._is_led = bool(self._gathered)
                next_leader = self._gathered[:1]
            for change in (*next_leader, *changes):
                change.woken.set()

    def _commit(self, changes: list[_Change[Any]]) -> None:
        making: _Change[Any] | None = None
        try:
            with self._begin() as connection:
                for making in changes:
                    making.results.append(making.make(connection))
                making = None
        except BaseException as error:
            for change in changes:
                change.failure = error if change is making else _of_all(error)
            if not isinstance(error, Exception):
                raise


def _of_all(error: BaseException) -> DatabaseUnavailable:
    """What those get whose own change did not fail."""
    known = isinstance(error, DatabaseUnavailable)
    return DatabaseUnavailable(str(error) if known else "the change was rolled back with others")
