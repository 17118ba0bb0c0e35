"""A letter's manners and grammar: what stops the start, what words check tells, and what reads."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest

from webapp import create_app
from webapp.errors import WordsError
from webapp.letter.compose import compose, legal_combinations
from webapp.letter.proofreading import problems_in, texts_of, unchosen_words
from webapp.letter.proofreading.manners import ASKS, letter_problems
from webapp.letter.words import LEVELS, TERMS, THEY
from webapp.letter.words.fitting import misfits

from .broken_words import SITUATION, STATEMENTS, Edit, append, edit_file, statement, sub
from .builders import ROOT, english, make_answers, make_letter, with_all_ticks, with_starters
from .letter_page import templates
from .visitor import DEMO, visitor

ASK = "statements/what-i-ask.toml"
GOODWILL = "statements/goodwill.toml"
LEAD = r'(\[lead\]\nme = "[^"]*)"'


def _ask(me: str) -> Edit:
    return append(
        f'\n[[statement]]\nid = "made-up"\nsituations = "all"\nlevels = ["named"]\n'
        f'me = "{me}"\nthem = "wait."\nsource = ["TEST"]\n'
    )


# What stops the start, by file and key.

STOPS: list[tuple[str, Edit, str]] = [
    (STATEMENTS, statement(them="{They} have tea."), "how-i-communicate.toml: made-up.them"),
    (STATEMENTS, statement(them="Tea is what {they} like."), "made-up.them: after {they}"),
    (STATEMENTS, statement(them="It is hard for {they}."), "made-up.them: after {they}"),
    (STATEMENTS, statement(them="Do {they} may come?"), "“Do” before {they}"),
    ("frame.toml", sub(r"\{They\} can", "{They} do"), "en/frame.toml: fact.named.them"),
    (SITUATION, sub(r'(\[closing\]\nme = "[^"]*"\nthem = ")', r"\1{They} hope. "), "closing.them"),
    (ASK, _ask("wait for me"), "what-i-ask.toml: made-up.me: has to end the sentence"),
    (ASK, _ask("wait. I like that."), "what-i-ask.toml: made-up.me: has to be the end of one"),
    (ASK, _ask("Wait for me."), "what-i-ask.toml: made-up.me: has to begin with a bare verb"),
    (ASK, _ask("I can wait."), "what-i-ask.toml: made-up.me: has to begin with a bare verb"),
    (
        "statements/what-helps.toml",
        sub(r'wait, with no need[^"]*"', 'wait?"'),
        "has to end the sent",
    ),
    (ASK, sub(LEAD, r'\1."'), "what-i-ask.toml: lead.me: has to stop before its sentence ends"),
    (GOODWILL, statement("I am glad. My fear is less.", levels='["needs"]'), "“fear” at level"),
    (GOODWILL, statement("I have mutism.", levels='["described"]'), "goodwill.toml: made-up"),
    (GOODWILL, statement(them="{name} has a diagnosis.", levels='["needs"]'), "“diagnosis” at"),
    (
        "statements/who-i-am.toml",
        statement("I am mute.", levels='["described"]'),
        "“mute” at level",
    ),
    (
        "statements/to-end.toml",
        statement("I am autistic.", levels='["needs"]'),
        "“autistic” at level",
    ),
    (GOODWILL, statement("{condition} or not.", levels='["described"]'), "{condition}"),
    ("frame.toml", sub(r'^situational = ".*?"\n', ""), "en/frame.toml: term"),
    ("frame.toml", sub(r"^he = .*?\n", ""), "en/frame.toml: they"),
    ("frame.toml", sub(r"I have \{condition\}", "I have it"), "fact.named.me: has to hold"),
    (SITUATION, sub(r"\{about\}", "somebody"), "volunteering.toml: opening.them: has to hold"),
    (SITUATION, sub(r"  \{ label.*?\n", ""), "volunteering.toml: replies"),
]


@pytest.mark.parametrize(("file", "edit", "named"), STOPS)
def test_words_that_do_not_fit_together_stop_the_start(
    words: Path, file: str, edit: Edit, named: str
) -> None:
    edit_file(words, file, edit)
    with pytest.raises(WordsError) as caught:
        create_app(DEMO, mail_templates=words.parent)
    assert named in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["{They} can nod.", "If {they} never spoke.", "What {they} made."])
def test_what_fits_they_she_and_he_alike_is_let_through(text: str) -> None:
    assert list(misfits(text, english())) == []


# What words check tells.

TOLD: list[tuple[str, Edit, str]] = [
    (STATEMENTS, statement("Mark me present."), "begins like an order"),
    (STATEMENTS, statement("I nod. Put it on my record."), "begins like an order"),
    (STATEMENTS, statement("You must wait."), "an order"),
    (STATEMENTS, statement(them="Tea helps them."), "“them” could be anybody"),
    (STATEMENTS, statement("I would like an answer this week."), "“this week” sets a date"),
    (ASK, _ask("send me a note in a month."), "“in a month” sets a date"),
    (SITUATION, sub(r'(\[closing\]\nme = ")', r"\1Answer me. "), "begins like an order"),
    (SITUATION, sub(r'(\[closing\]\nme = ")', r"\1Please do not share this. "), "left to ticks"),
    (SITUATION, sub(r'(\[closing\]\nme = ")', r"\1It has time until tomorrow. "), "sets a date"),
    (SITUATION, sub(r'body = "', 'body = "I will tell others. '), "left to ticks"),
    (SITUATION, sub(r'label = "“([^”]*)”"', r'label = "\1"'), "put it in quotation marks"),
    (ASK, sub(LEAD, r'\1 could"'), "“could could”"),
    (SITUATION, sub(r"(\[opening\]\nme = \"[^\"]*)\.\"", r'\1"'), "does not end"),
]


@pytest.mark.parametrize(("file", "edit", "told"), TOLD)
def test_bad_manners_are_told_with_file_and_key(
    words: Path, file: str, edit: Edit, told: str
) -> None:
    edit_file(words, file, edit)
    problems = problems_in(words).problems
    where = (file, SITUATION)
    assert any(told in one and any(name in one for name in where) for one in problems)


# Whole letters.


@pytest.mark.parametrize("they", THEY)
@pytest.mark.parametrize("count", ASKS)
def test_one_two_and_ten_asks_end_the_same_polite_request(count: int, they: str) -> None:
    words = english()
    for situation, level, voice in legal_combinations(words):
        asks = [
            one.id
            for section, statements in words.sections_for(situation, level)
            if section.asks
            for one in statements
        ][:count]
        answers = make_answers(situation=situation, level=level, voice=voice, they=they)
        letter = compose(replace(answers, say=tuple(asks)), words)
        assert list(letter_problems(letter, count, voice)) == []
        text = templates().letter_bodies(letter, "emma@example.org").text
        lead = "I would be grateful if you could"
        assert text.count(lead) == 1
        assert f"{lead}:\n\n- " in text if count > 1 else re.search(rf"{lead} [a-z].*\.\n", text)


def test_the_eight_starters_of_each_letter_ask_and_say_how_to_answer() -> None:
    words = english()
    for situation, level, voice in legal_combinations(words):
        letter = make_letter(situation=situation, level=level, voice=voice)
        assert letter.after_opening
        assert any(part.heading.startswith("I would be grateful") for part in letter.parts)
        assert "which of these would work, and what else might?" in letter.closing
        assert len(letter.ticked) == 8
        assert unchosen_words(letter) <= 80


def test_named_tells_the_three_facts_whatever_was_ticked() -> None:
    for situation in english().situations:
        letter = compose(make_answers(situation=situation), english())
        assert "an anxiety condition." in letter.fact
        assert "I talk freely with some people" in letter.fact
        assert "cannot speak with others. That says nothing about you." in letter.fact


def test_a_letter_that_asks_for_nothing_offers_no_reply_to_all_of_it() -> None:
    letter = compose(make_answers(say=("wait-in-silence",)), english())
    assert [reply.label for reply in letter.replies] == [
        "“Thank you, I have read this”",
        "“I have a question”",
    ]
    assert "which of these" not in letter.closing
    assert len(make_letter().replies) == 3


def test_rights_never_stand_beside_a_time() -> None:
    answers = with_starters(make_answers(situation="interview"))
    assert compose(answers, english()).closing.startswith("Could you write before the interview")
    beside = compose(replace(answers, rights="gb-work"), english())
    assert beside.rights
    assert beside.closing.startswith("Could you write to say")


@pytest.mark.parametrize(("term", "they"), [*product(TERMS, THEY)])
def test_the_wall_holds_for_both_names_and_every_person(term: str, they: str) -> None:
    wall = english().wall
    for situation, level, voice in legal_combinations(english()):
        answers = make_answers(situation=situation, level=level, voice=voice, term=term, they=they)
        letter = compose(with_all_ticks(answers), english())
        bodies = templates().letter_bodies(letter, "emma@example.org")
        assert wall.is_named_in(bodies.text) == (level == "named")
        chosen, other = ("Selective", "Situational")[:: 1 if term == "selective" else -1]
        assert (f"{chosen} Mutism" in bodies.text) == (level == "named")
        assert other not in bodies.text + bodies.html


# The form's own fields for this.


def test_who_writes_signs_the_letter_and_she_is_she() -> None:
    emma = visitor().reaches_check(
        situation="school",
        voice="child",
        says={"writer": "Anna Clark, Emma’s mother", "they": "she", "term": "situational"},
    )
    letter = emma.page.letter()
    assert "Emma has Situational Mutism, an anxiety condition. She can talk" in letter
    assert "Thank you, Anna Clark, Emma’s mother" in letter
    assert not re.search(r"\b(they|them|their|Selective)\b", letter)


def test_without_a_writer_it_is_signed_for_whom_it_is_and_the_form_asks_kindly() -> None:
    for voice in ("child", "supported"):
        lily = visitor().reaches_check(situation="school", voice=voice, says={"name": "Lily"})
        assert "Thank you, for Lily" in lily.page.letter()
        assert "Would you like to say who writes it?" in lily.page.text
        assert lily.page.soup.select_one("button.main") is not None
        nameless = visitor().reaches_check(situation="school", voice=voice, says={"name": ""})
        assert "Thank you. " in nameless.page.letter()
        assert "for my child" not in nameless.page.letter().split("Thank you. ")[1]
    signed = visitor().reaches_check(voice="child", says={"writer": "Anna Clark"})
    assert "Thank you, Anna Clark" in signed.page.letter()
    for page in (signed.page, visitor().reaches_check().page):
        assert "who writes it" not in page.text


def test_who_somebody_is_to_the_reader_follows_the_purpose_that_names_them() -> None:
    words = english()
    mine = make_answers(situation="work", say=("starting-soon", "want-to-work-well"))
    letter = compose(mine, words)
    assert letter.before_opening == ("I will be starting with you soon.",)
    assert letter.after_opening == ("I like this work, and I want to do it well.",)
    about = compose(replace(mine, voice="child"), words)
    assert about.before_opening == ()
    assert about.after_opening[0] == "Emma will be starting with you soon."


def test_one_ask_is_not_spoken_of_as_many() -> None:
    for situation, level, voice in legal_combinations(english()):
        (ask,) = (s for s in english().sections.values() if s.asks)
        one = next(s.id for s in ask.statement if s.fits(situation, level))
        answers = make_answers(situation=situation, level=level, voice=voice, say=(one,))
        letter = compose(answers, english())
        assert letter.closing == "Could you write to say if this would work, or what else might?"
        assert letter.replies[0].label == "“Yes, this works”"
        assert len(letter.replies) == 3


def test_without_a_name_a_subject_does_not_stumble() -> None:
    for situation in english().situations:
        answers = make_answers(situation=situation, name="", voice="supported")
        subject = compose(answers, english()).subject
        assert "person I support" not in subject
        assert not re.search(r"\b(my|I|me)\b", subject)
        child = compose(replace(answers, voice="child"), english()).subject
        assert child.startswith("A note about my child and")


def test_for_oneself_none_of_it_is_printed() -> None:
    emma = visitor().reaches_check(says={"writer": "Anna Clark", "they": "she"})
    assert "Anna" not in emma.page.letter()
    assert "Who writes" not in emma.page.text


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("they", "it", "Choose they, she or he."),
        ("term", "elective", "Choose one of the two names."),
        ("writer", "a" * 81, "Please make this shorter"),
        ("writer", "Anna, anna@example.org", "Take out web links"),
    ],
)
def test_a_wrong_answer_is_told_beside_its_field_and_nothing_is_lost(
    field: str, value: str, told: str
) -> None:
    emma = visitor().chooses("school")
    emma.says("named", name="Emma", voice="child", **{field: value})
    assert (emma.page.status, emma.page.path) == (422, "/letter/how-much")
    assert told in emma.page.text
    assert emma.page.soup.select_one("#name")["value"] == "Emma"  # type: ignore[index]


@pytest.mark.parametrize("level", ["described", "needs"])
def test_a_writer_that_names_it_is_asked_about_below_named(level: str) -> None:
    says = {"writer": "Anna, from the SM group"}
    emma = visitor().reaches_check(level=level, voice="child", says=says)
    assert [mark.get_text() for mark in emma.page.soup.select("mark")] == ["SM"]


def test_the_ticks_of_an_ask_stand_under_the_lead_in_of_the_letter() -> None:
    emma = visitor().chooses().says("named", name="Emma")
    groups = emma.page.soup.select("[role=group]")
    assert {group["aria-label"] for group in groups} == {
        "I would be grateful if you could",
        "When we meet, it helps if you",
    }
    under = {str(tick["value"]) for group in groups for tick in group.select("[name=say]")}
    sections = english().sections_for("volunteering", "named")
    assert under == {one.id for section, all_of in sections if section.lead for one in all_of}


def test_on_paper_a_practice_finds_lines_for_name_and_birth_and_no_mail_has_them() -> None:
    emma = visitor().reaches_check(situation="healthcare")
    assert "Date of birth" not in emma.page.text
    assert "Full name: Date of birth:" in emma.opens("/letter/print").page.letter()
    assert "Date of birth" not in emma.opens("/letter/my-letter.txt").page.html
    assert "Date of birth" not in visitor().reaches_check().opens("/letter/print").page.text


def test_the_button_of_a_level_shows_the_very_words_that_it_adds() -> None:
    emma = visitor().chooses("work").opens("/letter/how-much")
    for level in LEVELS:
        button = emma.page.soup.select_one(f".levels [value={level}]")
        assert button is not None
        fact = compose(make_answers(situation="work", level=level), english()).fact
        assert fact in button.get_text(" ", strip=True)


# Sentences of the first draft that jarred when read aloud; their kinds are looked for above.
JARRED = (
    *("How to communicate with", "This is not a choice", "What I ask", "What we ask", "Swap my"),
    *("Skip", "Mark me present", "Email me in a month", "count my written", "Judge what"),
    *("Mark what", "Replace my", "Put this on", "It helps us both", "a person I name"),
    *("Help me to finish", "better than my voice", "this week", "Share only", "I will do this"),
    *("Letter idea", "I do try", "Choose one person", "Tell everyone"),
)


def test_nothing_is_left_of_what_jarred() -> None:
    jarred = re.compile("|".join(JARRED))
    texts = [(key, text) for key, text, _ in texts_of(english())]
    assert [(key, text) for key, text in texts if jarred.search(text)] == []
    assert len(texts) > 300


def test_what_the_review_quotes_as_today_is_what_letters_say() -> None:
    review = (ROOT / "docs" / "words-review.md").read_text("utf-8")
    rows = [line.rstrip(" |").rsplit("|", 1)[-1] for line in review.splitlines() if line[:1] == "|"]
    quoted = {quote for row in rows for quote in re.findall(r'"([^"]+)"', row)}
    said = "\n".join(text for _, text, _ in texts_of(english()))
    assert [quote for quote in quoted if quote not in said] == []
    assert len(quoted) > 30
