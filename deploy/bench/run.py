"""`gandan bench`: run the measurements, show the table, keep `.local/bench.json`."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy import local
from deploy.bench.bench import Bench
from deploy.bench.keys import KEYS
from deploy.bench.loop import run
from deploy.bench.result import Result
from deploy.bench.scale import FULL, QUICK, SHORT, Scale

DONE, FAILED, WRONG_USAGE = 0, 1, 2
_SCALES = {"--quick": QUICK, "--full": FULL}


def main(keys: list[str], *, home: Path = Path(".local/bench")) -> int:
    """Measure these keys (none: all), at the scale of a `--quick` or `--full` among them; the report lies beside the home.

    Exit 0 when every goal is reached (at `--quick`: when every measurement ran), 1 when not, 2 for an unknown key.
    """
    chosen = [key for key in keys if key not in _SCALES] or list(KEYS)
    if unknown := sorted(set(chosen) - set(KEYS)):
        print(f"gandan bench: there is no {', '.join(unknown)}; there are {', '.join(KEYS)}", file=sys.stderr)
        return WRONG_USAGE
    scale = next((_SCALES[key] for key in keys if key in _SCALES), SHORT)
    (home / "product").mkdir(parents=True, exist_ok=True)
    return run(_measure_all(chosen, scale, home.absolute()))


async def _measure_all(keys: Sequence[str], scale: Scale, home: Path) -> int:
    console = Console(stderr=True, highlight=False)
    results: list[Result] = []
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, _cancel, asyncio.current_task())
    with local.start(home / "stack") as stack, console.status("starting") as status:
        bench = Bench(scale, home, stack, status.update)
        for key in keys:
            began = time.monotonic()
            results.append(await _measured(bench, key))
            console.print(f"{key}: {time.monotonic() - began:.0f} s")
    show(results, scale)
    keep(results, scale, home.with_suffix(".json"))
    failed = any(result.unit == "failed" for result in results)
    return FAILED if failed or (scale is not QUICK and not all(result.ok for result in results)) else DONE


def _cancel(task: asyncio.Task[int] | None) -> None:
    """A signal ends the measurement, and with it every process it started."""
    if task is not None:
        task.cancel()


async def _measured(bench: Bench, key: str) -> Result:
    """One key; a measurement that breaks off is a line of the table, the others go on."""
    bench.tell(key)
    try:
        measured: Result = await import_module(f"deploy.bench.keys.{key}").measure(bench)
    except Exception as error:  # noqa: BLE001 - the door of this command: the rest is still worth measuring
        return Result(key, 0.0, "failed", "", ok=False, notes=[f"{type(error).__name__}: {error}"[:1200]])
    return measured


def show(results: Sequence[Result], scale: Scale) -> None:
    """The table, and below it what else was seen of each key."""
    console = Console(highlight=False)
    console.print(table(results, scale))
    for result in results:
        for note in filter(None, result.notes):
            console.print(f"  [bold]{result.key}[/]  {escape(note)}", soft_wrap=True)


def table(results: Sequence[Result], scale: Scale) -> Table:
    """One row per key: value, limit, ratio, goal."""
    load = os.getloadavg()[0]
    shown = Table(title=f"gandan bench, scale {scale.name}, {os.cpu_count()} cores, load {load:.1f}")
    for column in ("key", "value", "limit", "ratio", "goal", "ok"):
        shown.add_column(column)
    for result in results:
        ratio = "-" if result.ratio is None else f"{result.ratio:.2f}"
        value = f"{_number(result.value)} {result.unit}"
        shown.add_row(result.key, value, _number(result.limit), ratio, result.goal, "yes" if result.ok else "NO")
    return shown


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}"


def keep(results: Sequence[Result], scale: Scale, path: Path) -> None:
    """Write the report: the keys measured now replace their earlier lines, the others stay with the scale they had."""
    kept = json.loads(path.read_text()) if path.exists() else {}
    kept |= {result.key: {**result.as_json(), "scale": scale.name} for result in results}
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
