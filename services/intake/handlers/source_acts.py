"""What a citizen did or wants of what another system owns: that system hears it in its feed, and where it speaks by Kafka on its topic of replies."""

from __future__ import annotations

from typing import Final

from services.intake.domain import Dossier
from services.intake.store import sources as store
from shared.contracts import complaints as cases
from shared.contracts import intake as facts
from shared.contracts.envelope import Fact
from shared.contracts.sources import SourceCitizenActed
from shared.store.unit_of_work import Cause, Work

OF_CASES: Final = (cases.OutcomeRated, cases.CitizenActRequested)


async def tell_owner(work: Work, dossier: Dossier, fact: Fact) -> None:
    """Of a dossier: nothing where it is ours."""
    if dossier.source is None:
        return
    store.tell(work, dossier, fact)
    await reply(work, dossier.source, dossier.code, fact)


async def reply(work: Work, source: str, code: str, fact: Fact, cause: Cause | None = None) -> None:
    """State it on the topic of replies, where there is one."""
    acted = SourceCitizenActed(
        occurred_at=fact.occurred_at, source=source, code=code, act=_act(fact), reason_class=getattr(fact, "reason_class", None),
        score=getattr(fact, "score", None),
    )  # fmt: skip
    work.record(acted, published=await store.hears(work, source), cause=cause)


def _act(fact: Fact) -> str:
    if isinstance(fact, cases.CitizenActRequested):
        return fact.act
    return "withdraw" if isinstance(fact, facts.WithdrawalRequested) else "rate"
