"""What an earlier release has written must be read by every later one.

`tests/vectors/store.json` was written by the release before the store was made simpler: rows of its
database, cookies, keys, hashes and ids, some of them under the secret before the one in use. It is
never written anew; a new format gets new vectors beside the old ones.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa

from tests.databases import OLD_SECRET, SECRET, keys_of
from webapp.keys import Keys, derive
from webapp.mail.message import message_id
from webapp.post import Result
from webapp.store.database import Database
from webapp.store.database.tables import tables
from webapp.store.ledger import (
    EarlierPress,
    Ledger,
    LedgerUnavailable,
    Limits,
    Refusal,
    Reservation,
    Submission,
    ToOwn,
    ToPerson,
)
from webapp.store.sealing import Sealer
from webapp.store.waiting import Claim, WaitingLetters
from webapp.web.cookie import AnswersCookie

VECTORS: Final = json.loads((Path(__file__).parent / "vectors" / "store.json").read_text())
KEYS: Final = Keys(SECRET, (OLD_SECRET,))


def plain(text: str) -> bytes:
    return base64.b64decode(text)


def column(value: Any) -> Any:
    return plain(value["bytes"]) if isinstance(value, dict) else value


@pytest.fixture
def written(database: Database) -> Database:
    """A database with the rows that the earlier release wrote."""
    with database.writing() as connection:
        for table in tables.sorted_tables:
            connection.execute(sa.delete(table))
            # That release had no other tables.
            for row in VECTORS["rows"].get(table.name, ()):
                values = {name: column(value) for name, value in row.items()}
                connection.execute(sa.insert(table).values(values))
    return database


def letters_in(database: Database, purpose: str) -> WaitingLetters:
    return WaitingLetters(database, Sealer(KEYS, purpose=purpose))


def ledger_in(database: Database, *secrets: str) -> Ledger:
    return Ledger(database, keys_of(*secrets) if secrets else KEYS, Limits())


def to_person() -> ToPerson:
    return ToPerson(*VECTORS["ledger"]["pair"])


# ------------------------------------------------------------------ keys, hashes, ids
@pytest.mark.parametrize(("purpose", "key"), VECTORS["derived keys"].items())
def test_each_purpose_has_the_key_it_always_had(purpose: str, key: str) -> None:
    assert derive(SECRET, purpose).hex() == key


@pytest.mark.parametrize(("purpose", "parts", "fingerprint"), VECTORS["fingerprints"])
def test_a_page_that_was_shown_before_is_known_again(
    purpose: str, parts: list[str], fingerprint: str
) -> None:
    assert KEYS.fingerprint(purpose, *parts) == fingerprint


@pytest.mark.parametrize(("domain", "parts", "id_"), VECTORS["message ids"])
def test_a_mail_sent_again_bears_the_id_it_had(domain: str, parts: list[str], id_: str) -> None:
    assert message_id(KEYS.key("message-id/v1"), domain, *parts) == id_


@pytest.mark.parametrize(("name", "cookie"), VECTORS["cookies"]["now"].items())
def test_a_cookie_is_read(name: str, cookie: str) -> None:
    kept = AnswersCookie(KEYS, None, secure=name.startswith("__Host-"))  # type: ignore[arg-type]  # no words are read
    assert kept.name == name
    assert kept._open(cookie) == plain(VECTORS["cookies"]["text"])


def test_a_cookie_of_the_secret_before_is_read() -> None:
    before = VECTORS["cookies"]["before"]
    kept = AnswersCookie(KEYS, None, secure=True)  # type: ignore[arg-type]  # no words are read
    assert kept._open(before["cookie"]) == plain(before["text"])


# ------------------------------------------------------------------ waiting letters
@pytest.mark.parametrize("waiting", VECTORS["waiting"], ids=lambda one: one["purpose"])
def test_what_waited_opens_to_its_code_and_to_no_other(
    written: Database, waiting: dict[str, Any]
) -> None:
    letters = letters_in(written, waiting["purpose"])
    wrong = f"{(int(waiting['code']) + 1) % 10**6:06d}"
    assert letters.open(waiting["token"], wrong) is None
    opened = letters.open(waiting["token"], waiting["code"])
    assert opened is not None
    assert opened.state.value == waiting["state"]
    assert opened.payload == plain(waiting.get("text", ""))
    assert opened.sent_at == waiting.get("sent at")


def test_what_waited_can_be_sent(written: Database) -> None:
    letters, waiting = letters_in(written, "letter"), VECTORS["waiting"][0]
    opened = letters.open(waiting["token"], waiting["code"], to_send=True)
    assert opened is not None
    claim = letters.claim(opened)
    assert isinstance(claim, Claim)
    letters.settle(claim, Result.SENT)
    again = letters.open(waiting["token"], waiting["code"])
    assert again is not None
    assert again.sent_at == VECTORS["noon"]


def test_the_browser_that_made_it_can_still_take_it_back(written: Database) -> None:
    browser = plain(VECTORS["waiting"][0]["browser"])
    assert letters_in(written, "letter").cancel_from(browser).deleted == 1


# ------------------------------------------------------------------ limits and blocks
def test_what_was_counted_stays_counted(written: Database) -> None:
    assert ledger_in(written).reserve(to_person()) is Refusal.LIMIT


def test_what_was_pressed_is_told_again(written: Database) -> None:
    ip, own, id_, content, result = VECTORS["ledger"]["submission"]
    pressed = Submission(id_, plain(content))
    assert ledger_in(written).reserve(ToOwn(ip, own), pressed) == EarlierPress(Result(result))


@pytest.mark.parametrize("address", VECTORS["ledger"]["blocked"])
def test_who_was_blocked_stays_blocked_when_the_old_secret_goes(
    written: Database, address: str
) -> None:
    """After one start with the old secret among the fallbacks, the list needs it no more."""
    ledger_in(written).check_key()
    assert ledger_in(written).is_blocked(address)
    assert ledger_in(written, SECRET).is_blocked(address)


def test_without_its_secret_the_block_list_lets_nothing_out(written: Database) -> None:
    with pytest.raises(LedgerUnavailable):
        ledger_in(written, SECRET).is_blocked("anybody@home.example")


def test_the_days_figures_stay(written: Database) -> None:
    assert [one.outcome for one in ledger_in(written).counts()] == ["sent"]


def test_somebody_new_may_still_be_written_to(written: Database) -> None:
    assert isinstance(ledger_in(written).reserve(ToOwn("192.0.2.7", "new@x.example")), Reservation)
