"""Limits as people meet them: a calm page that tells nothing, the letter still there, no mail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from webapp.post import Outcome, Result
from webapp.store.ledger import Limits

from .direct import CANARY, DAY, EMMA, HOUR, MANAGER, Host, Writer, told
from .visitor import Visitor, make_app

OTHER = "other@home.example.org"


def _letter_to_self(host: Host, address: str = EMMA, ip: str = "192.0.2.1") -> Visitor:
    visitor = Writer(host)
    visitor.client.environ_base["REMOTE_ADDR"] = ip
    visitor.reaches_check(more=CANARY)
    return visitor.sends_to(address)


def _refused(visitor: Visitor) -> bool:
    text = visitor.page.text
    return visitor.page.status == 429 and told("limit", "outcome") in text and "Canary" in text


def _sent(host: Host, ip: str = "192.0.2.1", address: str = MANAGER) -> Writer:
    writer = Writer(host)
    writer.client.environ_base["REMOTE_ADDR"] = ip
    return writer.asks(address).types().sends()


# Letters to oneself, and codes.


@pytest.mark.parametrize(
    ("limit", "goes_on"),
    [
        ({"ip_ten_minutes": 2}, 600),
        ({"ip_day": 2}, DAY),
        ({"own_six_hours": 2}, 6 * HOUR),
        ({"own_day": 2}, DAY),
        ({"site_hour": 2}, HOUR),
    ],
)
def test_beyond_a_limit_no_mail_goes_until_its_time_is_over(
    host: Host, limit: dict[str, int], goes_on: int
) -> None:
    host.limits(**limit)
    pages = [_letter_to_self(host) for _ in range(3)]
    assert _refused(pages[2])
    assert len(host.drawer.mails) == 2
    host.clock.forward(goes_on)
    assert _letter_to_self(host).page.path == "/letter/sent"


@pytest.mark.parametrize("limit", ["own_day", "own_six_hours", "ip_day", "ip_ten_minutes"])
def test_a_limit_stops_nobody_else(host: Host, limit: str) -> None:
    host.limits(**{limit: 1})
    _letter_to_self(host)
    assert _letter_to_self(host, OTHER, "198.51.100.7").page.path == "/letter/sent"


def test_one_household_is_one_network_though_its_addresses_change(host: Host) -> None:
    host.limits(ip_day=1)
    _letter_to_self(host, ip="2001:db8:1:2::1")
    assert _refused(_letter_to_self(host, OTHER, ip="2001:db8:1:2:ffff::9"))


def test_other_spellings_of_an_address_are_the_same_inbox(host: Host) -> None:
    host.limits(own_day=1)
    _letter_to_self(host)
    assert _refused(_letter_to_self(host, "E.mma+2@HOME.example.org"))


def test_codes_count_as_mails_to_ones_own_address(host: Host) -> None:
    host.limits(own_day=1)
    _letter_to_self(host)
    emma = Writer(host).asks()
    assert _refused(emma)
    assert host.rows() == 0


def test_no_header_of_a_visitor_makes_another_network_of_them(host: Host) -> None:
    host.limits(ip_day=1)
    _letter_to_self(host)
    other = Writer(host)
    other.client.environ_base["REMOTE_ADDR"] = "192.0.2.1"
    other.client.environ_base["HTTP_X_FORWARDED_FOR"] = "203.0.113.9"
    other.reaches_check()
    assert other.sends_to(OTHER).page.status == 429


# Letters to a person.


def test_a_person_gets_three_a_day_from_all_writers_together(host: Host) -> None:
    host.limits(recipient_day=3)
    writers = [_sent(host) for _ in range(4)]
    assert len(host.to(MANAGER)) == 3
    assert writers[3].page.status == 429
    assert CANARY["first"] in writers[3].page.text
    host.clock.forward(DAY)
    writers[3].sends()
    assert len(host.to(MANAGER)) == 4


def test_one_writer_sends_one_person_one_letter_a_day(host: Host) -> None:
    host.limits(pair_day=1)
    _sent(host)
    assert told("limit") in _sent(host).page.text
    assert _sent(host, address="other@vets.example.org").page.heading == told("sent_heading")


def test_receipts_never_count(host: Host) -> None:
    host.limits(own_day=1, site_hour=2)
    _sent(host)
    assert [str(mail["To"]) for mail in host.letters()] == [EMMA, MANAGER, EMMA]


def test_what_certainly_did_not_go_is_not_counted(emma: Writer, host: Host) -> None:
    host.limits(pair_day=1, recipient_day=1)
    emma.asks().types()
    host.drawer.outcome = Outcome(Result.NOT_SENT, "rcpt", 450)
    emma.sends()
    host.drawer.outcome = Outcome(Result.SENT)
    assert emma.sends().page.heading == told("sent_heading")


def _over_the_pair(host: Host) -> None:
    host.limits(pair_day=0)


def _over_the_person(host: Host) -> None:
    host.limits(recipient_day=0)


def _over_the_site(host: Host) -> None:
    host.limits(site_hour=0)


def _over_the_network(host: Host) -> None:
    host.limits(ip_day=0)


def _blocked(host: Host) -> None:
    host.store.ledger.block(MANAGER)


@pytest.mark.parametrize(
    "why",
    [_over_the_person, _over_the_site, _over_the_network, _blocked],
    ids=lambda why: why.__name__,
)
def test_all_refusals_read_alike(emma: Writer, host: Host, why: Callable[[Host], None]) -> None:
    emma.asks().types()
    opened = emma.page
    _over_the_pair(host)
    expected = emma.sends().page
    host.limits()
    why(host)
    emma.page = opened
    found = emma.sends().page
    assert (found.status, found.text) == (expected.status, expected.text)


def test_a_blocked_writer_gets_no_code_and_reads_the_same_as_at_a_limit(host: Host) -> None:
    host.store.ledger.block(EMMA)
    assert _refused(Writer(host).asks())
    assert _refused(_letter_to_self(host))
    assert host.drawer.mails == []


def test_a_full_store_of_waiting_letters_still_mails_letters_to_oneself(
    emma: Writer, host: Host
) -> None:
    """T24."""
    host.full()
    assert _refused(emma.asks())
    assert _letter_to_self(host).page.path == "/letter/sent"


def test_the_usual_limits_are_those_of_the_design() -> None:
    assert vars(Limits()) == {
        "ip_ten_minutes": 20,
        "ip_day": 60,
        "own_six_hours": 5,
        "own_day": 8,
        "recipient_day": 3,
        "pair_day": 1,
        "stop_hour": 40,
        "site_hour": 200,
        "group_day": 150,
        "group_inbox_day": 6,
    }


def test_the_limits_of_the_settings_are_those_that_hold(host: Host) -> None:
    settings = replace(host.services.settings, limits=replace(Limits(), own_day=1))
    app = make_app(settings, post=host.drawer)
    for number in (1, 2):
        page = Visitor(app).reaches_check(name=f"Emma{number}").sends_to(EMMA).page
    assert page.status == 429
