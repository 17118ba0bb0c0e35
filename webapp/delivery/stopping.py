"""No more mail to an address: asked for by anybody, done only by a code that its inbox got."""

from __future__ import annotations

from ..post import Result
from ..services import Services
from ..store.ledger import LedgerUnavailable, Refusal, ToOwn
from ..store.opening import Store
from .counted import LimitReached, MailNotOffered, send_counted
from .notices import code_notice
from .places import place


def ask_to_stop(address: str, language: str, services: Services, *, ip: str) -> str:
    """Mail a code to the address; returns the token of the page that takes it.

    Raises LimitReached, MailNotOffered, WaitingFull, Busy or DatabaseUnavailable.
    """
    if services.store is None:
        raise MailNotOffered("This host sends no mail.")
    with place():
        return _put_and_mail(address, language, services, services.store, ip=ip)


def _put_and_mail(address: str, language: str, services: Services, store: Store, *, ip: str) -> str:
    ticket = store.stopping.put(address.encode())
    mail = code_notice(address, language, ticket, services, purpose="stop")
    try:
        outcome = send_counted(mail, ToOwn(ip=ip, own=address), services)
    except (LimitReached, LedgerUnavailable) as error:
        # Nobody has its code; left there, such rows would fill the place of letters that wait.
        store.stopping.drop(ticket)
        if isinstance(error, LimitReached) and error.refusal is Refusal.BLOCKED:
            # Already stopped: the page looks the same, so that nobody learns it from here.
            return ticket.token
        raise
    if outcome.result not in (Result.SENT, Result.PERHAPS_SENT):
        store.stopping.drop(ticket)
    if outcome.result is Result.NOT_SENT:
        raise MailNotOffered("The mail service did not take it.")
    return ticket.token


def stop_mail(token: str, code: str, services: Services) -> bool:
    """Block the address that this code was sent to; False tells nothing about why not."""
    store = services.store
    if store is None:
        raise MailNotOffered("This host sends no mail.")
    opened = store.stopping.open(token, code)
    if opened is None or not opened.payload:
        return False
    store.ledger.block(opened.payload.decode())
    store.stopping.cancel(opened)
    return True
