"""The count of a campaign of source systems by somebody else: a small model of the rules, which shares no code with the product."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

KNOWN_PROCEDURE = "1.004873"
LARGEST = 65_536
_ORDER = {2: 1, 4: 2, 9: 3, 10: 4}
_ZONE = timedelta(hours=7)

Json = dict[str, Any]


def day_of(text: str) -> date:
    """The day in Vietnam of an instant as events write it."""
    at = datetime.fromisoformat(text)
    offset = at.utcoffset()
    assert offset is not None
    return (at.replace(tzinfo=None) - offset + _ZONE).date()


@dataclass
class Paper:
    """One dossier as its source tells of it."""

    unit: str
    promised: date
    status: int
    settled: date | None = None
    returned: bool = False
    settlements: int = 0


@dataclass
class Ledger:
    """What must have become of the events of one source, in the order in which it sends them."""

    source: str
    units: frozenset[str]
    province: frozenset[str]
    now: datetime
    sent: int = 0
    duplicates: int = 0
    nameless: Counter[str] = field(default_factory=Counter)
    """How events ended that have no id."""
    dossiers: dict[str, Paper] = field(default_factory=dict)
    seen: dict[str, tuple[Json, str]] = field(default_factory=dict)
    """What was taken, by id: the event and how it stands."""
    refused: set[tuple[str, str, str]] = field(default_factory=set)
    """Ids, reasons and contents of what was rejected."""
    refused_again: int = 0
    waiting: list[Json] = field(default_factory=list)

    def take(self, body: bytes) -> None:
        """One event more."""
        self.sent += 1
        try:
            event = json.loads(body)
        except ValueError:
            self.nameless["schema"] += 1
            return
        if len(body) > LARGEST:
            self.nameless["too-large"] += 1
        elif (reason := self._wrong(event)) is not None:
            self._refuse(event, reason)
        elif event["id"] in self.seen:
            self._again(event)
        else:
            self._apply(event)

    def give_up_waiting(self) -> None:
        """Patience is over."""
        for event in self.waiting:
            late = "unknown-procedure" if "procedure" in event["data"] else "waited-too-long"
            del self.seen[event["id"]]
            self._refuse(event, late)
        self.waiting = []

    def endings(self) -> Counter[tuple[str, str]]:
        """How every event with an id ended."""
        taken = Counter((id_, status) for id_, (_, status) in self.seen.items())
        return taken + Counter((id_, reason) for id_, reason, _ in self.refused)

    def total(self) -> int:
        """Accepted, waiting and rejected, and what came again."""
        return self.endings().total() + self.nameless.total() + self.duplicates + self.refused_again

    def _refuse(self, event: Json, reason: str) -> None:
        this = (event["id"], reason, json.dumps(event, sort_keys=True))
        self.refused_again += this in self.refused
        self.refused.add(this)

    def _wrong(self, event: Json) -> str | None:
        data = event["data"]
        if "name" in data:
            return "clear-personal-data"
        if event["source"] != f"/sources/{self.source}":
            return "source-mismatch"
        if not {"code", "status"} <= data.keys():
            return "schema"
        if any(
            datetime.fromisoformat(data[at]) > self.now + timedelta(hours=1)
            for at in ("at", "received_at")
            if at in data
        ):
            return "future-time"
        if (unit := data.get("unit")) is not None and unit not in self.province:
            return "unknown-unit"
        return None if unit is None or unit in self.units else "foreign-unit"

    def _again(self, event: Json) -> None:
        if event == self.seen[event["id"]][0]:
            self.duplicates += 1
        else:
            self._refuse(event, "id-reused")

    def _apply(self, event: Json) -> None:
        data = event["data"]
        paper = self.dossiers.get(data["code"])
        if paper is None and data.get("procedure") != KNOWN_PROCEDURE:
            self.seen[event["id"]] = (event, "waiting")
            self.waiting.append(event)
        elif paper is None:
            self.dossiers[data["code"]] = Paper(data["unit"], day_of(data["appointment_at"]), data["status"])
            self.seen[event["id"]] = (event, "accepted")
            for waited in list(self._released(data["code"])):
                self._apply(waited)
        elif (reason := self._moved(paper, data)) is not None:
            self._refuse(event, reason)
        else:
            self.seen[event["id"]] = (event, "accepted")

    def _released(self, code: str) -> Iterator[Json]:
        mine = [event for event in self.waiting if event["data"]["code"] == code]
        self.waiting = [event for event in self.waiting if event["data"]["code"] != code]
        for event in mine:
            del self.seen[event["id"]]
            yield event

    def _moved(self, paper: Paper, data: Json) -> str | None:
        status = data["status"]
        if status not in _ORDER:
            return "impossible-status"
        if _ORDER[status] < _ORDER[paper.status] and not data.get("correction"):
            return "backward-status"
        if status == 4 and paper.settled:
            paper.settled = None
        if status >= 9 and paper.settled is None:
            paper.settled, paper.settlements = day_of(data.get("finished_at") or data["at"]), paper.settlements + 1
        paper.status, paper.returned = status, paper.returned or status == 10
        return None


@dataclass
class Form:
    """Columns 3, 7 to 10 and 11 to 13 of Form 06."""

    received: int = 0
    before: int = 0
    on: int = 0
    over: int = 0
    within: int = 0
    overdue: int = 0

    def count(self, paper: Paper, last: date) -> None:
        """One dossier more, as it stands at the end of a period that ends on this day."""
        self.received += 1
        if paper.settled is None:
            self.overdue += paper.promised < last
            self.within += paper.promised >= last
        else:
            self.before += paper.settled < paper.promised
            self.on += paper.settled == paper.promised
            self.over += paper.settled > paper.promised
