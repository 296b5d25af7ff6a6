"""What the routes take and answer."""

from __future__ import annotations

from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from services.notifications import store
from services.notifications.domain import BADGE, Standing
from shared.web.fields import Instant


class Action(BaseModel):
    """Something that may be done now, and which fields it needs."""

    name: str
    needs: list[str] = []


class InboxItem(BaseModel):
    """A notice as the citizen reads it; the body is five paragraphs, an empty line between two."""

    id: UUID
    seq: int
    code: str
    aggregate: UUID
    title: str
    body: str
    severity: str
    action_url: str
    state: str
    read_at: Instant | None
    created_at: Instant
    actions: list[Action]

    @classmethod
    def of(cls, item: store.Item) -> Self:
        """A row as it is shown."""
        place = item.place
        return cls(
            id=item.notification, seq=item.seq, code=item.code, aggregate=item.aggregate, title=item.title, body=item.body,
            severity=item.severity, action_url=item.action_url, state=place.state, read_at=place.read_at, created_at=item.created_at,
            actions=[Action(name=each.value) for each in place.marks],
        )  # fmt: skip


class InboxPage(BaseModel):
    """A page, newest first; `next` leads to older items, `prev` to newer ones."""

    items: list[InboxItem]
    next: str | None
    prev: str | None
    here: str = Field(alias="self")
    unread: int
    version: int


class Count(BaseModel):
    """How many items are unread; `capped` is the number a badge shows."""

    unread: int
    capped: int = Field(description=f"`unread`, but at most {BADGE}.")
    version: int

    @classmethod
    def of(cls, standing: Standing) -> Self:
        """The counts of an inbox."""
        return cls(unread=standing.unread, capped=standing.badge, version=standing.version)


class Marked(BaseModel):
    """How the inbox stands after a mark."""

    unread: int
    version: int


class ReadAll(BaseModel):
    """Marks what the citizen has seen, not what arrived meanwhile."""

    up_to_seq: int = Field(ge=0, le=store.LAST)


class Ticket(BaseModel):
    """Opens the stream where no header can be set; good for reconnects until the token ends."""

    ticket: str
    expires_at: Instant


class ContactKey(BaseModel):
    """What contacts are sealed with: a libsodium sealed box over UTF-8 JSON."""

    key_id: str
    public_key: str = Field(description="32 bytes, base64.")
    algorithm: str = "x25519-sealed-box"


class DeliverySkeleton(BaseModel):
    """One way a notice took out of the house: where it stands, and if it was kept in, why."""

    id: UUID
    channel: str
    state: str
    held_for: str | None
    code: str | None
    attempts: int


class NoticeSkeleton(BaseModel):
    """What was told, to a unit's files: no words, no recipient."""

    id: UUID
    code: str
    template_version: int
    aggregate: UUID
    aggregate_seq: int
    unit: str | None
    state: str
    occurred_at: Instant
    created_at: Instant
    deliveries: list[DeliverySkeleton] = []


class Notices(BaseModel):
    """The notices about one dossier, in the order of its facts (at most 200)."""

    items: list[NoticeSkeleton]


class Attempt(BaseModel):
    """One try: to whom it was handed, when (clock of the database), and the codes of the answer, never its words."""

    n: int
    provider: str
    started_at: Instant
    finished_at: Instant | None
    outcome: str | None
    code: str | None


class Attempts(BaseModel):
    """A delivery and every try made of it."""

    delivery: UUID
    notice: UUID
    channel: str
    state: str
    held_for: str | None
    code: str | None
    attempts: list[Attempt]
