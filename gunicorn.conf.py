"""How gunicorn serves Word Ahead, in the demo and for a host; `--bind` and the like still win."""

import ctypes
import gc
import logging
import os
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from gunicorn.arbiter import Arbiter
from gunicorn.glogging import Logger

_DEMO = os.environ.get("WORD_AHEAD_DEMO") == "1"
_PORT = os.environ.get("PORT") or ("5000" if _DEMO else "8000")

# A platform that sets PORT routes to it from outside; everything else stays on this machine.
_HOST = "0.0.0.0" if os.environ.get("PORT") and not _DEMO else "127.0.0.1"  # noqa: S104  see above
bind = [f"{_HOST}:{_PORT}"]

worker_class = "gthread"
# Sending waits on the relay: threads fill the wait, a second process the second core.
workers = int(os.environ.get("WEB_CONCURRENCY") or (1 if _DEMO else 2))
threads = 8

# Sending gives up after 25 s by itself; a worker that is silent for longer than 30 hangs.
timeout = 30
graceful_timeout = 30

# Our longest address is /confirm/ with its token: far below 2 kB. Browsers send about 20 fields.
limit_request_line = 2048
limit_request_fields = 50

# Words and templates are read and checked once, then shared by all workers.
preload_app = True

# The app counts proxies itself (TRUSTED_PROXIES). gunicorn believes no header about where a
# request came from, not even over a Unix socket, which it would otherwise trust unasked.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}

# Nobody needs to steer a running server from outside, so that door does not exist.
control_socket_disable = True

# The workers' sign of life must not wait for a slow disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  Linux's memory

# To check a code takes 16 MiB for a moment. Unless told, glibc keeps such a piece for each thread
# that ever had one (mallopt(3), M_MMAP_THRESHOLD); other C libraries have no such call.
_M_MMAP_THRESHOLD = -3
with suppress(AttributeError, OSError):
    ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, 1024 * 1024)

accesslog = None
loglevel = "warning" if _DEMO else "info"


class NoVisitors(logging.Filter):
    """Takes out of gunicorn's own lines what tells of a visitor: address, path, exception text."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and record.exc_info[0]:
            record.msg, record.args = f"Request failed: {record.exc_info[0].__name__}", ()
            record.exc_info = record.exc_text = None
        elif str(record.msg).startswith("Invalid request"):
            record.msg, record.args = "Invalid request", ()
        return True


class DiscreetLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's logger, with nothing of a visitor in it."""

    def setup(self, cfg: Any) -> None:  # noqa: ANN401  gunicorn has no types
        super().setup(cfg)
        self.error_log.addFilter(NoVisitors())


logger_class = DiscreetLogger


def on_starting(_server: Arbiter) -> None:
    """In the demo, say in one line that the port is taken, instead of trying it five times."""
    with socket.socket() as probe:
        if _DEMO and probe.connect_ex(("127.0.0.1", int(_PORT))) == 0:
            sys.exit(f"Port {_PORT} is in use here. Choose another one: make run PORT=5001")


def when_ready(_server: Arbiter) -> None:
    """In the demo, say where it is."""
    if _DEMO:
        here = f"http://127.0.0.1:{_PORT}"
        sys.stdout.write(f"The form is at {here}/\n")
        sys.stdout.write("It is all on this machine, and no mail leaves it. Ctrl+C stops it.\n")
        # Last, so that it is what stands above the cursor.
        sys.stdout.write(f"Every letter goes to {here}/outbox\n")
        sys.stdout.flush()


def pre_fork(_server: Arbiter, _worker: object) -> None:
    """Leave what is loaded out of every later garbage collection: it never becomes garbage."""
    gc.collect()
    gc.freeze()
