"""Facts of the units, the catalogue of procedures and the directory of officers: whole records on compacted topics."""

from __future__ import annotations

from dataclasses import field
from datetime import date

from shared.contracts.envelope import Fact, fact

UNITS = "intake.units"


PROCEDURES = "intake.procedures"


STAFF = "intake.staff"


@fact(UNITS, "unit")
class UnitDescribed(Fact):
    """The full current record of an administrative unit."""

    unit: str
    name: str
    level: str
    kind: str
    agency: str
    valid_from: date
    valid_to: date | None = None
    remote: bool = False
    parent: str | None = None
    remote_from: date | None = None
    remote_to: date | None = None


@fact(PROCEDURES, "procedure")
class ProcedureDescribed(Fact):
    """The full current record of an administrative procedure."""

    procedure: str
    name: str
    sector: str
    level: str
    limit: str
    procedure_version: int
    online: bool
    legal_basis: str
    verified: bool
    components: list[str] = field(default_factory=list)
    valid_from: date | None = None
    valid_to: date | None = None
    max_supplements: int | None = None
    publicity: str | None = None
    """How the publication of its newest version stands: due, near, late or done; never registered: None."""


@fact(PROCEDURES, "procedure")
class PublicityAnnounced(Fact):
    """A signed version is to be published soon (stage `warn`), or was not in time (`breach`); never published itself."""

    procedure: str
    procedure_version: int
    stage: str
    revision: int
    due_on: date


@fact(STAFF, "officer")
class StaffDescribed(Fact):
    """The full current record of an officer, without a name; `subject_mark` stands for their sign-in (decisions 6)."""

    officer: str
    subject_mark: str
    unit: str
    position: str
    roles: list[str]
    valid_from: date
    valid_to: date | None = None
    superior: str | None = None
    deputy: str | None = None
    deputy_from: date | None = None
    deputy_to: date | None = None


@fact(STAFF, "officer")
class StaffContactRead(Fact):
    """Somebody opened the contact of an officer; never published."""

    officer: str
    unit: str
