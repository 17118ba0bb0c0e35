"""NeoMutt, driven by its own `push`, in a terminal of this program's."""

from __future__ import annotations

import os
import pty
import subprocess
import threading
from pathlib import Path
from typing import Final

from ..mail_server import real_server
from .mail_tools import end_group, first_line, program, run
from .programs_shared import EMMA, READER, Sent, newest

# Seconds; it needs one.
_PATIENCE: Final = 60.0
_RC: Final = """\
set folder="{folder}" spoolfile="{folder}/box" mbox_type=Maildir
set from="{emma}" realname="Emma" use_domain=no hostname=example.org
set smtp_url="smtp://127.0.0.1:{port}/" ssl_starttls=no ssl_force_tls=no
set editor=true autoedit=yes fast_reply=yes abort_unmodified=no abort_nosubject=no
set include=yes reply_to=yes bounce=yes copy=no move=no confirmappend=no delete=no quit=yes
set wait_key=no sleep_time=0 mime_forward={attached} charset=utf-8
"""
_MODES: Final = {
    "inline": "<first-entry><forward-message>{reader}<enter><send-message>",
    "attached": "<first-entry><forward-message>{reader}<enter><send-message>",
    "answered": "<first-entry><reply><send-message>",
    "redirected": "<first-entry><bounce-message>{reader}<enter>",
}


def drive(letter: bytes, folder: Path) -> Sent:
    """What NeoMutt sends in each mode. Raises Missing."""
    neomutt = program("neomutt", "neomutt")
    version = first_line(run([neomutt, "-v"]).stdout)
    box = folder / "box"
    for name in ("cur", "new", "tmp"):
        (box / name).mkdir(parents=True)
    (box / "cur" / "1.letter:2,S").write_bytes(letter)
    sent = Sent(version)
    for mode, keys in _MODES.items():
        with real_server() as relay:
            rc = folder / "neomuttrc"
            rc.write_text(
                _RC.format(
                    folder=folder,
                    emma=EMMA,
                    port=relay.server.port,
                    attached="yes" if mode == "attached" else "no",
                )
            )
            push = keys.format(reader=READER) + "<quit>"
            _in_a_terminal([neomutt, "-F", str(rc), "-e", f'push "{push}"'], folder)
            sent.by_mode[mode] = newest(relay)
    return sent


def _in_a_terminal(command: list[str], home: Path) -> None:
    """Run a program that wants a terminal, to its end; nobody reads what it draws."""
    ours, its = pty.openpty()
    environ = os.environ | {"TERM": "xterm", "HOME": str(home), "LC_ALL": "C.UTF-8"}
    process = subprocess.Popen(
        command, stdin=its, stdout=its, stderr=its, start_new_session=True, env=environ
    )
    os.close(its)
    threading.Thread(target=_drain, args=(ours,), daemon=True).start()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        end_group(process)


def _drain(terminal: int) -> None:
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:
        # The program has ended.
        os.close(terminal)
