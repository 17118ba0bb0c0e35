"""One letter goes once: double clicks, two tabs, faults of the relay, and killed servers."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.client import HTTPException
from pathlib import Path

import pytest
import sqlalchemy as sa

from webapp.delivery.sealed_letter import pack, unpack
from webapp.errors import MailRefused
from webapp.keys import Keys
from webapp.mail.message import Mail
from webapp.post import Outcome, Result
from webapp.post.smtp import SmtpPost
from webapp.store.database.tables import waiting
from webapp.store.waiting import Claim
from webapp.store.waiting.states import MOST_ATTEMPTS

from .direct import CANARY, DIRECT, EMMA, MANAGER, NAME, Host, Writer, make_order, told, wrong
from .fault_server import Act, Faults, fault_server
from .mails import read
from .served import Caller, Served, served
from .visitor import Drawer, Page

NOT_SENT = Outcome(Result.NOT_SENT, "rcpt", 450)
PERHAPS = Outcome(Result.PERHAPS_SENT, "dot")
REFUSED = Outcome(Result.REFUSED, "rcpt", 550)
REFUSED_MAIL = Outcome(Result.REFUSED, "dot", 554)
SENT = Outcome(Result.SENT)


def _opened(emma: Writer, outcome: Outcome = SENT) -> Writer:
    emma.asks().types()
    emma.host.drawer.outcome = outcome
    return emma


# The letter to a person, pressed more than once.


def test_a_double_post_of_send_delivers_once_and_says_when(emma: Writer, host: Host) -> None:
    opened = _opened(emma).page
    emma.sends()
    emma.page = opened
    emma.sends()
    assert len(host.to(MANAGER)) == 1
    assert told("sent_before") in emma.page.text
    assert "12:00" in emma.page.text


def test_reloading_the_sent_page_sends_no_second_letter_and_no_second_receipt(
    emma: Writer, host: Host
) -> None:
    opened = _opened(emma).page
    for _ in range(3):
        emma.page = opened
        emma.sends()
    assert len(host.to(MANAGER)) == 1
    assert len(host.to(EMMA)) == 2


def test_two_devices_that_opened_it_send_it_once(emma: Writer, host: Host) -> None:
    _opened(emma)
    phone = Writer(host).follows_the_mail().types()
    emma.sends()
    phone.sends()
    assert len(host.to(MANAGER)) == 1
    assert told("sent_before") in phone.page.text


class Slow(Drawer):
    """A relay that takes its time until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go = threading.Event(), threading.Event()

    def send(self, mail: Mail) -> Outcome:
        self.begun.set()
        self.go.wait(20)
        return super().send(mail)


def test_a_press_while_it_is_being_sent_says_so_and_sends_nothing(emma: Writer, host: Host) -> None:
    _opened(emma)
    phone = Writer(host).follows_the_mail().types()
    slow = Slow()
    host.posts_by(slow)
    with ThreadPoolExecutor() as pool:
        sending = pool.submit(emma.sends)
        slow.begun.wait(20)
        phone.sends()
        slow.go.set()
        sending.result()
    assert told("sending") in phone.page.text
    assert slow.recipients == [MANAGER, EMMA]


def test_the_receipt_is_the_writers_and_nobody_elses(emma: Writer, host: Host) -> None:
    _opened(emma).sends()
    code, letter, receipt = host.letters()
    assert [code["To"], letter["To"], receipt["To"]] == [EMMA, MANAGER, EMMA]


def test_a_receipt_that_failed_is_told_and_the_letter_is_not_sent_again(
    emma: Writer, host: Host
) -> None:
    """R44."""
    opened = _opened(emma).page

    class NoReceipt(Drawer):
        def send(self, mail: Mail) -> Outcome:
            super().send(mail)
            return SENT if mail.recipient == MANAGER else NOT_SENT

    relay = NoReceipt()
    host.posts_by(relay)
    emma.sends()
    assert "We could not send you a receipt" in emma.page.text
    emma.page = opened
    emma.sends()
    assert relay.recipients == [MANAGER, EMMA]


# What the relay does.

FAULTS: dict[str, tuple[Faults, str]] = {
    "busy at the greeting": ({"greeting": b"421 later\r\n"}, "not_sent"),
    "hangs up at the greeting": ({"greeting": Act.HANG_UP}, "not_sent"),
    "mail 451": ({"mail": b"451 later\r\n"}, "not_sent"),
    "rcpt 450": ({"rcpt": b"450 later\r\n"}, "not_sent"),
    "hangs up before 354": ({"data": Act.HANG_UP}, "not_sent"),
    "dot 451": ({"dot": b"451 later\r\n"}, "not_sent"),
    "rcpt 550": ({"rcpt": b"550 no such person\r\n"}, "refused"),
    "mail 550": ({"mail": b"550 no such sender\r\n"}, "refused_mail"),
    "data 554": ({"data": b"554 no\r\n"}, "refused_mail"),
    "dot 554": ({"dot": b"554 no\r\n"}, "refused_mail"),
    "hangs up after the dot": ({"dot": Act.HANG_UP}, "uncertain"),
    "resets after the dot": ({"dot": Act.RESET}, "uncertain"),
    "garbage after the dot": ({"dot": b"hello there\r\n"}, "uncertain"),
    "breaks after the 250": ({"quit": Act.RESET}, "sent"),
}


@contextmanager
def _relay(host: Host, faults: Faults) -> Iterator[list[bytes]]:
    with fault_server(*[faults] * 20) as seen:
        post = SmtpPost(seen.server)
        host.posts_by(post)
        yield seen.whole
        post.close()


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_at_the_confirm_page_is_told_as_it_is_with_the_letter_there(
    emma: Writer, host: Host, fault: str
) -> None:
    """R5 to R11, R32, R33."""
    _opened(emma)
    faults, outcome = FAULTS[fault]
    with _relay(host, faults):
        emma.sends()
    key = {"uncertain": "uncertain_heading", "sent": "sent_heading"}.get(outcome, outcome)
    assert emma.page.status == 200
    assert told(key) in emma.page.text
    assert (CANARY["first"] in emma.page.text) is (outcome != "sent")


@pytest.mark.parametrize("fault", [f for f, (_, o) in FAULTS.items() if o == "not_sent"])
def test_what_was_not_sent_waits_and_goes_at_the_next_press(
    emma: Writer, host: Host, fault: str
) -> None:
    """R32."""
    _opened(emma)
    with _relay(host, FAULTS[fault][0]):
        emma.sends()
    host.posts_by(host.drawer)
    emma.sends()
    assert emma.page.heading == told("sent_heading")
    assert len(host.to(MANAGER)) == 1


@pytest.mark.parametrize("fault", [f for f, (_, o) in FAULTS.items() if "refused" in o])
def test_what_was_refused_is_kept_for_copying_and_not_sent_again(
    emma: Writer, host: Host, fault: str
) -> None:
    """R33."""
    _opened(emma)
    with _relay(host, FAULTS[fault][0]):
        emma.sends()
    host.posts_by(host.drawer)
    assert not emma.page.soup.find("button", attrs={"name": "send"})
    emma.posts(emma.page.path, {"code": host.code(), "send": "yes"})
    assert host.to(MANAGER) == []
    assert CANARY["own_words"] in emma.follows_the_mail().types().page.text


@pytest.mark.parametrize("phase", ["mail", "data", "dot", "head"])
def test_a_refusal_of_the_mail_does_not_send_the_letter_to_another_address(
    emma: Writer, phase: str
) -> None:
    _opened(emma, Outcome(Result.REFUSED, phase, 554)).sends()
    assert emma.page.heading == told("unsent_heading")
    assert "may well be right" in emma.page.text
    assert "another address" not in emma.page.text
    assert "cannot deliver" not in emma.page.text


def test_a_refusal_of_the_address_names_it(emma: Writer) -> None:
    _opened(emma, REFUSED).sends()
    assert f"cannot deliver to {MANAGER}" in emma.page.text
    assert "may well be right" not in emma.page.text


def test_a_letter_that_our_own_guard_refuses_does_not_blame_the_address(
    emma: Writer, host: Host
) -> None:
    class Guarded(Drawer):
        def send(self, mail: Mail) -> Outcome:
            raise MailRefused("a header is not as it should be")

    _opened(emma)
    host.posts_by(Guarded())
    emma.sends()
    assert told("refused_mail") in emma.page.text
    assert told("refused") not in emma.page.text


@pytest.mark.parametrize("phase", ["rcpt", "dot"])
@pytest.mark.parametrize("pressed", [False, True], ids=["opened", "pressed"])
def test_a_refused_letter_opened_later_blames_nobody(
    emma: Writer, host: Host, phase: str, pressed: bool
) -> None:
    """Where it was refused is not kept."""
    _opened(emma, Outcome(Result.REFUSED, phase, 554)).sends()
    if pressed:
        emma.posts(emma.page.path, {"code": host.code(), "send": "yes"})
    else:
        emma.follows_the_mail().types()
    assert emma.page.heading == told("unsent_heading")
    assert told("refused_before") in emma.page.text
    assert "cannot deliver" not in emma.page.text
    assert "may well be right" not in emma.page.text


@pytest.mark.parametrize("fault", [f for f, (_, o) in FAULTS.items() if o == "uncertain"])
def test_what_was_perhaps_sent_goes_again_only_by_its_own_tick_as_the_same_mail(
    emma: Writer, host: Host, fault: str
) -> None:
    """R7, R31."""
    _opened(emma)
    with _relay(host, FAULTS[fault][0]) as whole:
        emma.sends()
    host.posts_by(host.drawer)
    emma.sends()
    assert emma.page.status == 422
    assert host.to(MANAGER) == []
    emma.sends(again=_tick(emma))
    assert emma.page.heading == told("sent_heading")
    assert [m["Message-ID"] for m in host.to(MANAGER)] == [read(whole[0])["Message-ID"]]


def _tick(emma: Writer) -> str:
    box = emma.page.soup.select_one("input[name=again]")
    assert box
    assert not box.has_attr("checked")
    return str(box["value"])


def test_an_old_tick_sends_nothing_twice(emma: Writer, host: Host) -> None:
    _opened(emma, PERHAPS).sends()
    page, tick = emma.page, _tick(emma)
    emma.sends(again=tick)
    emma.page = page
    emma.sends(again=tick)
    assert emma.page.status == 422
    assert len(host.to(MANAGER)) == 2


def test_after_two_more_doubtful_tries_there_is_no_third(emma: Writer, host: Host) -> None:
    _opened(emma, PERHAPS).sends()
    for _ in range(2):
        emma.sends(again=_tick(emma))
    assert told("no_more") in emma.page.text
    assert not emma.page.soup.find("button", attrs={"name": "send"})
    assert len(host.to(MANAGER)) == 3


@pytest.mark.parametrize("outcome", [NOT_SENT, REFUSED], ids=["not sent", "refused"])
def test_a_second_try_that_failed_does_not_say_that_nobody_got_the_first(
    emma: Writer, host: Host, outcome: Outcome
) -> None:
    _opened(emma, PERHAPS).sends()
    host.drawer.outcome = outcome
    emma.sends(again=_tick(emma))
    assert told("again_failed") in emma.page.text
    assert "Nobody got" not in emma.page.text


def test_a_limit_at_a_second_try_does_not_say_that_nobody_got_the_first(
    emma: Writer, host: Host
) -> None:
    _opened(emma, PERHAPS).sends()
    host.limits(site_hour=0)
    emma.sends(again=_tick(emma))
    assert emma.page.status == 429
    assert told("again_failed") in emma.page.text
    assert "Nobody got" not in emma.page.text


def test_a_letter_tried_as_often_as_it_may_be_says_so(emma: Writer, host: Host) -> None:
    _opened(emma, NOT_SENT)
    for _ in range(21):
        emma.sends()
    assert told("no_more") in emma.page.text
    assert CANARY["first"] in emma.page.text


def test_presses_at_a_limit_use_up_no_attempt(emma: Writer, host: Host) -> None:
    """The page says "try again tomorrow": tomorrow it goes."""
    _opened(emma)
    host.limits(site_hour=0)
    for _ in range(MOST_ATTEMPTS + 1):
        emma.sends()
        assert emma.page.status == 429
    assert told("limit") in emma.page.text
    host.limits()
    assert emma.sends().page.heading == told("sent_heading")
    assert len(host.to(MANAGER)) == 1


def test_a_tick_used_at_a_limit_stays_good_and_sends_once(emma: Writer, host: Host) -> None:
    """R31."""
    _opened(emma, PERHAPS).sends()
    page, tick = emma.page, _tick(emma)
    host.limits(site_hour=0)
    for _ in range(MOST_ATTEMPTS + 1):
        emma.sends(again=tick)
    assert told("again_failed") in emma.page.text
    assert _tick(emma) == tick
    host.limits()
    for _ in range(2):
        emma.page = page
        emma.sends(again=tick)
    assert len(host.to(MANAGER)) == 2


@pytest.mark.parametrize("away", ["counts", "mail"])
def test_presses_while_no_mail_can_be_counted_or_sent_use_up_no_attempt(
    emma: Writer, host: Host, away: str
) -> None:
    _opened(emma)
    counts = host.store.counts._file
    assert counts
    moved = counts.with_name("moved")
    if away == "counts":
        host.close()
        counts.rename(moved)
        counts.mkdir()
    else:
        host.turns(post=None)
    opened = emma.page
    for _ in range(MOST_ATTEMPTS + 1):
        emma.page = opened
        # A host that sends no mail has no such page.
        assert emma.sends().page.status == (503 if away == "counts" else 404)
    if away == "counts":
        counts.rmdir()
        moved.rename(counts)
    host.posts_by(host.drawer)
    emma.page = opened
    assert emma.sends().page.heading == told("sent_heading")
    assert len(host.to(MANAGER)) == 1


# The same mail whatever happens between two tries.


def _rotates(host: Host) -> None:
    old, new = DIRECT.secret_key, "a new secret of the tests, long enough to be one"
    host.keys(secret_key=new, secret_key_fallbacks=(old,))
    host.turns(keys=Keys(new, (old,)))


def _moves(host: Host) -> None:
    host.turns(settings=replace(DIRECT, mail_from="letters@elsewhere.example"))


@pytest.mark.parametrize("changes", [_rotates, _moves], ids=["SECRET_KEY", "MAIL_FROM"])
def test_sent_again_it_keeps_its_id_though_keys_or_sender_have_changed(
    emma: Writer, host: Host, changes: Callable[[Host], None]
) -> None:
    """R31."""
    _opened(emma, PERHAPS).sends()
    changes(host)
    host.drawer.outcome = SENT
    emma.sends(again=_tick(emma))
    assert emma.page.heading == told("sent_heading")
    first, second = (mail["Message-ID"] for mail in host.to(MANAGER))
    assert first == second


def test_a_letters_id_is_sealed_random_and_its_own(host: Host) -> None:
    """R31: nothing about a letter can be told from its id, not even that it went before."""
    ids = [unpack(pack(make_order(), host.services)).mail.message_id for _ in range(2)]
    domain = host.services.settings.mail_from.rpartition("@")[2]
    assert all(re.fullmatch(rf"<[a-z2-7]{{24}}@{re.escape(domain)}>", id_) for id_ in ids)
    assert ids[0] != ids[1]


def test_a_letter_sealed_without_an_id_still_goes_and_again_under_the_same_one(
    emma: Writer, host: Host
) -> None:
    """As an earlier release sealed it."""
    table = json.loads(pack(make_order(), host.services))
    del table["message_id"]
    ticket = host.store.waiting.put(json.dumps(table).encode())
    emma.opens(f"/confirm/{ticket.token}")
    emma.types(ticket.code)
    host.drawer.outcome = PERHAPS
    emma.sends()
    emma.sends(again=_tick(emma))
    first, second = (mail["Message-ID"] for mail in host.to(MANAGER))
    assert first == second


# Taken back from the browser that asked, while it is being sent.


@pytest.mark.parametrize("end", [NOT_SENT, SENT], ids=["not sent", "sent"])
def test_cancelling_from_the_browser_while_it_is_being_sent_says_that_it_is(
    emma: Writer, host: Host, end: Outcome
) -> None:
    """R37: it may come back as not sent, and wait again."""
    code_page = emma.asks().page
    tab = Writer(host)
    tab.client._cookies = dict(emma.client._cookies or {})
    emma.types()
    host.posts_by(slow := Slow())
    slow.outcome = end
    with ThreadPoolExecutor() as pool:
        sending = pool.submit(emma.sends)
        slow.begun.wait(20)
        tab.posts(code_page.path, {"cancel_here": "yes"})
        slow.go.set()
        sending.result()
    assert tab.page.heading == told("sending_heading")
    assert told("cancelled_sending") in tab.page.text
    for wrong_now in ("cancelled_none", "cancelled_doubt", "cancelled_unsent", "cancelled_rest"):
        assert told(wrong_now) not in tab.page.text
    tab.posts(code_page.path, {"cancel_here": "yes"})
    again = "cancelled_heading" if end is NOT_SENT else "none_heading"
    assert tab.page.heading == told(again)


def test_cancelling_one_letter_while_another_is_being_sent_tells_of_both(
    emma: Writer, host: Host
) -> None:
    emma.asks()
    link, code = host.link(), host.code().replace(" ", "")
    opened = host.store.waiting.open(link.rpartition("/")[2], code)
    assert opened
    assert isinstance(host.store.waiting.claim(opened), Claim)
    emma.asks("other@vets.example.org")
    emma.submits(emma.page.path, cancel_here="yes")
    assert emma.page.heading == told("sending_heading")
    assert told("cancelled_rest") in emma.page.text
    assert told("cancelled_doubt") not in emma.page.text
    assert host.rows() == 1


def test_deleting_the_answers_while_it_is_being_sent_says_nothing_against_it(
    emma: Writer, host: Host
) -> None:
    _opened(emma)
    host.posts_by(slow := Slow())
    tab = Writer(host)
    tab.client._cookies = dict(emma.client._cookies or {})
    with ThreadPoolExecutor() as pool:
        sending = pool.submit(emma.sends)
        slow.begun.wait(20)
        tab.opens("/").deletes()
        slow.go.set()
        sending.result()
    assert "stays sealed" in tab.page.text
    for wrong_now in ("cancelled_none", "cancelled_doubt", "cancelled_unsent"):
        assert told(wrong_now) not in tab.page.text
    assert len(slow.mails) == 2


# What the database does.


class Breaking(Drawer):
    """A relay during whose work the database goes away."""

    def __init__(self, host: Host, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.host = host

    def send(self, mail: Mail) -> Outcome:
        outcome = super().send(mail)
        _read_only(self.host)
        return outcome


def _read_only(host: Host, *, on: bool = True) -> None:
    for database in (host.store.database, host.store.counts):
        with database.reading() as connection:
            connection.exec_driver_sql(f"PRAGMA query_only = {'ON' if on else 'OFF'}")


@pytest.mark.parametrize("fault", ["away", "read-only"])
@pytest.mark.parametrize("step", ["ask", "open", "send", "cancel"])
def test_without_its_database_no_mail_goes_and_no_page_breaks(
    emma: Writer, host: Host, step: str, fault: str
) -> None:
    """R13, R34."""
    steps = {
        "ask": lambda: emma.agrees(),
        "open": lambda: emma.types(),
        "send": lambda: emma.sends(),
        "cancel": lambda: emma.cancels(),
    }
    emma.reaches_check(more=CANARY)
    emma.names()
    for name in [*steps][: [*steps].index(step)][:2]:
        steps[name]()
    mails = len(host.drawer.mails)
    _break(host, fault)
    steps[step]()
    assert emma.page.status == 503
    assert len(host.drawer.mails) == mails
    assert CANARY["first"] in emma.opens("/letter/check").page.text


def test_where_no_letter_can_be_opened_the_page_leads_to_the_one_in_this_browser(
    emma: Writer, host: Host
) -> None:
    _opened(emma)
    _break(host, "away")
    assert emma.sends().page.soup.find("a", href="/letter/check")


def _break(host: Host, fault: str) -> None:
    host.close()
    for database in (host.store.database, host.store.counts):
        if fault == "away":
            Path(str(database._file)).unlink(missing_ok=True)
            continue
        with database.reading() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            limit = {"read-only": "query_only = ON", "full": f"max_page_count = {pages}"}
            connection.exec_driver_sql(f"PRAGMA {limit[fault]}")


def test_a_full_disk_takes_no_letter_and_sends_no_code(emma: Writer, host: Host) -> None:
    """R14."""
    emma.reaches_check(more=CANARY)
    emma.names()
    _break(host, "full")
    emma.agrees()
    assert emma.page.status == 503
    assert CANARY["first"] in emma.page.text
    assert host.drawer.mails == []


@pytest.mark.parametrize(
    ("outcome", "key"), [(SENT, "sent_heading"), (PERHAPS, "uncertain_heading")]
)
def test_an_outcome_that_could_not_be_noted_is_told_and_never_resent(
    emma: Writer, host: Host, outcome: Outcome, key: str
) -> None:
    """R35."""
    _opened(emma)
    host.posts_by(relay := Breaking(host, outcome))
    emma.sends()
    assert told(key) in emma.page.text
    assert told("unnoted") in emma.page.text
    assert told("opened_intro") not in emma.page.text
    _read_only(host, on=False)
    host.clock.forward(200)
    emma.follows_the_mail().types()
    assert emma.page.heading == told("uncertain_heading")
    # Her receipt needs nothing written; it does not say that the letter was deleted.
    assert relay.recipients == ([MANAGER, EMMA] if outcome is SENT else [MANAGER])


@pytest.mark.parametrize("outcome", [NOT_SENT, REFUSED, REFUSED_MAIL])
def test_a_certain_no_that_could_not_be_noted_is_told_as_a_no_and_nothing_else(
    emma: Writer, host: Host, outcome: Outcome
) -> None:
    _opened(emma)
    host.posts_by(Breaking(host, outcome))
    emma.sends()
    assert emma.page.heading == told("unsent_heading")
    text = emma.page.text
    assert "Nobody got" in text
    assert told("unnoted") in text
    assert told("unnoted_next") in text
    for key in ("uncertain_heading", "uncertain", "no_more", "opened_intro", "sending"):
        assert told(key) not in text, key
    assert "the button" not in text
    assert "waits here" not in text
    assert not emma.page.soup.select("button[name=send], button[name=cancel]")
    assert CANARY["first"] in text
    # In a few minutes, the mail's link leads on, as the page said.
    _read_only(host, on=False)
    host.posts_by(host.drawer)
    host.drawer.outcome = SENT
    host.clock.forward(200)
    emma.follows_the_mail().types()
    emma.sends(again=_tick(emma))
    assert emma.page.heading == told("sent_heading")


@pytest.mark.parametrize("outcome", [NOT_SENT, REFUSED, PERHAPS])
def test_a_second_try_that_could_not_be_noted_leaves_the_doubt_and_offers_no_dead_button(
    emma: Writer, host: Host, outcome: Outcome
) -> None:
    _opened(emma, PERHAPS).sends()
    host.posts_by(Breaking(host, outcome))
    emma.sends(again=_tick(emma))
    assert emma.page.heading == told("uncertain_heading")
    assert "Nobody got" not in emma.page.text
    assert told("unnoted_next") in emma.page.text
    assert told("no_more") not in emma.page.text
    assert not emma.page.soup.select("button[name=send], input[name=again]")


# An attempt that another one overtook.


class Overtaken(Drawer):
    """A relay so slow with the letter that meanwhile something else happens to it."""

    def __init__(self, outcome: Outcome, meanwhile: Callable[[], object]) -> None:
        super().__init__(outcome)
        self.meanwhile = meanwhile

    def send(self, mail: Mail) -> Outcome:
        if mail.recipient == MANAGER and len(self.mails) == 0:
            super().send(mail)
            self.meanwhile()
            return self.outcome
        super().send(mail)
        return SENT


def _overtakes(emma: Writer, host: Host, second: Outcome, first: Outcome) -> Overtaken:
    """Her first press outlives its lease; on her phone she sends once more, and that ends."""

    def meanwhile() -> None:
        host.clock.forward(200)
        phone = Writer(host).follows_the_mail()
        phone.types()
        host.posts_by(Drawer(second))
        phone.sends(again=_tick(phone))
        host.posts_by(relay)

    relay = Overtaken(first, meanwhile)
    _opened(emma)
    host.turns(post=relay)
    return relay


def _state(host: Host) -> str:
    with host.store.database.reading() as connection:
        return str(connection.scalar(sa.select(waiting.c.state)))


def _receipt(relay: Drawer) -> str:
    text = relay.letters()[-1].get_body(("plain",))
    assert relay.recipients[-1] == EMMA
    assert text
    return str(text.get_content()).replace("\n", " ")


def test_a_late_250_of_an_overtaken_attempt_claims_no_deletion(emma: Writer, host: Host) -> None:
    relay = _overtakes(emma, host, NOT_SENT, SENT)
    code, link = host.code(), host.link()
    emma.sends()
    assert emma.page.heading == told("sent_heading")
    assert told("unnoted") in emma.page.text
    assert _state(host) == "uncertain"
    receipt = _receipt(relay)
    assert "So the letter waits here" in receipt
    assert "is deleted here" not in receipt
    assert "cannot go" not in receipt
    phone = Writer(host).opens(link).submits(link, code=code)
    assert phone.page.heading == told("uncertain_heading")
    assert phone.page.soup.select("input[name=again]")


def test_a_late_250_for_a_letter_deleted_meanwhile_says_neither(emma: Writer, host: Host) -> None:
    def meanwhile() -> None:
        host.clock.forward(200)
        Writer(host).follows_the_mail().types().cancels()

    _opened(emma)
    relay = Overtaken(SENT, meanwhile)
    host.posts_by(relay)
    emma.sends()
    assert host.rows() == 0
    assert emma.page.heading == told("sent_heading")
    assert told("unnoted") not in emma.page.text
    receipt = _receipt(relay)
    assert "no longer waits here" in receipt
    assert "So the letter waits here" not in receipt
    assert "we keep one thing" not in receipt


@pytest.mark.parametrize("late", [NOT_SENT, REFUSED, REFUSED_MAIL])
def test_a_late_no_does_not_speak_for_the_attempt_that_overtook_it(
    emma: Writer, host: Host, late: Outcome
) -> None:
    _overtakes(emma, host, PERHAPS, late)
    emma.sends()
    assert emma.page.heading == told("uncertain_heading")
    assert told("again_failed") in emma.page.text
    assert "Nobody got" not in emma.page.text


@pytest.mark.parametrize("fault", ["none", *FAULTS])
def test_after_each_fault_neither_files_nor_logs_hold_a_word(
    emma: Writer, host: Host, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    """R59: the files of the database with all that lies beside them, and every line of the log."""
    caplog.set_level("DEBUG")
    _opened(emma)
    with _relay(host, FAULTS[fault][0] if fault in FAULTS else {}):
        emma.sends()
    files = [*Path(host.url.removeprefix("sqlite:///")).parent.iterdir()]
    held = b"".join(file.read_bytes() for file in files) + caplog.text.encode()
    hers = (EMMA, MANAGER, NAME, "emma@", "manager@", host.code().replace(" ", ""), host.link())
    assert len(files) >= 2
    assert not [word for word in (*hers, *CANARY.values()) if word.encode() in held]


# The letter to oneself.


def test_pressing_twice_sends_oneself_one_letter(emma: Writer, host: Host) -> None:
    """R15."""
    page = emma.reaches_check().page
    for _ in range(3):
        emma.page = page
        emma.sends_to(EMMA)
        assert emma.page.path == "/letter/sent"
    assert len(host.drawer.mails) == 1


def test_two_tabs_of_one_letter_pressed_at_once_send_one(emma: Writer, host: Host) -> None:
    """R15: the cookie of the second press does not know of the first."""
    emma.reaches_check()
    other = Writer(host)
    other.client._cookies = dict(emma.client._cookies or {})
    other.page = emma.page
    slow = Slow()
    host.posts_by(slow)
    with ThreadPoolExecutor() as pool:
        sending = [pool.submit(tab.sends_to, EMMA) for tab in (emma, other)]
        slow.begun.wait(20)
        slow.go.set()
        pages = [done.result().page.path for done in sending]
    assert pages == ["/letter/sent"] * 2
    assert len(slow.mails) == 1


@pytest.mark.parametrize("outcome", [NOT_SENT, PERHAPS], ids=["not sent", "perhaps"])
def test_a_reload_tells_the_same_outcome_and_try_again_sends(
    emma: Writer, host: Host, outcome: Outcome
) -> None:
    emma.reaches_check()
    page = emma.page
    host.drawer.outcome = outcome
    first = emma.sends_to(EMMA).page
    emma.page = page
    assert emma.sends_to(EMMA).page.text == first.text
    assert len(host.drawer.mails) == 1
    host.drawer.outcome = SENT
    emma.sends_to(EMMA)
    assert emma.page.path == "/letter/sent"
    assert len({mail["Message-ID"] for mail in host.letters()}) == 1


def test_a_page_from_before_a_change_sends_nothing(emma: Writer, host: Host) -> None:
    """R16."""
    page = emma.reaches_check().page
    emma.adds(first="Another thing.")
    emma.page = page
    emma.sends_to(EMMA)
    assert told("changed", "check") in emma.page.text
    assert host.drawer.mails == []


def test_a_press_whose_process_died_is_told_as_perhaps_sent(emma: Writer, host: Host) -> None:
    """R20."""
    page = emma.reaches_check().page

    class Dies(Drawer):
        def send(self, mail: Mail) -> Outcome:
            super().send(mail)
            raise SystemExit

    host.posts_by(dying := Dies())
    with suppress(SystemExit):
        emma.sends_to(EMMA)
    host.posts_by(host.drawer)
    host.clock.forward(200)
    emma.page = page
    emma.sends_to(EMMA)
    assert told("perhaps_heading", "outcome") in emma.page.text
    assert (len(dying.mails), len(host.drawer.mails)) == (1, 0)


# A real server: eight processes, killed at any step, and what it writes.


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    url = f"sqlite:///{folder}/private/word-ahead.db"
    with served(url, folder, WEB_CONCURRENCY="2") as found:
        yield found


def _everybody_presses(running: Served) -> list[str]:
    Caller(running.base).asks_for_a_letter()
    link, code = running.newest_code()
    callers = [Caller(running.base) for _ in range(8)]
    barrier = threading.Barrier(8)

    def press(caller: Caller) -> str:
        barrier.wait(60)
        return caller.posts(link, {"code": code, "send": "yes"}).page.heading

    with ThreadPoolExecutor(8) as pool:
        return [*pool.map(press, callers)]


def test_eight_processes_that_confirm_at_once_deliver_once(url: str, tmp_path: Path) -> None:
    """R26, by HTTP, on both databases."""
    with served(url, tmp_path, WEB_CONCURRENCY="8") as running:
        headings = _everybody_presses(running)
        assert len(running.mails(MANAGER)) == 1
        assert told("sent_heading") in headings


PHASES = {"claimed": ("mail", 0), "before the payload": ("data", 0), "after the dot": ("dot", 1)}


@pytest.mark.parametrize("phase", PHASES)
def test_a_server_killed_while_it_sends_leaves_a_doubt_and_never_sends_by_itself(
    running: Served, phase: str
) -> None:
    """R27, R28; what comes between the 250 and the note of it is R35's test."""
    step, delivered = PHASES[phase]
    before = len(running.mails(MANAGER))
    emma = Caller(running.base).asks_for_a_letter()
    link, code = running.newest_code()
    running.relay_does({step: Act.SILENCE})
    with ThreadPoolExecutor() as pool:
        with running.hears(step):
            pool.submit(_press, running, link, code)
        running.kill_workers()
    running.relay_does({})
    assert told("sending") in _press(running, link, code).text
    running.ends_leases()
    page = _press(running, link, code)
    assert page.heading == told("uncertain_heading")
    assert CANARY["first"] in page.text
    assert len(running.mails(MANAGER)) - before == delivered
    assert emma.page.status == 200


def _press(running: Served, link: str, code: str) -> Page:
    caller = Caller(running.base)
    with suppress(OSError, HTTPException):
        caller.posts(link, {"code": code, "send": "yes"})
    return caller.page


def test_a_server_killed_after_it_noted_the_outcome_tells_it(running: Served) -> None:
    """R30."""
    Caller(running.base).asks_for_a_letter()
    link, code = running.newest_code()
    assert _press(running, link, code).heading == told("sent_heading")
    mails = len(running.relay.whole)
    running.kill_workers()
    assert told("sent_before") in _press(running, link, code).text
    assert len(running.relay.whole) == mails


def test_a_server_told_to_stop_ends_its_send_first(tmp_path: Path) -> None:
    """R46."""
    with served(f"sqlite:///{tmp_path}/private/word-ahead.db", tmp_path) as running:
        Caller(running.base).asks_for_a_letter()
        link, code = running.newest_code()
        running.relay.listens_before_354 = 1.0
        with ThreadPoolExecutor() as pool:
            with running.hears("data"):
                pressed = pool.submit(_press, running, link, code)
            running.process.terminate()
            assert running.process.wait(35) == 0
        assert pressed.result().heading == told("sent_heading")


def test_what_the_server_writes_tells_of_no_visitor(running: Served) -> None:
    """No path with a token, no code, no address, no word, after success and after faults."""
    emma = Caller(running.base).asks_for_a_letter()
    link, code = running.newest_code()
    emma.opens(link).submits(link, code=wrong(code))
    for faults in ({"rcpt": b"550 no\r\n"}, {}):
        running.relay_does(faults)
        _press(running, link, code)
    emma.posts(f"{link}?{CANARY['first']}", {"code": code}, headers={"Origin": "https://e.example"})
    output = running.output.read_text()
    hers = ("/confirm", link.rpartition("/")[2], code, code.replace(" ", ""), EMMA, MANAGER, NAME)
    assert "gunicorn" in output
    assert not [word for word in (*hers, *CANARY.values(), "127.0.0.1 ") if word in output]
