"""The statements that read and write rounds and their ballots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ..database.tables import ballots as _ballots
from ..database.tables import rounds as _rounds

Row = sa.Row[*tuple[Any, ...]]


def round_of(connection: sa.Connection, id_: bytes) -> Row | None:
    """A round's row, once it has a state."""
    there = (_rounds.c.id == id_) & (_rounds.c.sealed != b"")
    return connection.execute(sa.select(_rounds).where(there)).one_or_none()


def claim(connection: sa.Connection, id_: bytes, now: int, until: int) -> bool:
    """Let one press have a round until then; a round that is not there yet is begun, empty."""
    busy = connection.scalar(sa.select(_rounds.c.busy_until).where(_rounds.c.id == id_))
    if busy is None:
        fresh = {"id": id_, "sealed": b"", "until": 0, "busy_until": until, "expires_at": until}
        connection.execute(sa.insert(_rounds).values(fresh))
        return True
    if busy > now:
        return False
    connection.execute(sa.update(_rounds).where(_rounds.c.id == id_).values(busy_until=until))
    return True


def release(connection: sa.Connection, id_: bytes) -> None:
    """End a press; what it did not begin is not left behind."""
    connection.execute(sa.update(_rounds).where(_rounds.c.id == id_).values(busy_until=0))
    connection.execute(sa.delete(_rounds).where(_rounds.c.id == id_, _rounds.c.sealed == b""))


def put(connection: sa.Connection, id_: bytes, sealed: bytes, times: Mapping[str, int]) -> bool:
    """Write a round's state, and its times where they change; False where the round is gone."""
    values = {"sealed": sealed, **times}
    written = connection.execute(sa.update(_rounds).where(_rounds.c.id == id_).values(values))
    return written.rowcount == 1


def stop(connection: sa.Connection, id_: bytes) -> None:
    """Let a round's ballots take no more answers."""
    connection.execute(sa.update(_rounds).where(_rounds.c.id == id_).values(until=0))


def ballot_of(connection: sa.Connection, id_: bytes) -> Row | None:
    """A ballot's row, with the time until which its round takes answers."""
    joined = sa.select(_ballots, _rounds.c.until).join(_rounds, _rounds.c.id == _ballots.c.round)
    return connection.execute(joined.where(_ballots.c.id == id_)).one_or_none()


def ballots(connection: sa.Connection, round_: bytes) -> Sequence[Row]:
    """All ballots of a round."""
    return connection.execute(sa.select(_ballots).where(_ballots.c.round == round_)).all()


def put_ballots(connection: sa.Connection, made: Sequence[Mapping[str, Any]]) -> None:
    """Add ballots, in this order."""
    if made:
        connection.execute(sa.insert(_ballots), [dict(one) for one in made])


def replace(connection: sa.Connection, round_: bytes, id_: bytes, sealed: bytes) -> None:
    """Write one ballot anew, and all others of its round as they are.

    PostgreSQL puts a changed row behind the others, and its dumps keep that order.
    """
    changed = sa.case((_ballots.c.id == id_, sealed), else_=_ballots.c.sealed)
    connection.execute(sa.update(_ballots).where(_ballots.c.round == round_).values(sealed=changed))


def delete_ballots(connection: sa.Connection, round_: bytes) -> None:
    """Delete all ballots of a round."""
    connection.execute(sa.delete(_ballots).where(_ballots.c.round == round_))


def over(connection: sa.Connection, now: int) -> Sequence[bytes]:
    """The rounds whose time has come, and that nobody has ended."""
    due = (_rounds.c.until > 0) & (_rounds.c.until <= now)
    return connection.scalars(sa.select(_rounds.c.id).where(due)).all()


def expired(connection: sa.Connection, now: int) -> Sequence[bytes]:
    """The rounds that nobody came back for."""
    return connection.scalars(sa.select(_rounds.c.id).where(_rounds.c.expires_at <= now)).all()


def delete(connection: sa.Connection, ids: Sequence[bytes]) -> int:
    """Delete rounds with their ballots; returns how many rows."""
    for_them = sa.delete(_ballots).where(_ballots.c.round.in_(ids))
    number = connection.execute(for_them).rowcount
    return number + connection.execute(sa.delete(_rounds).where(_rounds.c.id.in_(ids))).rowcount
