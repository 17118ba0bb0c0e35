"""The first four screens: every way through them, and what they keep."""

from __future__ import annotations

import pytest

from webapp.letter.words import LEVELS, Level

from .builders import english
from .pages import Page
from .visitor import Visitor, drawer_of, visitor

STEPS = ("/letter/how-much", "/letter/what", "/letter/about-you", "/letter/check")
LETTER_PATHS = (*STEPS, "/letter/print", "/letter/my-letter.txt", "/letter/my-letter.html")
MORE = {"to_name": "Ms Patel", "first": "I will nod.", "own_words": "I am kind.\n\nI like dogs."}


def test_five_screens_lead_to_the_letter() -> None:
    emma = visitor().chooses("volunteering")
    assert emma.page.path == "/letter/how-much"
    assert emma.says("named", name="Emma").page.path == "/letter/what"
    assert emma.ticks(8).page.path == "/letter/about-you"
    assert emma.adds().page.path == "/letter/check"


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("situation", english().situations)
def test_every_situation_and_level_gives_a_letter_that_reads_on(
    situation: str, level: Level
) -> None:
    emma = visitor().reaches_check(situation=situation, level=level)
    starters = english().situations[situation].starters.at(level)
    assert set(emma.draft().answers.say) == set(starters)  # type: ignore[union-attr]
    assert "Thank you," in emma.page.letter()
    assert not {"{", "}", "\ue000"} & set(emma.page.html)


def test_every_question_may_be_skipped() -> None:
    emma = visitor().reaches_check(name="", ticks=[])
    assert emma.page.letter().startswith("A note about volunteering Hello,")


def test_nothing_is_ticked_or_chosen_beforehand() -> None:
    emma = visitor().chooses()
    assert not emma.page.soup.select("[checked], [aria-current]")
    emma.says("named")
    assert not emma.page.soup.select("[checked]")


def test_eight_starters_come_first_and_everything_that_fits_follows_once() -> None:
    emma = visitor().chooses().says("described")
    situation = english().situations["volunteering"]
    fitting = {s.id for s in english().statements_for(situation, "described")}
    assert tuple(emma.choices()[:8]) == situation.starters.described
    assert sorted(emma.choices()) == sorted(fitting)


def test_a_tick_shows_the_very_sentence_that_the_letter_prints() -> None:
    emma = visitor().chooses().says("named", name="Emma", voice="child")
    labels = emma.page.soup.select("label:has(input[name=say])")
    sentences = [label.get_text(" ", strip=True) for label in labels]
    emma.ticks(99)
    letter = emma.adds().page.letter()
    assert all(sentence in letter for sentence in sentences)


def test_a_situation_in_the_address_line_stands_first() -> None:
    page = visitor().opens("/?situation=university").page
    assert page.soup.select_one("button[name=situation]")["value"] == "university"  # type: ignore[index]
    assert visitor().opens("/?situation=nowhere").page.status == 200


def test_the_letter_so_far_is_one_tap_away_from_the_third_screen_on() -> None:
    emma = visitor().chooses().says("named", name="Emma")
    emma.submits("/letter/what", say=["write-or-type"], see="letter")
    assert emma.page.path == "/letter/check"
    assert "Emma" in emma.page.letter()


def test_back_and_change_keep_every_answer() -> None:
    emma = visitor().reaches_check(more=MORE)
    letter = emma.page.letter()
    for step in STEPS[1:3]:
        emma.opens(f"{step}?then=check").submits(step)
        assert emma.page.path == "/letter/check"
        assert emma.page.letter() == letter
    emma.opens(STEPS[0]).says("named")
    assert emma.opens("/letter/check").page.letter() == letter


def test_a_page_that_was_filled_shows_what_was_typed() -> None:
    emma = visitor().reaches_check(voice="child", more=MORE)
    html = emma.opens("/letter/how-much").page.html + emma.opens("/letter/about-you").page.html
    assert 'value="child" checked' in html
    assert all(text in html for text in ("Emma", "Ms Patel", "I will nod.", "I like dogs."))


def test_another_situation_keeps_name_and_words_and_drops_what_does_not_fit() -> None:
    emma = visitor().reaches_check(ticks=99, more=MORE)
    letter = emma.chooses("service").opens("/letter/check").page.letter()
    fits = {s.id for s in english().statements_for(english().situations["service"], "named")}
    said = [s for s in english().statements.values() if s.me in letter]
    assert "Ms Patel" in letter
    assert said
    assert {s.id for s in said} <= fits


def _changes_where(emma: Visitor, situation: str) -> Visitor:
    """The first Change button of the check page."""
    button = emma.page.soup.select_one("dl.rows button")
    assert button is not None
    return emma.submits("/letter/check", go=str(button["value"])).submits("/", situation=situation)


def test_another_situation_that_fits_leads_straight_back_to_the_letter() -> None:
    emma = visitor().reaches_check(situation="school", ticks=["write-or-type"], more=MORE)
    _changes_where(emma, "university")
    assert emma.page.path == "/letter/check"
    assert emma.draft().answers.situation == "university"  # type: ignore[union-attr]
    assert "Ms Patel" in emma.page.letter()


def test_another_situation_shows_the_ticks_that_are_left_where_one_is_lost() -> None:
    emma = _changes_where(visitor().reaches_check(situation="school", ticks=99), "service")
    assert emma.page.path == "/letter/what"
    assert emma.submits("/letter/what").page.path == "/letter/check"


@pytest.mark.parametrize(("ticks", "path"), [(["write-or-type"], "about-you"), (99, "what")])
def test_another_situation_shows_where_a_right_is_lost(ticks: int | list[str], path: str) -> None:
    emma = visitor().reaches_check(situation="work", ticks=ticks, more={"rights": "gb-work"})
    _changes_where(emma, "service")
    assert emma.page.path == f"/letter/{path}"
    if path == "what":
        assert emma.submits("/letter/what").page.path == "/letter/about-you"
    assert emma.submits("/letter/about-you").page.path == "/letter/check"


def test_another_situation_from_the_start_page_goes_through_every_step() -> None:
    assert visitor().reaches_check().chooses("service").page.path == "/letter/how-much"


def test_then_check_before_a_level_was_chosen_still_asks_for_the_level() -> None:
    emma = visitor().opens("/?then=check").submits("/", situation="work")
    assert emma.page.path == "/letter/how-much"


def test_a_level_below_hides_the_sentences_that_name_it() -> None:
    emma = visitor().reaches_check(level="named", ticks=99)
    emma.opens("/letter/how-much").says("needs").opens("/letter/check")
    assert "mutism" not in emma.page.letter().lower()


def test_no_letter_is_shown_before_its_level_was_chosen() -> None:
    emma = visitor().chooses()
    for path in LETTER_PATHS[1:]:
        assert emma.opens(path).page.path == "/letter/how-much"


def test_no_letter_is_sent_before_its_level_was_chosen() -> None:
    emma = visitor().chooses()
    token = emma.page.form("/deleted").find("input")["value"]  # type: ignore[index]
    emma.posts(
        "/letter/check",
        {"csrf_token": token, "draft": emma.draft().id, "email": "emma@example.org"},
    )
    assert emma.page.path == "/letter/how-much"
    assert not drawer_of(emma.app).mails


@pytest.mark.parametrize("path", LETTER_PATHS)
def test_without_a_letter_every_step_leads_to_the_start(path: str) -> None:
    assert visitor().opens(path).page.path == "/"


@pytest.mark.parametrize("path", ["/", *STEPS])
def test_a_post_without_a_cookie_gets_one_plain_page(path: str) -> None:
    page = visitor().posts(path, {"situation": "work", "level": "named"}).page
    assert (page.status, page.path) == (400, path)
    assert "cookie" in page.text.lower()


@pytest.mark.parametrize("path", ["/", *STEPS])
def test_a_post_without_its_token_changes_nothing_and_keeps_what_was_typed(path: str) -> None:
    emma = visitor().reaches_check()
    before = emma.draft().answers
    emma.opens(path).submits(path, csrf_token="wrong", name="Zoe", email="zoe@example.org")
    assert emma.page.status == 422
    assert "press the button once more" in emma.page.text
    assert emma.draft().answers == before
    assert not drawer_of(emma.app).mails


def _everything(page: Page) -> str:
    return page.html + str(page.headers)


def test_delete_my_answers_stands_on_every_page_and_leaves_nothing() -> None:
    emma = visitor().reaches_check(more=MORE)
    for path in ("/", "/help", "/privacy", "/accessibility", "/nowhere", "/letter/print", *STEPS):
        assert emma.opens(path).page.form("/deleted")
    emma.deletes()
    assert emma.draft().answers is None
    for path in ("/", *LETTER_PATHS):
        assert "Patel" not in _everything(emma.opens(path).page)


def test_deleting_twice_is_no_error() -> None:
    emma = visitor().reaches_check().deletes().deletes()
    assert emma.page.heading == "Your answers are deleted"


def test_deleting_clears_the_browsers_memory_but_no_other_sites_cookies() -> None:
    emma = visitor().reaches_check()
    token = emma.page.form("/deleted").find("input")["value"]  # type: ignore[index]
    answer = emma.client.post("/deleted", data={"csrf_token": token}, base_url=emma.base)
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'


def test_health_words_are_not_offered_to_the_browsers_memory() -> None:
    emma = visitor().reaches_check().opens("/letter/about-you")
    # No browser keeps a list of what was typed into a textarea. A name is no word about health;
    # "off" would lose all of it with Back where there is no JavaScript.
    lines = emma.page.soup.select("main input[type=text], main input:not([type])")
    assert {field["id"] for field in lines} == {"to_name"}
    assert {area["id"] for area in emma.page.soup.select("textarea")} == {"first", "own_words"}
