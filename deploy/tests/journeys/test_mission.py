"""The three facts of the mission, one citizen: a dossier submitted, a deadline breached, a complaint resolved.

Each reaches their inbox and their mailbox exactly once, over the real broker and a real SMTP server, and the trace of the
command that caused it goes on to the message.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
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
from deploy.tests.journeys.traces import SERVER, below, linked, only, reading, the_span
from deploy.tests.province import UNIT
from shared.contracts.complaints import CASES
from shared.contracts.intake import DOSSIERS
from shared.contracts.notifications import NOTICES
from shared.law import ZONE
from shared.settings import Keys
from shared.store.vault import recipient_of
from shared.testing.kafka import read_all
from shared.testing.otlp import ReceivedSpan
from shared.testing.waiting import wait_until

pytestmark = [pytest.mark.journey, pytest.mark.kafka, pytest.mark.postgres]

PERSON, EMAIL, NAME = "044190003355", "sumenh@thu-nghiem.example", "Lê Thị Sứ Mệnh"
WHO = {"name": NAME, "identity_no": PERSON, "email": EMAIL}
TOLD = {"HS-00": 1, "HS-01": 1, "DT-01a": 1, "KN-01a": 1, "KN-04": 1, "HS-06a": 1}
SUBJECTS = {
    "HS-00": "Đã nhận được hồ sơ {dossier}", "HS-01": "Đã tiếp nhận hồ sơ {dossier}", "HS-06a": "Xin lỗi vì trễ hẹn hồ sơ {dossier}",
    "DT-01a": "Đã nhận đơn {letter}", "KN-01a": "Thụ lý giải quyết khiếu nại {letter}.1",
    "KN-04": "Đã có quyết định giải quyết khiếu nại {letter}.1",
}  # fmt: skip


@dataclass
class Mission:
    """What this citizen has with the province."""

    capital: Capital
    recipient: UUID
    dossier: dict[str, Any] = field(default_factory=dict)
    letter: dict[str, Any] = field(default_factory=dict)
    case: dict[str, Any] = field(default_factory=dict)

    async def post(self, path: str, body: Any, token: str, version: int | None = None) -> dict[str, Any]:
        """One command."""
        seen = {} if version is None else {"if-match": f'"{version}"'}
        answer = await self.capital.call("POST", path, token, json=body, headers=seen)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def on_case(self, command: str, body: Any) -> None:
        """The next command on the complaint."""
        path = f"/complaints/v1/cases/{self.case['id']}/{command}"
        self.case = await self.post(path, body, self.capital.officer(), self.case.get("version", 1))

    async def inbox(self) -> Counter[str]:
        """The notices in the citizen's inbox."""
        token = self.capital.token("citizen", person=PERSON)
        answer = await self.capital.call("GET", "/notifications/v1/me/inbox?limit=100", token)
        return Counter(item["code"] for item in answer.json()["items"])

    def mailbox(self) -> Counter[str]:
        """The subjects of the messages that came to the citizen's address."""
        mine = (m for m in self.capital.office.box if m["To"].addresses[0].addr_spec == EMAIL)
        return Counter(str(message["Subject"]) for message in mine)

    async def has_come(self, code: str) -> bool:
        """Whether a notice is in the inbox and in the mailbox."""
        return code in await self.inbox() and self.subject(code) in self.mailbox()

    def subject(self, code: str) -> str:
        """What the message about a notice is called."""
        return SUBJECTS[code].format(dossier=self.dossier["code"], letter=self.letter["receipt_no"])

    async def notices(self, kind: str) -> Counter[str]:
        """How often each notice's fact of this kind is in the topic, by the notice's code."""
        found = [msgspec.json.decode(record.value) for record in await read_all(self.capital.bootstrap, NOTICES)]
        mine = [each for each in found if each["data"]["recipient"] == str(self.recipient)]
        return Counter(each["data"]["code"] for each in mine if short(each["type"]) == kind)

    async def fact_id(self, topic: str, about: str, kind: str) -> str:
        """The only fact of this kind about this matter."""
        records = [r for r in await read_all(self.capital.bootstrap, topic) if r.key == about.encode()]
        found = [msgspec.json.decode(record.value) for record in records]  # of this key alone: other tests send garbage
        ids = [each["id"] for each in found if short(each["type"]) == kind]
        assert len(ids) == 1
        return str(ids[0])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def mission(capital: Capital) -> Mission:
    """The citizen's dossier and complaint, both on their way to the end."""
    keys = Keys.load_or_make(capital.home / "keys.json")
    made = Mission(capital, recipient_of(keys.people, PERSON))
    await _dossier(made)
    await _complaint(made)
    return made


async def _dossier(mission: Mission) -> None:
    """Filed online and accepted."""
    citizen, officer = mission.capital.token("citizen", person=PERSON), mission.capital.officer()
    filed = await mission.post("/intake/v1/dossiers", filing("online", ["Tờ khai"], submitter=WHO), citizen)
    path = f"/intake/v1/dossiers/{filed['id']}/accept"
    mission.dossier = await mission.post(path, None, officer, filed["version"])


async def _complaint(mission: Mission) -> None:
    """Written, read, accepted and decided with a finding for its one content."""
    letter: Any = await wait_until(partial(_handed_in, mission), what="units in complaints")
    mission.letter = letter
    parts = {"parts": [{"kind": "complaint", "summary": "Thu hồi đất", "unit": UNIT}]}
    path = f"/complaints/v1/submissions/{mission.letter['id']}/split"
    split = await mission.post(path, parts, mission.capital.token("screener"), 1)
    mission.case = split["opened"][0]
    await mission.on_case("accept", {"contents": ["Diện tích thu hồi"]})
    await mission.on_case("assign", {"officer": "cb-01"})
    await mission.on_case("decide", {"number": "15/QĐ-UBND", "findings": [{"content": 1, "finding": "right"}]})


async def _handed_in(mission: Mission) -> dict[str, Any] | None:
    body = {"channel": "online", "unit": UNIT, "text": "Quyết định thu hồi đất không đúng diện tích.", "parties": [WHO]}
    token = mission.capital.token("citizen", person=PERSON)
    answer = await mission.capital.call("POST", "/complaints/v1/submissions", token, json=body, key="the-letter")
    return answer.json() if answer.status_code == 201 else None


async def test_a_dossier_submitted_and_a_complaint_resolved_reach_inbox_and_mailbox(mission: Mission) -> None:
    for code in ("HS-00", "HS-01", "DT-01a", "KN-01a", "KN-04"):
        await wait_until(partial(mission.has_come, code), what=f"{code} in inbox and mailbox")
    (message,) = [m for m in mission.capital.office.box if m["Subject"] == mission.subject("KN-04")]
    text = message.get_body(("plain",))
    assert text is not None
    assert "khiếu nại đúng toàn bộ" in text.get_content()
    assert message["To"].addresses[0].display_name == NAME


async def test_past_its_due_date_the_breach_reaches_inbox_and_mailbox_too(mission: Mission) -> None:
    due_on = date.fromisoformat(mission.dossier["due_on"])
    mission.capital.clock.move_to(datetime.combine(due_on + timedelta(days=1), time(8), ZONE))
    await wait_until(partial(mission.has_come, "HS-06a"), what="the apology in inbox and mailbox")


async def test_each_came_exactly_once_and_is_stated_as_delivered_once(mission: Mission) -> None:
    await test_past_its_due_date_the_breach_reaches_inbox_and_mailbox_too(mission)

    async def all_stated() -> bool:
        return sum((await mission.notices("notice-delivered")).values()) >= len(TOLD)

    await wait_until(all_stated, what="a delivery stated for each notice")
    assert await mission.inbox() == TOLD
    assert mission.mailbox() == {mission.subject(code): 1 for code in TOLD}
    assert await mission.notices("notice-created") == await mission.notices("notice-delivered") == TOLD
    assert await mission.notices("notice-failed") == {}


async def test_reporting_knows_that_each_notice_left_the_house(mission: Mission) -> None:
    await test_past_its_due_date_the_breach_reaches_inbox_and_mailbox_too(mission)
    known = "SELECT code, channel FROM notice_line_1 WHERE recipient = $1 AND delivered_at IS NOT NULL"

    async def there() -> bool:
        async with mission.capital.database("reporting") as db:
            rows = await db.fetch(known, mission.recipient)
        return {(row["code"], row["channel"]) for row in rows} == {(code, "email") for code in TOLD}

    await wait_until(there, what="every delivery in reporting")
    answer = await mission.capital.call(
        "GET", f"/reporting/v1/cases/{mission.case['id']}", mission.capital.token("citizen", person=PERSON)
    )
    shown = answer.json()
    assert (shown["state"], shown["outcome"], [n["code"] for n in shown["notices"]]) == ("decided", "upheld", ["KN-01a", "KN-04"])  # fmt: skip


@pytest.mark.parametrize(
    ("topic", "kind"), [(DOSSIERS, "dossier-submitted"), (CASES, "complaint-resolved")], ids=["submitted", "resolved"]
)
async def test_one_trace_joins_the_command_the_fact_the_notice_and_the_message(
    mission: Mission, topic: str, kind: str
) -> None:
    about = mission.dossier["id"] if topic == DOSSIERS else mission.case["id"]
    spans = mission.capital.receiver.spans
    create = await the_span(spans, f"create {topic}", "messaging.message.id", await mission.fact_id(topic, about, kind))
    request = await only(lambda: [s for s in spans() if s.span_id == create.parent_id])
    assert (request.kind, request.attributes["http.response.status_code"] in {200, 201}) == (SERVER, True)
    way = await _to_the_message(mission, topic, create)
    assert {span.trace_id for span in (request, *way)} == {create.trace_id}
    relayed = await only(lambda: linked(spans(f"send {topic}"), (create.trace_id, create.span_id)))
    read = await only(lambda: reading(spans(), topic, (create.trace_id, create.span_id)))
    assert create.trace_id not in {relayed.trace_id, read.trace_id}
    assert len({span.resource["service.instance.id"] for span in (create, way[0], read)}) == 3


async def test_the_message_about_a_breach_is_in_the_trace_of_its_telling(mission: Mission) -> None:
    await test_past_its_due_date_the_breach_reaches_inbox_and_mailbox_too(mission)
    fact, spans = (
        await mission.fact_id(DOSSIERS, mission.dossier["id"], "deadline-breached"),
        mission.capital.receiver.spans,
    )
    create = await the_span(spans, f"create {DOSSIERS}", "messaging.message.id", fact)
    process = await the_span(spans, f"process {DOSSIERS}", "messaging.message.id", fact)
    assert (create.trace_id, create.span_id) in process.links
    notice = await below(spans, f"create {NOTICES}", process)
    assert (await below(spans, "send email", notice)).trace_id == process.trace_id != create.trace_id


async def _to_the_message(mission: Mission, topic: str, create: ReceivedSpan) -> list[ReceivedSpan]:
    """What followed a fact in notifications: processed, a notice stated, the message sent, its delivery stated."""
    spans = mission.capital.receiver.spans
    process = await below(spans, f"process {topic}", create)
    notice = await below(spans, f"create {NOTICES}", process)
    sent = await below(spans, "send email", notice)
    delivered = await below(spans, f"create {NOTICES}", sent)
    assert {span.service for span in (process, notice, sent, delivered)} == {"notifications"}
    return [process, notice, sent, delivered]
