"""The messages of `gandan conformance`: right ones, and one for each way to be wrong; each with the outcome it must have."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.law import ZONE
from shared.moments import uuid7

ACCEPTED, WAITING, REPEATED = "accepted", "waiting", "repeated"
"""`repeated`: taken before. HTTP answers as it did then; Kafka not at all."""
SCHEMA = "schema"
NOBODY = "00001"
NO_PROCEDURE = "9.999999"
NO_DOSSIER = 9999
"""The number of a dossier that nobody tells of."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message; `expected` is an outcome, or the reason it must be rejected for. `id` None: it cannot be read."""

    name: str
    body: bytes
    key: str
    id: str | None
    expected: str
    vi: str
    en: str


@dataclass(frozen=True, slots=True)
class Ground:
    """What the messages stand on: names of the registry and of the catalogue that the installation has."""

    source: str
    unit: str
    foreign_unit: str | None
    procedure: str
    max_bytes: int
    now: datetime
    sealed: str
    sealed_for_another: str


@dataclass(slots=True)
class Set:
    """The messages of one run, with codes and ids nobody used before; those of one dossier have one key, and so keep their order."""

    ground: Ground
    run: str = field(default_factory=lambda: f"{uuid7().int % 10**8:08d}")
    made: int = 0

    def messages(self) -> list[Message]:
        """All of them, in the order in which they are sent."""
        return [
            *self._right(),
            *self._of_one_dossier(),
            *self._of_a_refused_one(),
            *self._of_wrong_fields(),
            *self._of_wrong_envelopes(),
            *self._of_others(),
            *self._beyond_bounds(),
            *self._of_letters(),
            *self._of_wrong_letters(),
            *self._of_visits(),
        ]

    def _right(self) -> Iterator[Message]:
        yield self._message("dossier", self._upserted(), ACCEPTED, "Một hồ sơ mới.", "A new dossier.")
        yield self._message(
            "sealed-contact", self._upserted(contact_sealed=self.ground.sealed), ACCEPTED, "Một hồ sơ có liên hệ đã niêm phong.", "A dossier with a sealed contact.",
        )  # fmt: skip
        yield self._message(
            "backfill",
            self._upserted(backfill=True),
            ACCEPTED,
            "Một hồ sơ cũ (backfill).",
            "A dossier of history (backfill).",
        )
        yield self._message(
            "no-dossier-yet", self._progressed(self._code_of(NO_DOSSIER), 9), WAITING, "Tiến độ đến trước hồ sơ của nó.", "Progress that comes before its dossier.",
        )  # fmt: skip
        yield self._message(
            "no-procedure-yet", self._upserted(procedure=NO_PROCEDURE), WAITING, "Thủ tục chưa có trong danh mục.", "A procedure that the catalogue does not know.",
        )  # fmt: skip

    def _of_one_dossier(self) -> Iterator[Message]:
        first = self._upserted()
        code, settled = first["subject"], self._progressed(first["subject"], 9)
        yield self._message("life", first, ACCEPTED, "Hồ sơ sẽ đi tiếp dưới đây.", "The dossier that goes on below.")
        yield self._message(
            "progress",
            settled,
            ACCEPTED,
            "Đã có kết quả; các bước bỏ qua được suy ra.",
            "It has a result; the steps between are inferred.",
        )
        yield self._message(
            "duplicate", settled, REPEATED, "Cùng sự kiện, gửi lần thứ hai.", "The same event, sent a second time."
        )
        other = self._progressed(code, 10) | {"id": settled["id"]}
        yield self._message(
            "id-reused",
            other,
            "id-reused",
            "Nội dung khác dưới mã sự kiện đã dùng.",
            "Another event under an id that was used.",
        )
        yield from self._gone_back(code)

    def _gone_back(self, code: str) -> Iterator[Message]:
        yield self._message(
            "backward",
            self._progressed(code, 4),
            "backward-status",
            "Trạng thái lùi lại, không có correction.",
            "A status that goes back, without correction.",
        )
        corrected = self._progressed(code, 4, correction=True, reason_class="typing-error")
        yield self._message(
            "correction",
            corrected,
            ACCEPTED,
            "Trạng thái lùi lại, có correction.",
            "A status that goes back, with correction.",
        )

    def _of_a_refused_one(self) -> Iterator[Message]:
        refused = self._upserted(status=3)
        yield self._message("refused", refused, ACCEPTED, "Hồ sơ bị từ chối tiếp nhận.", "A dossier that was refused.")
        impossible = self._progressed(refused["subject"], 9)
        yield self._message(
            "impossible",
            impossible,
            "impossible-status",
            "Hồ sơ đã bị từ chối lại có kết quả.",
            "A refused dossier gets a result.",
        )

    def _of_wrong_fields(self) -> Iterator[Message]:
        yield self._message(
            "status-as-text",
            self._upserted(status="2"),
            SCHEMA,
            "Trạng thái là chữ, không phải số.",
            "The status as a text, not as a number.",
        )
        zoneless = (self.ground.now - timedelta(minutes=3)).replace(tzinfo=None).isoformat()
        yield self._message(
            "no-zone",
            self._upserted(submitted_at=zoneless),
            SCHEMA,
            "Thời điểm không có múi giờ.",
            "An instant without its zone.",
        )
        yield self._message(
            "unknown-field",
            self._upserted(ward="19360"),
            SCHEMA,
            "Trường không có trong cấu trúc.",
            "A field that is not of the form.",
        )

    def _of_wrong_envelopes(self) -> Iterator[Message]:
        yield self._message(
            "wrong-subject",
            self._progressed(self._code_of(NO_DOSSIER), 9) | {"subject": self._code_of(NO_DOSSIER - 1)},
            SCHEMA,
            "subject khác data.code.",
            "A subject that is not data.code.",
        )
        yield self._message(
            "other-box",
            self._upserted(contact_sealed=self.ground.sealed_for_another),
            SCHEMA,
            "Liên hệ niêm phong bằng khóa khác.",
            "A contact sealed with another key.",
        )
        yield Message(
            "not-json",
            f'{{"id": "{self.run}",'.encode(),
            self._code_of(NO_DOSSIER),
            None,
            SCHEMA,
            "Không phải JSON.",
            "No JSON.",
        )

    def _of_others(self) -> Iterator[Message]:
        personal = "clear-personal-data"
        yield self._message(
            "clear-name", self._upserted(name="Nguyễn Văn An"), personal, "Họ tên chưa mã hóa.", "A name in clear."
        )
        yield self._message(
            "clear-number",
            self._upserted(note="0912 345 678"),
            personal,
            "Số điện thoại trong một trường khác.",
            "A phone number in some other field.",
        )
        yield self._message(
            "other-source",
            self._upserted() | {"source": "/sources/somebody-else"},
            "source-mismatch",
            "source của hệ thống khác.",
            "The source of somebody else.",
        )
        yield self._message(
            "unknown-unit",
            self._upserted(unit=NOBODY),
            "unknown-unit",
            "Đơn vị không có trong tỉnh.",
            "A unit that the province does not have.",
        )
        if self.ground.foreign_unit is not None:
            yield self._message(
                "foreign-unit",
                self._upserted(unit=self.ground.foreign_unit),
                "foreign-unit",
                "Đơn vị của hệ thống khác.",
                "A unit that this source does not speak for.",
            )

    def _beyond_bounds(self) -> Iterator[Message]:
        tomorrow = (self.ground.now + timedelta(days=1)).isoformat()
        yield self._message(
            "future",
            self._upserted(submitted_at=tomorrow),
            "future-time",
            "Thời điểm của ngày mai.",
            "An instant of tomorrow.",
        )
        large = self._progressed(self._code_of(NO_DOSSIER), 9)
        padded = json.dumps(large).encode().ljust(self.ground.max_bytes + 1)
        yield Message(
            "too-large",
            padded,
            large["subject"],
            None,
            "too-large",
            "Sự kiện lớn hơn hạn mức.",
            "An event larger than the quota.",
        )

    def _of_letters(self) -> Iterator[Message]:
        letter = self._letter(1)
        yield self._message("letter", letter, ACCEPTED, "Một đơn kiến nghị mới.", "A new letter, a petition.")
        answered = {"state": "answered", "outcome": "explained"}
        yield self._message(
            "letter-progress",
            self._letter_progressed(letter["subject"], **answered),
            ACCEPTED,
            "Đơn đã được trả lời; các bước bỏ qua được suy ra.",
            "It was answered; the steps between are inferred.",
        )
        early = self._letter_progressed(f"TT.{self.run}-{self.ground.now:%y%m%d}-{NO_DOSSIER}", **answered)
        yield self._message(
            "no-letter-yet", early, WAITING, "Tiến độ đến trước đơn của nó.", "Progress that comes before its letter."
        )

    def _of_wrong_letters(self) -> Iterator[Message]:
        yield self._message(
            "no-outcome",
            self._letter(2, state="answered"),
            SCHEMA,
            "Đơn đã trả lời mà không nói kết quả.",
            "A letter that was answered, without its outcome.",
        )
        yield self._message(
            "anonymous-complaint",
            self._letter(3, kind="complaint", anonymous=True),
            SCHEMA,
            "Khiếu nại ẩn danh.",
            "A complaint that is anonymous.",
        )
        denunciation = self._letter(4, kind="denunciation", contact_sealed=self.ground.sealed)
        yield self._message(
            "denouncer",
            denunciation,
            "clear-personal-data",
            "Tố cáo kèm liên hệ của người tố cáo.",
            "A denunciation with the contact of who made it.",
        )

    def _of_visits(self) -> Iterator[Message]:
        yield self._message("visits", self._visits(10, 8), ACCEPTED, "Số lượt tại một quầy.", "Visits to a window.")
        yield self._message(
            "more-served-than-came",
            self._visits(8, 10),
            SCHEMA,
            "Số lượt đã phục vụ nhiều hơn số lượt đến.",
            "More visits served than there were.",
        )

    def _message(self, name: str, event: Mapping[str, Any], expected: str, vi: str, en: str) -> Message:
        return Message(name, json.dumps(event).encode(), event["subject"], event["id"], expected, vi, en)

    def _code(self) -> str:
        self.made += 1
        return self._code_of(self.made)

    def _code_of(self, number: int) -> str:
        """A series of codes for each run, numbered without a gap: in nobody's report is a number missing for us."""
        run = self.run
        return f"H50.{run[:3]}.{run[3:6]}.{run[6:]}-{self.ground.now:%y%m%d}-{number:04d}"

    def _upserted(self, **changes: Any) -> dict[str, Any]:
        code, at = self._code(), (self.ground.now - timedelta(minutes=3)).isoformat()
        data = {
            "code": code, "procedure": self.ground.procedure, "unit": self.ground.unit, "channel": "direct", "submitted_at": at, "received_at": at,
            "status": 2, **changes,
        }  # fmt: skip
        return self._event("dossier-upserted", code, data)

    def _progressed(self, code: str, status: int, **more: Any) -> dict[str, Any]:
        at = (self.ground.now - timedelta(minutes=2)).isoformat()
        return self._event("dossier-progressed", code, {"code": code, "status": status, "at": at, **more})

    def _letter(self, number: int, **changes: Any) -> dict[str, Any]:
        code = f"TT.{self.run}-{self.ground.now:%y%m%d}-{number}"
        data = {
            "code": code, "unit": self.ground.unit, "kind": "petition", "channel": "direct", "state": "received",
            "received_at": (self.ground.now - timedelta(minutes=3)).isoformat(), **changes,
        }  # fmt: skip
        return self._event("submission-upserted", code, data)

    def _letter_progressed(self, code: str, **said: str) -> dict[str, Any]:
        at = (self.ground.now - timedelta(minutes=2)).isoformat()
        return self._event("submission-progressed", code, {"code": code, "at": at, **said})

    def _visits(self, came: int, served: int) -> dict[str, Any]:
        now, unit = self.ground.now.astimezone(ZONE), self.ground.unit
        data = {
            "unit": unit, "day": f"{now:%Y-%m-%d}", "window": "1", "visits": came, "served": served, "at": now.isoformat(),
        }  # fmt: skip
        return self._event("visit-counted", unit, data)

    def _event(self, kind: str, code: str, data: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "specversion": "1.0", "id": str(uuid7()), "source": f"/sources/{self.ground.source}", "type": f"vn.gandan.source.{kind}.v1",
            "subject": code, "time": self.ground.now.astimezone(ZONE).isoformat(), "datacontenttype": "application/json", "data": dict(data),
        }  # fmt: skip
