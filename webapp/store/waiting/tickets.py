"""What a caller gets in hand: the code mail's ticket, an opened letter, leave to send it."""

from dataclasses import dataclass, field

from ...errors import WordAheadError
from ..sealing import Key
from .states import State
from .tries import Try


class WaitingFull(WordAheadError):
    """Too many letters wait already; this one was not kept."""


@dataclass(frozen=True)
class Ticket:
    """What goes into the code mail, and nowhere else."""

    token: str = field(repr=False)
    code: str = field(repr=False)
    expires_at: int
    older: tuple[bytes, ...] = ()  # the letters that its browser had put before


@dataclass(frozen=True, kw_only=True)
class OpenedLetter:
    """A letter as whoever has token and code sees it."""

    id: bytes
    state: State
    expires_at: int
    payload: bytes = field(repr=False)  # as it was put; empty once SENT
    sent_at: int | None  # the minute, in UTC seconds; only when SENT
    attempt: int  # what the tick "send again" must name
    may_send_again: bool
    key: Key = field(repr=False)
    tried: Try | None = None  # the try that claim() will give back


@dataclass(frozen=True)
class Withdrawal:
    """What a browser took back without a code: how many letters, and how many it came too late for.

    One that is being sent may not get through; then it waits again.
    """

    deleted: int
    sending: int


@dataclass(frozen=True)
class Claim:
    """Leave to send this letter, once, before its lease is over; nobody else has it."""

    key: Key = field(repr=False)
    attempt: int
