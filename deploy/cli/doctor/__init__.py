"""`gandan doctor`: everything an operator should know is wrong, each with what to do. It looks and changes nothing."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import typer

from deploy import local
from deploy.cli.doctor import databases, law, logs, setting
from deploy.cli.installation import (
    DONE,
    EXPLAINED,
    REFUSED,
    UNREACHABLE,
    WRONG_USAGE,
    HomeOption,
    Installation,
    JsonOption,
    ServiceOption,
    chosen,
    clock_of,
    explained,
)
from deploy.cli.screen import as_json
from deploy.cli.stack import Finding, findings
from deploy.cli.up import SERVICES, Where
from shared import settings as settings_
from shared.settings import Settings, WrongSetting
from shared.telemetry.logs import configure_logs

SIGNS = {"wrong": "✗", "note": "•", "good": "✓"}


def doctor(service: ServiceOption = None, home: HomeOption = None, *, as_json_: JsonOption = False) -> None:
    """Look at settings, servers, databases, topics, consumers, clocks and chains; say what is wrong and what to do.

    Starts nothing. Exit 1 when something is wrong, 3 when a server does not answer. Example: gandan doctor --json
    """
    configure_logs("critical", json=False)  # a command says itself what is wrong
    try:
        found = examined(settings_.load(**({"home": home} if home else {})), chosen(service))
    except WrongSetting as error:
        print(f"gandan doctor: {error}", file=sys.stderr)
        raise typer.Exit(WRONG_USAGE) from None
    print(as_json([{**asdict(one), "level": level(one)} for one in found]) if as_json_ else told(found))
    raise typer.Exit(verdict(found))


def examined(settings: Settings, services: Sequence[str]) -> list[Finding]:
    """All findings: first what needs no server, then what the servers say when they run."""
    found = [*setting.check(settings), *law.check(clock_of(settings)())]
    if settings.embedded:
        found += findings(settings.home)
        if not local.status(settings.home).ready:
            found.append(_asleep(settings.home))
            return found
    with Where(settings) as where:
        here = Installation(settings, where.urls(SERVICES), where.bootstrap)
        return [*found, *asyncio.run(_servers(here, services))]


def _asleep(home: Path) -> Finding:
    words = "not looked into, since the embedded stack does not run"
    return Finding(False, "servers", words, f"gandan up --home {home}", unreachable=True)


async def _servers(here: Installation, services: Sequence[str]) -> list[Finding]:
    found: list[Finding] = []
    for service in services:
        try:
            found += await databases.check(here, service)
        except EXPLAINED as error:
            found.append(_unanswered(f"{service}: database", error))
    try:
        found += await logs.check(here, services)
    except EXPLAINED as error:
        found.append(_unanswered("kafka", error))
    return found


def _unanswered(subject: str, error: BaseException) -> Finding:
    code, words = explained(error)
    remedy = "look at the server, and at GANDAN_DATABASE_URL and GANDAN_KAFKA"
    return Finding(False, subject, words, remedy, unreachable=code == UNREACHABLE)


def level(finding: Finding) -> str:
    """`wrong`, `note` (good, with something to do all the same) or `good`."""
    if not finding.good:
        return "wrong"
    return "note" if finding.remedy else "good"


def verdict(found: Sequence[Finding]) -> int:
    """The exit code of these findings."""
    if any(finding.unreachable for finding in found):
        return UNREACHABLE
    return DONE if all(finding.good for finding in found) else REFUSED


def told(found: Sequence[Finding]) -> str:
    """For people: what is wrong first, then notes, then what is good; each with what to do."""
    lines = [line for wanted in SIGNS for finding in found if level(finding) == wanted for line in _lines(finding)]
    wrong = sum(not finding.good for finding in found)
    return "\n".join(
        [*lines, f"{wrong} of {len(found)} findings need you" if wrong else f"all {len(found)} checks are well"]
    )


def _lines(finding: Finding) -> list[str]:
    head = f"{SIGNS[level(finding)]} {finding.subject}: {finding.words}"
    return [head, f"    -> {finding.remedy}"] if finding.remedy else [head]
