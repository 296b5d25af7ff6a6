"""What intake tells source systems on `sources.<id>.replies`, and what changed in their registry (never published)."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from uuid import UUID

from shared.contracts.envelope import Catalogue, Fact, fact

REPLIES = "sources.replies"
"""The family of the reply topics; each source has its own, `sources.<id>.replies`."""


OUR_USERS = frozenset({"operator", "collector", "intake", "complaints", "notifications", "reporting", "anonymous"})
"""The broker's users that are ours, in small letters; whoever asks on its own loopback listener is ANONYMOUS, a superuser, too."""


def is_our_user(principal: str) -> bool:
    """Whether a name, also as Kafka writes it (`User:ANONYMOUS`), is one that no source system may have."""
    name = principal.casefold()
    return name in OUR_USERS or name.removeprefix("user:") in OUR_USERS


class SourceReply(Fact):
    """An answer to one event of a source, sent on that source's own topic."""

    source: str

    @property
    def sent_on(self) -> str:
        """The topic of this source's replies."""
        return reply_topic(self.source)


@fact(REPLIES, "source")
class SourceEventAccepted(SourceReply):
    """An event was taken; `inferred` names the portal statuses it skipped, in their order."""

    source: str
    event: str
    body_hash: str
    code: str | None = None
    dossier: UUID | None = None
    sandbox: bool = False
    inferred: list[int] = field(default_factory=list)
    inferred_states: list[str] = field(default_factory=list)
    """Of a letter: the states it skipped."""
    due_at: datetime | None = None
    promised_at: datetime | None = None


@fact(REPLIES, "source")
class SourceEventRejected(SourceReply):
    """An event was not taken, for a reason of the closed list; `fields` are JSON Pointers into it, `event` is empty where it had no id."""

    source: str
    event: str
    body_hash: str
    reason_class: str
    code: str | None = None
    fields: list[str] = field(default_factory=list)


@fact(REPLIES, "source")
class SourceEventWaiting(SourceReply):
    """An event waits: for its dossier or letter, or for the catalogue to know its procedure; then it is taken or rejected."""

    source: str
    event: str
    body_hash: str
    waits_for: str
    until: datetime
    code: str | None = None


@fact(REPLIES, "source")
class SourceCitizenActed(SourceReply):
    """A citizen wants something of a dossier or case this source owns (`act`: withdraw, reopen, appeal), or was asked how it went (rate).

    No answer to an event: it comes unasked, as its entry in the feed does. The source answers with a status of its own.
    """

    source: str
    code: str
    act: str
    reason_class: str | None = None
    score: int | None = None


@fact("", "source")
class SourceChanged(Fact):
    """The registry's entry of a source was made or changed; never published."""

    source: str
    entry_version: int
    state: str
    sandbox: bool
    tells_citizens: bool
    units: list[str] = field(default_factory=list)


@fact("", "source")
class PortalProfileChanged(Fact):
    """How a source speaks the national portal's form was said anew; never published."""

    source: str
    entry_version: int
    form: str
    units: list[str] = field(default_factory=list)


REPLY_FACTS: tuple[type[Fact], ...] = (SourceEventAccepted, SourceEventRejected, SourceEventWaiting, SourceCitizenActed)
CATALOGUE = Catalogue.of(REPLY_FACTS)


def source_topic(source: str) -> str:
    """Where a source sends: the topic is its identity."""
    return f"sources.{source}"


def reply_topic(source: str) -> str:
    """Where a source is answered."""
    return f"{source_topic(source)}.replies"
