"""What the CloudEvents SDK makes is accepted as it is, in both modes."""

from __future__ import annotations

import pytest
from cloudevents.conversion import to_binary, to_structured
from cloudevents.http import CloudEvent

from services.intake.tests.talk import Talk
from services.intake.tests.test_sources_api import put
from services.intake.tests.vendor import TAN_THANH, upserted

pytestmark = pytest.mark.postgres


async def test_the_third_party_sdk_is_understood_in_both_modes(talk: Talk) -> None:
    await put(talk)
    told = upserted()
    made = CloudEvent({name: value for name, value in told.items() if name != "data"}, told["data"])
    token = {"authorization": f"Bearer {talk.token('publisher', subject=TAN_THANH)}"}

    found = []
    for headers, body in (to_structured(made), to_binary(made)):
        said = {"content-type": "application/json", **headers, **token}
        answer = await talk.http.post("/source-events", content=body, headers=said)
        found += answer.json()["items"]

    assert [(each["status"], each["duplicate"]) for each in found] == [("accepted", False), ("accepted", True)]
