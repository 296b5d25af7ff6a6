"""Every way a request can fail, and what the client reads then."""

from __future__ import annotations

import errno
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from structlog.testing import capture_logs

from shared.kernel import Forbidden, Invalid, NotFound, Refused, StillRunning
from shared.web import problems, refusals
from shared.web.edge import CutOff
from shared.web.faults import fault_of
from shared.web.tests.service import TEXTS, AlreadySettled, Shelf

Submit = Callable[..., Any]


async def _broken(client: httpx.AsyncClient, shelf: Shelf, error: Exception, **headers: str) -> httpx.Response:
    shelf.next_error = error
    return await client.post("/intake/v1/breaks", headers=headers)


async def test_a_refusal_answers_its_status_code_and_a_sentence_with_its_facts(
    client: httpx.AsyncClient, shelf: Shelf
) -> None:
    answer = await _broken(client, shelf, AlreadySettled(code="H50.12", settled_on=date(2026, 11, 23)))
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert found["type"] == "/problems/already-settled"
    assert found["code"] == "already-settled"
    assert found["title"] == "Đã có kết quả"
    assert found["detail"] == "Hồ sơ H50.12 đã có kết quả."
    assert found["instance"] == "/intake/v1/breaks"
    assert found["facts"] == {"code": "H50.12", "settled_on": "2026-11-23"}


async def test_the_language_follows_accept_language_and_is_stated(client: httpx.AsyncClient, shelf: Shelf) -> None:
    answer = await _broken(
        client, shelf, AlreadySettled(code="H50.12"), **{"accept-language": "en-GB,en;q=0.9,vi;q=0.5"}
    )
    assert (answer.json()["title"], answer.json()["detail"]) == ("Already settled", "Dossier H50.12 has its result.")
    assert answer.headers["content-language"] == "en"
    assert "Accept-Language" in answer.headers["vary"]
    assert (await _broken(client, shelf, AlreadySettled(code="x"))).headers["content-language"] == "vi"


async def test_a_missing_fact_leaves_an_ellipsis_and_no_error(client: httpx.AsyncClient, shelf: Shelf) -> None:
    assert (await _broken(client, shelf, AlreadySettled())).json()["detail"] == "Hồ sơ … đã có kết quả."


async def test_a_refusal_without_texts_says_its_docstring(client: httpx.AsyncClient, shelf: Shelf) -> None:
    class NobodyThoughtOfThis(Refused):
        """Nobody thought of this."""

    found = (await _broken(client, shelf, NobodyThoughtOfThis())).json()
    assert found["code"] == "nobody-thought-of-this"
    assert found["detail"] == "Nobody thought of this."


async def test_an_invalid_field_is_named_by_a_pointer(client: httpx.AsyncClient, shelf: Shelf) -> None:
    answer = await _broken(client, shelf, Invalid("Ngày sinh ở tương lai.", field="/submitter/born_on"))
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"in": "body", "pointer": "/submitter/born_on", "detail": "Ngày sinh ở tương lai.", "code": "invalid"}
    ]
    assert "facts" not in answer.json()


async def test_absent_and_forbidden_resources_cannot_be_told_apart(client: httpx.AsyncClient) -> None:
    absent, hidden = [await client.get(f"/intake/v1/dossiers/{each}") for each in ("absent", "hidden")]
    assert absent.status_code == hidden.status_code == 404
    assert {**absent.json(), "instance": ""} == {**hidden.json(), "instance": ""}
    assert {**absent.headers, "content-length": ""} == {**hidden.headers, "content-length": ""}


async def test_forbidden_on_a_route_for_all_is_403(client: httpx.AsyncClient, shelf: Shelf) -> None:
    answer = await _broken(client, shelf, Forbidden())
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_not_found_says_nothing_of_what_was_looked_for(client: httpx.AsyncClient, shelf: Shelf) -> None:
    answer = await _broken(client, shelf, NotFound("the denunciation of 12 May", case="x"))
    assert answer.status_code == 404
    assert "12 May" not in answer.text
    assert "facts" not in answer.json()


async def test_a_first_request_still_running_asks_to_come_back(client: httpx.AsyncClient, shelf: Shelf) -> None:
    answer = await _broken(client, shelf, StillRunning())
    assert (answer.status_code, answer.headers["retry-after"]) == (409, "1")


async def test_missing_wrong_and_unknown_fields_are_each_named_in_plain_words(submit: Submit) -> None:
    answer = await submit(
        {"summary": 7, "count": "many", "parts": ["a", 1], "colour": "red"}, **{"accept-language": "en"}
    )
    assert answer.status_code == 422
    found = {each["pointer"]: each for each in answer.json()["errors"]}
    assert found["/summary"]["detail"] == "This must be text, in double quotes."
    assert found["/received_at"] == {
        "in": "body",
        "pointer": "/received_at",
        "detail": "This is required.",
        "code": "missing",
    }
    assert found["/count"]["code"] == found["/parts/1"]["code"] == "wrong-type"
    assert found["/colour"]["code"] == "unknown-field"


async def test_what_was_sent_is_never_sent_back(submit: Submit) -> None:
    answer = await submit(
        {"summary": "044085001234 Nguyễn Văn A, thôn Trung", "received_at": "044085001234", "count": "044085001234"}
    )
    assert answer.status_code == 422
    assert "044085001234" not in answer.text


async def test_broken_json_is_named_with_its_place(submit: Submit) -> None:
    answer = await submit(b'{"summary": "a", }', **{"accept-language": "en"})
    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"in": "body", "pointer": "", "detail": "The body is not valid JSON (at character 17).", "code": "bad-json"}
    ]


@pytest.mark.parametrize("content", [b'{"summary": "\xff"}', b"[" * 100_000], ids=["not UTF-8", "nested too deeply"])
async def test_an_unreadable_body_is_400(submit: Submit, content: bytes) -> None:
    answer = await submit(content)
    assert (answer.status_code, answer.json()["code"]) == (400, "unreadable-body")


async def test_a_body_that_is_not_json_is_415(client: httpx.AsyncClient, clerk: dict[str, str]) -> None:
    answer = await client.post(
        "/intake/v1/dossiers",
        content=b"summary=a",
        headers={**clerk, "idempotency-key": "a", "content-type": "text/plain"},
    )
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")


async def test_a_body_of_2_mb_is_refused_before_it_is_read(submit: Submit) -> None:
    answer = await submit(b'{"summary": "' + b"a" * 2_000_000 + b'"}')
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["code"] == "body-too-large"
    assert "1048576" in answer.json()["detail"]


async def test_a_long_body_in_chunks_is_refused_as_well(client: httpx.AsyncClient, clerk: dict[str, str]) -> None:
    async def chunks() -> Any:
        yield b'{"summary": "'
        for _ in range(20):
            yield b"a" * 100_000

    answer = await client.post(
        "/intake/v1/dossiers",
        content=chunks(),
        headers={**clerk, "idempotency-key": "a", "content-type": "application/json"},
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


async def test_a_summary_of_nearly_1_mb_is_too_long_and_not_too_large(submit: Submit) -> None:
    answer = await submit(
        {"summary": "a" * 1_000_000, "received_at": "2026-11-23T08:15:00+07:00"}, **{"accept-language": "en"}
    )
    assert answer.json()["errors"][0]["detail"] == "Too long: at most 20 characters."


async def test_a_route_may_take_more_than_the_others(client: httpx.AsyncClient) -> None:
    assert (await client.put("/intake/v1/files", content=b"a" * 3_000_000)).json() == {"size": 3_000_000}
    assert (await client.put("/intake/v1/files", content=b"a" * 5_000_000)).status_code == 413


async def test_an_unknown_address_is_404(client: httpx.AsyncClient) -> None:
    answer = await client.get("/intake/v1/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-path")


async def test_a_wrong_method_names_every_method_of_the_address(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/intake/v1/dossiers")
    assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")
    assert answer.headers["allow"] == "GET, POST"
    assert (await client.patch("/intake/v1/dossiers/1")).headers["allow"] == "GET, PUT"


TRANSIENT: list[Exception] = [
    asyncpg.PostgresConnectionError("gone"),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.CannotConnectNowError("starting up"),
    asyncpg.AdminShutdownError("shutting down"),
    asyncpg.TooManyConnectionsError("full"),
    asyncpg.SerializationError("again"),
    asyncpg.DeadlockDetectedError("again"),
    asyncpg.QueryCanceledError("late"),
    ConnectionRefusedError("refused"),
    OSError("Multiple exceptions"),
    TimeoutError(),
]


@pytest.mark.parametrize("error", TRANSIENT, ids=lambda error: type(error).__name__)
async def test_what_passes_by_itself_is_503_with_retry_after(
    client: httpx.AsyncClient, shelf: Shelf, error: Exception
) -> None:
    answer = await _broken(client, shelf, error)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert len(answer.json()["trace_id"]) == 32


@pytest.mark.parametrize(
    "error", [asyncpg.DiskFullError("full"), OSError(errno.ENOSPC, "No space left on device")], ids=["database", "disk"]
)
async def test_a_full_disk_has_its_own_words(client: httpx.AsyncClient, shelf: Shelf, error: Exception) -> None:
    answer = await _broken(client, shelf, error)
    assert (answer.status_code, answer.json()["code"]) == (503, "storage-full")
    assert "retry-after" in answer.headers


def test_a_stated_cause_counts_as_the_exception_and_a_mere_context_does_not() -> None:
    wrapped, during = RuntimeError("wrapped"), RuntimeError("a mistake while handling it")
    wrapped.__cause__ = asyncpg.SerializationError("again")
    during.__context__ = asyncpg.SerializationError("again")
    assert fault_of(wrapped) == "unavailable"
    assert fault_of(during) == "internal-error"


def test_a_missing_file_is_our_fault_and_does_not_ask_to_try_again() -> None:
    assert fault_of(FileNotFoundError("form-01.typ")) == "internal-error"


async def test_anything_else_is_500_logged_once_without_data(client: httpx.AsyncClient, shelf: Shelf) -> None:
    with capture_logs() as logs:
        answer = await _broken(client, shelf, RuntimeError("044085001234 of Nguyen Van A"))
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert len(logs) == 1
    assert logs[0]["error"] == "builtins.RuntimeError"
    assert logs[0]["trace"] == answer.json()["trace_id"]
    assert logs[0]["route"] == "/v1/breaks"
    assert "in breaks" in logs[0]["places"]
    assert "044085001234" not in str(logs) + answer.text


async def test_an_answer_that_breaks_half_way_is_cut_off_without_telling_why(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs, pytest.raises(CutOff) as caught:
        await client.get("/intake/v1/cut")
    assert caught.value.__suppress_context__
    assert len(logs) == 1


async def test_a_nul_that_reached_the_database_is_the_clients_mistake(client: httpx.AsyncClient, shelf: Shelf) -> None:
    answer = await _broken(client, shelf, asyncpg.CharacterNotInRepertoireError("invalid byte sequence"))
    assert (answer.status_code, answer.json()["code"]) == (422, "nul-character")


@pytest.mark.parametrize("address", ["/intake/v1/dossiers/a%00b", "/intake/v1/dossiers?state=%00"])
async def test_a_nul_in_the_address_is_refused(client: httpx.AsyncClient, address: str) -> None:
    answer = await client.get(address)
    assert (answer.status_code, answer.json()["code"]) == (422, "nul-character")
    assert answer.headers["cache-control"] == "no-store"


async def test_every_answer_forbids_keeping_and_guessing(client: httpx.AsyncClient) -> None:
    for path in ("/intake/v1/dossiers", "/intake/v1/nothing", "/intake/openapi.json"):
        headers = (await client.get(path)).headers
        assert (headers["cache-control"], headers["x-content-type-options"], headers["referrer-policy"]) == (
            "no-store",
            "nosniff",
            "no-referrer",
        )


async def test_problem_types_lead_to_what_they_mean(client: httpx.AsyncClient) -> None:
    own = (await client.get("/problems/already-settled")).json()
    assert own["title"] == {"vi": "Đã có kết quả", "en": "Already settled"}
    assert {"stale", "already-settled"} <= {each["code"] for each in (await client.get("/problems")).json()["items"]}
    assert (await client.get("/problems/nonsense")).status_code == 404


def test_every_shared_refusal_has_texts_in_both_languages() -> None:
    kernel = [cls for cls in problems.refusal_classes("shared.kernel") if cls is not Refused]
    door = [cls for cls in problems.refusal_classes("shared.web.refusals") if cls is not refusals.DoorRefused]
    assert {"Stale", "NotFound"} <= {cls.__name__ for cls in kernel}
    assert {"TokenExpired", "BadCursor"} <= {cls.__name__ for cls in door}
    assert problems.missing_problem_texts([*kernel, *door]) == []


def test_the_catalogue_agrees_with_the_status_of_each_class() -> None:
    known = problems.base_catalogue()
    classes = problems.refusal_classes("shared.kernel") + problems.refusal_classes("shared.web.refusals")
    assert {cls.__name__: known[cls().code].status for cls in classes if cls().code in known} == {
        cls.__name__: cls.status for cls in classes if cls().code in known
    }


def test_missing_texts_of_a_service_are_listed() -> None:
    class Untold(Refused):
        """Not told in any language but this."""

    assert problems.missing_problem_texts([AlreadySettled, Untold], TEXTS) == [
        "untold: title.vi",
        "untold: title.en",
        "untold: detail.vi",
    ]


def test_a_service_brings_its_texts_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "problems.toml"
    file.write_text('[own]\nstatus = 410\ntitle.vi = "Riêng"\ntitle.en = "Own"\n', encoding="utf-8")
    assert problems.catalogue(file)["own"].status == 410
    assert "stale" in problems.catalogue(file)


async def test_facts_of_any_kind_can_be_written(client: httpx.AsyncClient, shelf: Shelf) -> None:
    answer = await _broken(client, shelf, AlreadySettled(id=UUID(int=1), units={"b", "a"}))
    assert answer.json()["facts"] == {"id": str(UUID(int=1)), "units": ["a", "b"]}


async def test_the_instance_is_an_address_whatever_was_typed(client: httpx.AsyncClient) -> None:
    answer = await client.get("/intake/v1/hồ sơ/a:b@c")
    assert answer.json()["instance"] == "/intake/v1/h%E1%BB%93%20s%C6%A1/a:b@c"
