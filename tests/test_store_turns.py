"""One writer at a time: nobody is passed over for long, and nobody waits for ever."""

import errno
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from webapp.store.database.turns import TurnMissed, WriterTurn

HOLDER = """
import sys, time
from pathlib import Path
from webapp.store.database.turns import WriterTurn
with WriterTurn(Path(sys.argv[1])).taken(60):
    print("held", flush=True)
    time.sleep(600)
"""


def held_by_another_process(file: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(file)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_who_waits_too_long_is_told_and_a_killed_holder_leaves_the_turn(tmp_path: Path) -> None:
    file = tmp_path / "letters.db"
    process = held_by_another_process(file)
    turn = WriterTurn(file)
    try:
        with pytest.raises(TurnMissed), turn.taken(0.2):
            pytest.fail("two held the turn at once")
    finally:
        process.kill()
        process.communicate()
    with turn.taken(60):
        pass


def test_a_thread_that_holds_it_too_long_is_not_waited_for(tmp_path: Path) -> None:
    turn = WriterTurn(tmp_path / "letters.db")
    held, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with turn.taken(60):
            held.set()
            let_go.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(60)
    with pytest.raises(TurnMissed), turn.taken(0.1):
        pytest.fail("two held the turn at once")
    let_go.set()
    thread.join()


def test_a_forked_process_does_not_share_its_parents_turn(tmp_path: Path) -> None:
    turn = WriterTurn(tmp_path / "letters.db")
    with turn.taken(60):
        child = os.fork()
        if child == 0:
            turn.forget()
            try:
                with turn.taken(0.2):
                    os._exit(1)
            except TurnMissed:
                os._exit(0)
        assert os.waitpid(child, 0)[1] == 0, "parent and child held it at once"


def test_the_next_writer_begins_soon_after_the_one_before(tmp_path: Path) -> None:
    """Not a measure of speed: SQLite's own waits grow to a tenth of a second and more."""
    turn = WriterTurn(tmp_path / "letters.db")
    other = WriterTurn(tmp_path / "letters.db")
    order: list[str] = []

    def wait() -> None:
        with other.taken(60):
            order.append("next")

    with turn.taken(60):
        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(0.05)
        order.append("first")
    thread.join(60)
    assert order == ["first", "next"]


def test_its_file_belongs_to_nobody_else(tmp_path: Path) -> None:
    with WriterTurn(tmp_path / "letters.db").taken(60):
        pass
    assert (tmp_path / "letters.db-turn").stat().st_mode & 0o077 == 0
    assert (tmp_path / "letters.db-turn").read_bytes() == b""


def test_a_child_that_outlives_the_turn_in_which_it_was_forked_keeps_nothing(
    tmp_path: Path,
) -> None:
    turn = WriterTurn(tmp_path / "letters.db")
    with turn.taken(60):
        child = os.fork()
        if child == 0:
            time.sleep(600)
            os._exit(0)
    try:
        with turn.taken(60):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_what_root_makes_belongs_to_whom_the_database_belongs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a chore from root's crontab keeps the service from writing."""
    file = tmp_path / "letters.db"
    file.touch()
    somebody = 65534 if os.geteuid() == 0 else os.geteuid()
    os.chown(file, somebody, -1)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with WriterTurn(file).taken(60):
        pass
    assert (tmp_path / "letters.db-turn").stat().st_uid == somebody


def test_where_the_file_system_knows_no_turns_sqlites_own_locks_are_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(_file: int, _how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", unknown)
    written = []
    with WriterTurn(tmp_path / "letters.db").taken(60):
        written.append("a row")
    assert written


def test_a_link_in_its_place_is_not_followed_and_gives_nothing_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever owns the folder could otherwise have root hand over a file of root's."""
    file, theirs = tmp_path / "letters.db", tmp_path / "somebody-elses"
    file.touch()
    theirs.touch()
    if os.geteuid() == 0:
        os.chown(file, 65534, -1)
    owner = theirs.stat().st_uid
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    (tmp_path / "letters.db-turn").symlink_to(theirs)
    with pytest.raises(OSError, match="symbolic"), WriterTurn(file).taken(60):
        pytest.fail("the link was followed")
    assert theirs.stat().st_uid == owner
