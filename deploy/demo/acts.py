"""What is done, by whom, when: one act is one request at a public door."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from deploy.demo.people import Who

DOSSIERS: Final = "/intake/v1/dossiers"
LETTERS: Final = "/complaints/v1/submissions"
CASES: Final = "/complaints/v1/cases"
FILED: Final = "hand-in"
"""The act a matter begins with."""


TOGETHER: Final = timedelta(minutes=30)
"""What happens within this time to different matters is done side by side, at the moment of the first."""


@dataclass(frozen=True, slots=True)
class Act:
    """One request; `matter` is the name of what it is about, of a letter's n-th case `<letter>.<n>`."""

    at: datetime
    matter: str
    door: str
    command: str
    who: Who
    body: Mapping[str, Any] | None = None

    @property
    def about(self) -> str:
        """The dossier or letter it is about in the end."""
        return self.matter.partition(".")[0]

    @property
    def key(self) -> str:
        """Its Idempotency-Key: the same act played again is done once."""
        return f"sample-{self.matter}-{self.command}-{self.at:%m%d%H%M}"


def until(acts: Iterable[Act], end: datetime) -> list[Act]:
    """Those that are done by then, in order of time; what is done to one matter keeps its order."""
    return sorted((act for act in acts if act.at <= end), key=lambda act: act.at)


def moments(acts: Iterable[Act]) -> Iterator[list[Act]]:
    """Acts in order of time, in lots that may be done side by side: close together, of one day, each about another letter or dossier."""
    lot: list[Act] = []
    for act in acts:
        if lot and not _belongs(act, lot):
            yield lot
            lot = []
        lot.append(act)
    if lot:
        yield lot


def _belongs(act: Act, lot: list[Act]) -> bool:
    first = lot[0].at
    if act.at - first >= TOGETHER or act.at.date() != first.date():
        return False
    return act.about not in {other.about for other in lot}
