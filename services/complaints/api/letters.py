"""Letters: hand in, find, read, and what their screeners and senders do with them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from services.complaints import domain
from services.complaints.api.bodies import (
    FileBody,
    GuideBody,
    LetterFilters,
    LinkBody,
    PassOnBody,
    RequestSupplementBody,
    SplitBody,
    SubmissionBody,
    SupplyBody,
)
from services.complaints.api.common import At, LetterReader, Paged, span
from services.complaints.api.schemas import CaseBrief, Lookup, SplitView, SubmissionDetail, SubmissionView
from services.complaints.domain import Submission
from services.complaints.handlers import letters, reading
from services.complaints.handlers.desk import nobody
from shared.kernel import Once, Principal
from shared.store.lookups import lookup_secret
from shared.web.auth import SCHEME, caller, public, signed_in
from shared.web.commands import Command, given
from shared.web.cursor import Page
from shared.web.door import Door
from shared.web.etag import revalidate
from shared.web.idempotency import Renderer, once, stamp
from shared.web.limits import limited
from shared.web.refusals import TokenMissing

router = APIRouter(prefix="/v1")

_strangers = limited("anonymous-letters", per_minute=20, burst=20)


async def _sender(request: Request, response: Response) -> Principal | None:
    """Who is signed in; nobody without a token, and those are limited."""
    if "authorization" in request.headers:
        return await signed_in(request)
    await _strangers(request, response)
    return None


Sender = Annotated[Principal | None, Depends(_sender)]


def _view_filed(shown: Mapping[str, Any], door: Door) -> SubmissionView:
    """A letter as it is answered to who handed it in, with the secret of its receipt."""
    secret = lookup_secret(door.keys, shown["id"], shown["lookup_number"])
    return SubmissionView.model_validate({**shown, "lookup": Lookup(code=shown["receipt_no"], secret=secret)})


def _replay_filed(answer: bytes, door: Door) -> SubmissionView:
    """The first answer of a repeated filing; its secret is made again."""
    snapshot = msgspec.json.decode(answer)
    return _view_filed({**snapshot, "id": UUID(snapshot["id"])}, door)


def _replay(answer: bytes, _door: Door) -> SubmissionView:
    return SubmissionView.model_validate_json(answer)


def _replay_split(answer: bytes, _door: Door) -> SplitView:
    return SplitView.model_validate_json(answer)


def doing(command: str, render: Renderer = _replay) -> Callable[..., Awaitable[Command]]:
    """The dependency of a command's route on a letter."""
    return given(domain.LETTER_ROLES[command], render)


@router.post(
    "/submissions", status_code=201, dependencies=[Depends(public)], openapi_extra={"security": [{SCHEME: []}, {}]},
    responses={
        401: {"description": "Only an anonymous letter needs no sign-in; or the token is not valid."},
        403: {"description": "An officer takes letters for units of theirs alone."},
        429: {"description": "Too many letters without a sign-in in a short time."},
    },
)  # fmt: skip
async def hand_in_letter(
    body: SubmissionBody, desk: At, request: Request, response: Response, who: Sender,
    key: Annotated[Once, Depends(once(201, render=_replay_filed, location="/v1/submissions/{id}"))],
) -> SubmissionView:  # fmt: skip
    """Hand in a letter: signed in with one's name, at the counter by an officer, or anonymously without a sign-in.

    An anonymous letter keeps nothing of a sign-in. Its receipt number and secret are the only way back to it.
    """
    if who is None and not body.anonymous:
        raise TokenMissing(headers={"www-authenticate": 'Bearer realm="gandan"'})
    sender = nobody(key) if who is None else caller(who, key)
    submission = await letters.register_letter(desk, sender, body.filing())
    shown = _view_filed(domain.submission_snapshot(submission, sender.principal), request.app.state.door)
    stamp(request, response, shown)
    return shown


@router.get("/submissions")
async def list_letters(
    desk: At, who: LetterReader, page: Paged, filters: Annotated[LetterFilters, Query()]
) -> Page[SubmissionView]:
    """Letters of the units one screens for, newest first; a citizen sees their own."""
    rows = await reading.list_letters(desk, who, state=filters.state, unit=filters.unit, **span(page))
    return page.page(rows, lambda letter: (str(letter.id),), lambda letter: _view(letter, who))


def _view(submission: Submission, who: Principal) -> SubmissionView:
    return SubmissionView.model_validate(domain.submission_snapshot(submission, who))


@router.get("/submissions/{id}")
async def get_letter(id: UUID, desk: At, who: LetterReader, request: Request, response: Response) -> SubmissionDetail:
    """A letter and its cases; its text for its people, and for screeners until it is classified."""
    submission, texts, opened = await reading.read_letter(desk, who, id)
    revalidate(request, response, submission.version)
    written = {} if texts is None else asdict(texts) | {"written": letters_for(submission, who, texts.written)}
    briefs = [CaseBrief.model_validate(domain.brief(case)) for case in opened]
    shown = {**domain.submission_snapshot(submission, who), **written, "text": written.get("body"), "opened": briefs}
    return SubmissionDetail.model_validate(shown)


def letters_for(
    submission: Submission, who: Principal, written: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """What a reader is shown of what was written: why letters are linked may tell of somebody else, so the sender is not."""
    hidden = domain.is_sender(submission, who)
    return [each for each in written if not hidden or each["command"] in {*domain.SENDERS_LETTERS, "supply"}]


@router.post("/submissions/{id}/split")
async def split_letter(
    body: SplitBody, desk: At, it: Annotated[Command, Depends(doing("split", _replay_split))]
) -> SplitView:
    """Say what each part of a letter is and which unit is competent: each becomes a case there."""
    parts = [part.part() for part in body.parts]
    submission, opened = await letters.split_letter(desk, it.by, it.id, it.seen, parts)
    return it.answered(SplitView.model_validate(letters.split_answer(submission, opened, it.who)))


@router.post("/submissions/{id}/guide")
async def guide_letter(body: GuideBody, desk: At, it: Annotated[Command, Depends(doing("guide"))]) -> SubmissionView:
    """Show the sender the right way; nothing is opened here."""
    submission = await letters.guide_letter(
        desk, it.by, it.id, it.seen, reason_class=body.reason_class, reason=body.reason
    )
    return _shown(submission, it)


@router.post("/submissions/{id}/file")
async def file_letter(body: FileBody, desk: At, it: Annotated[Command, Depends(doing("file"))]) -> SubmissionView:
    """Keep a letter that is not settled, with the reason."""
    submission = await letters.file_letter(
        desk, it.by, it.id, it.seen, reason_class=body.reason_class, reason=body.reason
    )
    return _shown(submission, it)


@router.post("/submissions/{id}/request-supplement")
async def request_supplement(
    body: RequestSupplementBody, desk: At, it: Annotated[Command, Depends(doing("request-supplement"))]
) -> SubmissionView:
    """Ask the sender for what is missing: the screening stands still until it comes."""
    submission = await letters.request_supplement(
        desk, it.by, it.id, it.seen, reason=body.reason, respond_by=body.respond_by
    )
    return _shown(submission, it)


@router.post("/submissions/{id}/supply")
async def supply_letter(body: SupplyBody, desk: At, it: Annotated[Command, Depends(doing("supply"))]) -> SubmissionView:
    """Supply what was missing, as its sender or at the counter; without a sign-in: `POST /lookups/supply`."""
    submission = await letters.supply_letter(desk, it.by, it.id, it.seen, text=body.text)
    return _shown(submission, it)


@router.post("/submissions/{id}/link")
async def link_letter(body: LinkBody, desk: At, it: Annotated[Command, Depends(doing("link"))]) -> SubmissionView:
    """Find that the letter says what another one of one's units says already; never across confidentiality."""
    submission = await letters.link_letter(
        desk, it.by, it.id, it.seen, with_submission=body.with_submission, reason=body.reason
    )
    return _shown(submission, it)


@router.post("/submissions/{id}/transfer")
async def transfer_letter(
    body: PassOnBody, desk: At, it: Annotated[Command, Depends(doing("transfer"))]
) -> SubmissionView:
    """Pass the letter on: a unit of the province screens it anew; with a body outside it ends here, and the sender is told."""
    submission = await letters.transfer_letter(
        desk, it.by, it.id, it.seen, to_unit=body.to_unit, to_body=body.to_body, reason_class=body.reason_class, reason=body.reason
    )  # fmt: skip
    return _shown(submission, it)


def _shown(submission: Submission, it: Command) -> SubmissionView:
    return it.answered(_view(submission, it.who))
