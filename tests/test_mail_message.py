"""One mail as others read it: its head, its subject, its names and its id."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from email import message_from_bytes, policy
from email.generator import BytesGenerator
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.errors import MailRefused
from webapp.mail.message import clean_name, message_id, subject_line

from .mail_shapes import ALWAYS, AWKWARD, FULL, KEY, assert_well_formed
from .mails import INJECTIONS, PLAIN, bodies, make_mail, read
from .signatures import Signer


def head_of(data: bytes) -> list[bytes]:
    return data.partition(b"\r\n\r\n")[0].split(b"\r\n")


def test_a_mail_is_read_back_as_it_was_meant() -> None:
    message = read(FULL.to_bytes())
    assert message["From"] == "Word Ahead <letters@wordahead.example>"
    assert message["To"] == message["Reply-To"] == "emma@example.org"
    assert message["Subject"] == "How to communicate with Zoë"
    assert message["Content-Language"] == "en-GB"
    assert message["List-Unsubscribe"] == "<https://wordahead.example/stop>"
    assert bodies(FULL.to_bytes()) == (FULL.text, FULL.html)


@settings(max_examples=200)
@given(st.text() | AWKWARD | st.text("aZ ,é=?_\U0001f600\u0301\u4e2d", max_size=120))
def test_any_subject_is_read_back_as_the_cleaned_one(subject: str) -> None:
    mail = make_mail(subject=f"For {subject}")
    data = mail.to_bytes()
    assert_well_formed(data)
    assert read(data)["Subject"] == subject_line(f"For {subject}")
    assert sorted(read(data).keys()) == sorted([*ALWAYS, "Auto-Submitted"])


@pytest.mark.parametrize("text", INJECTIONS)
def test_no_name_puts_anything_else_into_the_head(text: str) -> None:  # G4, G5
    data = make_mail(subject=f"How to communicate with {text}").to_bytes()
    assert_well_formed(data)
    for rules in (policy.default, policy.SMTP, policy.compat32):
        message = message_from_bytes(data, policy=rules)
        assert sorted(message.keys()) == sorted([*ALWAYS, "Auto-Submitted"])
        assert message["To"] == "emma@example.org"
    assert bodies(data) == (PLAIN.text, PLAIN.html)


def test_a_plain_subject_stays_readable_in_the_raw_mail() -> None:
    assert b"Subject: How to communicate with Emma" in head_of(PLAIN.to_bytes())


def test_a_long_plain_subject_is_folded_at_a_space() -> None:
    subject = "How to communicate with Wilhelmina Featherstonehaugh of Great Wapping Farm"
    head = head_of(make_mail(subject=subject).to_bytes())
    assert b" Great Wapping Farm" in head or b" Farm" in head
    assert b"=?" not in b"".join(head)


def test_encoded_words_hold_whole_characters() -> None:  # RFC 2047, 5
    for subject in ("\U0001f600" * 70, "Zoë " * 18, "\u4e2d\u6587" * 35):
        words = re.findall(rb"=\?utf-8\?.\?.*?\?=", make_mail(subject=subject).to_bytes())
        assert len(words) > 1
        for word in words:
            assert len(word) <= 75
            assert "\ufffd" not in str(read(b"Subject: " + word + b"\r\n\r\n")["Subject"])


@settings(max_examples=200)
@given(st.text(min_size=70, max_size=300))
def test_a_subject_never_exceeds_78_characters(text: str) -> None:  # G12
    assert len(subject_line(text)) <= 78
    assert subject_line(subject_line(text)) == subject_line(text)


@pytest.mark.parametrize(
    "character", ["e\u0301\u0323", "\U0001f44b\U0001f3fd", "\U0001f1eb\U0001f1f7", "\u0915\u093f"]
)
@pytest.mark.parametrize("before", range(66, 78))
def test_a_subject_is_cut_between_two_characters(character: str, before: int) -> None:
    character = unicodedata.normalize("NFC", character)
    kept = subject_line("a" * before + character * 20).removesuffix("…").removeprefix("a" * before)
    assert kept.replace(character, "") == ""


def test_a_character_longer_than_a_subject_is_cut_all_the_same() -> None:
    assert subject_line("x" + "\u0323" * 200) == "x" + "\u0323" * 76 + "…"


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        ("  Emma \t Jane\n", "Emma Jane"),
        ("Zoe\u0308", "Zoë"),
        ("Emma\r\nBcc: x", "Emma Bcc: x"),
        ("Em\u200bma\u202e\ufeff", "Emma"),
        ("Emma\u00a0Jane\u3000Lee", "Emma Jane Lee"),
        ("=?utf-8?q?x?=", "= ?utf-8?q?x?="),
        ("=\u200b?", "= ?"),
        ("==??", "== ??"),
        ("\ud83d\ude00", ""),
        ("\ue000Emma\uffff", "Emma"),
        ("\u3164\u2800", ""),
        ('O\'Neil, "Bob" \U0001f600', 'O\'Neil, "Bob" \U0001f600'),
        ("", ""),
    ],
)
def test_a_name_keeps_only_what_can_be_seen(typed: str, cleaned: str) -> None:
    assert clean_name(typed) == cleaned


@settings(max_examples=300)
@given(st.text() | st.text("=?\u200b\u0338\u0301 \n\u202eé"))
def test_a_cleaned_name_is_one_visible_line_and_stays_so(text: str) -> None:
    name = clean_name(text)
    assert "=?" not in name
    assert not {unicodedata.category(x) for x in name} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    assert name == name.strip() == clean_name(name)
    assert unicodedata.is_normalized("NFC", name)


def test_a_message_id_is_the_same_for_a_retry_and_differs_for_all_else() -> None:  # G7
    made = [
        message_id(KEY, "wordahead.example", "letter", "1"),
        message_id(KEY, "wordahead.example", "letter", "2"),
        message_id(KEY, "wordahead.example", "letter1", ""),
        message_id(KEY, "wordahead.example", "letter1"),
        message_id(b"q" * 32, "wordahead.example", "letter", "1"),
    ]
    assert len(set(made)) == len(made)
    assert made[0] == message_id(KEY, "wordahead.example", "letter", "1")
    assert all(re.fullmatch(r"<[a-z2-7]{24}@wordahead\.example>", one) for one in made)


def test_a_message_id_tells_nothing_of_what_it_was_made_from() -> None:
    assert "emma" not in message_id(KEY, "wordahead.example", "emma@example.org")


@pytest.mark.parametrize(
    "address",
    [
        "emma@example.org, eve@example.org",
        "emma@example.org;eve@example.org",
        "emma@example.org\r\nBcc: eve@example.org",
        "emma@example.org\n",
        "emma@exam\x00ple.org",
        "Emma <emma@example.org>",
        '"emma"@example.org',
        "emma%example.org@relay.example",
        "relay.example!emma@example.org",
        "=?utf-8?q?eve?=@example.org",
        "zoë@example.org",
        "emma@exämple.org",
        "emma@example.org\u2028",
        "emma@[127.0.0.1]",
        "emma@-example.org",
        "emma@example..org",
        ".emma@example.org",
        "emma",
        "@example.org",
        "emma@",
        " emma@example.org",
        "e" * 65 + "@example.org",
        "emma@" + ".".join(["e" * 60] * 5),
    ],
)
@pytest.mark.parametrize("field", ["recipient", "reply_to", "sender"])
def test_anything_but_one_plain_address_is_refused(address: str, field: str) -> None:
    with pytest.raises(MailRefused) as refused:
        make_mail(**{field: address}).to_bytes()
    assert "emma" not in str(refused.value)
    assert "example" not in str(refused.value)


@pytest.mark.parametrize(
    "address", ["o'neil@example.org", "a+b=c@x.example", "emma@localhost", "a@xn--exmple-cua.org"]
)
def test_unusual_addresses_that_are_right_go_through(address: str) -> None:
    assert read(make_mail(recipient=address).to_bytes())["To"] == address


def test_the_longest_address_is_written_on_a_line_of_its_own() -> None:
    address = f"{'e' * 64}@{'.'.join(['d' * 62] * 3)}"
    mail = make_mail(recipient=address, reply_to=address, sender=address)
    message = read(mail.to_bytes())
    assert message["To"] == message["Reply-To"] == address
    assert message["From"].addresses[0].addr_spec == address


@pytest.mark.parametrize(
    "changes",
    [
        {"text": "half \ud800"},
        {"html": "half \udfff"},
        {"subject": ""},
        {"subject": "\u200b\n"},
        {"date": datetime(2026, 11, 23)},  # noqa: DTZ001  the very mistake
        {"language": "en\r\nBcc: eve@example.org"},
        {"language": "én"},
        {"language": ""},
        {"message_id": "<a@b>\r\nBcc: eve@example.org"},
        {"message_id": "no id"},
        {"message_id": "<zoë@b>"},
        {"message_id": f"<{'a' * 1000}@b>"},
        {"list_unsubscribe": "https://x.example/>\r\nBcc: eve@example.org"},
        {"list_unsubscribe": "https://x.example/é"},
        {"list_unsubscribe": "javascript:alert(1)"},
    ],
)
def test_a_mail_with_a_broken_field_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(MailRefused) as refused:
        make_mail(**changes).to_bytes()
    assert "eve" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_no_personal_field_shows_in_a_repr() -> None:
    shown = repr(
        make_mail(recipient="canary@example.org", subject="canary", reply_to="canary@x.org")
    )
    assert "canary" not in shown
    assert "I can answer" not in shown


def test_a_signature_survives_a_relay_that_writes_the_mail_anew() -> None:  # G13
    relay, data = Signer(), FULL.to_bytes()
    signed = relay.signed(data)
    assert relay.verifies(signed)
    assert relay.verifies(_written_anew(signed))


@pytest.mark.parametrize(
    ("was", "is_now"), [(b"Zo", b"Zu"), (b"\r\nTo: ", b"\r\nTo: eve"), (b"</p>", b"!</p>")]
)
def test_a_signature_ends_where_a_mail_is_changed(was: bytes, is_now: bytes) -> None:
    relay, data = Signer(), FULL.to_bytes()
    signed = relay.signed(data)
    changed = signed.removesuffix(data) + data.replace(was, is_now, 1)
    assert was in data
    assert not relay.verifies(changed)
    assert not Signer().verifies(signed)


def _written_anew(data: bytes) -> bytes:
    """The mail as a 7-bit relay passes it on after taking it apart."""
    out = BytesIO()
    rules = policy.compat32.clone(linesep="\r\n", cte_type="7bit")
    BytesGenerator(out, policy=rules).flatten(message_from_bytes(data, policy=policy.compat32))
    return out.getvalue()
