"""People stay in the vault: no name, number, phone, e-mail or address on the bus, in logs, spans, metrics, or elsewhere."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio

from deploy.tests.checks.privacy import PLACES, Person, Search, columns, values
from deploy.tests.faults.load import filing
from deploy.tests.journeys.capital import Capital
from deploy.tests.province import SERVICES, UNIT
from shared.bus.topics import CATALOGUE
from shared.store.files.tests import samples
from shared.testing.clients import local_client
from shared.testing.kafka import read_all, send
from shared.testing.waiting import wait_until

pytestmark = [pytest.mark.journey, pytest.mark.kafka, pytest.mark.postgres]

ANNA = Person(
    "Hồ Thị Quỳnh Nhưỡng", "044190123987", "0905 817 263", "nhuong.ho@thu-nghiem.example", "Thôn Ẩn Danh, xã Vắng"
)
BINH = Person(
    "Đỗ Đình Thưởng Bường", "044.085.765.432", "+84 (0)914 728 395", "thuong_do@thu-nghiem.example", "Kiệt 77 Ngõ Lặng"
)
PEOPLE = (ANNA, BINH)
DECOMPOSED = {name: unicodedata.normalize("NFD", value) for name, value in BINH.body().items()}
PAPERS = ["Tờ khai cấp Giấy xác nhận tình trạng hôn nhân"]
WRITTEN = (
    "intake.dossiers", "intake.units", "intake.procedures", "intake.contacts", "complaints.cases", "complaints.contacts",
    "notifications.notices",
)  # fmt: skip
TALK = f"Bà {ANNA.name} (CCCD {ANNA.identity_no}, ĐT {ANNA.phone}, {ANNA.email}) ở {ANNA.address}"
"""What an officer should not write into a reason, and does."""


async def _lives(capital: Capital) -> None:
    """Dossiers of these people through everything that can be done with them, and texts that name them."""
    officer, citizen = capital.officer(), capital.token("citizen", person=ANNA.identity_no)
    summary = unicodedata.normalize("NFD", TALK)
    await _online(capital, citizen)
    both = filing("direct", PAPERS, submitter=ANNA.body(), owner=DECOMPOSED, summary=summary)
    filed = (await capital.call("POST", "/intake/v1/dossiers", officer, json=both)).json()
    paper = {"name": TALK[:200], "kind": "copy", "count": 1}
    for verb, body in (
        ("request-supplement", {"components": [TALK[:200]], "reason": TALK}),
        ("supply", {"components": [paper]}),
        ("correct", {"field": "summary", "value": TALK, "reason_class": "typing-error", "reason": TALK}),
        ("pause", {"reason_class": "other-agency", "reason": TALK}),
        ("resume", None),
        ("require-payment", {"amount": 20000, "purpose": TALK[:300]}),
        ("withdraw", {"reason_class": "other", "reason": TALK}),
    ):
        filed = (await _act(capital, officer, filed, verb, body)).json()
    assert filed["state"] == "withdrawn"
    postal = filing("postal", PAPERS, submitter=DECOMPOSED)
    filed = (await capital.call("POST", "/intake/v1/dossiers", officer, json=postal)).json()
    await _act(capital, officer, filed, "refuse", {"reason_class": "duplicate", "reason": TALK})


async def _online(capital: Capital, citizen: str) -> None:
    """A dossier with a file and a form that name these people, read and read again."""
    headers = {"content-type": "application/pdf"}
    sent = await capital.call("POST", "/intake/v1/files", citizen, content=samples.pdf(TALK), headers=headers)
    file = sent.json()["id"]
    form = {
        "name": ANNA.name, "born_on": "1990-02-14", "identity_no": ANNA.identity_no, "residence": ANNA.address, "marital_status": "divorced",
        "purpose": "marriage", "spouse_to_be": {"name": BINH.name, "identity_no": BINH.identity_no.replace(".", "")},
    }  # fmt: skip
    online = filing("online", PAPERS, submitter=ANNA.body(), form=form)
    online["components"][0]["file"] = file
    filed = (await capital.call("POST", "/intake/v1/dossiers", citizen, json=online)).json()
    for reader in (citizen, capital.officer()):
        assert ANNA.name in (await capital.call("GET", f"/intake/v1/dossiers/{filed['id']}/form", reader)).text
        assert TALK.encode() in (await capital.call("GET", f"/intake/v1/files/{file}", reader)).content
    wrong = online | {"form": form | {"gender": ANNA.name, ANNA.phone: ANNA.email}}
    assert (await capital.call("POST", "/intake/v1/dossiers", citizen, json=wrong)).status_code == 422
    named = headers | {"content-disposition": f'attachment; filename="{ANNA.identity_no}.pdf"'}
    broken = samples.pdf(TALK)[:-20]
    assert (await capital.call("POST", "/intake/v1/files", citizen, content=broken, headers=named)).status_code == 422


async def _act(capital: Capital, officer: str, filed: dict[str, Any], verb: str, body: object) -> Any:
    path = f"/intake/v1/dossiers/{filed['id']}/{verb}"
    return await capital.call("POST", path, officer, json=body, headers={"if-match": f'"{filed["version"]}"'})


async def _letters(capital: Capital) -> None:
    """Letters of these people, and of somebody who names them, with texts that name them wherever one can be written."""
    citizen, officer = capital.token("citizen", person=ANNA.identity_no), _screener(capital)
    online = _letter("online", [ANNA.body()], about={"decision_no": TALK[:90], "project": TALK[:90]})
    await _send(capital, citizen, "submissions", online)
    anonymous = await _send(capital, officer, "submissions", _letter("postal", [], anonymous=True))
    await _send(capital, officer, f"submissions/{anonymous['id']}/file", {"reason_class": "blank", "reason": TALK}, 1)
    both = [ANNA.body() | {"role": "sender"}, DECOMPOSED | {"role": "co-sender"}]
    taken = await _send(capital, officer, "submissions", _letter("direct", both))
    await _send(capital, officer, f"submissions/{taken['id']}/request-supplement", {"reason": TALK}, 1)
    await _send(capital, officer, f"submissions/{taken['id']}/supply", {"text": TALK}, 2)
    parts = [{"kind": kind, "summary": TALK, "unit": UNIT} for kind in ("complaint", "feedback")]
    split = await _send(capital, officer, f"submissions/{taken['id']}/split", {"parts": parts}, 3)
    complaint, feedback = (f"cases/{case['id']}" for case in split["opened"])
    await _send(capital, officer, f"{complaint}/accept", {"contents": [TALK]}, 1)
    await _send(capital, officer, f"{complaint}/assign", {"officer": "cb-01"}, 2)
    invitation = {"at": (capital.clock() + timedelta(days=21)).isoformat(), "place": TALK[:400]}
    await _send(capital, officer, f"{complaint}/schedule-dialogue", invitation, 3)
    await _send(capital, officer, f"{complaint}/withdraw", {"reason_class": "own-wish", "reason": TALK}, 4)
    await _send(capital, officer, f"{feedback}/assign", {"officer": "cb-01"}, 1)
    await _send(capital, officer, f"{feedback}/answer", {"outcome": "fixed", "text": TALK}, 2)


def _screener(capital: Capital) -> str:
    return capital.token("clerk", "screener", "handler", "head", subject="cb-01")


def _letter(channel: str, parties: list[dict[str, str]], **more: Any) -> dict[str, Any]:
    return {
        "channel": channel,
        "unit": UNIT,
        "text": f"{TALK}. {unicodedata.normalize('NFD', TALK)}",
        "parties": parties,
    } | more


async def _send(capital: Capital, token: str, path: str, body: object, seen: int | None = None) -> Any:
    """A command of complaints that must be accepted."""
    headers = {} if seen is None else {"if-match": f'"{seen}"'}
    answer = await capital.call("POST", f"/complaints/v1/{path}", token, json=body, headers=headers)
    assert answer.is_success, f"{path}: {answer.status_code} {answer.json()['code']}"
    return answer.json()


async def _mistaken_letters(capital: Capital) -> None:
    """Letters that are refused while they hold people's details, and a look at one with a wrong secret."""
    path, officer = "/complaints/v1/submissions", _screener(capital)
    for body in (
        _letter("direct", [ANNA.body() | {"phone": f"{ANNA.phone} hoặc {ANNA.email}"}]),
        _letter("direct", [ANNA.body() | {"identity_no": f"{ANNA.identity_no} {ANNA.name}"}]),
        _letter("direct", [ANNA.body()]) | {ANNA.name: ANNA.phone},
        _letter(ANNA.name, [ANNA.body()]),
    ):
        assert (await capital.call("POST", path, officer, json=body)).status_code == 422
    elsewhere = _letter("direct", [ANNA.body()], unit=ANNA.identity_no[:10])
    assert (await capital.call("POST", path, officer, json=elsewhere)).status_code == 403
    again = {"code": ANNA.name, "secret": ANNA.phone.replace(" ", "")[:8]}
    assert (await capital.call("POST", "/complaints/v1/lookups", json=again)).status_code == 404
    await capital.call("GET", f"{path}?unit={ANNA.identity_no}&state={quote(ANNA.name)}", officer)
    await capital.call("GET", f"/complaints/v1/cases?handler={quote(ANNA.name)}&unit={quote(ANNA.phone)}", officer)


async def _mistakes(capital: Capital) -> None:
    """Requests that are refused while they hold people's details."""
    officer, path = capital.officer(), "/intake/v1/dossiers"
    wrong = filing("direct", PAPERS, submitter=ANNA.body() | {"phone": f"{ANNA.phone} hoặc {ANNA.email}"})
    for body in (
        wrong,
        filing("direct", PAPERS, submitter=ANNA.body() | {"identity_no": f"{ANNA.identity_no} {ANNA.name}"}),
        filing("direct", PAPERS, submitter=ANNA.body(), procedure=ANNA.name[:25]),
        filing("direct", PAPERS, submitter=ANNA.body(), unit=ANNA.identity_no[:10]),
        filing("direct", PAPERS, submitter=ANNA.body()) | {ANNA.name: ANNA.phone},
    ):
        assert (await capital.call("POST", path, officer, json=body)).status_code == 422
    broken = TALK.encode() + b'{"'
    headers = {"content-type": "application/json"}
    assert (await capital.call("POST", path, officer, content=broken, headers=headers)).status_code == 422
    again = {"code": ANNA.name, "secret": ANNA.phone.replace(" ", "")[:8]}
    assert (await capital.call("POST", "/intake/v1/lookups", json=again)).status_code == 404
    assert (await capital.call("GET", path, ANNA.name.encode().hex())).status_code == 401
    await capital.call("GET", f"{path}?unit={ANNA.identity_no}&handler={quote(ANNA.name)}", officer)
    await capital.call("GET", f"/reporting/v1/dossiers?unit={ANNA.identity_no}&state={quote(ANNA.email)}", officer)
    await capital.call("GET", f"/intake/v1/procedures/{quote(ANNA.phone)}")


async def _strange_records(capital: Capital) -> None:
    """A foreign record that names people is kept aside; it must not be logged or shown."""
    await send(capital.bootstrap, [("intake.dossiers", b"not-a-dossier", b'{"specversion": 7}', ())])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lived(capital: Capital) -> Capital:
    """The capital after these people were there, with everything arrived where it goes."""
    await _lives(capital)
    await wait_until(lambda: _knows_units(capital), what="complaints knows the units")
    await _letters(capital)
    await _mistakes(capital)
    await _mistaken_letters(capital)
    await _strange_records(capital)
    async with capital.database("intake") as intake, capital.database("reporting") as reporting:
        facts = await intake.fetchval("SELECT count(*) FROM fact WHERE topic = 'intake.dossiers'")
        await wait_until(lambda: _is(reporting, "SELECT count(*) FROM timeline_1", facts), what="facts in reporting")
        await wait_until(lambda: _is(intake, "SELECT count(*) FROM outbox", 0), what="an empty outbox")
    async with capital.database("complaints") as complaints, capital.database("reporting") as reporting:
        facts = await complaints.fetchval("SELECT count(*) FROM fact WHERE topic = 'complaints.cases'")
        found = "SELECT count(*) FROM case_timeline_1"
        await wait_until(lambda: _is(reporting, found, facts), what="facts of letters in reporting")
        await wait_until(lambda: _is(complaints, "SELECT count(*) FROM outbox", 0), what="an empty outbox")
    async with capital.database("notifications") as db:
        await wait_until(lambda: db.fetchval("SELECT count(*) > 0 FROM notification"), what="a notice")
        await wait_until(lambda: _is(db, "SELECT count(*) FROM outbox", 0), what="an empty outbox")
        await wait_until(lambda: db.fetchval("SELECT count(*) > 0 FROM contact"), what="sealed contacts")
    return capital


async def _knows_units(capital: Capital) -> bool:
    async with capital.database("complaints") as db:
        return bool(await db.fetchval("SELECT EXISTS (SELECT FROM unit WHERE code = $1)", UNIT))


async def _is(db: Any, question: str, answer: int) -> bool:
    return bool(await db.fetchval(question) == answer)


async def test_the_people_of_this_scan_really_came(lived: Capital) -> None:
    found = Search([ANNA])
    async with lived.database("intake") as db:
        for value in await values(db, "dossier", "summary", "text"):
            found.look("intake", "dossier.summary", value)
        assert await db.fetchval("SELECT count(*) FROM person") >= 4
    async with lived.database("complaints") as db:
        for table, column in PLACES["complaints"] - {("submission", "late_reason")}:
            letters = Search([ANNA])
            for value in await values(db, table, column, "text"):
                letters.look("complaints", f"{table}.{column}", value)
            assert any("name of person 0" in hit for hit in letters.hits), f"nobody is named in {table}.{column}"
        assert await db.fetchval("SELECT count(*) FROM person") >= 3
    assert {hit.split(": ")[2] for hit in found.hits} >= {
        f"{what} of person 0" for what in ("name", "email", "address")
    }


async def test_no_topic_holds_a_person(lived: Capital) -> None:
    search = Search(PEOPLE)
    for topic in CATALOGUE:
        for record in await read_all(lived.bootstrap, topic.name):
            for content in (record.key, record.value, *(part for header in record.headers for part in header)):
                search.look(
                    topic.name, f"offset {record.offset}", content.encode() if isinstance(content, str) else content
                )
    assert search.hits == []
    assert all(search.bytes.get(topic) for topic in WRITTEN), search.bytes


async def test_no_kept_file_shows_a_person(lived: Capital) -> None:
    search = Search(PEOPLE)
    for path in (lived.home / "files").rglob("*"):
        if path.is_file():
            search.look("files", path.name, path.name.encode() + path.read_bytes())
    assert search.hits == []
    assert search.bytes["files"] > 500


async def test_no_log_holds_a_person(lived: Capital) -> None:
    search = Search(PEOPLE)
    logs: list[Path] = [child.log for child in lived.children]
    servers = [path for path in lived.home.rglob("*.log") if path.is_file() and "data" not in path.parts]
    for path in {*logs, *servers}:
        search.look(path.name, "somewhere", path.read_bytes())
    assert search.hits == []
    assert all(search.bytes[log.name] > 500 for log in logs), search.bytes


async def test_no_span_holds_a_person(lived: Capital) -> None:
    search = Search(PEOPLE)
    await wait_until(
        lambda: any("refuse" in span.name for span in lived.receiver.spans()), what="the last request's span"
    )
    for span in lived.receiver.spans():
        search.look("spans", span.name, repr((span.name, span.attributes, span.resource)).encode())
    for body in lived.receiver.bodies:
        search.look("exports", "a request to the collector", body)
    assert search.hits == []
    assert search.bytes["spans"] > 10_000
    assert search.bytes["exports"] > 10_000


async def test_no_metric_holds_a_person(lived: Capital) -> None:
    search = Search(PEOPLE)
    async with local_client() as client:
        for child in lived.children:
            search.look("metrics", child.log.name, (await client.get(f"{child.url}/metrics")).content)
    assert search.hits == []
    assert search.bytes["metrics"] > 10_000


@pytest.mark.parametrize("service", SERVICES)
async def test_no_column_but_the_texts_of_the_service_that_took_them_holds_a_person(
    lived: Capital, service: str
) -> None:
    search, allowed = Search(PEOPLE), PLACES[service]
    async with lived.database(service) as db:
        for table, column, kind in await columns(db):
            if (table, column) not in allowed:
                for value in await values(db, table, column, kind):
                    search.look(table, column, value)
    assert search.hits == []
    assert {"fact", "idempotency"} <= search.bytes.keys() or service not in {"intake", "complaints"}
