"""The catalogue: versions one behind the other, dossiers that keep theirs, publication as a deadline."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any

import pytest

from services.intake import data, domain, handlers
from services.intake.domain import ProcedureVersion
from services.intake.handlers import Desk
from services.intake.handlers.catalogue import version_of
from services.intake.tests.given import MARITAL_STATUS, facts_of, filed, hanoi, officer, submit
from services.intake.tests.talk import Talk, problem
from shared.contracts.envelope import derived_id
from shared.contracts.intake import PROCEDURES
from shared.kernel import Caller, Invalid, Refused, Stale
from shared.testing.clock import StandingClock

CLERK, ADMIN = officer("clerk"), Caller(officer("admin"))
FIRST = version_of(next(seed for seed in data.procedures() if seed.code == MARITAL_STATUS))
TODAY = date(2026, 11, 23)
HISTORY = derived_id(PROCEDURES, MARITAL_STATUS)


def second(**changes: Any) -> ProcedureVersion:
    """Two working days from December on."""
    return replace(FIRST, **{"version": 0, "limit": "2wd", "valid_from": date(2026, 12, 1), **changes})


def test_a_new_version_ends_the_one_before_it_the_day_before() -> None:
    placed = domain.place_version([FIRST], second(), today=TODAY)
    assert (placed.outcome, placed.version.version) == ("changed", 2)
    assert placed.shortened == replace(FIRST, valid_to=date(2026, 11, 30))


def test_a_version_that_says_the_same_is_no_new_one() -> None:
    assert domain.place_version([FIRST], replace(FIRST, version=0), today=TODAY) == domain.Placed("same", FIRST)


@pytest.mark.parametrize(
    ("known", "new", "refusal"),
    [
        ([FIRST], second(valid_from=FIRST.valid_from), domain.OverlappingValidity),
        ([FIRST], second(valid_from=date(2020, 1, 1)), domain.OverlappingValidity),
        ([replace(FIRST, valid_to=date(2026, 12, 1))], second(), domain.OverlappingValidity),
        ([], second(valid_to=date(2026, 11, 30)), domain.EndsBeforeItBegins),
        ([], second(signed_on=date(2026, 11, 24)), domain.InTheFuture),
    ],
)
def test_a_version_out_of_place_is_refused_by_name(
    known: list[ProcedureVersion], new: ProcedureVersion, refusal: type[Invalid]
) -> None:
    with pytest.raises(refusal):
        domain.place_version(known, new, today=TODAY)


def test_between_two_versions_none_is_in_force() -> None:
    versions = [replace(FIRST, valid_to=date(2026, 11, 30)), second(version=2, valid_from=date(2026, 12, 5))]
    found = [domain.in_force(versions, date(2026, month, day)) for month, day in ((11, 30), (12, 1), (12, 5))]
    assert [each and each.version for each in found] == [1, None, 2]


@pytest.mark.parametrize(
    "change", [{"signed_on": None}, {"signed_on": date(2026, 11, 2), "published_at": hanoi("2026-11-03")}]
)
def test_only_what_was_signed_is_published_and_once(change: dict[str, Any]) -> None:
    with pytest.raises((domain.NothingSigned, domain.AlreadyPublished)):
        domain.publish(second(**change), at=hanoi("2026-11-04"))


@pytest.mark.postgres
class TestKept:
    """Versions in the store."""

    async def test_a_dossier_keeps_the_version_of_its_receipt(self, desk: Desk, clock: StandingClock) -> None:
        before = await submit(desk, CLERK)
        await handlers.put_procedure(desk, ADMIN, second(name="Tên mới"), 1)
        await handlers.refresh(desk)
        clock.at("2026-12-01T08:00:00+07:00")
        after = await submit(desk, CLERK)
        late = await submit(desk, CLERK, filed(received_at=hanoi("2026-11-30 09:00"), late_entry_reason="mất điện"))

        assert [(each.procedure_version, each.limit) for each in (before, after, late)] == [
            (1, "3wd"), (2, "2wd"), (1, "3wd"),
        ]  # fmt: skip
        slips = [await handlers.read_papers(desk, CLERK, each.id) for each in (before, after)]
        assert [slip.procedure for slip in slips] == [FIRST.name, "Tên mới"]
        assert (await handlers.read_dossier(desk, CLERK, before.id)).due_on == before.due_on

    async def test_a_receipt_before_the_first_version_is_refused_by_its_day(self, desk: Desk) -> None:
        await handlers.put_procedure(desk, ADMIN, second(code="9.000009", valid_from=date(2026, 11, 20)), 0)
        await handlers.refresh(desk)
        with pytest.raises(domain.NotInForce) as refused:
            await submit(
                desk,
                CLERK,
                filed("9.000009", components=[], received_at=hanoi("2026-11-19 09:00"), late_entry_reason="mất điện"),
            )
        assert refused.value.facts["on"] == "2026-11-19"

    async def test_the_record_is_published_when_the_version_comes_into_force(
        self, desk: Desk, clock: StandingClock
    ) -> None:
        await handlers.put_procedure(desk, ADMIN, second(), 1)
        clock.at("2026-12-01T00:00:30+07:00")
        for _ in range(2):
            await handlers.keep_up(desk)

        told = [fact for name, fact in await facts_of(desk.works, HISTORY) if name == "procedure-described"]
        assert [(fact["procedure_version"], fact["limit"], fact.get("valid_to")) for fact in told] == [
            (1, "3wd", None), (1, "3wd", "2026-11-30"), (2, "2wd", None),
        ]  # fmt: skip

    async def test_a_version_nobody_read_is_stale(self, desk: Desk) -> None:
        await handlers.put_procedure(desk, ADMIN, second(), 1)
        with pytest.raises(Stale):
            await handlers.put_procedure(desk, ADMIN, second(limit="1wd", valid_from=date(2027, 1, 1)), 1)


@pytest.mark.postgres
class TestPublicity:
    """Five working days after the signature."""

    async def put(self, desk: Desk) -> None:
        await handlers.put_procedure(desk, ADMIN, second(signed_on=date(2026, 11, 20)), 1)

    async def announced(self, desk: Desk) -> list[tuple[str, str]]:
        kept = await facts_of(desk.works, derived_id("unpublished", HISTORY))
        return [(fact["stage"], fact["due_on"]) for _, fact in kept]

    async def standing(self, desk: Desk) -> list[str | None]:
        return [version.publicity for version in await handlers.read_versions(desk, MARITAL_STATUS)]

    async def test_it_is_warned_of_and_announced_when_late_each_once(self, desk: Desk, clock: StandingClock) -> None:
        await self.put(desk)
        seen = []
        for at in ("2026-11-26T12:00:00+07:00", "2026-11-27T12:00:00+07:00", "2026-12-01T00:00:00+07:00"):
            clock.at(at)
            while await handlers.announce_stages(desk):
                pass
            seen.append((await self.standing(desk))[1])

        assert seen == ["due", "near", "late"]
        assert await self.announced(desk) == [("warn", "2026-11-30"), ("breach", "2026-11-30")]
        assert (await facts_of(desk.works, HISTORY))[-1][1]["publicity"] == "late"

    async def test_what_is_published_in_time_is_announced_no_more(self, desk: Desk, clock: StandingClock) -> None:
        await self.put(desk)
        await handlers.publish_procedure(desk, ADMIN, MARITAL_STATUS, 2)
        clock.move(days=60)
        while await handlers.announce_stages(desk):
            pass
        assert (await self.standing(desk), await self.announced(desk)) == ([None, "done"], [])

    async def test_a_version_without_a_signature_has_nothing_to_publish(self, desk: Desk) -> None:
        with pytest.raises(Refused, match="No signed decision"):
            await handlers.publish_procedure(desk, ADMIN, MARITAL_STATUS, 1)


@pytest.mark.postgres
class TestOverHttp:
    """What an admin and everybody else can do."""

    body: Any = MappingProxyType({
        "name": "Cấp giấy", "sector": "civil-status", "sector_name": "Hộ tịch", "levels": ["commune"], "limit": "2wd", "basis": "Nghị định 123",
        "valid_from": "2026-12-01", "signed_on": "2026-11-20", "components": [{"name": "Tờ khai"}],
        "form_schema": {"type": "object", "properties": {"purpose": {"type": "string"}}},
    })  # fmt: skip
    path = f"/procedures/{MARITAL_STATUS}"

    async def test_a_version_is_put_read_as_of_a_day_and_published(self, talk: Talk) -> None:
        admin = talk.token("admin")
        assert (await talk.put(self.path, dict(self.body), token=admin)).status_code == 428
        assert (await talk.put(self.path, dict(self.body), token=talk.token("clerk"), seen=1)).status_code == 403
        made = await talk.put(self.path, dict(self.body), token=admin, seen=1)
        assert (made.status_code, made.headers["etag"]) == (200, '"2"'), made.text
        assert (await talk.put(self.path, dict(self.body), token=admin, seen=1)).status_code == 412
        days = [(await talk.get(f"{self.path}?on={day}")).json()["version"] for day in ("2026-11-30", "2026-12-01")]
        assert (days, (await talk.get(self.path)).json()["version"]) == ([1, 2], 1)
        publish = f"{self.path}/versions/2/publish"
        assert (await talk.post(publish, token=admin, if_match='"1"')).status_code == 412
        done = await talk.post(publish, token=admin, if_match='"2"')
        assert (done.status_code, done.json()) == (200, {"code": MARITAL_STATUS, "version": 2})
        versions = (await talk.get(f"{self.path}/versions")).json()["items"]
        assert [(each["version"], each["publicity"]) for each in versions] == [(1, None), (2, "done")]
        assert versions[1]["form_schema"] == self.body["form_schema"]

    async def test_an_overlap_is_refused_with_the_day_until_which_the_other_counts(self, talk: Talk) -> None:
        answer = await talk.put(self.path, {**self.body, "valid_from": "2025-07-01"}, token=talk.token("admin"), seen=1)
        assert (answer.status_code, problem(answer)["code"]) == (422, "overlapping-validity")

    @pytest.mark.parametrize(
        "wrong",
        [
            {"limit": "3 days"}, {"levels": []}, {"form_schema": {"type": "array"}}, {"form_schema": {"type": "object", "properties": {}}},
            {"form_schema": {"type": "object", "properties": {"purpose": {"type": "word"}}}},
            {"form_schema": {"type": "object", "properties": {"purpose": {"$ref": "#/$defs/nobody"}}}},
            {"form_schema": {"type": "object", "properties": {"purpose": {"type": "string"}}, "allOf": [{"$ref": "#"}]}},
            {"max_supplements": -1}, {"valid_from": "0001-01-01"}, {"nonsense": 1},
        ],
    )  # fmt: skip
    async def test_a_body_out_of_shape_is_refused(self, talk: Talk, wrong: dict[str, Any]) -> None:
        answer = await talk.put(self.path, {**self.body, **wrong}, token=talk.token("admin"), seen=1)
        assert answer.status_code == 422

    async def test_a_procedure_nobody_knows_has_no_versions(self, talk: Talk) -> None:
        for path in ("/procedures/9.999999/versions", "/procedures/9.999999", "/procedures/1.004873?on=2020-01-01"):
            assert (await talk.get(path)).status_code == 404
