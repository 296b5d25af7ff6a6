"""Sending: what is due is taken under a lease, written down, handed to the provider, and its outcome written down.

The attempt is committed before the provider is called, so that a crash leaves a doubt and never a second message in silence.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import Context as ContextOfVariables
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.headerregistry import Address
from functools import partial
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from opentelemetry.context import Context
from opentelemetry.trace import Link, NonRecordingSpan, SpanKind, Tracer, set_span_in_context

from services.notifications import domain
from services.notifications.adapters import letters, messages
from services.notifications.data import book
from services.notifications.domain import (
    Attempt,
    Breaker,
    Channel,
    Class,
    InDoubt,
    Letter,
    Outcome,
    Provider,
    Reach,
    State,
)
from services.notifications.handlers.contacts import disclose
from services.notifications.handlers.muting import stop_token
from services.notifications.store import deliveries
from services.notifications.store.deliveries import Taken
from shared.contracts.notifications import NoticeDelivered, NoticeFailed
from shared.kernel import system
from shared.law.zone import local
from shared.settings import Keys
from shared.store.db import TRANSIENT
from shared.store.unit_of_work import Work, Works
from shared.store.vault import Forgotten, blind_index
from shared.telemetry.metrics import Notices
from shared.telemetry.tracing import parse_carrier

log = logging.getLogger(__name__)

MOST_AT_ONCE = 8
"""Messages on their way at the same time, each on a connection of its own."""

SEND_SECONDS = 45.0
LEASE = timedelta(seconds=120)
"""Longer than a message may take, so that a lease that is over means that its owner is gone."""

_PAUSES = (0.1, 1.0, 5.0, 20.0)
"""Seconds between tries to write an outcome; together well within the lease."""

_CALLER = system("notifications.email")


@dataclass(frozen=True, slots=True, repr=False)
class Ready:
    """A delivery under lease and the message to hand over."""

    attempt: Attempt
    letter: Letter
    address: bytes
    traceparent: str | None


@dataclass(slots=True)
class Mailroom:
    """The e-mail worker of this process; `clock` counts monotonic seconds, `chance` spreads waits."""

    works: Works
    provider: Provider
    sender: Address
    base_url: str
    tracer: Tracer
    metrics: Notices
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random
    breaker: Breaker = field(default_factory=Breaker)
    failpoint: Callable[[str], None] = field(default=lambda _where: None)

    async def send_due(self) -> bool:
        """Take what is due and hand it over; True when there may be more."""
        room = self.breaker.room(MOST_AT_ONCE, self.clock())
        if not room:
            return False
        ready, seen = await _take(self, room)
        self.failpoint("taken")
        if not ready:
            return bool(seen)
        sending = asyncio.ensure_future(asyncio.gather(*(self._send(each) for each in ready), return_exceptions=True))
        try:
            ended = await asyncio.shield(sending)
        except asyncio.CancelledError:
            await sending  # what is on the wire is finished before the process ends
            raise
        for error in ended:
            if error is not None:
                raise error
        return True

    async def _send(self, ready: Ready) -> None:
        with self._span(ready):
            outcome = await self.provider.send(ready.letter, SEND_SECONDS)
            here = copy_context()
        self.failpoint("sent")
        self.breaker = self.breaker.after(outcome, self.clock())
        await _surely(partial(_settle, self, ready, outcome, here))
        self.failpoint("settled")

    @contextmanager
    def _span(self, ready: Ready) -> Iterator[None]:
        """The first attempt goes on with the trace of the fact that caused the notice; later ones only link to it."""
        origin = parse_carrier(ready.traceparent)
        above, links = Context(), [Link(origin)] if origin is not None else []
        if origin is not None and ready.attempt.n == 1:
            above = set_span_in_context(NonRecordingSpan(origin), above)
        about = {"gandan.delivery": str(ready.attempt.delivery), "gandan.provider": self.provider.name}
        with self.tracer.start_as_current_span(
            "send email", above, SpanKind.CLIENT, about, links, record_exception=False
        ):
            yield

    async def sweep(self) -> bool:
        """Let time do its part, and say how many deliveries have still to go out."""
        for _ in range(await sweep(self.works)):
            self.count("in-doubt")
        async with self.works.reading() as db:
            self.metrics.pending.set(await deliveries.pending(db, Channel.EMAIL), {"channel": Channel.EMAIL.value})
        return False

    def count(self, outcome: str) -> None:
        """Count one attempt by what became of it."""
        self.metrics.attempts.add(1, {"channel": Channel.EMAIL.value, "outcome": outcome})

    async def close(self) -> None:
        """Let go of the provider's connections."""
        await self.provider.close()


async def sweep(works: Works) -> int:
    """Whatever time alone changes: leases that are over, doubts to resend, contacts that came or did not, use that is past.

    How many attempts ended in doubt, since whoever made them is gone.
    """
    async with works.begin(_CALLER) as work:
        lapsed = await deliveries.lapsed(work.db)
        for attempt in lapsed:
            await _write(work, attempt, InDoubt("lease-over"), 1.0, simulated=False)
        for row in await deliveries.move_on(work.db, work.now):
            work.record(_failed(work, row, "no-address"))
    return len(lapsed)


@dataclass(frozen=True, slots=True, repr=False)
class _At:
    """Where a recipient is reached."""

    reach: Reach
    address: Address | None = None
    hmac: bytes = b""


async def _take(room: Mailroom, most: int) -> tuple[list[Ready], int]:
    """Lease what may be sent now and write its attempts; everything else that is due goes where it belongs."""
    async with room.works.begin(_CALLER) as work:
        rows = await deliveries.due(work.db, Channel.EMAIL, work.now, most)
        if not rows:
            return [], 0
        reach = await _reach(work, [row["recipient"] for row in rows])
        taken, ready = [], []
        for row in rows:
            place, message = _place(room, row, reach[row["recipient"]], work.now)
            taken.append(place)
            if message is not None:
                ready.append(message)
        await deliveries.take(work.db, taken, room.provider.name, LEASE)
        for row, place in zip(rows, taken, strict=True):
            if place.state == State.FAILED_PERMANENT:
                work.record(_failed(work, row, place.code or "unknown"))
        room.failpoint("taking")
    return ready, len(rows)


def _place(room: Mailroom, row: Any, at: _At, now: datetime) -> tuple[Taken, Ready | None]:
    """Where a due delivery goes; one whose message cannot be written stops nobody else's."""
    mutable = Class(row["class"]).can_be_muted
    state, code = domain.readiness(at.reach, mutable=mutable, expires_at=row["expires_at"], now=now)
    if state is not State.SENDING or at.address is None:
        return Taken(row["id"], state.value, code), None
    try:
        return Taken(row["id"], state.value, code), _ready(room, row, at.address, at.hmac, now)
    except (LookupError, ValueError) as error:
        log.error("the message of delivery %s cannot be written: %s", row["id"], type(error).__name__)  # noqa: TRY400 - its text may name people
        failed = domain.move(State.PENDING, State.FAILED_PERMANENT)
        return Taken(row["id"], failed.value, "unwritable"), None


async def _reach(work: Work, recipients: Sequence[UUID]) -> dict[UUID, _At]:
    """The newest usable address of each recipient, and what is known against it."""
    found = await _addresses(work, recipients)
    against = await deliveries.against(work.db, Channel.EMAIL, recipients)
    muted = await deliveries.muted(work.db, Channel.EMAIL, recipients)
    made = {}
    for recipient in recipients:
        if (address := found.get(recipient)) is None:
            made[recipient] = _At(Reach(None, muted=recipient in muted))
            continue
        hmac = blind_index(work.works.keys, "email", address.addr_spec.lower()) or b""
        reach = Reach(address.addr_spec, against.get((recipient, hmac)), recipient in muted)
        made[recipient] = _At(reach, address, hmac)
    return made


async def _addresses(work: Work, recipients: Sequence[UUID]) -> dict[UUID, Address]:
    """The newest usable address of each; a contact that has none is marked, so that nobody waits for it again."""
    made: dict[UUID, Address] = {}
    barren = []
    for row in await deliveries.reachable(work.db, recipients):
        if (recipient := row["recipient"]) in made:
            continue
        if (address := _address(work.works.keys, row)) is None:
            barren.append((recipient, row["source"]))
        else:
            made[recipient] = address
    if barren:
        await deliveries.note_no_email(work.db, barren)
    return made


def _address(keys: Keys, row: Any) -> Address | None:
    try:
        details = disclose(keys, row["recipient"], row)
    except (Forgotten, InvalidTag):
        return None
    return messages.address_of(details.email, details.name) if details.email else None


def _ready(room: Mailroom, row: Any, address: Address, hmac: bytes, now: datetime) -> Ready:
    class_ = Class(row["class"])
    attempt = Attempt(row["id"], row["attempts"] + 1, class_ is Class.STATUTORY, row["failures"], row["doubts"])
    letter = _letter(room, row, address, now, mutable=class_.can_be_muted)
    return Ready(attempt, letter, hmac, row["traceparent"])


def _letter(room: Mailroom, row: Any, address: Address, now: datetime, *, mutable: bool) -> Letter:
    known, stop_link = book(), None
    if mutable:
        stop_link = f"{room.base_url}/notifications/v1/u/{stop_token(room.works.keys.cursor, row['id'])}"
    notice = domain.render(known, known.templates[row["code"], row["template_version"]], row["vars"], domain.OFFICIAL)
    link = room.base_url + known.rules_of(row["code"])[0].action_url
    written = letters.write(notice, link=link, stop_link=stop_link, language=domain.OFFICIAL)
    posted = messages.Posted(
        delivery=row["id"], thread=row["ordering_key"], sender=room.sender, to=address, language=domain.OFFICIAL, at=local(now), stop_link=stop_link
    )  # fmt: skip
    return messages.compose(written, posted)


async def _surely(write: Callable[[], Awaitable[None]]) -> None:
    """An outcome that is known must not become a doubt because the database is away for a moment."""
    for pause in _PAUSES:
        try:
            return await write()
        except TRANSIENT as error:
            log.warning("an outcome waits for the database: %s", type(error).__name__)
            await asyncio.sleep(pause)
    return await write()


async def _settle(room: Mailroom, ready: Ready, outcome: Outcome, here: ContextOfVariables) -> None:
    async with room.works.begin(_CALLER) as work:
        work.context = here
        verdict, row = await _write(work, ready.attempt, outcome, room.chance(), simulated=room.provider.simulates)
        if verdict.address is not None and row is not None:
            await deliveries.hold_against(work.db, row["recipient"], Channel.EMAIL, ready.address, verdict.address)
    room.count(verdict.outcome)


async def _write(
    work: Work, attempt: Attempt, outcome: Outcome, chance: float, *, simulated: bool
) -> tuple[domain.Verdict, Any | None]:
    """Write what became of an attempt, and state it where that is the end of the channel."""
    verdict = domain.verdict(attempt, outcome, chance, simulated=simulated)
    row = await deliveries.settle(work.db, attempt, verdict)
    if row is not None and domain.is_delivered(verdict):
        work.record(NoticeDelivered(occurred_at=work.now, **_about(row)))
    if row is not None and domain.has_failed(verdict):
        work.record(_failed(work, row, verdict.outcome))
    if verdict.outcome in {"in-doubt", "config", "content-permanent"}:
        log.warning("e-mail delivery %s: %s (%s)", attempt.delivery, verdict.outcome, verdict.code)
    return verdict, row


def _failed(work: Work, row: Any, reason_class: str) -> NoticeFailed:
    return NoticeFailed(occurred_at=work.now, **_about(row), reason_class=reason_class)


def _about(row: Any) -> dict[str, Any]:
    """What the facts of a delivery say of its notice."""
    names = ("code", "aggregate", "recipient", "channel", "attempts")
    return {"notice": row["notification"], **{name: row[name] for name in names}}
