"""A fresh Debian in a folder, booted with its own systemd, in which a host's commands are run."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .mail_tools import Missing, end_group, last_line, program, run

MIRROR: Final = "http://deb.debian.org/debian"
# Seconds for one line of a document; to install PostgreSQL takes a busy machine its time.
PATIENCE: Final = 900.0
# What a line needs from the world outside; every other one runs in the machine's own network.
_FROM_OUTSIDE: Final = ("apt-get ", "git ", ".venv/bin/pip ")
_CLONE_NEWNET: Final = 0x40000000
# The shell of a host: where it stands and what it has set outlives each line.
_SHELL: Final = """\
set -eu
touch /run/host-shell
. /run/host-shell
{line}
(set +u; for name in NAME ADDRESS SECRET; do
    eval "value=\\$$name"; [ -z "$value" ] || printf "%s='%s'\\n" "$name" "$value"
done; printf 'cd "%s"\\numask %s\\n' "$PWD" "$(umask)") > /run/host-shell.new
mv /run/host-shell.new /run/host-shell
"""


class CommandFailed(AssertionError):
    """A command ended otherwise than it should have."""


@dataclass(frozen=True)
class Debian:
    """A running machine."""

    name: str
    root: Path
    leader: int
    # The network of this campaign, by which a line reaches the world.
    outside: Path

    def types(self, line: str) -> str:
        """Run one line as a host types it, as root; what it printed. Raises CommandFailed."""
        code, said = self.tries(line)
        if code:
            sys.stdout.write("\n".join(said.splitlines()[-15:]) + "\n")
            raise CommandFailed(f"“{line[:60]}” ended with {code}: {last_line(said.encode())}")
        return said

    def tries(self, line: str) -> tuple[int, str]:
        """Run one line; how it ended, and what it printed."""
        outside = line.startswith(_FROM_OUTSIDE)
        network = f"--net={self.outside}" if outside else "--net"
        done = run(
            [
                *("nsenter", "--target", str(self.leader)),
                *("--mount", "--pid", "--uts", "--ipc", "--cgroup", network),
                *("--root", "--wdns=/", "env", "-i", *_environ(), "bash", "-c"),
                _SHELL.format(line=line),
            ],
            seconds=PATIENCE,
        )
        return done.returncode, (done.stdout + done.stderr).decode("utf-8", "replace").strip()

    def write(self, path: str, text: str) -> None:
        """Write a file, as an editor does: its owner and mode stay."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def read(self, path: str) -> str:
        """Read a file."""
        return (self.root / path.lstrip("/")).read_text("utf-8")

    @contextmanager
    def network(self) -> Iterator[None]:
        """Let this thread, and those that it starts, be in the machine's network."""
        with open(f"/proc/{self.leader}/ns/net") as there, self.outside.open() as home:
            _enter(there.fileno())
            try:
                yield
            finally:
                _enter(home.fileno())


@contextmanager
def booted(suite: str) -> Iterator[Debian]:
    """Boot a fresh Debian by systemd-nspawn, with a network of its own that leads nowhere."""
    nspawn = program("systemd-nspawn", "systemd-container")
    base = _base(suite)
    folder = Path(tempfile.mkdtemp(prefix=f"wa-{suite}-", dir=base.parent))
    root = folder / "root"
    run(["cp", "--archive", base, root], seconds=PATIENCE)
    _as_on_this_machine(root)
    command = [nspawn, "--quiet", "--register=no", "--keep-unit", "--private-network"]
    command += [f"--machine={folder.name}", f"--directory={root}", "--boot"]
    with (folder / "console").open("wb") as console:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
        )
    try:
        with open("/proc/self/ns/net") as home:
            outside = Path(f"/proc/{os.getpid()}/fd/{home.fileno()}")
            yield _once_up(process, root, outside)
    finally:
        end_group(process)
        shutil.rmtree(folder, ignore_errors=True)


def _base(suite: str) -> Path:
    """The bare Debian, made once in a folder that may be kept (HOSTS_HOUR_BASES)."""
    kept = Path(tempfile.gettempdir(), "word-ahead-debians")
    bases = Path(os.environ.get("HOSTS_HOUR_BASES", kept))
    base = bases / suite
    if not (base / "etc/debian_version").exists():
        bases.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(base, ignore_errors=True)
        bootstrap = program("debootstrap", "debootstrap")
        wanted = "--include=ca-certificates,systemd,systemd-sysv,iproute2"
        command = [bootstrap, "--variant=minbase", wanted, suite, str(base), MIRROR]
        done = run(command, seconds=PATIENCE)
        if done.returncode:
            # A network has bad moments.
            shutil.rmtree(base, ignore_errors=True)
            done = run(command, seconds=PATIENCE)
        if done.returncode:
            raise Missing(f"debootstrap {suite}: {last_line(done.stdout + done.stderr)}")
    return base


def _as_on_this_machine(root: Path) -> None:
    """Names are found, and the package registry is trusted, as on the machine that this runs on."""
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    shutil.copy("/etc/ssl/certs/ca-certificates.crt", root / "etc/hour-trusts.pem")
    hosts = "127.0.0.1 localhost letters.example.org relay.example.org\n"
    (root / "etc/hosts").write_text(Path("/etc/hosts").read_text() + hosts)
    (root / "etc/apt/apt.conf.d/80-patient").write_text('Acquire::Retries "5";\n')
    # As on any server: nothing of the terminal is waited for.
    (root / "usr/sbin/policy-rc.d").unlink(missing_ok=True)


def _environ() -> list[str]:
    return [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME=/root",
        "LANG=C.UTF-8",
        "DEBIAN_FRONTEND=noninteractive",
        "PIP_CERT=/etc/hour-trusts.pem",
        "PIP_DISABLE_PIP_VERSION_CHECK=1",
    ]


def _version(root: Path) -> str:
    return "Debian " + (root / "etc/debian_version").read_text().strip()


def _once_up(process: subprocess.Popen[bytes], root: Path, outside: Path) -> Debian:
    """The machine, once its systemd has started everything.

    systemd-nspawn's first child only prepares: whoever is its child is asked for anew each time.
    """
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    end, said = time.monotonic() + 180, ""
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError):
            for leader in children.read_text().split():
                machine = Debian(_version(root), root, int(leader), outside)
                said = machine.tries("systemctl is-system-running")[1]
                if said.split()[-1:] in (["running"], ["degraded"]):
                    return machine
        time.sleep(0.5)
    console = (root.parent / "console").read_bytes()
    raise Missing(f"{root.name} did not start: {said or last_line(console)}")


def _enter(descriptor: int) -> None:
    """setns(2) for the calling thread."""
    if ctypes.CDLL(None, use_errno=True).setns(descriptor, _CLONE_NEWNET):
        raise Missing(f"this machine's network cannot be entered: {ctypes.get_errno()}")
