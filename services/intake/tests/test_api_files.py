"""Door 1: files handed in, made part of a dossier, and read by those who may."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from services.intake import handlers
from services.intake.domain import Component, Dossier, UnknownFile
from services.intake.handlers import Cabinet
from services.intake.tests import given
from services.intake.tests.given import AN, BINH, MARITAL_STATUS, OTHER_UNIT, UNIT, citizen
from services.intake.tests.papers import PDF, filed, kept, named, online, send, sent
from services.intake.tests.talk import Talk, body, problem
from shared.kernel import Caller, Principal
from shared.runtime import Service
from shared.settings import Keys
from shared.store.files.archives import DOCX
from shared.store.files.tests import samples
from shared.store.unit_of_work import Works

pytestmark = pytest.mark.postgres


NOBODY_S = "00000000-0000-7000-8000-000000000000"


TOGETHER = ("1.001193", "1.004222", "9.000001")


async def test_a_file_is_taken_and_read_again(talk: Talk, tmp_path: Path) -> None:
    answer = await send(talk)

    assert (answer.status_code, answer.headers["location"]) == (201, f"/intake/v1/files/{answer.json()['id']}")
    assert answer.json() == {
        "id": answer.json()["id"],
        "sha256": kept(tmp_path)[0].name,
        "size": len(PDF),
        "media_type": "application/pdf",
    }
    shown = await talk.get(f"/files/{answer.json()['id']}", talk.citizen())
    assert (shown.status_code, shown.content) == (200, PDF)
    assert shown.headers["content-type"] == "application/pdf"
    assert shown.headers["content-disposition"] == f'attachment; filename="{answer.json()["id"]}.pdf"'
    assert (shown.headers["x-content-type-options"], shown.headers["cache-control"]) == ("nosniff", "no-store")
    assert "sandbox" in shown.headers["content-security-policy"]


async def test_what_is_kept_is_unreadable_on_the_disk(talk: Talk, tmp_path: Path) -> None:
    await sent(talk)

    (blob,) = kept(tmp_path)

    assert samples.SECRET.encode() not in blob.read_bytes()
    assert b"PDF" not in blob.read_bytes()


async def test_the_same_bytes_are_kept_once_for_two_people(talk: Talk, tmp_path: Path) -> None:
    first, second = await sent(talk), await sent(talk, token=talk.citizen(BINH.identity_no))

    assert first != second
    assert len(kept(tmp_path)) == 1
    for id_, person in ((first, talk.citizen()), (second, talk.citizen(BINH.identity_no))):
        assert (await talk.get(f"/files/{id_}", person)).content == PDF


async def test_the_same_bytes_sent_eight_times_at_once_are_kept_once(talk: Talk, tmp_path: Path) -> None:
    ids = await asyncio.gather(*(sent(talk) for _ in range(8)))

    assert (len(set(ids)), len(kept(tmp_path))) == (8, 1)
    shown = await asyncio.gather(*(talk.get(f"/files/{id_}", talk.citizen()) for id_ in ids))
    assert {answer.content for answer in shown} == {PDF}


async def test_a_file_sent_again_with_its_key_is_answered_as_the_first_time(talk: Talk, tmp_path: Path) -> None:
    first, again = await send(talk, key="once"), await send(talk, key="once")
    other = await send(talk, samples.png(), "image/png", key="once")

    assert (again.status_code, again.json(), again.headers["location"]) == (
        201,
        first.json(),
        first.headers["location"],
    )
    assert again.headers["idempotent-replayed"] == "true"
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-mismatch")
    assert len(kept(tmp_path)) == 1


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"", "application/pdf", 422, "file-empty"),
        (PDF, "application/zip", 415, "file-type-not-allowed"),
        (PDF, "", 415, "file-type-not-allowed"),
        (b"MZ\x90\x00", "application/pdf", 415, "file-type-not-allowed"),
        (samples.png(), "application/pdf", 415, "media-type-disagrees"),
        (PDF[:-9], "application/pdf", 422, "file-damaged"),
        (PDF + samples.archive({"a": b"a"}), "application/pdf", 422, "file-ambiguous"),
        (samples.docx(big=bytes(32 << 20)), DOCX, 422, "file-unpacks-too-large"),
        (samples.docx(vbaProject__bin=b"x"), DOCX, 422, "file-holds-macros"),
        (samples.xml(inside=""), "application/xml", 422, "not-signed"),
        (bytes(20_000_001), "application/pdf", 413, "file-too-large"),
    ],
)
async def test_what_is_not_taken_is_refused_by_name_and_leaves_nothing(
    talk: Talk, tmp_path: Path, content: bytes, kind: str, status: int, code: str
) -> None:
    answer = await send(talk, content, kind)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["title"]
    assert not any(word in answer.json()["detail"] for word in ("…", "Content-Type", "byte"))
    assert ("20 MB" in answer.json()["detail"]) == (code == "file-too-large")
    assert kept(tmp_path) == []


async def test_a_client_that_goes_away_leaves_nothing(cabinet: Cabinet, keys: Keys, tmp_path: Path) -> None:
    async def broken_off() -> AsyncIterator[bytes]:
        yield PDF[:100]
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await handlers.keep_file(cabinet, citizen(keys), named("gone"), "application/pdf", broken_off())

    assert kept(tmp_path) == []


async def test_who_is_not_known_sends_nothing(talk: Talk) -> None:
    nobody = await talk.post("/files", PDF.decode())
    unnamed = await send(talk, token=talk.citizen(None))
    without_key = await talk.http.post("/files", content=PDF, headers={"authorization": f"Bearer {talk.citizen()}"})
    of_no_unit = await send(talk, token=talk.token("clerk", units=()))

    assert (nobody.status_code, nobody.json()["code"]) == (401, "token-missing")
    assert (unnamed.status_code, unnamed.json()["code"]) == (403, "identity-unknown")
    assert (without_key.status_code, without_key.json()["code"]) == (400, "idempotency-key-missing")
    assert (of_no_unit.status_code, of_no_unit.json()["code"]) == (403, "forbidden")


async def test_a_file_is_handed_in_with_one_dossier_of_those_filed_together(talk: Talk) -> None:
    first, second = await sent(talk), await sent(talk, samples.pdf("khác"))
    parts = [
        {"procedure": code, "components": [{"name": "Tờ khai", "kind": "electronic", "file": file}]}
        for code, file in zip(TOGETHER, (first, second, first), strict=True)
    ]
    asked = {"service": "birth", "unit": UNIT, "channel": "online", "submitter": {"name": AN.name}, "parts": parts}

    twice = await talk.post("/bundles", asked, token=talk.citizen())
    parts[2]["components"] = []
    once = await talk.post("/bundles", asked, token=talk.citizen())

    assert (twice.status_code, twice.json()["code"]) == (422, "unknown-file")
    assert twice.json()["errors"][0]["pointer"] == "/parts/2/components/0/file"
    assert once.status_code == 201, once.text
    paths = [f"/dossiers/{each['id']}" for each in once.json()["dossiers"]]
    details = [(await talk.get(path, talk.citizen())).json()["components"] for path in paths]
    assert [[each["file"] for each in papers] for papers in details] == [[first], [second], []]


async def test_a_file_becomes_part_of_a_dossier_and_its_officers_read_it(talk: Talk, works: Works) -> None:
    file = await sent(talk)
    before = await talk.get(f"/files/{file}", talk.token("clerk"))

    dossier = await filed(talk, file)

    detail = (await talk.get(f"/dossiers/{dossier['id']}", talk.token("clerk"))).json()
    assert detail["components"] == [
        {"name": "Tờ 0", "kind": "electronic", "count": 1, "digitised": False, "reused": False, "file": file}
    ]
    after = await talk.get(f"/files/{file}", talk.token("clerk"))
    assert (before.status_code, after.status_code, after.content) == (404, 200, PDF)
    read = await works.pool.fetch(
        "SELECT actor, envelope FROM fact WHERE type LIKE '%identity-read%' AND topic IS NULL"
    )
    assert [row["actor"].split("|")[:2] for row in read] == [["clerk", UNIT]]


async def test_who_may_not_read_a_file_is_answered_as_if_it_were_not_there(talk: Talk) -> None:
    loose, file = await sent(talk), await sent(talk, samples.png(), "image/png")
    await filed(talk, file)
    absent = problem(await talk.get(f"/files/{NOBODY_S}", talk.citizen()))
    strangers = [
        talk.citizen(BINH.identity_no), talk.citizen(None), talk.token("clerk", units=(OTHER_UNIT,)), talk.token("publisher", units=()),
    ]  # fmt: skip

    answers = [await talk.get(f"/files/{id_}", who) for who in strangers for id_ in (loose, file)]
    answers.append(await talk.get(f"/files/{loose}", talk.token("clerk")))

    assert absent["code"] == "not-found"
    assert [problem(answer) for answer in answers] == [absent] * len(answers)


async def test_a_file_unknown_somebody_else_s_or_of_another_dossier_is_refused_by_its_field(talk: Talk) -> None:
    own, used = await sent(talk), await sent(talk, samples.png(), "image/png")
    other_s = await sent(talk, token=talk.citizen(BINH.identity_no))
    office_s = await sent(talk, token=talk.token("clerk"))
    await filed(talk, used)

    answers = [
        await talk.post("/dossiers", online(own, file), token=talk.citizen())
        for file in (NOBODY_S, other_s, office_s, used)
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(422, "unknown-file")] * 4
    assert [[error["pointer"] for error in answer.json()["errors"]] for answer in answers] == [
        ["/components/1/file"]
    ] * 4
    assert (await filed(talk, own))["state"] == "submitted"


async def test_one_file_in_two_dossiers_at_once_goes_with_one_of_them(talk: Talk) -> None:
    file = await sent(talk)

    answers = await asyncio.gather(*(talk.post("/dossiers", online(file), token=talk.citizen()) for _ in range(4)))

    assert sorted(answer.status_code for answer in answers) == [201, 422, 422, 422]


async def test_of_two_filings_of_one_moment_that_share_one_file_among_others_one_is_refused(
    service: Service, cabinet: Cabinet, keys: Keys, works: Works
) -> None:
    person, desk = citizen(keys), service.api.state.desk
    common, *own = [
        await handlers.keep_file(
            cabinet, person, named(f"f-{n}"), "application/pdf", samples.streamed(samples.pdf(f"tờ {n}"))
        )
        for n in range(3)
    ]
    filings = [
        given.filed(
            channel="online", components=[Component("Tờ khai", "electronic", file=file.id) for file in (each, common)]
        )
        for each in own
    ]

    answers = await asyncio.gather(
        *(handlers.submit_dossier(desk, Caller(person), filing) for filing in filings), return_exceptions=True
    )

    assert {type(answer) for answer in answers} == {Dossier, UnknownFile}
    dossiers = await works.pool.fetch("SELECT dossier FROM file WHERE dossier IS NOT NULL")
    assert [row["dossier"] for row in dossiers] == [each.id for each in answers if isinstance(each, Dossier)] * 2


async def test_papers_supplied_and_the_result_are_files_too(talk: Talk) -> None:
    dossier = await talk.file(talk.citizen(), channel="online", components=[])
    dossier = await talk.act(dossier, "accept", "clerk")
    dossier = await talk.act(dossier, "assign", "head", {"officer": "cb-12"})
    asked = {"components": ["Căn cước"], "reason": "Ảnh bị mờ"}
    dossier = await talk.act(dossier, "request-supplement", "clerk", asked)
    paper = await sent(talk, samples.jpeg(), "image/jpeg")
    wrong = await talk.post(
        f"/dossiers/{dossier['id']}/supply",
        {"components": [{"name": "Căn cước", "file": NOBODY_S}]},
        token=talk.citizen(),
        if_match="*",
    )
    dossier = await talk.act(dossier, "supply", "citizen", {"components": [{"name": "Căn cước", "file": paper}]})
    result = await sent(talk, token=talk.token("handler"))

    dossier = await talk.act(dossier, "settle", "handler", {"outcome": "granted", "result_file": result})

    assert wrong.json()["errors"][0]["pointer"] == "/components/0/file"
    detail = (await talk.get(f"/dossiers/{dossier['id']}", talk.citizen())).json()
    assert (detail["components"][0]["file"], detail["result_file"]) == (paper, result)
    assert (await talk.get(f"/files/{result}", talk.citizen())).content == PDF
    assert (await talk.get(f"/files/{paper}", talk.token("handler"))).content == samples.jpeg()


async def test_a_result_that_is_not_the_office_s_is_refused(talk: Talk) -> None:
    dossier = await talk.act(await talk.file(), "assign", "head", {"officer": "cb-12"})
    citizen_s = await sent(talk)

    answer = await talk.post(
        f"/dossiers/{dossier['id']}/settle",
        {"outcome": "granted", "result_file": citizen_s},
        token=talk.token("handler"),
        if_match='"2"',
    )

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown-file")
    assert answer.json()["errors"][0]["pointer"] == "/result_file"
    assert (await talk.get(f"/dossiers/{dossier['id']}", talk.token("handler"))).json()["state"] == "in-progress"


async def test_no_content_name_or_digest_reaches_a_log(
    talk: Talk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await filed(talk, await sent(talk))
    await send(talk, PDF + b"x")
    (blob,) = kept(tmp_path)

    said = "\n".join(record.getMessage() for record in caplog.records if record.name.split(".")[0] != "httpx")

    assert samples.SECRET not in said
    assert blob.name not in said


async def test_a_clerk_hands_in_scans_at_the_counter(talk: Talk) -> None:
    scan = await sent(talk, token=talk.token("clerk"))
    papers = [{**paper, "file": scan} for paper in body(MARITAL_STATUS)["components"]]

    dossier = await talk.file(components=papers)

    assert (await talk.get(f"/files/{scan}", talk.citizen())).content == PDF
    assert dossier["state"] == "accepted"


async def test_a_person_with_two_roles_hands_in_for_the_office(cabinet: Cabinet, keys: Keys) -> None:
    both = Principal(
        "cb-12", frozenset({"citizen", "clerk"}), frozenset({UNIT}), recipient=citizen(keys).recipient, acting="clerk"
    )

    file = await handlers.keep_file(cabinet, both, named("two"), "application/pdf", samples.streamed(PDF))

    assert (file.owner.units, file.owner.recipient) == (frozenset({UNIT}), None)
    assert isinstance(file.id, UUID)
