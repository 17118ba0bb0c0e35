"""How a mail leaves: one module a transport, and the truth about whether it did."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Protocol

from ..mail.message import Mail

# Several phases are one matter to a host.
_STEPS: Final = {
    "connect": "connect",
    "greeting": "connect",
    "ehlo": "connect",
    "tls": "tls",
    "auth": "login",
    "mail": "sender",
    "rcpt": "recipient",
}


class Result(Enum):
    """What became of a mail."""

    SENT = "sent"
    # Nobody has it; the same mail may be tried again.
    NOT_SENT = "not sent"
    # Nobody has it; the relay does not take this mail, or knows no such reader, and would say so
    # again.
    REFUSED = "refused"
    # It was handed over whole, and no answer came: nobody here can know.
    PERHAPS_SENT = "perhaps sent"


@dataclass(frozen=True)
class Outcome:
    """What became of a mail, where it ended, and the reply's numbers: never any text of a relay."""

    result: Result
    phase: str = "done"
    code: int | None = None
    # RFC 3463, for whoever looks at the log ("5.7.1"); what it decides is decided already.
    enhanced: str = field(default="", compare=False)
    # Why there was no answer, or what kind of no it was, in a word of ours; for the log, too.
    kind: str = field(default="", compare=False)

    @property
    def step(self) -> str:
        """The step at which it ended, as a host's log calls it."""
        return _STEPS.get(self.phase, "data")

    @property
    def spares_the_address(self) -> bool:
        """Whether it was refused for the mail's sake: the address may well be right."""
        return self.result is Result.REFUSED and self.phase != "rcpt"


class Post(Protocol):
    """A way for a mail to leave."""

    def send(self, mail: Mail, *, seconds: float = 25.0) -> Outcome:
        """Hand a mail over in at most so much time, or tell truly that it was not.

        Raises MailRefused.
        """
        ...

    def is_open(self, our_name: str) -> bool:
        """Whether a mail could be handed over now, as far as that is known without one."""
        ...

    def close(self) -> None:
        """Let go of what is kept open between mails."""
        ...
