"""Invented dossiers: who files them, where, and the requests that do it."""

from __future__ import annotations

from functools import cache
from typing import Any

import orjson

from services.intake import data

PROCEDURE = "1.004873"
CITIZENS = 400
_DAY = 86_400


@cache
def units() -> tuple[str, ...]:
    """Codes of the 78 communes, wards and special zone: as many agencies, hence as many code counters."""
    return tuple(unit.code for unit in data.units() if unit.level == "commune")


def person(number: int) -> str:
    """An invented identity number."""
    return f"044{number:09d}"


def body(number: int) -> dict[str, Any]:
    """A dossier filed online, as a citizen's form sends it."""
    return {
        "procedure": PROCEDURE, "unit": units()[number % len(units())], "channel": "online",
        "submitter": {
            "name": f"Nguyễn Văn An {number}", "identity_no": person(number % CITIZENS), "phone": f"09{number % 100_000_000:08d}",
            "address": f"Số {number % 900 + 1}, đường Hùng Vương",
        },
        "components": [
            {"name": "Tờ khai cấp Giấy xác nhận tình trạng hôn nhân", "kind": "electronic", "count": 1},
            {"name": "Giấy tờ chứng minh đã ly hôn hoặc người vợ, chồng đã chết", "kind": "copy", "count": 1},
        ],
        "summary": "Cấp giấy xác nhận tình trạng hôn nhân",
    }  # fmt: skip


def request(method: str, path: str, token: str, payload: Any = None, **headers: str) -> bytes:
    """One HTTP/1.1 request, complete."""
    content = b"" if payload is None else orjson.dumps(payload)
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", f"authorization: Bearer {token}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if payload is not None:
        lines += [] if "content_type" in headers else ["content-type: application/json"]
        lines += [f"content-length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content
