"""What runs for the national portal: nothing unless its address is set."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from services.intake import app
from shared.runtime import Frame, Service
from shared.settings import Keys, Settings
from shared.store.unit_of_work import Works
from shared.telemetry.setup import Telemetry
from shared.web.door import open_door

pytestmark = pytest.mark.postgres


def built(settings: Settings, works: Works, keys: Keys, telemetry: Telemetry) -> Service:
    door = open_door(settings, keys)
    return app.build(Frame(settings, keys, works, telemetry, door, works.clock, database_url="", bootstrap=""))


async def test_the_way_out_is_closed_until_a_portal_is_configured(
    works: Works, keys: Keys, telemetry: Telemetry, tmp_path: Path
) -> None:
    address = "https://user:secret@portal.example/adapter"
    closed, opened = (built(Settings(home=tmp_path, portal_url=url), works, keys, telemetry) for url in (None, address))

    feed = "intake.source-feed"
    assert [[each.name for each in service.listeners] for service in (closed, opened)] == [
        [feed],
        [feed, "intake.portal"],
    ]
    assert ["intake.egress" in {timer.name for timer in service.timers} for service in (closed, opened)] == [
        False,
        True,
    ]


def test_an_address_that_is_none_is_refused_and_a_password_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(ValidationError):
        Settings(home=tmp_path, portal_url="portal.example")
    assert "secret" not in repr(Settings(home=tmp_path, portal_url="https://user:secret@portal.example"))
