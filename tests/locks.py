"""The locks: which line is meant for which machine, and what the lines ask of each other."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from itertools import product
from typing import Final

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from .builders import ROOT

# The releases on either side of each point where the locks' lines differ.
PYTHONS: Final = (
    *("3.11.0", "3.11.2", "3.11.3", "3.11.4", "3.11.5", "3.11.15"),
    *("3.12.0", "3.12.1", "3.13.0", "3.13.5", "3.14.0", "3.14.7"),
)
SUPPORTED: Final = ("3.11", "3.12", "3.13", "3.14")
MACHINES: Final = {
    "Linux": ("linux", "posix", "Linux", "x86_64"),
    "Linux on ARM": ("linux", "posix", "Linux", "aarch64"),
    "macOS": ("darwin", "posix", "Darwin", "arm64"),
    "macOS on Intel": ("darwin", "posix", "Darwin", "x86_64"),
    "Windows": ("win32", "nt", "Windows", "AMD64"),
}
# The one way to install a lock; the Makefile says it, and all else says the same.
INSTALL: Final = "".join(
    re.findall(r"^INSTALL := (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
)

Environment = Mapping[str, str]
# The roots of each lock, by the name of its file.
LOCKS: Final = ("requirements.lock", "requirements-dev.lock", "requirements-uv.lock")


@dataclass(frozen=True)
class Pin:
    """One line of a lock: one version, for the machines that its marker names."""

    name: str
    version: str
    marker: Marker | None
    hashes: int

    def is_for(self, environment: Environment) -> bool:
        """Whether a machine gets it."""
        return self.marker is None or self.marker.evaluate(dict(environment))


@dataclass(frozen=True)
class Needs:
    """What a package says of itself: on which Pythons it runs, and what it wants beside it."""

    python: str
    requirements: tuple[Requirement, ...]


def pins(lock: str) -> list[Pin]:
    """Every line of a lock that names a package."""
    return [_pin(line) for line in _lines(lock) if not line.startswith("-")]


def options(lock: str) -> list[str]:
    """What a lock says to pip beside its packages."""
    return [line for line in _lines(lock) if line.startswith("-")]


def _lines(lock: str) -> Iterator[str]:
    whole = re.sub(r"^\s*#.*\n", "", lock, flags=re.MULTILINE).replace("\\\n", " ")
    return filter(None, map(str.strip, whole.splitlines()))


def _pin(line: str) -> Pin:
    requirement, *hashes = re.split(r"\s+--hash=", line)
    read = Requirement(requirement)
    version = str(read.specifier).removeprefix("==")
    return Pin(canonicalize_name(read.name), version, read.marker, len(hashes))


@cache
def environments() -> dict[str, Environment]:
    """Every Python on every kind of machine, as a lock's markers see them, by its name."""
    return {
        f"Python {full}, {machine}": {
            "implementation_name": "cpython",
            "implementation_version": full,
            "os_name": os_name,
            "platform_machine": processor,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": system,
            "platform_version": "",
            "python_full_version": full,
            "python_version": full.rpartition(".")[0],
            "sys_platform": platform,
            "extra": "",
        }
        for full, (machine, (platform, os_name, system, processor)) in product(
            PYTHONS, MACHINES.items()
        )
    }


def wanted(lock: str) -> list[Requirement]:
    """What pyproject.toml asks of a lock."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    runtime, groups = project["project"]["dependencies"], project["dependency-groups"]
    lines = {
        "requirements.lock": runtime,
        "requirements-dev.lock": runtime + groups["dev"],
        "requirements-uv.lock": groups["lock"],
    }[lock]
    return [Requirement(line) for line in lines]


@cache
def installed_needs(pin: Pin) -> Needs | None:
    """What a package says of itself where this very version is installed; else nothing."""
    try:
        found = distribution(pin.name)
    except PackageNotFoundError:
        return None
    if found.version != pin.version:
        return None
    requirements = tuple(Requirement(line) for line in found.requires or ())
    pythons = found.metadata.get_all("Requires-Python") or [""]
    return Needs(pythons[0], requirements)


class Closure:
    """Follows what a lock's packages ask for on one machine, to the end; given its lines there."""

    def __init__(
        self,
        lock: Iterable[Pin],
        environment: Environment,
        needs: Callable[[Pin], Needs | None] = installed_needs,
    ) -> None:
        self.reached: set[Pin] = set()
        self.unread: set[Pin] = set()
        self.faults: list[str] = []
        self._pins = {pin.name: pin for pin in lock}
        self._environment, self._needs = environment, needs
        self._followed: set[tuple[str, str]] = set()

    def follow(self, requirements: Iterable[Requirement], asker: str, extra: str = "") -> None:
        """Look for each requirement's line, and then for what that package asks for."""
        environment = dict(self._environment) | {"extra": extra}
        for requirement in requirements:
            if requirement.marker and not requirement.marker.evaluate(environment):
                continue
            pin = self._pins.get(canonicalize_name(requirement.name))
            if pin is None or not requirement.specifier.contains(pin.version, prereleases=True):
                self.faults.append(f"{asker} asks for {requirement}, got {pin and pin.version}")
                continue
            for more in ("", *requirement.extras):
                self._open(pin, more)

    def _open(self, pin: Pin, extra: str) -> None:
        if (pin.name, extra) in self._followed:
            return
        self._followed.add((pin.name, extra))
        self.reached.add(pin)
        needs = self._needs(pin)
        if needs is None:
            self.unread.add(pin)
            return
        python = self._environment["python_full_version"]
        if not SpecifierSet(needs.python).contains(python):
            self.faults.append(f"{pin.name} {pin.version} is not for Python {python}")
        self.follow(needs.requirements, pin.name, extra)
