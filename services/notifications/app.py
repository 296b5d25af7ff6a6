"""Composition of notifications."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

from services.notifications import handlers
from services.notifications.adapters.sandbox import SandboxProvider
from services.notifications.adapters.settings import MailSettings
from services.notifications.adapters.smtp import SmtpProvider
from services.notifications.api import ROUTERS
from services.notifications.api.live import Hub
from services.notifications.consumers import LISTENERS
from services.notifications.domain import Provider
from services.notifications.handlers import Mailroom
from services.notifications.timers import timers
from shared.runtime import Blueprint, Frame, Service
from shared.web.app import service_app

NAME, HERE = "notifications", Path(__file__).parent


def build(frame: Frame) -> Service:
    """Notifications with its doors."""
    api = service_app(
        NAME, title="Gần Dân: thông báo", description="What citizens are told, once each: inboxes, live streams, e-mail, contact key.",
        routers=ROUTERS, door=frame.door, problems=HERE / "data" / "problems.toml", telemetry=frame.web_telemetry(NAME),
    )  # fmt: skip
    hub, room = Hub(partial(handlers.standings_of, frame.works), frame.works.listen()), mailroom(frame)
    api.state.works, api.state.hub = frame.works, hub
    return Service(
        NAME,
        api,
        listeners=LISTENERS,
        timers=timers(room, seconds=frame.settings.sweep_seconds),
        jobs=(hub.run, until_the_end(room)),
    )


def mailroom(frame: Frame) -> Mailroom:
    """The e-mail worker: by SMTP where a server is set, else simulated."""
    settings = frame.settings
    mail = MailSettings.of(settings.smtp_url, settings.mail_from)
    tracer = frame.telemetry.provider_for(NAME).get_tracer("gandan")
    return Mailroom(
        frame.works, provider_of(mail), mail.sender, settings.base_url, tracer, frame.telemetry.metrics.notices
    )


def provider_of(mail: MailSettings) -> Provider:
    """Who carries e-mail."""
    return SmtpProvider(mail.server) if mail.server else SandboxProvider()


def until_the_end(room: Mailroom) -> Callable[[], Coroutine[Any, Any, None]]:
    """A job that lets go of connections when the process ends."""

    async def keep() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await room.close()

    return keep


BLUEPRINT = Blueprint(NAME, HERE / "migrations", build)
