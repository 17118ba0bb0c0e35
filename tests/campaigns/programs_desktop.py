"""Evolution and Claws Mail, driven by keys and the mouse on a screen that nobody sees (Xvfb)."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..mail_server import RealServer, real_server
from .mail_tools import Missing, end_group, first_line, program, run
from .programs_shared import EMMA, READER, Sent, newest

_SIZE: Final = "1400x1000x24"
# Seconds until a window is there; on a busy machine a first start takes its time.
_PATIENCE: Final = 60.0
# Seconds between two strokes that a program has to follow.
_STROKE: Final = 1.5

_EVOLUTION_SETTINGS: Final = {
    "prompt-check-if-default-mailer": "false",
    "prompt-on-accel-send": "false",
    "prompt-on-unwanted-html": "false",
    "prompt-on-invalid-recip": "false",
    "composer-mode": "html",
    "layout": "1",
}
_SOURCES: Final = {
    "account": "[Mail Account]\nBackendName=none\nIdentityUid=identity\nNeedsInitialSetup=false\n",
    "identity": f"[Mail Identity]\nAddress={EMMA}\nName=Emma\nSignatureUid=none\n\n"
    "[Mail Composition]\nDraftsFolder=folder://local/Drafts\n\n"
    "[Mail Submission]\nSentFolder=folder://local/Sent\nTransportUid=transport\n",
    "transport": "[Mail Transport]\nBackendName=smtp\n\n"
    "[Authentication]\nHost=127.0.0.1\nMethod=none\nPort={port}\nUser=\n\n"
    "[Security]\nMethod=none\n",
}
_CLAWS_ACCOUNT: Final = f"""[Account: 1]
account_name=Emma
is_default=1
name=Emma
address={EMMA}
protocol=5
smtp_server=127.0.0.1
set_smtpport=1
smtp_port={{port}}
ssl_smtp=0
use_smtp_auth=0
set_domain=1
domain=example.org
"""
_CLAWS_FOLDERS: Final = """<?xml version="1.0" encoding="UTF-8"?>
<folderlist><folder type="mh" name="Mailbox" path="{mail}">
<folderitem type="inbox" name="inbox" path="inbox"/>
<folderitem type="outbox" name="sent" path="sent"/>
<folderitem type="draft" name="draft" path="draft"/>
<folderitem type="queue" name="queue" path="queue"/>
<folderitem type="trash" name="trash" path="trash"/>
</folder></folderlist>
"""
_CLAWS_KEYS: Final = {
    "inline": ("Forward", "ctrl+alt+f", "<Primary><Alt>f"),
    "attached": ("ForwardAtt", "ctrl+alt+a", "<Primary><Alt>a"),
    "answered": ("Reply", "ctrl+alt+r", "<Primary><Alt>r"),
    "redirected": ("Redirect", "ctrl+alt+d", "<Primary><Alt>d"),
}


@dataclass(frozen=True)
class Screen:
    """A screen with a window manager and a session bus of its own."""

    environ: dict[str, str]

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a program on it."""
        return subprocess.Popen(
            command,
            env=self.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def does(self, *command: str) -> str:
        """Run a short program on it; what it wrote."""
        done = subprocess.run(command, env=self.environ, capture_output=True, timeout=_PATIENCE)
        return done.stdout.decode("utf-8", "replace").strip()

    def window(self, title: str) -> str:
        """The window with this title (a regular expression), in front. Raises Missing."""
        end = time.monotonic() + _PATIENCE
        while time.monotonic() < end:
            found = self.does("xdotool", "search", "--onlyvisible", "--name", title).split()
            if found:
                self.does("xdotool", "windowactivate", found[-1])
                return found[-1]
            time.sleep(0.3)
        raise Missing(f"no window “{title}” came")

    def presses(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            self.does("xdotool", "key", key)
            time.sleep(0.2)
        time.sleep(_STROKE)

    def clicks(self, x: int, y: int) -> None:
        """Click at a place of the screen."""
        self.does("xdotool", "mousemove", str(x), str(y), "click", "1")
        time.sleep(_STROKE)

    def types(self, text: str) -> None:
        """Type a text."""
        self.does("xdotool", "type", "--delay", "30", text)
        time.sleep(_STROKE)


@contextmanager
def screen(home: Path) -> Iterator[Screen]:
    """A screen that nobody sees; whatever runs on it ends with it. Raises Missing."""
    for name, package in (
        ("Xvfb", "xvfb"),
        ("openbox", "openbox"),
        ("xdotool", "xdotool"),
        ("dbus-daemon", "dbus"),
        ("gsettings", "libglib2.0-bin"),
    ):
        program(name, package)
    (home / "run").mkdir(mode=0o700)
    environ = os.environ | {
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home / "run"),
        "GDK_BACKEND": "x11",
        "WEBKIT_DISABLE_COMPOSITING_MODE": "1",
        "LC_ALL": "C.UTF-8",
    }
    # Without -noreset it throws everybody out when the only one leaves: xdotool, say, before the
    # window manager has come.
    xvfb = ["Xvfb", "-displayfd", "1", "-screen", "0", _SIZE, "-noreset"]
    display, shows = _started(xvfb, environ)
    environ["DISPLAY"] = f":{shows}"
    bus, address = _started(["dbus-daemon", "--session", "--nofork", "--print-address=1"], environ)
    environ["DBUS_SESSION_BUS_ADDRESS"] = address
    found = Screen(environ)
    manager = found.start("openbox")
    try:
        yield found
    finally:
        for process in (manager, bus, display):
            end_group(process)


def _started(
    command: Sequence[str], environ: dict[str, str]
) -> tuple[subprocess.Popen[bytes], str]:
    """A program that writes one line when it is ready, and that line."""
    process = subprocess.Popen(
        command,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline().decode().strip()
    if not line:
        end_group(process)
        raise Missing(f"{command[0]} did not start")
    return process, line


# ------------------------------------------------------------------ Evolution


def drive_evolution(letter: bytes, folder: Path) -> Sent:
    """What Evolution sends in each mode. Raises Missing."""
    evolution = program("evolution", "evolution")
    sent = Sent(first_line(run([evolution, "--version"]).stdout))
    with real_server() as relay, screen(folder) as seen:
        sources = folder / ".config" / "evolution" / "sources"
        sources.mkdir(parents=True)
        for name, text in _SOURCES.items():
            head = "[Data Source]\nDisplayName=Emma\nEnabled=true\nParent=\n\n"
            text = text.replace("{port}", str(relay.server.port))
            (sources / f"{name}.source").write_text(head + text)
        for name, value in _EVOLUTION_SETTINGS.items():
            _evolution_set(seen, name, value)
        # Its first start makes the folders; a letter that lies in them at the second one is seen.
        first = seen.start("evolution", "--component=mail")
        seen.window("^Mail$")
        time.sleep(2)
        seen.does("evolution", "--quit")
        with suppress(subprocess.TimeoutExpired):
            first.wait(_PATIENCE)
        box = folder / ".local" / "share" / "evolution" / "mail" / "local" / "cur"
        (box / "1700000000.1.letter:2,S").write_bytes(letter)
        seen.start("evolution", "--component=mail")
        seen.does("xdotool", "windowsize", seen.window("^Mail$"), "1380", "900")
        seen.clicks(78, 197)
        time.sleep(2)
        seen.clicks(300, 200)
        for mode in ("inline", "attached", "answered", "redirected"):
            sent.by_mode[mode] = _evolution_sends(seen, relay, mode)
        seen.does("evolution", "--quit")
    return sent


def _evolution_set(seen: Screen, name: str, value: str) -> None:
    seen.does("gsettings", "set", "org.gnome.evolution.mail", name, value)


def _evolution_sends(seen: Screen, relay: RealServer, mode: str) -> bytes | None:
    before = len(relay.mails)
    seen.window("^Inbox")
    if mode in ("inline", "attached"):
        _evolution_set(seen, "forward-style-name", mode)
        time.sleep(1)
        seen.presses("ctrl+f")
        seen.window("^Fwd: ")
    elif mode == "answered":
        seen.presses("ctrl+r")
        seen.window("^Re: ")
    else:
        # Message, Forward As (the tenth entry that can be chosen), and there the last entry.
        seen.presses("alt+m", *["Down"] * 9, "Right", "Up", "Return")
        # Its window has the old receiver in the field "To", which gives way to the new one.
        window = seen.window("^A note from ")
        time.sleep(2)
        seen.does("xdotool", "mousemove", "--window", window, "333", "180", "click", "1")
        seen.presses("ctrl+a")
    time.sleep(2)
    if mode != "answered":
        seen.types(READER)
    seen.presses("ctrl+Return")
    return newest(relay, before)


# ------------------------------------------------------------------ Claws Mail


def drive_claws(letter: bytes, folder: Path) -> Sent:
    """What Claws Mail sends in each mode; it writes plain text only. Raises Missing."""
    claws = program("claws-mail", "claws-mail")
    sent = Sent(first_line(run([claws, "--version"]).stdout))
    mail, own = folder / "Mail", folder / ".claws-mail"
    for name in ("inbox", "sent", "draft", "queue", "trash"):
        (mail / name).mkdir(parents=True)
    own.mkdir()
    (mail / "inbox" / "1").write_bytes(letter)
    keys = (
        f'(gtk_accel_path "<Actions>/Menu/Message/{action}" "{accel}")'
        for action, _, accel in _CLAWS_KEYS.values()
    )
    (own / "menurc").write_text("\n".join(keys) + "\n")
    (own / "clawsrc").write_text("[Common]\nconfig_version=4\nenable_aspell=0\n")
    (own / "folderlist.xml").write_text(_CLAWS_FOLDERS.format(mail=mail))
    with real_server() as relay, screen(folder) as seen:
        (own / "accountrc").write_text(_CLAWS_ACCOUNT.format(port=relay.server.port))
        running = seen.start("claws-mail", "--select", "#mh/Mailbox/inbox/1")
        seen.window("Claws Mail")
        time.sleep(2)
        for mode, (_, key, _) in _CLAWS_KEYS.items():
            before = len(relay.mails)
            seen.window("Claws Mail")
            seen.presses(key)
            time.sleep(1)
            if mode != "answered":
                seen.types(READER)
            seen.presses("ctrl+Return")
            sent.by_mode[mode] = newest(relay, before)
        end_group(running)
    return sent
