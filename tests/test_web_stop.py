"""No more mail to an address: only its own inbox can say so, and the page tells nobody anything."""

from __future__ import annotations

import pytest

from webapp.post import Outcome, Result

from .direct import EMMA, HOUR, MANAGER, Host, Writer, told, wrong
from .visitor import Visitor


def _asks(host: Host, address: str = MANAGER) -> Writer:
    visitor = Writer(host)
    visitor.opens("/stop").submits("/stop", email=address)
    return visitor


def _stopped(host: Host, address: str = MANAGER) -> Writer:
    return _asks(host, address).types()


def test_the_code_in_the_inbox_blocks_the_address(host: Host) -> None:
    assert _stopped(host).page.heading == told("done_heading", "stop")
    assert host.store.ledger.is_blocked(MANAGER)
    assert host.rows() == 0


def test_asking_alone_blocks_nobody(host: Host) -> None:
    visitor = _asks(host)
    visitor.types(wrong(host.code()))
    assert visitor.page.status == 422
    assert not host.store.ledger.is_blocked(MANAGER)


def test_a_blocked_address_gets_nothing_of_any_kind(host: Host) -> None:
    _stopped(host, EMMA)
    mails = len(host.drawer.mails)
    writer = Writer(host)
    writer.reaches_check().sends_to(EMMA)
    Writer(host).asks()
    _asks(host, EMMA)
    assert len(host.drawer.mails) == mails


def test_the_writer_who_blocked_themself_meanwhile_gets_no_receipt(
    emma: Writer, host: Host
) -> None:
    emma.asks().types()
    host.store.ledger.block(EMMA)
    emma.sends()
    assert [str(mail["To"]) for mail in host.letters()] == [EMMA, MANAGER]
    assert "Perhaps no receipt reaches you" in emma.page.text


def test_a_blocked_address_looks_the_same_as_any_other(host: Host) -> None:
    _stopped(host)
    known, fresh = _asks(host).page, _asks(host, "new@vets.example.org").page
    assert (known.status, known.text) == (fresh.status, fresh.text)


def test_an_address_that_the_relay_refuses_looks_the_same_too(host: Host) -> None:
    fresh = _asks(host).page
    host.drawer.outcome = Outcome(Result.REFUSED, "rcpt", 550)
    refused = _asks(host, "nobody@vets.example.org").page
    assert (refused.status, refused.text) == (fresh.status, fresh.text)


@pytest.mark.parametrize("kind", ["limit", "refused", "not sent", "blocked"])
def test_a_code_that_nobody_got_leaves_no_row(host: Host, kind: str) -> None:
    """T24: or a flood of them would leave no place for letters that wait."""
    outcomes = {"refused": Result.REFUSED, "not sent": Result.NOT_SENT}
    host.drawer.outcome = Outcome(outcomes.get(kind, Result.SENT), "rcpt")
    if kind == "limit":
        host.limits(own_day=0)
    if kind == "blocked":
        host.store.ledger.block(MANAGER)
    _asks(host)
    assert host.rows() == 0


def test_beyond_the_limits_no_code_goes_and_the_page_says_so(host: Host) -> None:
    host.limits(own_day=1)
    _asks(host)
    visitor = _asks(host)
    assert visitor.page.status == 429
    assert told("limit", "stop") in visitor.page.text
    assert len(host.drawer.mails) == 1


def test_five_wrong_codes_slow_it(host: Host) -> None:
    visitor = _asks(host)
    for _ in range(5):
        visitor.types(wrong(host.code()))
    visitor.types()
    assert visitor.page.status == 422
    host.clock.forward(HOUR)
    assert visitor.types().page.heading == told("done_heading", "stop")


def test_after_two_hours_the_code_blocks_nobody(host: Host) -> None:
    visitor = _asks(host)
    host.clock.forward(2 * HOUR)
    assert visitor.types().page.status == 422
    assert not host.store.ledger.is_blocked(MANAGER)


def test_a_code_for_a_letter_blocks_nobody(emma: Writer, host: Host) -> None:
    emma.asks()
    link = host.link().replace("/confirm/", "/stop/")
    assert Visitor(host.app).posts(link, {"code": host.code()}).page.status == 422
    assert not host.store.ledger.is_blocked(EMMA)


@pytest.mark.parametrize("typed", ["", "emma", "a@b.example.org, c@d.example.org"])
def test_a_bad_address_gets_a_sentence_and_no_mail(host: Host, typed: str) -> None:
    visitor = _asks(host, typed)
    assert visitor.page.status == 422
    assert visitor.page.error_at("email")
    assert host.drawer.mails == []


def test_getting_the_page_or_its_link_blocks_nobody(host: Host) -> None:
    _asks(host)
    before = host.held()
    for _ in range(10):
        Visitor(host.app).opens(f"{host.link()}?code={host.code()}").opens("/stop")
    assert host.held() == before


def test_the_stop_mail_says_who_asked_what_and_leads_back(host: Host) -> None:
    _asks(host)
    (mail,) = host.letters()
    text = mail.get_body(("plain",))
    assert text
    assert "to stop mail from here" in text.get_content()
    assert host.link().startswith("/stop/")
    assert mail["Auto-Submitted"] == "auto-generated"


def test_without_a_database_no_code_goes_and_the_page_says_so(host: Host) -> None:
    host.close()
    host.turns(store=None)
    visitor = _asks(host)
    assert visitor.page.status == 503
    assert told("away", "stop") in visitor.page.text
