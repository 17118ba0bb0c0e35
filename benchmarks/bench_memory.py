"""Memory of the app under gunicorn, 2 workers of 8 threads, after 1,000 and 2,000 letters.

Between the two, sixteen people type codes at once: to check one takes 16 MiB for a moment.
"""

import http.client
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from .bench_post import CLIENTS, Person, press_times
from .host import PATIENCE, NotTaken, served
from .relay import relay

LETTERS: Final = 1000
CODES: Final = 256
MOST_MIB: Final = 200.0  # the smallest servers have 512, and need some of it for themselves
AT_MOST: Final = 1.05  # what the second thousand may add: more would be a leak


def processes(master: int) -> list[int]:
    """gunicorn's master and its workers."""
    found = subprocess.run(  # noqa: S603  # a program of the system, with a number
        ["/usr/bin/pgrep", "-P", str(master)], capture_output=True, text=True, check=True
    )
    return [master, *map(int, found.stdout.split())]


def mebibytes(master: int, kind: str) -> float:
    """What they hold in all; kind Pss counts shared pages once, Rss in each process."""
    kib = 0
    for process in processes(master):
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        kib += sum(int(line.split()[1]) for line in lines if line.startswith(f"{kind}:"))
    return kib / 1024


def type_a_code(port: int) -> None:
    """A code for a letter that there is not, which takes as much as any other."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    line.request("POST", f"/confirm/{'x' * 21}A", "code=123456", headers)
    status = line.getresponse().status
    line.close()
    if status not in (422, 503):
        raise NotTaken(f"a wrong code was answered by {status}")


def main() -> dict[str, Any]:
    """After 2,000 letters / after 1,000, shared pages counted once."""
    with relay() as relay_port, served("webapp:create_app()", relay_port) as (port, master):
        people = [Person(port, number) for number in range(CLIENTS)]
        start = mebibytes(master, "Pss")
        press_times(people, LETTERS)
        first = mebibytes(master, "Pss")
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(type_a_code, [port] * CODES))
        press_times(people, LETTERS)
        second = mebibytes(master, "Pss")
        resident = mebibytes(master, "Rss")
    return {
        "measure": "memory of 2 workers x 8 threads: after 2,000 letters / after 1,000",
        "ratio": round(second / first, 3),
        "at_most": AT_MOST,
        "also_kept": second <= MOST_MIB,
        "pss_mib": [round(one, 1) for one in (start, first, second)],
        "rss_mib": round(resident, 1),
        "most_mib": MOST_MIB,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main()) + "\n")
