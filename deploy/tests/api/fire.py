"""Requests made by schemathesis from a document, sent in process by every role, and what may not happen to any of them."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import httpx
import requests
import schemathesis
import schemathesis.specs.openapi.schemas  # now: left to its first use, it would be compiled beside other threads
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS

from deploy.tests.api.worlds import ANYBODY, ROLES, World

Case: TypeAlias = schemathesis.Case[Any]
Operation: TypeAlias = schemathesis.APIOperation[Any, Any, Any, Any]

CONFORMS = ("status_code_conformance", "content_type_conformance", "response_headers_conformance", "response_schema_conformance")  # fmt: skip
"""Checks of schemathesis for every answer; that it is no server's error, and who may ask, we judge ourselves."""
REFUSES = "negative_data_rejection"
MEANT = {"not-yet-visible"}
"""A 503 that is an answer: the version asked for has not come yet."""
UNREADABLE = {400, 413, 415}
"""Said before anybody asks who it is: the body is no body."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One request: what, by whom, and whether the document allows its data."""

    case: Case
    role: str
    fair: bool


def operations(document: dict[str, Any]) -> Iterator[Operation]:
    """The operations of a document, but for streams, which have no end to wait for."""
    for found in schemathesis.openapi.from_dict(_open(document)).get_all_operations():
        operation: Operation = found.ok()  # type: ignore[union-attr]  # a document that is not valid ends here
        good = operation.definition.raw["responses"].get("200", {})
        if "text/event-stream" not in good.get("content", {}):
            yield operation


def _open(document: dict[str, Any]) -> dict[str, Any]:
    """The document without its rights: we send the tokens, and judge by `x-roles`."""
    made = copy.deepcopy(document)
    made["components"].pop("securitySchemes")
    for item in made["paths"].values():
        for operation in item.values():
            operation.pop("security")
    return made


def shots(operation: Operation, number: int, fair: int, foul: int) -> Iterator[Shot]:
    """Fair requests by everybody, and foul ones by those who may ask."""
    may = operation.definition.raw.get("x-roles")
    for role, case in zip(
        (*ROLES, ANYBODY), _round(_cases(operation, GenerationMode.POSITIVE, fair, number)), strict=False
    ):
        yield Shot(case, role, fair=True)
    roles = may or [ANYBODY if may is None else ROLES[0]]
    for turn, case in enumerate(_cases(operation, GenerationMode.NEGATIVE, foul, number)):
        yield Shot(case, roles[turn % len(roles)], fair=False)


def _round(cases: Sequence[Case]) -> Iterator[Case]:
    while cases:
        yield from cases


def _cases(operation: Operation, mode: GenerationMode, most: int, number: int) -> list[Case]:
    """Cases of one kind, the same for the same number; none where the operation has nothing that could be wrong."""
    found: list[Case] = []

    @seed(number)
    @settings(
        max_examples=most,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def collect(case: Case) -> None:
        found.append(case)

    try:
        collect()
    except Unsatisfiable:
        return found
    return found


def aimed(shot: Shot, world: World, chance: random.Random) -> Shot:
    """Half of the fair requests go to something that is really there, at whatever version it has."""
    beginning = shot.case.path.partition("{")[0]
    if shot.fair and beginning in world.known and "{" in shot.case.path and chance.random() < 0.5:
        name = shot.case.path.partition("{")[2].partition("}")[0]
        shot.case.path_parameters[name] = chance.choice(world.known[beginning])
        if "If-Match" in shot.case.headers:
            shot.case.headers["If-Match"] = f'"{chance.choice((1, 1, 2))}"'
    return shot


async def sent(shot: Shot, world: World) -> httpx.Response:
    """Send it as this role."""
    base = str(world.http.base_url).rstrip("/")
    made = requests.Request(**shot.case.as_transport_kwargs(base_url=base)).prepare()
    headers = {name: value for name, value in (made.headers or {}).items() if name.lower() != "authorization"}
    raw = [(_bytes(name), _bytes(value)) for name, value in {**headers, **world.bearer(shot.role)}.items()]
    return await world.http.request(str(made.method), str(made.url), headers=raw, content=_bytes(made.body or b""))  # type: ignore[arg-type]  # requests prepared bytes or text


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1", "replace")


def wrong(shot: Shot, answer: httpx.Response) -> Iterator[str]:
    """What is wrong about this answer, each in a sentence."""
    operation, status = shot.case.operation, answer.status_code
    documented = operation.definition.raw["responses"]
    if status >= 500 and _code(answer) not in MEANT:
        yield f"answers {status}: {answer.text[:300]}"
    elif str(status) not in documented:
        yield f"answers {status}, which it does not document: {answer.text[:200]}"
    yield from _rights(shot, answer)
    asked = (
        CONFORMS if shot.fair or status in UNREADABLE else (*CONFORMS, REFUSES)
    )  # which does not know that 413 refuses
    checks: list[Any] = [CHECKS.get_one(name) for name in asked]
    try:
        shot.case.validate_response(answer, checks=checks)
    except AssertionError as failure:
        yield str(failure)
    except BaseExceptionGroup as failures:
        yield "; ".join(str(each) for each in failures.exceptions)


def _code(answer: httpx.Response) -> str:
    is_problem = answer.headers.get("content-type") == "application/problem+json"
    return str(answer.json()["code"]) if is_problem else ""


def _rights(shot: Shot, answer: httpx.Response) -> Iterator[str]:
    may, status = shot.case.operation.definition.raw.get("x-roles"), answer.status_code
    if may is None or (not shot.fair and status in {*UNREADABLE, 422}) or status in UNREADABLE:
        return
    if _code(answer) == "nul-character":  # no schema can forbid one; the edge asks nobody who they are before that
        return
    if shot.role == ANYBODY and (status != 401 or "www-authenticate" not in answer.headers):
        yield f"answers {status} to a stranger, without a challenge"
    if shot.role != ANYBODY and may and shot.role not in may and status != 403:
        yield f"answers {status} to the role {shot.role}, which may not ask"
    if shot.role in may and status == 401:
        yield f"answers 401 to the role {shot.role}, which may ask"
