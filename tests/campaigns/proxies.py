"""nginx and Caddy as docs/deploy has them, in front of a server on this machine.

Of the shipped files only ports, the name, the certificate and where to log are replaced, so that
all that shields the app is tried as hosts get it.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..builders import ROOT
from ..mail_server import Certificate
from .mail_tools import Missing, end_group, last_line, program, run
from .server import wait

HOST: Final = "localhost"
# Seconds until a web server listens.
_PATIENCE: Final = 20.0
# What an nginx.conf of Debian sets around a site, with its number of connections.
_AROUND: Final = """\
user www-data;
worker_processes auto;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
events {{ worker_connections 768; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/word-ahead.conf;
}}
"""

# Planted: a body is handed on as it comes.
_NGINX_HANDS_ON: Final = ("proxy_request_buffering on", "proxy_request_buffering off")
_CADDY_HANDS_ON: Final = ("buffer_requests\n\t\tmax_buffer_size 300KB\n", "\n")

Changes = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Place:
    """Where a web server runs: its folder and certificate, and the app's port."""

    folder: Path
    certificate: Certificate
    app: int


@dataclass(frozen=True)
class Proxy:
    """A running web server."""

    tool: str
    port: int


@contextmanager
def nginx(place: Place, *, buffers: bool = True) -> Iterator[Proxy]:
    """Debian's nginx with the shipped nginx.conf."""
    command, folder = program("nginx", "nginx"), place.folder
    port, other_port = free_ports(2)
    # IPv6 is not everywhere: its lines stay, on a port of their own.
    site = shipped(
        "nginx.conf",
        [
            (
                "/etc/letsencrypt/live/letters.example.org/fullchain.pem",
                str(place.certificate.chain),
            ),
            ("/etc/letsencrypt/live/letters.example.org/privkey.pem", str(place.certificate.key)),
            ("/var/log/nginx/word-ahead.log", f"{folder}/site.log"),
            ("server_name letters.example.org;", f"server_name {HOST};"),
            ("listen 443 ", f"listen 127.0.0.1:{port} "),
            ("listen [::]:443 ", f"listen 127.0.0.1:{other_port} "),
            ("127.0.0.1:8000", f"127.0.0.1:{place.app}"),
            *([] if buffers else [_NGINX_HANDS_ON]),
        ],
    )
    (folder / "word-ahead.conf").write_text(site, "utf-8")
    (folder / "nginx.conf").write_text(_AROUND.format(folder=folder), "utf-8")
    version = run([command, "-v"]).stderr
    log = str(folder / "nginx.log")
    with _running([command, "-e", log, "-c", str(folder / "nginx.conf")], folder, port):
        yield Proxy(f"nginx {_number(version)}", port)


@contextmanager
def caddy(place: Place, *, buffers: bool = True) -> Iterator[Proxy]:
    """Debian's Caddy with the shipped Caddyfile, and a certificate that it need not fetch."""
    command, folder = program("caddy", "caddy"), place.folder
    plain, port = free_ports(2)
    chain, key = place.certificate.chain, place.certificate.key
    site = shipped(
        "Caddyfile",
        [
            ("{\n\tservers {", f"{{\n\tadmin off\n\thttp_port {plain}\n\tservers {{"),
            (
                "{$CADDY_SITE:letters.example.org} {",
                f"{HOST}:{port} {{\n\tbind 127.0.0.1\n\ttls {chain} {key}",
            ),
            ("{$CADDY_SERVER:127.0.0.1:8000}", f"127.0.0.1:{place.app}"),
            *([] if buffers else [_CADDY_HANDS_ON]),
        ],
    )
    (folder / "Caddyfile").write_text(site, "utf-8")
    version = run([command, "version"]).stdout
    arguments = ["run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]
    with _running([command, *arguments], folder, port):
        yield Proxy(f"Caddy {_number(version)}", port)


def shipped(name: str, changes: Changes) -> str:
    """A file of docs/deploy with these changes; raises Missing where one finds nothing."""
    text = (ROOT / "docs" / "deploy" / name).read_text("utf-8")
    for old, new in changes:
        if old not in text:
            raise Missing(f"docs/deploy/{name} has no “{' '.join(old.split())}” to replace")
        text = text.replace(old, new)
    return text


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens on."""
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return ports


@contextmanager
def _running(command: Sequence[str], folder: Path, port: int) -> Iterator[None]:
    """Run a web server until the block ends; all that it keeps is in the folder."""
    own = {"HOME": folder, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder}
    output = folder / "output.txt"
    with output.open("wb") as file:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | {name: str(path) for name, path in own.items()},
        )
    try:
        wait(lambda: process.poll() is not None or _listens(port), _PATIENCE)
        if not _listens(port):
            raise Missing(
                f"{Path(command[0]).name} did not start: {last_line(output.read_bytes())}"
            )
        yield
    finally:
        end_group(process)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _number(said: bytes) -> str:
    found = re.search(rb"\d+(?:\.\d+)+", said)
    return found[0].decode() if found else ""
