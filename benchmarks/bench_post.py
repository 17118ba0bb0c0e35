"""Letters a second from the form's last POST to the relay's 250, 16 people at once.

Both sides are the whole app under gunicorn; the other one runs premailer on every letter and
writes the mail by the standard library (premailer_app.py).
"""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from .relay import relay

ROOT = Path(__file__).parent.parent
CLIENTS = 16
SECONDS = 6.0
WARM_SECONDS = 1.0
AT_LEAST = 5.0
_NO_LIMIT = "1000000000"
_LIMITS = (
    "IP_TEN_MINUTES IP_DAY OWN_SIX_HOURS OWN_DAY RECIPIENT_DAY PAIR_DAY SITE_HOUR FLOOD_MINUTE"
)


@contextmanager
def served(target: str, relay_port: int) -> Iterator[tuple[int, int]]:
    """Run an app under gunicorn as a host would; gives its port and its process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        environ = {
            "PATH": os.environ["PATH"],
            "SECRET_KEY": "a secret of the bench, long enough to be one",
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "MAIL_URL": f"smtp://127.0.0.1:{relay_port}",
            "MAIL_FROM": "letters@wordahead.example",
            "HOST_NAME": "A host",
            "HOST_CONTACT": "host@example.org",
            "CHECK_DOMAINS": "off",
            "DATABASE_URL": os.environ.get("BENCH_DATABASE_URL", f"sqlite:///{folder}/b.db"),
        }
        environ |= {f"LIMITS_{name}": _NO_LIMIT for name in _LIMITS.split()}
        command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", target]
        process = subprocess.Popen(  # noqa: S603  # this project, started by itself
            command, cwd=ROOT, env=environ, stderr=subprocess.DEVNULL
        )
        try:
            _wait_for(port)
            yield port, process.pid
        finally:
            process.terminate()
            process.wait()


def _wait_for(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the app did not start")


class Person:
    """Somebody at the last screen, who presses the button again and again."""

    def __init__(self, port: int, number: int) -> None:
        self.number = number
        self.sent = 0
        self.times: list[float] = []
        self._http = http.client.HTTPConnection("127.0.0.1", port)
        self._cookie = ""
        self._fields = self._fill_in()

    def press(self) -> None:
        """Post the letter to a new address; count it if the app says that it was sent."""
        self.sent += 1
        self._fields["email"] = f"person{self.number}.{self.sent}@example.org"
        start = time.perf_counter()
        status, location, _ = self._post("/letter/check", self._fields, keep=False)
        self.times.append(time.perf_counter() - start)
        assert (status, location) == (303, "/letter/sent")

    def _fill_in(self) -> dict[str, Any]:
        page = self._get("/")
        self._post("/", _hidden(page) | {"situation": "volunteering"})
        page = self._get("/letter/how-much")
        self._post("/letter/how-much", _hidden(page) | {"name": "Emma", "level": "named"})
        page = self._get("/letter/what")
        ticks = re.findall(r'name="say" value="([^"]+)"', page)[:8]
        self._post("/letter/what", _hidden(page) | {"say": ticks})
        return _hidden(self._get("/letter/check"))

    def _get(self, path: str) -> str:
        return self._ask("GET", path)[2]

    def _post(
        self, path: str, fields: dict[str, Any], *, keep: bool = True
    ) -> tuple[int, str, str]:
        return self._ask("POST", path, urlencode(fields, doseq=True), keep=keep)

    def _ask(
        self, method: str, path: str, body: str | None = None, *, keep: bool = True
    ) -> tuple[int, str, str]:
        headers = {"Cookie": self._cookie}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._http.request(method, path, body, headers)
        answer = self._http.getresponse()
        text = answer.read().decode()
        if keep and (cookie := answer.headers["Set-Cookie"]):
            self._cookie = cookie.partition(";")[0]
        return answer.status, answer.headers.get("Location", ""), text


def _hidden(page: str) -> dict[str, Any]:
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return dict(fields)


def letters_a_second(target: str, relay_port: int) -> tuple[float, float]:
    """Letters a second that 16 people get out of an app, and the median of one in ms."""
    with served(target, relay_port) as (port, _):
        people = [Person(port, number) for number in range(CLIENTS)]
        _press_for(people, WARM_SECONDS)
        before = sum(person.sent for person in people)
        start = time.perf_counter()
        _press_for(people, SECONDS)
        spent = time.perf_counter() - start
        times = sorted(one for person in people for one in person.times)
        return (sum(p.sent for p in people) - before) / spent, times[len(times) // 2] * 1e3


def _press_for(people: list[Person], seconds: float) -> None:
    until = time.perf_counter() + seconds

    def press(person: Person) -> None:
        while time.perf_counter() < until:
            person.press()

    threads = [threading.Thread(target=press, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def main() -> dict[str, Any]:
    """Measure both, one after the other, against the same relay."""
    with relay() as port:
        ours, our_ms = letters_a_second("webapp:create_app()", port)
        theirs, their_ms = letters_a_second("benchmarks.premailer_app:app()", port)
    return {
        "measure": f"letters a second, POST to 250, {CLIENTS} people: ours / premailer + stdlib",
        "ratio": round(ours / theirs, 2),
        "at_least": AT_LEAST,
        "ours_a_second": round(ours, 1),
        "theirs_a_second": round(theirs, 1),
        "our_median_ms": round(our_ms, 1),
        "their_median_ms": round(their_ms, 1),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main()) + "\n")
