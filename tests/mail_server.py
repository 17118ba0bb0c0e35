"""A real mail server for tests: aiosmtpd, in clear, by STARTTLS or by TLS, in its own thread."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from webapp.post.smtp import Security, SmtpServer

# Seconds that a busy machine may take to end what is being said.
PATIENCE = 60.0
USER, PASSWORD = "relay-user", "p:ass/w@rd é"


@dataclass(frozen=True)
class Certificate:
    """A certificate for one host, and the file by which to trust it."""

    chain: Path
    key: Path
    authority: Path

    def server_context(self) -> ssl.SSLContext:
        """What a server needs to show it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.chain, self.key)
        return context


def make_certificate(folder: Path, host: str = "localhost") -> Certificate:
    """Make an authority and a certificate of its own for a host, valid today."""
    folder.mkdir(parents=True, exist_ok=True)
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    authority_name = _name("Test authority")
    authority = (
        _builder(authority_name, authority_name, authority_key, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(authority=True), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    leaf = (
        _builder(_name(host), authority_name, key, authority_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(authority=False), critical=True)
        .add_extension(x509.SubjectAlternativeName([_host_name(host)]), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    made = Certificate(folder / "chain.pem", folder / "key.pem", folder / "authority.pem")
    made.chain.write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    made.authority.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return made


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])


def _host_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    authority_key: ec.EllipticCurvePrivateKey,
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    return (
        x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - day)
        .not_valid_after(now + day)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(authority, critical=False)
    )


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


@dataclass(frozen=True)
class Delivered:
    """A mail as the server got it."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    # Tells connections apart.
    peer: object


@dataclass
class RealServer:
    """What a test may ask of the server."""

    server: SmtpServer
    mails: list[Delivered] = field(default_factory=list)
    connections: int = 0


class _Handler:
    """Takes every mail, and offers pipelining, as all large relays do."""

    def __init__(self, real: RealServer, *, pipelining: bool) -> None:
        self._real = real
        self._pipelining = pipelining

    async def handle_EHLO(
        self, _server: SMTP, session: Session, _envelope: Envelope, name: str, lines: list[str]
    ) -> list[str]:
        session.host_name = name
        return [*lines[:-1], "250-PIPELINING", lines[-1]] if self._pipelining else lines

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:
        data = envelope.original_content or b""
        sender = envelope.mail_from or ""
        self._real.mails.append(Delivered(sender, tuple(envelope.rcpt_tos), data, session.peer))
        return "250 2.0.0 taken"


class _Connection(SMTP):
    """A connection that is among those that are talking until its end was noticed."""

    def __init__(self, talking: set[SMTP], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._talking = talking

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._talking.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._talking.discard(self)

    async def _handle_client(self) -> None:
        try:
            await super()._handle_client()
        finally:
            # A connection whose handshake failed is never told of its own end.
            if self._original_transport is not None and not (self.session and self.session.ssl):
                self._talking.discard(self)


def _authenticate(*asked: Any) -> AuthResult:
    given = asked[-1]
    right = isinstance(given, LoginPassword) and given == LoginPassword(
        USER.encode(), PASSWORD.encode()
    )
    return AuthResult(success=right, handled=False)


@contextmanager
def real_server(
    certificate: Certificate | None = None,
    *,
    security: Security = "none",
    log_in: bool = False,
    without: tuple[str, ...] = (),
    pipelining: bool = True,
) -> Iterator[RealServer]:
    """Run a server on a free port of this machine; `without` names login methods it has not."""
    loop = asyncio.new_event_loop()
    context = certificate.server_context() if certificate else None
    server = SmtpServer("localhost", 0, security)
    real, talking = RealServer(server), set[SMTP]()
    handler = _Handler(real, pipelining=pipelining)

    def protocol() -> SMTP:
        real.connections += 1
        return _Connection(
            talking,
            handler,
            tls_context=context if security == "starttls" else None,
            require_starttls=security == "starttls",
            authenticator=_authenticate,
            # Only where aiosmtpd itself sees the privacy; else it warns, and a warning fails tests.
            auth_required=log_in and security == "starttls",
            auth_require_tls=security == "starttls",
            auth_exclude_mechanism=without,
            loop=loop,
            hostname="relay.example",
        )

    wrapped = context if security == "tls" else None
    listening = loop.run_until_complete(loop.create_server(protocol, "127.0.0.1", 0, ssl=wrapped))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    real.server = SmtpServer(
        "localhost",
        listening.sockets[0].getsockname()[1],
        security,
        USER if log_in else "",
        PASSWORD if log_in else "",
        certificate.authority if certificate else None,
    )
    try:
        yield real
    finally:
        asyncio.run_coroutine_threadsafe(_stop(listening, talking), loop).result(timeout=PATIENCE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=PATIENCE)
        loop.close()


async def _stop(listening: asyncio.Server, talking: set[SMTP]) -> None:
    """Stop listening, end what is still being said, and wait until each connection has ended."""
    listening.close()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for connection in list(talking):
        if isinstance(connection.transport, asyncio.WriteTransport):
            # A TLS connection that was closed twice has let go of its own protocol, and the first
            # releases of Python 3.11 trip over that. Such a one is ending already.
            with suppress(AttributeError):
                connection.transport.abort()
    while talking:
        await asyncio.sleep(0.01)
