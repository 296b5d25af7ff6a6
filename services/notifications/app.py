"""Composition of notifications."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from services.notifications import handlers
from services.notifications.api import ROUTERS
from services.notifications.api.live import Hub
from services.notifications.consumers import LISTENERS
from shared.runtime import Blueprint, Frame, Service
from shared.web.app import service_app

NAME, HERE = "notifications", Path(__file__).parent


def build(frame: Frame) -> Service:
    """Notifications with its doors."""
    api = service_app(
        NAME, title="Gần Dân: thông báo", description="What citizens are told, once each: inboxes, live streams, contact key.",
        routers=ROUTERS, door=frame.door, problems=HERE / "data" / "problems.toml", telemetry=frame.web_telemetry(NAME),
    )  # fmt: skip
    hub = Hub(partial(handlers.standings_of, frame.works), frame.works.committed)
    api.state.works, api.state.hub = frame.works, hub
    return Service(NAME, api, listeners=LISTENERS, jobs=(hub.run,))


BLUEPRINT = Blueprint(NAME, HERE / "migrations", build)
