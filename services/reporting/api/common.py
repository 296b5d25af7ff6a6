"""What every route here takes: the store, the language, codes and words of a question."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Query, Request
from pydantic import StringConstraints

from shared.store.unit_of_work import Works
from shared.web.auth import allow
from shared.web.language import Language, language

Word = Annotated[str, StringConstraints(pattern=r"^[a-z-]{1,40}$")]
Code = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z.]{1,40}$")]
Subject = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._-]{1,60}$")]
OFFICERS: Final = ("clerk", "handler", "head", "inspector", "admin")
Reader = Depends(allow("citizen", *OFFICERS))
Officer = Depends(allow(*OFFICERS))
UNIT = Query(description="Code of an administrative unit.", examples=["19360"])


async def works_of(request: Request) -> Works:
    """The service's unit-of-work factory."""
    works: Works = request.app.state.works
    return works


Store = Annotated[Works, Depends(works_of)]
Spoken = Annotated[Language, Depends(language)]
