"""`gandan egress` on a queue: looked at, tried again."""

import json

import pytest
import pytest_asyncio

from deploy.cli.tests.conftest import Gandan, Province
from shared.moments import uuid7

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

_QUEUED = """INSERT INTO egress (dossier, sequence, code, service, status, at, state, attempts, next_at, doubt, queued_at, answer_code)
VALUES ($1, 1, 'H50.144-261123-0001', 'DongBoHoSoMC', 1, now(), $2, 5, now(), $3, now(), '07') RETURNING id"""


@pytest_asyncio.fixture
async def items(province: Province) -> list[int]:
    """One that was refused, one refused in doubt, one that is sent."""
    pool = province.pools["intake"]
    await pool.execute("DELETE FROM egress")
    return [
        await pool.fetchval(_QUEUED, uuid7(), *each)
        for each in (("refused", False), ("refused", True), ("sent", False))
    ]


async def test_the_queue_is_listed_by_state(gandan: Gandan, items: list[int]) -> None:
    refused = json.loads((await gandan("egress", "list", "--state", "refused", "--json")).stdout)
    table = (await gandan("egress", "list")).stdout

    assert [each["id"] for each in refused] == [items[1], items[0]]
    assert "H50.144-261123-0001" in table
    assert table.count("refused") == 2
    assert (await gandan("egress", "list", "--state", "lost")).exit_code == 2


async def test_one_is_tried_again_or_all(gandan: Gandan, province: Province, items: list[int]) -> None:
    one = await gandan("egress", "retry", str(items[0]))
    everything = await gandan("egress", "retry", "--all")
    sent = await gandan("egress", "retry", str(items[2]))

    rows = await province.pools["intake"].fetch("SELECT state, attempts FROM egress ORDER BY id")
    assert [(row["state"], row["attempts"]) for row in rows] == [("queued", 0), ("in-doubt", 0), ("sent", 5)]
    assert (one.stdout, everything.stdout) == ("1 to be tried again\n", "2 to be tried again\n")
    assert (sent.exit_code, (await gandan("egress", "retry")).exit_code) == (1, 2)
