"""What is started only when asked for: the sample day, the observers, the front door."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deploy.tests.containers.engine import Composed, composed
from deploy.tests.province import UNIT
from shared.testing.clients import PatientClient

pytestmark = [pytest.mark.containers, pytest.mark.timeout(1500)]

PROFILES = {
    "obs": {"collector", "jaeger", "prometheus", "grafana"},
    "front": {"front"},
    "tools": {"tools"},
    "sample": {"sample"},
}


@pytest.mark.parametrize("profile", PROFILES)
async def test_a_profile_adds_its_containers_to_the_core(installation: Composed, profile: str) -> None:
    core = set((await installation.compose("config", "--services")).split())
    assert (
        set((await installation.compose("--profile", profile, "config", "--services")).split()) - core
        == PROFILES[profile]
    )


async def test_an_empty_store_lives_the_sample_day_before_the_services_start(tmp_path: Path) -> None:
    async with composed(tmp_path, f"gandan-sample-{os.getpid()}", "sample") as made:
        assert " acts in " in await made.compose("logs", "sample")
        head = PatientClient(lambda: made.url("reporting"), made.token("head", units=[UNIT]))
        items = (await head.get("/reporting/v1/dossiers?limit=100")).json()["items"]
        await head.close()
        assert len(items) > 50
        assert any(item["breached"] for item in items)
        await made.compose("up", "--detach", "--wait")  # again: nothing is lived twice
        assert "the store is not empty" in await made.compose("logs", "sample")
