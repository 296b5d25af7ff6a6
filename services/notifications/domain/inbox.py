"""Inboxes: how one stands, and what a mark does to an item. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.kernel import NotFound, Principal, Refused

BADGE = 99
"""The highest number an unread badge shows."""


class NoInbox(Refused):
    """This token names no citizen, so there is no inbox."""

    status = 403


@dataclass(frozen=True, slots=True)
class Standing:
    """One inbox as a whole: the last number given, how many are unread, and a version that rises with every change."""

    seq: int = 0
    unread: int = 0
    version: int = 0

    @property
    def badge(self) -> int:
        """The unread count as a badge shows it."""
        return min(self.unread, BADGE)


class Mark(StrEnum):
    """What a citizen may do to an item."""

    READ = "read"
    UNREAD = "unread"
    ARCHIVE = "archive"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an item stands in its inbox."""

    read_at: datetime | None = None
    archived_at: datetime | None = None

    @property
    def counts(self) -> bool:
        """Whether it is part of the unread count."""
        return self.read_at is None and self.archived_at is None

    @property
    def state(self) -> str:
        """`archived`, else `read` or `unread`."""
        if self.archived_at is not None:
            return "archived"
        return "unread" if self.read_at is None else "read"

    @property
    def marks(self) -> tuple[Mark, ...]:
        """What would change it."""
        if self.archived_at is not None:
            return (Mark.UNREAD,)
        return (Mark.READ if self.read_at is None else Mark.UNREAD, Mark.ARCHIVE)


def mark(place: Place, act: Mark, at: datetime) -> Place:
    """The item after a mark; a mark it bears already changes nothing, so marks may come twice. Unread brings it back."""
    if act is Mark.READ:
        return replace(place, read_at=place.read_at or at)
    if act is Mark.UNREAD:
        return Place()
    return replace(place, archived_at=place.archived_at or at)


def inbox_of(who: Principal) -> UUID:
    """Whose inbox this principal reads: the token's own, nobody else's."""
    if who.recipient is None:
        raise NoInbox
    return who.recipient


class NoSuchItem(NotFound):
    """There is no such item in your inbox."""
