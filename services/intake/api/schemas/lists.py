"""Lists of dossiers: what they are asked by, and what a search found."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.intake.api.schemas.common import Body
from services.intake.api.schemas.dossiers import DossierView
from services.intake.store.lists import Wanted
from shared.web.fields import Day, text
from shared.web.people import IdentityNumber


class Filters(BaseModel):
    """Filters of the list. Of those with yes or no, `false` means the others; `q`: words of the request or the procedure, or a part of the code."""

    state: str | None = None
    unit: str | None = None
    procedure: str | None = None
    handler: Annotated[str | None, Field(description="An officer's id, or `me`.")] = None
    assigned: Annotated[bool | None, Field(description="Somebody works on it.")] = None
    open: Annotated[bool | None, Field(description="It has no result yet and was not closed.")] = None
    due_today: Annotated[bool | None, Field(description="Its result or its answer is due today.")] = None
    warned: Annotated[bool | None, Field(description="Its date is near: the warning has come, the date has not.")] = (
        None
    )
    overdue: Annotated[bool | None, Field(description="It is past a date that still counts.")] = None
    waiting: Annotated[bool | None, Field(description="It waits for papers or a payment of the citizen.")] = None
    due_before: Day | None = None
    q: Annotated[str, text(max_length=100)] | None = None
    sort: Annotated[Literal["newest", "due"], Field(description="`due`: the most urgent first.")] = "newest"

    def wanted(self) -> Wanted:
        """As the store reads them."""
        return Wanted(**self.model_dump())


class PersonSearch(Body):
    """Whose dossiers: an identity number, which never stands in an address."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"identity_no": "044085001234"}]})

    identity_no: IdentityNumber


class Found(BaseModel):
    """What a search found, newest first, at most 50."""

    items: list[DossierView]


class ListCount(BaseModel):
    """One of the lists a clerk begins with, how many dossiers it holds, and where it is."""

    name: str = Field(examples=["due-today"])
    count: int
    href: str


class DeskView(BaseModel):
    """The lists of one's units, counted at one moment."""

    items: list[ListCount]
