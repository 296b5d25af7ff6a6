"""Files on their way in, in the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from services.intake.tests.talk import Json, Talk, body
from shared.kernel import Once
from shared.store.files.tests import samples

PDF = samples.pdf()


async def send(
    talk: Talk, content: Any = PDF, kind: str = "application/pdf", *, token: str | None = None, key: str | None = None
) -> httpx.Response:
    return await talk.http.post(
        "/files", content=content,
        headers={"authorization": f"Bearer {token or talk.citizen()}", "content-type": kind, "idempotency-key": key or f"file-{next(talk.keys)}"},
    )  # fmt: skip


async def sent(talk: Talk, content: bytes = PDF, kind: str = "application/pdf", token: str | None = None) -> str:
    answer = await send(talk, content, kind, token=token)
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["id"]
    return id_


def online(*files: str, **changes: Any) -> Json:
    """An online dossier with these files as papers."""
    papers = [{"name": f"Tờ {n}", "kind": "electronic", "file": file} for n, file in enumerate(files)]
    return body(channel="online", components=papers, **changes)


async def filed(talk: Talk, *files: str, token: str | None = None) -> Json:
    answer = await talk.post("/dossiers", online(*files), token=token or talk.citizen())
    assert answer.status_code == 201, answer.text
    dossier: Json = answer.json()
    return dossier


def kept(folder: Path) -> list[Path]:
    """Everything in the store of files."""
    return sorted(path for path in (folder / "files").rglob("*") if path.is_file())


def named(key: str) -> Any:
    return lambda digest: Once.of(key, "POST", "/v1/files", digest, 201)
