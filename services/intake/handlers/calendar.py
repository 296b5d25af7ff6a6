"""The calendar desk: publish a year, change a day, office hours or a rule by an act of two people, and count open limits again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from services.intake import store
from services.intake.domain import ANSWER, SETTLEMENT, Dossier, acts
from services.intake.domain.acts import Act
from services.intake.domain.recounting import count_again
from services.intake.handlers.catalogue import count_publicity_again
from services.intake.handlers.desk import Desk, schedule
from services.intake.handlers.source_events import dates_told
from services.intake.store import calendar
from services.intake.store import sources as source_store
from services.intake.store.calendar import Progress
from shared.contracts import intake as facts
from shared.contracts.envelope import Fact
from shared.kernel import Caller, Stale, system
from shared.law import PROVINCE, Calendar, CalendarNotPublished, Law, standing, write_rule, year_record
from shared.law.zone import moment
from shared.store import law as law_store
from shared.store import recount
from shared.store.recount import Recount, Tally
from shared.store.unit_of_work import Work

BATCH = 500
_REASONS = {acts.DAY: "calendar", acts.YEAR: "calendar", acts.HOURS: "office-hours", acts.RULE: "rule"}
_KEPT_KEYS = 200
"""Acts in a list."""


@dataclass(frozen=True, slots=True)
class Year:
    """A year as it stands; `version` counts the acts that changed it."""

    record: Mapping[str, Any]
    working_days: int
    version: int


async def read_year(desk: Desk, year: int) -> Year:
    """A year's days; `CalendarNotPublished` names a year nobody knows."""
    async with desk.works.reading() as connection:
        records = dict(await law_store.read(connection))
        changes = await calendar.changes(connection, f"year/{year}")
    return _year(standing(records.values()).calendar, records, year, changes + 1)


def _year(days: Calendar, records: Mapping[str, Any], year: int, version: int) -> Year:
    record = records.get(f"year/{year}") or year_record(days, year, "")
    first, last = date(year, 1, 1), date(year, 12, 31)
    worked = sum(first.toordinal() <= day <= last.toordinal() for day in days.worked)
    return Year(record, worked, version)


async def publish_year(
    desk: Desk, who: Caller, year: int, seen: int | None, content: Mapping[str, Any], *, number: str, basis: str
) -> Year:
    """What the Government announced of a year; once, and by one person, since it repeats a text that was signed elsewhere."""
    async with desk.works.begin(who) as work:
        await calendar.lock(work)
        act = drafted(work, acts.YEAR, {"year": year, **content}, number=number, basis=basis, by=who.principal.subject)
        version = await calendar.changes(work.db, act.key) + 1
        if seen is not None and seen != version:
            raise Stale(seen=seen, version=version)
        published = replace(act, state=acts.ActState.CONFIRMED, confirmed_by=act.proposed_by, confirmed_at=work.now)
        await calendar.propose(work, published)
        await _enact(work, published)
    await refresh_law(desk)
    return await read_year(desk, year)


async def propose(desk: Desk, who: Caller, kind: str, content: Mapping[str, Any], *, number: str, basis: str) -> Act:
    """A change that counts when another person confirms it; what could not be confirmed is refused at once."""
    async with desk.works.begin(who) as work:
        act = drafted(work, kind, content, number=number, basis=basis, by=who.principal.subject)
        _check_unit(desk, act)
        await _record_after(work, act)
        await calendar.propose(work, act)
        work.record(facts.LawActProposed(occurred_at=work.now, act=act.id, kind=kind, key=act.key), published=False)
        work.answers({"id": act.id, "version": act.version})
    return act


def drafted(work: Work, kind: str, content: Mapping[str, Any], *, number: str, basis: str, by: str) -> Act:
    """An act as somebody proposes it now."""
    return Act(work.new_id(), kind, acts.key_of(kind, content), content, number, basis, by, work.now)


def _check_unit(desk: Desk, act: Act) -> None:
    if act.kind == acts.HOURS and act.content["unit"] != PROVINCE:
        desk.shelf.unit(act.content["unit"])


async def confirm_act(desk: Desk, who: Caller, id: UUID, seen: int) -> Act:
    """The second person signs: in force now, published, and every open limit it touches is counted again."""
    async with desk.works.begin(who) as work:
        act = acts.confirm(await _seen(work, id, seen), who.principal.subject, work.now)
        await calendar.save(work, act)
        await _enact(work, act)
        work.answers({"id": act.id, "version": act.version})
    await refresh_law(desk)
    return act


async def withdraw_act(desk: Desk, who: Caller, id: UUID, seen: int) -> Act:
    """A proposal is given up."""
    async with desk.works.begin(who) as work:
        act = acts.withdraw(await _seen(work, id, seen))
        await calendar.save(work, act)
        work.answers({"id": act.id, "version": act.version})
    return act


async def _seen(work: Work, id: UUID, seen: int) -> Act:
    await calendar.lock(work)
    act = await calendar.act(work.db, id)
    if act.version != seen:
        raise Stale(seen=seen, version=act.version)
    return act


async def _record_after(work: Work, act: Act) -> dict[str, Any]:
    records = dict(await law_store.read(work.db))
    return acts.record_after(act, standing(records.values()), records.get(act.key))


async def _enact(work: Work, act: Act) -> None:
    """Keep what an act makes of its record, publish it, and order the counting, twice."""
    record = await _record_after(work, act)
    await law_store.keep(work.db, {act.key: record})
    work.record(_changed(act, record, work.now))
    await recount.order(work, _recount(work, act))


def _changed(act: Act, record: Mapping[str, Any], at: datetime) -> Fact:
    about: dict[str, Any] = {"occurred_at": at, "act": act.id, "key": act.key, **record}
    if act.kind == acts.HOURS:
        return facts.OfficeHoursChanged(**about)
    return facts.RuleChanged(**about) if act.kind == acts.RULE else facts.CalendarChanged(**about)


def _first_moment(act: Act) -> datetime:
    """When an act begins to matter: a rule on its first day, anything else at once."""
    day = date.fromisoformat(act.content["row"]["valid_from"]) if act.kind == acts.RULE else date.min
    return moment(day)


def _recount(work: Work, act: Act) -> Recount:
    first, last = acts.span(act)
    unit = act.content["unit"] if act.kind == acts.HOURS and act.content["unit"] != PROVINCE else None
    rule = act.content["rule"] if act.kind == acts.RULE else None
    return Recount(work.new_id(), act.id, _REASONS[act.kind], first, last, unit, rule, _first_moment(act))


async def count_limits_again(desk: Desk, batch: int = BATCH) -> bool:
    """One batch of the oldest counting whose time has come; False when there is none. A stopped process goes on where it was."""
    async with desk.works.begin(system("intake.calendar")) as work:
        asked = await recount.take(work)
        if asked is None:
            return False
        law = standing(record for _, record in await law_store.read(work.db))
        ids = await recount.spanning(work, asked, batch, dossiers=True)
        tally = Tally(failed=await count_publicity_again(work, law) if asked.begins else 0)
        tally += await recount.count_each(work, ids, partial(_count, work, law, asked))
        await recount.advance(work, asked.went_on(ids, tally), finished=len(ids) < batch)
    return True


async def _count(work: Work, law: Law, asked: Recount, ids: Sequence[UUID]) -> Tally:
    """Count the limits of these again; those that end in an unknown year stay."""
    counted, moved, unknown = [], 0, 0
    told, sandboxes = [], await source_store.sandboxes(work)
    for dossier in await store.load_many(work, ids):
        office = law.office_at(dossier.received_at, dossier.unit)
        try:
            after, stated = count_again(
                dossier, at=max(work.now, dossier.last_event_at), office=office, act=asked.act, reason_class=asked.reason_class,
            )  # fmt: skip
        except CalendarNotPublished:
            unknown += 1
            continue
        counted.append(after)
        moved += len(stated)
        _state(work, dossier, after, stated, sandbox=dossier.source in sandboxes)
        if dossier.source is not None and stated:
            told.append(source_store.Entry(dossier.source, "dates", work.now, after.code, dates_told(after, office)))
    await calendar.move(work, counted)
    source_store.feed(work, told)
    return Tally(moved, unknown)


def _state(work: Work, before: Dossier, after: Dossier, stated: Sequence[Fact], *, sandbox: bool) -> None:
    for fact in stated:
        work.record(fact, published=not sandbox)
    for kind in (ANSWER, SETTLEMENT):
        if (term := getattr(after, kind)) is not None and term is not getattr(before, kind):
            each = schedule(after.id, kind, term, after.backfilled_at)
            work.deadline(replace(each, warn_at=None, breach_at=None) if sandbox else each)


async def refresh_law(desk: Desk) -> bool:
    """Read the law's data again."""
    async with desk.works.reading() as connection:
        await desk.standing.refresh(connection)
    return False


async def read_act(desk: Desk, id: UUID) -> tuple[Act, Progress | None]:
    """An act, and how far the counting after it has come."""
    async with desk.works.reading() as connection:
        act = await calendar.act(connection, id)
        return act, (await calendar.progress(connection, [id])).get(id)


async def list_acts(desk: Desk, state: str | None) -> Sequence[tuple[Act, Progress | None]]:
    """Acts, newest first."""
    async with desk.works.reading() as connection:
        found = await calendar.acts(connection, state, _KEPT_KEYS)
        progress = await calendar.progress(connection, [act.id for act in found])
    return [(act, progress.get(act.id)) for act in found]


async def take_in_rule(work: Work, row: Mapping[str, Any], *, proposed_by: str, confirmed_by: str) -> bool:
    """A version of a rule signed by two people; False where it is known already. `SecondPersonNeeded`, `RuleUncited`, `VersionKnown`."""
    await calendar.lock(work)
    law = standing(record for _, record in await law_store.read(work.db))
    rule = acts.checked_rule(row, law)
    if rule is None:
        return False
    content = {"rule": rule.id, "row": write_rule(rule)}
    act = drafted(work, acts.RULE, content, number=rule.legal_basis, basis="", by=proposed_by)
    confirmed = acts.confirm(act, confirmed_by, work.now)
    await calendar.propose(work, confirmed)
    work.record(facts.LawActProposed(occurred_at=work.now, act=act.id, kind=act.kind, key=act.key), published=False)
    await _enact(work, confirmed)
    return True
