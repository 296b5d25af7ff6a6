"""Composition: the reporting service as the runtime starts it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from services.reporting import api, handlers, pages
from services.reporting.api.live import Hub
from services.reporting.consumers import LISTENER
from services.reporting.timers import timers
from shared.bus import log
from shared.runtime import Blueprint, Frame, Service
from shared.web.app import service_app

HERE = Path(__file__).parent


def build(frame: Frame) -> Service:
    """The service on this frame."""
    app = service_app(
        "reporting",
        title="Gần Dân: reporting",
        description="Registers, timelines and figures, made of what the other services state.",
        routers=api.ROUTERS,
        door=frame.door,
        problems=HERE / "data" / "problems.toml",
    )
    app.state.hub = hub = Hub(partial(handlers.counters, frame.works))
    app.state.works, app.state.ends = frame.works, partial(log.ends, frame.bootstrap)
    return Service(
        name="reporting",
        api=app,
        listeners=[LISTENER],
        timers=timers(frame.works),
        pages=pages.site(frame.works, frame.door),
        jobs=(hub.run,),
    )


BLUEPRINT = Blueprint("reporting", HERE / "migrations", build)
