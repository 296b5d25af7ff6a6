"""Markup in every text field of every command: none of it comes out at a page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deploy.tests.pages.house import House, opened
from services.complaints.tests.talk import part
from services.intake.tests.given import AN
from services.intake.tests.given import UNIT as COUNTER_UNIT
from services.reporting.tests.crawling import Crawler
from services.reporting.tests.seeing import sign_in
from shared.settings import Keys
from shared.telemetry.setup import Telemetry
from shared.testing.fixtures import MakeWorks

pytestmark = pytest.mark.postgres

MARK = "q7x4z"
"""Stands in every hostile text, and nowhere else."""
HOSTILE = f"""<script>alert("{MARK}")</script><img src=x onerror='{MARK}'>"{{{{ 7*7 }}}} </td><b>&lt;{MARK}"""
WHY = {"reason_class": "other", "reason": HOSTILE}
PERSON = {"name": HOSTILE, "address": HOSTILE, "identity_no": AN.identity_no, "phone": AN.phone, "email": f"<b>{MARK}</b>@example.vn"}  # fmt: skip
PAPER = {"name": HOSTILE, "kind": "copy", "count": 1}


async def _dossiers(house: House) -> str:
    """Dossiers through every command that takes a text; the code of one of them."""
    desk = house.counter
    online = await desk.file(desk.citizen(), channel="online", submitter=PERSON, owner=PERSON, components=[PAPER], summary=HOSTILE)  # fmt: skip
    asked = await desk.act(online, "request-supplement", "clerk", {"components": [HOSTILE], "reason": HOSTILE})
    supplied = await desk.act(asked, "supply", "citizen", {"components": [PAPER]})
    accepted = await desk.act(supplied, "accept", "clerk")
    assigned = await desk.act(accepted, "assign", "head", {"officer": "handler"})
    await desk.act(assigned, "settle", "handler", {"outcome": "granted", "number": f"<b>{MARK}</b>"})
    for command, role in (("withdraw", "citizen"), ("refuse", "clerk")):
        other = await desk.file(desk.citizen(), channel="online", submitter=PERSON, summary=HOSTILE)
        await desk.act(other, command, role, WHY)
    return str(online["code"])


async def _letters(house: House) -> str:
    """Letters and cases through the same; the receipt number of one of them."""
    desk, about = house.letters, {"project": f"<b>{MARK}</b>", "decision_no": f"<b>{MARK}</b>"}
    letter: dict[str, Any] = {"text": HOSTILE, "parties": [PERSON], "about": about}
    feedback, complaint = await desk.open(part(summary=HOSTILE), part("complaint", summary=HOSTILE), **letter)
    await desk.act(feedback, "assign", "head", {"officer": "handler"})
    await desk.act(feedback, "answer", "handler", {"outcome": "fixed", "text": HOSTILE})
    await desk.act(complaint, "accept", "head", {"contents": [HOSTILE]})
    await desk.act(complaint, "withdraw", "citizen", WHY)
    guided = await desk.hand_in(**letter)
    answer = await desk.post(
        f"/submissions/{guided['id']}/guide", {"reason_class": "court", "reason": HOSTILE}, token=desk.token("screener"), if_match='"1"'
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    return str(guided["receipt_no"])


async def test_markup_sent_through_every_door_comes_out_at_no_page(
    make_works: MakeWorks, keys: Keys, telemetry: Telemetry, tmp_path: Path
) -> None:
    async with opened(make_works, keys, telemetry, tmp_path) as house:
        codes = await _dossiers(house), await _letters(house)
        await house.carry()
        for role, unit, person in (("head", "44", ""), ("clerk", COUNTER_UNIT, ""), ("citizen", "", AN.identity_no)):
            async with house.browsing() as site:
                await sign_in(site, role, unit, person or "")
                crawler = Crawler(site)
                await crawler.crawl()
                seen = {path.split("/")[1] for path in crawler.texts}
                assert {"ho-so", "vu-viec"} <= seen or role == "citizen"
                for path, text in crawler.texts.items():
                    assert MARK not in text, (role, path)
                if role != "clerk":
                    assert any(code in text for code in codes for text in crawler.texts.values()), role
