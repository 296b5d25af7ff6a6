"""The generator of bursts asks when it is due, and the arithmetic of `burst` sees what was lost."""

from __future__ import annotations

import json

from deploy.bench.keys.burst import Ledger, Seen, Surge
from deploy.bench.surge import surge
from deploy.bench.tests.test_bench_harness import answer, answering

PLAN = {"script": "submit", "citizens": ["t"], "officer": "o", "patient": False}
BUSY = answer(429, json.dumps({"facts": {"retry_after_seconds": 0}}).encode())


async def test_requests_go_out_when_they_are_due_and_each_is_seen_with_its_phase() -> None:
    async with answering([answer(201, b"{}")]) as port:
        told = await surge({**PLAN, "port": port, "phases": [[50, 0.2], [200, 0.2]]})
    assert [phase for phase, *_ in sorted(told["seen"])] == [0] * 10 + [1] * 40
    assert {status for *_, status in told["seen"]} == {201}
    assert (told["begun"], told["finished"]) == (50, 50)


async def test_whoever_is_refused_does_not_come_back_unless_patient() -> None:
    plan = {**PLAN, "phases": [[20, 0.2]]}
    async with answering([BUSY, answer(201, b"{}")]) as port:
        hasty = await surge({**plan, "port": port})
        patient = await surge({**plan, "port": port, "patient": True})
    assert (len(hasty["seen"]), hasty["begun"]) == (4, 4)
    assert hasty["finished"] < 4
    assert (patient["begun"], patient["finished"]) == (4, 4)
    assert len(patient["seen"]) > 4


def test_it_is_normal_again_after_the_first_second_without_refusals_and_slowness() -> None:
    seen = [
        Seen(0, 0.5, 900, 429),
        Seen(1, 2.0, 90, 200),
        Seen(1, 2.5, 1, 429),
        Seen(1, 3.1, 90, 200),
        Seen(1, 4.2, 9, 200),
    ]
    made = Surge(seen, 5, 5, 0.0)
    assert made.back(1, limit=100) == 2.0
    assert made.back(1, limit=10) == 3.0
    assert made.back(1, limit=1) == float("inf")


def test_only_answers_that_were_let_in_have_a_latency() -> None:
    made = Surge([Seen(0, 0.0, 5, 201), Seen(0, 0.1, 1, 429), Seen(0, 0.2, 700, 503)], 3, 1, 0.0)
    assert (made.p95(0), made.wrong) == (5, 1)


def test_missing_and_doubled_filings_and_facts_are_lost() -> None:
    assert Ledger(10, 10, 40, 40).lost == 0
    assert Ledger(10, 9, 40, 38).lost == 3
    assert Ledger(10, 11, 40, 40).lost == 1
