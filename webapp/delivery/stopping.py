"""No more mail to an address: asked for by anybody, done only by a code that its inbox got."""

from __future__ import annotations

from ..post import Result
from ..services import Services
from ..store.ledger import Refusal
from ..store.sealing import new_token
from .code_mail import Asker, CodeNotSent, seal_and_mail
from .within_limits import SENDING, LimitReached, MailNotOffered


def ask_to_stop(address: str, language: str, services: Services, *, ip: str) -> str:
    """Mail a code to the address; returns the token of the page that takes it.

    Raises LimitReached, MailNotOffered, WaitingFull, Busy or DatabaseUnavailable.
    """
    if services.store is None:
        raise MailNotOffered("This host sends no mail.")
    asker = Asker(address, language, ip)
    try:
        with SENDING.taken():
            mailed = seal_and_mail(
                address.encode(), services.store.stopping, asker, services, "stop"
            )
    except LimitReached as error:
        if error.refusal is not Refusal.BLOCKED:
            raise
        # Already stopped: the page looks the same, so that nobody learns it from here.
        return new_token()
    except CodeNotSent as error:
        if error.outcome.result is Result.NOT_SENT:
            raise MailNotOffered("The mail service did not take it.") from None
        return new_token()
    return mailed.token


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
