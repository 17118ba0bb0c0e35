"""Nothing typed is lost: every way out of a page keeps what it holds."""

from __future__ import annotations

import datetime

import pytest

from .databases import Clock
from .visitor import DEMO, Drawer, Visitor, drawer_of, make_app, visitor

MORE = {"to_name": "Ms Patel", "first": "I will nod.", "own_words": "I am kind.\n\nI like dogs."}
# Every link that stands on each page of the form: its own Back, and those around it.
AROUND = ("/", "/help", "/privacy", "/accessibility")
TYPED = (
    ("/letter/how-much", "/", {"name": "Zoe", "voice": "child", "writer": "Ann, Zoe’s mother"}),
    ("/letter/about-you", "/letter/what", MORE),
)


def _values(emma: Visitor, names: dict[str, str]) -> dict[str, str]:
    found = {}
    for name in names:
        fields = emma.page.soup.select(f"[name={name}]")
        chosen = [one for one in fields if one.get("type") != "radio" or one.has_attr("checked")]
        value = chosen[0].get("value", "") if chosen[0].name == "input" else chosen[0].get_text()
        found[name] = str(value).removeprefix("\n")
    return found


@pytest.mark.parametrize("to", [*AROUND, "back"])
@pytest.mark.parametrize(("step", "back", "typed"), TYPED)
def test_every_link_of_a_page_keeps_what_was_typed(
    step: str, back: str, typed: dict[str, str], to: str
) -> None:
    emma = visitor().chooses()
    if step != "/letter/how-much":
        emma.says("named", name="Emma").ticks(3)
    emma.opens(step)
    target = back if to == "back" else to
    assert emma.page.soup.select(f'button[name=go][value="{target}"]')
    emma.submits(step, go=target, **typed)
    assert emma.page.path == target
    assert _values(emma.opens(step), typed) == typed


@pytest.mark.parametrize("to", [*AROUND, "/letter/how-much"])
def test_every_link_keeps_the_ticks(to: str) -> None:
    emma = visitor().chooses().says("named", name="Emma")
    ticked = emma.choices()[1:5]
    emma.submits("/letter/what", say=ticked, go=to)
    assert emma.page.path == to
    kept = emma.opens("/letter/what").page.soup.select("input[name=say][checked]")
    assert [one["value"] for one in kept] == ticked


@pytest.mark.parametrize(
    "address", ["https://elsewhere.example/", "//elsewhere.example", "/nowhere", "javascript:x", ""]
)
def test_a_button_leads_to_no_other_place(address: str) -> None:
    emma = visitor().chooses().says("named").ticks(2)
    emma.submits("/letter/about-you", go=address)
    assert emma.page.path == "/letter/check"


def test_a_slip_that_was_taken_along_is_there_again_and_makes_no_letter() -> None:
    emma = visitor().chooses().says("named", name="Emma").ticks(3)
    emma.submits("/letter/about-you", go="/letter/what", own_words="See evil.example.com now")
    for path in ("check", "print", "my-letter.txt", "my-letter.html", "someone"):
        emma.opens(f"/letter/{path}")
        assert emma.page.path == "/letter/about-you"
        assert "evil.example.com" in emma.page.error_at("own_words")
    emma.submits("/letter/about-you", own_words="I am kind.")
    assert emma.page.path == "/letter/check"
    assert "I am kind." in emma.page.letter()


def test_a_text_that_does_not_fit_the_cookie_keeps_one_on_the_page() -> None:
    emma = visitor().chooses().says("named", name="Emma").ticks(3)
    emma.submits("/letter/about-you", go="/help", own_words="a" * 700, to_name="Ms Patel")
    assert emma.page.path == "/letter/about-you"
    assert "700" in emma.page.error_at("own_words")
    assert "Ms Patel" in emma.page.html
    assert "a" * 700 in emma.page.html


def test_help_leads_back_to_where_one_was() -> None:
    emma = visitor().reaches_check(more=MORE)
    answer = emma.client.get(
        "/help", base_url=emma.base, headers={"Referer": f"{emma.base}/letter/about-you?then=check"}
    )
    assert '<a href="/letter/about-you?then=check">Back</a>' in answer.text


@pytest.mark.parametrize("referrer", ["https://elsewhere.example/x", "{base}//elsewhere.example"])
def test_help_leads_back_to_no_other_host(referrer: str) -> None:
    emma = visitor()
    headers = {"Referer": referrer.replace("{base}", emma.base)}
    answer = emma.client.get("/help", base_url=emma.base, headers=headers)
    assert '<a href="/">Back</a>' in answer.text


# The address.


@pytest.mark.parametrize("go", ["/letter/about-you?then=check#own_words", "/help", "/"])
def test_a_typed_address_is_there_again_after_every_change(go: str) -> None:
    emma = visitor().reaches_check().submits("/letter/check", email="emma@example", go=go)
    emma.opens("/letter/check")
    assert _values(emma, {"email": ""}) == {"email": "emma@example"}


def test_the_address_leaves_the_browser_with_the_letter() -> None:
    emma = visitor().reaches_check().sends_to("emma@example.org")
    assert emma.page.path == "/letter/sent"
    assert emma.draft().addresses.own == ""


def test_the_button_under_did_you_mean_sends_to_the_address_it_names() -> None:
    emma = visitor().reaches_check().sends_to("emma@gmial.com")
    assert emma.page.soup.select_one("button[name=use]")["value"] == "emma@gmail.com"  # type: ignore[index]
    emma.submits("/letter/check", use="emma@gmail.com")
    assert drawer_of(emma.app).recipients == ["emma@gmail.com"]


def test_a_made_up_address_under_that_button_is_not_taken() -> None:
    emma = visitor().reaches_check().sends_to("emma@gmial.com")
    emma.submits("/letter/check", use="eve@example.org")
    assert "eve@example.org" not in drawer_of(emma.app).recipients


# Deleting.


def _emma_with(clock: Clock) -> Visitor:
    now = lambda: datetime.datetime.fromtimestamp(clock.now, datetime.UTC)  # noqa: E731
    return Visitor(make_app(DEMO, post=Drawer(), clock=now))


def test_a_delete_can_be_undone_for_a_minute_with_what_was_not_yet_saved() -> None:
    emma = _emma_with(Clock())
    emma.chooses().says("named", name="Emma").ticks(3)
    token = emma.page.token()
    fields = {name: str(value) for name, value in MORE.items()}
    hidden = {"csrf_token": token, "draft": emma.draft().id, "place": "about-you"}
    emma.posts("/deleted", hidden | fields)
    assert emma.page.path == "/deleted"
    assert emma.opens("/letter/check").page.path == "/"
    emma.opens("/deleted").submits("/deleted", undo="yes")
    assert emma.page.path == "/letter/about-you"
    assert _values(emma, MORE) == MORE


def test_after_a_minute_nothing_brings_it_back() -> None:
    clock = Clock()
    emma = _emma_with(clock).reaches_check(more=MORE)
    emma.deletes()
    clock.forward(61)
    emma.submits("/deleted", undo="yes")
    assert "Bring my answers back" not in emma.page.text
    assert emma.draft().deleted == b""
    assert emma.opens("/letter/check").page.path == "/"


# Browsers that keep no cookie, and letters of another tab.


def test_without_a_cookie_the_page_gives_the_address_and_what_was_typed() -> None:
    page = visitor().posts("/letter/about-you", MORE).page
    assert page.status == 400
    assert DEMO.public_url in page.text
    assert all(" ".join(text.split()) in page.text for text in MORE.values())


def test_what_was_typed_for_an_older_letter_is_shown_and_not_lost() -> None:
    emma = visitor().reaches_check(name="Emma").opens("/letter/about-you")
    older = emma.page
    emma.reaches_check(situation="work", name="Zoe")
    emma.page = older
    emma.submits("/letter/about-you", **MORE)
    assert emma.page.status == 409
    assert "I like dogs." in emma.page.text
    assert "I like dogs." not in emma.opens("/letter/check").page.letter()
