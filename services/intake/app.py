"""Composition: intake's desk, its HTTP app, its pages, its timers, and the seeds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from services.intake import api, consumers, handlers, pages
from services.intake.adapters import portal_gateway
from services.intake.api.pauses import Pauses
from services.intake.handlers import Cabinet, Desk, Egress, Watch
from services.intake.timers import egress_timer, file_timers, timers, watch_timer
from shared.bus.consumer import Listener
from shared.runtime import Blueprint, Frame, Service
from shared.store.files import Scanner, open_store
from shared.timers import Timer
from shared.web.app import service_app

HERE = Path(__file__).parent


def build(frame: Frame) -> Service:
    """Intake, ready to run."""
    desk = Desk(frame.works)
    ceiling = frame.settings.issuer is None
    door = replace(frame.door, directory=partial(handlers.known_rights, desk, ceiling=ceiling))
    app = service_app(
        "intake", title="Gần Dân: tiếp nhận hồ sơ", description="The one-stop shop: dossiers, slips, lookups, procedures and units.",
        routers=api.routers, door=door, problems=HERE / "data" / "problems.toml", telemetry=frame.web_telemetry("intake"),
    )  # fmt: skip
    files, settings = open_store(frame.settings), frame.settings
    cabinet = Cabinet(frame.works, files, settings.file_bytes, Scanner(settings.clamd) if settings.clamd else None)
    sources = consumers.Sources(desk, frame.bootstrap, settings.topic_prefix, settings.replication)
    portal = _portal(frame, desk)
    app.state.desk, app.state.cabinet, app.state.pauses = desk, cabinet, Pauses(desk.works.clock)
    return Service(
        "intake", app, listeners=(*consumers.LISTENERS, *portal.listeners), timers=(*timers(desk, sweep_seconds=settings.sweep_seconds), *file_timers(cabinet), sources.timer(), watch_timer(Watch(desk, frame.telemetry.metrics.sources)), *portal.timers),
        entries=(sources.entry(),), sealer=partial(consumers.seal_contacts, frame.works),
        begin=partial(handlers.seed, desk), pages=pages.site(desk, door), pages_at=pages.AT, pages_also_at=[pages.SOURCES_AT],
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Portal:
    """What runs for the national portal: nothing where none is configured."""

    listeners: tuple[Listener, ...] = ()
    timers: tuple[Timer, ...] = ()


def _portal(frame: Frame, desk: Desk) -> _Portal:
    settings = frame.settings
    if settings.portal_url is None:
        return _Portal()
    metrics = frame.telemetry.metrics.egress
    way = Egress(desk, partial(portal_gateway.opened, settings.portal_url, settings.portal_session), metrics.stands)
    return _Portal((consumers.PORTAL,), (egress_timer(way),))


BLUEPRINT = Blueprint("intake", HERE / "migrations", build)
