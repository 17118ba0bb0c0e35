"""WebKitGTK, the engine of iPhones, driven by plain requests of the W3C's WebDriver protocol."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from .mail_tools import end_group, program

_WINDOW: Final = Path(__file__).parent.parent / "webkit_window.py"
# WebDriver's own name for an element's id (W3C WebDriver, 12.1).
_ELEMENT: Final = "element-6066-11e4-a52e-4f735466cecf"
# Seconds that a page or a window may take to come.
_PATIENCE: Final = 60.0
_FIELDS: Final = """return Object.fromEntries(
  [...document.querySelectorAll("main input:not([type=hidden]), main textarea")].map((one, at) =>
    [`${one.name} ${at}`, /radio|checkbox/.test(one.type) ? String(one.checked) : one.value]))"""


class Refused(RuntimeError):
    """The driver's own sentence about why it did not do something."""


class WebKitSheet:
    """A page of WebKitGTK."""

    def __init__(self, driver: str, url: str) -> None:
        self._driver, self._url = driver, url
        wanted = {"webkitgtk:browserOptions": {"binary": str(_WINDOW), "args": ["--automation"]}}
        started = self._asks("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self._session = f"/session/{started['sessionId']}"
        self.version = str(started["capabilities"]["browserVersion"])

    def opens(self, path: str) -> None:
        """Open an address of the site."""
        self._says("POST", "/url", {"url": path if path.startswith("about:") else self._url + path})

    def clicks(self, selector: str) -> None:
        """Press what leads to another page, and wait for that page."""
        before = self._find(selector)
        self._press(before)
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            time.sleep(0.1)
            try:
                self._says("GET", f"/element/{before}/name")
            except Refused:
                break
        time.sleep(0.3)

    def fills(self, selector: str, text: str) -> None:
        """Type into a field as a person does, and pause."""
        element = self._find(selector)
        self._says("POST", f"/element/{element}/clear", {})
        self._says("POST", f"/element/{element}/value", {"text": text})
        time.sleep(0.6)

    def ticks(self, selector: str, which: int = 0) -> None:
        """Press a box, which takes a tick away as well, or a radio button."""
        found = self._says("POST", "/elements", {"using": "css selector", "value": selector})
        self._press(found[which][_ELEMENT])
        time.sleep(0.5)

    def fields(self) -> dict[str, str]:
        """Every field of the page."""
        time.sleep(0.3)
        return dict(self._says("POST", "/execute/sync", {"script": _FIELDS, "args": []}))

    def back(self) -> None:
        """The browser's own Back."""
        self._says("POST", "/back", {})
        time.sleep(0.5)

    def reloads(self) -> None:
        """The browser's own Reload."""
        self._says("POST", "/refresh", {})

    def closes(self) -> None:
        """End the session, and its window."""
        with suppress(OSError):
            self._says("DELETE", "")

    def _press(self, element: str) -> None:
        """Press in the middle of the window: at an edge the driver finds a tall button too far."""
        middle = "arguments[0].scrollIntoView({block: 'center'})"
        self._says("POST", "/execute/sync", {"script": middle, "args": [{_ELEMENT: element}]})
        self._says("POST", f"/element/{element}/click", {})

    def _find(self, selector: str) -> str:
        found = self._says("POST", "/element", {"using": "css selector", "value": selector})
        return str(found[_ELEMENT])

    def _says(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._asks(method, self._session + path, body)

    def _asks(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._driver + path, data, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:  # noqa: S310
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise Refused(error.read().decode()[:300]) from None


@contextmanager
def webkit(url: str, *, script: bool = True) -> Iterator[tuple[WebKitSheet, str]]:
    """A window of WebKitGTK before a site; raises Missing where there is none."""
    driver = program("WebKitWebDriver", "webkit2gtk-driver python3-gi gir1.2-webkit2-4.1")
    screen = program("xvfb-run", "xvfb")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [screen, "-a", driver, f"--port={port}"],
        env=os.environ | ({} if script else {"NO_SCRIPT": "1"}),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        sheet = WebKitSheet(f"http://127.0.0.1:{port}", url)
        yield sheet, f"WebKitGTK {sheet.version}"
        sheet.closes()
    finally:
        end_group(process)


def _wait_for(port: int) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
