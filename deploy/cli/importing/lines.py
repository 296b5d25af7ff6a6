"""Rows applied one by one, and what became of each: a bad line is refused with its number, the good ones go in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError

from deploy.cli.importing.rows import Entry
from deploy.cli.installation import Installation, operator, quiet
from deploy.cli.screen import Bar
from services.intake import handlers
from shared.kernel import Refused
from shared.store.unit_of_work import Work

R = TypeVar("R", bound=BaseModel)
Outcome: TypeAlias = Literal["created", "changed", "same"]


@dataclass(frozen=True, slots=True)
class Line:
    """Why a line was refused: its number in the file, the column, a stable code, and words."""

    row: int
    field: str
    code: str
    words: str


@dataclass(slots=True)
class Report:
    """What an import did, or with a dry run would do."""

    read: int = 0
    created: int = 0
    changed: int = 0
    same: int = 0
    refused: list[Line] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)
    """What else was done, by its words."""
    applied: bool = True
    """False: everything was taken back, for a dry run or because all or nothing was asked for."""

    def count(self, outcome: Outcome) -> None:
        """One line more that went in."""
        setattr(self, outcome, getattr(self, outcome) + 1)


@dataclass(frozen=True, slots=True)
class How:
    """How to go about it."""

    dry_run: bool = False
    all_or_nothing: bool = False
    proposed_by: str = ""
    confirmed_by: str = ""
    """The two people who sign, where the kind needs them."""

    @property
    def may_undo(self) -> bool:
        """Whether nothing may stay before the last line was tried."""
        return self.dry_run or self.all_or_nothing


@dataclass(frozen=True, slots=True)
class Bench:
    """What a line is applied with: the service's desk, and the transaction it is in."""

    desk: Any
    work: Work
    how: How = field(default_factory=How)


Row: TypeAlias = tuple[int, Any]
"""A line's number, and its values as the kind's model."""
Apply: TypeAlias = Callable[[Installation, Sequence[Row], How, Report], Awaitable[None]]
ApplyLine: TypeAlias = Callable[[Bench, Any], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class Kind:
    """What can be imported: the model of a row, and what is done with rows in good shape, counted in the report."""

    row: type[BaseModel]
    apply: Apply


class TakenBack(Exception):  # noqa: N818 - rolls the transaction back, and is no error
    """Nothing stays."""


def parsed(entries: Sequence[Entry], model: type[R], report: Report) -> list[tuple[int, R]]:
    """Rows in good shape; of the others every wrong field is in the report."""
    good: list[tuple[int, R]] = []
    for entry in entries:
        try:
            good.append((entry.number, model.model_validate(entry.values)))
        except ValidationError as error:
            report.refused += _wrong_fields(entry.number, error)
    return good


def _wrong_fields(number: int, error: ValidationError) -> Iterable[Line]:
    return [
        Line(number, ".".join(map(str, wrong["loc"])), wrong["type"].replace("_", "-"), wrong["msg"])
        for wrong in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def each(line: ApplyLine, *, batch: int | None = None) -> Apply:
    """Apply rows to intake by a function of one: all in one transaction, or (`batch`) so many in each when nothing may be undone."""

    async def apply(here: Installation, rows: Sequence[Row], how: How, report: Report) -> None:
        size = len(rows) if how.may_undo or batch is None else batch
        async with here.built("intake", quiet(here.settings)) as (made, works):
            desk = made.api.state.desk
            await handlers.refresh(desk)
            with Bar("rows") as bar:
                for first in range(0, len(rows), size or 1):
                    with suppress(TakenBack):
                        async with works.begin(operator()) as work:
                            await _some(Bench(desk, work, how), line, rows[first : first + size], report)
                            take_back(how, report)
                    bar.show(first + size, len(rows))

    return apply


def take_back(how: How, report: Report) -> None:
    """Roll back what must not stay."""
    if how.dry_run or (how.all_or_nothing and report.refused):
        report.applied = False
        raise TakenBack


async def _some(bench: Bench, line: ApplyLine, rows: Sequence[Row], report: Report) -> None:
    for number, row in rows:
        mark = bench.work.mark()
        try:
            async with bench.work.db.transaction():
                outcome = await line(bench, row)
                await bench.work.flush()
        except Refused as refusal:
            bench.work.reset(mark)
            report.refused.append(refused(number, refusal))
        else:
            report.count(outcome)


def refused(number: int, refusal: Refused) -> Line:
    """Why intake refused a line."""
    facts = {name: value for name, value in refusal.facts.items() if name != "field"}
    told = f" ({', '.join(f'{name} {value}' for name, value in facts.items())})" if facts else ""
    return Line(number, str(refusal.facts.get("field", "")).lstrip("/"), refusal.code, f"{refusal}{told}")
