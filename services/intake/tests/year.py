"""A province on the movable clock, act by act, and what the slow hand says of each dossier.

Acts of the whole province (a storm that changes the calendar in June, two communes that become one in July) are entries of `Year.acts`
like any other; the hand that counts is `slow`.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import islice
from random import Random
from typing import Any

from services.intake import data, handlers
from services.intake.domain import Component, Dossier, Succession
from services.intake.handlers import Desk
from services.intake.tests import slow
from services.intake.tests.given import filed, officer, submit
from services.intake.tests.slow import Slow, at, is_worked
from shared.kernel import Caller, Principal
from shared.law import ZONE
from shared.store.vault import Details
from shared.testing.clock import StandingClock

FIRST, LAST_FILING, LAST = date(2025, 12, 8), date(2026, 10, 30), date(2026, 12, 31)
UNITS = tuple(sorted(unit.code for unit in data.units() if unit.level == "commune"))
PROCEDURES = tuple(each for each in data.procedures() if "commune" in each.levels)
FIRST_PERSON, SECOND_PERSON = (
    Caller(Principal(name, frozenset({"admin"}), acting="admin")) for name in ("ad-1", "ad-2")
)
STORM, DECREED_ON = date(2026, 6, 11), date(2026, 6, 8)
OLD, NEW = UNITS[10], UNITS[11]
WHERE = (*UNITS, *[OLD] * 20)
"""Where people hand in: most of all in the commune that another follows, so that some of its dossiers are open then."""
MERGER = Succession(OLD, NEW, date(2026, 7, 1), "Nghị quyết sáp nhập")
NOON = time(12, 5)
"""Nobody files or settles anything at this hour."""
Act = Callable[[], Awaitable[None]]


@dataclass(eq=False)
class Story:
    """One dossier: what will be done to it, and what the slow hand says about it."""

    number: int
    unit: str
    procedure: data.ProcedureSeed
    online: bool
    dossier: Dossier | None = None
    answer: Slow | None = None
    settlement: Slow | None = None
    due: list[tuple[str, datetime]] = field(default_factory=list)
    """(fact, due instant) by hand, in order."""
    returned: bool = False
    succeeded: list[tuple[str, str]] = field(default_factory=list)
    """From which unit it went to which."""

    @property
    def filed(self) -> Dossier:
        assert self.dossier is not None
        return self.dossier

    @property
    def settling(self) -> Slow:
        assert self.settlement is not None
        return self.settlement


@dataclass
class Year:
    """The desk, the clock, and what happens at which moment."""

    desk: Desk
    clock: StandingClock
    random: Random
    acts: dict[datetime, list[Act]] = field(default_factory=lambda: defaultdict(list))
    stories: list[Story] = field(default_factory=list)
    office: list[datetime] = field(default_factory=list)
    moments: list[datetime] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Moments of the year at which something may happen: two in office hours, one in the evening, weekends too."""
        day = FIRST
        while day <= LAST:
            hours = [
                time(7, self.random.randrange(60)),
                time(self.random.choice((9, 10, 13, 14, 15, 16)), self.random.randrange(30, 60)),
            ]
            if is_worked(day):
                self.office += [at(day, hour) for hour in hours]
            self.moments += [*(at(day, hour) for hour in hours), at(day, time(20, self.random.randrange(60)))]
            day += timedelta(days=1)

    @property
    def now(self) -> datetime:
        """The moment in Vietnam."""
        return self.clock.now.astimezone(ZONE)

    def later(self, moment: datetime, most: int, least: int = 1) -> datetime:
        """A moment in office hours some steps after this one."""
        place = bisect_right(self.office, moment) - 1 + self.random.randint(least, max(least, most))
        return self.office[min(place, len(self.office) - 1)]

    def plan(self, number: int) -> None:
        """Write the script of one dossier."""
        online = self.random.random() < 0.3
        story = Story(number, self.random.choice(WHERE), self.random.choice(PROCEDURES), online)
        moment = self.random.choice([m for m in (self.moments if online else self.office) if m.date() <= LAST_FILING])
        self.stories.append(story)
        self.acts[moment].append(partial(self.file, story))
        if online:
            moment = self.later(moment, 5)
            self.acts[moment].append(partial(self.accept, story))
        self._plan_the_rest(story, moment)

    def _plan_the_rest(self, story: Story, moment: datetime) -> None:
        steps, kind = _days(story.procedure.limit) * 2, self.random.random()
        halves: tuple[Any, Any] | None = None
        if kind < 0.2:
            halves = (self.ask, self.supply)
        elif kind < 0.28:
            halves = (self.bill, self.paid)
        elif kind < 0.36:
            moment = self.later(moment, 1)
            self.acts[moment].append(partial(self.assign, story))
            halves = (self.pause, self.resume)
        elif kind < 0.42 and steps >= 6:
            moment = self.later(moment, 1)
            self.acts[moment].append(partial(self.apologise, story))
        for half in halves or ():
            moment = self.later(moment, max(2, steps // 2))
            self.acts[moment].append(partial(half, story))
        if self.random.random() < 0.97:
            moment = self.later(moment, steps + 4)
            self.acts[moment].append(partial(self.settle, story))
            moment = self.later(moment, 6)
            self.acts[moment].append(partial(self.hand_over, story))

    def plan_the_province(self) -> None:
        """A storm is decreed and counted; two communes become one."""
        self.acts[at(DECREED_ON, NOON)].append(self.decree)
        self.acts[at(DECREED_ON, NOON) + timedelta(minutes=2)].append(self.count)
        self.acts[at(DECREED_ON, NOON) + timedelta(days=7)].append(self.resolve)
        self.acts[at(MERGER.valid_from, time(0, 1))].append(self.merge)

    async def decree(self) -> None:
        """Two people sign; every limit that runs is counted again, here and by hand."""
        content = {"on": STORM.isoformat(), "worked": False, "vi": "Nghỉ tránh bão", "en": "Closed for a storm"}
        act = await handlers.propose(self.desk, FIRST_PERSON, "day", content, number="12/CĐ-UBND", basis="Luật PCTT")
        await handlers.confirm_act(self.desk, SECOND_PERSON, act.id, 1)
        await self.count()
        slow.OFF.add(STORM)
        for story in self.stories:
            for limit in (story.answer, story.settlement):
                if limit is not None and limit.again(self.now) and limit.due is not None:
                    story.due.append(("deadline-moved", limit.due))

    async def count(self) -> None:
        """Count limits again; the second look finds nothing."""
        while await handlers.count_limits_again(self.desk):
            pass

    async def resolve(self) -> None:
        """One commune will follow another."""
        async with self.desk.works.begin(FIRST_PERSON) as work:
            await handlers.keep_succession(self.desk, work, MERGER)
        await handlers.refresh(self.desk)

    async def merge(self) -> None:
        """What is open goes over; what comes later comes to the successor."""
        while await handlers.keep_up(self.desk):
            pass
        for story in self.stories:
            if story.unit == OLD:
                story.unit = NEW
                if story.dossier is not None and not story.returned:
                    story.succeeded.append((OLD, NEW))

    async def file(self, story: Story) -> None:
        who = Details(f"Người thứ {story.number}", f"{44_000_000_000 + story.number:012d}")
        by = officer("clerk", unit=story.unit)
        channel = "postal" if story.online else "direct"
        story.dossier = await submit(
            self.desk, by, filed(story.procedure.code, unit=story.unit, channel=channel, submitter=who)
        )
        if story.online:
            story.answer = Slow("8wh", self.now)
            story.due.append(("answer", story.answer.due or self.now))
        else:
            self._begin(story)

    def _begin(self, story: Story) -> None:
        story.settlement = Slow(story.procedure.limit, self.now)
        self._dated(story, "dossier-accepted")

    def _dated(self, story: Story, fact: str) -> None:
        if story.settling.due is not None:
            story.due.append((fact, story.settling.due))

    async def accept(self, story: Story) -> None:
        await handlers.accept_dossier(self.desk, Caller(officer("clerk", unit=story.unit)), story.filed.id, None)
        assert story.answer is not None
        story.answer.end(self.now)
        self._begin(story)

    async def assign(self, story: Story) -> None:
        await handlers.assign_dossier(self.desk, self._by(story), story.filed.id, None, officer="cb-01")

    async def ask(self, story: Story) -> None:
        await handlers.request_supplement(
            self.desk, self._by(story), story.filed.id, None, components=["Căn cước"], reason="Thiếu", respond_by=None
        )
        story.settling.stop(self.now)

    async def supply(self, story: Story) -> None:
        papers = [Component("Căn cước", "copy")]
        await handlers.supply_components(self.desk, self._by(story), story.filed.id, None, components=papers)
        story.settling.resume(self.now)
        self._dated(story, "supplement-supplied")

    async def bill(self, story: Story) -> None:
        await handlers.require_payment(
            self.desk, self._by(story), story.filed.id, None, amount=20_000, purpose="Lệ phí", notice_no=None, respond_by=None
        )  # fmt: skip
        story.settling.stop(self.now)

    async def paid(self, story: Story) -> None:
        await handlers.confirm_payment(
            self.desk, self._by(story), story.filed.id, None, reference="1", paid_at=self.now
        )
        story.settling.anew(self.now)
        self._dated(story, "payment-confirmed")

    async def pause(self, story: Story) -> None:
        await handlers.pause_dossier(
            self.desk, self._by(story), story.filed.id, None, reason_class="verification", reason="Chờ"
        )
        story.settling.stop(self.now)

    async def resume(self, story: Story) -> None:
        await handlers.resume_dossier(self.desk, self._by(story), story.filed.id, None)
        story.settling.resume(self.now)
        self._dated(story, "dossier-resumed")

    async def apologise(self, story: Story) -> None:
        assert story.settling.due is not None
        day = slow.worked_after(story.settling.due.date(), 2)
        await handlers.move_appointment(
            self.desk, self._by(story), story.filed.id, None, new_due_on=day, reason_class="overload", reason="Bận", signer="ld-01"
        )  # fmt: skip
        story.settling.promise(self.now, day)
        self._dated(story, "appointment-moved")

    async def settle(self, story: Story) -> None:
        await handlers.settle_dossier(self.desk, self._by(story), story.filed.id, None, outcome="granted", number=None)
        story.settling.end(self.now)

    async def hand_over(self, story: Story) -> None:
        await handlers.return_result(self.desk, self._by(story), story.filed.id, None, method="counter")
        story.returned = True

    def _by(self, story: Story) -> Caller:
        return Caller(officer("clerk", "handler", "head", unit=story.unit))

    async def live(self) -> None:
        """Every moment in order: first the sweeper looks, then people act."""
        looks = {
            at(FIRST + timedelta(days=n), hour) for n in range((LAST - FIRST).days + 1) for hour in (time(), time(7))
        }
        for moment in sorted(looks | self.acts.keys()):
            self.clock.now = moment.astimezone(UTC)
            await self.look()
            acts = iter(self.acts.get(moment, ()))
            while several := list(islice(acts, 32)):
                await asyncio.gather(*(act() for act in several))
        self.clock.now = at(LAST, time(23)).astimezone(UTC)
        await self.look()

    async def look(self) -> None:
        while await handlers.announce_stages(self.desk):
            pass


def _days(limit: str) -> int:
    return 1 if limit == "same-day" else int(limit.rstrip("wd"))
