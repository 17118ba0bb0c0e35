"""Every mail signed as a relay does (DKIM), carried on as mail servers do, and verified."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from email import message_from_bytes, policy
from importlib.metadata import version
from typing import Final

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from .mail_samples import Sample, samples
from .table import Row

_DOMAIN: Final = b"wordahead.example"
# What large relays sign, where a mail has it.
_SIGNED: Final = (
    b"From",
    b"To",
    b"Reply-To",
    b"Subject",
    b"Date",
    b"Message-ID",
    b"MIME-Version",
    b"Content-Type",
    b"Content-Language",
    b"Auto-Submitted",
    b"List-Unsubscribe",
)
_RELAXED: Final = (b"relaxed", b"relaxed")
_SIMPLE: Final = (b"simple", b"simple")
_FIRST_LINE: Final = b"Received: from a by b; Mon, 23 Nov 2026 09:30:00 +0000\r\n"

Carried = Callable[[bytes], bytes]


class Signer:
    """A relay with a key of its own."""

    def __init__(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self._record = b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)

    def signed(self, data: bytes, canonical: tuple[bytes, bytes]) -> bytes:
        """The mail with a signature over its body and all that is worth signing in its head."""
        head = data.partition(b"\r\n\r\n")[0].lower()
        names = [one for one in _SIGNED if re.search(rb"(?m)^" + one.lower() + b":", head)]
        signature = dkim.sign(
            data, b"s1", _DOMAIN, self._private, canonicalize=canonical, include_headers=names
        )
        return bytes(signature) + data

    def verifies(self, data: bytes) -> bool:
        """Whether the mail is still what was signed."""
        return bool(dkim.verify(data, dnsfunc=lambda *_, **__: self._record))


def main() -> list[Row]:
    """What may happen to a mail and what may not: the second kind has to break the signature."""
    signer, tool = Signer(), f"dkimpy {version('dkimpy')}"
    return [
        _row("signed mails carried on unharmed", tool, signer, _HARMLESS, holds=True),
        _row("signed mails changed on the way: seen", tool, signer, _HARMFUL, holds=False),
    ]


def _row(
    tried: str,
    tool: str,
    signer: Signer,
    ways: Mapping[str, tuple[tuple[bytes, bytes], Carried]],
    *,
    holds: bool,
) -> Row:
    wrong = [
        f"{way}: {sample.name}"
        for way, (canonical, carried) in ways.items()
        for sample in samples()
        if _verified(signer, sample, canonical, carried) is not holds
    ]
    more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    return Row(tried, tool, len(ways) * len(samples()), "; ".join(wrong[:3]) + more)


def _verified(
    signer: Signer, sample: Sample, canonical: tuple[bytes, bytes], carried: Carried
) -> bool:
    return signer.verifies(carried(signer.signed(sample.data, canonical)))


def _untouched(data: bytes) -> bytes:
    return data


def _line_above(data: bytes) -> bytes:
    return _FIRST_LINE + data


def _rewritten_in_seven_bits(data: bytes) -> bytes:
    """Read and written anew by a program that puts whatever is not 7-bit into quoted-printable."""
    as_they_were = policy.SMTP.clone(cte_type="7bit", refold_source="none")
    return message_from_bytes(data, policy=as_they_were).as_bytes()


def _refolded(data: bytes) -> bytes:
    """Each header broken at each space between its words."""
    head, rest = _head_and_rest(data)
    return re.sub(rb"(?<=[^\s:]) (?=\S)", b"\r\n ", head) + rest


def _unfolded(data: bytes) -> bytes:
    """Each header on one line, however long."""
    head, rest = _head_and_rest(data)
    return re.sub(rb"\r\n(?=[ \t])", b"", head) + rest


def _spaces_at_line_ends(data: bytes) -> bytes:
    head, rest = _head_and_rest(data)
    return head + rest.replace(b"</p>\r\n", b"</p> \r\n").replace(b".\r\n", b". \r\n")


def _in_base64(data: bytes) -> bytes:
    """Its bodies carried in another encoding, which says the same to a reader."""
    message = message_from_bytes(data, policy=policy.SMTP)
    for part in message.iter_parts():
        text = part.get_content()
        part.set_content(text, subtype=part.get_content_subtype(), cte="base64")
    head, _ = _head_and_rest(data)
    return head + b"\r\n\r\n" + message.as_bytes().partition(b"\r\n\r\n")[2]


def _another_subject(data: bytes) -> bytes:
    return data.replace(b"\r\nSubject: ", b"\r\nSubject: Fwd: ", 1)


def _another_reader(data: bytes) -> bytes:
    return re.sub(rb"\r\nTo:\s+\S+", b"\r\nTo: eve@example.org", data, count=1)


def _another_word(data: bytes) -> bytes:
    head, rest = _head_and_rest(data)
    changed = rest.replace(b"</h1>", b"!</h1>", 1)
    if changed == rest:
        # Carried as base64: other letters at its beginning.
        changed = re.sub(rb"(?<= base64\r\n\r\n)....", b"QUJD", rest, count=1)
    return head + changed


def _one_more_reply_to(data: bytes) -> bytes:
    return re.sub(rb"(?m)^(Reply-To|From):.*(\r\n .*)*", b"Reply-To: eve@example.org", data)


def _head_and_rest(data: bytes) -> tuple[bytes, bytes]:
    head, _, body = data.partition(b"\r\n\r\n")
    return head, b"\r\n\r\n" + body


_HARMLESS: Final[Mapping[str, tuple[tuple[bytes, bytes], Carried]]] = {
    "as it left": (_SIMPLE, _untouched),
    "a line above": (_SIMPLE, _line_above),
    "written anew in 7 bits": (_RELAXED, _rewritten_in_seven_bits),
    "head folded anew": (_RELAXED, _refolded),
    "head unfolded": (_RELAXED, _unfolded),
    "spaces at the ends of lines": (_RELAXED, _spaces_at_line_ends),
}
_HARMFUL: Final[Mapping[str, tuple[tuple[bytes, bytes], Carried]]] = {
    "head folded anew, strictly": (_SIMPLE, _refolded),
    "bodies in base64": (_RELAXED, _in_base64),
    "another subject": (_RELAXED, _another_subject),
    "another reader": (_RELAXED, _another_reader),
    "another word": (_RELAXED, _another_word),
    "answers to somebody else": (_RELAXED, _one_more_reply_to),
}
