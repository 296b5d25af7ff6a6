"""E-mail by SMTP: kept connections, one recipient per message, and the difference between refused and in doubt."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from dataclasses import dataclass, field

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
)

from services.notifications.adapters import replies
from services.notifications.adapters.settings import Server
from services.notifications.domain import Accepted, Fault, InDoubt, Letter, Outcome, Rejected

KEEP_SECONDS = 30.0
"""A connection idle for longer is not used again: servers and firewalls forget it without a word."""

_MOST_PER_CONNECTION = 100
_COMMAND_SECONDS = 20.0
_REFUSED = 400


@dataclass(slots=True)
class Line:
    """One open connection."""

    client: SMTP
    sent: int = 0
    idle_since: float = 0.0


class NoLine(Exception):  # noqa: N818 - an answer, not an error
    """There is no connection to be had; `rejected` says what that means."""

    def __init__(self, rejected: Rejected) -> None:
        super().__init__(rejected.code)
        self.rejected = rejected


@dataclass(slots=True)
class SmtpProvider:
    """A server that carries our messages; `context` replaces the trust of the operating system."""

    server: Server
    context: ssl.SSLContext | None = None
    name: str = "smtp"
    simulates: bool = False
    _idle: list[Line] = field(default_factory=list)

    async def send(self, letter: Letter, seconds: float) -> Outcome:
        """Hand a message over within this time; raises nothing but its own cancellation."""
        talk = _Talk(letter)
        try:
            async with asyncio.timeout(seconds):
                line = await self._line()
                try:
                    outcome = await talk.over(line.client)
                except BaseException:
                    line.client.close()
                    raise
                self._put_back(line, outcome)
                return outcome
        except NoLine as none:
            return none.rejected
        except TimeoutError:
            return talk.cut_off("timeout")

    async def _line(self) -> Line:
        """A connection that answers: a kept one, else a new one."""
        while self._idle:
            line = self._idle.pop()
            if line.sent < _MOST_PER_CONNECTION and time.monotonic() - line.idle_since < KEEP_SECONDS:
                with contextlib.suppress(SMTPException, OSError):
                    await line.client.rset()
                    return line
            line.client.close()
        return Line(await self._connected())

    async def _connected(self) -> SMTP:
        server = self.server
        client = SMTP(
            hostname=server.host, port=server.port, timeout=_COMMAND_SECONDS, use_tls=server.tls == "implicit",
            start_tls=server.tls == "starttls", username=server.user, password=server.password,
            tls_context=None if server.tls == "none" else self.context,
        )  # fmt: skip
        try:
            await client.connect()
        except (SMTPException, OSError) as error:
            client.close()
            raise NoLine(_unconnected(error)) from None
        except BaseException:
            client.close()
            raise
        return client

    def _put_back(self, line: Line, outcome: Outcome) -> None:
        line.sent, line.idle_since = line.sent + 1, time.monotonic()
        if isinstance(outcome, InDoubt) or not line.client.is_connected:
            line.client.close()
        else:
            self._idle.append(line)

    async def close(self) -> None:
        """Say goodbye on every kept connection."""
        lines, self._idle = self._idle, []
        for line in lines:
            with contextlib.suppress(SMTPException, OSError):
                await line.client.quit(timeout=2)
            line.client.close()


def _unconnected(error: Exception) -> Rejected:
    """Who cannot do TLS, or refuses our password, will do so again; who does not answer may answer later.

    The library says by its plain base class alone that a server lacks STARTTLS or AUTH.
    """
    if type(error) is SMTPException or isinstance(error, SMTPAuthenticationError) or _is_distrust(error):
        return Rejected(Fault.CONFIG, _code(error))
    if isinstance(error, SMTPResponseException):
        return replies.of_sender(error.code, error.message)
    return Rejected(Fault.TEMPORARY, "no-connection", unreachable=True)


def _is_distrust(error: BaseException) -> bool:
    return isinstance(error, ssl.SSLCertVerificationError) or isinstance(error.__cause__, ssl.SSLCertVerificationError)


def _code(error: Exception) -> str:
    if isinstance(error, SMTPResponseException):
        return replies.words_of(error.code, error.message)
    return "not-trusted" if _is_distrust(error) else "not-supported"


@dataclass(slots=True)
class _Talk:
    """The conversation about one message; knows whether its content may have left."""

    letter: Letter
    written: bool = False

    async def over(self, client: SMTP) -> Outcome:
        try:
            return await self._hand_over(client)
        except SMTPRecipientRefused as refused:
            return replies.of_recipient(refused.code, refused.message)
        except SMTPDataError as refused:
            return self._of_content(refused)
        except SMTPResponseException as refused:
            return self.cut_off("bad-answer") if self.written else replies.of_sender(refused.code, refused.message)
        except (SMTPException, OSError):
            return self.cut_off("connection-lost")

    async def _hand_over(self, client: SMTP) -> Outcome:
        await client.mail(self.letter.sender)
        await client.rcpt(self.letter.to)
        self.written = True
        answer = await client.data(self.letter.content)
        return Accepted(replies.words_of(answer.code, answer.message))

    def _of_content(self, refused: SMTPDataError) -> Outcome:
        if refused.code < _REFUSED:
            return self.cut_off("bad-answer")
        return replies.of_content(refused.code, refused.message)

    def cut_off(self, reason: str) -> Outcome:
        """In doubt once the content may have been written, else surely not sent."""
        return InDoubt(reason) if self.written else Rejected(Fault.TEMPORARY, reason, unreachable=True)
