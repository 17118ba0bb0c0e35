"""Every mail signed as a relay does (DKIM), carried on as mail servers do, then judged by OpenDKIM.

OpenDKIM reads a mail from a file with other spaces after the names in its head, so a head that may
not change at all ("simple") is judged by the tests' own verifier; it is said which judged what.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from email import message_from_bytes, policy
from pathlib import Path
from typing import Final

from ..signatures import DOMAIN, RELAXED, SELECTOR, SIMPLE, Canonical, Signer
from .mail_samples import samples
from .mail_tools import program, run, work_folder
from .table import Row

_FIRST_LINE: Final = b"Received: from a by b; Mon, 23 Nov 2026 09:30:00 +0000\r\n"

Carried = Callable[[bytes], bytes]
Verified = Callable[[Sequence[bytes]], list[bool]]


def main() -> list[Row]:
    """What may happen to a mail and what may not: the second kind has to break the signature."""
    signer = Signer()
    with work_folder() as folder:
        opendkim = OpenDkim(signer, folder)

        def ourselves(mails: Sequence[bytes]) -> list[bool]:
            return [signer.verifies(one) for one in mails]

        judges: Mapping[str, tuple[Canonical, Verified]] = {
            opendkim.version(): (RELAXED, opendkim.verified),
            "RFC 6376, head unchanged": (SIMPLE, ourselves),
        }
        return [
            _row(what, tool, _Case(signer, canonical, verified, holds), ways[canonical])
            for what, holds, ways in (
                ("signed mails carried on unharmed", True, _HARMLESS),
                ("signed mails changed on the way: seen", False, _HARMFUL),
            )
            for tool, (canonical, verified) in judges.items()
        ]


class OpenDkim:
    """The program that many mailboxes verify with, told the signer's key in place of the DNS."""

    def __init__(self, signer: Signer, folder: Path) -> None:
        self._program, self._folder = program("opendkim", "opendkim"), folder
        keys, self._settings = folder / "keys", folder / "opendkim.conf"
        keys.write_text(f"{SELECTOR}._domainkey.{DOMAIN} {signer.record()}\n")
        self._settings.write_text(f"Mode v\nSyslog no\nUMask 022\nTestPublicKeys {keys}\n")

    def version(self) -> str:
        """What it calls itself."""
        said = run([self._program, "-V"]).stdout.decode()
        return f"OpenDKIM {said.partition('OpenDKIM Filter v')[2].split()[0]}"

    def verified(self, mails: Sequence[bytes]) -> list[bool]:
        """Whether it finds each mail as it was signed; one without From it does not look at."""
        paths = [self._folder / f"{number}.eml" for number in range(len(mails))]
        for path, mail in zip(paths, mails, strict=True):
            path.write_bytes(mail)
        files = ",".join(map(str, paths))
        said = run([self._program, "-x", self._settings, "-t", files]).stdout.decode()
        good = set(re.findall(r"/(\d+)\.eml: verification \(.*\) succeeded", said))
        return [str(number) in good for number in range(len(mails))]


class _Case:
    """Who signs and who verifies, and whether a signature has to hold."""

    def __init__(
        self, signer: Signer, canonical: Canonical, verified: Verified, holds: bool
    ) -> None:
        self.verified, self.holds = verified, holds
        self._signer, self._canonical = signer, canonical

    def carried(self, way: Carried) -> list[bytes]:
        """Every sample, signed and carried on."""
        return [way(self._signer.signed(one.data, self._canonical)) for one in samples()]


def _row(tried: str, tool: str, case: _Case, ways: Mapping[str, Carried]) -> Row:
    wrong = [
        f"{way}: {sample.name}"
        for way, carried in ways.items()
        for sample, verified in zip(samples(), case.verified(case.carried(carried)), strict=True)
        if verified is not case.holds
    ]
    more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    return Row(tried, tool, len(ways) * len(samples()), "; ".join(wrong[:3]) + more)


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
    changed = re.sub(rb"(?<= quoted-printable\r\n\r\n)", b"Not ", rest, count=1)
    if changed == rest:
        # Carried as base64: other letters at its beginning.
        changed = re.sub(rb"(?<= base64\r\n\r\n)....", b"QUJD", rest, count=1)
    return head + changed


def _one_more_reply_to(data: bytes) -> bytes:
    return re.sub(rb"(?m)^(Reply-To|From):.*(\r\n .*)*", b"Reply-To: eve@example.org", data)


def _head_and_rest(data: bytes) -> tuple[bytes, bytes]:
    head, _, body = data.partition(b"\r\n\r\n")
    return head, b"\r\n\r\n" + body


_HARMLESS: Final[Mapping[Canonical, Mapping[str, Carried]]] = {
    SIMPLE: {"as it left": _untouched, "a line above": _line_above},
    RELAXED: {
        "as it left": _untouched,
        "a line above": _line_above,
        "written anew in 7 bits": _rewritten_in_seven_bits,
        "head folded anew": _refolded,
        "head unfolded": _unfolded,
        "spaces at the ends of lines": _spaces_at_line_ends,
    },
}
_HARMFUL: Final[Mapping[Canonical, Mapping[str, Carried]]] = {
    SIMPLE: {"head folded anew": _refolded, "another word": _another_word},
    RELAXED: {
        "bodies in base64": _in_base64,
        "another subject": _another_subject,
        "another reader": _another_reader,
        "another word": _another_word,
        "answers to somebody else": _one_more_reply_to,
    },
}
