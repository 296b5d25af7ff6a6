"""What a province looks at on the first evening: a source's promised dates beside the lawful ones, each with its explanation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from services.intake.domain.comparison import Compared, Comparison, compare
from services.intake.domain.sources import Source
from services.intake.handlers.desk import Desk, today_of
from services.intake.handlers.sources import read_source
from services.intake.store import comparison as store
from services.intake.store.comparison import Wanted
from shared.kernel import NotFound, Principal

AT_ONCE = 200


async def read_compared_source(desk: Desk, who: Principal, id: str) -> Source:
    """The source, for whoever may see its dossiers side by side: an admin, and the source itself."""
    source = await read_source(desk, who, id)
    if not who.has("admin", "publisher"):
        raise NotFound
    return source


async def read_comparison(desk: Desk, source: Source) -> Comparison:
    """All its dossiers in sum."""
    async with desk.works.reading() as connection:
        return Comparison(await store.groups(connection, source.id, today_of(desk)))


async def read_compared(
    desk: Desk, source: Source, wanted: Wanted, *, after: str | None, back: bool, limit: int
) -> Sequence[Compared]:
    """Its dossiers one by one, by code."""
    async with desk.works.reading() as connection:
        found = await store.listed(connection, source.id, wanted, after=after, back=back, limit=limit)
    today = today_of(desk)
    return [compare(dossier, today) for dossier in found]


async def every_compared(desk: Desk, source: Source, wanted: Wanted) -> AsyncIterator[Sequence[Compared]]:
    """All of them, some at a time, so that neither memory nor a transaction grows with their number."""
    after: str | None = None
    while found := await read_compared(desk, source, wanted, after=after, back=False, limit=AT_ONCE):
        yield found
        after = found[-1].dossier.code
