"""What a host's set-up was tried for: a line each, and no check that could keep others waiting."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

Check = Callable[[], Iterator["Finding"]]


@dataclass(frozen=True)
class Finding:
    """One thing that was tried: whether it is right (None: not tried), and what cures it if not."""

    what: str = field(repr=False)
    is_right: bool | None = field(repr=False)
    said: str = field(repr=False)
    cure: str = field(default="", repr=False)

    def line(self) -> str:
        """The line for the host's eyes."""
        mark = {True: "ok   ", False: "WRONG", None: "-    "}[self.is_right]
        cure = f" Cure: {self.cure}" if self.cure else ""
        return f"{mark}  {self.what:<19} {self.said}{cure}"


def found_by(checks: Mapping[str, Check], seconds: float) -> Iterator[Finding]:
    """Run all at once, in threads that nobody waits for once the time is over."""
    until = time.monotonic() + seconds
    found: dict[str, list[Finding]] = {name: [] for name in checks}
    threads = {
        name: threading.Thread(target=_collect, args=(name, check, found[name]), daemon=True)
        for name, check in checks.items()
    }
    for thread in threads.values():
        thread.start()
    for name, thread in threads.items():
        thread.join(max(0.0, until - time.monotonic()))
        yield from tuple(found[name])
        if thread.is_alive():
            after = found[name][-1].what if found[name] else ""
            said = f"no answer within {seconds:.0f} seconds" + (
                f", after: {after}." if after else "."
            )
            yield Finding(name, False, said, "look at the name server and the network.")


def _collect(name: str, check: Check, into: list[Finding]) -> None:
    try:
        # One by one: what is there counts even if the time is over before the next.
        for finding in check():
            into.append(finding)
    except Exception as error:
        # A check that breaks must not hide what the others found.
        into.append(Finding(name, False, f"this check broke: {type(error).__name__}."))
