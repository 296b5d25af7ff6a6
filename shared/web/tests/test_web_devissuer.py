"""The built-in issuer: a key of its own, made once, off as soon as there is a real one."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import httpx
import pytest

from shared.settings import Settings, WrongSetting
from shared.web.devissuer import DevIssuer, mint
from shared.web.tests.issuing import ISSUER


def test_the_issuers_key_is_made_once_and_only_ours_to_read(settings: Settings) -> None:
    first, second = DevIssuer.load_or_make(settings), DevIssuer.load_or_make(settings)
    assert first.jwks() == second.jwks()
    assert stat.S_IMODE((settings.home / "issuer.json").stat().st_mode) == 0o600
    assert "d" not in first.jwks()["keys"][0]


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    barrier, made = threading.Barrier(8), []

    def start() -> None:
        barrier.wait()
        made.append(DevIssuer.load_or_make(Settings(home=tmp_path / "new")).kid)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 1
    assert len(made) == 8
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["issuer.json"]


def test_the_issuer_is_off_with_a_real_one(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="GANDAN_ISSUER"):
        mint(Settings(home=tmp_path, issuer=ISSUER), "clerk")
    assert list(tmp_path.iterdir()) == []


async def test_a_minted_token_opens_the_door(client: httpx.AsyncClient, settings: Settings) -> None:
    token = mint(settings, "citizen", person="044085001234", subject="c1", ttl=60)
    assert (await client.get("/intake/v1/whoami", headers={"authorization": f"Bearer {token}"})).json() == {
        "subject": "c1",
        "acting": "citizen",
        "units": [],
    }


def test_an_unknown_role_is_not_minted(settings: Settings) -> None:
    with pytest.raises(ValueError, match="emperor"):
        mint(settings, "emperor")
