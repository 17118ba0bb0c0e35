"""No more mails go out than a limit lets out, whoever sends them and whenever."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from tests.databases import OLD_SECRET, SECRET, Clock
from tests.ledgers import (
    DAY,
    HOUR,
    MINUTE,
    make_ledger,
    reservation,
    reserved,
    roomy,
    stored,
    to_own,
    to_person,
)
from webapp.post import Result
from webapp.store.database import Database
from webapp.store.database.tables import counted
from webapp.store.ledger import (
    Ledger,
    Limits,
    Refusal,
    ToPerson,
)
from webapp.store.ledger.limits import fold, network


# ------------------------------------------------------------------ limits
@pytest.mark.parametrize(
    ("limits", "most", "seconds"),
    [
        (roomy(ip_ten_minutes=3), 3, 10 * MINUTE),
        (roomy(ip_day=3), 3, DAY),
        (roomy(site_hour=3), 3, HOUR),
    ],
)
def test_one_network_and_the_whole_site_send_so_many_in_so_long(
    database: Database, clock: Clock, limits: Limits, most: int, seconds: int
) -> None:
    ledger = make_ledger(database, limits=limits)
    assert [reserved(ledger, to_own(n)) for n in range(5)] == [True] * most + [False] * 2
    clock.forward(seconds - 1)
    assert not reserved(ledger, to_own(9))
    clock.forward(1)
    assert reserved(ledger, to_own(9))


@pytest.mark.parametrize(
    ("limits", "seconds"), [(roomy(own_six_hours=2), 6 * HOUR), (roomy(own_day=2), DAY)]
)
def test_one_inbox_gets_so_many_in_so_long(
    database: Database, clock: Clock, limits: Limits, seconds: int
) -> None:
    ledger = make_ledger(database, limits=limits)
    assert [reserved(ledger, to_own()) for _ in range(3)] == [True, True, False]
    assert reserved(ledger, to_own(2))
    clock.forward(seconds)
    assert reserved(ledger, to_own())


def test_one_recipient_gets_so_many_from_all_writers(database: Database, clock: Clock) -> None:
    ledger = make_ledger(database, limits=roomy(recipient_day=3))
    sent = [reserved(ledger, to_person(own=f"w{n}@home.example")) for n in range(4)]
    assert sent == [True, True, True, False]
    clock.forward(DAY)
    assert reserved(ledger, to_person(own="w9@home.example"))


def test_one_writer_reaches_one_recipient_once_a_day(ledger: Ledger, clock: Clock) -> None:
    assert reserved(ledger, to_person())
    assert ledger.reserve(to_person()) is Refusal.LIMIT
    assert reserved(ledger, to_person(2))
    clock.forward(DAY)
    assert reserved(ledger, to_person())


def test_a_ticked_second_send_passes_the_pair_but_not_the_recipients_limit(
    ledger: Ledger,
) -> None:
    sent = [reserved(ledger, to_person(again=again)) for again in (False, True, True, True)]
    assert sent == [True, True, True, False]


def test_the_limits_are_those_of_the_design() -> None:
    limits = Limits()
    assert (limits.ip_ten_minutes, limits.ip_day) == (20, 60)
    assert (limits.own_six_hours, limits.own_day) == (5, 8)
    assert (limits.recipient_day, limits.pair_day, limits.site_hour) == (3, 1, 200)


def test_a_full_site_is_told_apart_from_a_persons_limit(database: Database) -> None:
    ledger = make_ledger(database, limits=roomy(site_hour=1))
    assert reserved(ledger, to_own())
    assert ledger.reserve(to_own(2)) is Refusal.SITE


def test_a_refused_mail_counts_for_nobody(database: Database) -> None:
    ledger = make_ledger(database, limits=roomy(own_day=1))
    reserved(ledger, to_own())
    before = stored(database)
    assert not reserved(ledger, to_own())
    assert stored(database) == before


def test_what_was_certainly_not_sent_is_given_back(ledger: Ledger, database: Database) -> None:
    ledger.settle(reservation(ledger, to_person()), Result.NOT_SENT)
    assert stored(database) == set()
    assert reserved(ledger, to_person())


@pytest.mark.parametrize("result", [Result.SENT, Result.REFUSED, Result.PERHAPS_SENT])
def test_everything_else_stays_counted(ledger: Ledger, result: Result) -> None:
    ledger.settle(reservation(ledger, to_person()), result)
    assert not reserved(ledger, to_person())


@pytest.mark.parametrize("seconds", [0, 1])
def test_giving_one_back_leaves_the_others(database: Database, clock: Clock, seconds: int) -> None:
    ledger = make_ledger(database, limits=roomy(own_day=2))
    first = reservation(ledger, to_own())
    clock.forward(seconds)
    reservation(ledger, to_own())
    ledger.settle(first, Result.NOT_SENT)
    assert [reserved(ledger, to_own()) for _ in range(2)] == [True, False]


def test_mails_of_one_second_are_counted_and_given_back_at_once_without_a_deadlock(
    url: str,
) -> None:
    """They share rows: two that lock them in different orders stop each other on PostgreSQL."""
    database = Database(url, counts=True)
    ledger = make_ledger(database, limits=roomy())

    def press(thread: int) -> int:
        for number in range(64):
            mail = ToPerson(
                f"192.0.2.{number % 8}",
                own=f"emma{thread}@home.example",
                recipient=f"manager{thread * 100 + number}@work.example",
            )
            ledger.settle(reservation(ledger, mail), Result.NOT_SENT)
        return thread

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(press, range(8))) == list(range(8))
    assert stored(database) == set()
    database.close()


def test_many_mails_of_a_second_are_few_rows(database: Database) -> None:
    """So a busy site's limit is looked up as quickly as a quiet one's."""
    ledger = make_ledger(database, limits=roomy())
    for number in range(20):
        reservation(ledger, to_own(number % 2))
    assert len(stored(database)) == 4
    with database.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(counted)) == 4


def test_the_limits_hold_over_midnight(database: Database, clock: Clock) -> None:
    ledger = make_ledger(database, limits=roomy(own_day=1))
    clock.forward(12 * HOUR - 1)
    assert reserved(ledger, to_own())
    clock.forward(1)
    assert not reserved(ledger, to_own())
    clock.forward(DAY - 2)
    assert not reserved(ledger, to_own())
    clock.forward(1)
    assert reserved(ledger, to_own())


def test_the_limits_hold_across_two_workers_and_a_restart(url: str, clock: Clock) -> None:
    """R61."""
    workers = [Database(url, clock=clock) for _ in range(3)]
    limits = roomy(own_day=2)
    sent = [reserved(make_ledger(one, limits=limits), to_own()) for one in workers]
    for one in workers:
        one.close()
    assert sent == [True, True, False]


def test_threads_that_press_at_once_pass_no_limit(database: Database) -> None:
    ledger = make_ledger(database, limits=roomy(own_day=3))
    sent: list[bool] = []
    threads = [
        threading.Thread(target=lambda: sent.append(reserved(ledger, to_own()))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sent) == [False] * 5 + [True] * 3


def test_a_new_secret_with_the_old_one_as_fallback_forgets_no_count(database: Database) -> None:
    limits = roomy(own_day=1)
    assert reserved(make_ledger(database, OLD_SECRET, limits=limits), to_own())
    assert not reserved(make_ledger(database, SECRET, OLD_SECRET, limits=limits), to_own())


# ------------------------------------------------------------------ what counts as one
@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("", "not an address", True),
        # As some proxies write it, with the port.
        ("192.0.2.1:4711", "192.0.2.1", True),
        ("192.0.2.1:4711", "192.0.2.2:4711", False),
        ("[2001:db8:1:2::1]:4711", "2001:db8:1:2::9", True),
        ("[2001:db8:1:2::1]:4711", "[2001:db8:1:3::1]:4711", False),
    ],
)
def test_an_ipv6_household_counts_as_one_sender(one: str, other: str, same: bool) -> None:
    assert (network(one) == network(other)) is same


def test_a_whole_ipv6_household_shares_its_limit(database: Database) -> None:
    ledger = make_ledger(database, limits=roomy(ip_day=2))
    sent = [reserved(ledger, to_own(n, ip=f"2001:db8:1:2::{n:x}")) for n in range(3)]
    assert sent == [True, True, False]


@pytest.mark.parametrize(
    ("networks", "most"),
    [("2001:db8:1:2{:02x}::1", 4), ("2001:db8:1:{:x}00::1", 16)],
    ids=["a customer's /56", "a provider's /48"],
)
def test_who_has_many_ipv6_networks_sends_some_more_and_not_without_end(
    database: Database, networks: str, most: int
) -> None:
    ledger = make_ledger(database, limits=roomy(ip_day=1))
    sent = [
        reserved(ledger, to_own(number, ip=networks.format(number)))
        for number in range(1, most + 3)
    ]
    assert sent == [True] * most + [False] * 2
    assert reserved(ledger, to_own(99, ip="2001:db8:2::1"))


@pytest.mark.parametrize(
    "spelling",
    [
        "EMMA@Home.Example",
        "emma+letters@home.example",
        "e.m.m.a@home.example",
        " emma@home.example.",
    ],
)
def test_other_spellings_of_an_inbox_share_its_limit(spelling: str) -> None:
    assert fold(spelling) == "emma@home.example"


def test_googlemail_is_gmail() -> None:
    assert fold("Em.ma+x@googlemail.com") == fold("emma@gmail.com")


@pytest.mark.parametrize("odd", ["", "@", "no-at", "+@x", "...@x", "a@b@c"])
def test_odd_addresses_fold_to_something(odd: str) -> None:
    assert fold(odd) == fold(fold(odd))
