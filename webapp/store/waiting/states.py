"""The whole life of a waiting letter in one table, and each of its limits with its reason."""

from collections.abc import Mapping
from enum import Enum
from typing import Final, Literal

from ...post import Result

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE
LIFE: Final = 48 * HOUR  # a letter written on Friday evening can still be sent on Sunday
LEASE: Final = 2 * MINUTE  # a send ends within 25 s; whoever is silent four times that has died
FREE_TRIES: Final = 5  # a tired person mistypes; five of a million codes are no help to a thief
SLOW_TRY: Final = HOUR  # then one an hour: some fifty more until the letter expires
# Unknown tokens count too, on a decoy: a row that did not change would be committed faster.
DECOY_WRAP: Final = 10**6  # far above any letter's tries, far below what a column holds
MOST_AGAIN: Final = 2  # re-sends of a letter that may have arrived: a third would only pester
MOST_ATTEMPTS: Final = 20  # claims in all: a relay that is down for so long stays down
MOST_WAITING: Final = 2000  # rows of about 20 kB: 40 MB, what a small host can spare


class State(Enum):
    """What a waiting letter can be; GONE is told, never stored."""

    WAITING = "waiting"
    SENDING = "sending"
    SENDING_AGAIN = "sending again"
    SENT = "sent"
    REFUSED = "refused"
    UNCERTAIN = "uncertain"
    GONE = "gone"


class Event(Enum):
    """What can happen to it, besides the four results of a send.

    NOT_TRIED ends a claim whose sender asked the relay for nothing, since a limit stood in the way.
    """

    CLAIM = "claim"
    CLAIM_AGAIN = "claim again"
    NOT_TRIED = "not tried"
    LEASE_OVER = "lease over"
    CANCEL = "cancel"
    REPLACE = "replace"
    EXPIRE = "expire"


Happening = Event | Result
# How a claim may end.
Ending = Result | Literal[Event.NOT_TRIED]
ENDINGS: Final[tuple[Ending, ...]] = (*Result, Event.NOT_TRIED)

# The whole life of a letter. What does not stand here cannot happen.
# From UNCERTAIN to SENT: the lease of an attempt ran out, so the letter became uncertain. After
# that its sender reported all the same that the relay has the letter.
# From SENDING_AGAIN to UNCERTAIN, whatever the result: that the second attempt failed says nothing
# about the first one, which may have arrived.
# NOT_TRIED stands only where a letter is being sent: once its lease has run out, nobody can tell
# that sender from one that did send, so the doubt and the number of the attempt stay.
MOVES: Final[Mapping[State, Mapping[Happening, State]]] = {
    State.WAITING: {
        Event.CLAIM: State.SENDING,
        Event.CANCEL: State.GONE,
        Event.REPLACE: State.GONE,
        Event.EXPIRE: State.GONE,
    },
    State.SENDING: {
        Result.SENT: State.SENT,
        Result.NOT_SENT: State.WAITING,
        Event.NOT_TRIED: State.WAITING,
        Result.REFUSED: State.REFUSED,
        Result.PERHAPS_SENT: State.UNCERTAIN,
        Event.LEASE_OVER: State.UNCERTAIN,
    },
    State.UNCERTAIN: {
        Event.CLAIM_AGAIN: State.SENDING_AGAIN,
        Result.SENT: State.SENT,
        Event.CANCEL: State.GONE,
        Event.EXPIRE: State.GONE,
    },
    State.SENDING_AGAIN: {
        Result.SENT: State.SENT,
        Result.NOT_SENT: State.UNCERTAIN,
        Event.NOT_TRIED: State.UNCERTAIN,
        Result.REFUSED: State.UNCERTAIN,
        Result.PERHAPS_SENT: State.UNCERTAIN,
        Event.LEASE_OVER: State.UNCERTAIN,
    },
    State.REFUSED: {
        Event.CANCEL: State.GONE,
        Event.REPLACE: State.GONE,
        Event.EXPIRE: State.GONE,
    },
    State.SENT: {Event.EXPIRE: State.GONE},
    State.GONE: {},
}
