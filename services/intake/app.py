"""Composition: intake's desk, its HTTP app, its timers, and the seeds."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from services.intake import api, consumers, handlers
from services.intake.handlers import Desk, Shelf
from services.intake.timers import timers
from shared.runtime import Blueprint, Frame, Service
from shared.store.together import Together
from shared.web.app import service_app

HERE = Path(__file__).parent


def build(frame: Frame) -> Service:
    """Intake, ready to run."""
    desk = Desk(frame.works, Shelf(), Together(frame.works))
    app = service_app(
        "intake", title="Gần Dân: tiếp nhận hồ sơ", description="The one-stop shop: dossiers, slips, lookups, procedures and units.",
        routers=api.routers, door=frame.door, problems=HERE / "data" / "problems.toml", telemetry=frame.web_telemetry("intake"),
    )  # fmt: skip
    app.state.desk = desk
    sources = consumers.Sources(desk, frame.bootstrap, frame.settings.topic_prefix, frame.settings.replication)
    return Service(
        "intake", app, listeners=consumers.LISTENERS, timers=(*timers(desk, sweep_seconds=frame.settings.sweep_seconds), sources.timer()), entries=(sources.entry(),), sealer=partial(consumers.seal_contacts, frame.works),
        begin=partial(handlers.seed, desk),
    )  # fmt: skip


BLUEPRINT = Blueprint("intake", HERE / "migrations", build)
