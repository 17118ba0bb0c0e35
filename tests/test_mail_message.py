"""The bytes of a mail: what others read in them, and what can never get into them."""

from __future__ import annotations

import itertools
import re
import unicodedata
from datetime import datetime, timedelta, timezone
from email import message_from_bytes, policy
from email.generator import BytesGenerator
from email.utils import parsedate_to_datetime
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.errors import MailRefused
from webapp.mail.guard import check_address, check_head
from webapp.mail.message import clean_name, message_id, subject_line

from .mails import INJECTIONS, PLAIN, bodies, make_mail, read
from .signatures import Signer

ALWAYS = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Content-Language",
]
KEY = b"k" * 32
# Whatever fits into a body: everything but half characters.
BODY = st.text(st.characters(exclude_categories=["Cs"]))
# Text such as breaks lines, quoting and transport, more often than chance would.
AWKWARD = st.lists(
    st.sampled_from((". .. -- = =_ =20 é a " + " ".join("a" * x for x in (60, 74, 75, 76))).split())
    | st.sampled_from(["From ", " ", "\t", "\n", "\r\n", "\r", "\x00", "\x85", "\u2028", "\f"]),
    max_size=12,
).map("".join)
FULL = make_mail(
    reply_to="emma@example.org",
    list_unsubscribe="https://wordahead.example/stop",
    subject="How to communicate with Zoë",
)


def same_lines(text: str) -> str:
    """Text with its line ends written in one way."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def head_of(data: bytes) -> list[bytes]:
    return data.partition(b"\r\n\r\n")[0].split(b"\r\n")


def assert_well_formed(data: bytes) -> None:
    """The bytes of G2 and G3: 7-bit, CRLF alone, short lines."""
    assert data.isascii()
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\x00", data)
    head, _, body = data.partition(b"\r\n\r\n")
    assert max(map(len, head.split(b"\r\n"))) <= 78
    assert max(map(len, body.split(b"\r\n"))) <= 76


# ------------------------------------------------------------------ what others read


def test_a_mail_is_read_back_as_it_was_meant() -> None:
    message = read(FULL.to_bytes())
    assert message["From"] == "Word Ahead <letters@wordahead.example>"
    assert message["To"] == message["Reply-To"] == "emma@example.org"
    assert message["Subject"] == "How to communicate with Zoë"
    assert message["Content-Language"] == "en-GB"
    assert message["List-Unsubscribe"] == "<https://wordahead.example/stop>"
    assert bodies(FULL.to_bytes()) == (FULL.text, FULL.html)


def test_it_is_text_and_html_in_utf_8_and_nothing_else() -> None:  # G1, G2
    message = read(FULL.to_bytes())
    parts = list(message.iter_parts())
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert {part.get_content_charset() for part in parts} == {"utf-8"}
    assert {part["Content-Transfer-Encoding"] for part in parts} == {"quoted-printable"}
    assert not any(part.defects for part in message.walk())
    assert not message.preamble
    assert not message.epilogue


@pytest.mark.parametrize("text", ["Привет, мир. ", "مرحبا بالعالم. ", "こんにちは。"])
def test_other_scripts_are_written_in_the_shorter_way(text: str) -> None:  # G2, G15
    html = f"<p>{text * 400}</p>\n<p>.</p>\n"
    written = make_mail(text=text * 400 + "\n", html=html).to_bytes()
    assert_well_formed(written)
    encodings = {part["Content-Transfer-Encoding"] for part in read(written).iter_parts()}
    assert encodings == {"base64"}
    assert bodies(written)[1].replace("\r\n", "\n") == html
    assert len(written) < 1.45 * len((text * 800).encode())


def test_a_few_letters_of_another_script_leave_the_mail_readable_as_it_stands() -> None:
    written = make_mail(text="Hello,\n\nI am Мария. " + "I write. " * 20, html="<p>Мария</p>" * 9)
    plain = read(written.to_bytes()).get_body(("plain",))
    assert plain
    assert plain["Content-Transfer-Encoding"] == "quoted-printable"


def test_it_is_7_bit_with_short_lines_and_true_line_ends() -> None:  # G2, G3
    assert_well_formed(
        make_mail(text="é" * 999, html="<p>" + "x" * 999, subject="ß" * 70).to_bytes()
    )


@pytest.mark.parametrize(
    ("changes", "more"),
    [
        ({}, ["Auto-Submitted"]),
        ({"auto_submitted": False}, []),
        ({"reply_to": "emma@example.org", "auto_submitted": False}, ["Reply-To"]),
        ({"list_unsubscribe": "https://x.example/stop"}, ["Auto-Submitted", "List-Unsubscribe"]),
    ],
)
def test_it_has_exactly_the_headers_of_its_kind(
    changes: dict[str, object], more: list[str]
) -> None:
    names = read(make_mail(**changes).to_bytes()).keys()  # G4, G11
    assert sorted(names) == sorted(ALWAYS + more)


def test_its_date_has_a_numeric_zone_and_is_the_one_given() -> None:  # G6
    west = datetime(2026, 11, 23, 4, 30, tzinfo=timezone(timedelta(hours=-5)))
    for date, zone in ((PLAIN.date, "+0000"), (west, "-0500")):
        written = str(read(make_mail(date=date).to_bytes())["Date"])
        assert written.endswith(zone)
        assert parsedate_to_datetime(written) == date


def test_the_sender_is_always_word_ahead() -> None:  # G8
    sender = read(FULL.to_bytes())["From"].addresses
    assert [(x.display_name, x.addr_spec) for x in sender] == [("Word Ahead", FULL.sender)]


def test_the_same_mail_has_the_same_bytes() -> None:
    assert FULL.to_bytes() == FULL.to_bytes()


def test_the_boundary_differs_between_mails_and_occurs_in_no_body() -> None:
    boundary = read(PLAIN.to_bytes()).get_boundary()
    assert boundary is not None
    inside = make_mail(text=f"\n--{boundary}--\n", html=f"--{boundary}\n")
    assert bodies(inside.to_bytes()) == (inside.text, inside.html)
    other = make_mail(message_id=message_id(KEY, "wordahead.example", "another"))
    assert read(other.to_bytes()).get_boundary() != boundary


@settings(max_examples=150)
@given(text=BODY | AWKWARD, html=BODY | AWKWARD)
def test_any_body_is_read_back_by_the_standard_library(text: str, html: str) -> None:
    data = make_mail(text=text, html=html).to_bytes()
    assert_well_formed(data)
    assert bodies(data) == (same_lines(text), same_lines(html))


@pytest.mark.parametrize("width", range(66, 80))
@pytest.mark.parametrize("end", [" ", "\t", "  ", "é ", "= ", ".", " ."])
def test_a_line_that_ends_near_the_edge_stays_within_76_columns(width: int, end: str) -> None:
    text = f"{'a' * width}{end}\n{'b' * width}{end}"
    data = make_mail(text=text).to_bytes()
    assert_well_formed(data)
    assert bodies(data)[0] == text


@pytest.mark.parametrize("before", range(70, 80))
def test_no_line_is_broken_before_from(before: int) -> None:
    text = "x" * before + "From =From me to you." + "y" * 99
    written = make_mail(text=text).to_bytes()
    assert not any(line.startswith(b"From ") for line in written.split(b"\r\n"))
    assert bodies(written)[0].rstrip() == text
    assert_well_formed(written)


@given(AWKWARD)
def test_a_soft_break_stands_only_where_a_line_has_no_more_room(text: str) -> None:
    lines = make_mail(text="plain " * 99 + text).to_bytes().split(b"\r\n")
    for line, following in itertools.pairwise(lines):
        if line.endswith(b"="):
            assert len(line) >= 73
            assert len(line) + len(following) > 77


def test_a_line_without_escapes_is_filled_to_its_76_columns() -> None:
    lines = make_mail(text="a" * 202).to_bytes().split(b"\r\n")
    assert [len(line) for line in lines if line.startswith(b"aa")] == [76, 76, 52]


@pytest.mark.parametrize(
    "text",
    [
        "From here\nFrom \n",
        "so\nFrom here",
        "so \n",
        "so ",
        " ",
        "so\n\n \nfar  \n",
        ".\n",
        "so\n.\n.\n..\n.x",
        "so\n.",
        "From here\n.\n..\n.x\nso \nFrom \n",
    ],
)
def test_lone_dots_from_lines_and_trailing_spaces_survive_old_mail_servers(text: str) -> None:
    mail = make_mail(text=f"{text}\n{'plain ' * 9}.\n\n{text}")
    lines = mail.to_bytes().split(b"\r\n")
    assert b"." not in lines
    assert not any(line.startswith(b"From ") or line.endswith(b" ") for line in lines)
    assert bodies(mail.to_bytes())[0] == mail.text


# ------------------------------------------------------------------ the subject


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


# ------------------------------------------------------------------ names


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


# ------------------------------------------------------------------ the id


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


# ------------------------------------------------------------------ what is refused


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


# ------------------------------------------------------------------ the guard alone

MEANT = {
    "From": "Word Ahead <letters@wordahead.example>",
    "To": "emma@example.org",
    "Subject": "Hello",
}
GOOD = "".join(f"{name}: {value}\r\n" for name, value in MEANT.items())


def test_the_guard_lets_a_right_head_pass() -> None:
    assert check_head(GOOD, MEANT) == GOOD.encode()


@pytest.mark.parametrize(
    "head",
    [
        "",
        GOOD + "Bcc: eve@example.org\r\n",
        GOOD + "\r\n",
        GOOD + "Subject: Hello\r\n",
        GOOD.removesuffix("\r\n"),
        GOOD.replace("\r\n", "\n"),
        GOOD.replace("Hello", "Hello\nBcc: eve@example.org"),
        GOOD.replace("Hello", "Hello\rBcc: eve@example.org"),
        GOOD.replace("Hello", "Hello\r\nBcc: eve@example.org"),
        GOOD.replace("Hello", "Hello\r\n \r\n there"),
        GOOD.replace("Hello", "Hello\r\n\tthere"),
        GOOD.replace("Hello", "Hello there"),
        GOOD.replace("Hello", "Hell\x00o"),
        GOOD.replace("Hello", "Héllo"),
        GOOD.replace("Hello", "Hello" * 20),
        GOOD.replace("Hello", "=?utf-8?q?=0ABcc=3A_x?="),
        GOOD.replace("Hello", "Hello =?utf-8?q?=0ABcc=3A_x?="),
        GOOD.replace("Hello", "=?utf-8?b?x?="),
        GOOD.replace("Hello", "=?utf-8?q?=FF?="),
        GOOD.replace("To: emma@", "To: eve@"),
        GOOD.replace("emma@example.org", "emma@example.org, eve@example.org"),
        GOOD.replace("emma@example.org", "emma@example.org eve@example.org"),
        GOOD.replace("To:", "Cc:"),
        GOOD.replace("To: ", "To:"),
        GOOD.replace("To:", "To :"),
        GOOD.replace("From: ", " From: "),
        GOOD.replace("Word Ahead", "Emma"),
    ],
)
def test_the_guard_stops_any_other_head(head: str) -> None:
    with pytest.raises(MailRefused):
        check_head(head, MEANT)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Subject", "Hello " * 13 + "you"),
        ("Subject", "Hello "),
        ("Subject", "Hello\r\n you "),
        ("Subject", f"Hello\r\n {'x' * 78}"),
        ("To", f"emma@{'e' * 30}{'.example' * 120}.org"),
    ],
)
def test_the_guard_stops_a_line_that_is_too_long_or_ends_in_a_space(name: str, value: str) -> None:
    meant = MEANT | {name: value}
    with pytest.raises(MailRefused, match=f"{name} is not well formed"):
        check_head("".join(f"{one}: {meant[one]}\r\n" for one in meant), meant)


@settings(max_examples=200)
@given(
    st.integers(0, len(GOOD)),
    st.text(min_size=1, max_size=6) | st.sampled_from(["\r\n", "\n", "\r\n\r\n", ": ", "=?", ","]),
)
def test_the_guard_stops_whatever_is_slipped_into_a_head(place: int, extra: str) -> None:
    slipped = GOOD[:place] + extra + GOOD[place:]
    try:
        passed = check_head(slipped, MEANT)
    except MailRefused:
        return
    message = read(passed + b"\r\n")
    assert message.keys() == list(MEANT)
    assert (message["To"], message["Subject"]) == (MEANT["To"], MEANT["Subject"])


@settings(max_examples=200)
@given(st.text() | st.from_regex(r"[a-z.@ ,;<>\r\n\"%!]{3,40}"))
def test_an_address_that_passes_is_one_address_to_everybody(text: str) -> None:
    try:
        check_address(text)
    except MailRefused:
        return
    read_back = read(f"To: {text}\r\n\r\n".encode())["To"].addresses
    assert [x.addr_spec for x in read_back] == [text]


# ------------------------------------------------------------------ signatures


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
