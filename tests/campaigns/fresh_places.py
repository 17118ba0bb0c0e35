"""Where a fresh clone is tried: on this machine with one of its Pythons, or in a new Debian."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from ..builders import ROOT
from ..locks import SUPPORTED
from .mail_tools import Missing, last_line, program, run

# Seconds to fetch and unpack a Debian; once more if that fails, since a network has bad moments.
_FETCHING: Final = 1200.0
# What the README asks a Debian machine to have; the certificates are there on every real one.
_PACKAGES: Final = "git,make,python3-venv,ca-certificates"
# How this machine reaches the network, and whom it trusts there; nothing else of it is passed on.
_NETWORK: Final = ("PIP_CERT", "PIP_INDEX_URL", "PIP_DEFAULT_TIMEOUT", "SSL_CERT_FILE")
_FILES: Final = (
    "etc/resolv.conf",
    "etc/hosts",
    "etc/pip.conf",
    "etc/ssl/certs/ca-certificates.crt",
)


class Place(Protocol):
    """A machine to clone to."""

    name: str
    python: str

    def clone(self, folder: Path) -> Path:
        """Clone into it; gives the folder as this machine sees it."""

    def home(self, folder: Path) -> Path:
        """An empty HOME beside the clone."""

    def command(self, folder: Path, arguments: list[str]) -> list[str]:
        """A command as it is given there, in the clone, with that HOME and little else."""

    def remove(self) -> None:
        """Leave nothing behind."""


class Here:
    """This machine, with one of its Pythons."""

    def __init__(self, python: Path) -> None:
        self.name, self.python = "this machine", str(python)

    def clone(self, folder: Path) -> Path:
        """A clone of what is committed."""
        return _cloned(folder)

    def home(self, folder: Path) -> Path:
        """An empty folder."""
        home = folder.with_name(f"{folder.name}-home")
        home.mkdir(exist_ok=True)
        return home

    def command(self, folder: Path, arguments: list[str]) -> list[str]:
        """As from a new shell."""
        environ = _environ(str(self.home(folder)))
        return ["env", "-i", f"--chdir={folder}", *environ, *arguments]

    def remove(self) -> None:
        """Nothing was made."""


class Debian:
    """A Debian of its own in a folder, with what the README asks for and nothing else."""

    def __init__(self, name: str, suite: str, root: Path) -> None:
        self.name, self.python, self._root = name, "", root
        if os.getuid():
            raise Missing(f"{name}: only root can make one in a folder")
        make = [program("debootstrap", "debootstrap"), "--variant=minbase"]
        make += [f"--include={_PACKAGES}", suite, str(root)]
        done = run(make, seconds=_FETCHING)
        if done.returncode:
            shutil.rmtree(root, ignore_errors=True)
            done = run(make, seconds=_FETCHING)
        if done.returncode:
            raise Missing(f"{name} cannot be fetched: {last_line(done.stdout)}")
        for file in _FILES:
            if Path("/", file).is_file():
                (root / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(Path("/", file).resolve(), root / file)

    def clone(self, folder: Path) -> Path:
        """A clone in its own file system."""
        return _cloned(self._root / "srv" / folder.name)

    def home(self, folder: Path) -> Path:
        """An empty folder there."""
        home = self._root / "srv" / f"{folder.name}-home"
        home.mkdir(exist_ok=True)
        return home

    def command(self, folder: Path, arguments: list[str]) -> list[str]:
        """In its file system, with processes of its own that end together."""
        inside = Path("/srv", folder.name)
        apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
        apart += [f"--mount-proc={self._root}/proc", "chroot", str(self._root)]
        environ = _environ(f"{inside}-home")
        return [*apart, "env", "-i", f"--chdir={inside}", *environ, *arguments]

    def remove(self) -> None:
        """Remove all of it."""
        shutil.rmtree(self._root, ignore_errors=True)


def pythons_here() -> Mapping[str, Path]:
    """Each supported Python on this machine that can make environments, by its version."""
    found: dict[str, Path] = {}
    for version in SUPPORTED:
        named = [shutil.which(f"python{version}"), f"/usr/bin/python{version}"]
        own = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python3"))
        for one in [*map(str, own), *filter(None, named)]:
            tried = [
                one,
                "-c",
                "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])",
            ]
            if Path(one).exists() and run(tried).stdout.decode().strip() == version:
                found[version] = Path(one)
                break
    return found


def _environ(home: str) -> list[str]:
    kept = [f"{name}={os.environ[name]}" for name in _NETWORK if name in os.environ]
    kept += [
        f"{name}={value}" for name, value in os.environ.items() if name.lower().endswith("_proxy")
    ]
    return [f"HOME={home}", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", *kept]


def _cloned(folder: Path) -> Path:
    folder.parent.mkdir(parents=True, exist_ok=True)
    git = ["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(folder)]
    subprocess.run(git, check=True, capture_output=True)
    return folder
