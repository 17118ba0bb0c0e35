"""What stands in for the world around a host: an ACME server, a repository, a visitor by HTTPS."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any, Final

from ..builders import ROOT
from ..pages import Page
from ..served import Caller
from .debian import PATIENCE, Debian
from .mail_tools import Missing, run

SITE: Final = "letters.example.org"


class _Here(http.client.HTTPSConnection):
    """The site's name leads to the machine whose network this thread is in."""

    context: ssl.SSLContext

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", 443), 30)
        self.sock = self.context.wrap_socket(plain, server_hostname=SITE)


class _Handler(urllib.request.HTTPSHandler):
    def __init__(self, trusted: ssl.SSLContext) -> None:
        super().__init__()
        self._trusted = trusted

    def https_open(self, request: urllib.request.Request) -> Any:
        here: Any = type("Here", (_Here,), {"context": self._trusted})
        return self.do_open(here, request)


class Securely(Caller):
    """A visitor by HTTPS, who trusts the certificates of the pebble."""

    def __init__(self, trusted: ssl.SSLContext) -> None:
        self.base = f"https://{SITE}"
        self.page = Page(0, "", {}, "")
        jar = urllib.request.HTTPCookieProcessor(CookieJar())
        self._open = urllib.request.build_opener(jar, _Handler(trusted)).open


def pebble(debian: Debian) -> None:
    """Debian's ACME server for tests in place of Let's Encrypt; certbot is told by its cli.ini."""
    debian.types("apt-get install -y pebble openssl")
    debian.types(
        "openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=localhost -addext "
        "subjectAltName=DNS:localhost -keyout /etc/pebble.key -out /etc/pebble.pem"
    )
    settings = {
        "listenAddress": "127.0.0.1:14000",
        "managementListenAddress": "127.0.0.1:15000",
        "certificate": "/etc/pebble.pem",
        "privateKey": "/etc/pebble.key",
        "httpPort": 80,
        "tlsPort": 443,
    }
    debian.write("/etc/pebble.json", json.dumps({"pebble": settings}))
    debian.types(
        "systemd-run --unit=hour-pebble --setenv=PEBBLE_VA_NOSLEEP=1 "
        "--setenv=PEBBLE_WFE_NONCEREJECT=0 $(command -v pebble) -config /etc/pebble.json"
    )
    told = "server = https://localhost:14000/dir\nno-verify-ssl = true\n"
    debian.write("/root/.config/letsencrypt/cli.ini", told)


def pebble_root(debian: Debian) -> str:
    """By which a visitor trusts what the ACME server signs."""
    own = ssl.create_default_context(cadata=debian.read("/etc/pebble.pem"))
    with urllib.request.urlopen("https://localhost:15000/roots/0", context=own) as answer:
        return str(answer.read().decode())


def repository(root: Path) -> None:
    """What is committed here, as a host would clone it; its branch is called main."""
    bare = root / "srv/word-ahead.git"
    done = run(["git", "clone", "-q", "--bare", "--no-hardlinks", ROOT, bare], seconds=PATIENCE)
    head = run(["git", "-C", ROOT, "rev-parse", "HEAD"]).stdout.decode().strip()
    for command in (["branch", "-f", "main", head], ["symbolic-ref", "HEAD", "refs/heads/main"]):
        done = run(["git", "-C", bare, *command])
    if done.returncode:
        raise Missing("this is no clone of a repository")


def serial(trusted: ssl.SSLContext) -> str:
    """The number of the certificate that the site shows."""
    with (
        socket.create_connection(("127.0.0.1", 443), 30) as plain,
        trusted.wrap_socket(plain, server_hostname=SITE) as shown,
    ):
        return str((shown.getpeercert() or {})["serialNumber"])
