"""The SMTP provider against a real server: per-recipient codes, kept connections, and when a message is in doubt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from services.notifications.adapters.sandbox import SandboxProvider
from services.notifications.adapters.settings import Server
from services.notifications.adapters.smtp import SmtpProvider
from services.notifications.domain import Accepted, Fault, InDoubt, Letter, Outcome, Rejected
from services.notifications.tests.postoffice import PostOffice, certificate, post_office
from shared.testing.processes import free_port

ANNA = "anna@example.vn"
CONTENT = b"Message-ID: <1@x>\r\nSubject: a\r\n\r\n.dots\r\n"


def letter(to: str = ANNA) -> Letter:
    return Letter("1@x", "tin@quangtri.example", to, CONTENT)


@pytest_asyncio.fixture
async def smtp(office: PostOffice) -> AsyncIterator[SmtpProvider]:
    made = SmtpProvider(Server("127.0.0.1", office.port, "none"))
    yield made
    await made.close()


async def send(smtp: SmtpProvider, to: str = ANNA, seconds: float = 10) -> Outcome:
    return await smtp.send(letter(to), seconds)


async def test_a_message_is_handed_over_whole(smtp: SmtpProvider, office: PostOffice) -> None:
    assert await send(smtp) == Accepted("250 2.0.0")
    assert office.box[0].get_content().splitlines() == [".dots"]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("550 5.1.1 <anna@example.vn> unknown", Rejected(Fault.ADDRESS, "550 5.1.1")),
        ("451 4.2.0 later", Rejected(Fault.TEMPORARY, "451 4.2.0")),
        ("550 5.7.1 not from you", Rejected(Fault.RECIPIENT, "550 5.7.1")),
        ("421 4.3.2 busy", Rejected(Fault.THROTTLED, "421 4.3.2")),
    ],
)
async def test_a_refused_recipient_is_refused_by_its_own_code_and_the_line_stays_open(
    smtp: SmtpProvider, office: PostOffice, answer: str, expected: Rejected
) -> None:
    office.on_rcpt[ANNA] = [answer]
    assert await send(smtp) == expected
    assert await send(smtp, "binh@example.vn") == Accepted("250 2.0.0")
    assert [message["Subject"] for message in office.box] == ["a"]


@pytest.mark.parametrize(
    ("answer", "fault"), [("554 5.6.0 spam", Fault.CONTENT), ("451 4.3.0 disk full", Fault.TEMPORARY)]
)
async def test_a_refused_message_is_surely_not_sent(
    smtp: SmtpProvider, office: PostOffice, answer: str, fault: Fault
) -> None:
    office.on_data[ANNA] = [answer]
    outcome = await send(smtp)
    assert isinstance(outcome, Rejected)
    assert outcome.fault is fault
    assert office.box == []


@pytest.mark.parametrize("plan", ["drop-kept", "drop-lost"])
async def test_a_line_that_drops_after_the_content_leaves_a_doubt_whether_the_server_has_it_or_not(
    smtp: SmtpProvider, office: PostOffice, plan: str
) -> None:
    office.on_data[ANNA] = [plan]
    assert await send(smtp) == InDoubt("connection-lost")
    assert len(office.box) == (plan == "drop-kept")
    assert await send(smtp) == Accepted("250 2.0.0")


async def test_a_line_that_drops_before_the_content_leaves_no_doubt(smtp: SmtpProvider, office: PostOffice) -> None:
    office.on_rcpt[ANNA] = ["drop-rcpt"]
    assert await send(smtp) == Rejected(Fault.TEMPORARY, "connection-lost", unreachable=True)


async def test_a_server_that_hangs_with_the_content_in_hand_leaves_a_doubt(
    smtp: SmtpProvider, office: PostOffice
) -> None:
    assert await send(smtp) == Accepted("250 2.0.0")  # the line is open: the time begins with the message
    office.on_data[ANNA] = ["hang"]
    assert await send(smtp, seconds=1) == InDoubt("timeout")


async def test_a_connection_is_kept_and_one_the_server_closed_meanwhile_is_replaced(
    smtp: SmtpProvider, office: PostOffice
) -> None:
    for _ in range(3):
        assert await send(smtp) == Accepted("250 2.0.0")
    assert office.connections == 1
    (line,) = smtp._idle
    line.client.transport.abort()  # type: ignore[union-attr] # a socket's transport has it
    assert await send(smtp) == Accepted("250 2.0.0")
    assert (office.connections, len(office.box)) == (2, 4)


async def test_messages_at_the_same_time_travel_on_their_own_lines(smtp: SmtpProvider, office: PostOffice) -> None:
    outcomes = await asyncio.gather(*(send(smtp, f"a{n}@example.vn") for n in range(8)))
    assert set(outcomes) == {Accepted("250 2.0.0")}
    assert (office.connections, len(smtp._idle), len(office.box)) == (8, 8, 8)


async def test_where_nobody_listens_the_server_is_unreachable() -> None:
    smtp = SmtpProvider(Server("127.0.0.1", free_port(), "none"))
    assert await send(smtp) == Rejected(Fault.TEMPORARY, "no-connection", unreachable=True)


async def test_starttls_and_a_password_are_used_where_they_are_asked_for(tmp_path: Path) -> None:
    ours, theirs = certificate(tmp_path)
    async with post_office(tls=ours, require_starttls=True, auth_required=True) as office:
        smtp = SmtpProvider(Server("127.0.0.1", office.port, "starttls", "gandan", "geheim"), theirs)
        assert await send(smtp) == Accepted("250 2.0.0")
        await smtp.close()


async def test_a_wrong_password_is_a_matter_for_a_person(tmp_path: Path) -> None:
    ours, theirs = certificate(tmp_path)
    async with post_office(tls=ours, require_starttls=True) as office:
        smtp = SmtpProvider(Server("127.0.0.1", office.port, "starttls", "gandan", "wrong"), theirs)
        assert await send(smtp) == Rejected(Fault.CONFIG, "535 5.7.8")


async def test_a_server_nobody_vouches_for_gets_no_message(tmp_path: Path) -> None:
    ours, _ = certificate(tmp_path)
    async with post_office(tls=ours) as office:
        smtp = SmtpProvider(Server("127.0.0.1", office.port, "starttls"))
        assert await send(smtp) == Rejected(Fault.CONFIG, "not-trusted")
        assert office.box == []


async def test_a_server_without_tls_gets_no_message_where_tls_is_asked_for(office: PostOffice) -> None:
    smtp = SmtpProvider(Server("127.0.0.1", office.port, "starttls"))
    assert await send(smtp) == Rejected(Fault.CONFIG, "not-supported")
    assert office.box == []


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("sim-delivered", Accepted("250")),
        ("sim-temp", Rejected(Fault.TEMPORARY, "451")),
        ("sim-perm", Rejected(Fault.ADDRESS, "550 5.1.1")),
        ("sim-doubt", InDoubt("simulated")),
        ("sim-slow", Accepted("250")),
    ],
)
async def test_the_sandbox_has_recipients_for_every_fate(local: str, expected: Outcome) -> None:
    sandbox = SandboxProvider()
    assert await sandbox.send(letter(f"{local}@simulator.invalid"), 0.01) == expected
    assert await sandbox.send(letter(), 0.01) == Accepted("250")
