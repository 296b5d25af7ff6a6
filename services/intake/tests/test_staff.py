"""The staff directory: who stands where, rights that follow, deputies within their days, contacts in the vault."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.intake import domain, handlers
from services.intake.domain import Officer, UnitRecord
from services.intake.handlers import Desk
from services.intake.tests.given import OTHER_UNIT, UNIT, facts_of, officer
from services.intake.tests.talk import Talk, problem
from shared.contracts.envelope import derived_id
from shared.contracts.intake import STAFF
from shared.kernel import Caller, Invalid, Principal
from shared.store.vault import Details
from shared.testing.clock import StandingClock

ADMIN = Caller(officer("admin"))
MONDAY, SUNDAY = date(2026, 11, 23), date(2026, 11, 29)
UNITS = {code: UnitRecord(code, code, "commune", "ward", code, None, date(2025, 7, 1)) for code in (UNIT, OTHER_UNIT)}
HEAD = Officer("ld-01", "ld-01", UNIT, "head", ("head",), date(2026, 1, 1))
CLERK = Officer("cb-01", "cb-01", UNIT, "receiving-officer", ("clerk",), date(2026, 1, 1), superior="ld-01")
KNOWN = {each.id: each for each in (HEAD, CLERK)}
AWAY = replace(HEAD, deputy="cb-01", deputy_from=MONDAY, deputy_to=SUNDAY)
THACH = Details("Lê Quang Thạch", phone="+84912345678", email="thach@example.vn")


@pytest.mark.parametrize(
    ("change", "refusal", "field"),
    [
        ({"unit": "99999"}, domain.UnknownUnit, "/unit"),
        ({"superior": "nobody"}, domain.UnknownOfficer, "/superior"),
        ({"superior": "cb-01"}, domain.SuperiorCycle, "/superior"),
        ({"superior": "ld-01"}, domain.SuperiorCycle, "/superior"),
        ({"deputy": "ld-01", "deputy_from": MONDAY}, domain.DeputyOfOneself, "/deputy"),
        ({"deputy": "nobody", "deputy_from": MONDAY}, domain.UnknownOfficer, "/deputy"),
        ({"deputy": "cb-01"}, domain.DeputyWithoutDays, "/deputy_from"),
        ({"deputy_from": MONDAY}, domain.UnknownOfficer, "/deputy"),
        ({"unit": OTHER_UNIT, "deputy": "cb-01", "deputy_from": MONDAY}, domain.DeputyElsewhere, "/deputy"),
        ({"deputy": "cb-01", "deputy_from": SUNDAY, "deputy_to": MONDAY}, domain.EndsBeforeItBegins, "/deputy_to"),
        ({"subject": "cb-01"}, domain.SubjectTaken, "/subject"),
    ],
)
def test_an_officer_out_of_place_is_refused_by_name(change: dict[str, Any], refusal: type[Invalid], field: str) -> None:
    with pytest.raises(refusal) as refused:
        domain.put_officer(KNOWN, UNITS, replace(HEAD, **change))
    assert refused.value.facts["field"] == field


def test_an_officer_put_again_is_the_same() -> None:
    assert [domain.put_officer(KNOWN, UNITS, each)[1] for each in (HEAD, AWAY, replace(HEAD, id="x", subject="x"))] == [
        "same", "changed", "created",
    ]  # fmt: skip


def rights(who: Principal, *staff: Officer, day: date = MONDAY, ceiling: bool = True) -> tuple[list[str], list[str]]:
    """Roles and units somebody has."""
    found = domain.rights(staff, who, day, ceiling=ceiling)
    return sorted(found.roles), sorted(found.units)


def test_the_directory_says_where_somebody_serves_and_the_dev_token_what_they_may_at_most() -> None:
    asked = officer("clerk", "head", "admin", unit=OTHER_UNIT, subject="cb-01")
    assert rights(asked, HEAD, CLERK) == (["clerk"], [UNIT])
    assert rights(officer("handler", subject="cb-01"), CLERK) == ([], [UNIT])
    assert rights(officer("handler", subject="cb-01"), CLERK, ceiling=False) == (["clerk"], [UNIT])


def test_a_deputy_acts_for_the_absent_one_within_the_days_only() -> None:
    asked = officer("clerk", "head", subject="cb-01")
    days = (date(2026, 11, 22), MONDAY, SUNDAY, date(2026, 11, 30))
    assert [rights(asked, AWAY, CLERK, day=day)[0] for day in days] == [
        ["clerk"], ["clerk", "head"], ["clerk", "head"], ["clerk"],
    ]  # fmt: skip


def test_somebody_who_left_has_no_office_but_stays_a_citizen() -> None:
    gone = replace(CLERK, valid_to=date(2026, 11, 22))
    assert rights(officer("clerk", "citizen", subject="cb-01"), gone) == (["citizen"], [])


def test_whom_the_directory_does_not_know_keeps_the_token_s_rights_only_where_tokens_are_made_by_hand() -> None:
    stranger = officer("clerk", "citizen", subject="stranger")
    assert rights(stranger, CLERK) == (["citizen", "clerk"], [UNIT])
    assert rights(stranger, CLERK, ceiling=False) == (["citizen"], [])
    assert rights(stranger, ceiling=False) == (["citizen", "clerk"], [UNIT])


@pytest.mark.postgres
class TestKept:
    """Officers in the store."""

    async def test_names_stay_in_the_vault_and_records_are_published_without_them(self, desk: Desk) -> None:
        await handlers.put_officer(desk, ADMIN, HEAD, THACH, 0)
        await handlers.put_officer(desk, ADMIN, HEAD, replace(THACH, phone="+84999999999"), 1)
        told = await facts_of(desk.works, derived_id(STAFF, "ld-01"))
        assert [(name, fact["position"], fact["unit"]) for name, fact in told] == [("staff-described", "head", UNIT)]
        assert "Thạch" not in str(told)
        found, contact = await handlers.read_officer(desk, officer("clerk"), "ld-01")
        assert (found.version, contact) == (1, replace(THACH, phone="+84999999999"))
        async with desk.works.reading() as connection:
            keys = await connection.fetch("SELECT data_key IS NULL AS forgotten FROM person ORDER BY created_at, id")
            read = await connection.fetchval("SELECT topic FROM fact WHERE type LIKE '%staff-contact-read%'")
        assert (sorted(row["forgotten"] for row in keys), read) == ([False, True], None)

    async def test_the_days_of_a_deputy_are_asked_at_every_request(self, desk: Desk, clock: StandingClock) -> None:
        for each in (HEAD, CLERK, AWAY):
            await handlers.put_officer(desk, ADMIN, each, THACH, 1 if each is AWAY else 0)
        await handlers.refresh(desk)
        asked = officer("clerk", "head", subject="cb-01")
        clock.at("2026-11-29T23:00:00+07:00")
        before = await handlers.known_rights(desk, asked, ceiling=True)
        clock.at("2026-11-30T00:00:00+07:00")
        after = await handlers.known_rights(desk, asked, ceiling=True)
        assert (sorted(before.roles), sorted(after.roles)) == (["clerk", "head"], ["clerk"])


@pytest.mark.postgres
class TestOverHttp:
    """What an admin and the officers of a unit can do."""

    @staticmethod
    def body(**changes: Any) -> dict[str, Any]:
        made = {
            "subject": "cb-01",
            "unit": OTHER_UNIT,
            "position": "receiving-officer",
            "roles": ["clerk"],
            "valid_from": "2026-01-01",
        }
        return {**made, "contact": {"name": THACH.name, "phone": "0912345678"}, **changes}

    async def test_an_officer_who_is_known_acts_where_the_directory_says(self, talk: Talk) -> None:
        token = talk.token("clerk", subject="cb-01")
        assert (await talk.get("/dossiers", token)).status_code == 200
        dossier = await talk.file(token)
        made = await talk.put("/staff/cb-01", self.body(), token=talk.token("admin"), seen=0)
        assert (made.status_code, made.headers["etag"]) == (200, '"1"'), made.text
        assert (await talk.get(f"/dossiers/{dossier['id']}", token)).status_code == 404
        assert (await talk.get("/staff", token)).json()["items"][0]["id"] == "cb-01"
        assert THACH.name not in (await talk.get("/staff", token)).text
        assert (await talk.get("/staff/cb-01", token)).json()["contact"]["name"] == THACH.name
        assert (await talk.get("/staff/cb-01", talk.token("clerk"))).status_code == 404

    async def test_only_an_admin_puts_and_only_what_was_read(self, talk: Talk) -> None:
        assert (await talk.put("/staff/cb-01", self.body(), token=talk.token("head"), seen=0)).status_code == 403
        assert (await talk.put("/staff/cb-01", self.body(), token=talk.token("admin"))).status_code == 428
        assert (await talk.put("/staff/cb-01", self.body(), token=talk.token("admin"), seen=3)).status_code == 412
        answer = await talk.put("/staff/cb-01", self.body(unit="99999"), token=talk.token("admin"), seen=0)
        assert (answer.status_code, problem(answer)["code"]) == (422, "unknown-unit")
