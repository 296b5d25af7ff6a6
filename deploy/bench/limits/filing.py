"""The values of one filing as the product would write them: made by its own domain, vault and history."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from deploy.bench.limits.serving import Filed
from services.intake import data
from services.intake.domain import ANSWER, Component, Dossier, Office, Procedure, Submission, submit
from services.intake.domain import snapshot as snapshot_of
from shared.contracts.envelope import Fact, encode
from shared.kernel import Principal, system
from shared.law import ZONE, breach_at, office_hours, official_calendar
from shared.moments import system_clock, uuid7
from shared.settings import Keys
from shared.store import deadlines, vault
from shared.store.unit_of_work import Pending, Tail, Work, Works
from shared.telemetry.setup import setup

_NOBODY = Principal("bench", frozenset({"citizen"}), acting="citizen")


@dataclass(frozen=True, slots=True)
class Filing:
    """Everything that is written when a dossier is filed online."""

    dossier: Dossier
    person: vault.PersonRow
    schedule: deadlines.Schedule
    fact: tuple[Any, ...]
    """The columns of its fact row."""

    def answer(self) -> bytes:
        """What the endpoint answers."""
        return encode(snapshot_of(self.dossier, _NOBODY))


def pretended_works(keys: Keys) -> Works:
    """A unit-of-work factory without a database: it only makes rows of facts."""
    telemetry = setup("bench", instance="bench", version="0", otlp_endpoint=None, environment="bench")
    return Works("intake", cast("Any", None), system_clock, uuid7, keys, telemetry.tracing("intake"))


def fact_row(works: Works, aggregate: UUID, fact: Any, tail: Tail, at: datetime) -> tuple[Any, ...]:
    """The columns of a fact's row as the product writes them; moves the tail on."""
    work = Work(works, system("bench"), at, None, uuid7())
    return works.write(work, Pending(fact, uuid7(), aggregate, published=True, cause=None), tail)


@dataclass(slots=True)
class Maker:
    """Makes filings with one set of keys."""

    keys: Keys
    works: Works = field(init=False)
    agencies: dict[str, str] = field(default_factory=lambda: {unit.code: unit.agency for unit in data.units()})
    procedures: dict[str, Procedure] = field(default_factory=lambda: {p.code: _procedure(p) for p in data.procedures()})

    def __post_init__(self) -> None:
        self.works = pretended_works(self.keys)

    def agency(self, unit: str) -> str:
        """What the codes of this unit's dossiers begin with."""
        return self.agencies[unit]

    def make(self, body: Filed, number: int, now: datetime) -> Filing:
        """One filing."""
        dossier, stated = self.submit(body, number, now)
        person = vault.enclose(self.keys, uuid7(), dossier.recipient, vault.Details(**body.submitter.model_dump()))
        fact = fact_row(self.works, dossier.id, stated[0], Tail(), now)
        return Filing(dossier, person, _schedule(dossier), fact)

    def submit(self, body: Filed, number: int, now: datetime) -> tuple[Dossier, list[Fact]]:
        """What the domain makes of a filing: the dossier and its facts."""
        id_, code = uuid7(), f"{self.agency(body.unit)}-{now:%y%m%d}-{number:04d}"
        return submit(
            _submission(body), self.procedures[body.procedure], id=id_, code=code,
            recipient=vault.recipient_of(self.keys.people, body.submitter.identity_no or ""), verifier=self._verifier(id_, code), at=now,
            office=self.office(now),
        )  # fmt: skip

    def office(self, at: datetime) -> Office:
        """The calendar and office hours of that day."""
        return Office(official_calendar(), office_hours(at.astimezone(ZONE).date()))

    def _verifier(self, id_: UUID, code: str) -> str:
        """Two HMACs, as for the secret on a slip."""
        secret = hmac.digest(self.keys.lookup, id_.bytes, "sha256")[:5].hex()
        return hmac.digest(self.keys.verifier, f"{code}|{secret}".encode(), "sha256")[:18].hex()


def _submission(body: Filed) -> Submission:
    papers = tuple(Component(paper.name, paper.kind, paper.count) for paper in body.components)
    return Submission(body.procedure, body.unit, body.channel, papers)


def _procedure(seed: data.ProcedureSeed) -> Procedure:
    required = tuple(component.name for component in seed.components if component.required)
    return Procedure(
        seed.code, seed.version, seed.name, seed.field_name, seed.levels, seed.limit, seed.pause_mode, seed.max_supplements, required
    )  # fmt: skip


def _schedule(dossier: Dossier) -> deadlines.Schedule:
    term = dossier.answer
    assert term is not None
    assert term.due is not None
    due = term.due
    return deadlines.Schedule(
        aggregate=dossier.id, kind=ANSWER, rule=due.rule or "", rule_version=due.version or 0, clock=term.clock.to_dict(), due_at=due.due_at,
        due_on=due.due_on, warn_at=due.warn_at, breach_at=breach_at(due),
    )  # fmt: skip
