"""One `docker compose` project of a test's own: its secrets, its ports, its containers as they are seen from the host."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.cli.up import SERVICES
from deploy.compose.prepare import prepare
from shared import settings
from shared.testing.processes import free_port
from shared.testing.waiting import wait_until
from shared.web.devissuer import mint

CONTAINERS = (*SERVICES, "postgres", "kafka")
BACK_SECONDS = 300
"""A broker looks through its logs after a kill; on a machine that does much besides, that takes minutes."""


@dataclass(frozen=True)
class Composed:
    """The installation under test."""

    project: str
    secrets: Path
    environment: Path
    ports: dict[str, int]

    def url(self, service: str) -> str:
        """Where a service answers on this machine."""
        return f"http://127.0.0.1:{self.ports[service]}"

    def token(self, *roles: str, **claims: Any) -> str:
        """A token as `gandan token` with GANDAN_HOME on the secrets makes it."""
        return mint(settings.load(home=self.secrets), *roles, **claims)

    async def compose(self, *arguments: str) -> str:
        """Run `docker compose`; its standard output, an AssertionError with its words when it fails."""
        files = ("--project-name", self.project, "--env-file", str(self.environment))
        return await told("docker", "compose", *files, *arguments)

    async def inspected(self, service: str) -> dict[str, Any]:
        """What the engine knows of a service's container."""
        id_ = (await self.compose("ps", "--all", "--quiet", service)).strip()
        found: dict[str, Any] = json.loads(await told("docker", "inspect", id_))[0]
        return found

    async def kill(self, service: str) -> None:
        """Kill -9 the main process of a container from outside, wait until the engine has it healthy again."""
        before = (await self.inspected(service))["State"]["Pid"]
        os.kill(before, signal.SIGKILL)

        async def back() -> bool:
            state = (await self.inspected(service))["State"]
            return bool(state["Running"] and state["Pid"] != before and state["Health"]["Status"] == "healthy")

        await wait_until(back, seconds=BACK_SECONDS, every=0.5, what=f"{service} healthy again")


async def told(*command: str) -> str:
    """Run a program; its standard output. Settings of this shell would win over those of the project: they are left out."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GANDAN_")}
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False, env=variables)
    assert done.returncode == 0, f"{' '.join(command)}: {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@asynccontextmanager
async def composed(folder: Path, project: str, *profiles: str) -> AsyncIterator[Composed]:
    """Build, start and wait until all is healthy, with these profiles besides the core; all but the image is removed afterwards."""
    secrets, environment = folder / "secrets", folder / "env"
    ports = {service: free_port() for service in (*SERVICES, "kafka")}
    lines = [f"GANDAN_{service.upper()}_PORT={port}" for service, port in ports.items()]
    environment.write_text(
        "\n".join(
            [*lines, f"GANDAN_SECRETS={secrets}", "GANDAN_VERSION=test", f"COMPOSE_PROFILES={','.join(profiles)}"]
        )
    )
    prepare(secrets, environment)
    made = Composed(project, secrets, environment, ports)
    try:
        await made.compose("up", "--build", "--detach", "--wait")
        yield made
    finally:
        await made.compose("down", "--volumes", "--remove-orphans")
