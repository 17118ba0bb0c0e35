"""Token and code together open a sealed letter; nothing else does."""

import threading
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.databases import OLD_SECRET, SECRET, keys_of
from webapp.keys import derive
from webapp.store import sealing
from webapp.store.sealing import (
    MOST_BYTES,
    SCRYPT_SLOTS,
    STEP,
    Key,
    Sealer,
    SealingBusy,
    TooLong,
    new_code,
    new_token,
    parse_code,
    parse_token,
)

CHEAP = 2  # scrypt's smallest n: these tests ask whether, not how dearly
TOKEN = "abcdefghijklmnopqrstuA"
CODE = "493027"
EXPIRY = 1_800_000_000
TEXT = b"Dear Ms Patel"


def make_sealer(*secrets: str, purpose: str = "letter") -> Sealer:
    return Sealer(keys_of(*secrets), purpose=purpose, cost=CHEAP)


def bits(data: bytes) -> list[bytes]:
    """All neighbours of some bytes, one bit away."""
    whole = int.from_bytes(data)
    return [(whole ^ (1 << bit)).to_bytes(len(data)) for bit in range(8 * len(data))]


def sealed_row(text: bytes = TEXT) -> tuple[Sealer, Key, bytes]:
    sealer = make_sealer()
    key = sealer.key(TOKEN, CODE, EXPIRY)
    return sealer, key, sealer.seal(key, "letter", text)


def test_token_and_code_open_what_they_sealed() -> None:
    sealer, _, sealed = sealed_row()
    found = sealer.try_open(TOKEN, CODE, (EXPIRY, "letter", sealed))
    assert found is not None
    assert found[1] == TEXT


def test_a_fallback_secret_still_opens() -> None:
    """R17: a new SECRET_KEY does not lose what waits."""
    _, _, sealed = sealed_row()
    rotated = make_sealer("a newer secret, also thirty-two bytes long", SECRET)
    assert rotated.try_open(TOKEN, CODE, (EXPIRY, "letter", sealed)) is not None


def test_without_the_secret_token_and_code_open_nothing() -> None:
    _, _, sealed = sealed_row()
    assert make_sealer(OLD_SECRET).try_open(TOKEN, CODE, (EXPIRY, "letter", sealed)) is None


def test_every_bit_of_the_token_counts() -> None:
    """R41."""
    sealer = make_sealer()
    right = sealer.id_of(TOKEN)
    spellings = [other.decode("latin-1") for other in bits(TOKEN.encode())]
    assert right not in [sealer.id_of(spelling) for spelling in spellings]


def test_every_bit_of_the_code_counts() -> None:
    """R41."""
    sealer, _, sealed = sealed_row()
    others = [other.decode("latin-1") for other in bits(CODE.encode())]
    found = [sealer.try_open(TOKEN, other, (EXPIRY, "letter", sealed)) for other in others]
    assert found == [None] * 48


def test_every_bit_of_nonce_tag_and_the_first_words_counts() -> None:
    """R41."""
    sealer, key, sealed = sealed_row()
    head, rest = sealed[:64], sealed[64:]
    assert not any(sealer.open(key, "letter", other + rest) for other in bits(head))
    body, tag = sealed[:-16], sealed[-16:]
    assert not any(sealer.open(key, "letter", body + other) for other in bits(tag))


@given(bit=st.integers(0, 8 * (STEP + 28) - 1))
def test_any_bit_of_the_ciphertext_counts(bit: int) -> None:
    """R41."""
    sealer, key, sealed = sealed_row()
    changed = bytearray(sealed)
    changed[bit // 8] ^= 1 << bit % 8
    assert sealer.open(key, "letter", bytes(changed)) is None


def test_every_bit_of_id_and_expiry_counts() -> None:
    """R41: neither a moved row nor a stretched expiry opens."""
    sealer, key, sealed = sealed_row()
    moved = [Key(other, EXPIRY, key.secret) for other in bits(key.id)]
    stretched = [Key(key.id, EXPIRY ^ (1 << bit), key.secret) for bit in range(63)]
    assert [sealer.open(other, "letter", sealed) for other in moved + stretched] == [None] * 191


@pytest.mark.parametrize("length", [0, 1, 11, 12, 27, 28, 100])
def test_a_row_cut_short_fails_like_any_other(length: int) -> None:
    sealer, key, sealed = sealed_row()
    assert sealer.open(key, "letter", sealed[:length]) is None


def test_an_outcome_never_passes_for_a_letter() -> None:
    sealer, key, sealed = sealed_row()
    assert sealer.open(key, "outcome", sealed) is None


def test_a_token_for_one_purpose_is_unknown_to_another() -> None:
    letter, stop = make_sealer(), make_sealer(purpose="stop")
    assert letter.id_of(TOKEN) != stop.id_of(TOKEN)
    assert letter.key(TOKEN, CODE, EXPIRY) != stop.key(TOKEN, CODE, EXPIRY)


def test_all_keys_differ_by_purpose_and_secret() -> None:
    purposes = ["letter/scrypt salt", "letter/browser", "ledger/day 1", "ledger/day 2", "cookie"]
    keys = {derive(secret, p) for p in purposes for secret in (SECRET, OLD_SECRET)}
    assert len(keys) == 10


@given(text=st.binary(max_size=3 * STEP))
@settings(max_examples=30)
def test_sealing_loses_nothing_and_hides_the_length(text: bytes) -> None:
    sealer, key, sealed = sealed_row(text)
    assert sealer.open(key, "letter", sealed) == text
    assert (len(sealed) - 28) % STEP == 0


def test_a_short_and_a_long_letter_look_alike() -> None:
    assert len(sealed_row(b"")[2]) == len(sealed_row(b"x" * (STEP - 4))[2])


def test_the_same_letter_never_seals_the_same_way() -> None:
    assert len({sealed_row()[2] for _ in range(20)}) == 20


def test_what_is_too_long_is_refused() -> None:
    with pytest.raises(TooLong):
        sealed_row(b"x" * (MOST_BYTES + 1))


@given(st.text(max_size=30))
def test_only_one_spelling_of_a_token_is_read(text: str) -> None:
    assert parse_token(text) is None or len(text) == 22


@pytest.mark.parametrize(
    "text", [TOKEN + "=", TOKEN[:-1], TOKEN + "\n", "abcdefghijklmnopqrstuB", "ａ" + TOKEN[1:], ""]
)
def test_other_spellings_are_no_tokens(text: str) -> None:
    assert parse_token(text) is None


def test_new_tokens_hold_128_random_bits() -> None:
    tokens = [parse_token(new_token()) for _ in range(1000)]
    assert len(set(tokens)) == 1000
    ones = Counter(bit for token in tokens for bit in range(128) if token and token_bit(token, bit))
    assert len(ones) == 128
    assert all(300 < number < 700 for number in ones.values())


def token_bit(token: bytes, bit: int) -> bool:
    return bool(int.from_bytes(token) >> bit & 1)


def test_new_codes_use_every_digit_at_every_place() -> None:
    codes = [new_code() for _ in range(2000)]
    assert all(len({code[place] for code in codes}) == 10 for place in range(6))
    assert {len(code) for code in codes} == {6}


@pytest.mark.parametrize(
    "typed",
    [
        *("493027", "493 027", " 493-027\n", "493\u00a0027", "４９３０２７", "4 9 3 0 2 7"),
        *("٤٩٣٠٢٧", "-493027.", "Your code: 493 027", "“493027”", "\u200b\u2068493 027\u2069"),
    ],
)
def test_a_code_is_read_however_it_is_spaced(typed: str) -> None:
    assert parse_code(typed) == "493027"


@pytest.mark.parametrize("typed", ["", "49302", "4930277", "49302a", "493027 or 493028", "4930.7x"])
def test_anything_but_six_digits_is_no_code(typed: str) -> None:
    assert parse_code(typed) is None


def test_at_most_two_scrypts_run_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SCRYPT_SLOTS, "patience", 0.01)
    with (
        SCRYPT_SLOTS.taken(),
        SCRYPT_SLOTS.taken(),
        pytest.raises(SealingBusy),
        SCRYPT_SLOTS.taken(),
    ):
        pass


def test_a_place_is_free_again_after_an_error() -> None:
    for _ in range(5):
        with pytest.raises(ValueError, match="oops"), SCRYPT_SLOTS.taken():
            raise ValueError("oops")
    with SCRYPT_SLOTS.taken(), SCRYPT_SLOTS.taken():
        pass


def test_a_third_waits_its_turn() -> None:
    order: list[str] = []

    def third() -> None:
        with SCRYPT_SLOTS.taken():
            order.append("third")

    with SCRYPT_SLOTS.taken():
        with SCRYPT_SLOTS.taken():
            thread = threading.Thread(target=third)
            thread.start()
            order.append("second")
        thread.join()
    assert order == ["second", "third"]


def test_the_real_cost_is_what_the_design_asks_for() -> None:
    assert (sealing.SCRYPT_N, sealing.SCRYPT_R, sealing.SCRYPT_P) == (2**14, 8, 1)
    sealer = Sealer(keys_of())
    key = sealer.key(TOKEN, CODE, EXPIRY)
    assert sealer.open(key, "letter", sealer.seal(key, "letter", TEXT)) == TEXT


def test_keys_have_no_repr() -> None:
    _, key, _ = sealed_row()
    assert repr(key.secret) not in repr(key)
