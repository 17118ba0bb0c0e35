"""The ledger lets out no mail beyond the limits, whatever fails, and keeps nothing readable."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.databases import NOON, OLD_SECRET, SECRET, Clock, PostgreSQL, fresh_postgresql, keys_of
from webapp.post import Result
from webapp.store.database import Database
from webapp.store.database.tables import blocked, counted, submissions
from webapp.store.ledger import (
    EarlierPress,
    Kind,
    Ledger,
    LedgerUnavailable,
    Limits,
    OtherContent,
    Refusal,
    Reservation,
    Submission,
    ToOwn,
    ToPerson,
)
from webapp.store.ledger.limits import fold, network

MINUTE, HOUR, DAY = 60, 3600, 86_400
ROOMY = 10**6  # a limit that a test does not look at
PRESSED = Submission("one-use", b"the exact mail")


def roomy(**limits: int) -> Limits:
    """Limits of which only the named ones can be reached."""
    every = dict.fromkeys(Limits.__dataclass_fields__, ROOMY)
    return Limits(**every | limits)


def make_ledger(database: Database, *secrets: str, limits: Limits | None = None) -> Ledger:
    return Ledger(database, keys_of(*secrets), limits)


def to_own(number: int = 1, ip: str = "192.0.2.1") -> ToOwn:
    return ToOwn(ip=ip, own=f"emma{number}@home.example")


def to_person(number: int = 1, *, own: str = "emma@home.example", again: bool = False) -> ToPerson:
    return ToPerson("192.0.2.1", own, f"manager{number}@work.example", again=again)


def reserved(ledger: Ledger, mail: ToOwn | ToPerson, pressed: Submission | None = None) -> bool:
    return isinstance(ledger.reserve(mail, pressed), Reservation)


def reservation(
    ledger: Ledger, mail: ToOwn | ToPerson, pressed: Submission | None = None, **more: bool
) -> Reservation:
    found = ledger.reserve(mail, pressed, **more)
    assert isinstance(found, Reservation)
    return found


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return make_ledger(database)


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


def stored(database: Database) -> set[bytes]:
    with database.reading() as connection:
        return set(connection.scalars(sa.select(counted.c.key)))


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


# ------------------------------------------------------------------ block list
def test_a_blocked_address_gets_nothing_either_way(ledger: Ledger) -> None:
    """R43."""
    ledger.block("manager1@work.example")
    ledger.block("emma1@home.example")
    assert ledger.reserve(to_person()) is ledger.reserve(to_own()) is Refusal.BLOCKED


@pytest.mark.parametrize("spelling", ["A@x.example", "a+tag@x.example", "a@X.EXAMPLE"])
def test_an_address_is_blocked_however_it_is_spelled(ledger: Ledger, spelling: str) -> None:
    ledger.block("a+other@x.example")
    assert ledger.is_blocked(spelling)


def test_blocking_one_person_blocks_no_neighbour(ledger: Ledger) -> None:
    ledger.block("ab@x.example")
    assert not ledger.is_blocked("a.b@x.example")
    ledger.block("ab@gmail.com")
    assert ledger.is_blocked("a.b@googlemail.com")


def test_a_block_never_ends(ledger: Ledger, clock: Clock) -> None:
    ledger.block("a@x.example")
    clock.forward(3000 * DAY)
    ledger.purge()
    assert ledger.is_blocked("a@x.example")


def test_blocking_twice_is_no_error(ledger: Ledger) -> None:
    ledger.block("a@x.example")
    ledger.block("a@x.example")
    assert ledger.is_blocked("a@x.example")


def test_the_block_list_outlives_a_change_of_secret(database: Database) -> None:
    make_ledger(database, OLD_SECRET).block("a@x.example")
    make_ledger(database, SECRET, OLD_SECRET).check_key()
    assert make_ledger(database, SECRET, OLD_SECRET).is_blocked("a@x.example")
    assert make_ledger(database, SECRET).is_blocked("a@x.example")


def test_with_the_block_lists_key_lost_nothing_is_sent(database: Database) -> None:
    """Fail closed: nobody can say who asked for peace."""
    make_ledger(database, OLD_SECRET).block("a@x.example")
    with pytest.raises(LedgerUnavailable, match="fallback"):
        make_ledger(database, SECRET).reserve(to_own())


def test_the_block_list_holds_no_hash_that_another_secret_could_check(database: Database) -> None:
    make_ledger(database).block("a@x.example")
    with database.writing() as connection:
        first = set(connection.scalars(sa.select(blocked.c.key)))
        connection.execute(sa.delete(blocked))
        connection.execute(sa.text("DELETE FROM lasting_keys"))
    make_ledger(database).block("a@x.example")
    with database.reading() as connection:
        assert not first & set(connection.scalars(sa.select(blocked.c.key)))


# ------------------------------------------------------------------ submissions
def test_a_double_click_sends_once_and_is_told_the_outcome(ledger: Ledger) -> None:
    """R15."""
    first = reservation(ledger, to_own(), PRESSED)
    assert ledger.reserve(to_own(), PRESSED) == EarlierPress(None)
    ledger.settle(first, Result.SENT)
    assert ledger.reserve(to_own(), PRESSED) == EarlierPress(Result.SENT)


@pytest.mark.parametrize(
    "result", [Result.SENT, Result.NOT_SENT, Result.REFUSED, Result.PERHAPS_SENT]
)
def test_a_reload_is_told_every_outcome_again(ledger: Ledger, result: Result) -> None:
    """R15."""
    ledger.settle(reservation(ledger, to_own(), PRESSED), result)
    assert [ledger.reserve(to_own(), PRESSED) for _ in range(3)] == [EarlierPress(result)] * 3


def test_the_same_id_with_another_letter_sends_nothing(ledger: Ledger) -> None:
    """R16."""
    ledger.settle(reservation(ledger, to_own(), PRESSED), Result.SENT)
    assert ledger.reserve(to_own(), Submission(PRESSED.id, b"another mail")) == OtherContent()


def test_a_send_whose_process_died_is_told_as_perhaps_sent(ledger: Ledger, clock: Clock) -> None:
    """R20."""
    reservation(ledger, to_own(), PRESSED)
    clock.forward(2 * MINUTE)
    assert ledger.reserve(to_own(), PRESSED) == EarlierPress(Result.PERHAPS_SENT)


@pytest.mark.parametrize("result", [Result.NOT_SENT, Result.REFUSED, Result.PERHAPS_SENT])
def test_a_pressed_try_again_sends_once_more(ledger: Ledger, result: Result) -> None:
    ledger.settle(reservation(ledger, to_own(), PRESSED), result)
    reservation(ledger, to_own(), PRESSED, again=True)
    assert ledger.reserve(to_own(), PRESSED, again=True) == EarlierPress(None)


def test_what_was_sent_is_not_sent_again_by_try_again(ledger: Ledger) -> None:
    ledger.settle(reservation(ledger, to_own(), PRESSED), Result.SENT)
    assert ledger.reserve(to_own(), PRESSED, again=True) == EarlierPress(Result.SENT)


def test_a_try_again_that_is_refused_forgets_nothing(database: Database) -> None:
    ledger = make_ledger(database, limits=roomy(own_day=1))
    ledger.settle(reservation(ledger, to_own(), PRESSED), Result.PERHAPS_SENT)
    assert ledger.reserve(to_own(), PRESSED, again=True) is Refusal.LIMIT
    assert ledger.reserve(to_own(), PRESSED) == EarlierPress(Result.PERHAPS_SENT)


def test_a_late_outcome_does_not_overwrite_a_newer_attempts(ledger: Ledger, clock: Clock) -> None:
    late = reservation(ledger, to_own(), PRESSED)
    clock.forward(2 * MINUTE)
    newer = reservation(ledger, to_own(), PRESSED, again=True)
    ledger.settle(newer, Result.SENT)
    ledger.settle(late, Result.NOT_SENT)
    assert ledger.reserve(to_own(), PRESSED) == EarlierPress(Result.SENT)


def test_a_refused_press_leaves_its_id_free(database: Database, clock: Clock) -> None:
    ledger = make_ledger(database, limits=roomy(own_day=1))
    reserved(ledger, to_own())
    assert ledger.reserve(to_own(), PRESSED) is Refusal.LIMIT
    clock.forward(DAY)
    assert reserved(ledger, to_own(), PRESSED)


def test_a_submission_is_known_after_a_change_of_secret(database: Database) -> None:
    old = make_ledger(database, OLD_SECRET)
    old.settle(reservation(old, to_own(), PRESSED), Result.SENT)
    assert make_ledger(database, SECRET, OLD_SECRET).reserve(to_own(), PRESSED) == EarlierPress(
        Result.SENT
    )


# ------------------------------------------------------------------ counts
def count(ledger: Ledger, clock: Clock, times: int, result: Result = Result.SENT) -> None:
    for _ in range(times):
        ledger.settle(Reservation((), clock(), kind=Kind("work", "named")), result)


def test_days_are_counted_by_situation_level_and_outcome(ledger: Ledger, clock: Clock) -> None:
    count(ledger, clock, 5)
    count(ledger, clock, 6, Result.REFUSED)
    clock.forward(DAY)
    count(ledger, clock, 7)
    numbers = [(str(one.day), one.outcome, one.number) for one in ledger.counts()]
    first, second = "2026-11-23", "2026-11-24"
    assert numbers == [(first, "refused", 6), (first, "sent", 5), (second, "sent", 7)]


def test_figures_under_five_are_hidden(ledger: Ledger, clock: Clock) -> None:
    count(ledger, clock, 4)
    assert [one.number for one in ledger.counts()] == [None]


# ------------------------------------------------------------------ what is kept, and how long
def test_rows_past_their_time_are_gone_after_a_purge(
    ledger: Ledger, clock: Clock, database: Database
) -> None:
    """R60."""
    reserved(ledger, to_own(), PRESSED)
    count(ledger, clock, 1)
    clock.forward(2 * DAY)
    ledger.purge()
    assert rows(database) == (0, 0)
    assert len(ledger.counts()) == 1
    clock.forward(401 * DAY)
    ledger.purge()
    assert ledger.counts() == []


def rows(database: Database) -> tuple[int, int]:
    with database.reading() as connection:
        mails = connection.scalar(sa.select(sa.func.count()).select_from(counted)) or 0
        pressed = connection.scalar(sa.select(sa.func.count()).select_from(submissions)) or 0
    return mails, pressed


def test_a_purge_takes_nothing_that_a_rule_still_looks_at(database: Database, clock: Clock) -> None:
    ledger = make_ledger(database, limits=roomy(own_day=1))
    reserved(ledger, to_own(), PRESSED)
    clock.forward(DAY - 1)
    ledger.purge()
    assert not reserved(ledger, to_own())


def test_the_same_address_leaves_unlike_hashes_on_two_days(
    ledger: Ledger, clock: Clock, database: Database
) -> None:
    reserved(ledger, to_own())
    first = stored(database)
    clock.forward(DAY)
    reserved(ledger, to_own())
    assert len(first) == 3
    assert not first & stored(database)


def test_one_address_in_two_roles_counts_as_the_one_inbox_that_gets_the_mails(
    ledger: Ledger, database: Database
) -> None:
    both = "emma@home.example"
    reserved(ledger, ToOwn("192.0.2.1", both))
    own = stored(database)
    reserved(ledger, ToPerson("192.0.2.9", "x@y.example", both))
    # A network and a pair are new; the inbox is the one that had a mail before.
    assert len(stored(database) - own) == 2


def test_the_file_holds_no_address_no_network_and_no_letter(tmp_path: Path) -> None:
    """R21, R59."""
    database = Database(f"sqlite:///{tmp_path}/wa.db", clock=Clock(NOON))
    database.start()
    ledger = make_ledger(database)
    mail = ToPerson("198.51.100.77", "canary-own@home.example", "canary-boss@work.example")
    reserved(ledger, mail, Submission("canary-id", b"canary-letter"))
    ledger.block("canary-blocked@work.example")
    database.close()
    seen = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"canary" not in seen
    assert b"198.51" not in seen


def test_nothing_personal_has_a_repr(ledger: Ledger) -> None:
    shown = repr(to_own()) + repr(to_person()) + repr(PRESSED)
    assert "example" not in shown
    assert "192" not in shown
    assert "one-use" not in shown


# ------------------------------------------------------------------ fail closed
def test_with_the_database_away_nothing_may_be_sent() -> None:
    """R13."""
    ledger = make_ledger(Database("postgresql://nobody@127.0.0.1:1/none"))
    with pytest.raises(LedgerUnavailable):
        ledger.reserve(to_own())
    with pytest.raises(LedgerUnavailable):
        ledger.is_blocked("a@x.example")


def test_with_a_table_missing_nothing_may_be_sent(ledger: Ledger, database: Database) -> None:
    """R13."""
    with database.writing() as connection:
        connection.execute(sa.text("ALTER TABLE counted RENAME TO away"))
    try:
        with pytest.raises(LedgerUnavailable):
            ledger.reserve(to_own())
    finally:
        with database.writing() as connection:
            connection.execute(sa.text("ALTER TABLE away RENAME TO counted"))


def test_on_a_full_disk_nothing_may_be_sent(tmp_path: Path) -> None:
    """R14."""
    database = Database(f"sqlite:///{tmp_path}/wa.db")
    database.start()
    with database.writing() as connection:
        pages = connection.scalar(sa.text("PRAGMA page_count"))
        connection.execute(sa.text(f"PRAGMA max_page_count = {pages}"))
    ledger = make_ledger(database, limits=roomy())
    with pytest.raises(LedgerUnavailable):
        fill(ledger)
    database.close()


def fill(ledger: Ledger) -> None:
    for number in range(1000):
        ledger.reserve(to_own(number))


def test_on_a_read_only_file_nothing_may_be_sent(tmp_path: Path) -> None:
    """R14."""
    database = Database(f"sqlite:///{tmp_path}/wa.db")
    database.start()
    with database.reading() as connection:
        connection.execute(sa.text("PRAGMA query_only = ON"))
    with pytest.raises(LedgerUnavailable):
        make_ledger(database).reserve(to_own())
    database.close()


def test_while_nobody_is_blocked_no_readers_hash_goes_to_the_database(database: Database) -> None:
    """What is asked with may stand in the database server's log."""
    asked: list[object] = []

    def note(_c: object, _cursor: object, _statement: str, values: object, *_rest: object) -> None:
        asked.append(values)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        assert not make_ledger(database).is_blocked("emma@home.example")
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert not [one for one in asked if "blocked" in str(one) or b"" in _bytes_in(one)]


def _bytes_in(values: object) -> list[bytes]:
    every = values.values() if isinstance(values, dict) else values
    return [one for one in every if isinstance(one, bytes)]  # type: ignore[attr-defined]


def test_who_waits_for_a_turn_sees_what_was_counted_before_it_whatever_the_server_is_set_to(
    postgresql: PostgreSQL,
) -> None:
    url = fresh_postgresql(postgresql)
    set_up = Database(url)
    set_up.upgrade()
    with set_up.writing() as connection:
        name = sa.make_url(url).database
        serializable = "default_transaction_isolation = 'serializable'"
        connection.execute(sa.text(f"ALTER DATABASE {name} SET {serializable}"))
    set_up.close()
    workers = [make_ledger(Database(url, counts=True), limits=roomy(own_day=3)) for _ in range(4)]
    with ThreadPoolExecutor(16) as pool:
        done = pool.map(lambda n: reserved(workers[n % 4], to_own(ip=f"192.0.2.{n}")), range(32))
    assert sum(done) == 3
