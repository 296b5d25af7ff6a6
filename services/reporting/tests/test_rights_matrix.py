"""Who is shown what: role x relation x kind over every route of the document that names one dossier or case.

The tables are the statement, written down apart from the code. Whoever may not see something gets, to the letter, the answer
for something that is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

from services.reporting.tests.conftest import tell_all, tell_letters
from services.reporting.tests.facts import UNIT, Dossier
from services.reporting.tests.letters import Letter
from shared.runtime import Service
from shared.settings import Keys
from shared.store.unit_of_work import Works
from shared.store.vault import recipient_of
from shared.web.tokens import ROLES

pytestmark = pytest.mark.postgres

Sign = Callable[..., dict[str, str]]
PERSON, OTHER_PERSON, OTHER_UNIT, PROVINCE = "044199012345", "044199054321", "18880", "44"

RELATIONS: Mapping[str, Mapping[str, Any]] = {
    "own": {"units": [UNIT]}, "other": {"units": [OTHER_UNIT]}, "province": {"units": [PROVINCE]}, "nowhere": {"units": []},
    "assigned": {"units": [UNIT], "subject": "officer-9"}, "party": {"person": PERSON}, "stranger": {"person": OTHER_PERSON},
}  # fmt: skip
CASES: Mapping[str, frozenset[str]] = {
    "head": frozenset({"own", "assigned", "province"}), "clerk": frozenset({"own", "assigned"}), "inspector": frozenset({"own", "assigned", "province"}),
    "handler": frozenset({"assigned"}), "citizen": frozenset({"party"}),
}  # fmt: skip
"""Role -> relations in which a case is shown; any other role is shown none."""


def without_place(answer: httpx.Response) -> dict[str, Any]:
    """A problem without what differs from request to request."""
    return {name: value for name, value in answer.json().items() if name not in {"instance", "trace_id"}}


@pytest.mark.parametrize("kind", ["complaint", "feedback", "petition"])
async def test_each_role_in_each_relation_to_a_case(
    client: httpx.AsyncClient, works: Works, sign: Sign, keys: Keys, kind: str
) -> None:
    letter = Letter(kind, recipient=recipient_of(keys.people, PERSON))
    await tell_letters(works, [(letter, [letter.registered(), letter.split()], [letter.opened(), letter.assigned()])])
    for role in sorted(ROLES):
        for relation, claims in RELATIONS.items():
            me = sign(role, **claims)
            answer = await client.get(f"/v1/cases/{letter.case}", headers=me)
            wanted = 200 if relation in CASES.get(role, frozenset()) else 404
            if role not in CASES:
                wanted = 403 if answer.status_code == 403 else 404
            assert (role, relation, answer.status_code) == (role, relation, wanted)
            if answer.status_code == 404:
                absent = await client.get(f"/v1/cases/{Letter().case}", headers=me)
                assert without_place(answer) == without_place(absent)
            listed = await client.get("/v1/cases", headers=me)
            shown = [item["id"] for item in listed.json()["items"]] if listed.status_code == 200 else []
            assert (role, relation, shown) == (role, relation, [str(letter.case)] if wanted == 200 else [])


async def test_a_dossier_of_somebody_else_is_answered_like_none_by_every_route(
    client: httpx.AsyncClient, works: Works, sign: Sign, service: Service
) -> None:
    dossier = Dossier()
    await tell_all(works, [(dossier, dossier.life())])
    paths = [path for path in service.api.openapi()["paths"] if "{id}" in path]
    assert {"/v1/dossiers/{id}", "/v1/cases/{id}", "/v1/timelines/{id}"} == set(paths)
    for path in paths:
        for role, claims in (
            ("citizen", {"person": PERSON}),
            ("clerk", {"units": [OTHER_UNIT]}),
            ("head", {"units": []}),
        ):
            hidden, absent = [
                await client.get(path.replace("{id}", str(id_)), headers=sign(role, **claims))
                for id_ in (dossier.id, Dossier().id)
            ]
            assert hidden.status_code == 404
            assert without_place(hidden) == without_place(absent)
