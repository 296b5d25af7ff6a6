"""Facts of invented dossiers, from filing to the returned result, as intake states them: four a dossier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from aiokafka.partitioner import murmur2

from deploy.bench import dossiers
from deploy.bench.limits.filing import Maker, fact_row, pretended_works
from deploy.bench.limits.serving import Filed
from services.intake.domain import accept, return_result, settle
from shared.contracts.envelope import Fact
from shared.contracts.intake import DOSSIERS
from shared.moments import system_clock, uuid7
from shared.settings import Keys
from shared.store.unit_of_work import Tail

PER_LIFE = 4
PARTITIONS = 12


@dataclass(frozen=True, slots=True)
class Life:
    """One dossier's facts in order."""

    dossier: UUID
    facts: Sequence[Fact]


@cache
def _templates(keys: Keys) -> list[list[Fact]]:
    """One life per unit, made by intake's own domain."""
    maker, now = Maker(keys), system_clock()
    return [_template(maker, number, now) for number in range(len(dossiers.units()))]


def _template(maker: Maker, number: int, now: datetime) -> list[Fact]:
    office = maker.office(now)
    dossier, stated = maker.submit(Filed(**dossiers.body(number)), number, now)
    accepted, acceptance = accept(dossier, at=now, office=office)
    settled, settlement = settle(accepted, outcome="granted", number=None, at=now, office=office)
    _, returned = return_result(settled, method="electronic", at=now)
    return [*stated, acceptance, settlement, returned]


def lives(keys: Keys, number: int) -> Iterator[Life]:
    """So many dossiers, each with an id of its own, spread over all units."""
    templates = _templates(keys)
    for n in range(number):
        id_ = uuid7()
        changes: dict[str, Any] = {"dossier": id_, "code": f"H50.{n % 78:02d}-261125-{n:06d}"}
        yield Life(id_, [replace(fact, **changes) for fact in templates[n % len(templates)]])


def fact_rows(keys: Keys, number: int) -> Iterator[list[tuple[Any, ...]]]:
    """For each dossier the rows of its facts, chained, as the unit of work writes them."""
    works, now = pretended_works(keys), system_clock()
    for life in lives(keys, number):
        tail = Tail()
        yield [fact_row(works, life.dossier, fact, tail, now) for fact in life.facts]


def partition(dossier: UUID) -> int:
    """Where Kafka puts this dossier's facts."""
    return int((murmur2(str(dossier).encode()) & 0x7FFFFFFF) % PARTITIONS)


TOPIC = DOSSIERS
