"""Our publisher package at the real doors: what it makes is what the rule book wants."""

from __future__ import annotations

import asyncio
import base64
from dataclasses import MISSING, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from gandan_publisher import (
    Contact,
    DossierProgressed,
    DossierUpserted,
    HttpDoor,
    KafkaDoor,
    Outcome,
    Publisher,
    Refused,
    SubmissionProgressed,
    SubmissionUpserted,
    VisitCounted,
    seal,
)
from nacl.public import PrivateKey

from deploy.tests.province import PROCEDURE, UNIT
from deploy.tests.sources.district import REAL, SANDBOX, District
from services.intake.domain import source_shapes
from shared.law import ZONE
from shared.testing.waiting import wait_until

pytestmark = pytest.mark.journey


def dossier(district: District, code: str, **more: Any) -> DossierUpserted:
    at = district.province.clock() - timedelta(minutes=9)
    return DossierUpserted(
        code=code, procedure=PROCEDURE, unit=UNIT, channel="direct", submitted_at=at.astimezone(ZONE), status=2, **more
    )


def settled(district: District, code: str, status: int = 9) -> DossierProgressed:
    return DossierProgressed(code=code, status=status, at=district.province.clock())


def publisher(district: District, door: Any, folder: Path, source: str = REAL) -> Publisher:
    return Publisher(source, door, folder / "outbox.jsonl", now=district.province.clock)


def http_door(district: District, source: str = REAL) -> HttpDoor:
    return HttpDoor(district.child.url, lambda: district.token(source), language="en")


@pytest.mark.parametrize(
    "made", [DossierUpserted, DossierProgressed, SubmissionUpserted, SubmissionProgressed, VisitCounted]
)
def test_its_typed_events_have_the_fields_of_the_rule_book(made: type[Any]) -> None:
    shape = next(each for each in source_shapes.SHAPES.values() if each.kind == made.event)

    assert {f.name for f in fields(made)} == set(shape.fields)
    assert {f.name for f in fields(made) if f.default is MISSING} == shape.required


async def test_a_dossier_with_a_sealed_contact_goes_its_way_and_counts_once(district: District, tmp_path: Path) -> None:
    code = "H50.44.12-261123-0101"

    def told() -> list[Outcome]:
        with http_door(district) as door:
            sending = publisher(district, door, tmp_path)
            contact = seal(door.contact_key(), Contact("Nguyễn Văn An", phone="0912345678", identity_no="044085001234"))
            event = dossier(district, code, contact_sealed=contact)
            return [
                *sending.send(event, id="hs-101-v1"), *sending.send(settled(district, code)), *sending.send(event, id="hs-101-v1"),
            ]  # fmt: skip

    outcomes = await asyncio.to_thread(told)

    assert [outcome.status for outcome in outcomes] == ["accepted"] * 3
    events = (await district.got(f"/intake/v1/sources/{REAL}/events", REAL))["items"]
    assert [each["id"] for each in events if each["code"] == code].count("hs-101-v1") == 1


async def test_a_rejection_says_what_to_change_and_does_not_stay_in_the_outbox(
    district: District, tmp_path: Path
) -> None:
    other = base64.b64encode(bytes(PrivateKey.generate().public_key)).decode()
    event = dossier(district, "H50.44.12-261123-0102", contact_sealed=seal(other, Contact("An")))

    with http_door(district) as door:
        sending = publisher(district, door, tmp_path)
        (outcome,) = await asyncio.to_thread(sending.send, event)

    assert (outcome.status, outcome.reason, outcome.fields) == ("rejected", "schema", ("/data/contact_sealed",))
    assert outcome.detail == "The event is not of its form; `fields` names what is wrong."
    assert sending.outbox.pending == []


async def test_what_was_told_while_the_installation_was_down_arrives_when_it_is_up(
    district: District, tmp_path: Path
) -> None:
    code = "H50.44.12-261123-0103"
    with HttpDoor("http://127.0.0.1:9", lambda: "none", attempts=1) as nobody:
        offline = publisher(district, nobody, tmp_path)
        assert await asyncio.to_thread(offline.send, dossier(district, code)) == []
        assert await asyncio.to_thread(offline.send, settled(district, code)) == []

    with http_door(district) as door:
        outcomes = await asyncio.to_thread(publisher(district, door, tmp_path).flush)

    assert [outcome.status for outcome in outcomes] == ["accepted", "accepted"]


async def test_an_account_that_is_no_source_is_refused_and_loses_nothing(district: District, tmp_path: Path) -> None:
    with http_door(district, "nobody") as door:
        sending = publisher(district, door, tmp_path)
        with pytest.raises(Refused, match="unknown-source"):
            await asyncio.to_thread(sending.send, dossier(district, "H50.44.12-261123-0104"))

    assert len(sending.outbox.pending) == 1


async def test_by_kafka_events_arrive_in_their_order(district: District, tmp_path: Path) -> None:
    code = "H50.44.12-261123-0105"
    province = district.province
    door = KafkaDoor(SANDBOX, {"bootstrap.servers": province.bootstrap}, prefix=province.prefix)
    sending = publisher(district, door, tmp_path, SANDBOX)
    for event in (dossier(district, code), settled(district, code), settled(district, code, 10)):
        sending.tell(event)

    outcomes = await asyncio.to_thread(sending.flush)

    async def judged() -> list[str]:
        items = (await district.got(f"/intake/v1/sources/{SANDBOX}/events"))["items"]
        return [each["status"] for each in items if each["code"] == code]

    async def all_judged() -> bool:
        return len(await judged()) == 3

    await wait_until(all_judged, seconds=60)
    assert [outcome.status for outcome in outcomes] == ["sent"] * 3
    assert await judged() == ["accepted"] * 3
