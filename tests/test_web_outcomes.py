"""What became of a letter, told as it is; and what is left in the browser after it went."""

from __future__ import annotations

import datetime

import pytest

from webapp.mail.message import Mail
from webapp.post import Outcome, Result
from webapp.post.smtp import SmtpPost

from .letter_page import plain_words
from .mail_server import real_server
from .mails import bodies
from .visitor import Drawer, Visitor, drawer_of, make_app, visitor

MORE = {"to_name": "Ms Patel", "first": "I will nod.", "own_words": "I am kind.\n\nI like dogs."}
STEPS = ("/letter/how-much", "/letter/what", "/letter/about-you", "/letter/check")


def _with(outcome: Outcome) -> Visitor:
    emma = visitor().reaches_check()
    drawer_of(emma.app).outcome = outcome
    return emma


# What became of it.


@pytest.mark.parametrize(
    ("result", "heading"),
    [
        (Result.NOT_SENT, "Your letter was not sent"),
        (Result.REFUSED, "The address was not accepted"),
        (Result.PERHAPS_SENT, "Your letter was perhaps sent"),
    ],
)
def test_a_fault_is_told_as_it_is_with_the_letter_still_there(result: Result, heading: str) -> None:
    emma = _with(Outcome(result, "rcpt", 451))
    letter = emma.page.letter_to("emma@example.org")
    emma.sends_to("emma@example.org")
    assert emma.page.heading == heading
    assert emma.page.letter().replace("emma@example.org .", "emma@example.org.") == letter
    assert emma.page.soup.select_one("#email")["value"] == "emma@example.org"  # type: ignore[index]
    assert emma.page.soup.select("[value='/letter/my-letter.txt']")
    assert "on its way" not in emma.page.text


@pytest.mark.parametrize("phase", ["dot", "head"])
def test_a_refusal_that_is_not_about_the_address_does_not_blame_it(phase: str) -> None:
    emma = _with(Outcome(Result.REFUSED, phase, 554)).sends_to("emma@example.org")
    assert emma.page.heading == "Your letter was not sent"
    assert "may well be right" in emma.page.text


def test_sent_is_said_when_the_relay_has_it() -> None:
    emma = _with(Outcome(Result.SENT)).sends_to("emma@example.org")
    assert emma.page.path == "/letter/sent"
    assert emma.page.heading == "Your letter was sent"


def test_after_a_fault_the_same_press_sends() -> None:
    emma = _with(Outcome(Result.NOT_SENT)).sends_to("emma@example.org")
    drawer_of(emma.app).outcome = Outcome(Result.SENT)
    assert emma.sends_to("emma@example.org").page.path == "/letter/sent"


def test_the_same_letter_to_the_same_address_keeps_its_message_id() -> None:
    emma = _with(Outcome(Result.PERHAPS_SENT)).sends_to("emma@example.org")
    emma.sends_to("emma@example.org").sends_to("other@example.org")
    ids = [letter["Message-ID"] for letter in drawer_of(emma.app).letters()]
    assert ids[0] == ids[1] != ids[2]


class _Broken:
    def send(self, mail: Mail, *, seconds: float = 25.0) -> Outcome:
        raise RuntimeError(f"no {mail.recipient}")

    def close(self) -> None:
        pass


def test_a_post_that_breaks_is_never_told_as_sent(caplog: pytest.LogCaptureFixture) -> None:
    app = make_app(post=_Broken())
    emma = Visitor(app).reaches_check().sends_to("emma@example.org")
    assert (emma.page.status, emma.page.heading) == (500, "Something went wrong here")
    assert "emma@example.org" not in caplog.text
    assert "Emma" in emma.opens("/letter/check").page.letter()


def test_a_press_after_it_was_sent_says_so_and_sends_no_second_mail() -> None:
    emma = visitor().reaches_check()
    page = emma.page
    emma.sends_to("emma@example.org")
    emma.page = page
    emma.submits("/letter/check", email="emma@example.org")
    assert emma.page.heading == "Your letter was sent"
    assert drawer_of(emma.app).only_letter()


def test_the_real_mail_server_gets_the_letter_that_wasshown_with() -> None:
    with real_server() as relay:
        post = SmtpPost(relay.server)
        emma = Visitor(make_app(post=post)).reaches_check(more=MORE)
        shown = emma.page.letter_to("emma@example.org")
        assert emma.sends_to("emma@example.org").page.path == "/letter/sent"
        post.close()
    (mail,) = relay.mails
    assert mail.recipients == ("emma@example.org",)
    assert plain_words(bodies(mail.data)[0]) == shown


# After it was sent.


@pytest.mark.parametrize("path", ["/", *STEPS, "/letter/print", "/letter/my-letter.txt"])
def test_back_shows_no_answer_after_sending(path: str) -> None:
    emma = visitor().reaches_check(name="Canary", more=MORE).sends_to("emma@example.org")
    page = emma.opens(path).page
    assert page.path in ("/", "/letter/sent")
    assert not any(text in page.html for text in ("Canary", "Patel", "nod", "emma@example.org"))


def test_a_new_letter_at_the_same_computer_begins_empty() -> None:
    emma = visitor().reaches_check(name="Canary", more=MORE).sends_to("emma@example.org")
    emma.chooses("work")
    assert "Canary" not in emma.page.html
    assert emma.opens("/letter/check").page.path == "/letter/how-much"


def test_answers_can_be_brought_back_and_a_slip_in_the_address_mended() -> None:
    emma = visitor().reaches_check().sends_to("ema@example.org")
    emma.submits("/letter/sent")
    assert emma.page.path == "/letter/check"
    emma.sends_to("emma@example.org")
    assert drawer_of(emma.app).recipients == ["ema@example.org", "emma@example.org"]


def test_answers_cannot_be_brought_back_by_another_sites_form() -> None:
    emma = visitor().reaches_check().sends_to("emma@example.org")
    emma.submits("/letter/sent", csrf_token="wrong")
    assert emma.page.path == "/letter/sent"
    assert emma.opens("/letter/check").page.path == "/letter/sent"


def test_after_half_an_hour_answers_cannot_be_brought_back() -> None:
    now = [datetime.datetime(2026, 11, 23, 9, tzinfo=datetime.UTC)]
    app = make_app(post=Drawer(), clock=lambda: now[0])
    emma = Visitor(app).reaches_check().sends_to("emma@example.org")
    now[0] += datetime.timedelta(minutes=31)
    emma.opens("/letter/sent")
    assert not emma.page.soup.select('form[action="/letter/sent"]')
    emma.posts("/letter/sent", {"csrf_token": emma.page.token()})
    assert emma.page.status == 409
    assert emma.opens("/letter/check").page.path == "/letter/sent"
