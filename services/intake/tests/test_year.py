"""A year of a province on the movable clock: every date as counted by hand, everything announced once, registers that equal the facts."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from itertools import chain
from random import Random
from time import perf_counter
from typing import Any

import msgspec
import pytest

from services.intake import handlers
from services.intake.handlers import Desk
from services.intake.tests import slow
from services.intake.tests.given import short
from services.intake.tests.slow import at
from services.intake.tests.year import FIRST, LAST, UNITS, Story, Year
from shared.kernel import Principal
from shared.law import ZONE
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres

ADMIN = Principal("admin", frozenset({"admin"}), acting="admin")
SEED = 20_260_101


@dataclass
class Told:
    """The facts of a dossier."""

    dates: list[tuple[str, datetime]] = field(default_factory=list)
    stages: Counter[tuple[str, int, str, date]] = field(default_factory=Counter)
    register: dict[str, Any] = field(default_factory=dict)
    rule_version: int = 0
    succeeded: list[tuple[str, str]] = field(default_factory=list)


async def told(desk: Desk) -> dict[str, Told]:
    """By code, what the facts say."""
    found: dict[str, Told] = defaultdict(Told)
    codes: dict[str, str] = {}
    async with desk.works.reading() as connection:
        rows = await connection.fetch(
            "SELECT type, envelope FROM fact WHERE topic = 'intake.dossiers' ORDER BY aggregate, sequence"
        )
    for row in rows:
        fact = msgspec.json.decode(row["envelope"])["data"]
        code = codes.setdefault(fact["dossier"], fact.get("code", ""))
        _fold(found[code], short(row["type"]), fact)
    return found


def _fold(now: Told, name: str, fact: dict[str, Any]) -> None:
    if name in {"deadline-warned", "deadline-breached"}:
        stage = "warn" if name == "deadline-warned" else "breach"
        now.stages[fact["kind"], fact["revision"], stage, date.fromisoformat(fact["due_on"])] += 1
        return
    if name == "dossier-submitted":
        now.register = {
            "unit": fact["unit"],
            "received_at": datetime.fromisoformat(fact["received_at"]),
            "due_on": None,
            "returned_at": None,
        }
        now.dates += [("answer", datetime.fromisoformat(fact["answer_due_at"]))] if fact["answer_due_at"] else []
    if name == "dossier-succeeded":
        now.succeeded.append((fact["from_unit"], fact["unit"]))
    if name == "dossier-accepted":
        now.rule_version = fact["rule_version"]
    if name == "result-returned":
        now.register |= {"returned_at": datetime.fromisoformat(fact["occurred_at"]), "method": fact["method"]}
    if fact.get("due_at"):
        now.dates.append((name, datetime.fromisoformat(fact["due_at"])))
    if fact.get("due_at") and fact.get("promised_on"):
        now.register["due_on"] = date.fromisoformat(fact["promised_on"])


def by_hand(story: Story) -> Counter[tuple[str, int, str, date]]:
    """What should have been announced, each once."""
    kinds = (("answer", story.answer), ("settlement", story.settlement))
    return Counter((kind, *each) for kind, hand in kinds if hand for each in hand.announced(at(LAST, time(23))))


@pytest.mark.parametrize("number", [1_000, pytest.param(20_000, marks=[pytest.mark.full, pytest.mark.timeout(1800)])])
async def test_in_a_simulated_year_every_date_every_announcement_and_every_register_is_right(
    desk: Desk, clock: StandingClock, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(slow, "OFF", set(slow.OFF))
    began = perf_counter()
    year = Year(desk, clock, Random(SEED))  # noqa: S311 - a year that is the same in every run
    for each in range(number):
        year.plan(each)
    year.plan_the_province()

    await year.live()

    facts = await told(desk)
    assert len(facts) == number
    for story in year.stories:
        said, dossier = facts[story.filed.code], story.filed
        late = [(name, due) for name, due in story.due if due is not None]
        assert _unless_late(said.dates) == _unless_late(late), (story, said)
        assert said.stages == by_hand(story), (story, said)
        assert said.succeeded == story.succeeded, (story, said)
        assert said.rule_version == _version(dossier.received_at.astimezone(ZONE).date()), dossier.code
    stages = Counter(stage for said in facts.values() for _, _, stage, _ in said.stages)
    assert min(stages["warn"], stages["breach"]) > number / 10  # the year was not a dull one
    moved = sum(name == "deadline-moved" for said in facts.values() for name, _ in said.dates)
    went = sum(len(said.succeeded) for said in facts.values())
    assert min(moved, went) > 0
    await registers_equal(desk, facts)
    took = f"{number} dossiers in {perf_counter() - began:.0f} s"
    print(f"{took}; the storm moved {moved} limits, {went} went to the successor")  # noqa: T201 - a measurement


def _unless_late(dates: list[tuple[str, datetime]]) -> list[tuple[str, datetime]]:
    """In one zone; a limit in days ends with its day."""
    return [(name, due.astimezone(UTC)) for name, due in dates]


def _version(received_on: date) -> int:
    """Which version of the rule on settlement was in force: changed on 1 January and on 5 August 2026."""
    return 3 if received_on < date(2026, 1, 1) else 4 if received_on < date(2026, 8, 5) else 5


async def registers_equal(desk: Desk, facts: dict[str, Told]) -> None:
    """Form 07 of every unit, read by year, beside its facts."""
    expected: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for code, said in sorted(facts.items(), key=lambda each: (each[1].register["received_at"], each[0])):
        expected[said.register["unit"]].append({**said.register, "code": code})
    for unit in UNITS:
        years = [(FIRST, date(2025, 12, 31)), (date(2026, 1, 1), LAST)]
        read = chain.from_iterable(
            [await handlers.read_register(desk, ADMIN, unit, *each, listed=True) for each in years]
        )
        lines = [
            {
                "code": e.code,
                "received_at": e.received_at,
                "due_on": e.due_on,
                "returned_at": e.returned_at,
                "method": e.method,
            }
            for e in read
        ]
        assert lines == [{"method": None, **{k: v for k, v in each.items() if k != "unit"}} for each in expected[unit]]
