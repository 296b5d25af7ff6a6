"""Markup in every text field of every command: none of it comes out at a page."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from deploy.tests.pages.house import opened
from services.complaints.tests.given import OTHER_UNIT as OTHER_LETTER_UNIT
from services.complaints.tests.talk import part
from services.intake.tests.given import AN, OTHER_UNIT
from services.intake.tests.given import UNIT as COUNTER_UNIT
from services.reporting.tests.crawling import Crawler
from services.reporting.tests.seeing import sign_in
from shared.settings import Keys
from shared.telemetry.setup import Telemetry
from shared.testing.clock import StandingClock
from shared.testing.fixtures import MakeWorks

pytestmark = pytest.mark.postgres

MARK = "q7x4z-marked"
"""Stands in every hostile text, and nowhere else: so long that no random token has it by chance."""
HOSTILE = f"""<script>alert("{MARK}")</script><img src=x onerror='{MARK}'>"{{{{ 7*7 }}}} </td><b>&lt;{MARK}"""
SHORT = f"<b>{MARK}</b>"
"""Where a text is short."""
WHY = {"reason_class": "other", "reason": HOSTILE}
PERSON = {"name": HOSTILE, "address": HOSTILE, "identity_no": AN.identity_no, "phone": AN.phone, "email": f"<b>{MARK}</b>@example.vn"}  # fmt: skip
PAPER = {"name": HOSTILE, "kind": "copy", "count": 1}


@dataclass
class Doors:
    """Speaks to a service with nothing but markup, and notes which commands it gave."""

    service: str
    desk: Any
    said: set[tuple[str, str]] = field(default_factory=set)

    async def act(self, thing: Any, command: str, role: str, body: Any = None, **claims: Any) -> Any:
        """Give a command on a dossier or case."""
        self.said.add(("dossiers" if self.service == "intake" else "cases", command))
        return await self.desk.act(thing, command, role, body, **claims)

    async def send(self, letter: Any, command: str, body: Any, **claims: Any) -> Any:
        """Give a command on a letter, in the role of its screener or of its sender."""
        self.said.add(("submissions", command))
        token = self.desk.citizen() if command == "supply" else self.desk.token("screener", **claims)
        version = f'"{letter["version"]}"'
        answer = await self.desk.post(f"/submissions/{letter['id']}/{command}", body, token=token, if_match=version)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def unsaid(self) -> set[tuple[str, str]]:
        """Commands that take a text by the document and were not given."""
        return commands_with_texts(self.service) - self.said


def commands_with_texts(service: str) -> set[tuple[str, str]]:
    """Of dossiers, letters and cases: those whose body has a field that takes any text."""
    document = json.loads(Path(f"deploy/contracts/openapi-{service}.json").read_text())
    schemas = document["components"]["schemas"]

    def free(node: Any) -> bool:
        if "$ref" in node:
            return free(schemas[node["$ref"].rpartition("/")[2]])
        inner = [
            *node.get("properties", {}).values(),
            *node.get("anyOf", ()),
            *node.get("allOf", ()),
            *node.get("oneOf", ()),
        ]
        if any(map(free, [*inner, *([node["items"]] if "items" in node else ())])):
            return True
        return node.get("type") == "string" and not {"enum", "const", "format", "pattern"} & set(node)

    found: set[tuple[str, str]] = set()
    for path, operations in document["paths"].items():
        command = re.fullmatch(r"(?:/\w+)?/v1/(dossiers|cases|submissions)/\{id\}/([a-z-]+)", path)
        bodies = operations.get("post", {}).get("requestBody", {}).get("content", {})
        if command and any(free(body["schema"]) for body in bodies.values()):
            found.add((command[1], command[2]))
    return found


async def _dossiers(doors: Doors, clock: StandingClock) -> str:
    """Dossiers through every command that takes a text; the code of one of them."""
    desk, act = doors.desk, doors.act

    async def file() -> Any:
        given = {"submitter": PERSON, "owner": PERSON, "components": [PAPER], "summary": HOSTILE}
        return await desk.file(desk.citizen(), channel="online", **given)

    online = await file()
    asked = await act(online, "request-supplement", "clerk", {"components": [HOSTILE], "reason": HOSTILE})
    supplied = await act(asked, "supply", "citizen", {"components": [PAPER]})
    assigned = await act(await act(supplied, "accept", "clerk"), "assign", "head", {"officer": "handler"})
    corrected = await act(assigned, "correct", "clerk", {"field": "summary", "value": HOSTILE, "reason_class": "typing-error", "reason": HOSTILE})  # fmt: skip
    moved = await act(corrected, "move-appointment", "head", {**WHY, "new_due_on": "2026-12-02", "signer": "ld-01"})
    resumed = await act(await act(moved, "pause", "handler", WHY), "resume", "handler")
    owing = await act(resumed, "require-payment", "clerk", {"amount": 20000, "purpose": HOSTILE})
    clock.at("2026-11-26T10:00:00+07:00")
    paid = await act(owing, "confirm-payment", "citizen", {"reference": SHORT, "paid_at": "2026-11-26T09:00:00+07:00"})
    offered = await act(paid, "transfer", "head", {**WHY, "to_unit": OTHER_UNIT, "papers": 1})
    back = await _reject(doors, offered)
    settled = await act(back, "settle", "handler", {"outcome": "granted", "number": SHORT})
    returned = await act(settled, "return-result", "clerk", {"method": "post"})
    await act(returned, "rate", "citizen", {"score": 1, "comment": HOSTILE})
    for command, role in (("withdraw", "citizen"), ("refuse", "clerk")):
        await act(await file(), command, role, WHY)
    await act(await act(await file(), "accept", "clerk"), "stop", "citizen", WHY)
    return str(online["code"])


async def _reject(doors: Doors, offered: Any) -> Any:
    """The unit that was asked says no."""
    desk = doors.desk
    doors.said.add(("dossiers", "reject-transfer"))
    token, version = desk.token("head", units=[OTHER_UNIT], subject="other"), f'"{offered["version"]}"'
    answer = await desk.post(f"/dossiers/{offered['id']}/reject-transfer", WHY, token=token, if_match=version)
    assert answer.status_code == 200, answer.text
    return (await desk.get(f"/dossiers/{offered['id']}", desk.token("head"))).json()


ABOUT = {"project": SHORT, "decision_no": SHORT}
LETTER: dict[str, Any] = {"text": HOSTILE, "parties": [PERSON], "about": ABOUT}


async def _letters(doors: Doors) -> str:
    """Letters through every command that takes a text; the receipt number of one of them."""
    desk, send = doors.desk, doors.send
    guided = await desk.hand_in(**LETTER)
    await send(guided, "guide", {"reason_class": "court", "reason": HOSTILE})
    asked = await send(await desk.hand_in(**LETTER), "request-supplement", {"reason": HOSTILE})
    supplied = await send(asked, "supply", {"text": HOSTILE})
    await send(supplied, "transfer", {**WHY, "to_body": SHORT})
    await send(await desk.hand_in(**LETTER), "file", {"reason_class": "blank", "reason": HOSTILE})
    first, again = await desk.hand_in(**LETTER), await desk.hand_in(**LETTER)
    await send(again, "link", {"with_submission": first["id"], "reason": HOSTILE})
    doors.said.add(("submissions", "split"))  # by which the cases are opened
    return str(guided["receipt_no"])


async def _complaints(doors: Doors, clock: StandingClock) -> None:
    """Complaints through every command that takes a text."""
    desk, act = doors.desk, doors.act
    kinds = [part("complaint", summary=HOSTILE) for _ in range(2)]
    case, unfounded = await desk.open(*kinds, **LETTER)
    await act(unfounded, "refuse", "head", {"ground": "not-competent", "reason": HOSTILE})
    await act(case, "accept", "head", {"contents": [HOSTILE]})
    await act(case, "assign", "head", {"officer": "handler"})
    await act(case, "suspend", "head", {"ground": "force-majeure", "reason": HOSTILE})
    await act(case, "resume", "head", {"reason": HOSTILE})
    await act(case, "extend", "head", {"ground": "many-people", "reason": HOSTILE})
    await act(case, "schedule-dialogue", "handler", {"at": "2026-12-07T08:00:00+07:00", "place": SHORT})
    clock.at("2026-12-07T10:00:00+07:00")
    await act(case, "record-dialogue", "handler", {"held_on": "2026-12-07", "outcome": "differs", "minutes": HOSTILE})
    found = [{"content": 1, "finding": "wrong", "reasoning": HOSTILE}]
    await act(case, "decide", "head", {"number": SHORT, "findings": found, "text": HOSTILE})
    await act(case, "deliver", "clerk", {"method": "post"})
    await act(case, "appeal", "citizen", {"reason": HOSTILE})


async def _feedback(doors: Doors) -> None:
    """Feedback through every command that takes a text."""
    desk, act = doors.desk, doors.act
    case, other = await desk.open(part(summary=HOSTILE), part(summary=HOSTILE), **LETTER)
    await act(case, "transfer", "head", {**WHY, "to_unit": OTHER_LETTER_UNIT})
    await act(case, "reject-transfer", "head", WHY, units=(OTHER_LETTER_UNIT,))
    await act(case, "assign", "head", {"officer": "handler"})
    await act(case, "answer", "handler", {"outcome": "fixed", "text": HOSTILE})
    await act(case, "publish", "head", {"text": HOSTILE})
    await act(case, "rate", "citizen", {"score": 1, "comment": HOSTILE})
    await act(case, "reopen", "citizen", WHY)
    await act(other, "withdraw", "citizen", WHY)


async def test_markup_sent_through_every_door_comes_out_at_no_page(
    make_works: MakeWorks, keys: Keys, telemetry: Telemetry, tmp_path: Path, clock: StandingClock
) -> None:
    async with opened(make_works, keys, telemetry, tmp_path) as house:
        counter, letters = Doors("intake", house.counter), Doors("complaints", house.letters)
        codes = await _dossiers(counter, clock), await _letters(letters)
        await _feedback(letters)
        await _complaints(letters, clock)
        assert (counter.unsaid(), letters.unsaid()) == (set(), set())
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
