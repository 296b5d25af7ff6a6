"""Promised dates beside lawful ones as data: the sums of the page, each dossier once, for the source and the province alone."""

from __future__ import annotations

import pytest

from services.intake.handlers import Desk
from services.intake.tests.talk import Talk
from services.intake.tests.test_source_pages import compared
from services.intake.tests.vendor import CODE, TAN_THANH

pytestmark = pytest.mark.postgres

PATH = f"/sources/{TAN_THANH}/comparison"


async def test_the_sums_and_the_dossiers_behind_them_are_read_as_data(talk: Talk, desk: Desk) -> None:
    await compared(desk)
    mine = talk.token("publisher", subject=TAN_THANH)

    sums = (await talk.get(PATH, mine)).json()
    every = (await talk.get(f"{PATH}/dossiers", mine, accept_language="en")).json()["items"]
    later = (await talk.get(f"{PATH}/dossiers?kind=later&limit=1", mine)).json()
    rest = (await talk.get(later["next"].removeprefix("/intake/v1"), mine)).json()
    bar = (await talk.get(f"{PATH}/dossiers?span=p3", mine)).json()["items"]

    assert (sums["source"], sums["dossiers"], len(every)) == (TAN_THANH, 7, 7)
    assert sums["kinds"] == {"later": 2, "same": 1, "earlier": 1, "unpromised": 1, "standing": 1, "uncounted": 1}
    for kind, number in sums["kinds"].items():
        assert len([each for each in every if each["kind"] == kind]) == number
    assert [each["code"][-4:] for each in (*later["items"], *rest["items"])] == ["0002", "0003"]
    assert [each["code"] for each in bar] == [f"{CODE[:-4]}0002"]
    assert (bar[0]["promised_on"], bar[0]["lawful_on"], bar[0]["days"]) == ("2026-11-30", "2026-11-27", 3)
    assert sums["differences"]["p3"] == len(bar)
    assert "Due: 17:00 Friday 27 Nov 2026." in every[0]["explanation"]


@pytest.mark.parametrize("path", [PATH, f"{PATH}/dossiers"])
async def test_others_see_nothing_of_it_and_a_kind_nobody_knows_is_refused(talk: Talk, desk: Desk, path: str) -> None:
    await compared(desk)
    asked = [
        (talk.token("admin"), 200), (talk.token("publisher", subject="hai-lang"), 404), (talk.token("ops"), 403), (talk.token("clerk"), 403),
    ]  # fmt: skip

    assert [(await talk.get(path, token)).status_code for token, _ in asked] == [status for _, status in asked]
    if path != PATH:
        assert (await talk.get(f"{path}?kind=worse", talk.token("admin"))).status_code == 422
        assert (await talk.get(f"{path}?span=p4", talk.token("admin"))).status_code == 422
