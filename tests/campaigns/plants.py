"""Faults to plant: each a store that breaks one promise in one place, as a slip would."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from webapp.post import Result
from webapp.store.database.tables import waiting
from webapp.store.opening import Store
from webapp.store.sealing import Key, Sealer
from webapp.store.waiting import Claim, OpenedLetter, State, Ticket, WaitingLetters
from webapp.store.waiting.states import Ending

from ..direct import CHEAP, DIRECT
from .workers import Plant


class _Planted(WaitingLetters):
    """Over the same database, with the usual keys."""

    def __init__(self, letters: WaitingLetters) -> None:
        super().__init__(letters._database, letters._sealer)


class _ForgetsItsDoubts(_Planted):
    def open(self, token: str, code: str, *, to_send: bool = False) -> OpenedLetter | None:
        found = super().open(token, code, to_send=to_send)
        doubtful = found and found.state is State.UNCERTAIN
        return replace(found, state=State.WAITING) if found and doubtful else found

    def claim(self, opened: OpenedLetter, *, again: int | None = None) -> Claim | State:
        found = super().claim(opened, again=again)
        return super().claim(opened, again=opened.attempt) if found is State.UNCERTAIN else found


class _ClaimsNothing(_Planted):
    def claim(self, opened: OpenedLetter, *, again: int | None = None) -> Claim | State:
        return Claim(opened.key, opened.attempt + 1)


class _SilenceIsNo(_Planted):
    def settle(self, claim: Claim, result: Ending) -> State:
        return super().settle(claim, Result.NOT_SENT if result is Result.PERHAPS_SENT else result)


class _AllIsSent(_Planted):
    def settle(self, claim: Claim, result: Ending) -> State:
        return super().settle(claim, Result.SENT)


class _OneBrowserForAll(_Planted):
    def put(self, payload: bytes, *, browser: bytes | None = None, token: str = "") -> Ticket:
        return super().put(payload, browser=b"the same for everybody")


class _ReplacesTooEarly(_Planted):
    def put(self, payload: bytes, *, browser: bytes | None = None, token: str = "") -> Ticket:
        ticket = super().put(payload, browser=browser, token=token)
        if browser:
            self.replace_older(ticket)
        return ticket


class _LeaseLeadsBack(_Planted):
    def open(self, token: str, code: str, *, to_send: bool = False) -> OpenedLetter | None:
        over = (waiting.c.state == State.SENDING.value) & (
            waiting.c.lease_until <= self._database.now(None)  # type: ignore[arg-type]
        )
        with self._database.writing() as connection:
            connection.execute(sa.update(waiting).where(over).values(state=State.WAITING.value))
        return super().open(token, code, to_send=to_send)


class _OldTicksCount(_Planted):
    """Every attempt has the same number, so that an old tick is as good as a new one."""

    def open(self, token: str, code: str, *, to_send: bool = False) -> OpenedLetter | None:
        found = super().open(token, code, to_send=to_send)
        return found and replace(found, attempt=1)

    def claim(self, opened: OpenedLetter, *, again: int | None = None) -> Claim | State:
        with self._database.reading() as connection:
            now = connection.scalar(sa.select(waiting.c.attempt).where(waiting.c.id == opened.id))
        return super().claim(opened, again=again if again is None else now)


class _AnyCodeOpens(_Planted):
    codes: dict[str, str] = {}  # noqa: RUF012  shared by both workers, as a cache would be

    def put(self, payload: bytes, *, browser: bytes | None = None, token: str = "") -> Ticket:
        ticket = super().put(payload, browser=browser, token=token)
        self.codes[ticket.token] = ticket.code
        return ticket

    def open(self, token: str, code: str, *, to_send: bool = False) -> OpenedLetter | None:
        return super().open(token, self.codes.get(token, code), to_send=to_send)


class _RendersAnew(_Planted):
    def open(self, token: str, code: str, *, to_send: bool = False) -> OpenedLetter | None:
        found = super().open(token, code, to_send=to_send)
        return found and replace(found, payload=found.payload.replace(b"Thank you", b"Cheers"))


class _DeletesWhenSent(_Planted):
    def settle(self, claim: Claim, result: Ending) -> State:
        state = super().settle(claim, result)
        with self._database.writing() as connection:
            connection.execute(sa.delete(waiting).where(waiting.c.state == State.REFUSED.value))
        return state


class _SealsNothing(Sealer):
    def seal(self, key: Key, kind: str, text: bytes) -> bytes:
        return text

    def open(self, key: Key, kind: str, sealed: bytes) -> bytes | None:
        return sealed


def _unsealed(store: Store) -> Store:
    sealer = _SealsNothing(DIRECT.keys, cost=CHEAP)
    return replace(store, waiting=WaitingLetters(store.database, sealer))


def _with(kind: Any) -> Plant:
    return lambda store: replace(store, waiting=kind(store.waiting))


PLANTS: dict[str, Plant] = {
    "a second press needs no tick": _with(_ForgetsItsDoubts),
    "sends without a claim": _with(_ClaimsNothing),
    "takes silence for a no": _with(_SilenceIsNo),
    "says sent whatever happened": _with(_AllIsSent),
    "any browser replaces any letter": _with(_OneBrowserForAll),
    "replaces before the new code is out": _with(_ReplacesTooEarly),
    "a dead sender's letter waits again": _with(_LeaseLeadsBack),
    "one tick sends twice": _with(_OldTicksCount),
    "any code opens": _with(_AnyCodeOpens),
    "renders the letter anew": _with(_RendersAnew),
    "forgets what was refused": _with(_DeletesWhenSent),
    "seals nothing": _unsealed,
}
