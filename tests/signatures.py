"""DKIM (RFC 6376) as relays and mailboxes do it: a mail is signed, and later looked at again.

The campaign `mail_signed` has OpenDKIM judge the same signatures.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

Canonical = tuple[Literal["simple", "relaxed"], Literal["simple", "relaxed"]]
RELAXED: Final[Canonical] = ("relaxed", "relaxed")
SIMPLE: Final[Canonical] = ("simple", "simple")
DOMAIN: Final = "wordahead.example"
SELECTOR: Final = "s1"

# What large relays sign, where a mail has it.
_SIGNED: Final = (
    b"from",
    b"to",
    b"reply-to",
    b"subject",
    b"date",
    b"message-id",
    b"mime-version",
    b"content-type",
    b"content-language",
    b"auto-submitted",
    b"list-unsubscribe",
)
_FIELD: Final = re.compile(rb"([!-9;-~]+):.*\r\n(?:[ \t].*\r\n)*")


class Signer:
    """A relay with a key of its own."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def record(self) -> str:
        """What its domain says in the DNS, for others to check by (3.6.1)."""
        public = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"

    def signed(self, data: bytes, canonical: Canonical = RELAXED) -> bytes:
        """The mail under a signature of its body and of all that is worth signing in its head."""
        head, body = _parts(data)
        names = [name for name, _ in _fields(head) if name in _SIGNED]
        body_hash = base64.b64encode(_sha256(_BODIES[canonical[1]](body)))
        line = (
            b"DKIM-Signature: v=1; a=rsa-sha256; c=%b; d=%b; s=%b;\r\n h=%b;\r\n bh=%b;\r\n b="
        ) % (
            "/".join(canonical).encode(),
            DOMAIN.encode(),
            SELECTOR.encode(),
            b":".join(names),
            body_hash,
        )
        said = _said(head, names, line + b"\r\n", canonical[0])
        signature = self._key.sign(said, padding.PKCS1v15(), hashes.SHA256())
        return line + base64.b64encode(signature) + b"\r\n" + data

    def verifies(self, data: bytes) -> bool:
        """Whether the mail is still what was signed."""
        head, body = _parts(data)
        line = next((one for name, one in _fields(head) if name == b"dkim-signature"), b"")
        tags = _tags(line)
        canonical = tags[b"c"].decode().split("/")
        if base64.b64decode(tags[b"bh"]) != _sha256(_BODIES[canonical[1]](body)):
            return False
        names = tags[b"h"].lower().split(b":")
        unsigned = re.sub(rb"\bb=[^;]*\Z", b"b=", line.rstrip(b"\r\n")) + b"\r\n"
        said = _said(head, names, unsigned, canonical[0])
        signature = base64.b64decode(tags[b"b"])
        try:
            self._key.public_key().verify(signature, said, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        return True


def _parts(data: bytes) -> tuple[bytes, bytes]:
    head, _, body = data.partition(b"\r\n\r\n")
    return head + b"\r\n", body


def _fields(head: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Each header field: its name in small letters, and all of it as it stands."""
    for found in _FIELD.finditer(head):
        yield found[1].lower(), found[0]


def _tags(line: bytes) -> dict[bytes, bytes]:
    pairs = (one.partition(b"=") for one in line.partition(b":")[2].split(b";"))
    return {name.strip(): re.sub(rb"\s", b"", value) for name, _, value in pairs}


def _said(head: bytes, names: Sequence[bytes], line: bytes, canonical: str) -> bytes:
    """What is signed: the named fields, the last of a name first, and the unsigned line (3.7)."""
    left = list(_fields(head))
    chosen = []
    for name in names:
        at = max((at for at, one in enumerate(left) if one[0] == name), default=None)
        if at is not None:
            chosen.append(left.pop(at)[1])
    form = _FIELDS[canonical]
    return b"".join(map(form, chosen)) + form(line).removesuffix(b"\r\n")


def _sha256(data: bytes) -> bytes:
    digest = hashes.Hash(hashes.SHA256())
    digest.update(data)
    return digest.finalize()


def _as_it_stands(field: bytes) -> bytes:
    return field


def _relaxed_field(field: bytes) -> bytes:
    """3.4.2: one line, its name small, each run of spaces one space."""
    name, _, value = field.partition(b":")
    unfolded = re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b""))
    return name.rstrip(b" \t").lower() + b":" + unfolded.strip(b" ") + b"\r\n"


def _simple_body(body: bytes) -> bytes:
    """3.4.3: empty lines at the end are one line end."""
    return re.sub(rb"(?:\r\n)*\Z", b"", body) + b"\r\n"


def _relaxed_body(body: bytes) -> bytes:
    """3.4.4: no spaces at the ends of lines, each other run of them one space."""
    lines = [re.sub(rb"[ \t]+", b" ", one).rstrip(b" ") for one in body.split(b"\r\n")]
    whole = re.sub(rb"(?:\r\n)*\Z", b"", b"\r\n".join(lines))
    return whole + b"\r\n" if whole else b""


_FIELDS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "simple": _as_it_stands,
    "relaxed": _relaxed_field,
}
_BODIES: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "simple": _simple_body,
    "relaxed": _relaxed_body,
}
