"""The dossiers of the sample: those of the day, and those of the weeks before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final

from deploy.demo.acts import DOSSIERS, FILED, Act
from deploy.demo.days import Days
from deploy.demo.people import Who, citizen, handler, officer, person, read
from services.intake.data import ProcedureSeed, procedures

WEEK: Final = 5
WEEKS: Final = 9
FIRST_OF_HISTORY: Final = 1000
"""From this number on people belong to the weeks before the day."""
FIRST_OF_OPEN: Final = 2000
_CITIZENS: Final = frozenset({"supply", "withdraw"})
_ROLES: Final = {"accept": "clerk", "refuse": "clerk", "assign": "head", "request-supplement": "clerk", "settle": "handler", "return-result": "clerk"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filing:
    """One dossier: what for, where, how it came and by whom; `number` is also its person's."""

    matter: str
    number: int
    unit: str
    procedure: ProcedureSeed
    channel: str
    outcome: str = "granted"

    def act(self, command: str, at: Any) -> Act:
        """Something done with it."""
        return Act(at, self.matter, DOSSIERS, command, self._who(command), _body(self, command))

    def _who(self, command: str) -> Who:
        if command in _CITIZENS or (command == FILED and self.channel == "online"):
            return citizen(self.number)
        return officer(_ROLES.get(command, "clerk"), self.unit, self.number)


def of_the_day(days: Days) -> Iterator[Act]:
    """The acts of the dossiers in `day.toml`."""
    data = read("day.toml")
    yield from _grouped("day", 0, data["group"], data["unit"], days, every=data["every"])


def _grouped(name: str, number: int, groups: Any, unit: str, days: Days, *, every: int) -> Iterator[Act]:
    """The acts of groups that share a course: each dossier does everything `every` minutes after the one before it."""
    for group in groups:
        for place in range(group["count"]):
            number += 1
            filing = Filing(
                f"{name}-{number:02d}", number, group.get("unit", unit), seed(group["procedure"]), group["channel"],
                group.get("outcome", "granted"),
            )  # fmt: skip
            at = partial(days.at, minutes=place * every)
            yield filing.act(FILED, at(group["filed"]))
            for command, moment in group["acts"]:
                yield filing.act(command, at(moment))


def of_the_weeks_before(days: Days) -> Iterator[Act]:
    """The acts of the dossiers in `history.toml`."""
    data, number = read("history.toml"), FIRST_OF_HISTORY
    for unit in data["unit"]:
        for place, on in enumerate(filing_days(unit["weeks"])):
            number += 1
            course = data["courses"][unit["courses"]][place % len(data["courses"][unit["courses"]])]
            takes = course["limit"] + 2 if (place + 1) % unit["late"] == 0 else course["takes"]
            filing = Filing(f"before-{number}", number, unit["code"], seed(course["procedure"]), course["channel"])
            yield from _quietly(filing, on, takes, days)
    yield from _grouped("open", FIRST_OF_OPEN, data["group"], "", days, every=0)


def filing_days(weeks: Sequence[int]) -> list[int]:
    """The working day each dossier of a unit comes on, one a day in turn: -45 to -41 in the first week, -5 to -1 in the last."""
    return [WEEK * (week - WEEKS) + place % WEEK for week, count in enumerate(weeks) for place in range(count)]


def _quietly(filing: Filing, on: int, takes: int, days: Days) -> Iterator[Act]:
    """Filed in the morning; settled on the day it takes, on a later one in the morning too; handed over two hours after that."""
    settled = "14:00" if takes == 0 else "08:40"
    returned = "16:00" if takes == 0 else "10:40"
    yield filing.act(FILED, days.at(f"{on} 08:30"))
    if filing.channel == "online":
        yield filing.act("accept", days.at(f"{on} 10:30"))
    yield filing.act("settle", days.at(f"{on + takes} {settled}"))
    yield filing.act("return-result", days.at(f"{on + takes} {returned}"))


def seed(code: str) -> ProcedureSeed:
    """The procedure of the seed catalogue with this code."""
    return _seeds()[code]


@cache
def _seeds() -> Mapping[str, ProcedureSeed]:
    return {each.code: each for each in procedures()}


def _body(filing: Filing, command: str) -> dict[str, Any] | None:
    needed = [component for component in filing.procedure.components if component.required]
    papers = [{"name": each.name, "kind": _kind(filing, each.kind), "count": each.count} for each in needed]
    bodies: dict[str, dict[str, Any]] = {
        FILED: {
            "procedure": filing.procedure.code, "unit": filing.unit, "channel": filing.channel, "components": papers,
            "submitter": person(filing.number).body(), "summary": filing.procedure.name,
        },
        "assign": {"officer": handler(filing.unit, filing.number)},
        "settle": {"outcome": filing.outcome, "number": f"{filing.number}/KQ"},
        "return-result": {"method": "electronic" if filing.channel == "online" else "counter"},
        "request-supplement": {"components": [needed[-1].name], "reason": "Bản nộp bị mờ, đề nghị nộp lại bản rõ."},
        "supply": {"components": papers[-1:]},
        "withdraw": {"reason_class": "own-wish", "reason": "Công dân đề nghị rút hồ sơ."},
        "refuse": {"reason_class": "wrong-place", "reason": "Nơi tạm trú thuộc phường khác; kèm hướng dẫn nơi nộp."},
    }  # fmt: skip
    return bodies.get(command)


def _kind(filing: Filing, kind: str) -> str:
    return "electronic" if filing.channel == "online" else kind
