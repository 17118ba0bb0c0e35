"""What holds for every test."""

import ipaddress
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from webapp import errors

from .builders import MAIL_TEMPLATES

# A machine may stall in the middle of an example; that says nothing of ours.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")

pytest_plugins = ["tests.databases", "tests.direct", "tests.ledgers", "tests.waiting_letters"]


class OutsideReached(RuntimeError):
    """A test tried to leave this machine; no OSError, which code could take for a dead network."""


def _is_here(host: object) -> bool:
    """Whether a host, as a socket call gets it, is this machine."""
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if host in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def _only_here(call: Callable[..., Any], host_of: Callable[..., object]) -> Callable[..., Any]:
    """The same socket call, refused when it would leave this machine."""

    def guarded(*args: Any, **kwargs: Any) -> Any:
        host = host_of(*args, **kwargs)
        if not _is_here(host):
            raise OutsideReached(f"tests stay on this machine, but one wanted {host!r}")
        return call(*args, **kwargs)

    return guarded


def _host_of_address(connection: socket.socket, *args: Any) -> object:
    """The host of connect(address) and of sendto(data, [flags,] address)."""
    inet = connection.family in (socket.AF_INET, socket.AF_INET6)
    return args[-1][0] if inet else None


@pytest.fixture(scope="session", autouse=True)
def _no_test_leaves_this_machine() -> Iterator[None]:
    """Close every way out but loopback."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "sendto"):
            call = _only_here(getattr(socket.socket, name), _host_of_address)
            patch.setattr(socket.socket, name, call)
        look_up = _only_here(socket.getaddrinfo, lambda host, *_args, **_more: host)
        patch.setattr(socket, "getaddrinfo", look_up)
        yield


@pytest.fixture(autouse=True)
def _log_has_said_nothing() -> None:
    """A line that one test had said would else be missed by the next, for a minute."""
    errors.forget()


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """A copy of the words, in their folder beside the mail templates, that a test may break."""
    shutil.copytree(MAIL_TEMPLATES, tmp_path, dirs_exist_ok=True)
    return tmp_path / "words"
