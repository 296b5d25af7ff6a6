"""What the projection listens to. The same functions write the live version and the one being rebuilt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from services.reporting import handlers
from services.reporting.domain import CASE_FOLDS, FOLDS, LETTER_FOLDS, LIVE, NOTICE_FACTS, Told
from services.reporting.store import lines, projections
from shared.bus.arrival import Arrival
from shared.bus.consumer import Listener
from shared.contracts.complaints import CASES
from shared.contracts.envelope import Catalogue
from shared.contracts.intake import (
    CALENDAR,
    DOSSIERS,
    LAW_FACTS,
    PROCEDURES,
    UNITS,
    ProcedureDescribed,
    UnitDescribed,
)
from shared.contracts.notifications import NOTICES
from shared.store import law
from shared.store.unit_of_work import Work

CATALOGUE = Catalogue.of(
    (*FOLDS, *CASE_FOLDS, *LETTER_FOLDS, *NOTICE_FACTS, *LAW_FACTS, UnitDescribed, ProcedureDescribed)
)
_TRACEPARENT_LENGTH = 55


@dataclass(frozen=True, slots=True)
class Projector:
    """Writes one version of the projection, or with None whichever is active."""

    version: int | None = None

    async def on_dossier_facts(self, work: Work, arrivals: Sequence[Arrival]) -> None:
        """Fold dossier facts."""
        await handlers.project(work.db, await self._target(work, arrivals), _told(arrivals))

    async def on_case_facts(self, work: Work, arrivals: Sequence[Arrival]) -> None:
        """Fold facts of letters and cases."""
        await handlers.project_cases(work.db, await self._target(work, arrivals), _told(arrivals))

    async def on_notice_facts(self, work: Work, arrivals: Sequence[Arrival]) -> None:
        """Fold facts of notices."""
        await handlers.project_notices(work.db, await self._target(work, arrivals), _told(arrivals))

    async def on_units(self, work: Work, arrivals: Sequence[Arrival]) -> None:
        """Copy units."""
        await lines.copy_units(work.db, await self._target(work, arrivals), _newest(arrivals))

    async def on_procedures(self, work: Work, arrivals: Sequence[Arrival]) -> None:
        """Copy procedures."""
        await lines.copy_procedures(work.db, await self._target(work, arrivals), _newest(arrivals))

    async def on_calendar(self, work: Work, arrivals: Sequence[Arrival]) -> None:
        """Copy what acts changed of the law; it belongs to no version of the projection."""
        changed = {arrival.key: arrival.fact for arrival in arrivals if isinstance(arrival.fact, LAW_FACTS)}
        await law.keep_facts(work.db, list(changed.values()))

    async def _target(self, work: Work, arrivals: Sequence[Arrival]) -> int:
        if self.version is not None:
            return self.version
        active = await projections.shared(work.db)
        await lines.place(work.db, _places(arrivals))
        return active.version


def listener(name: str = LIVE, version: int | None = None) -> Listener:
    """The listener of the live projection, or of a version being rebuilt."""
    projector = Projector(version)
    topics = {
        UNITS: projector.on_units,
        PROCEDURES: projector.on_procedures,
        DOSSIERS: projector.on_dossier_facts,
        CASES: projector.on_case_facts,
        NOTICES: projector.on_notice_facts,
    }
    if version is None:
        topics[CALENDAR] = projector.on_calendar
    return Listener(name=name, catalogue=CATALOGUE, topics=topics)


LISTENER = listener()


def _told(arrivals: Sequence[Arrival]) -> dict[UUID, list[Told]]:
    """The facts by what they are about, in order."""
    told: dict[UUID, list[Told]] = {}
    for arrival in arrivals:
        if (fact := arrival.fact) is not None:
            told.setdefault(arrival.key, []).append(Told(fact, arrival.sequence, arrival.time, _trace(arrival)))
    return told


def _trace(arrival: Arrival) -> str | None:
    """The trace id of a fact's creation context (`00-<trace>-<span>-<flags>`)."""
    header = arrival.raw.header("traceparent")
    if header is None or len(header) != _TRACEPARENT_LENGTH or not header[3:35].isalnum():
        return None
    return header[3:35].decode()


def _newest(arrivals: Sequence[Arrival]) -> dict[str, Any]:
    """The last word about each key; None where it is forgotten."""
    return {(arrival.raw.key or b"").decode(): arrival.fact for arrival in arrivals}


def _places(arrivals: Sequence[Arrival]) -> dict[tuple[str, int], Any]:
    newest: dict[tuple[str, int], Any] = {}
    for arrival in arrivals:
        place = (arrival.raw.topic, arrival.raw.partition)
        if place not in newest or arrival.time > newest[place]:
            newest[place] = arrival.time
    return newest
