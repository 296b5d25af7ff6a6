"""What was typed into a form of the counter: read, checked field by field, and told what is wrong where it stands."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, cast

import orjson
from pydantic import BaseModel, Field, ValidationError

from services.intake.domain import Component, Submission
from services.intake.handlers import Filing
from shared.kernel import Caller, Once, Principal, Refused
from shared.web.fields import Instant, text
from shared.web.language import Language
from shared.web.pages import Visit
from shared.web.people import PersonBody
from shared.web.problems import Catalogue, catalogue
from shared.web.validation import findings

PERSON: Final = ("name", "identity_no", "phone", "email", "address")
OWNER: Final = ("name", "identity_no", "address")
APART: Final = ("sets", "received_at", "late_entry_reason")
"""What most dossiers need no word about."""
VIETNAM: Final = "+07:00"
"""What a browser's clock leaves out of `2026-11-20T08:15`."""
_PROBLEMS: Final = Path(__file__).parent.parent / "data" / "problems.toml"
_NO_CONTENT: Final = frozenset({"form", "again", "despite"})
"""Fields of a form that are not what it asks to do."""


@cache
def _known() -> Catalogue:
    return catalogue(_PROBLEMS)


def said(refused: Refused, language: str) -> str:
    """A refusal in words."""
    entry = _known().get(refused.code)
    sentence = entry.sentence(cast("Language", language), refused.facts) if entry is not None else ""
    return sentence or str(refused)


def place_of(refused: Refused) -> str:
    """The field of the form that a refusal is about."""
    return _place(str(refused.facts.get("field", "")))


def _place(path: str) -> str:
    """`/submitter/phone` -> `phone`, `/owner/name` -> `owner_name`, `/components` -> `components`."""
    where, _, name = path.strip("/").partition("/")
    if not name:
        return where
    return f"owner_{name}" if where == "owner" else name


class FilingForm(BaseModel):
    """The form of a new dossier."""

    unit: Annotated[str, text(max_length=10)]
    procedure: Annotated[str, text(max_length=30)]
    channel: Literal["direct", "postal"] = "direct"
    submitter: PersonBody
    owner: PersonBody | None = None
    summary: Annotated[str, text(max_length=1000)] | None = None
    sets: Annotated[int, Field(ge=1, le=99)] = 1
    received_at: Instant | None = None
    late_entry_reason: Annotated[str, text(max_length=500)] | None = None


@dataclass(slots=True)
class Entered:
    """The fields as they were typed, and what is wrong with which."""

    values: Mapping[str, str]
    wrong: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def first(self) -> str:
        """The field to go to: the first wrong one in the order of the form."""
        order = ["unit", "procedure", "components", *PERSON, *(f"owner_{name}" for name in OWNER), "summary", *APART]
        return min(self.wrong, key=lambda name: order.index(name) if name in order else len(order), default="")

    def filing(self, papers: Sequence[Component], language: str) -> Filing | None:
        """The dossier it asks to file; None where a field is wrong, and `wrong` says which."""
        try:
            form = FilingForm.model_validate(self._nested())
        except ValidationError as error:
            told = [{**each, "loc": ("body", *each["loc"])} for each in error.errors()]
            for each in findings(told, cast("Language", language)):
                self.wrong.setdefault(_place(each["pointer"]), each["detail"])
            return None
        submission = Submission(
            form.procedure, form.unit, form.channel, tuple(papers), received_at=form.received_at, late_entry_reason=form.late_entry_reason
        )  # fmt: skip
        owner = form.owner.details() if form.owner else None
        return Filing(submission, form.submitter.details(), owner, form.summary, sets=form.sets)

    def _nested(self) -> dict[str, Any]:
        given = {name: value for name, value in self.values.items() if value.strip()}
        nested: dict[str, Any] = {
            name: given[name] for name in ("unit", "procedure", "channel", "summary", *APART) if name in given
        }
        if "received_at" in nested:
            nested["received_at"] += VIETNAM
        nested["submitter"] = {name: given[name] for name in PERSON if name in given}
        if owner := {name: given[f"owner_{name}"] for name in OWNER if f"owner_{name}" in given}:
            nested["owner"] = owner
        return nested

    def ticked(self, papers: Sequence[Mapping[str, Any]]) -> list[Component]:
        """The papers of the procedure that were ticked."""
        return [Component(p["name"], p["kind"], p["count"]) for n, p in enumerate(papers) if self[f"paper-{n}"]]

    def caller(self, who: Principal, visit: Visit, status: int = 200) -> Caller:
        """Who asks, and the key of this form: sent twice, it is done once."""
        asked = orjson.dumps({k: v for k, v in sorted(self.values.items()) if k not in _NO_CONTENT})
        key = self["key"] or new_key()
        return Caller(who, Once.of(key, "POST", visit.request.url.path, asked, status))


def new_key() -> str:
    """A key for a form that was just drawn."""
    return secrets.token_hex(16)


async def entered(visit: Visit) -> Entered:
    """The form that was sent, if it was shown to this browser; raises `FormForged`."""
    values = await visit.form()
    visit.site.sessions.check_form(visit.request, visit.session, values.get("form", ""))
    return Entered(values)
