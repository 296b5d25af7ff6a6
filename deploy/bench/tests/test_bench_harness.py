import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path

import pytest

from deploy.bench import run, seeding
from deploy.bench.bench import installed
from deploy.bench.cpu import Meter
from deploy.bench.keys import KEYS
from deploy.bench.lives import PARTITIONS, lives, partition
from deploy.bench.load import load
from deploy.bench.result import Result, paired, percentile
from deploy.bench.scale import QUICK
from deploy.bench.wire import Wire
from shared.settings import Keys


@asynccontextmanager
async def answering(answers: list[bytes]) -> AsyncIterator[int]:
    """A server that gives these answers in turn, for ever, each in two pieces."""
    turn = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal turn
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(
                    (int(h.split(b":")[1]) for h in head.split(b"\r\n") if h.startswith(b"content-length")), 0
                )
                await reader.readexactly(length)
                answer, turn = answers[turn % len(answers)], turn + 1
                writer.write(answer[:20])
                await writer.drain()
                writer.write(answer[20:])
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


def answer(status: int, body: bytes) -> bytes:
    return b"HTTP/1.1 %d X\r\ncontent-length: %d\r\n\r\n" % (status, len(body)) + body


def test_a_percentile_is_a_value_that_was_seen() -> None:
    assert percentile([5.0, 1.0, 9.0, 3.0], 0.5) == 5.0
    assert percentile([5.0, 1.0, 9.0, 3.0], 0.99) == 9.0
    assert percentile([], 0.5) == 0.0


def test_a_ratio_is_the_median_of_its_rounds_so_that_one_disturbed_round_does_not_count() -> None:
    assert paired([80, 8, 90], [100, 100, 100]) == 0.8


async def test_an_answer_in_pieces_is_put_together() -> None:
    async with answering([answer(201, b'{"id": 1}')]) as port:
        wire = await Wire.open(port)
        assert await wire.ask(b"GET / HTTP/1.1\r\n\r\n") == (201, b'{"id": 1}')
        assert await wire.ask(b"GET / HTTP/1.1\r\n\r\n") == (201, b'{"id": 1}')
        wire.close()


async def test_the_generator_walks_a_dossier_through_its_life_and_counts_every_answer() -> None:
    shown = [answer(200, json.dumps({"id": "d", "version": n}).encode()) for n in range(1, 5)]
    plan = {"script": "lifecycle", "connections": 1, "warm": 0, "seconds": 0.2, "citizens": ["t"], "officer": "o"}
    async with answering(shown) as port:
        seen = await load({**plan, "port": port})
    assert seen["wrong"] == {}
    assert seen["answered"] >= 20
    assert seen["answered"] // 4 - 1 <= seen["finished"] <= seen["answered"] // 4


async def test_the_generator_reports_answers_that_were_no_success_and_ends_those_lives() -> None:
    plan = {"script": "lifecycle", "connections": 1, "warm": 0, "seconds": 0.1, "citizens": ["t"], "officer": "o"}
    async with answering([answer(503, b"{}")]) as port:
        seen = await load({**plan, "port": port})
    assert seen["finished"] == 0
    assert seen["wrong"] == {"503": seen["answered"]}


async def test_reading_at_a_rate_keeps_to_it() -> None:
    plan = {
        "script": "get",
        "paths": ["/a"],
        "connections": 4,
        "warm": 0,
        "seconds": 0.5,
        "citizens": ["t"],
        "rate": 100,
    }
    async with answering([answer(200, b"{}")]) as port:
        seen = await load({**plan, "port": port})
    assert 20 <= seen["answered"] <= 75


def test_copies_of_a_dossier_have_ids_of_their_own_and_keep_everything_else() -> None:
    mould = seeding._open("aaa\tH50.1\tbbb 100%\n", {"aaa": "id", "H50.1": "code", "bbb": "person"})
    made = [seeding.Mould({"dossier": mould}, ["id", "code", "person"]).cast(n) for n in (7, 8)]
    rows = [mould % values for values in made]
    assert rows[0] != rows[1]
    assert rows[0] == f"{made[0]['id']}\tH50.99-200101-00000007\t{made[0]['person']} 100%\n"


def test_a_life_has_the_facts_of_one_dossier_in_order(keys: Keys) -> None:
    made = list(lives(keys, 100))
    assert len({life.dossier for life in made}) == 100
    assert [type(fact).__name__ for fact in made[0].facts] == [
        "DossierSubmitted",
        "DossierAccepted",
        "DossierSettled",
        "ResultReturned",
    ]
    assert {getattr(fact, "dossier", None) for fact in made[3].facts} == {made[3].dossier}
    assert {partition(life.dossier) for life in made} <= set(range(PARTITIONS))


def test_the_meter_counts_what_this_process_spends() -> None:
    meter = Meter({"me": os.getpid()})
    meter.start()
    sum(n * n for n in range(3_000_000))
    assert meter.stop()["me"] > 0.02


def test_an_unknown_key_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(["submitt"]) == run.WRONG_USAGE
    assert "submitt" in capsys.readouterr().err


def test_the_report_keeps_the_lines_of_keys_that_were_not_measured_now(tmp_path: Path) -> None:
    path = tmp_path / "bench.json"
    run.keep([Result("relay", 10, "rows/s", "≥ 0.7", ok=True, limit=12, ratio=0.83)], QUICK, path)
    run.keep([Result("sweep", 1.5, "s", "< 5 s", ok=True)], QUICK, path)
    kept = json.loads(path.read_text())
    assert list(kept) == ["relay", "sweep"]
    assert kept["relay"] | {"notes": [], "details": {}} == {
        "value": 10, "limit": 12, "ratio": 0.83, "goal": "≥ 0.7", "ok": True, "unit": "rows/s", "notes": [], "details": {}, "scale": "quick",
    }  # fmt: skip


def test_every_key_has_a_measurement() -> None:
    assert all(hasattr(import_module(f"deploy.bench.keys.{key}"), "measure") for key in KEYS)


def test_services_are_found_by_what_is_installed() -> None:
    assert "intake" in installed()
