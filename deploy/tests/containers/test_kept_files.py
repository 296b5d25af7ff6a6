"""What people hand in: kept in a volume the service may write, unreadable there, and there again after the service was killed."""

from __future__ import annotations

import httpx
import pytest

from deploy.tests.containers.engine import Composed
from shared.moments import uuid7
from shared.store.files.tests import samples
from shared.testing.clients import local_client

pytestmark = [pytest.mark.containers, pytest.mark.timeout(1500)]

WORDS = "Giay khai sinh cua Nguyen Van Thu"
PERSON = "044085001236"
FOLDER = "/var/lib/gandan/files"
_LOOK = f"find {FOLDER} -type f -size +0 | wc -l; grep -rlF '{WORDS}' {FOLDER} | wc -l"


async def test_a_file_lies_sealed_in_the_volume_and_is_there_after_its_service_was_killed(
    installation: Composed,
) -> None:
    paper = samples.pdf(WORDS)
    assert WORDS.encode() in paper
    signed_in = {"authorization": f"Bearer {installation.token('citizen', person=PERSON)}"}
    async with local_client() as http:
        url = f"{installation.url('intake')}/intake/v1/files"
        headers = {**signed_in, "content-type": "application/pdf", "idempotency-key": uuid7().hex}
        kept = await http.post(url, content=paper, headers=headers)
        assert kept.status_code == httpx.codes.CREATED, kept.text
        assert await _look(installation) == (1, 0)
        await installation.kill("intake")
        again = await http.get(f"{url}/{kept.json()['id']}", headers=signed_in)
        assert again.content == paper
    assert await _look(installation) == (1, 0)


async def _look(installation: Composed) -> tuple[int, int]:
    """How many files the service's own user sees in the volume, and how many of them show the words."""
    sees, shows = (await installation.compose("exec", "-T", "intake", "sh", "-c", _LOOK)).split()
    return int(sees), int(shows)
