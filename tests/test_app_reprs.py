"""No value of the house shows anybody's words in its repr, which could reach a log or a page."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from typing import Any

import pytest

import webapp

# What a value may show: numbers, states, and what a host or the words' files decided; never what
# somebody typed, where they live, or a key. A field that is not here must say `repr=False`; a new
# one comes here only if a stranger may read it.
# fmt: off
HARMLESS = frozenset({
    "after_dot", "again", "age", "allowed", "at", "attempt", "auto_submitted", "ballots",
    "before", "before_dot", "by", "ca_file", "characters", "check_domains", "clock", "code",
    "command", "condition", "connect", "conversation", "counts", "credit", "database",
    "database_lasts", "date", "day", "decision", "deleted", "demo", "direct_send",
    "direct_send_domains",
    "direction", "domain_exists", "draft_id", "due", "ehlo_name", "end", "enhanced", "expires_at",
    "faults", "figures", "file", "flood_minute", "has_receipt", "host", "host_contact",
    "host_name", "id", "idle", "instance", "ip_day", "ip_ten_minutes", "is_code_sent",
    "is_list", "key", "keys", "kind", "label", "language", "languages", "ledger", "level",
    "library", "limits", "line", "mail", "mail_from", "may_drop", "may_send_again",
    "message_id", "most", "needed", "note", "noted", "number", "older", "on", "option",
    "outcome", "own_day", "own_inbox_code", "own_six_hours", "pair_day", "path", "phase",
    "port", "problems", "process", "public_url", "quorum", "recipient_day", "result", "round",
    "seconds", "secure", "security", "sending", "sent_at", "sentence", "settings", "show",
    "shown", "sign_off", "site", "site_hour", "situation", "start", "state", "status", "stopping",
    "store", "submission", "templates", "threshold", "tried", "trusted_proxies", "until",
    "has_own_words", "is_open", "is_proved", "section", "inviting", "rounds", "group_day",
    "group_inbox_day", "is_to_self", "may", "now", "stop_hour", "to_stop",
    "keeps_older", "replaced",
    "utf8_bytes", "version", "voice", "waiting", "waiting_hours", "whole",
})
# fmt: on
# Values that are made at start from files alone, and hold nothing of a person.
FROM_FILES = (
    "webapp.letter.words.",
    "webapp.group.pieces.Piece",
    "webapp.group.wordings.Place",
    "webapp.rendering.inlining.",
    "webapp.rendering.templates._Mail",
    "webapp.web.sentences.",
)
# Fields that have a harmful name elsewhere; here they are the words' own sentences.
HARMLESS_HERE = {
    "webapp.store.ledger.limits.Rule": {"name"},
    "webapp.letter.compose.Reply": {"body"},
    "webapp.store.feedback.Figures": {"numbers"},
    "webapp.store.opening.Store": {"feedback"},
    "webapp.letter.compose.Part": {"listed"},
    "webapp.letter.compose.Letter": {"first_heading", "own_words_heading"},
    "webapp.letter.paper.Paper": {"by_hand"},
    "webapp.letter.wall.Wall": {"names", "tokens", "groups"},
}
# Fields that have a harmless name elsewhere, and here may be a person's own.
PRIVATE_HERE = {"webapp.mail.message.Mail": {"subject", "text", "html", "recipient", "reply_to"}}


def _dataclasses() -> dict[str, type[Any]]:
    found: dict[str, type[Any]] = {}
    for module in pkgutil.walk_packages(webapp.__path__, "webapp."):
        if ".migrations" in module.name:
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if not isinstance(value, type) or value.__module__ != module.name:
                continue
            if dataclasses.is_dataclass(value):
                found[f"{module.name}.{name}"] = value
    return found


KINDS = {name: kind for name, kind in _dataclasses().items() if not name.startswith(FROM_FILES)}


def _with_canaries(kind: type[Any]) -> object:
    """A value of this kind with its own canary in every field, past every check."""
    value = object.__new__(kind)
    for part in dataclasses.fields(kind):
        object.__setattr__(value, part.name, f"canary-of-{part.name}-")
    return value


def _shown(kind: type[Any]) -> set[str]:
    text = repr(_with_canaries(kind))
    names = {part.name for part in dataclasses.fields(kind)}
    return {name for name in names if f"canary-of-{name}-" in text}


@pytest.mark.parametrize("name", KINDS)
def test_a_value_shows_nothing_private(name: str) -> None:
    shown = _shown(KINDS[name])
    assert shown - HARMLESS - HARMLESS_HERE.get(name, set()) == set()
    assert shown & PRIVATE_HERE.get(name, set()) == set()


def test_the_values_that_hold_a_persons_words_are_among_them() -> None:
    endings = (
        "Answers",
        "Letter",
        "Mail",
        "Envelope",
        "Bodies",
        "Submission",
        "Key",
        "OpenedLetter",
    )
    assert {end for end in endings if not any(name.endswith(f".{end}") for name in KINDS)} == set()


def test_a_field_that_shows_would_be_found() -> None:
    @dataclasses.dataclass
    class Careless:
        own_words: str
        level: str = dataclasses.field(repr=False)

    assert _shown(Careless) == {"own_words"}
