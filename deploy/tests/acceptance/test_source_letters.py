"""The whole way of a letter another system keeps: its event, intake's word, complaints' facts, the line, the notice, the feed."""

from __future__ import annotations

from typing import Any

import pytest

from services.complaints import consumers as complaints
from services.complaints.handlers import reference
from services.complaints.handlers.desk import Desk as CaseDesk
from services.complaints.tests import given
from services.intake import consumers as intake
from services.intake import handlers
from services.intake.handlers import Desk
from services.intake.tests.test_source_letters import LETTER, came_to, written
from services.intake.tests.vendor import registered, sealed, send
from services.notifications import consumers as notifications
from services.reporting.consumers import LISTENER
from shared.bus.arrival import Raw
from shared.contracts.complaints import CASES
from shared.contracts.intake import LETTERS
from shared.kernel import system
from shared.settings import Keys
from shared.store.unit_of_work import Works
from shared.telemetry.setup import Telemetry
from shared.testing.fixtures import MakeWorks
from shared.testing.records import Log, fed

pytestmark = pytest.mark.postgres


async def published(works: Works, topic: str) -> list[Raw]:
    """What a service stated on a topic, in order."""
    log = Log(topic)
    async with works.reading() as db:
        rows = await db.fetch("SELECT key, envelope FROM fact WHERE topic = $1 ORDER BY recorded_at, aggregate, sequence", topic)  # fmt: skip
    return [log.record(row["key"].encode(), bytes(row["envelope"])) for row in rows]


async def test_a_letter_of_a_source_becomes_a_line_one_notice_each_and_dates_in_its_feed(
    make_works: MakeWorks, keys: Keys, telemetry: Telemetry
) -> None:
    at = {name: await make_works(name) for name in ("intake", "complaints", "notifications", "reporting")}
    desk = Desk(at["intake"])
    await handlers.seed(desk)
    async with at["complaints"].begin(system("test")) as work:
        await reference.copy_units(work, given.UNITS, [])
    await registered(desk)
    await send(
        desk, written({"contact_sealed": sealed(keys.contact_public)}), came_to("resolved", {"outcome": "upheld"})
    )

    following = fed(at["complaints"], complaints.listeners(CaseDesk(at["complaints"]))[1], telemetry.metrics)
    for _ in range(2):
        await following.give(*await published(at["intake"], LETTERS))
    stated = await published(at["complaints"], CASES)
    readers: dict[str, Any] = {
        "intake": intake.LISTENERS[0],
        "notifications": notifications.LISTENERS[2],
        "reporting": LISTENER,
    }
    for name, listener in readers.items():
        reader = fed(at[name], listener, telemetry.metrics)
        for _ in range(2):
            await reader.give(*stated)

    async with at["reporting"].reading() as db:
        lines = await db.fetch("SELECT code, kind, state, outcome FROM case_line_1")
    async with at["notifications"].reading() as db:
        told = await db.fetch("SELECT code FROM inbox_item ORDER BY code")
    async with at["intake"].reading() as db:
        fed_back = await db.fetch("SELECT kind, code, data ->> 'state' AS state FROM source_feed WHERE kind = 'dates'")
    assert [tuple(row) for row in lines] == [(f"{LETTER}.1", "complaint", "decided", "upheld")]
    assert [row["code"] for row in told] == ["DT-01a", "KN-01a", "KN-04"]
    assert [tuple(row) for row in fed_back] == [("dates", LETTER, "opened"), ("dates", LETTER, "accepted")]
