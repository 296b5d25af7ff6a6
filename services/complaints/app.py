"""Composition: complaints' desk, its HTTP app, its consumer and its timer."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from services.complaints import api, consumers
from services.complaints.handlers.desk import Desk, refresh_law
from services.complaints.timers import timers
from shared.runtime import Blueprint, Frame, Service
from shared.web.app import service_app

HERE = Path(__file__).parent


async def _begin(desk: Desk) -> None:
    await refresh_law(desk)


def build(frame: Frame) -> Service:
    """Complaints, ready to run."""
    desk = Desk(frame.works)
    app = service_app(
        "complaints", title="Gần Dân: đơn thư", description="Letters of citizens: complaints, feedback and petitions, with their limits.",
        routers=api.routers, door=frame.door, problems=HERE / "data" / "problems.toml", telemetry=frame.web_telemetry("complaints"),
    )  # fmt: skip
    app.state.desk = desk
    return Service(
        "complaints", app, listeners=consumers.LISTENERS, timers=timers(desk, sweep_seconds=frame.settings.sweep_seconds),
        sealer=partial(consumers.seal_contacts, frame.works), begin=partial(_begin, desk),
    )  # fmt: skip


BLUEPRINT = Blueprint("complaints", HERE / "migrations", build)
