"""Ways out of the house: by class of notice, which channels it takes, when, and what keeps it in. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from services.notifications.domain.deliveries import Channel, State
from shared.contracts.envelope import derived_id

if TYPE_CHECKING:
    from services.notifications.domain.notices import Notice


class Class(StrEnum):
    """Statutory notices cannot be muted; service notices can; surveys ask for an opinion."""

    STATUTORY = "statutory"
    SERVICE = "service"
    SURVEY = "survey"

    @property
    def can_be_muted(self) -> bool:
        """Whether a citizen may ask not to be sent such notices; the inbox has them all the same."""
        return self is not Class.STATUTORY


@dataclass(frozen=True, slots=True)
class Step:
    """One channel of a class: how long after the notice, when it is no use any more, how often at most, until when."""

    number: int
    channel: Channel
    after: timedelta
    expires: timedelta | None
    once_per: timedelta | None
    until_read: bool


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known when notices are routed."""

    told_elsewhere: AbstractSet[UUID] = frozenset()
    """Aggregates whose source tells its citizens itself."""
    muted: AbstractSet[UUID] = frozenset()
    """Recipients who asked not to be sent what can be muted."""
    lately: AbstractSet[tuple[Class, UUID]] = frozenset()
    """Classes a recipient was sent so lately that another is too much."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notice on one channel, as it begins: on its way, or kept in for the reason `code`."""

    id: UUID
    notice: Notice
    step: Step
    state: State
    code: str | None
    not_before: datetime
    expires_at: datetime | None

    @property
    def ordering_key(self) -> UUID:
        """What one recipient is told about one aggregate goes out in order."""
        return derived_id("thread", self.notice.recipient, self.notice.aggregate)


@dataclass(slots=True)
class _Router:
    known: Circumstances
    asked: set[tuple[Class, UUID]] = field(default_factory=set)

    def route(self, notice: Notice, step: Step, at: datetime) -> Delivery:
        code = self._kept_in(notice, step)
        if code is None and step.once_per is not None:
            self.asked.add((notice.rule.class_, notice.recipient))
        return Delivery(
            id=derived_id("delivery", notice.id, step.number, step.channel.value), notice=notice, step=step,
            state=State.PENDING if code is None else State.CANCELLED, code=code, not_before=at + step.after,
            expires_at=at + step.expires if step.expires is not None else None,
        )  # fmt: skip

    def _kept_in(self, notice: Notice, step: Step) -> str | None:
        if notice.aggregate in self.known.told_elsewhere:
            return "told-by-source"
        if notice.rule.class_.can_be_muted and notice.recipient in self.known.muted:
            return "unsubscribed"
        if step.once_per is not None and (notice.rule.class_, notice.recipient) in self.known.lately | self.asked:
            return "asked-lately"
        return None


def routed(notices: Sequence[tuple[Notice, Sequence[Step]]], known: Circumstances, at: datetime) -> list[Delivery]:
    """The deliveries of these notices, in their order; what is kept in is written down too, with its reason."""
    router = _Router(known)
    return [router.route(notice, step, at) for notice, steps in notices for step in steps]
