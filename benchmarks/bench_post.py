"""Letters a second from the form's last POST to the relay's 250, 16 people at once.

Both sides are the whole app under gunicorn, except that the other one renders through premailer
and writes mails by the standard library (other_apps.py). The bound is for the way from the form to
the relay: neither side counts mails, which has a measure of its own (bench_ledger). What the ratio
is with the ledger on both sides is told beside it, and so is the ratio to a more sparing app that
uses premailer for what it sends alone, and not for what it compares with the letter that was shown.
"""

import http.client
import json
import re
import socket
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from typing import Any
from urllib.parse import urlencode

from .host import served
from .relay import relay

CLIENTS = 16
SECONDS = 4.0
WARM_SECONDS = 1.0
# Both sides in turn, and the best of each: connections that are spread unevenly over the two
# workers, and whatever else the machine does, can only take from it.
ROUNDS = 4
AT_LEAST = 5.0


class Person:
    """Somebody at the last screen, who presses the button again and again.

    The form is filled in by http.client; the button is a request written beforehand, so that the
    machine's time goes to the app and not to its visitors.
    """

    def __init__(self, port: int, number: int) -> None:
        self.number = number
        self.sent = 0
        self.times: list[float] = []
        self._http = http.client.HTTPConnection("127.0.0.1", port)
        self._cookie = ""
        self._body = urlencode(self._fill_in() | {"email": ""}).encode()
        self._head = (
            f"POST /letter/check HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {self._cookie}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: "
        ).encode()
        self._http.close()
        self._port = port

    def press_while(self, goes_on: Callable[["Person"], bool]) -> None:
        """Press again and again on one connection, as long as the answer is yes."""
        with socket.create_connection(("127.0.0.1", self._port)) as self._line:
            while goes_on(self):
                self.press()

    def press(self) -> None:
        """Post the letter to a new address; count it if the app says that it was sent."""
        self.sent += 1
        body = self._body + b"person%d.%d%%40example.org" % (self.number, self.sent)
        start = time.perf_counter()
        self._line.sendall(b"%b%d\r\n\r\n%b" % (self._head, len(body), body))
        head = self._answer()
        self.times.append(time.perf_counter() - start)
        assert head.startswith(b"HTTP/1.1 303")
        assert b"\r\nLocation: /letter/sent\r\n" in head

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
        assert data, "the app hung up"
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
    """Measure all, in turn, against the same relay."""
    names = ("ours", "premailer", "premailer, sparing")
    rates: dict[tuple[str, bool], list[float]] = {}
    times: dict[tuple[str, bool], list[float]] = {}
    with relay() as port:
        for _ in range(ROUNDS):
            for key in product(names, (False, True)):
                target = f"benchmarks.other_apps:app('{key[0]}', limited={key[1]})"
                rate, milliseconds = letters_a_second(target, port)
                rates.setdefault(key, []).append(rate)
                times.setdefault(key, []).append(milliseconds)
    rate_of = {key: max(found) for key, found in rates.items()}

    def ratio(other: str, *, limited: bool) -> float:
        return round(rate_of["ours", limited] / rate_of[other, limited], 2)

    return {
        "measure": f"letters a second, POST to 250, {CLIENTS} people: ours / premailer + stdlib",
        "ratio": ratio("premailer", limited=False),
        "at_least": AT_LEAST,
        "ratio_with_ledger": ratio("premailer", limited=True),
        "ratio_to_sparing": ratio("premailer, sparing", limited=False),
        "ratio_to_sparing_with_ledger": ratio("premailer, sparing", limited=True),
        "ours_a_second": round(rate_of["ours", False]),
        "theirs_a_second": round(rate_of["premailer", False]),
        "ours_a_second_with_ledger": round(rate_of["ours", True]),
        "theirs_a_second_with_ledger": round(rate_of["premailer", True]),
        "our_median_ms_with_ledger": round(min(times["ours", True]), 1),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main()) + "\n")
