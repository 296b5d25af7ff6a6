"""What each fact adds to the counters and takes from them, and that nothing is counted twice or lost."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from services.reporting.domain import NAMES, DossierLine, Told, day_of, flows, fold
from services.reporting.tests.facts import (
    FRIDAY,
    MONDAY,
    OTHER_UNIT,
    SATURDAY,
    THURSDAY,
    UNIT,
    Dossier,
    folded,
    told,
)
from shared.contracts.envelope import Fact

D = Dossier()
BEGUN: list[Fact] = [D.submitted(), D.accepted()]


def counted(facts: list[Fact]) -> Counter[str]:
    line: DossierLine | None = None
    sums: Counter[str] = Counter()
    for each in told(facts):
        before, line = line, fold(line, each)
        for flow in flows(before, line, day_of(each.fact.occurred_at)):
            sums[flow.name] += flow.number
    return Counter({name: number for name, number in sums.items() if number})


def test_what_is_stopped_is_counted_with_what_is_withdrawn() -> None:
    assert counted([*BEGUN, D.payment_required(), D.stopped()]) == Counter(
        received=1, accepted=1, paused=1, withdrawn=1
    )


def test_a_dossier_handed_over_counts_with_the_unit_that_took_it_and_not_with_the_sender() -> None:
    line: DossierLine | None = None
    sums: Counter[tuple[str, str]] = Counter()
    for each in told([*BEGUN, D.transferred(), D.transfer_accepted(), D.settled(FRIDAY)]):
        before, line = line, fold(line, each)
        for flow in flows(before, line, day_of(each.fact.occurred_at)):
            sums[flow.unit, flow.name] += flow.number

    assert {place: number for place, number in sums.items() if number} == {
        (UNIT, "accepted"): 1, (OTHER_UNIT, "received"): 1, (OTHER_UNIT, "settled_on"): 1,
    }  # fmt: skip


def test_a_beginning_heard_of_late_fills_the_placeholder_and_moves_its_receipt() -> None:
    first = fold(None, Told(D.withdrawn(), 4, MONDAY))
    second = fold(first, Told(D.submitted(channel="online"), 5, MONDAY))
    assert (second.channel, second.state, second.open) == ("online", "withdrawn", False)
    moved = Counter((flow.channel, flow.name, flow.number) for flow in flows(first, second, day_of(MONDAY)))
    assert moved == Counter(
        {("unknown", "received", -1): 1, ("online", "received", 1): 1, ("unknown", "withdrawn", -1): 1, ("online", "withdrawn", 1): 1}
    )  # fmt: skip


def test_a_result_returned_without_a_settlement_heard_of_counts_as_settled() -> None:
    assert counted([D.submitted(), D.accepted(), D.returned()]) == Counter(
        received=1, accepted=1, settled_before=1, returned=1
    )


def test_a_breach_announced_after_the_settlement_is_still_counted() -> None:
    assert counted([*BEGUN, D.settled(SATURDAY), D.breached()])["breached"] == 1


def test_flows_follow_a_dossier_through_a_pause() -> None:
    facts = [
        *BEGUN,
        D.supplement_requested(),
        D.supplied(),
        D.warned(),
        D.breached(),
        D.settled(SATURDAY),
        D.returned(),
    ]
    assert counted(facts) == Counter(
        received=1, accepted=1, paused=1, resumed=1, warned=1, breached=1, settled_before=1, returned=1
    )


def test_a_status_taken_back_is_taken_back_from_the_counters_too() -> None:
    assert counted([*D.life(), D.taken_back("in-progress")]) == Counter(received=1, accepted=1)
    assert counted([*BEGUN, D.settled(SATURDAY), D.taken_back("in-progress"), D.settled(THURSDAY)]) == Counter(
        received=1, accepted=1, settled_before=1
    )
    assert counted([*BEGUN, D.taken_back("submitted", None)]) == Counter(received=1)


def test_a_pause_that_ends_with_the_dossier_is_not_resumed() -> None:
    assert counted([*BEGUN, D.supplement_requested(), D.withdrawn()]) == Counter(
        received=1, accepted=1, paused=1, withdrawn=1
    )


def test_a_settlement_is_counted_on_its_own_day() -> None:
    line = folded(BEGUN)
    after = fold(line, Told(D.settled(SATURDAY), 3, MONDAY))
    (flow,) = flows(line, after, day_of(MONDAY))
    assert (flow.name, flow.day) == ("settled_over", SATURDAY)


MAKERS = {
    "submitted": lambda d: d.submitted(),
    "online": lambda d: d.submitted(channel="online"),
    "accepted": lambda d: d.accepted(),
    "refused": lambda d: d.refused(),
    "assigned": lambda d: d.assigned(),
    "requested": lambda d: d.supplement_requested(),
    "supplied": lambda d: d.supplied(),
    "settled": lambda d: d.settled(),
    "over": lambda d: d.settled(SATURDAY),
    "returned": lambda d: d.returned(),
    "withdrawn": lambda d: d.withdrawn(),
    "warned": lambda d: d.warned(),
    "breached": lambda d: d.breached(),
    "answer": lambda d: d.breached("online-answer"),
    "payment": lambda d: d.payment_required(),
    "paid": lambda d: d.payment_confirmed(),
    "paused": lambda d: d.paused(),
    "resumed": lambda d: d.resumed(),
    "moved": lambda d: d.moved(),
    "stopped": lambda d: d.stopped(),
    "corrected": lambda d: d.corrected(),
    "back-to-work": lambda d: d.taken_back("in-progress"),
    "back-to-submitted": lambda d: d.taken_back("submitted", None),
    "back-to-papers": lambda d: d.taken_back("awaiting-supplement", None),
    "back-to-settled": lambda d: d.taken_back("settled"),
    "rated": lambda d: d.rated(),
    "offered": lambda d: d.transferred(),
    "taken": lambda d: d.transfer_accepted(),
    "sent-back": lambda d: d.transfer_rejected(),
    "up": lambda d: d.escalated(),
    "unanswered": lambda d: d.breached("transfer"),
}
HISTORIES = st.lists(st.lists(st.sampled_from(sorted(MAKERS)), min_size=1, max_size=12), min_size=1, max_size=5)


@settings(max_examples=300, deadline=None)
@given(HISTORIES)
def test_whatever_comes_received_less_ended_is_open_on_every_place(histories: list[list[str]]) -> None:
    stock: Counter[tuple[str, str]] = Counter()
    flow_sums: Counter[tuple[str, str]] = Counter()
    for history in histories:
        dossier = Dossier()
        line: DossierLine | None = None
        for each in told([MAKERS[name](dossier) for name in history]):
            after = fold(line, each)
            for flow in flows(line, after, day_of(each.fact.occurred_at)):
                sign = {"received": 1, "refused": -1, "withdrawn": -1}.get(flow.name, -flow.name.startswith("settled_"))
                flow_sums[flow.unit, flow.channel] += sign * flow.number
                assert flow.name in NAMES
            line = after
        assert line is not None
        stock[line.unit, line.channel] += line.open
    assert +flow_sums == +stock
    assert not -flow_sums


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(sorted(MAKERS)), min_size=1, max_size=12))
def test_the_same_facts_fold_to_the_same_line_and_every_state_has_a_phase(history: list[str]) -> None:
    facts = [MAKERS[name](D) for name in history]
    line = folded(facts)
    assert line == folded(facts)
    assert line.phase in {"received", "being-resolved", "waiting-for-you", "answered", "closed"}
    assert line.open == (line.phase in {"received", "being-resolved", "waiting-for-you"})
