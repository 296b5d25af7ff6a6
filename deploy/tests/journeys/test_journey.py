"""The journey of a dossier through four processes: filed, projected, told; too late, announced once; one trace throughout."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio

from deploy.tests.faults.census import short
from deploy.tests.faults.load import filing
from deploy.tests.journeys.capital import Capital
from deploy.tests.journeys.traces import CONSUMER, SERVER, linked, only, reading, the_span
from shared.contracts.intake import DOSSIERS
from shared.law import ZONE
from shared.testing.kafka import read_all
from shared.testing.otlp import ReceivedSpan
from shared.testing.waiting import wait_until

pytestmark = [pytest.mark.journey, pytest.mark.kafka, pytest.mark.postgres]

PERSON = "044190007788"


@dataclass(frozen=True)
class Journey:
    """A dossier that a citizen filed online and an officer accepted."""

    capital: Capital
    id: UUID
    due_on: date

    async def envelopes(self) -> list[dict[str, Any]]:
        """Its facts in the topic."""
        found = await read_all(self.capital.bootstrap, DOSSIERS)
        return [msgspec.json.decode(record.value) for record in found if record.key == str(self.id).encode()]

    async def facts(self) -> Counter[str]:
        """How often each of its facts is there."""
        return Counter(short(envelope["type"]) for envelope in await self.envelopes())

    async def fact_id(self, type_: str) -> str:
        """The id of its fact of this type."""
        return str(next(each["id"] for each in await self.envelopes() if short(each["type"]) == type_))

    async def told(self) -> Counter[str]:
        """Its notices in the citizen's inbox."""
        token = self.capital.token("citizen", person=PERSON)
        answer = await self.capital.call("GET", f"/notifications/v1/me/inbox?aggregate={self.id}&limit=100", token)
        return Counter(item["code"] for item in answer.json()["items"])

    async def has(self, code: str) -> bool:
        """Whether the citizen was told this."""
        return code in await self.told()

    def pass_due_date(self) -> None:
        """Make it the morning after its due date."""
        self.capital.clock.move_to(datetime.combine(self.due_on + timedelta(days=1), time(8), ZONE))


async def _accepted(capital: Capital) -> Journey:
    citizen, officer = capital.token("citizen", person=PERSON), capital.officer()
    body = filing("online", ["Tờ khai"], submitter={"name": "Trần Thị Hành", "identity_no": PERSON})
    filed = (await capital.call("POST", "/intake/v1/dossiers", citizen, json=body)).json()
    accepted = await capital.call(
        "POST", f"/intake/v1/dossiers/{filed['id']}/accept", officer, headers={"if-match": f'"{filed["version"]}"'}
    )
    return Journey(capital, UUID(filed["id"]), date.fromisoformat(accepted.json()["due_on"]))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def journey(capital: Capital) -> Journey:
    """A dossier on its way."""
    return await _accepted(capital)


async def test_a_dossier_filed_over_http_reaches_topic_read_model_and_inbox_exactly_once(journey: Journey) -> None:
    path = f"/reporting/v1/dossiers/{journey.id}?min_version=2"
    line = await wait_until(partial(_line, journey, path), what="the line in reporting")
    assert (line["state"], line["due_on"], line["version"]) == ("accepted", journey.due_on.isoformat(), 2)
    await wait_until(lambda: journey.has("HS-01"), what="the notice of acceptance")
    assert await journey.told() == {"HS-00": 1, "HS-01": 1}
    assert await journey.facts() == {"dossier-submitted": 1, "dossier-accepted": 1}


async def _line(journey: Journey, path: str) -> Any:
    answer = await journey.capital.call("GET", path, journey.capital.officer())
    return answer.json() if answer.status_code == 200 else None


async def test_one_trace_joins_request_fact_relay_consumer_and_notice_across_processes(journey: Journey) -> None:
    spans = journey.capital.receiver.spans
    fact = await journey.fact_id("dossier-submitted")
    create = await the_span(spans, "create intake.dossiers", "messaging.message.id", fact)
    origin = (create.trace_id, create.span_id)
    request = await only(lambda: [s for s in spans() if s.span_id == create.parent_id])
    process = await only(lambda: [s for s in spans("process intake.dossiers") if s.parent_id == create.span_id])
    notice = await only(lambda: [s for s in spans("create notifications.notices") if s.parent_id == process.span_id])
    sent = await only(lambda: linked(spans("send intake.dossiers"), origin))
    read = await only(lambda: reading(spans(), "intake.dossiers", origin))

    assert (request.kind, request.attributes["http.response.status_code"]) == (SERVER, 201)
    assert request.attributes["http.route"].endswith("/dossiers")
    assert {span.trace_id for span in (request, create, process, notice)} == {create.trace_id}
    assert create.trace_id not in {sent.trace_id, read.trace_id}, (
        "relay and batches have traces of their own, with links"
    )
    assert (process.service, process.kind) == ("notifications", CONSUMER)
    instances = {span.resource["service.instance.id"] for span in (create, sent, process, read)}
    assert len(instances) == 4, "four processes took part"


async def test_past_its_due_date_the_breach_is_announced_once_and_told_once(journey: Journey) -> None:
    journey.pass_due_date()
    await wait_until(lambda: journey.has("HS-06a"), what="the notice that it is late")
    later = await _accepted(journey.capital)
    later.pass_due_date()
    await wait_until(lambda: later.has("HS-06a"), what="the same of a dossier filed later")
    assert await journey.told() == {"HS-00": 1, "HS-01": 1, "HS-06a": 1}
    facts = await journey.facts()
    assert facts == {"dossier-submitted": 1, "dossier-accepted": 1, "deadline-warned": 1, "deadline-breached": 1}
    line = await wait_until(
        partial(_line, journey, f"/reporting/v1/dossiers/{journey.id}?min_version=4"), what="the breach in reporting"
    )
    assert (line["breached"], line["version"]) == (True, 4)


async def test_a_breach_starts_a_trace_of_its_own_that_points_to_the_sweep(journey: Journey) -> None:
    journey.pass_due_date()
    await wait_until(lambda: journey.has("HS-06a"), what="the notice that it is late")
    receiver = journey.capital.receiver
    fact = await journey.fact_id("deadline-breached")
    create = await the_span(receiver.spans, "create intake.dossiers", "messaging.message.id", fact)
    process = await _one_told(journey, fact)
    assert process.trace_id != create.trace_id
    assert process.parent_id == ""
    assert (create.trace_id, create.span_id) in process.links


async def _one_told(journey: Journey, fact: str) -> ReceivedSpan:
    spans = journey.capital.receiver.spans
    return await the_span(spans, "process intake.dossiers", "messaging.message.id", fact)
