"""Letters a second from the form's last POST to the relay's 250, 16 people at once.

Both sides are the whole app under gunicorn, ledger and all, except that the other one renders
through premailer and writes mails by the standard library (other_apps.py). Beside it stands the
ratio to a more sparing app that uses premailer for what it sends alone, and not for what it
compares with the letter that was shown. Three bounds: the ratio, ours in a second on two cores, and
that nobody is refused for want of a place, also where each answer of the relay takes 100 ms.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from .host import PATIENCE, NotTaken, served
from .relay import relay

CLIENTS = 16
SECONDS = 4.0
WARM_SECONDS = 1.0
# Both sides in turn, and the best of each: connections that are spread unevenly over the two
# workers, and whatever else the machine does, can only take from it.
ROUNDS = 4
AT_LEAST = 2.0
AT_LEAST_A_SECOND = 150
SLOW_RELAY = 0.1  # seconds
# So often one person tries again in one series before it is no measure of letters any more.
MOST_REFUSED = 200


class Person:
    """Somebody at the last screen, who presses the button again and again.

    The form is filled in by http.client; the button is a request written beforehand, so that the
    machine's time goes to the app and not to its visitors.
    """

    def __init__(self, port: int, number: int) -> None:
        self.number = number
        self.sent = self.pressed = self.refused = 0
        self.times: list[float] = []
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self._cookie = ""
        self._body = urlencode(self._fill_in() | {"email": ""}).encode()
        self._head = (
            f"POST /letter/check HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {self._cookie}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "
        ).encode()
        self._http.close()
        self._port = port

    def press_while(self, goes_on: Callable[[Person], bool]) -> None:
        """Press again and again on one connection, as long as the answer is yes."""
        while goes_on(self):
            with socket.create_connection(("127.0.0.1", self._port), PATIENCE) as self._line:
                # Who is told that all places are taken begins anew, as a browser may.
                while goes_on(self) and self.press():
                    pass

    def press(self) -> bool:
        """Post the letter to a new address; whether the app says that it was sent.

        It may say that all places are taken (503): then that is counted. NotTaken for all else.
        """
        self.pressed += 1
        body = self._body + b"person%d.%d%%40example.org" % (self.number, self.pressed)
        start = time.perf_counter()
        self._line.sendall(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))
        head = self._answer()
        spent = time.perf_counter() - start
        if head.startswith(b"HTTP/1.1 503"):
            self.refused += 1
            if self.refused > MOST_REFUSED:
                raise NotTaken(f"{self.refused} presses of one person found all places taken")
            return False
        if not head.startswith(b"HTTP/1.1 303") or b"\r\nLocation: /letter/sent\r\n" not in head:
            status = head.split(b"\r\n")[0].decode("ascii", "replace")
            raise NotTaken(f"a press was answered by {status}")
        self.sent += 1
        self.times.append(spent)
        return True

    def _answer(self) -> bytes:
        """Read one answer to its end; gives its head."""
        read = b""
        while b"\r\n\r\n" not in read:
            read += self._more()
        head, _, body = read.partition(b"\r\n\r\n")
        left = int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0]) - len(body)
        while left > 0:
            left -= len(self._more())
        return head + b"\r\n"

    def _more(self) -> bytes:
        data = self._line.recv(65536)
        if not data:
            raise NotTaken("the app hung up before its answer was whole")
        return data

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
        return self._ask("GET", path)

    def _post(self, path: str, fields: dict[str, Any]) -> None:
        self._ask("POST", path, urlencode(fields, doseq=True))

    def _ask(self, method: str, path: str, body: str | None = None) -> str:
        headers = {"Cookie": self._cookie}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._http.request(method, path, body, headers)
        answer = self._http.getresponse()
        text = answer.read().decode()
        if cookie := answer.headers["Set-Cookie"]:
            self._cookie = cookie.partition(";")[0]
        return text


def _hidden(page: str) -> dict[str, Any]:
    fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return dict(fields)


@dataclass(frozen=True)
class Series:
    """What 16 people got out of an app in a few seconds."""

    a_second: float
    median_ms: float
    refused: int


def series(app: str, relay_port: int) -> Series:
    """Let 16 people press as long as a series lasts."""
    with served(app, relay_port) as (port, _):
        people = [Person(port, number) for number in range(CLIENTS)]
        _press_for(people, WARM_SECONDS)
        before = sum(person.sent for person in people)
        start = time.perf_counter()
        _press_for(people, SECONDS)
        spent = time.perf_counter() - start
        times = sorted(one for person in people for one in person.times)
        sent = sum(person.sent for person in people) - before
        if not sent:
            raise NotTaken(f"no letter left {app} within {SECONDS:.0f} s")
        refused = sum(person.refused for person in people)
        return Series(sent / spent, times[len(times) // 2] * 1e3, refused)


def _press_for(people: list[Person], seconds: float) -> None:
    until = time.perf_counter() + seconds
    _press_while(people, lambda _person: time.perf_counter() < until)


def press_times(people: list[Person], letters: int) -> None:
    """Send so many letters in all."""
    ends = {person.number: person.sent + letters // len(people) for person in people}
    _press_while(people, lambda person: person.sent < ends[person.number])


def _press_while(people: list[Person], goes_on: Callable[[Person], bool]) -> None:
    with ThreadPoolExecutor(len(people)) as pool:
        for done in [pool.submit(person.press_while, goes_on) for person in people]:
            done.result()


def main() -> dict[str, Any]:
    """Measure all, in turn, against the same relay; then ours against a slow one."""
    names = ("ours", "premailer", "premailer, sparing")
    found: dict[str, list[Series]] = {name: [] for name in names}
    with relay() as port:
        for _ in range(ROUNDS):
            for name in names:
                found[name].append(series(target(name), port))
    with relay(delay=SLOW_RELAY) as port:
        slow = series(target("ours"), port)
    best = {name: max(one.a_second for one in found[name]) for name in names}
    return {
        "measure": f"letters a second, POST to 250, {CLIENTS} people: ours / premailer + stdlib",
        "ratio": round(best["ours"] / best["premailer"], 2),
        "at_least": AT_LEAST,
        "ratio_to_sparing": round(best["ours"] / best["premailer, sparing"], 2),
        "ours_a_second": round(best["ours"]),
        "theirs_a_second": round(best["premailer"]),
        "our_median_ms": round(min(one.median_ms for one in found["ours"]), 1),
        "refused": {name: sum(one.refused for one in found[name]) for name in names},
        "slow_relay": {
            "a_second": round(slow.a_second),
            "median_ms": round(slow.median_ms, 1),
            "refused": slow.refused,
        },
        "a_second_at_least": AT_LEAST_A_SECOND,
        "also_kept": is_fast_and_refuses_nobody(found["ours"], slow),
    }


def is_fast_and_refuses_nobody(ours: list[Series], slow: Series) -> bool:
    """Whether the two bounds hold that ours has by itself."""
    fastest = max(one.a_second for one in ours)
    return fastest >= AT_LEAST_A_SECOND and not any(one.refused for one in (*ours, slow))


def target(letters: str) -> str:
    """The app that makes its letters so, as gunicorn is told of it."""
    return f"benchmarks.other_apps:app('{letters}')"


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main()) + "\n")
