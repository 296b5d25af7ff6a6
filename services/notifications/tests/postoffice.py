"""A real SMTP server for tests, with a plan for each address: what it answers, and where it drops the line."""

from __future__ import annotations

import asyncio
import datetime as dt
import email
import email.policy
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = dt.timedelta(days=1)


@dataclass(slots=True)
class PostOffice:
    """What came, and what is to be done with the next message to an address."""

    port: int = 0
    box: list[EmailMessage] = field(default_factory=list)
    """Messages this server has, whether it said so or not."""
    on_rcpt: dict[str, list[str]] = field(default_factory=dict)
    on_data: dict[str, list[str]] = field(default_factory=dict)
    """Answers still to be given, in order: a reply; `drop-kept`, `drop-lost`, `drop-rcpt`: hang up (with the message or without)."""
    connections: int = 0
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    """Set to let messages planned as `hang` go on."""
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a message planned as `hang` has come."""

    def ids(self) -> Counter[str]:
        """How often each message came, by its Message-ID."""
        return Counter(message["Message-ID"] for message in self.box)

    def subjects(self) -> list[str]:
        """Subjects in the order they came."""
        return [message["Subject"] for message in self.box]

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """A connection says hello; after STARTTLS once more."""
        session.host_name = hostname
        self.connections += 1
        return responses

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """The plan for the recipient, else welcome."""
        answer = self._next(self.on_rcpt, address)
        if answer == "drop-rcpt":
            return _hang_up(server)
        if answer is not None:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 fine"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """The plan for the message, else it is taken."""
        answer = self._next(self.on_data, envelope.rcpt_tos[0])
        if answer == "hang":
            self.reached.set()
            await self.let_go.wait()
        if answer is None or answer in {"drop-kept", "hang"}:
            self._keep(envelope)
        if answer is not None and answer.startswith("drop-"):
            return _hang_up(server)
        return "250 2.0.0 kept" if answer in {None, "hang"} else str(answer)

    def _keep(self, envelope: Envelope) -> None:
        content = envelope.content
        message = email.message_from_bytes(content if isinstance(content, bytes) else b"", policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        self.box.append(message)

    @staticmethod
    def _next(plan: dict[str, list[str]], address: str) -> str | None:
        answers = plan.get(address)
        return answers.pop(0) if answers else None


def _hang_up(server: SMTP) -> str:
    assert server.transport is not None
    server.transport.abort()  # type: ignore[attr-defined] # a socket's transport has it
    raise ConnectionResetError


class _Quiet(SMTP):
    """A server whose own logs of aborted lines are no news."""

    def _handle_abort(self) -> None: ...


def _signed_in(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (b"gandan", b"geheim"), handled=False)


@asynccontextmanager
async def post_office(port: int = 0, tls: ssl.SSLContext | None = None, **more: Any) -> AsyncIterator[PostOffice]:
    """A server on loopback, for as long as the block runs."""
    office, loop = PostOffice(), asyncio.get_running_loop()

    def line() -> SMTP:
        return _Quiet(
            office, loop=loop, hostname="post.example", tls_context=tls, authenticator=_signed_in, timeout=60, **more
        )

    server = await loop.create_server(line, "127.0.0.1", port)
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        office.let_go.set()
        server.close()


def certificate(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context with a fresh certificate for 127.0.0.1, and a client's that trusts it alone."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "post.example")]),
    )
    begin = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(begin).not_valid_after(begin + 36_500 * DAY)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256())
    )  # fmt: skip
    chain, secret = folder / "chain.pem", folder / "key.pem"
    chain.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain, secret)
    return server, ssl.create_default_context(cafile=str(chain))
