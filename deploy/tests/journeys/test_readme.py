"""The first dossier of the README, filed and looked at from every side with the very commands that stand there."""

from __future__ import annotations

from functools import partial
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfReader

from deploy.tests import readme
from deploy.tests.journeys.capital import Capital
from shared.testing.waiting import wait_until

pytestmark = [pytest.mark.journey, pytest.mark.kafka, pytest.mark.postgres]


def _places(capital: Capital) -> dict[str, str]:
    """Here each service has a process of its own."""
    at = {"intake": capital.api, "notifications": capital.notifications, "reporting": capital.reporting}
    return {f"{readme.HTTP}/{service}/": f"{child.url}/{service}/" for service, child in at.items()}


async def _everywhere(capital: Capital, id_: str) -> bool:
    """Whether the dossier is in reporting and its citizen was told: a person who types is slower than that."""
    citizen = capital.token("citizen", person="044085001234")
    line = await capital.call("GET", f"/reporting/v1/dossiers/{id_}?min_version=2", capital.officer())
    inbox = await capital.call("GET", f"/notifications/v1/me/inbox?aggregate={id_}", citizen)
    return line.status_code == 200 and bool(inbox.json()["items"])


async def test_the_first_dossier_of_the_readme_is_filed_printed_told_projected_and_explained(
    capital: Capital, tmp_path: Path
) -> None:
    run = partial(readme.told, folder=tmp_path, home=capital.home, places=_places(capital))
    first, second = readme.block_with("my-first"), readme.block_with("slip.pdf")
    (filed,), _ = readme.documents(await run(first))
    (again,), _ = readme.documents(await run(first))
    assert again == filed, "the same request again has the same answer"
    await wait_until(partial(_everywhere, capital, filed["id"]), what="the dossier in inbox and reporting")

    clerk = first.splitlines()[0]
    (inbox, line, timeline), explained = readme.documents(await run(f"{clerk}\n{second}"))
    slip = PdfReader(BytesIO((tmp_path / "slip.pdf").read_bytes())).pages[0].extract_text()
    assert filed["code"] in slip
    assert [item["code"] for item in inbox["items"] if item["aggregate"] == filed["id"]] == ["HS-01"]
    assert (line["id"], line["state"], line["due_on"]) == (filed["id"], "accepted", filed["due_on"])
    assert len(timeline["items"]) == 2
    assert "30 Nov 2026" in explained.splitlines()[0]
