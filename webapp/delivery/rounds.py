"""A group's round: its coordinator is invited, its members get their links, its host the result."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import SystemRandom
from secrets import token_hex
from typing import Any, Final

from ..errors import AnswersError
from ..group.result import Result as Decisions
from ..group.round import Ballot, Round
from ..letter.answers import day
from ..letter.words import Words, fill
from ..mail.addresses import read_address
from ..mail.message import Mail
from ..post import Outcome, Result
from ..services import Services
from ..store.ledger import ToGroup
from ..store.opening import Store
from ..store.rounds import new_root
from ..store.sealing import new_token
from .notices import code_notice, frame_of, notice_mail
from .within_limits import SENDING, LimitReached, MailNotOffered, Press, send_within_limits

# Less than that is no time to talk to a relay in.
_SHORTEST_TALK: Final = 2.0
_ID_BYTES: Final = 16

_random: Final = SystemRandom()


@dataclass(frozen=True)
class Coordinator:
    """What an invitation holds, sealed under the link and the code of its mail."""

    root: bytes = field(repr=False)
    language: str

    def pack(self) -> bytes:
        """As it is sealed."""
        return json.dumps({"root": self.root.hex(), "language": self.language}).encode()

    @classmethod
    def unpack(cls, payload: bytes) -> Coordinator:
        """As it was sealed."""
        table = json.loads(payload)
        return cls(bytes.fromhex(table["root"]), table["language"])


def invite(address: str, language: str, services: Services) -> Outcome:
    """Mail a coordinator the link and the code of their page, once.

    Raises MailNotOffered, WaitingFull, Busy or DatabaseUnavailable.
    """
    store = _store(services)
    ticket = store.inviting.put(Coordinator(new_root(), language).pack())
    mail = code_notice(address, language, ticket, services, purpose="invitation")
    (outcome,) = _sent([mail], services)
    if outcome.result not in (Result.SENT, Result.PERHAPS_SENT):
        store.inviting.drop(ticket)
    return outcome


def start(who: Coordinator, round_: Round, services: Services) -> list[str]:
    """Mail everybody their link, and begin; or give the addresses that could not be reached.

    Only when all mails have left do the links lead anywhere: so all ballots are there from the
    same moment on, and nobody is added later. Raises RoundBusy or DatabaseUnavailable.
    """
    store = _store(services)
    with store.rounds.press(who.root), SENDING.taken():
        held = store.rounds.read(who.root)
        if held and not Round.read(held.state).is_counted:
            # An earlier press has begun it.
            return []
        links = [(address, new_token()) for address in round_.members]
        mails_of = _RoundMails(who.language, round_.until, services)
        mails = [mails_of.link(*one) for one in links]
        outcomes = _sent(mails, services)
        if unreached := _unreached(mails, outcomes):
            return unreached
        # Each has its wordings in another order, and the list of members none.
        ballots = {t: Ballot(sheet=round_.sheet.shuffled()).to_bytes() for _, t in links}
        kept = round_.model_copy(update={"members": _mixed(round_.members)})
        store.rounds.open(who.root, kept.to_bytes(), round_.until, ballots)
    return []


def remind(who: Coordinator, services: Services) -> list[str]:
    """Remind everybody, once, without a link; gives the addresses that could not be reached."""
    store = _store(services)
    with store.rounds.press(who.root), SENDING.taken():
        held = store.rounds.read(who.root)
        round_ = Round.read(held.state) if held and held.is_open else None
        if round_ is None or round_.reminded:
            return []
        # Noted first: rather no reminder than two.
        store.rounds.note(who.root, round_.model_copy(update={"reminded": True}).to_bytes())
        mails_of = _RoundMails(who.language, round_.until, services)
        mails = [mails_of.reminder(address) for address in round_.members]
        return _unreached(mails, _sent(mails, services))


def host_address(services: Services) -> str:
    """Where a result goes; "" where the host's contact is no address."""
    try:
        return read_address(services.settings.host_contact)
    except AnswersError:
        return ""


def send_result(who: Coordinator, result: Decisions, services: Services) -> Outcome:
    """Mail a result to the host, as `flask words adopt` reads it."""
    with SENDING.taken():
        mail = _result_mail(host_address(services), who.language, result, services)
        (outcome,) = _sent([mail], services)
    return outcome


def told_until(until: int, words: Words) -> str:
    """When a round ends, as its mails and pages say it; the zone stands with it."""
    moment = datetime.datetime.fromtimestamp(until, datetime.UTC)
    return f"{day(moment.date(), words)}, {moment:%H:%M} (UTC)"


def _store(services: Services) -> Store:
    if services.store is None or services.post is None:
        raise MailNotOffered("This host sends no mail.")
    return services.store


def _mixed(addresses: Sequence[str]) -> tuple[str, ...]:
    return tuple(_random.sample(addresses, len(addresses)))


def _sent(mails: Iterable[Mail], services: Services) -> list[Outcome]:
    """Send some mails within the groups' own limits, all in the time that one press has."""
    press = Press()
    return [_send(mail, services, press) for mail in mails]


def _send(mail: Mail, services: Services, press: Press) -> Outcome:
    if press.seconds_left < _SHORTEST_TALK:
        return Outcome(Result.NOT_SENT)
    try:
        return send_within_limits(mail, ToGroup(mail.recipient), services, press)
    except LimitReached:
        return Outcome(Result.NOT_SENT, "head")


def _unreached(mails: Sequence[Mail], outcomes: Sequence[Outcome]) -> list[str]:
    reached = (Result.SENT, Result.PERHAPS_SENT)
    pairs = zip(mails, outcomes, strict=True)
    return [mail.recipient for mail, outcome in pairs if outcome.result not in reached]


@dataclass(frozen=True)
class _RoundMails:
    """The mails of one round, in its coordinator's language."""

    language: str
    until: int
    services: Services = field(repr=False)

    def link(self, address: str, token: str) -> Mail:
        """A member's own link."""
        link = f"{self.services.settings.public_url}/round/{token}"
        return self._mail("invite_member", address, link)

    def reminder(self, address: str) -> Mail:
        """The same for all, without a link: nobody knows it any more."""
        return self._mail("reminder", address, "")

    def _mail(self, kind: str, address: str, link: str) -> Mail:
        words = self.services.library.words(self.language)
        texts = words.texts["group"][kind]
        values = {
            "until": told_until(self.until, words),
            "sender": self.services.settings.mail_from,
            "subject": words.texts["group"]["invite_member"]["subject"],
        }
        context: dict[str, Any] = {
            "title": texts["title"],
            "subject": texts["subject"],
            "lines": [fill(line, values) for line in texts["lines"]],
            "link": link,
            "after": [fill(line, values) for line in texts.get("after", ())],
        }
        # A number of its own, from which nothing leads to the link.
        one = token_hex(_ID_BYTES)
        return notice_mail("round", address, one, frame_of(words) | context, self.services)


def _result_mail(address: str, language: str, result: Decisions, services: Services) -> Mail:
    words = services.library.words(language)
    texts = words.texts["group"]["outcome"]
    context = {key: texts[key] for key in ("title", "subject", "lines", "below")}
    context["result"] = result.as_json().splitlines()
    one = token_hex(_ID_BYTES)
    return notice_mail("outcome", address, one, frame_of(words) | context, services)
