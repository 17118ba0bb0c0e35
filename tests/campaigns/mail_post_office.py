"""A post office in a folder: Exim takes mail by STARTTLS and password, Dovecot gives it by IMAP."""

from __future__ import annotations

import grp
import imaplib
import os
import pwd
import shutil
import smtplib
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from string import Template
from typing import Any, Final
from urllib.parse import quote

from ..mail_server import make_certificate
from .mail_tools import Missing, end_group, program, run

DOMAIN: Final = "example.org"
USER: Final = "relay-user"
# With what an address has to escape.
PASSWORD: Final = "p@ss/w:rd%20"
# Seconds until a server answers or a mail is there; a quiet machine needs one.
PATIENCE: Final = 120.0
# Debian's users for these two; each server gives up root for its own.
_EXIM_USER: Final = "Debian-exim"
_EXIM: Final = Template("""\
primary_hostname = mx.$domain
local_interfaces = 127.0.0.1
daemon_smtp_ports = $port
spool_directory = $folder/spool
log_file_path = $folder/log/%slog
pid_file_path = $folder/exim.pid
domainlist local_domains = $domain : *.$domain
acl_smtp_rcpt = acl_rcpt
tls_advertise_hosts = *
tls_certificate = $folder/chain.pem
tls_privatekey = $folder/key.pem
auth_advertise_hosts = $${if eq{$$tls_in_cipher}{}{}{*}}
never_users =
keep_environment =
begin acl
acl_rcpt:
  deny   !authenticated = *
         message = 530 log in first
  deny   local_parts = full
         message = 552 5.2.2 mailbox full
  defer  local_parts = slow
         message = 451 try later
  accept domains = +local_domains
  deny   message = relay not permitted
begin routers
local:
  driver = accept
  domains = +local_domains
  transport = mailbox
begin transports
mailbox:
  driver = appendfile
  directory = $folder/box
  maildir_format
$dots  user = $user
  group = $user
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = $${if and{{eq{$$auth2}{$login}}{eq{$$auth3}{$password}}}}
  server_set_id = $$auth2
""")
_DOVECOT: Final = Template("""\
base_dir = $folder/dovecot
state_dir = $folder/dovecot-state
log_path = $folder/log/dovecot
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
first_valid_uid = 1
mail_location = maildir:$folder/box
passdb {
  driver = static
  args = password=reader
}
userdb {
  driver = static
  args = uid=$user gid=$user home=$folder/home
}
service imap-login {
  inet_listener imap {
    port = $port
  }
  inet_listener imaps {
    port = 0
  }
}
""")


@dataclass(frozen=True)
class PostOffice:
    """Both servers, running."""

    authority: Path
    smtp_port: int
    imap_port: int
    versions: str
    log: Path = field(repr=False)

    @property
    def mail_url(self) -> str:
        """As a host would write it into MAIL_URL."""
        return f"smtp+starttls://{USER}:{quote(PASSWORD, safe='')}@localhost:{self.smtp_port}"

    def takes(self, mail: EmailMessage) -> None:
        """Hand in a mail as a mail program does."""
        context = ssl.create_default_context(cafile=str(self.authority))
        with smtplib.SMTP("localhost", self.smtp_port, timeout=PATIENCE) as smtp:
            smtp.starttls(context=context)
            smtp.login(USER, PASSWORD)
            smtp.send_message(mail)

    def takes_bytes(self, sender: str, recipient: str, source: bytes) -> None:
        """Hand in a mail's own bytes."""
        context = ssl.create_default_context(cafile=str(self.authority))
        with smtplib.SMTP("localhost", self.smtp_port, timeout=PATIENCE) as smtp:
            smtp.starttls(context=context)
            smtp.login(USER, PASSWORD)
            smtp.sendmail(sender, [recipient], b"To: " + recipient.encode() + b"\r\n" + source)

    def mails_to(self, address: str, *, at_least: int = 1) -> list[EmailMessage]:
        """What is in the mailbox for an address, oldest first, once there are so many."""
        end = time.monotonic() + PATIENCE
        while True:
            found = self._read(address)
            if len(found) >= at_least or time.monotonic() > end:
                return found
            time.sleep(0.2)

    def refuses_without_password(self) -> bool:
        """Whether it takes mail only from those who log in, and that in private only."""
        with smtplib.SMTP("localhost", self.smtp_port, timeout=PATIENCE) as smtp:
            smtp.ehlo()
            offers_login = smtp.has_extn("auth")
            smtp.mail("eve@example.org")
            return smtp.rcpt("emma@example.org")[0] >= 500 and not offers_login

    def _read(self, address: str) -> list[EmailMessage]:
        imap = imaplib.IMAP4("127.0.0.1", self.imap_port, timeout=PATIENCE)
        try:
            imap.login("reader", "reader")
            imap.select("INBOX", readonly=True)
            numbers = imap.search(None, "TO", f'"{address}"')[1][0].split()
            answers: list[Any] = [imap.fetch(one.decode(), "(RFC822)")[1][0] for one in numbers]
        finally:
            with suppress(OSError, imaplib.IMAP4.error):
                imap.logout()
        return [message_from_bytes(answer[1], policy=policy.default) for answer in answers]


@contextmanager
def post_office(folder: Path, dots: str | None = None) -> Iterator[PostOffice]:
    """Run both servers on free ports; they end with the block. Raises Missing.

    With `dots`, Exim writes them in place of each dot that begins a line: "" drops it.
    """
    exim = program("exim4", "exim4-daemon-light")
    dovecot = program("dovecot", "dovecot-imapd")
    if os.getuid():
        raise Missing("Exim and Dovecot change their user, which only root may do")
    _furnish(folder)
    smtp_port, imap_port = _free_ports(2)
    values = {"folder": folder, "domain": DOMAIN, "user": _EXIM_USER}
    login = {"login": USER, "password": PASSWORD}
    escape = "" if dots is None else f'  check_string = "."\n  escape_string = "{dots}"\n'
    _write(folder / "exim.conf", _EXIM.substitute(values, port=smtp_port, dots=escape, **login))
    _write(folder / "dovecot.conf", _DOVECOT.substitute(values, port=imap_port))
    commands = (
        ([exim, "-C", str(folder / "exim.conf"), "-bdf", "-q30m"], smtp_port),
        ([dovecot, "-F", "-c", str(folder / "dovecot.conf")], imap_port),
    )
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for command, port in commands:
            processes.append(_started(command, folder))
            _wait_for(port, processes[-1], folder)
        yield PostOffice(
            folder / "authority.pem", smtp_port, imap_port, _versions(exim, dovecot), folder / "log"
        )
    finally:
        for process in processes:
            end_group(process)


def _furnish(folder: Path) -> None:
    """The folders and files that the servers use, each owned by who writes there."""
    make_certificate(folder)
    user, group = pwd.getpwnam(_EXIM_USER).pw_uid, grp.getgrnam(_EXIM_USER).gr_gid
    for name in ("spool", "log", "box", "home", "key.pem", "chain.pem"):
        path = folder / name
        if not path.suffix:
            path.mkdir()
        shutil.chown(path, user, group)


def _write(path: Path, text: str) -> None:
    path.write_text(text, "utf-8")
    # Exim reads no file that others could have written.
    path.chmod(0o644)


def _started(command: Sequence[str], folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "output.txt").open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait_for(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    end = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < end:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.05)
    said = (folder / "output.txt").read_text("utf-8", "replace").strip().splitlines()
    raise Missing(f"a server did not start: {said[-1] if said else 'it said nothing'}")


def _free_ports(count: int) -> list[int]:
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return ports


def _versions(exim: str, dovecot: str) -> str:
    first = run([exim, "-bV"]).stdout.split()[2].decode()
    second = run([dovecot, "--version"]).stdout.split()[0].decode()
    return f"Exim {first}, Dovecot {second}"
