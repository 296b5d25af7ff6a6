"""Files: handed in as the request's body, read as an attachment.

The body is the file, not a form around it: it is sealed as it streams past, while a multipart parser would put it in clear
into a temporary file first; and no name of a file, which is often a person's, ever travels.
"""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from services.intake import handlers
from services.intake.api.schemas import FileView
from services.intake.handlers import Cabinet
from shared.kernel import Principal
from shared.settings import MOST_FILE_BYTES
from shared.store.files import MEDIA_TYPES
from shared.web.auth import allow
from shared.web.idempotency import Named, once_streamed, stamp

router = APIRouter(prefix="/v1")

_BINARY: dict[str, Any] = {kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA_TYPES}
_REFUSED: dict[int | str, dict[str, Any]] = {
    413: {"description": "The file is too large."},
    415: {"description": "Files of this type are not taken, or the content is not what Content-Type says."},
}
_CAGED = {"content-security-policy": "default-src 'none'; sandbox"}


async def _cabinet(request: Request) -> Cabinet:
    cabinet: Cabinet = request.app.state.cabinet
    return cabinet


At = Annotated[Cabinet, Depends(_cabinet)]
SignedIn = Annotated[Principal, Depends(allow())]


@router.post(
    "/files", status_code=201, max_body_size=MOST_FILE_BYTES, responses=_REFUSED,
    openapi_extra={"requestBody": {"required": True, "content": _BINARY}},
)  # fmt: skip
async def keep_file(
    cabinet: At, who: SignedIn, request: Request, response: Response,
    named: Annotated[Named, Depends(once_streamed(201, location="/v1/files/{id}"))],
) -> FileView:  # fmt: skip
    """Hand in one file as the body; its id then goes into a dossier's `components`. Unused, it is dropped after a day."""
    declared = request.headers.get("content-type", "")
    answer = FileView.model_validate(
        handlers.shown(await handlers.keep_file(cabinet, who, named, declared, request.stream()))
    )
    stamp(request, response, answer)
    return answer


@router.get(
    "/files/{id}", response_class=Response, responses={200: {"content": _BINARY, "description": "The file as it was handed in."}}
)  # fmt: skip
async def get_file(id: UUID, cabinet: At, who: SignedIn) -> StreamingResponse:
    """A file, for whoever handed it in or may read its dossier."""
    opened = await handlers.read_file(cabinet, who, id)
    file = opened.file
    named = f'attachment; filename="{file.id}.{MEDIA_TYPES[file.media_type]}"'
    headers = {"content-disposition": named, "content-length": str(file.size), **_CAGED}
    return StreamingResponse(opened.content, headers=headers, media_type=file.media_type)
