"""Email addresses: one, plain, and probably the one that was meant."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.errors import AnswersError
from webapp.mail.addresses import likely_meant, read_address

from .mails import INJECTIONS, make_mail, read

ATOMS = st.text(string.ascii_letters + string.digits + "!#$%&'*+/=?^_`{|}~-.", min_size=1)
LABELS = st.text(string.ascii_lowercase + string.digits + "-éß中", min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        (" emma@example.org\n", "emma@example.org"),
        ("Emma.Jones+letter@example.org", "Emma.Jones+letter@example.org"),
        ("o'neil@example.org", "o'neil@example.org"),
        ("emma@Example.ORG", "emma@example.org"),
        ("emma@bücher.example", "emma@xn--bcher-kva.example"),
        # Pasted.
        ("emma\u200b@exa\u200bmple.org\u200e", "emma@example.org"),
        ("\u2068emma@example.org\u2069", "emma@example.org"),
        ("\ufeffemma@example.org\u00a0", "emma@example.org"),
        ("em\u200dma@example.org", "emma@example.org"),
        ("mailto:emma@example.org", "emma@example.org"),
        ("MAILTO:emma@example.org?subject=A%20letter", "emma@example.org"),
        ("mailto:emma%40example.org", "emma@example.org"),
        ("Ms Patel <patel@example.org>", "patel@example.org"),
        ('"Patel, Meera" <patel@example.org>;', "patel@example.org"),
        ("<patel@example.org>", "patel@example.org"),
        ("Patel <mailto:patel@example.org>", "patel@example.org"),
        ("patel@example.org <patel@example.org>", "patel@example.org"),
        ("patel@example.org <mailto:Patel@example.org>", "Patel@example.org"),
        ("emma@example.org.", "emma@example.org"),
        ("emma@example.org,", "emma@example.org"),
        ("emma@example.org;", "emma@example.org"),
        ("(emma@example.org)", "emma@example.org"),
        ("“emma@example.org”.", "emma@example.org"),
        ("'emma@example.org'", "emma@example.org"),
        ("emma＠example.org", "emma@example.org"),
        ("emma﹫example。org", "emma@example.org"),
        ("ｅｍｍａ＠ｅｘａｍｐｌｅ．ｏｒｇ", "emma@example.org"),
        ("emma @ example.org", "emma@example.org"),
        ("o'neil@example.org'", "o'neil@example.org"),
    ],
)
def test_one_plain_address_is_read(typed: str, read: str) -> None:
    assert read_address(typed) == read


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", "email_missing"),
        ("  \n", "email_missing"),
        ("emma", "email_malformed"),
        ("emma@", "email_malformed"),
        ("@example.org", "email_malformed"),
        ("emma@example", "email_malformed"),
        ("emma@@example.org", "email_two"),
        ("emma jones@example.org", "email_malformed"),
        ("emma@[192.0.2.7]", "email_malformed"),
        ('"emma jones"@example.org', "email_malformed"),
        ("eve@example.org <emma@example.org>", "email_two"),
        ("Emma <emma@example.org>, Tom <tom@example.org>", "email_two"),
        ("Emma <emma@example.org> or so", "email_malformed"),
        ("write to emma@example.org", "email_malformed"),
        ("Emma\r\n<emma@example.org>", "email_malformed"),
        ("mailto:", "email_malformed"),
        ("mailto:emma@example.org%0D%0ABcc:x", "email_malformed"),
        ("mailto:emma@example.org,eve@example.org", "email_two"),
        ("<>", "email_missing"),
        ("\u200b", "email_missing"),
        ("emma%example.com@example.org", "email_malformed"),
        ("example.com!emma@example.org", "email_malformed"),
        ("zoë@example.org", "email_letters"),
        ("a" * 300 + "@example.org", "email_too_long"),
        ("a" * 65 + "@example.org", "email_malformed"),
        ("emma@" + "é" * 200 + ".example", "email_malformed"),
        ("emma@example.org, eve@example.org", "email_two"),
        ("emma@example.org;eve@example.org", "email_two"),
        ("emma@example.org\r\nBcc: eve@example.org", "email_two"),
        ("emma@example.org\r\nBcc: eve", "email_malformed"),
        ("=?utf-8?q?=0ABcc=3A_x?=", "email_malformed"),
        ("=?utf-8?q?=0ABcc=3A_x?=@example.org", "email_malformed"),
        ("\ud800@example.org", "email_letters"),
    ],
)
def test_anything_else_is_refused_with_its_own_sentence(typed: str, error: str) -> None:
    with pytest.raises(AnswersError, match=f"^{error}$"):
        read_address(typed)


def _is_refused_or_the_only_recipient(typed: str) -> bool:
    try:
        address = read_address(typed)
    except AnswersError:
        return True
    mail = read(make_mail(recipient=address).to_bytes())
    return mail["To"] == address and "Bcc" not in mail


@pytest.mark.parametrize("typed", INJECTIONS)
def test_no_injection_reaches_a_mail(typed: str) -> None:
    assert _is_refused_or_the_only_recipient(typed)
    assert _is_refused_or_the_only_recipient(f"{typed}@example.org")


@given(ATOMS, st.lists(LABELS, min_size=1, max_size=4))
def test_every_address_that_is_read_can_be_written_into_a_mail(
    local: str, labels: list[str]
) -> None:
    assert _is_refused_or_the_only_recipient(f"{local}@{'.'.join(labels)}")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("emma@gmial.com", "emma@gmail.com"),
        ("emma@gmail.con", "emma@gmail.com"),
        ("emma@hotmial.co.uk", "emma@hotmail.co.uk"),
        ("emma@yaho.com", "emma@yahoo.com"),
        ("emma@example.couk", "emma@example.co.uk"),
    ],
)
def test_a_slip_is_noticed(typed: str, meant: str) -> None:
    assert likely_meant(typed) == meant


@pytest.mark.parametrize(
    "typed", ["emma@gmail.com", "emma@mail.com", "emma@example.org", "emma@gmx.com", "e@Gmail.com"]
)
def test_a_real_address_is_not_doubted(typed: str) -> None:
    assert likely_meant(typed) == ""
