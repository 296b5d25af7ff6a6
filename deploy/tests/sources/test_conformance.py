"""The conformance kit at the real doors: it passes our own publisher, and tells a wrong one what to change."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from gandan_publisher import HttpDoor, Publisher

from deploy.cli.conformance_set import Ground, Set
from deploy.tests.province import PROCEDURE, UNIT
from deploy.tests.sources.district import REAL, SANDBOX, District
from deploy.tests.sources.test_publisher import dossier, settled
from services.intake.domain.sources import Reason
from shared.law import ZONE

pytestmark = pytest.mark.journey

CODE = "H50.44.12-261123-0201"
BEYOND = {"too-fast", "unknown-procedure", "waited-too-long"}
"""Reasons that no message asks for: a flood, and a week of waiting."""


@pytest.mark.parametrize("door", ["http", "kafka"])
async def test_every_message_of_ours_comes_back_as_it_must(district: District, door: str) -> None:
    code, out, err = await district.gandan("conformance", "--source", SANDBOX, "--door", door, "--json")

    report = json.loads(out or "{}")
    assert (code, err) == (0, "")
    assert [each for each in report["findings"] if not each["ok"]] == []
    reasons = {each["reason"] for each in report["findings"]} - {None}
    assert reasons == {reason.value for reason in Reason} - BEYOND
    quality = await district.got(f"/intake/v1/sources/{SANDBOX}/quality")
    assert [each for each in quality["missing"] if not each["series"].startswith("H50.44.12-")] == []


async def test_a_source_that_is_no_sandbox_is_left_alone(district: District) -> None:
    before = await district.got(f"/intake/v1/sources/{REAL}/events", REAL)

    code, _, err = await district.gandan("conformance", "--source", REAL, "--lang", "en")

    assert (code, err) == (1, f"gandan conformance: {REAL} is no sandbox: test messages go to a sandbox source only.\n")
    assert await district.got(f"/intake/v1/sources/{REAL}/events", REAL) == before


async def test_an_account_that_is_no_source_and_a_server_that_is_not_there_are_told_apart(district: District) -> None:
    unknown, _, said = await district.gandan("conformance", "--source", "nobody")
    absent, _, _ = await district.gandan("conformance", "--source", SANDBOX, "--url", "http://127.0.0.1:9")

    assert (unknown, absent) == (1, 3)
    assert "must be the principal of this source" in said


async def test_our_own_publisher_passes(district: District, tmp_path: Path) -> None:
    with HttpDoor("http://127.0.0.1:9", lambda: "none", attempts=1) as nobody:
        publisher = Publisher(SANDBOX, nobody, tmp_path / "outbox.jsonl", now=district.province.clock)
        for number in range(1, 4):
            publisher.tell(dossier(district, f"{CODE}{number}"))
            publisher.tell(settled(district, f"{CODE}{number}"))

    code, out, _ = await district.gandan(
        "conformance", "--source", SANDBOX, "--check", str(tmp_path / "outbox.jsonl"), "--lang", "en"
    )

    assert (code, out) == (0, f"{SANDBOX}: 6 right, 0 to change\n")
    items = (await district.got(f"/intake/v1/sources/{SANDBOX}/events"))["items"]
    assert [each for each in items if each["code"] == f"{CODE}1"] == []


def wrongly(district: District) -> list[dict[str, Any]]:
    """What a publisher sends that was written without reading the guide."""
    at = (district.province.clock() - timedelta(minutes=5)).astimezone(ZONE).isoformat()

    def event(number: int, kind: str = "dossier-upserted", source: str = SANDBOX, **data: Any) -> dict[str, Any]:
        code = f"H50.44.12-261123-030{number}"
        said = {
            "code": code,
            "procedure": PROCEDURE,
            "unit": UNIT,
            "channel": "direct",
            "submitted_at": at,
            "status": 2,
            **data,
        }
        return {
            "specversion": "1.0", "id": f"wrong-{number}", "source": f"/sources/{source}", "type": f"vn.gandan.source.{kind}.v1", "subject": code, "data": said,
        }  # fmt: skip

    return [
        event(1, name="Nguyễn Văn An", phone="0912345678"), event(2, status="2"), event(3, submitted_at=at[:19].replace("T", " ")),
        event(4, channel="Trực tiếp"), event(5, ward="19360"), event(6, source="tan-thanh-cu"), event(7, unit=19360),
        event(8, kind="dossier-created"), event(9, procedure="9.999999"),
    ]  # fmt: skip


@pytest.mark.parametrize("lang", ["vi", "en"])
async def test_a_wrong_publisher_is_told_what_to_change(district: District, tmp_path: Path, lang: str) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text("\n".join(json.dumps(each) for each in wrongly(district)), "utf-8")

    code, out, _ = await district.gandan("conformance", "--source", SANDBOX, "--check", str(file), "--lang", lang)

    assert code == 1
    assert "Nguyễn" not in out
    assert "0912345678" not in out
    for sentence in SENTENCES[lang]:
        assert sentence in out


SENTENCES = {
    "en": [
        f"{SANDBOX}: 1 right, 8 to change",
        "came back: rejected clear-personal-data /data/name /data/phone",
        "The event holds personal data in clear and was not kept. Send it in contact_sealed, or not at all for a denunciation.",
        '/data/status must be a whole number from 1 to 10; it was "2".',
        "/data/submitted_at must be an instant with its zone, such as 2026-11-23T08:15:00+07:00; it was ",
        '/data/channel must be direct | online | postal; it was "..." (9).',
        "/data/ward: there is no such field.",
        f'/source must be /sources/{SANDBOX}; it was "/sources/tan-thanh-cu".',
        "/data/unit must be a text of the form ^(?:[0-9]{2,5})$; it was 19360.",
        "/type must be vn.gandan.source.dossier-upserted.v1, vn.gandan.source.dossier-progressed.v1",
        "Waits for the catalogue to know the procedure, 7 days at most.",
    ],
    "vi": [
        f"{SANDBOX}: 1 đúng, 8 cần sửa",
        "Sự kiện chứa thông tin cá nhân chưa mã hóa nên không được lưu. Hãy gửi trong contact_sealed; đơn tố cáo thì không gửi.",
        '/data/status cần số nguyên từ 1 đến 10; đã gửi "2".',
        "/data/ward: không có trường này.",
    ],
}


async def test_our_messages_name_nobody_and_each_has_its_own_name(district: District) -> None:
    ground = Ground(SANDBOX, UNIT, "19333", PROCEDURE, 65_536, district.province.clock(), "c2VhbGVk", "c2VhbGVk")

    messages = Set(ground).messages()

    assert len({message.name for message in messages}) == len(messages)
    dossiers = [json.loads(each.body) for each in messages if b"dossier-upserted" in each.body]
    numbers = [each["data"]["code"].rpartition("-")[2] for each in dossiers]
    assert list(dict.fromkeys(numbers)) == [f"{number:04}" for number in range(1, len(set(numbers)) + 1)]
    assert all(json.loads(message.body)["subject"] == message.key for message in messages if message.name != "not-json")
