"""`gandan migrate`: bring each service's database to the newest revision of its own chain."""

from __future__ import annotations

from deploy.cli.installation import DONE, HomeOption, Installation, JsonOption, ServiceOption, chosen, run
from deploy.cli.screen import as_json, columns
from deploy.cli.up import blueprint
from shared.store import migrate as store


def migrate(service: ServiceOption = None, home: HomeOption = None, *, as_json_: JsonOption = False) -> None:
    """Bring the databases to this version, forward only; done twice it does nothing. Example: gandan migrate --service intake"""

    async def work(here: Installation) -> int:
        found = [await _migrated(here, name) for name in chosen(service)]
        rows = [(f["service"], f["before"] or "empty", f["now"]) for f in found]
        print(as_json(found) if as_json_ else columns(("SERVICE", "BEFORE", "NOW"), rows))
        return DONE

    run("migrate", home, work)


async def _migrated(here: Installation, service: str) -> dict[str, str | None]:
    async with here.session(service):  # says plainly when it does not answer
        before = await store.current(here.urls[service])
    await store.migrate(here.urls[service], blueprint(service).migrations)
    return {"service": service, "before": before, "now": await store.current(here.urls[service])}
