"""A host's chores in the shell: tables, purge, figures; each says what it did or what misses."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from webapp.post import Result
from webapp.store.database import Database
from webapp.store.ledger import CODE, RECEIPT, Kind, Ledger, Reservation, ToOwn
from webapp.store.sealing import Sealer
from webapp.store.waiting import WaitingLetters

from .builders import ROOT
from .databases import Clock, PostgreSQL, fresh_postgresql
from .direct import DAY, DIRECT, HOUR

ENVIRON = {
    "SECRET_KEY": DIRECT.secret_key,
    "PUBLIC_URL": "https://letters.example",
    "MAIL_URL": "smtp://localhost:1025",
    "MAIL_FROM": "letters@wordahead.example",
    "HOST_NAME": "The Willow Group",
    "HOST_CONTACT": "hello@willow.example",
}
# Long before every test: whatever was put then is past its time.
LONG_AGO = Clock(1_000_000_000)


def _flask(*command: str, typed: str = "", **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "webapp", *command],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | ENVIRON | environ,
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )


def _url(folder: Path) -> str:
    return f"sqlite:///{folder}/private/word-ahead.db"


def _is_current(url: str) -> bool:
    with closing(Database(url)) as database:
        return database.is_current()


def _ledger(url: str, clock: Clock | None = None) -> Ledger:
    database = Database(url, clock=clock, counts=True)
    database.start()
    return Ledger(database, DIRECT.keys)


def test_upgrade_makes_the_tables_of_sqlite_and_says_so(tmp_path: Path) -> None:
    done = _flask("database", "upgrade", DATABASE_URL=_url(tmp_path))
    assert (done.returncode, done.stdout) == (0, "The tables are up to date.\n")
    assert _is_current(_url(tmp_path))


def test_upgrade_makes_the_tables_of_postgresql_and_may_come_twice(postgresql: PostgreSQL) -> None:
    url = fresh_postgresql(postgresql)
    for _ in range(2):
        assert _flask("database", "upgrade", DATABASE_URL=url).returncode == 0
    assert _is_current(url)


def test_the_release_step_of_a_platform_leaves_nothing_where_no_mail_leaves(tmp_path: Path) -> None:
    procfile = (ROOT / "Procfile").read_text("utf-8")
    (release,) = (line for line in procfile.splitlines() if line.startswith("release: "))
    command = release.removeprefix("release: flask --app webapp ").split()
    done = _flask(*command, MAIL_URL="none", DATABASE_URL=_url(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    assert "MAIL_URL=none: no mail leaves, and nothing is kept." in done.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["purge", "counts", "block"])
def test_where_no_mail_leaves_no_chore_makes_a_database(tmp_path: Path, command: str) -> None:
    typed = "patel@vets.example.org\n"
    done = _flask(command, typed=typed, MAIL_URL="none", DATABASE_URL=_url(tmp_path))
    assert done.returncode == 1
    assert done.stderr == "Error: MAIL_URL=none: no mail leaves, and nothing is kept.\n"
    assert list(tmp_path.iterdir()) == []


def test_purge_deletes_what_is_past_its_time_and_nothing_else(tmp_path: Path) -> None:
    """R60."""
    url = _url(tmp_path)
    for clock in (LONG_AGO, None):
        _ledger(url, clock).reserve(ToOwn("192.0.2.1", "emma@home.example.org"))
        database = Database(url, clock=clock)
        database.start()
        letters = WaitingLetters(database, Sealer(DIRECT.keys, cost=2), life=HOUR)
        if clock is LONG_AGO:
            letters.put(b"a letter")
    ticket = letters.put(b"another letter")
    done = _flask("purge", DATABASE_URL=url)
    assert done.returncode == 0
    assert done.stdout.endswith(" rows deleted.\n")
    assert letters.open(ticket.token, ticket.code)
    assert _flask("purge", DATABASE_URL=url).stdout == "0 rows deleted.\n"


def test_counts_shows_each_days_figures_and_hides_those_under_five(tmp_path: Path) -> None:
    url = _url(tmp_path)
    ledger = _ledger(url, Clock(20_000 * DAY))
    for outcome, number in ((Result.SENT, 5), (Result.NOT_SENT, 4)):
        for _ in range(number):
            ledger.settle(Reservation((), 20_000 * DAY, kind=Kind("work", "named")), outcome)
    ledger.settle(Reservation((), 20_000 * DAY, kind=CODE), Result.NOT_SENT, "login")
    for _ in range(5):
        ledger.note(RECEIPT, "sent")
    assert _flask("counts", DATABASE_URL=url).stdout.splitlines() == [
        "day         what     level  outcome    number",
        "2024-10-04  code     -      not-sent  under 5",
        "2024-10-04  receipt  -      sent            5",
        "2024-10-04  relay    -      login           1",
        "2024-10-04  work     named  not-sent  under 5",
        "2024-10-04  work     named  sent            5",
    ]


def test_what_a_limit_stopped_is_in_the_figures_by_the_limits_name(tmp_path: Path) -> None:
    url = _url(tmp_path)
    ledger = _ledger(url, Clock(20_000 * DAY))
    for _ in range(10):
        ledger.reserve(ToOwn("192.0.2.1", "emma@home.example.org"))
    assert _flask("counts", DATABASE_URL=url).stdout.splitlines()[1:] == [
        "2024-10-04  limit  -      own-six-hours       5"
    ]


SERVICE = pwd.getpwnam("nobody")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@as_root
@pytest.mark.parametrize(
    "command",
    [("database", "upgrade"), ("purge",), ("counts",), ("block",), ("host", "check")],
)
@pytest.mark.parametrize("is_made", [False, True])
def test_root_leaves_no_files_where_the_service_has_its_own(
    command: tuple[str, ...], is_made: bool, tmp_path: Path
) -> None:
    url = _url(tmp_path)
    folder = tmp_path / "private"
    folder.mkdir()
    if is_made:
        _ledger(url)
    before = sorted(one.name for one in folder.iterdir())
    for one in (folder, *folder.iterdir()):
        os.chown(one, SERVICE.pw_uid, SERVICE.pw_gid)
    done = _flask(*command, DATABASE_URL=url, typed="emma@home.example.org\n")
    assert done.returncode != 0
    assert "docs/deploy/word-ahead" in done.stderr
    assert done.stderr.count("\n") == 1
    assert sorted(one.name for one in folder.iterdir()) == before


@as_root
@pytest.mark.parametrize("owner", [0, 60_123])
def test_root_goes_on_where_all_is_roots_or_of_nobody_known_as_in_a_container(
    owner: int, tmp_path: Path
) -> None:
    (tmp_path / "private").mkdir()
    os.chown(tmp_path / "private", owner, owner)
    assert _flask("purge", DATABASE_URL=_url(tmp_path)).returncode == 0


@pytest.mark.parametrize("command", [("database", "upgrade"), ("purge",), ("counts",)])
def test_a_missing_setting_is_named_in_one_line(command: tuple[str, ...], tmp_path: Path) -> None:
    done = _flask(*command, SECRET_KEY="", DATABASE_URL=_url(tmp_path))
    assert done.returncode != 0
    assert done.stderr.strip().splitlines() == [
        "SECRET_KEY is not set. README.md says what it is for."
    ]


@pytest.mark.parametrize("command", [("database", "upgrade"), ("purge",), ("counts",), ("block",)])
def test_a_database_that_is_away_is_one_line_without_its_address(command: tuple[str, ...]) -> None:
    away = "postgresql://emma:hunter2@127.0.0.1:1/nothing"
    done = _flask(*command, DATABASE_URL=away, typed="patel@vets.example.org\n")
    assert done.returncode == 1
    assert done.stdout == ""
    told = [line for line in done.stderr.splitlines() if "event=database-away" not in line]
    assert told == [
        "Error: DATABASE_URL: the database failed: OperationalError."
        " `flask --app webapp host check` says why."
    ]
    assert not [one for one in ("emma", "hunter2", "127.0.0.1", "patel") if one in done.stderr]


def test_an_address_can_be_blocked_before_the_first_start(tmp_path: Path) -> None:
    url = _url(tmp_path)
    done = _flask("block", DATABASE_URL=url, typed="patel@vets.example.org\n")
    assert (done.returncode, done.stderr) == (0, "")
    assert _ledger(url).is_blocked("Patel@vets.example.org")


@pytest.mark.parametrize("command", [("purge",), ("counts",)])
def test_tables_that_were_never_made_are_told_in_one_line(
    command: tuple[str, ...], postgresql: PostgreSQL
) -> None:
    done = _flask(*command, DATABASE_URL=fresh_postgresql(postgresql))
    assert done.returncode != 0
    assert "database upgrade" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [("purge",), ("counts",)])
def test_on_the_first_day_of_an_sqlite_file_there_is_nothing_to_do(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    assert _flask(*command, DATABASE_URL=_url(tmp_path)).returncode == 0
