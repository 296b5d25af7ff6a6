"""Each service as it is built, on a database with something in it, spoken to in process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from deploy.cli.up import blueprint
from services.complaints.handlers import reference
from services.complaints.tests import given
from services.intake.tests.given import complete
from services.notifications import consumers
from services.notifications.tests import samples
from services.reporting.tests.conftest import describe_procedures, describe_units, tell_all, tell_letters
from services.reporting.tests.facts import Dossier
from services.reporting.tests.letters import Letter
from shared.kernel import system
from shared.runtime import Frame, Service
from shared.settings import Keys, Settings
from shared.store.unit_of_work import Works
from shared.store.vault import recipient_of
from shared.telemetry.setup import Telemetry
from shared.testing.records import Log, fed
from shared.web.app import Probes, Readiness, root_app
from shared.web.devissuer import DevIssuer
from shared.web.door import open_door

UNIT, PERSON = samples.UNIT, samples.PERSON
ROLES = ("citizen", "clerk", "handler", "head", "inspector", "screener", "front", "publisher", "ops", "admin")
ANYBODY = "anonymous"

Known = Mapping[str, Sequence[str]]
"""By the beginning of a path, what there really is in place of its first parameter."""


@dataclass(slots=True)
class World:
    """One service, and who speaks to it: every role, and a stranger."""

    service: Service
    http: httpx.AsyncClient
    tokens: Mapping[str, str]
    known: Known

    @property
    def document(self) -> dict[str, Any]:
        """Its OpenAPI document."""
        return self.service.api.openapi()

    def bearer(self, role: str) -> dict[str, str]:
        """The header of this role; of a stranger, none."""
        return {"authorization": f"Bearer {self.tokens[role]}"} if role in self.tokens else {}

    async def post(self, role: str, path: str, json: Any, **headers: str) -> dict[str, Any]:
        """A command that is done."""
        once = {
            "idempotency-key": f"world-{next(_keys)}",
            **{name.replace("_", "-"): each for name, each in headers.items()},
        }
        answer = await self.http.post(path, json=json, headers={**self.bearer(role), **once})
        assert answer.is_success, answer.text
        done: dict[str, Any] = answer.json()
        return done


_keys = count(1)


@dataclass(frozen=True, slots=True)
class Ground:
    """What a world is built on."""

    works: Works
    keys: Keys
    telemetry: Telemetry
    home: Path


@asynccontextmanager
async def world(name: str, ground: Ground) -> AsyncIterator[World]:
    """The world of this service."""
    settings = Settings(home=ground.home, pool_size=4)
    door = open_door(settings, ground.keys)
    frame = Frame(settings, ground.keys, ground.works, ground.telemetry, door, ground.works.clock, "", "127.0.0.1:9")
    service = blueprint(name).build(frame)
    if service.begin is not None:
        await service.begin()
    root = root_app({name: service.api}, probes=Probes(_ready, lambda: b""))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(root, raise_app_exceptions=False), base_url=f"http://test/{name}"
    ) as http:
        made = World(service, http, _tokens(DevIssuer.load_or_make(settings)), {})
        made.known = await _FILLED[name](made, ground)
        yield made


async def _ready(_service: str | None) -> Readiness:
    return Readiness("ready")


def _tokens(issuer: DevIssuer) -> dict[str, str]:
    officers = {role: issuer.token(role, units=[UNIT], subject=f"{role}-1") for role in ROLES if role != "citizen"}
    return {**officers, "citizen": issuer.token("citizen", subject="citizen-1", person=PERSON)}


async def _intake(made: World, _ground: Ground) -> Known:
    body = _example(made, "/v1/dossiers")
    own = {**body, "submitter": {"name": "Nguyễn Văn An", "identity_no": PERSON}}
    papers = [{"name": each.name, "kind": each.kind, "count": each.count} for each in complete(body["procedure"])]
    filed = [await made.post("citizen", "/v1/dossiers", own) for _ in range(3)]
    filed += [await made.post("clerk", "/v1/dossiers", {**own, "channel": "direct", "components": papers})]
    return {"/v1/dossiers/": [each["id"] for each in filed], "/v1/procedures/": [body["procedure"]]}


async def _complaints(made: World, ground: Ground) -> Known:
    async with ground.works.begin(system("test")) as work:
        await reference.copy_units(work, given.UNITS, [])
        await reference.copy_procedures(work, [given.procedure()], [])
    letters = [await made.post("citizen", "/v1/submissions", _example(made, "/v1/submissions")) for _ in range(3)]
    parts = [
        {"kind": kind, "summary": "Đường thôn ngập", "unit": UNIT} for kind in ("complaint", "feedback", "complaint")
    ]
    await made.post("head", f"/v1/submissions/{letters[0]['id']}/split", {"parts": parts}, if_match='"1"')
    found = await made.http.get("/v1/cases", headers=made.bearer("head"))
    cases = [each["id"] for each in found.json()["items"]]
    assert len(cases) == len(parts)
    return {"/v1/submissions/": [each["id"] for each in letters], "/v1/cases/": cases}


async def _notifications(_made: World, ground: Ground) -> Known:
    recipient, log = recipient_of(ground.keys.people, PERSON), Log()
    records = [log.fact(fact, number) for number, fact in enumerate(samples.life(recipient), 1)]
    await fed(ground.works, consumers.LISTENERS[0], ground.telemetry.metrics).give(*records)
    async with ground.works.reading() as db:
        deliveries = [str(row["id"]) for row in await db.fetch("SELECT id FROM delivery")]
    return {"/v1/me/inbox/": ["1", "2"], "/v1/deliveries/": deliveries}


async def _reporting(made: World, ground: Ground) -> Known:
    async def ends(_places: object) -> dict[tuple[str, int], int] | None:
        return None

    made.service.api.state.ends = ends  # there is no Kafka in this world
    dossier, letter = Dossier(), Letter()
    await tell_all(ground.works, [(dossier, dossier.life())])
    await tell_letters(
        ground.works, [(letter, [letter.registered(), letter.split()], [letter.opened(), letter.assigned()])]
    )
    await describe_units(ground.works, ("44", "Tỉnh Quảng Trị"), (UNIT, "Phường Quảng Trị"))
    await describe_procedures(ground.works)
    return {
        "/v1/dossiers/": [str(dossier.id)], "/v1/timelines/": [str(dossier.id), str(letter.case)], "/v1/cases/": [str(letter.case)],
        "/v1/units/": [UNIT],
    }  # fmt: skip


def _example(made: World, path: str) -> dict[str, Any]:
    """The example the document gives for a body."""
    found: dict[str, Any] = made.document["paths"][path]["post"]["requestBody"]["content"]["application/json"][
        "example"
    ]
    return found


_FILLED: Mapping[str, Callable[[World, Ground], Awaitable[Known]]] = {
    "intake": _intake, "complaints": _complaints, "notifications": _notifications, "reporting": _reporting,
}  # fmt: skip
