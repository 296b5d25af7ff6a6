"""Folding: a batch of facts into lines, timelines and counters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from services.reporting import domain
from services.reporting.domain import CaseLine, CaseMoment, DossierLine, Flow, LetterLine, Limits, Moment, Told
from services.reporting.store import letters, lines
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


async def project_cases(db: Connection, version: int, told: Mapping[UUID, Sequence[Told]]) -> None:
    """Fold these facts, in order per letter or case: lines, limits, timeline."""
    keys = list(told)
    known_letters, known_cases = await letters.letters(db, version, keys), await letters.cases(db, version, keys)
    known_limits = await letters.limits(db, version, keys)
    read: dict[UUID, LetterLine] = {}
    settled: dict[UUID, CaseLine] = {}
    limits: dict[UUID, Limits] = {}
    moments: list[CaseMoment] = []
    for key, facts in told.items():
        for each in facts:
            if each.fact.about == "submission":
                read[key] = domain.fold_letter(read.get(key, known_letters.get(key)), each)
            else:
                settled[key] = domain.fold_case(settled.get(key, known_cases.get(key)), each)
            limits[key] = domain.fold_limits(limits.get(key, known_limits.get(key, {})), each.fact)
            moments.append(domain.case_moment(key, each))
    await letters.save(db, version, letters=read, cases=settled, limits=limits, moments=moments)


async def project_notices(db: Connection, version: int, told: Mapping[UUID, Sequence[Told]]) -> None:
    """Fold these facts, in order per notice."""
    known = await letters.notices(db, version, list(told))
    for key, facts in told.items():
        line = known.get(key)
        for each in facts:
            line = domain.fold_notice(line, each)
        if line is not None:
            known[key] = line
    await letters.save_notices(db, version, known)
