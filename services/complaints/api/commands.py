"""The commands on a case: each takes the version read, and is done once."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from services.complaints.api import bodies
from services.complaints.api.common import Doing, doing
from services.complaints.api.schemas import CaseView
from services.complaints.handlers import commands

router = APIRouter(prefix="/v1")


# -- any kind --------------------------------------------------------------------------------------------------------


@router.post("/cases/{id}/assign")
async def assign_case(body: bodies.AssignBody, it: Annotated[Doing, Depends(doing("assign"))]) -> CaseView:
    """Give the case to an officer."""
    return it.show(await commands.assign_case(it.desk, it.asked, officer=body.officer))


@router.post("/cases/{id}/withdraw")
async def withdraw_case(body: bodies.WithdrawBody, it: Annotated[Doing, Depends(doing("withdraw"))]) -> CaseView:
    """Take the case back before it is decided or answered."""
    return it.show(await commands.withdraw_case(it.desk, it.asked, reason_class=body.reason_class, reason=body.reason))


@router.post("/cases/{id}/transfer")
async def transfer_case(body: bodies.TransferBody, it: Annotated[Doing, Depends(doing("transfer"))]) -> CaseView:
    """Ask another unit to take the case; one's own stays accountable until it does."""
    return it.show(
        await commands.transfer_case(
            it.desk, it.asked, to_unit=body.to_unit, reason_class=body.reason_class, reason=body.reason
        )
    )


@router.post("/cases/{id}/accept-transfer")
async def accept_transfer(it: Annotated[Doing, Depends(doing("accept-transfer"))]) -> CaseView:
    """Take the case one's unit was asked to take."""
    return it.show(await commands.accept_transfer(it.desk, it.asked))


@router.post("/cases/{id}/reject-transfer")
async def reject_transfer(
    body: bodies.RejectTransferBody, it: Annotated[Doing, Depends(doing("reject-transfer"))]
) -> CaseView:
    """Do not take the case; the second time the common superior gets it."""
    return it.show(
        await commands.reject_transfer(it.desk, it.asked, reason_class=body.reason_class, reason=body.reason)
    )


# -- complaints ------------------------------------------------------------------------------------------------------


@router.post("/cases/{id}/accept")
async def accept_case(body: bodies.AcceptBody, it: Annotated[Doing, Depends(doing("accept"))]) -> CaseView:
    """Take a complaint on, with its contents; the settlement clock starts. Refused by name when it is out of time."""
    return it.show(
        await commands.accept_case(
            it.desk, it.asked, points=body.contents, complex_grounds=body.complex, learned_on=body.learned_on, obstacle=body.obstacle,
        )
    )  # fmt: skip


@router.post("/cases/{id}/refuse")
async def refuse_case(body: bodies.RefuseBody, it: Annotated[Doing, Depends(doing("refuse"))]) -> CaseView:
    """Do not accept a complaint, on a ground of the law and with the reason."""
    return it.show(await commands.refuse_case(it.desk, it.asked, ground=body.ground, reason=body.reason))


@router.post("/cases/{id}/suspend")
async def suspend_case(body: bodies.SuspendBody, it: Annotated[Doing, Depends(doing("suspend"))]) -> CaseView:
    """Let settlement stand still by decision."""
    return it.show(await commands.suspend_case(it.desk, it.asked, ground=body.ground, reason=body.reason))


@router.post("/cases/{id}/resume")
async def resume_case(body: bodies.ResumeBody, it: Annotated[Doing, Depends(doing("resume"))]) -> CaseView:
    """Settlement goes on from today."""
    return it.show(await commands.resume_case(it.desk, it.asked, reason=body.reason))


@router.post("/cases/{id}/extend")
async def extend_case(body: bodies.ExtendBody, it: Annotated[Doing, Depends(doing("extend"))]) -> CaseView:
    """Give a complaint that proved complex the law's longer limit, before the first is over."""
    return it.show(await commands.extend_case(it.desk, it.asked, ground=body.ground, reason=body.reason))


@router.post("/cases/{id}/schedule-dialogue")
async def schedule_dialogue(
    body: bodies.ScheduleBody, it: Annotated[Doing, Depends(doing("schedule-dialogue"))]
) -> CaseView:
    """Invite the parties to a dialogue, as early before it as the law says."""
    return it.show(await commands.schedule_dialogue(it.desk, it.asked, to_meet_at=body.at, place=body.place))


@router.post("/cases/{id}/record-dialogue")
async def record_dialogue(
    body: bodies.DialogueBody, it: Annotated[Doing, Depends(doing("record-dialogue"))]
) -> CaseView:
    """Take the minutes of a dialogue."""
    return it.show(
        await commands.record_dialogue(
            it.desk, it.asked, held_on=body.held_on, outcome=body.outcome, minutes=body.minutes
        )
    )


@router.post("/cases/{id}/decide")
async def decide_case(body: bodies.DecideBody, it: Annotated[Doing, Depends(doing("decide"))]) -> CaseView:
    """Decide a complaint with a finding for each content; refused by name when one is missing or a dialogue is owed first."""
    reasonings = [each.reasoning for each in body.findings]
    return it.show(
        await commands.decide_case(
            it.desk, it.asked, number=body.number, findings=body.found(), reasonings=reasonings, text=body.text
        )
    )


@router.post("/cases/{id}/deliver")
async def deliver_decision(body: bodies.DeliverBody, it: Annotated[Doing, Depends(doing("deliver"))]) -> CaseView:
    """The decision reached the complainant today; the window for a second complaint runs."""
    return it.show(await commands.deliver_decision(it.desk, it.asked, method=body.method))


@router.post("/cases/{id}/appeal")
async def appeal_case(body: bodies.AppealBody, it: Annotated[Doing, Depends(doing("appeal"))]) -> CaseView:
    """Complain a second time, to the superior unit: against the decision, or because there was none in time."""
    return it.show(await commands.appeal_case(it.desk, it.asked, reason=body.reason))


# -- feedback and petitions ------------------------------------------------------------------------------------------


@router.post("/cases/{id}/answer")
async def answer_case(body: bodies.AnswerBody, it: Annotated[Doing, Depends(doing("answer"))]) -> CaseView:
    """Answer the citizen: what became of it, and in words."""
    return it.show(await commands.answer_case(it.desk, it.asked, outcome=body.outcome, text=body.text))


@router.post("/cases/{id}/publish")
async def publish_case(body: bodies.PublishBody, it: Annotated[Doing, Depends(doing("publish"))]) -> CaseView:
    """Publish a version of the outcome without personal data."""
    return it.show(await commands.publish_case(it.desk, it.asked, text=body.text))


@router.post("/cases/{id}/rate")
async def rate_case(body: bodies.RateBody, it: Annotated[Doing, Depends(doing("rate"))]) -> CaseView:
    """Say how satisfied one is with the answer."""
    return it.show(await commands.rate_case(it.desk, it.asked, score=body.score, comment=body.comment))


@router.post("/cases/{id}/reopen")
async def reopen_case(body: bodies.ReopenBody, it: Annotated[Doing, Depends(doing("reopen"))]) -> CaseView:
    """Ask for another answer; the third time the superior unit gives it."""
    return it.show(await commands.reopen_case(it.desk, it.asked, reason_class=body.reason_class, reason=body.reason))
