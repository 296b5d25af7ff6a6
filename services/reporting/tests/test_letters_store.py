from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import pytest

from services.reporting import domain, handlers
from services.reporting.consumers import LISTENER
from services.reporting.domain import CaseLine, CaseMoment, DeadlineLine, LetterLine, NoticeLine
from services.reporting.store import case_reads, projections, reads
from services.reporting.store.case_reads import CaseViewer
from services.reporting.tables import CaseLineRow, CaseMomentRow, DeadlineLineRow, LetterLineRow, NoticeLineRow, table
from services.reporting.tests.conftest import describe_units, tell_all, tell_letters
from services.reporting.tests.facts import MONDAY, TRACE, UNIT, Dossier, told
from services.reporting.tests.letters import Letter, Notice
from shared.contracts.complaints import CASES
from shared.contracts.envelope import Fact
from shared.contracts.notifications import NOTICES
from shared.kernel import Principal, system
from shared.settings import Keys
from shared.store.unit_of_work import Works
from shared.store.vault import recipient_of
from shared.testing.clock import StandingClock

pytestmark = pytest.mark.postgres

Sign = Callable[..., dict[str, str]]
PERSON = "044199012345"


def letters_and_cases() -> list[tuple[Letter, list[Fact], list[Fact]]]:
    """Letters in every situation, in two units; today is Monday the 23rd."""
    made: list[tuple[Letter, list[Fact], list[Fact]]] = []
    for number, unit in enumerate((UNIT, UNIT, "18880")):
        new, late, done, over, kept = (Letter(unit=unit, code=f"{unit}-26-{number}{n}") for n in range(5))
        complaint = Letter("complaint", unit=unit, code=f"{unit}-26-{number}9")
        made += [
            (new, [new.registered()], []),
            (
                late,
                [late.registered(), late.split()],
                [late.opened(date(2026, 11, 20)), late.assigned(), late.breached()],
            ),
            (done, [done.registered(), done.split()], [done.opened(), done.answered(date(2026, 11, 23), "before")]),
            (
                over,
                [over.registered(), over.split()],
                [over.opened(date(2026, 11, 20)), over.answered(date(2026, 11, 23), "over")],
            ),
            (kept, [kept.registered(), kept.filed()], []),
            (complaint, [complaint.registered(), complaint.split()], [complaint.opened(), complaint.accepted()]),
        ]
    return made


def test_lines_have_the_columns_of_their_tables_in_order() -> None:
    for model, line in (
        (LetterLineRow, LetterLine), (CaseLineRow, CaseLine), (DeadlineLineRow, DeadlineLine), (CaseMomentRow, CaseMoment), (NoticeLineRow, NoticeLine),
    ):  # fmt: skip
        assert tuple(table(model, 1).columns.keys()) == line._fields


def test_the_live_projection_listens_to_letters_and_notices() -> None:
    assert {CASES, NOTICES} <= LISTENER.topics.keys()
    assert LISTENER.catalogue.find(CASES, "vn.gandan.deadline-breached.v1") is not LISTENER.catalogue.find("intake.dossiers", "vn.gandan.deadline-breached.v1")  # fmt: skip


async def test_facts_split_over_batches_make_the_same_rows_as_in_one(works: Works) -> None:
    every = letters_and_cases()
    keys = {letter.id: told(letter_facts) for letter, letter_facts, _ in every}
    keys |= {letter.case: told(case_facts) for letter, _, case_facts in every if case_facts}
    async with works.begin(system("test")) as work:
        await projections.make(work.db, 1, 2)
        await handlers.project_cases(work.db, 1, keys)
        for n in range(3):
            await handlers.project_cases(work.db, 2, {key: facts[n : n + 1] for key, facts in keys.items() if facts[n : n + 1]})  # fmt: skip
        assert not await projections.differences(work.db, 1, 2)
        sizes = await projections.sizes(work.db, 1)
    assert (sizes["letter_line"], sizes["case_line"], sizes["deadline_line"], sizes["case_timeline"]) == (18, 12, 33, 60)  # fmt: skip


async def test_the_length_of_every_list_of_cases_is_its_figure(works: Works) -> None:
    await tell_letters(works, letters_and_cases())
    asked = domain.case_figures(domain.day_of(MONDAY))
    async with reads.looking(works) as reader:
        figures = await case_reads.figures(reader, asked)
        assert figures[UNIT] == {"cases_open": 4, "cases_overdue": 2, "cases_received_month": 8, "cases_resolved_month": 4, "cases_late_month": 2}  # fmt: skip
        for viewer in (CaseViewer(everything=True), CaseViewer(units=frozenset({UNIT}))):
            counts = await case_reads.counts(reader, viewer, asked)
            for name, wanted in asked.items():
                found = await case_reads.listed(reader, viewer, wanted, after=None, back=False, most=100)
                assert len(found) == counts[name], name
        assert (await case_reads.counts(reader, CaseViewer(), asked))["cases_open"] == 0


@pytest.mark.parametrize(
    ("who", "sees"),
    [
        (Principal("chair", frozenset({"head"}), frozenset({"44"})), 12), (Principal("inspector", frozenset({"inspector"}), frozenset({"44"})), 12),
        (Principal("head", frozenset({"head"}), frozenset({UNIT})), 8), (Principal("clerk", frozenset({"clerk"}), frozenset({UNIT})), 8),
        (Principal("officer-9", frozenset({"handler"}), frozenset({UNIT})), 3), (Principal("officer-8", frozenset({"handler"}), frozenset({UNIT})), 0),
        (Principal("admin", frozenset({"admin"})), 0), (Principal("ops", frozenset({"ops"})), 0), (Principal("c", frozenset({"citizen"})), 0),
    ],
)  # fmt: skip
async def test_each_role_sees_its_cases_and_no_other(works: Works, who: Principal, sees: int) -> None:
    await tell_letters(works, letters_and_cases())
    found = await handlers.find_cases(works, who, domain.CaseFilter(), after=None, back=False, most=100)
    assert (len(found.lines), found.mine) == (sees, sees)


async def test_the_unit_that_is_asked_to_take_a_case_sees_it_while_it_is_asked(works: Works) -> None:
    letter = Letter("complaint")
    asked = Principal("clerk", frozenset({"clerk"}), frozenset({"18880"}))
    await tell_letters(works, [(letter, [letter.registered()], [letter.opened(), letter.transferred()])])
    assert (await handlers.show_case(works, asked, letter.case, "vi")).line.to_unit == "18880"


async def test_a_case_is_shown_over_http_with_limits_reasons_timeline_and_notices(
    client: httpx.AsyncClient, works: Works, sign: Sign
) -> None:
    letter = Letter()
    await tell_letters(works, [(letter, [letter.registered(), letter.split()], [letter.opened(date(2026, 12, 4)), letter.assigned()])])  # fmt: skip
    await tell_notices(works, Notice(letter.case))
    answer = await client.get(f"/v1/cases/{letter.case}", headers=sign("head", units=[UNIT]))
    shown = answer.json()
    assert (answer.status_code, answer.headers["etag"], shown["officer"]) == (200, '"2"', "officer-9")
    assert (shown["state"], shown["phase"], shown["deadline"], shown["due_on"]) == ("in-progress", "being-resolved", "answer", "2026-12-04")  # fmt: skip
    assert [item["text"] for item in shown["timeline"]] == ["Vụ việc được mở; hạn đầu tiên ngày 04/12/2026.", "Cán bộ được giao giải quyết."]  # fmt: skip
    assert {item["trace_id"] for item in shown["timeline"]} == {TRACE}
    assert [(notice["code"], notice["read_at"]) for notice in shown["notices"]] == [("DT-01", "2026-11-24T08:15:00+07:00")]  # fmt: skip
    (limit,) = shown["limits"]
    assert limit["kind"] == "answer"
    assert limit["rule"] == "feedback.answer"


async def tell_notices(works: Works, *notices: Notice) -> None:
    async with works.begin(system("test")) as work:
        await handlers.project_notices(work.db, 1, {notice.id: told([notice.created(), notice.read()]) for notice in notices})  # fmt: skip


async def test_a_case_that_is_not_yours_is_answered_like_one_that_is_not_there(
    client: httpx.AsyncClient, works: Works, sign: Sign, keys: Keys
) -> None:
    mine, theirs = Letter(recipient=recipient_of(keys.people, PERSON)), Letter()
    await tell_letters(works, [(each, [each.registered(), each.split()], [each.opened(), each.assigned()]) for each in (mine, theirs)])  # fmt: skip
    me = sign("citizen", person=PERSON)
    own = (await client.get(f"/v1/cases/{mine.case}", headers=me)).json()
    assert (own["officer"], {item["trace_id"] for item in own["timeline"]}) == (None, {None})
    forbidden, missing = [await client.get(f"/v1/cases/{id_}", headers=me) for id_ in (theirs.case, Letter().case)]
    assert forbidden.status_code == missing.status_code == 404
    assert (await client.get("/v1/cases")).status_code == 401
    assert [item["id"] for item in (await client.get("/v1/cases", headers=me)).json()["items"]] == [str(mine.case)]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("kind=complaint", 3), ("overdue=true", 3), ("state=answered", 6), ("phase=being-resolved", 6), ("timing=over", 3), ("breached=true", 3),
        (f"unit={UNIT}&open=true", 4), ("officer=officer-9", 3), ("assigned=false&open=true", 3), ("resolved_from=2026-11-24", 0),
        ("resolved_to=2026-11-23", 6), ("received_to=2026-11-22", 0), ("due_on=2026-12-24", 3), ("due_before=2026-12-01", 3),
    ],
)  # fmt: skip
async def test_each_filter_narrows_the_list_of_cases(
    client: httpx.AsyncClient, works: Works, sign: Sign, query: str, count: int
) -> None:
    await tell_letters(works, letters_and_cases())
    answer = await client.get(f"/v1/cases?{query}", headers=sign("inspector", units=["44"]))
    assert len(answer.json()["items"]) == count


async def test_a_citizen_finds_dossiers_letters_and_cases_together(
    client: httpx.AsyncClient, works: Works, sign: Sign, keys: Keys
) -> None:
    who = recipient_of(keys.people, PERSON)
    dossier, letter, theirs = Dossier(recipient=who), Letter(recipient=who), Letter()
    await tell_all(works, [(dossier, dossier.life())])
    await tell_letters(works, [(each, [each.registered(), each.split()], [each.opened()]) for each in (letter, theirs)])
    found = (await client.get("/v1/me/matters", headers=sign("citizen", person=PERSON))).json()
    assert [item["id"] for item in found["dossiers"]] == [str(dossier.id)]
    assert [(item["id"], item["phase"]) for item in found["letters"]] == [(str(letter.id), "under-review")]
    assert [item["id"] for item in found["cases"]] == [str(letter.case)]
    nobody = (await client.get("/v1/me/matters", headers=sign("citizen"))).json()
    assert (nobody["dossiers"], nobody["letters"], nobody["cases"]) == ([], [], [])
    assert (await client.get("/v1/me/matters", headers=sign("head", units=[UNIT]))).status_code == 403


async def test_a_dossier_shows_its_notices_to_those_who_may_see_it(works: Works) -> None:
    dossier = Dossier()
    await tell_all(works, [(dossier, dossier.life())])
    await tell_notices(works, Notice(dossier.id, "HS-01"), Notice(dossier.id, "HS-09"), Notice(Dossier().id, "HS-01"))
    found = await handlers.standing_of(works, Principal("clerk", frozenset({"clerk"}), frozenset({UNIT})), dossier.id, "vi")  # fmt: skip
    assert sorted(notice.code for notice in found.notices) == ["HS-01", "HS-09"]


async def test_the_board_counts_letters_and_names_who_is_late(works: Works, clock: StandingClock) -> None:
    await tell_letters(works, letters_and_cases())
    await describe_units(works, (UNIT, "Phường Quảng Trị"))
    board = await handlers.board(works, Principal("chair", frozenset({"head"}), frozenset({"44"})))
    assert board.case_figures["cases_overdue"] == 3
    assert [(row["unit"], row["officer"], row["late"]) for row in board.case_holders] == [(UNIT, "officer-9", 2), ("18880", "officer-9", 1)]  # fmt: skip
    clock.move(days=60)
    later = await handlers.board(works, Principal("chair", frozenset({"head"}), frozenset({"44"})))
    assert later.case_figures["cases_overdue"] == later.case_figures["cases_open"] == 6


async def test_a_case_that_another_system_owns_is_a_line_as_ours(
    works: Works, client: httpx.AsyncClient, sign: Sign
) -> None:
    letter = Letter("complaint", unit=UNIT)
    marks: Any = {"source": "tan-thanh", "inferred": True, "tells_citizens": False}
    facts = [
        replace(fact, **marks) for fact in (letter.opened(), letter.accepted(), letter.assigned(), letter.resolved())
    ]
    await tell_letters(works, [(letter, [replace(letter.registered(), **marks)], facts)])

    (item,) = (await client.get("/v1/cases", headers=sign("head", units=[UNIT]))).json()["items"]

    assert (item["id"], item["state"], item["outcome"]) == (str(letter.case), "decided", "upheld")
