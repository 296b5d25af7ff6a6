"""Following: what intake states of letters that other systems keep becomes letters and cases here, with the law's limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.complaints import domain
from services.complaints.domain import Case, Submission, mirror
from services.complaints.domain.case import Decided
from services.complaints.handlers.desk import Desk, state_case, state_letter, today
from services.complaints.store import cases, people, reference, submissions
from services.complaints.store.people import Party
from shared.contracts.envelope import Fact
from shared.contracts.intake import LetterFollowed
from shared.kernel import NotFound, Refused
from shared.store import vault
from shared.store.lookups import lookup_secret, lookup_verifier
from shared.store.unit_of_work import Cause, Work


class NotFollowed(Exception):  # noqa: N818 - names a state of affairs
    """What intake states cannot be followed here: its record is parked and seen, never dropped."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One fact of intake's, as it is followed here."""

    told: LetterFollowed
    cause: Cause


async def follow_letters(desk: Desk, work: Work, heard: Sequence[Heard]) -> None:
    """Follow each, in order; letters are few, so one after the other."""
    for each in heard:
        try:
            await _Following(desk, work, each.told, each.cause).follow()
        except Refused as refused:
            raise NotFollowed(f"letter {each.told.letter}: {type(refused).__name__}") from refused


@dataclass(slots=True)
class _Following:
    """One fact being followed."""

    desk: Desk
    work: Work
    told: LetterFollowed
    cause: Cause

    async def follow(self) -> None:
        """Through every state, then a promise that moved and a person who is told elsewhere."""
        told = self.told
        submission = await self._letter()
        case = await cases.first_of(self.work, told.letter)
        if told.recipient is not None and told.recipient != submission.recipient:
            await people.readdress(self.work, told.letter, told.recipient)
            submission = submission.having(recipient=told.recipient)
            case = None if case is None else case.having(recipient=told.recipient)
        for number, state in enumerate(told.steps, 1):
            if state != "received":
                submission, case = await self._step(submission, case, state, inferred=number < len(told.steps))
        if case is None:
            return
        if told.taken_back:
            case = await self._save(case, mirror.take_back(case, told, self.desk.office_at(told.received_at)))
        if (promised := mirror.promise(case, told)) is not None:
            await self._save(case, promised)

    async def _letter(self) -> Submission:
        """The letter, or a new one."""
        work, told = self.work, self.told
        try:
            return await submissions.load(work, told.letter)
        except NotFound:
            keys = work.works.keys
        verifier = lookup_verifier(keys, told.code, lookup_secret(keys, told.letter, 0))
        submission, fact = mirror.begin(
            told, verifier=verifier, at=work.now, office=self.desk.office_at(told.received_at)
        )
        await submissions.create(work, submission, submissions.LetterTexts(""))
        if told.recipient is not None:
            await people.add(work, told.letter, [self._sender(told)])
        state_letter(work, None, submission, [self._marked(fact)], self.cause)
        return submission

    def _sender(self, told: LetterFollowed) -> Party:
        """An inbox without a name: who it is stands in intake's vault."""
        recipient, row = told.recipient or self.work.new_id(), self.work.new_id()
        self.work.keep(vault.enclose(self.work.works.keys, row, recipient, vault.Details("")), contact=False)
        return Party(self.work.new_id(), "sender", recipient, row)

    async def _step(
        self, submission: Submission, case: Case | None, state: str, *, inferred: bool
    ) -> tuple[Submission, Case | None]:
        office = self.desk.office_at(self.told.received_at)
        if case is not None:
            return submission, await self._save(case, mirror.advance(case, state, self.told, office), inferred=inferred)
        if submission.state not in domain.UNREAD:
            return submission, None  # a denunciation: where it stands there is not told on
        after, fact = mirror.read(submission, state, self.told, office)
        await submissions.save(self.work, after)
        state_letter(self.work, submission, after, [self._marked(fact, inferred=inferred)], self.cause)
        return after, await self._open(after, inferred=inferred) if after.state is domain.Stage.SPLIT else None

    async def _open(self, submission: Submission, *, inferred: bool) -> Case:
        told = self.told
        unit = await reference.unit(self.work.db, told.unit, today(told.received_at))
        unit = unit or await reference.unit(self.work.db, told.unit, today(self.work.now))
        if unit is None:
            raise NotFollowed(f"letter {told.letter}: unit {told.unit} is not here yet")
        office = self.desk.office_at(told.received_at)
        case, stated = mirror.open_owned(submission, told, unit, id=self.work.new_id(), office=office)
        await cases.create(self.work, case, summary=told.subject_class or "")
        state_case(self.work, None, case, [self._marked(fact, inferred=inferred) for fact in stated], self.cause)
        return case

    async def _save(self, before: Case, decided: Decided, *, inferred: bool = False) -> Case:
        after, stated = decided
        for version in range(before.version + 1, after.version + 1):
            await cases.save(self.work, after.having(version=version))
        state_case(self.work, before, after, [self._marked(fact, inferred=inferred) for fact in stated], self.cause)
        return after

    def _marked(self, fact: Fact, *, inferred: bool = False) -> Fact:
        marks: Any = {"backfill": self.told.backfill, "inferred": inferred}
        return replace(fact, **marks)
