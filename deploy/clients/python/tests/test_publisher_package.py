"""The publisher package by itself: what it makes, keeps, sends again, and never sends twice as two."""

from __future__ import annotations

import base64
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest
from gandan_publisher import (
    Contact,
    DossierProgressed,
    DossierUpserted,
    HttpDoor,
    Other,
    Outbox,
    OutboxDamaged,
    OutboxFull,
    Outcome,
    Publisher,
    Refused,
    SubmissionUpserted,
    Unreached,
    VisitCounted,
    seal,
)
from gandan_publisher.events import cloud_event, uuid7
from gandan_publisher.publisher import batch_of
from nacl.public import PrivateKey, SealedBox

AT = datetime(2026, 11, 23, 8, tzinfo=timezone(timedelta(hours=7)))
CODE = "H50.44.12-261123-0007"


def upserted(code: str = CODE, **more: Any) -> DossierUpserted:
    return DossierUpserted(
        code=code, procedure="1.004873", unit="19360", channel="direct", submitted_at=AT, status=2, **more
    )


def progressed(status: int = 9, code: str = CODE) -> DossierProgressed:
    return DossierProgressed(code=code, status=status, at=AT)


class Line:
    """A door that is down, or says of each event what it is told to."""

    def __init__(self) -> None:
        self.down = False
        self.got: list[list[str]] = []
        self.says: Callable[[Any], tuple[str, str | None]] = lambda _event: ("accepted", None)

    def deliver(self, events: Sequence[dict[str, Any]]) -> Sequence[Outcome]:
        if self.down:
            raise Unreached("down")
        self.got.append([event["id"] for event in events])
        return [Outcome(event["id"], *self.says(event)) for event in events]


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def publisher(line: Line, tmp_path: Path) -> Publisher:
    return Publisher("tan-thanh", line, tmp_path / "outbox.jsonl", now=lambda: AT)


def test_an_event_is_a_cloud_event_with_an_id_of_its_own_and_no_empty_field() -> None:
    event = cloud_event(upserted(backfill=True), "tan-thanh", at=AT)

    assert (event["source"], event["type"], event["subject"]) == ("/sources/tan-thanh", "vn.gandan.source.dossier-upserted.v1", CODE)  # fmt: skip
    assert event["data"] == {
        "code": CODE, "procedure": "1.004873", "unit": "19360", "channel": "direct", "submitted_at": "2026-11-23T08:00:00+07:00",
        "status": 2, "backfill": True,
    }  # fmt: skip


def test_ids_sort_by_their_time_and_are_uuids_of_version_7() -> None:
    first, then = uuid7(), uuid7()

    assert (first.version, first.variant) == (7, "specified in RFC 4122")
    assert first != then
    assert first.int >> 80 <= then.int >> 80


def test_an_instant_without_a_zone_is_refused_before_anybody_hears_it(publisher: Publisher) -> None:
    with pytest.raises(ValueError, match="has no zone"):
        publisher.tell(DossierProgressed(code=CODE, status=9, at=AT.replace(tzinfo=None)))

    assert publisher.outbox.pending == []


def test_letters_and_visits_are_told_with_their_own_subject() -> None:
    letter = SubmissionUpserted(
        code="DTTT-261123-0007", unit="19360", kind="petition", channel="direct", received_at=AT, state="received"
    )
    visits = VisitCounted(unit="19360", day=AT.date(), window="1", visits=3, served=2, at=AT)

    told, counted = cloud_event(letter, "tan-thanh"), cloud_event(visits, "tan-thanh")

    assert (told["type"], told["subject"], told["data"]["kind"]) == ("vn.gandan.source.submission-upserted.v1", "DTTT-261123-0007", "petition")  # fmt: skip
    assert (counted["subject"], counted["data"]["day"], "code" in counted["data"]) == ("19360", "2026-11-23", False)


def test_any_other_kind_of_event_goes_with_its_own_data() -> None:
    event = cloud_event(Other(kind="visit-counted", subject="19360", data={"at": AT, "visits": 3}), "tan-thanh")

    assert (event["type"], event["subject"]) == ("vn.gandan.source.visit-counted.v1", "19360")
    assert event["data"] == {"at": "2026-11-23T08:00:00+07:00", "visits": 3}


def test_a_contact_opens_with_the_private_key_alone() -> None:
    private = PrivateKey.generate()

    sealed = seal(base64.b64encode(bytes(private.public_key)).decode(), Contact("Nguyễn Văn An", phone="0912345678"))

    plain = SealedBox(private).decrypt(base64.b64decode(sealed))
    assert json.loads(plain) == {"name": "Nguyễn Văn An", "phone": "0912345678"}
    assert "An" not in repr(Contact("An"))


def test_what_is_told_while_the_line_is_down_goes_later_and_in_order(publisher: Publisher, line: Line) -> None:
    line.down = True
    assert publisher.send(upserted(), id="a") == []
    assert publisher.send(progressed(), id="b") == []
    line.down = False

    outcomes = publisher.flush()

    assert [outcome.id for outcome in outcomes] == ["a", "b"]
    assert line.got == [["a"], ["b"]]
    assert publisher.outbox.pending == []


def test_a_process_that_died_is_gone_on_with_by_the_next(publisher: Publisher, line: Line, tmp_path: Path) -> None:
    publisher.tell(upserted(), id="a")
    with (tmp_path / "outbox.jsonl").open("ab") as file:
        file.write(b'{"id": "cut o')

    following = Publisher("tan-thanh", line, tmp_path / "outbox.jsonl", now=lambda: AT)
    following.send(progressed(), id="b")

    assert line.got == [["a"], ["b"]]
    assert (tmp_path / "outbox.jsonl").read_bytes() == b""


def test_a_full_outbox_says_so_and_keeps_what_it_has(line: Line, tmp_path: Path) -> None:
    publisher = Publisher("tan-thanh", line, tmp_path / "outbox.jsonl", limit=1)
    publisher.tell(upserted(), id="a")

    with pytest.raises(OutboxFull):
        publisher.tell(progressed(), id="b")

    assert [event["id"] for event in Outbox(tmp_path / "outbox.jsonl").pending] == ["a"]


def test_a_file_that_somebody_damaged_is_named_with_its_line_and_left_as_it_is(line: Line, tmp_path: Path) -> None:
    file = tmp_path / "outbox.jsonl"
    for damage in (b'{"id": "cut o', b"[1, 2]", b"\xff"):
        file.write_bytes(b'{"id": "a", "subject": "1"}\n' + damage + b'\n{"id": "b", "subject": "1"}\n')
        before = file.read_bytes()

        with pytest.raises(OutboxDamaged, match="line 2"):
            Publisher("tan-thanh", line, file)

        assert file.read_bytes() == before


def test_a_second_process_is_turned_away_until_the_first_has_ended(publisher: Publisher) -> None:
    publisher.tell(upserted(), id="a")
    other = "import sys, pathlib, gandan_publisher as g\ntry: g.Outbox(pathlib.Path(sys.argv[1]))\nexcept g.OutboxTaken: print('taken')"
    words, env = (
        [sys.executable, "-c", other, str(publisher.outbox.path)],
        {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )

    ended = subprocess.run(words, env=env, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 - our own words

    assert ended.stdout == "taken\n"
    assert [event["id"] for event in publisher.outbox.pending] == ["a"]


def test_what_no_door_takes_is_refused_before_it_stands_in_the_way_of_others(publisher: Publisher) -> None:
    for data in ({"x": "a" * 1_000_000}, {"x": math.nan}):
        with pytest.raises(ValueError, match=r"links|JSON"):
            publisher.tell(Other(kind="visit-counted", subject="19360", data=data))

    assert publisher.outbox.pending == []


def test_whoever_asks_hears_why_nothing_was_delivered(publisher: Publisher, line: Line) -> None:
    line.down = True
    publisher.send(upserted(), id="a")
    down = publisher.unreached
    line.down = False
    publisher.flush()

    assert (str(down), publisher.unreached) == ("down", None)


def test_too_fast_and_failed_are_sent_again_and_what_was_judged_is_not(publisher: Publisher, line: Line) -> None:
    said: dict[str, tuple[str, str | None]] = {
        "b": ("rejected", "too-fast"),
        "c": ("failed", None),
        "d": ("rejected", "schema"),
    }
    line.says = lambda event: said.get(event["id"], ("accepted", None))
    for id_, code in (("a", "1"), ("b", "2"), ("c", "3"), ("d", "4"), ("e", "3")):
        publisher.tell(progressed(code=code), id=id_)

    assert [(o.id, o.status) for o in publisher.flush()] == [("a", "accepted"), ("d", "rejected")]
    assert [event["id"] for event in publisher.outbox.pending] == ["b", "c", "e"]
    said.clear()
    assert [outcome.id for outcome in publisher.flush()] == ["b", "c", "e"]


def test_what_was_judged_before_a_refusal_is_told_and_the_refusal_with_the_next_flush(
    publisher: Publisher, line: Line
) -> None:
    def says(event: dict[str, Any]) -> tuple[str, str | None]:
        if event["id"] == "b":
            raise Refused("401")
        return "rejected", "schema"

    line.says = says
    publisher.tell(upserted(), id="a")
    publisher.tell(progressed(), id="b")

    assert [(outcome.id, outcome.reason) for outcome in publisher.flush()] == [("a", "schema")]
    with pytest.raises(Refused, match="401"):
        publisher.flush()
    assert [event["id"] for event in publisher.outbox.pending] == ["b"]


def test_two_events_under_one_id_are_both_sent_so_that_the_mistake_is_seen(publisher: Publisher, line: Line) -> None:
    publisher.tell(upserted(), id="a")
    publisher.tell(progressed(), id="a")

    publisher.flush()

    assert line.got == [["a"], ["a"]]


def test_a_batch_has_one_event_of_each_code_and_its_bounds() -> None:
    events = [{"id": str(n), "subject": str(n // 2), "data": "x" * 100} for n in range(1200)]

    assert len(batch_of(events)) == 500
    assert [event["id"] for event in batch_of(events)][:3] == ["0", "2", "4"]
    assert len(batch_of([{"id": str(n), "subject": str(n), "data": "x" * 1_000_000} for n in range(9)])) == 4


def door(*answers: httpx.Response | Exception) -> tuple[HttpDoor, list[float], list[httpx.Request]]:
    """A door whose server gives these answers, one after the other; the pauses it made, and what it asked."""
    given = list(answers)
    pauses: list[float] = []
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        following = given.pop(0)
        if isinstance(following, Exception):
            raise following
        return following

    made = HttpDoor("http://gandan", lambda: "token", sleep=pauses.append, transport=httpx.MockTransport(answer))
    return made, pauses, asked


def accepted() -> httpx.Response:
    item: dict[str, Any] = {"id": "a", "status": "accepted", "reason": None, "fields": [], "detail": None}
    return httpx.Response(200, json={"items": [item]})


EVENT = cloud_event(upserted(), "tan-thanh", id="a", at=AT)


def test_a_server_that_says_later_is_asked_again_when_it_says() -> None:
    date = (datetime.now(UTC) + timedelta(seconds=30)).strftime("%a, %d %b %Y %H:%M:%S GMT")  # noqa: TID251 - compared with the real clock
    made, pauses, asked = door(
        httpx.Response(429, headers={"retry-after": "7"}), httpx.Response(503, headers={"retry-after": date}), httpx.ConnectError("no"), accepted(),
    )  # fmt: skip

    with made:
        (outcome,) = made.deliver([EVENT])

    assert outcome == Outcome("a", "accepted")
    assert pauses[0] == 7
    assert 25 < pauses[1] < 31
    assert 0 < pauses[2] <= 8
    assert asked[-1].headers["authorization"] == "Bearer token"
    assert json.loads(asked[-1].content) == [EVENT]


def test_a_server_that_never_answers_is_unreached() -> None:
    made, pauses, _ = door(*[httpx.Response(503)] * 5)

    with made, pytest.raises(Unreached, match="503"):
        made.deliver([EVENT])

    assert len(pauses) == 4


@pytest.mark.parametrize(
    "answer", [httpx.Response(200, text="<html>Sign in</html>"), httpx.Response(200, json={"items": []})]
)
def test_an_answer_of_somebody_else_is_refused(answer: httpx.Response) -> None:
    made, _, _ = door(answer)

    with made, pytest.raises(Refused, match="no answer to these events"):
        made.deliver([EVENT])


def test_an_address_without_http_is_refused_and_not_taken_for_a_line_that_is_down() -> None:
    with HttpDoor("127.0.0.1:8000", lambda: "token") as made, pytest.raises(Refused, match="UnsupportedProtocol"):
        made.deliver([EVENT])


def test_a_refusal_of_the_whole_request_is_told_at_once() -> None:
    made, pauses, _ = door(httpx.Response(403, json={"code": "unknown-source"}))

    with made, pytest.raises(Refused, match="unknown-source"):
        made.deliver([EVENT])

    assert pauses == []
