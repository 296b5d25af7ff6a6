"""Tables of intake on its own registry; frame tables (facts, outbox, deadlines, vault) come from `shared.store`. One module per aggregate."""

from __future__ import annotations

from services.intake.tables.calendar import LawActRow, RecountRow
from services.intake.tables.catalogue import DescribedRow, ProcedureRow
from services.intake.tables.common import Instant, Row
from services.intake.tables.dossiers import CodeCounterRow, DossierRow, LookupLockRow
from services.intake.tables.files import FileRow, FormRow
from services.intake.tables.finding import DUE, NEVER, SAID, folded, vector
from services.intake.tables.letters import SourceLetterRow, VisitCountRow
from services.intake.tables.portal import EgressRow, PortalItemRow, PortalProfileRow
from services.intake.tables.sources import SourceEventRow, SourceFeedRow, SourceHourRow, SourceRow, SourceTallyRow
from services.intake.tables.staff import StaffRow
from services.intake.tables.units import FormerNameRow, UnitRow, UnitSuccessionRow

__all__ = [
    "DUE",
    "NEVER",
    "SAID",
    "CodeCounterRow",
    "DescribedRow",
    "DossierRow",
    "EgressRow",
    "FileRow",
    "FormRow",
    "FormerNameRow",
    "Instant",
    "LawActRow",
    "LookupLockRow",
    "PortalItemRow",
    "PortalProfileRow",
    "ProcedureRow",
    "RecountRow",
    "Row",
    "SourceEventRow",
    "SourceFeedRow",
    "SourceHourRow",
    "SourceLetterRow",
    "SourceRow",
    "SourceTallyRow",
    "StaffRow",
    "UnitRow",
    "UnitSuccessionRow",
    "VisitCountRow",
    "folded",
    "vector",
]
