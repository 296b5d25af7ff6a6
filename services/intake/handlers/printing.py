"""What a paper says, put together from what was read: headings, people, and the slip."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from services.intake import domain
from services.intake.adapters import slip as slips
from services.intake.adapters.layout import Component, Party
from services.intake.domain import Dossier
from services.intake.handlers.desk import Desk
from services.intake.handlers.papers import Papers
from services.intake.handlers.reading import explanation
from shared.law import ZONE
from shared.store.vault import Details


def slip_of(desk: Desk, papers: Papers, base_url: str) -> slips.Slip:
    """The slip of an accepted dossier; refused by name where there is none."""
    dossier, center = papers.dossier, center_at(desk, papers.dossier.receiving_unit, papers.dossier.received_at)
    rule = desk.standing.law.rules.rule("one-stop.settlement", on=dossier.received_at.astimezone(ZONE).date())
    return slips.Slip(
        authority=center.authority, center=center.name, place=center.place, code=dossier.code, procedure=papers.procedure,
        request=papers.summary or papers.procedure, channel=_channel(dossier), submitter=party_of(papers.submitter),
        owner=party_of(papers.owner) if papers.owner else None,
        components=components_of(papers), sets=dossier.sets, limit=dossier.limit,
        basis=rule.legal_basis, basis_verified=rule.verified, received_at=dossier.received_at, entered_at=domain.entered_late(dossier), due_at=domain.check_slip(dossier), return_method="counter",
        return_place=center_at(desk, dossier.unit, desk.works.clock()).name, lookup_url=f"{base_url}/tra-cuu?ma={dossier.code}",
        lookup_secret=papers.secret, phone="", receiver="", explanation=explanation(desk, dossier, "vi"), provisional=dossier.provisional,
    )  # fmt: skip


class Center(NamedTuple):
    """The heading of a paper: who stands above, where the dossier was received, and the place before the date."""

    authority: str
    name: str
    place: str


def center_of(unit: domain.Unit) -> Center:
    """A commune has its own service centre; bodies of the province receive under their own name."""
    if unit.level == "province":
        return Center("Ủy ban nhân dân tỉnh Quảng Trị", unit.name, "Quảng Trị")
    named = unit.name[0].lower() + unit.name[1:]
    place = unit.name.removeprefix("Phường ").removeprefix("Xã ").removeprefix("Đặc khu ")
    return Center(f"Ủy ban nhân dân {named}", f"Trung tâm Phục vụ hành chính công {named}", place)


def center_at(desk: Desk, unit: str, at: datetime) -> Center:
    """A unit under the name it had at that moment: papers are never rewritten."""
    return center_of(desk.shelf.units[unit].as_of(at.astimezone(ZONE).date()))


def components_of(papers: Papers) -> tuple[Component, ...]:
    """What was handed in, as papers list it."""
    return tuple(Component(each["name"], each["kind"], each["count"]) for each in papers.components)


def _channel(dossier: Dossier) -> slips.Channel:
    return "online" if dossier.channel == "online" else "postal" if dossier.channel == "postal" else "direct"


def party_of(details: Details) -> Party:
    """Somebody as papers name them."""
    return Party(
        details.name, details.address or "", details.phone or "", details.email or "", details.identity_no or ""
    )
