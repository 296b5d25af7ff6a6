"""Folding: a batch of facts into lines, timeline and counters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from services.reporting import domain
from services.reporting.domain import DossierLine, Flow, Moment, Told
from services.reporting.store import lines
from shared.store.db import Connection


async def project(db: Connection, version: int, dossiers: Mapping[UUID, Sequence[Told]]) -> None:
    """Fold these facts, in order per dossier, into a version of the projection: lines, timeline, counters."""
    known = await lines.lines(db, version, list(dossiers))
    changed: dict[UUID, DossierLine] = {}
    moments: list[Moment] = []
    flows: list[Flow] = []
    for dossier, facts in dossiers.items():
        line = known.get(dossier)
        for told in facts:
            before, line = line, domain.fold(line, told)
            flows += domain.flows(before, line, domain.day_of(told.fact.occurred_at))
            moments.append(domain.moment(dossier, told))
            changed[dossier] = line
    await lines.save(db, version, changed)
    await lines.remember(db, version, moments)
    await lines.count(db, version, flows)
