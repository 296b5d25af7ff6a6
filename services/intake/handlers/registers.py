"""The register of a unit (form 07): everything received in a period, people opened from the vault line by line."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any

import msgspec

from services.intake import data, store
from services.intake.adapters.layout import Party
from services.intake.adapters.register import Entry
from services.intake.domain import Unit
from services.intake.handlers.desk import Desk
from services.intake.handlers.papers import people_of
from shared.contracts import intake as facts
from shared.contracts.envelope import decode_foreign
from shared.kernel import Caller, Forbidden, Invalid, Principal
from shared.law.zone import moment
from shared.settings import Keys
from shared.store import vault

LONGEST = timedelta(days=366)
"""A register covers a year at most."""
PRINTED, LISTED = 2000, 10_000
"""Dossiers in one register, on paper and as a sheet: some seconds of work each."""

_OF_A_COMMUNE: Mapping[str, str] = {"commune-committee": "UBND", "commune-police": "Công an"}
_OF_THE_PROVINCE: Mapping[str, str] = {
    "land-office": "Văn phòng Đăng ký đất đai",
    "province-department": "Sở chuyên ngành",
}


class BadPeriod(Invalid):
    """A register covers a year at most, from its first day to its last."""


class RegisterTooLong(Invalid):
    """There are more dossiers in this period than one register holds."""


async def read_register(
    desk: Desk, who: Principal, unit: str, first: date, last: date, *, listed: bool = False
) -> tuple[Entry, ...]:
    """What a unit received from `first` to `last`, in the order of receipt; each person opened is a fact, unpublished."""
    if not who.may_act_for(unit):
        raise Forbidden(unit=unit)
    received_by = desk.shelf.unit(unit)
    if not timedelta(0) <= last - first < LONGEST:
        raise BadPeriod(field="from", days=LONGEST.days)
    most = LISTED if listed else PRINTED
    async with desk.works.begin(Caller(who)) as work:
        rows = await store.register(work.db, unit, moment(first), moment(last + timedelta(days=1)), most + 1)
        if len(rows) > most:
            raise RegisterTooLong(field="to", most=most)
        for row in rows:
            read = facts.IdentityRead(occurred_at=work.now, dossier=row["dossier"], unit=unit, purpose="register")
            work.record(read, published=False)
    return await asyncio.to_thread(_entries, desk.works.keys, received_by, rows)


def _entries(keys: Keys, unit: Unit, rows: Sequence[Mapping[str, Any]]) -> tuple[Entry, ...]:
    return tuple(
        Entry(
            code=row["code"], procedure=row["procedure_name"], applicant=_applicant(keys, row), decided_by=_decided_by(unit, row),
            received_at=row["received_at"], due_on=row["promised_on"], returned_at=row["returned_at"], method=_method(row["returned"]), state=row["state"],
            sets=row["sets"],
        )
        for row in rows
    )  # fmt: skip


def _applicant(keys: Keys, row: Mapping[str, Any]) -> Party | None:
    """Whose dossier it is; None where the person was forgotten."""
    try:
        submitter, owner = people_of(keys, row)
    except vault.Forgotten:
        return None
    who = owner or submitter
    return Party(who.name, who.address or "", who.phone or submitter.phone or "")


def _method(returned: bytes | None) -> str | None:
    return (
        None
        if returned is None
        else msgspec.json.decode(decode_foreign(returned).data, type=facts.ResultReturned).method
    )


def _decided_by(unit: Unit, row: Mapping[str, Any]) -> str:
    """Who settles: the receiving commune's own body, else the level; empty for a procedure the seeds do not know."""
    kind = row["decided_by"] or _deciders().get((row["procedure"], row["procedure_version"]), "")
    if kind in _OF_A_COMMUNE:
        return f"{_OF_A_COMMUNE[kind]} {unit.name[0].lower() + unit.name[1:] if unit.level == 'commune' else 'cấp xã'}"
    return _OF_THE_PROVINCE.get(kind, "")


@cache
def _deciders() -> Mapping[tuple[str, int], str]:
    """Of versions that were seeded before the catalogue kept it."""
    return {(seed.code, seed.version): seed.decided_by for seed in data.procedures()}
