"""`gandan verify`: every history of every service, link by link."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from deploy.cli.installation import (
    DONE,
    REFUSED,
    HomeOption,
    Installation,
    JsonOption,
    ServiceOption,
    chosen,
    run,
)
from deploy.cli.screen import Bar, as_json
from shared.store import facts

_FACTS = "SELECT count(*) FROM fact"


def verify(service: ServiceOption = None, home: HomeOption = None, *, as_json_: JsonOption = False) -> None:
    """Walk the history chain of every aggregate; names aggregate and sequence of each damage and changes nothing.

    Exit 1 when there is any. Example: gandan verify --service intake
    """

    async def work(here: Installation) -> int:
        found = [await _walked(here, name) for name in chosen(service)]
        print(as_json(found) if as_json_ else "\n".join(line for one in found for line in _told(one)))
        return REFUSED if any(one["damages"] for one in found) else DONE

    run("verify", home, work)


async def _walked(here: Installation, service: str) -> dict[str, Any]:
    damages, seen = [], 0
    async with here.session(service) as db:
        total = await db.fetchval(_FACTS)
        with Bar(f"facts of {service}") as bar:
            async for found in facts.verify(db):
                if isinstance(found, facts.Damage):
                    damages.append(asdict(found))
                else:
                    seen = found
                    bar.show(seen, total)
    return {"service": service, "facts": seen, "damages": damages}


def _told(one: dict[str, Any]) -> list[str]:
    if not one["damages"]:
        return [f"{one['service']}: {one['facts']} facts, every link holds"]
    head = f"{one['service']}: {one['facts']} facts, {len(one['damages'])} histories are damaged; keep the database as it is and compare with a backup"
    return [head, *(f"  {d['aggregate']} at sequence {d['sequence']}: {d['what']}" for d in one["damages"])]
