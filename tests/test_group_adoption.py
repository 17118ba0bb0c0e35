"""What a group decided gets into the words' files: whole or not at all, comments kept."""

from __future__ import annotations

import datetime
import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask

from webapp import cli
from webapp.errors import BallotError
from webapp.group.adoption import adopt
from webapp.group.ballots import Wording
from webapp.group.counting import Decided
from webapp.group.result import Count, Result, as_text, read_result, result_of
from webapp.letter.words import load

from .builders import english

WAIT = english().statements["wait-in-silence"]
TODAY = Wording(WAIT.me, WAIT.them)
KINDER = Wording("ask once, and then wait a while.", "ask {them} once, and then wait a while.")
DAY = datetime.date(2026, 12, 1)


def result(*decided: Decided, ballots: int = 7) -> Result:
    return result_of(Count("Example Circle", DAY, 2, ballots), decided)


def reworded(wording: Wording = KINDER, today: Wording = TODAY) -> Decided:
    return Decided("wait-in-silence", "reworded", today, wording, (6, 1))


def section(words: Path) -> Path:
    return words / "en" / "statements" / f"{WAIT.section}.toml"


def test_a_new_wording_stands_with_its_certificate_and_what_stood_there_before(words: Path) -> None:
    file = section(words)
    comments = [line for line in file.read_text("utf-8").splitlines() if line.startswith("#")]
    assert adopt(result(reworded()), words.parent, "en") == [f"words/en/statements/{file.name}"]
    statement = load(words).words("en").statements["wait-in-silence"]
    assert (statement.me, statement.them) == (KINDER.me, KINDER.them)
    assert statement.agreed
    assert (statement.agreed.by, statement.agreed.on) == ("Example Circle", DAY)
    assert (statement.agreed.votes_for, statement.agreed.against) == (6, 1)
    assert [(b.me, b.until) for b in statement.before] == [(TODAY.me, DAY)]
    kept = file.read_text("utf-8").splitlines()
    assert [line for line in kept if line.startswith("#")] == comments


def test_the_rest_of_the_file_is_as_it_was(words: Path) -> None:
    before = tomllib.loads(section(words).read_text("utf-8"))
    adopt(result(reworded()), words.parent, "en")
    after = tomllib.loads(section(words).read_text("utf-8"))
    for table in before["statement"], after["statement"]:
        table[:] = [one for one in table if one["id"] != "wait-in-silence"]
    assert before == after


def test_an_agreed_sentence_keeps_its_words_and_gets_the_certificate(words: Path) -> None:
    agreed = Decided("wait-in-silence", "agreed", TODAY, TODAY, (7, 0))
    adopt(result(agreed), words.parent, "en")
    statement = load(words).words("en").statements["wait-in-silence"]
    assert statement.me == TODAY.me
    assert statement.agreed
    assert statement.before == ()


def test_a_new_wording_of_an_agreed_sentence_keeps_who_had_agreed_to_the_old_one(
    words: Path,
) -> None:
    adopt(result(Decided("wait-in-silence", "agreed", TODAY, TODAY, (7, 0))), words.parent, "en")
    later = result_of(Count("Another Circle", DAY.replace(month=6), 1, 9), [reworded()])
    adopt(later, words.parent, "en")
    statement = load(words).words("en").statements["wait-in-silence"]
    assert statement.agreed
    assert statement.agreed.by == "Another Circle"
    (before,) = statement.before
    assert before.agreed
    assert (before.agreed.by, before.agreed.on, before.agreed.votes_for) == (
        "Example Circle",
        DAY,
        7,
    )
    assert (before.me, before.until) == (TODAY.me, DAY.replace(month=6))


def test_below_five_ballots_no_count_is_written_or_told(words: Path) -> None:
    few = result(reworded(), ballots=4)
    assert '"for"' not in few.as_json()
    assert "for," not in as_text(few)
    adopt(few, words.parent, "en")
    agreed = load(words).words("en").statements["wait-in-silence"].agreed
    assert agreed
    assert agreed.votes_for is None


@pytest.mark.parametrize(
    ("decided", "told"),
    [
        (reworded(today=KINDER), "has changed since the group saw it"),
        (reworded(Wording("ask {boss} once.", KINDER.them)), "boss"),
        (
            reworded(Wording("wait, since I have Selective Mutism.", KINDER.them)),
            "do not pass their check",
        ),
        (Decided("no-such", "agreed", TODAY, TODAY, (7, 0)), "no sentence “no-such” any more"),
        (Decided("wait-in-silence", "open", TODAY, TODAY, (1, 2)), "Nothing in this result"),
    ],
)
def test_what_cannot_be_adopted_changes_no_file(words: Path, decided: Decided, told: str) -> None:
    fine = Decided("i-understand", "agreed", *_of("i-understand"), (7, 0))
    before = {path: path.read_bytes() for path in words.rglob("*.toml")}
    with pytest.raises(BallotError, match=told):
        adopt(result(decided, *([fine] if decided.decision != "open" else [])), words.parent, "en")
    assert {path: path.read_bytes() for path in words.rglob("*") if path.is_file()} == before


def _of(sentence: str) -> tuple[Wording, Wording]:
    statement = english().statements[sentence]
    wording = Wording(statement.me, statement.them)
    return wording, wording


def test_a_file_that_cannot_be_written_puts_the_others_back(
    words: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = next(
        s
        for s in english().statements.values()
        if s.section != WAIT.section and s.situations == "all"
    )
    both = result(reworded(), Decided(other.id, "agreed", *_of(other.id), (7, 0)))
    before = {path: path.read_bytes() for path in words.rglob("*.toml")}
    monkeypatch.setattr("webapp.group.adoption.os.replace", _second_time_full(words))
    with pytest.raises(BallotError, match="could not be written"):
        adopt(both, words.parent, "en")
    assert {path: path.read_bytes() for path in words.rglob("*.toml")} == before


def _second_time_full(words: Path) -> object:
    done: list[Path] = []

    def replace(fresh: Path, path: Path) -> None:
        if done:
            raise OSError(28, "No space left on device")
        done.append(path)
        fresh.rename(path)

    return replace


def test_a_result_reads_back_as_it_was_written() -> None:
    made = result(
        reworded(), Decided("i-understand", "open", *_of("i-understand"), (1, 2), (KINDER,))
    )
    assert read_result(made.as_json(), "r.json") == made


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"round": 4}, "r.json: round"),
        ({"by": ""}, "r.json: by"),
        ({"names": ["Emma"]}, "r.json: names"),
        ({"made_for": "another tool"}, "r.json: made_for"),
    ],
)
def test_a_result_that_was_not_made_here_is_refused_by_its_key(
    change: dict[str, object], told: str
) -> None:
    table = json.loads(result(reworded()).as_json()) | change
    with pytest.raises(BallotError, match=told):
        read_result(json.dumps(table), "r.json")


def test_from_ballot_to_letter_in_the_shell(words: Path, tmp_path: Path) -> None:
    app = Flask(__name__)
    cli.init_app(app, words.parent)
    shell = CliRunner()

    def run(*command: str) -> str:
        done = shell.invoke(app.cli, ["words", *command])
        assert done.exit_code == 0, done.output
        return done.stdout

    empty = run("ballot", "wait-in-silence", "i-understand")
    files = []
    for number, (first, other) in enumerate([("send", "send")] * 4 + [("change", "send")] * 2):
        rows = empty.splitlines()
        rows[1] = rows[1].removesuffix(",,,,,") + f",{first},order,{KINDER.me!r},,".replace(
            "'", '"'
        )
        rows[2] = rows[2].removesuffix(",,,,,") + f",{other},,,,"
        files.append(tmp_path / f"{number}.csv")
        files[-1].write_text("\n".join(rows) + "\n", "utf-8")
    first_result = tmp_path / "first.json"
    first_result.write_text(run("tally", *map(str, files), "--by", "Example Circle"), "utf-8")
    decided = {
        d.sentence: d.decision for d in read_result(first_result.read_text(), "f").decisions()
    }
    assert decided == {"wait-in-silence": "open", "i-understand": "agreed"}
    second = tmp_path / "second.csv"
    weights = {"today": "2", "a": "0"}
    rows = run("ballot", "--second", str(first_result)).splitlines()
    second.write_text(
        "\n".join(
            [
                rows[0],
                *(f"{n}{row}{weights[row.split(',')[2]]}" for n in range(6) for row in rows[1:]),
            ]
        ),
        "utf-8",
    )
    final = tmp_path / "final.json"
    final.write_text(
        run("tally", str(second), "--by", "Example Circle", "--first", str(first_result)), "utf-8"
    )
    assert "changed: words/en/statements" in run("adopt", str(final))
    english_now = load(words).words("en").statements
    assert english_now["wait-in-silence"].me == KINDER.me
    assert english_now["i-understand"].agreed


def test_what_cannot_be_read_is_one_sentence_and_exit_2(words: Path, tmp_path: Path) -> None:
    app = Flask(__name__)
    cli.init_app(app, words.parent)
    broken = tmp_path / "broken.csv"
    broken.write_text("nothing\n", "utf-8")
    done = CliRunner().invoke(app.cli, ["words", "tally", str(broken), "--by", "X"])
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1
