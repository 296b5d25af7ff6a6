"""Linked procedures (Decree 63/2024/NĐ-CP): one event in life, one filing, a dossier for each procedure with its own limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.intake.domain import refusals
from services.intake.domain.dossier import Procedure
from shared.law import Office, next_opening
from shared.law.zone import local


@dataclass(frozen=True, slots=True)
class LinkedService:
    """The procedures filed together, and the whole time of each: a number of working days, such as `3wd`."""

    code: str
    name: str
    limit: str
    parts: tuple[str, ...]
    basis: str
    unverified: frozenset[str]


def service_of(services: Mapping[str, LinkedService], code: str) -> LinkedService:
    """The service with this code; refused by the field's name."""
    if code not in services:
        raise refusals.UnknownLinkedService(field="/service", service=code, known=", ".join(services))
    return services[code]


def check_parts(service: LinkedService, procedures: Sequence[str]) -> None:
    """Each procedure of the service is filed once, and no other."""
    if sorted(procedures) != sorted(service.parts):
        raise refusals.WrongParts(field="/parts", service=service.code, parts=", ".join(service.parts))


def part_of(service: LinkedService, procedure: Procedure) -> Procedure:
    """A procedure with the time it has when it is filed with its service."""
    return replace(procedure, limit=service.limit)


def counted_from(limit: str, since: datetime, office: Office) -> str:
    """The working days to count: one more for what is received within office hours after 15:00 (Decree 63/2024/NĐ-CP)."""
    opened, at = next_opening(office.calendar, office.hours, since), local(since)
    late = opened == since and at.time() > office.hours.same_day_until
    return f"{int(limit.removesuffix('wd')) + 1}wd" if late else limit
