"""Whether mail can leave: the relay step by step, and what the DNS says of MAIL_FROM's domain."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Final

import dns.exception
import dns.resolver

from ..mail.message import Mail
from ..post import Outcome, Result
from ..post.smtp import SmtpPost, SmtpServer
from .findings import Finding
from .host_machine import unknown_name

_DNS_SECONDS: Final = 5.0
_STEPS: Final = ("connect", "tls", "certificate", "login")
_CERTIFICATE: Final = (
    *("untrusted", "wrong-name", "expired", "not-yet-valid"),
    "ca-without-key-usage",
)
_CURES: Final = {
    "refused": "is the relay running, and the port in MAIL_URL right?",
    "no-answer": "a firewall between, the wrong port, or a relay that says nothing.",
    "hung-up": "smtp+starttls:// is for port 587, smtps:// for 465; or the relay bars us.",
    "unreachable": "look at this machine's network.",
    "not-offered": "smtp+starttls:// is for port 587, smtps:// for 465; or take no user.",
    "handshake": "smtp+starttls:// is for port 587, smtps:// for 465.",
    "untrusted": "set MAIL_CA_FILE to the certificate of who vouches for the relay.",
    "wrong-name": "write the name in MAIL_URL that stands in the relay's certificate.",
    "expired": "the relay needs a new certificate; or this machine's clock is wrong.",
    "not-yet-valid": "this machine's clock is wrong.",
    "ca-without-key-usage": "the authority's certificate needs the key usage extension (RFC 5280).",
    "declined": "look at user and password in MAIL_URL; are they percent-encoded?",
    "later": "the relay asks for patience; try again.",
}


def relay(server: SmtpServer, ehlo_name: str, mail_from: str) -> Iterator[Finding]:
    """The relay, with the very conversation that mails have."""
    try:
        socket.getaddrinfo(server.host, server.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        cure = "look at the host in MAIL_URL, and at DNS."
        yield Finding("relay: name", False, unknown_name(error), cure)
        return
    yield Finding("relay: name", True, "the name in MAIL_URL leads to an address.")
    post = SmtpPost(server, ehlo_name=ehlo_name)
    found = post.knock(mail_from.rpartition("@")[2])
    if isinstance(found, Outcome):
        yield from _until(found)
        return
    ends = found.certificate_ends
    found.close(politely=True)
    yield Finding("relay: connect", True, "it answers and greets us.")
    if server.security != "none":
        yield Finding("relay: TLS", True, "the connection is private.")
        yield Finding("relay: certificate", True, f"it is valid until {ends}.")
    said = "it takes our user and password." if server.user else "no user is set; none was asked."
    yield Finding("relay: login", True, said)


def _until(outcome: Outcome) -> Iterator[Finding]:
    """The steps that went well, and the one that did not."""
    step = "certificate" if outcome.kind in _CERTIFICATE else outcome.step
    for one in _STEPS[: _STEPS.index(step)]:
        if one != "certificate":
            yield Finding(_what(one), True, "fine.")
    code = f" ({outcome.code})" if outcome.code else ""
    cure = _CURES.get(outcome.kind, "is this a mail server?")
    yield Finding(_what(step), False, f"{outcome.kind}{code}.", cure)


def _what(step: str) -> str:
    return f"relay: {'TLS' if step == 'tls' else step}"


def sample_mail(server: SmtpServer, ehlo_name: str, mail: Mail) -> Iterator[Finding]:
    """One mail, to whom the host named on standard input."""
    post = SmtpPost(server, ehlo_name=ehlo_name)
    outcome = post.send(mail)
    post.close()
    if outcome.result is Result.SENT:
        yield Finding(
            "test mail", True, "the relay took it. Look for spf, dkim and dmarc=pass in it."
        )
        return
    said = f"{outcome.result.value}: {outcome.step} {outcome.kind} {outcome.code or ''}".rstrip()
    yield Finding("test mail", False, f"{said}.", "docs/hosting.md, under Logs, has a line for it.")


def resolver() -> dns.resolver.Resolver:
    """The machine's own name server, asked with patience for one question."""
    own = dns.resolver.Resolver()
    own.lifetime = _DNS_SECONDS
    return own


def names(domain: str, ask: dns.resolver.Resolver) -> Iterator[Finding]:
    """MX, SPF and DMARC of MAIL_FROM's domain."""
    cure = "docs/mail-domain.md has the record."
    mx = _records(ask, domain, "MX")
    if mx is None:
        yield Finding("DNS", False, "the name server does not answer.", "look at /etc/resolv.conf.")
        return
    is_right = any(not one.endswith(" .") for one in mx)
    yield Finding(
        "DNS: MX", is_right, "answers reach you." if is_right else "none.", cure * (not is_right)
    )
    spf = [one for one in _records(ask, domain, "TXT") or [] if one.lower().startswith("v=spf1")]
    is_right = len(spf) == 1 and "+all" not in spf[0].lower().split()
    said = "one record." if is_right else "none." if not spf else "more than one, or +all."
    yield Finding("DNS: SPF", is_right, said, cure * (not is_right))
    labels = domain.split(".")
    # RFC 9989: where a domain has none, one of those above it speaks for it.
    above = [".".join(labels[at:]) for at in range(max(1, len(labels) - 1))]
    dmarc = [
        one
        for name in above[:5]
        for one in _records(ask, f"_dmarc.{name}", "TXT") or []
        if one.startswith("v=DMARC1")
    ]
    yield Finding(
        "DNS: DMARC", bool(dmarc), "one record." if dmarc else "none.", cure * (not dmarc)
    )


def _records(ask: dns.resolver.Resolver, name: str, kind: str) -> list[str] | None:
    """The records of a name; None where the name server does not answer."""
    try:
        found = ask.resolve(name, kind)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException:
        return None
    if kind == "TXT":
        return [b"".join(one.strings).decode("utf-8", "replace") for one in found]
    return [one.to_text() for one in found]
