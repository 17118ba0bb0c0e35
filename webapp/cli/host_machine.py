"""Whether the machine is as the settings say: database, floods, the public address, the clock."""

from __future__ import annotations

import email.utils
import os
import re
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import redis
import sqlalchemy as sa

from ..errors import WordAheadError
from ..settings import Settings, is_loopback
from ..settings.proxies import question
from ..store.database import DatabaseUnavailable, SchemaError
from ..store.opening import open_store
from .findings import Finding

_SECONDS: Final = 8
_MOST_APART: Final = 60  # seconds: a mail's date, and how long a code lives, may be so far off
_QUOTED: Final = re.compile(r"""\"[^\"]*\"|(?<!\w)'[^']*'""")
# What the form answers to a host's own question.
_COUNTED: Final = re.compile(rb"proxies=(\d+)\n")
_BESIDE: Final = ("", "-journal", "-wal", "-shm")


def database(settings: Settings) -> Iterator[Finding]:
    """The files and whose they are, the database's own error, and the key of the block list."""
    url = sa.make_url(settings.database_url)
    if url.get_backend_name() == "sqlite":
        yield from _files(Path(url.database or ""))
        if not Path(url.database or "").exists() and Path(url.database or "").parent.is_dir():
            yield Finding("database", None, "not there yet; the first start makes it.")
            return
    try:
        store = open_store(
            settings.database_url, settings.keys, settings.limits, settings.waiting_hours
        )
        if not store.database.is_current() or not store.counts.is_current():
            cure = "run `flask --app webapp database upgrade`."
            yield Finding("database", False, "its tables are not those of this version.", cure)
            return
        store.database.check()
        store.counts.check()
        with store.database.reading() as connection:
            apart = abs(store.database.now(connection) - time.time())
    except (DatabaseUnavailable, SchemaError) as error:
        cure = "look at DATABASE_URL, and at the database."
        yield Finding("database", False, _own_words(error, url), cure)
        return
    yield Finding("database", True, f"{store.database.kind} takes a change and gives it back.")
    is_near = apart < _MOST_APART
    said = "it is the machine's." if is_near else f"{apart:.0f} seconds from the machine's."
    yield Finding("database: clock", is_near, said, "" if is_near else "set both by NTP.")
    try:
        store.ledger.check_key()
    except WordAheadError:
        cure = "put the former SECRET_KEY into SECRET_KEY_FALLBACKS."
        yield Finding("block list: key", False, "SECRET_KEY does not fit; no mail leaves.", cure)
    else:
        yield Finding("block list: key", True, "SECRET_KEY fits.")


def _files(file: Path) -> Iterator[Finding]:
    """Each file of SQLite belongs to whoever runs this, as the wrapper sees to."""
    limits = file.with_name(f"{file.stem}-limits{file.suffix}")
    all_files = [Path(f"{one}{end}") for one in (file, limits) for end in _BESIDE]
    there = [one for one in (file.parent, *all_files) if one.exists()]
    foreign = [one.name for one in there if one.stat().st_uid != os.geteuid()]
    shut = [one.name for one in there if not os.access(one, os.R_OK | os.W_OK)]
    if not file.parent.is_dir():
        yield Finding("database: files", False, "their folder is not there.", "make it.")
    elif foreign or shut:
        said = f"not of the user that runs this: {', '.join(foreign or shut)}."
        yield Finding("database: files", False, said, "chown them to the service's user.")
    else:
        yield Finding("database: files", True, "all belong to the user that runs this.")
    if file.exists() and not limits.exists():
        said = "the file ending in -limits is missing, and the block list with it."
        yield Finding("database: limits", False, said, "restore it from the backup.")


def _own_words(error: BaseException, url: sa.URL) -> str:
    """The database's own error, without what DATABASE_URL holds: drivers quote what they repeat."""
    cause = error.__context__ or error
    said = str(getattr(cause, "orig", None) or cause).strip().partition("\n")[0]
    more = (one for values in url.normalized_query.values() for one in values)
    for secret in (url.password, *more):
        said = said.replace(secret, "…") if secret else said
    return _QUOTED.sub('"…"', said)


def floods(settings: Settings) -> Iterator[Finding]:
    """Valkey or Redis, where one is set."""
    if settings.flood_storage.startswith("memory"):
        yield Finding("floods", True, "each process counts for itself.")
        return
    store = redis.Redis.from_url(
        settings.flood_storage, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS
    )
    try:
        store.ping()
    except redis.RedisError as error:
        cure = "look at RATELIMIT_STORAGE_URI; until then each process counts for itself."
        yield Finding("floods", False, f"{type(error).__name__}.", cure)
    else:
        yield Finding("floods", True, "the store in RATELIMIT_STORAGE_URI answers.")
    finally:
        store.close()


def public_url(settings: Settings) -> Iterator[Finding]:
    """PUBLIC_URL, asked as a visitor would; the clock of whoever answers; the proxies between."""
    what, body = "PUBLIC_URL", b""
    asked = urllib.request.Request(  # noqa: S310  our own
        f"{settings.public_url}/healthz", headers=question(settings.keys)
    )
    try:
        with urllib.request.urlopen(asked, timeout=_SECONDS) as answer:  # noqa: S310  our own
            body, date = answer.read(64), answer.headers.get("Date", "")
    except urllib.error.HTTPError as error:
        cure = "is the service running, and does the web server in front pass requests on?"
        yield Finding(what, False, f"it answers {error.code}.", cure)
    except (OSError, ValueError) as error:
        yield _not_reached(error)
    else:
        is_ours = body == b"ok\n" or bool(_COUNTED.fullmatch(body))
        said = "the form answers." if is_ours else "this is not the form."
        cure = "another site answers there: look at DNS and the web server."
        yield Finding(what, is_ours, said, "" if is_ours else cure)
        yield from _clock(date)
    yield _proxies(settings, _COUNTED.fullmatch(body))


def _clock(date: str) -> Iterator[Finding]:
    if sent := email.utils.parsedate_tz(date):
        apart = abs(email.utils.mktime_tz(sent) - time.time())
        is_near = apart < _MOST_APART
        said = "right." if is_near else f"{apart:.0f} seconds from the web server's."
        yield Finding("clock", is_near, said, "" if is_near else "set it by NTP.")


def _not_reached(error: Exception) -> Finding:
    reason = getattr(error, "reason", error)
    if isinstance(reason, ssl.SSLError):
        said = "its certificate is not believed."
        return Finding("PUBLIC_URL", False, said, "renew it, or look at the name in it.")
    if isinstance(reason, TimeoutError):
        return Finding("PUBLIC_URL", None, "not reached from this machine; ask from another one.")
    if isinstance(reason, ConnectionRefusedError):
        said = "nobody answers there: the form is not running, or the web server in front is not."
        return Finding("PUBLIC_URL", False, said, "start them, and check again.")
    if isinstance(reason, socket.gaierror):
        return Finding("PUBLIC_URL", False, unknown_name(reason), "look at its name, and at DNS.")
    said = f"not reached: {type(reason).__name__}."
    return Finding("PUBLIC_URL", False, said, "look at DNS, the service and the web server.")


def unknown_name(error: Exception) -> str:
    """Why a name leads nowhere: nobody answered who could know it, or nobody knows it."""
    is_away = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
    return "the name server does not answer." if is_away else "nobody knows this name."


def _proxies(settings: Settings, counted: re.Match[bytes] | None) -> Finding:
    """As many as TRUSTED_PROXIES says; where the form did not count, what cannot be is known."""
    hops, is_here = settings.trusted_proxies, is_loopback(settings.public_host)
    said = f"TRUSTED_PROXIES={hops}."
    if counted:
        there = int(counted[1])
        said += f" A request to PUBLIC_URL came through {there}."
        return Finding("proxies", there == hops, said, _proxies_cure(hops, there))
    if hops == 0 and not is_here:
        said += " HTTPS needs one in front."
        return Finding("proxies", False, said, _proxies_cure(0, 1))
    if hops and is_here:
        said += " PUBLIC_URL is this machine itself."
        return Finding("proxies", False, said, _proxies_cure(hops, 0))
    return Finding("proxies", None, f"{said} Not tried: the form did not say what arrives.")


def _proxies_cure(hops: int, there: int) -> str:
    if hops == there:
        return ""
    harm = "all visitors count as one" if hops < there else "visitors can make up their address"
    return f"TRUSTED_PROXIES={there}; else {harm}."
