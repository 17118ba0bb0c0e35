"""The relay or the database fails: what the page says is true, and the letter is still there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from webapp.errors import MailRefused
from webapp.mail.message import Mail
from webapp.post import Outcome, Result
from webapp.store.database.tables import waiting

from .direct import CANARY, EMMA, MANAGER, NAME, Host, Writer, told
from .sending import FAULTS, NOT_SENT, PERHAPS, REFUSED, SENT, ready_to_send, relay_with, tick_of
from .visitor import Drawer

REFUSED_MAIL = Outcome(Result.REFUSED, "dot", 554)


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_at_the_confirm_page_is_told_as_it_is_with_the_letter_there(
    emma: Writer, host: Host, fault: str
) -> None:
    """R5 to R11, R32, R33."""
    ready_to_send(emma)
    faults, outcome = FAULTS[fault]
    with relay_with(host, faults):
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
    ready_to_send(emma)
    with relay_with(host, FAULTS[fault][0]):
        emma.sends()
    host.posts_by(host.drawer)
    emma.sends()
    assert emma.page.heading == told("sent_heading")
    assert len(host.to(MANAGER)) == 1


@pytest.mark.parametrize("at", ["mail", "data"])
@pytest.mark.parametrize("opened_anew", [False, True], ids=["same-page", "opened-anew"])
def test_a_lasting_no_before_the_dot_leaves_the_letter_waiting_until_the_relay_is_mended(
    emma: Writer, host: Host, at: str, opened_anew: bool
) -> None:
    """R32: the host's or the relay's matter, for the letter itself was never looked at."""
    ready_to_send(emma)
    with relay_with(host, {at: b"550 5.7.1 not from you\r\n"}) as whole:
        emma.sends()
        assert told("not_sent") in emma.page.text
        emma.sends()
        assert told("not_sent") in emma.page.text
    assert whole == []
    host.posts_by(host.drawer)
    if opened_anew:
        emma.follows_the_mail().types()
        assert emma.page.heading == told("opened_heading")
        assert CANARY["own_words"] in emma.page.text
    emma.sends()
    assert emma.page.heading == told("sent_heading")
    assert len(host.to(MANAGER)) == 1


@pytest.mark.parametrize("fault", [f for f, (_, o) in FAULTS.items() if "refused" in o])
def test_what_was_refused_is_kept_for_copying_and_not_sent_again(
    emma: Writer, host: Host, fault: str
) -> None:
    """R33."""
    ready_to_send(emma)
    with relay_with(host, FAULTS[fault][0]):
        emma.sends()
    host.posts_by(host.drawer)
    assert not emma.page.soup.find("button", attrs={"name": "send"})
    emma.posts(emma.page.path, {"code": host.code(), "send": "yes"})
    assert host.to(MANAGER) == []
    assert CANARY["own_words"] in emma.follows_the_mail().types().page.text


@pytest.mark.parametrize("phase", ["dot", "head"])
def test_a_refusal_of_the_mail_does_not_send_the_letter_to_another_address(
    emma: Writer, phase: str
) -> None:
    ready_to_send(emma, Outcome(Result.REFUSED, phase, 554)).sends()
    assert emma.page.heading == told("unsent_heading")
    assert "may well be right" in emma.page.text
    assert "another address" not in emma.page.text
    assert "cannot deliver" not in emma.page.text


def test_a_refusal_of_the_address_names_it(emma: Writer) -> None:
    ready_to_send(emma, REFUSED).sends()
    assert f"cannot deliver to {MANAGER}" in emma.page.text
    assert "may well be right" not in emma.page.text


def test_a_letter_that_our_own_guard_refuses_does_not_blame_the_address(
    emma: Writer, host: Host
) -> None:
    class Guarded(Drawer):
        def send(self, mail: Mail, *, seconds: float = 25.0) -> Outcome:
            raise MailRefused("a header is not as it should be")

    ready_to_send(emma)
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
    ready_to_send(emma, Outcome(Result.REFUSED, phase, 554)).sends()
    if pressed:
        emma.posts(emma.page.path, {"code": host.code(), "send": "yes"})
    else:
        emma.follows_the_mail().types()
    assert emma.page.heading == told("unsent_heading")
    assert told("refused_before") in emma.page.text
    assert "cannot deliver" not in emma.page.text
    assert "may well be right" not in emma.page.text


# What the database does.


class Breaking(Drawer):
    """A relay during whose work the database goes away."""

    def __init__(self, host: Host, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.host = host

    def send(self, mail: Mail, *, seconds: float = 25.0) -> Outcome:
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
    ready_to_send(emma)
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
    ready_to_send(emma)
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
    ready_to_send(emma)
    host.posts_by(Breaking(host, outcome))
    emma.sends()
    assert emma.page.heading == told("unsent_heading")
    text = emma.page.text
    assert "not go out this time" in text
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
    emma.sends(again=tick_of(emma))
    assert emma.page.heading == told("sent_heading")


@pytest.mark.parametrize("outcome", [NOT_SENT, REFUSED, PERHAPS])
def test_a_second_try_that_could_not_be_noted_leaves_the_doubt_and_offers_no_dead_button(
    emma: Writer, host: Host, outcome: Outcome
) -> None:
    ready_to_send(emma, PERHAPS).sends()
    host.posts_by(Breaking(host, outcome))
    emma.sends(again=tick_of(emma))
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

    def send(self, mail: Mail, *, seconds: float = 25.0) -> Outcome:
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
        phone.sends(again=tick_of(phone))
        host.posts_by(relay)

    relay = Overtaken(first, meanwhile)
    ready_to_send(emma)
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

    ready_to_send(emma)
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
    ready_to_send(emma)
    with relay_with(host, FAULTS[fault][0] if fault in FAULTS else {}):
        emma.sends()
    files = [*Path(host.url.removeprefix("sqlite:///")).parent.iterdir()]
    held = b"".join(file.read_bytes() for file in files) + caplog.text.encode()
    hers = (EMMA, MANAGER, NAME, "emma@", "manager@", host.code().replace(" ", ""), host.link())
    assert len(files) >= 2
    assert not [word for word in (*hers, *CANARY.values()) if word.encode() in held]
