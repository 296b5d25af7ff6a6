"""What travels over HTTP: bodies in. Unknown fields are refused; texts are kept as they are written, markup too."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from services.complaints.domain import About, Finding, Kind, Letter, Part
from services.complaints.handlers.letters import Filing, Person
from services.complaints.store.cases import Wanted
from shared.web.fields import Day, Instant
from shared.web.fields import text as words
from shared.web.people import LookupBody, PersonBody

Code = Annotated[str, words(max_length=30, pattern=r"^[A-Za-z0-9.\-]+$")]
Reason = Annotated[str, words(max_length=4000)]
Long = Annotated[str, words(max_length=20_000)]


class Body(BaseModel):
    """A request body: unknown fields are refused, so that a mistyped name is noticed."""

    model_config = ConfigDict(extra="forbid")


class PartyBody(PersonBody):
    """A person as written in the letter."""

    role: Literal["sender", "representative", "co-sender", "authorised"] = "sender"

    def person(self) -> Person:
        """As the vault keeps it."""
        return Person(self.role, self.details())


class AboutBody(Body):
    """What the letter is about, where the sender says so."""

    dossier: UUID | None = None
    case: UUID | None = None
    project: Annotated[str, words(max_length=100)] | None = None
    procedure: Code | None = None
    decision_no: Annotated[str, words(max_length=100)] | None = None

    def about(self) -> About:
        """As the domain knows it."""
        return About(**self.model_dump())


class SubmissionBody(Body):
    """A letter to be handed in; anonymous ones name nobody and need no sign-in."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "channel": "online", "unit": "19360", "text": "Đường thôn Long Hưng ngập sau mưa, đề nghị khơi thông cống.",
                    "parties": [{"name": "Nguyễn Văn An", "identity_no": "044085001234", "phone": "0912345678"}], "anonymous": False,
                }
            ]
        }
    )  # fmt: skip

    channel: Literal["online", "direct", "postal"]
    unit: Code
    received_at: Instant | None = None
    late_reason: Annotated[str, words(max_length=500)] | None = None
    text: Long
    parties: Annotated[list[PartyBody], Field(max_length=100)] = []
    anonymous: bool = False
    about: AboutBody = AboutBody()

    def filing(self) -> Filing:
        """The letter, its text and its people."""
        letter = Letter(self.channel, self.unit, self.anonymous, self.received_at, self.about.about())
        return Filing(letter, self.text, tuple(party.person() for party in self.parties), self.late_reason)


class PartBody(Body):
    """A part of a letter: of what kind it is, in the screener's words, and which unit is competent."""

    kind: Kind
    summary: Reason
    unit: Code

    def part(self) -> Part:
        """As the domain knows it."""
        return Part(self.kind, self.summary, self.unit)


class SplitBody(Body):
    """What a letter is: every part of it, or the one thing it is about."""

    parts: Annotated[list[PartBody], Field(min_length=1, max_length=20)]


class GuideBody(Body):
    """Why nothing is opened here, and the right way in words."""

    reason_class: Literal["other-body", "court", "denunciation-in-writing", "not-a-request", "other"]
    reason: Reason


class FileBody(Body):
    """Why the letter is kept and not settled."""

    reason_class: Literal["anonymous-without-evidence", "repeated", "settled-already", "copy-only", "impersonation", "blank", "not-supplemented", "other"]  # fmt: skip
    reason: Reason


class RequestSupplementBody(Body):
    """What is missing in the letter, and until when it is awaited."""

    reason: Reason
    respond_by: Day | None = None


class SupplyBody(Body):
    """What was missing."""

    text: Long


class LinkBody(Body):
    """Which letter said the same before, and why it is the same."""

    with_submission: UUID
    reason: Reason


class PassOnBody(Body):
    """To which unit of the province or which body outside it, and why; the sender is told."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"to_unit": "18880", "reason_class": "not-competent", "reason": "Thuộc phường Đồng Hới."}]
        }
    )

    to_unit: Code | None = None
    to_body: Annotated[str, words(max_length=200)] | None = None
    reason_class: Literal["not-competent", "shared-matter", "other"]
    reason: Reason

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.to_unit is None) is (self.to_body is None):
            raise PydanticCustomError("one-place", "Chọn to_unit hoặc to_body. (Either to_unit or to_body.)")
        return self


class AssignBody(Body):
    """To whom: an id of the staff directory."""

    officer: Annotated[str, words(max_length=60, pattern=r"^[A-Za-z0-9._-]+$")]


class WithdrawBody(Body):
    """Why the citizen takes the case back."""

    reason_class: Literal["own-wish", "settled-otherwise", "other"]
    reason: Reason


class TransferBody(Body):
    """To whom, and why."""

    to_unit: Code
    reason_class: Literal["not-competent", "shared-matter", "other"]
    reason: Reason


class RejectTransferBody(Body):
    """Why the case is not taken."""

    reason_class: Literal["not-competent", "other"]
    reason: Reason


ComplexGround = Literal["several-places", "several-contents", "many-people", "foreign-element", "many-agencies", "agencies-disagree", "contradictory-evidence"]  # fmt: skip
"""When a complaint is complex (Decree 155/2026, Art. 2)."""


class AcceptBody(Body):
    """What is settled: each content of the complaint by itself; on which grounds it is complex; since when the act was known."""

    contents: Annotated[list[Reason], Field(min_length=1, max_length=30)]
    complex: Annotated[list[ComplexGround], Field(max_length=7)] = []
    learned_on: Day | None = None
    obstacle: Literal["sickness", "disaster", "distant-mission", "other-objective"] | None = None


class RefuseBody(Body):
    """On which ground of the law (Art. 11), and why."""

    ground: Literal["internal-act", "no-direct-interest", "no-capacity", "no-lawful-representative", "unsigned", "out-of-time", "already-settled-twice", "after-discontinuance", "in-court", "not-competent"]  # fmt: skip
    reason: Reason


class SuspendBody(Body):
    """On which ground settlement stands still (Decree 155/2026, Art. 12), and why."""

    ground: Literal["force-majeure", "objective-obstacle", "awaiting-other-body"]
    reason: Reason


class ResumeBody(Body):
    """Why settlement goes on."""

    reason: Reason


class ExtendBody(Body):
    """Why the case is complex, as a ground and in words."""

    ground: ComplexGround
    reason: Reason


class ScheduleBody(Body):
    """When and where the parties meet."""

    at: Instant
    place: Annotated[str, words(max_length=500)]


class DialogueBody(Body):
    """When the dialogue was held, how it ended, and its minutes."""

    held_on: Day
    outcome: Literal["agreed", "differs", "complainant-absent"]
    minutes: Long


class FindingBody(Body):
    """What verification says about one content."""

    content: Annotated[int, Field(ge=1, le=30)]
    finding: Literal["right", "partly-right", "wrong", "undetermined"]
    reasoning: Reason | None = None


class DecideBody(Body):
    """The decision: its number, a finding for each content, and its text."""

    number: Annotated[str, words(max_length=60)]
    findings: Annotated[list[FindingBody], Field(max_length=60)] = []
    text: Long | None = None

    def found(self) -> list[Finding]:
        """As the domain knows it."""
        return [Finding(each.content, each.finding) for each in self.findings]


class DeliverBody(Body):
    """How the decision reached the complainant."""

    method: Literal["in-person", "post", "electronic"]


class AppealBody(Body):
    """Why the complainant is not content."""

    reason: Reason


class AnswerBody(Body):
    """What became of it, and the answer's text."""

    outcome: Literal["fixed", "explained", "planned", "not-our-remit", "cannot-fix"]
    text: Long


class PublishBody(Body):
    """The version anybody may read; who publishes it has taken names and whatever tells of people out of it."""

    text: Long


class RateBody(Body):
    """How satisfied the citizen is."""

    score: Annotated[int, Field(ge=1, le=5)]
    comment: Annotated[str, words(max_length=2000)] | None = None


class ReopenBody(Body):
    """Why the citizen is not content with the answer."""

    reason_class: Literal["not-fixed", "came-back", "not-answered", "other"]
    reason: Reason


class LookupSupplyBody(LookupBody):
    """What was missing, from whoever has the receipt."""

    text: Long


class LetterFilters(BaseModel):
    """Filters of the list of letters."""

    state: str | None = None
    unit: str | None = None


class CaseFilters(BaseModel):
    """Filters of the list of cases; `overdue`: past the date that counts now, or (false) not."""

    state: str | None = None
    kind: str | None = None
    unit: str | None = None
    handler: str | None = None
    overdue: bool | None = None
    due_before: Day | None = None

    def wanted(self) -> Wanted:
        """As the store reads them."""
        return Wanted(**self.model_dump())
