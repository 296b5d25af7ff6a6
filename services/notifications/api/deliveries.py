"""For officers: how a notice left the house, try by try; for anybody with a message: how to stop what may be stopped."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Path
from fastapi.responses import HTMLResponse

from services.notifications import data, handlers
from services.notifications.api.context import PREFIX, Officer, Store
from services.notifications.api.schemas import Attempt, Attempts
from shared.web.auth import public

router = APIRouter(prefix=PREFIX, tags=["deliveries"])

Token = Annotated[str, Path(max_length=64, description="As it stands in the message.")]

_PLAIN = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"}


@router.get("/deliveries/{delivery}/attempts")
async def read_attempts(works: Store, who: Officer, delivery: UUID) -> Attempts:
    """Every try to hand a notice over, in order; an attempt without an outcome was cut off or is under way."""
    row, tries = await handlers.attempts_of(works, who, delivery)
    return Attempts(
        delivery=row["id"],
        notice=row["notification"],
        channel=row["channel"],
        state=row["state"],
        held_for=row["held_for"],
        code=row["code"],
        attempts=[Attempt.model_validate(each) for each in tries],
    )


@router.get("/u/{token}", dependencies=[Depends(public)], response_class=HTMLResponse)
async def ask_to_stop(works: Store, token: Token) -> HTMLResponse:
    """A page with a button: opening the link changes nothing, for scanners of mail open every link."""
    handlers.check_stop(works, token)
    return HTMLResponse(data.text("stop.html"), headers=_PLAIN)


@router.post("/u/{token}", dependencies=[Depends(public)], response_class=HTMLResponse)
async def stop_mail(
    works: Store, token: Token, one_click: Annotated[Literal["One-Click"], Form(alias="List-Unsubscribe")]
) -> HTMLResponse:
    """Stop e-mail that may be stopped (RFC 8058); may be repeated without harm, so it takes no key."""
    del one_click
    await handlers.stop(works, token)
    return HTMLResponse(data.text("stopped.html"), headers=_PLAIN)
