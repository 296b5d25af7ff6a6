"""What intake does: one function = one use case = one transaction."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from services.intake import data, domain, store
from services.intake.domain import ANSWER, SETTLEMENT, Dossier, Office, Procedure, Submission, Unit
from shared.contracts import intake as facts
from shared.contracts.envelope import Fact
from shared.kernel import Caller, Forbidden, NotFound, Principal, Refused, system
from shared.law import ZONE, Clock, breach_at, explain, office_hours, official_calendar
from shared.settings import Keys
from shared.store import deadlines, vault
from shared.store.db import Connection
from shared.store.unit_of_work import Work, Works

SWEEP = 500
LOCKOUT_FAILURES = 5
LOCKOUT = timedelta(minutes=15)
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class LookupRefused(Refused):
    """The code and the secret do not fit together."""

    status = 404


class LookupLocked(Refused):
    """Too many wrong secrets were tried for this code."""

    status = 429


@dataclass(slots=True)
class Shelf:
    """Reference data in memory: units and the newest procedure versions, read again by a timer."""

    units: Mapping[str, Unit] = field(default_factory=dict)
    procedures: Mapping[str, Procedure] = field(default_factory=dict)

    def unit(self, code: str) -> Unit:
        """The unit with this code; refused by the field's name."""
        if code not in self.units:
            raise domain.UnknownUnit(field="/unit", unit=code[:20])
        return self.units[code]

    def procedure(self, code: str) -> Procedure:
        """The procedure with this code; refused by the field's name."""
        if code not in self.procedures:
            raise domain.UnknownProcedure(field="/procedure", procedure=code[:20])
        return self.procedures[code]


@dataclass(frozen=True, slots=True)
class Desk:
    """Where clerks work: the unit-of-work factory and the shelf of reference data."""

    works: Works
    shelf: Shelf


@dataclass(frozen=True, slots=True, repr=False)
class Filing:
    """A submission with the people in it."""

    submission: Submission
    submitter: vault.Details
    owner: vault.Details | None = None
    summary: str | None = None


def office_at(at: datetime) -> Office:
    """The calendar and office hours that count at an instant."""
    return Office(official_calendar(), office_hours(at.astimezone(ZONE).date()))


def lookup_secret(keys: Keys, id: UUID, number: int) -> str:
    """8 Crockford characters of HMAC(lookup key, id, n): made again for each reprint, never stored (decisions 12)."""
    bits = int.from_bytes(hmac.digest(keys.lookup, id.bytes + bytes([number]), "sha256")[:5], "big")
    return "".join(_CROCKFORD[bits >> shift & 31] for shift in range(35, -1, -5))


def lookup_verifier(works: Works, code: str, secret: str) -> str:
    """What a fact carries so that reporting can check a secret alone."""
    return base64.urlsafe_b64encode(
        hmac.digest(works.keys.verifier, f"{code}|{secret}".encode(), "sha256")[:18]
    ).decode()


def _recipient(works: Works, who: Principal, submitter: vault.Details) -> UUID:
    """The inbox of the person the dossier is for; people without a number get a random one."""
    if who.acting == "citizen" and who.recipient is not None:
        return who.recipient
    return vault.recipient_of(works.keys.people, submitter.identity_no) if submitter.identity_no else works.new_id()


async def submit_dossier(desk: Desk, who: Caller, filing: Filing) -> Dossier:
    """File a dossier: row, code, facts, deadlines, people and the idempotent answer in one transaction."""
    works, asked = desk.works, filing.submission
    unit, procedure = desk.shelf.unit(asked.unit), desk.shelf.procedure(asked.procedure)
    counter = who.principal.acting == "clerk"
    if counter and not who.principal.may_act_for(unit.code):
        raise Forbidden(unit=unit.code)
    async with works.begin(who) as work:
        domain.check_submission(asked, procedure, unit, at=work.now, counter=counter)
        id_, recipient = work.new_id(), _recipient(works, who.principal, filing.submitter)
        code = await store.next_code(work, unit.agency, work.now.astimezone(ZONE).date())
        verifier = lookup_verifier(works, code, lookup_secret(works.keys, id_, 0))
        dossier, stated = domain.submit(
            asked,
            procedure,
            id=id_,
            code=code,
            recipient=recipient,
            verifier=verifier,
            at=work.now,
            office=office_at(work.now),
        )
        person, owner = _keep_people(work, recipient, filing)
        await store.create(
            work, dossier, person=person, owner=owner, summary=filing.summary, components=asked.components
        )
        _state(work, None, dossier, *stated)
    return dossier


def _keep_people(work: Work, recipient: UUID, filing: Filing) -> tuple[UUID, UUID | None]:
    person = work.new_id()
    work.keep(vault.enclose(work.works.keys, person, recipient, filing.submitter))
    if filing.owner is None:
        return person, None
    owner = work.new_id()
    work.keep(vault.enclose(work.works.keys, owner, work.new_id(), filing.owner))
    return person, owner


def _state(work: Work, before: Dossier | None, dossier: Dossier, *stated: Fact) -> None:
    """Say what happened, how the deadlines stand, and what a repeat of the command is answered."""
    for fact in stated:
        work.record(fact)
    for kind in (ANSWER, SETTLEMENT):
        clock: Clock | None = getattr(dossier, kind)
        if clock is not None and (before is None or clock is not getattr(before, kind)):
            work.deadline(_schedule(dossier, kind, clock))
    work.answers(domain.snapshot(dossier, work.who))


def _schedule(dossier: Dossier, kind: str, clock: Clock) -> deadlines.Schedule:
    office = office_at(dossier.received_at)
    due = clock.due(office.calendar, office.hours)
    return deadlines.Schedule(
        aggregate=dossier.id, kind=kind, rule=due.rule or "", rule_version=due.version or 0, clock=clock.to_dict(), due_at=due.due_at,
        due_on=due.due_on, warn_at=None if due.completed else due.warn_at, breach_at=breach_at(due), closed_at=clock.completed_at,
    )  # fmt: skip


async def _change(work: Work, who: Caller, command: str, id: UUID, seen: int | None) -> Dossier:
    """Load a dossier for a command; absent and not allowed look the same to a citizen."""
    dossier = await store.load(work, id, seen)
    principal = who.principal
    own = principal.recipient is not None and principal.recipient == dossier.recipient
    if principal.acting == "citizen" and not own:
        raise NotFound
    if principal.acting != "citizen" and not principal.may_act_for(dossier.unit):
        raise NotFound
    domain.check(command, dossier)
    return dossier


async def accept_dossier(desk: Desk, who: Caller, id: UUID, seen: int | None) -> Dossier:
    """Accept what came online or by post."""
    async with desk.works.begin(who) as work:
        before = await _change(work, who, "accept", id, seen)
        dossier, fact = domain.accept(before, at=work.now, office=office_at(before.received_at))
        await store.save(work, dossier)
        _state(work, before, dossier, fact)
    return dossier


async def refuse_dossier(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, reason_class: str, reason: str
) -> Dossier:
    """Do not accept; the reason's text stays here, its class goes out."""
    async with desk.works.begin(who) as work:
        before = await _change(work, who, "refuse", id, seen)
        dossier, fact = domain.refuse(before, reason_class=reason_class, at=work.now)
        await store.save(work, dossier, reason=reason)
        _state(work, before, dossier, fact)
    return dossier


async def assign_dossier(desk: Desk, who: Caller, id: UUID, seen: int | None, *, officer: str) -> Dossier:
    """Give to an officer."""
    async with desk.works.begin(who) as work:
        before = await _change(work, who, "assign", id, seen)
        dossier, fact = domain.assign(before, officer=officer, at=work.now)
        await store.save(work, dossier)
        _state(work, before, dossier, fact)
    return dossier


async def request_supplement(
    desk: Desk,
    who: Caller,
    id: UUID,
    seen: int | None,
    *,
    components: Sequence[str],
    reason: str,
    respond_by: date | None,
) -> Dossier:
    """Ask for papers."""
    async with desk.works.begin(who) as work:
        before = await _change(work, who, "request-supplement", id, seen)
        dossier, fact = domain.request_supplement(
            before, components=components, respond_by=respond_by, at=work.now, office=office_at(before.received_at)
        )
        await store.save(work, dossier, supplement={"components": list(components), "reason": reason})
        _state(work, before, dossier, fact)
    return dossier


async def supply_components(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, components: Sequence[domain.Component]
) -> Dossier:
    """Take the missing papers."""
    async with desk.works.begin(who) as work:
        before = await _change(work, who, "supply", id, seen)
        dossier, fact = domain.supply(before, at=work.now, office=office_at(before.received_at))
        await store.save(work, dossier)
        await store.add_components(work, dossier.id, components)
        _state(work, before, dossier, fact)
    return dossier


async def settle_dossier(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, outcome: str, number: str | None
) -> Dossier:
    """There is a result."""
    async with desk.works.begin(who) as work:
        before = await _change(work, who, "settle", id, seen)
        dossier, fact = domain.settle(before, outcome=outcome, number=number, at=work.now)
        await store.save(work, dossier)
        _state(work, before, dossier, fact)
    return dossier


async def return_result(desk: Desk, who: Caller, id: UUID, seen: int | None, *, method: str) -> Dossier:
    """Hand the result over."""
    async with desk.works.begin(who) as work:
        before = await _change(work, who, "return-result", id, seen)
        dossier, fact = domain.return_result(before, method=method, at=work.now)
        await store.save(work, dossier)
        _state(work, before, dossier, fact)
    return dossier


async def withdraw_dossier(
    desk: Desk, who: Caller, id: UUID, seen: int | None, *, reason_class: str, reason: str
) -> Dossier:
    """The applicant takes it back."""
    async with desk.works.begin(who) as work:
        before = await _change(work, who, "withdraw", id, seen)
        dossier, fact = domain.withdraw(before, reason_class=reason_class, at=work.now)
        await store.save(work, dossier, reason=reason)
        _state(work, before, dossier, fact)
    return dossier


async def announce_stages(desk: Desk) -> bool:
    """Announce the warnings and breaches that have come, oldest first, each once; True when more wait."""
    async with desk.works.begin(system("intake.deadlines")) as work:
        stages = await deadlines.take(work, SWEEP)
        if not stages:
            return False
        about = await store.many(work, [stage.aggregate for stage in stages])
        for stage in stages:
            if (row := about.get(stage.aggregate)) is not None:
                work.record(_announcement(stage, row), id=stage.id)
        await deadlines.advance(work, stages)
    return len(stages) == SWEEP


def _announcement(stage: deadlines.Stage, row: Any) -> Fact:
    common: dict[str, Any] = {
        "dossier": row["id"], "code": row["code"], "unit": row["unit"], "kind": stage.kind, "revision": stage.revision,
        "due_at": stage.due_at, "due_on": stage.due_on, "officer": row["handler"],
    }  # fmt: skip
    if stage.stage == "warn":
        return facts.DeadlineWarned(occurred_at=stage.stage_at, **common)
    return facts.DeadlineBreached(occurred_at=stage.stage_at, recipient=row["recipient"], **common)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a citizen with the slip is told: the dossier and why its date is what it is."""

    dossier: Dossier
    explanation: tuple[str, ...]


async def look_up(desk: Desk, code: str, secret: str, lang: str) -> Standing:
    """A dossier by the slip's code and secret; five wrong secrets lock the code for 15 minutes."""
    refused: Refused | None = None
    async with desk.works.begin(system("intake.lookup")) as work:
        if await store.locked_until(work.db, code, work.now) is not None:
            raise LookupLocked(minutes=int(LOCKOUT.total_seconds() // 60))
        found = await store.dossier_by_code(work.db, code)
        right = found is not None and hmac.compare_digest(
            lookup_secret(desk.works.keys, found.id, found.lookup_number), _typed(secret)
        )
        if found is None or not right:
            failures = await store.wrong_secret(work, code, most=LOCKOUT_FAILURES, until=work.now + LOCKOUT)
            refused = LookupRefused(left=max(0, LOCKOUT_FAILURES - failures))
        else:
            await store.unlock(work, code)
    if refused is not None or found is None:
        raise refused or LookupRefused
    return Standing(found, explanation(found, lang))


def _typed(secret: str) -> str:
    """A secret as people type it: small letters, spaces, O for 0, I and L for 1."""
    plain = secret.upper().replace(" ", "").replace("-", "")
    return plain.translate(str.maketrans("OIL", "011"))


def explanation(dossier: Dossier, lang: str) -> tuple[str, ...]:
    """Why the date is what it is, day by day; of the limit that runs now."""
    clock = dossier.settlement or dossier.answer
    office = office_at(dossier.received_at)
    return explain(clock, office.calendar, office.hours, lang) if clock is not None else ()


def _visible(dossier: Dossier, who: Principal) -> Dossier:
    if who.recipient is not None and who.recipient == dossier.recipient:
        return dossier
    if who.acting != "citizen" and who.may_act_for(dossier.unit):
        return dossier
    raise NotFound


async def read_dossier(desk: Desk, who: Principal, id: UUID) -> Dossier:
    """A dossier of one's own, or of one's unit; anything else is not found."""
    async with desk.works.reading() as connection:
        return _visible(await store.dossier(connection, id), who)


async def read_history(desk: Desk, who: Principal, id: UUID) -> Sequence[Any]:
    """Every fact of a dossier in order."""
    async with desk.works.reading() as connection:
        _visible(await store.dossier(connection, id), who)
        return await store.history(connection, id)


@dataclass(frozen=True, slots=True, repr=False)
class Papers:
    """What a slip shows beside the dossier."""

    dossier: Dossier
    submitter: vault.Details
    owner: vault.Details | None
    summary: str | None
    components: Sequence[Mapping[str, Any]]
    secret: str


async def read_papers(desk: Desk, who: Principal, id: UUID) -> Papers:
    """The people and papers of a dossier, opened from the vault; opening is itself a fact, unpublished."""
    async with desk.works.begin(Caller(who)) as work:
        dossier = _visible(await store.dossier(work.db, id), who)
        row = await store.papers(work.db, id)
        work.record(
            facts.IdentityRead(occurred_at=work.now, dossier=id, unit=dossier.unit, purpose="slip"), published=False
        )
    owner = {"id": row["owner_id"], "data_key": row["owner_data_key"], "sealed": row["owner_sealed"]}
    keys = desk.works.keys
    return Papers(
        dossier, vault.disclose(keys, row), vault.disclose(keys, owner) if row["owner_id"] else None, row["summary"], row["components"],
        lookup_secret(desk.works.keys, dossier.id, dossier.lookup_number),
    )  # fmt: skip


async def list_dossiers(
    desk: Desk, who: Principal, filters: Mapping[str, Any], *, after: tuple[Any, ...] | None, back: bool, limit: int
) -> Sequence[Dossier]:
    """Dossiers of one's units (an admin: of all), or one's own."""
    own = who.acting == "citizen"
    if filters.get("overdue"):
        filters = {**filters, "overdue_on": desk.works.clock().astimezone(ZONE).date()}
    units = None if own or who.has("admin") else who.units
    async with desk.works.reading() as connection:
        return await store.listed(
            connection,
            units=units,
            recipient=who.recipient if own else None,
            filters=filters,
            after=after,
            back=back,
            limit=limit,
        )


async def contact_details(
    works: Works, connection: Connection, recipients: Sequence[UUID]
) -> Sequence[tuple[UUID, int, vault.Details | None]]:
    """(recipient, sequence, details) of the newest contacts; None where the person was forgotten."""
    return [
        (row["recipient"], row["sequence"], _disclosed(works, row))
        for row in await store.contacts(connection, recipients)
    ]


def _disclosed(works: Works, row: Any) -> vault.Details | None:
    try:
        return vault.disclose(works.keys, row)
    except vault.Forgotten:
        return None


async def seed(desk: Desk) -> None:
    """Bring in units and procedures that are not there yet, and publish them."""
    async with desk.works.begin(system("intake.seed")) as work:
        await store.seed_lock(work)
        units, procedures = await store.known_reference(work)
        for unit in (u for u in data.units() if u.code not in units):
            await store.add_unit(work, unit)
            work.record(_described_unit(work.now, unit))
        for procedure in (p for p in data.procedures() if (p.code, p.version) not in procedures):
            await store.add_procedure(work, procedure)
            work.record(_described_procedure(work.now, procedure))
    await refresh(desk)


def _described_unit(at: datetime, unit: data.UnitSeed) -> facts.UnitDescribed:
    return facts.UnitDescribed(
        occurred_at=at, unit=unit.code, name=unit.name, level=unit.level, kind=unit.kind, agency=unit.agency, valid_from=unit.valid_from,
        remote=unit.remote, parent=unit.parent or None,
    )  # fmt: skip


def _described_procedure(at: datetime, seed: data.ProcedureSeed) -> facts.ProcedureDescribed:
    return facts.ProcedureDescribed(
        occurred_at=at, procedure=seed.code, name=seed.name, sector=seed.field_name, level=", ".join(seed.levels), limit=seed.limit,
        procedure_version=seed.version, online=seed.online != "none", legal_basis=seed.basis, verified="limit" not in seed.unverified,
        components=[component.name for component in seed.components],
    )  # fmt: skip


async def refresh(desk: Desk) -> bool:
    """Read the reference data again."""
    async with desk.works.reading() as connection:
        units = [store.unit_of(row) for row in await store.units(connection)]
        procedures = [store.procedure_of(row) for row in await store.procedures(connection)]
    desk.shelf.units = {unit.code: unit for unit in units}
    desk.shelf.procedures = {procedure.code: procedure for procedure in procedures}
    return False


async def read_units(desk: Desk) -> Sequence[Any]:
    """All units."""
    async with desk.works.reading() as connection:
        return await store.units(connection)


async def read_procedures(desk: Desk) -> Sequence[Any]:
    """The newest version of every procedure."""
    async with desk.works.reading() as connection:
        return await store.procedures(connection)


async def read_procedure(desk: Desk, code: str) -> Any:
    """The newest version of one procedure."""
    found = next((row for row in await read_procedures(desk) if row["code"] == code), None)
    if found is None:
        raise NotFound
    return found
