import base64
import os
import subprocess
from pathlib import Path

START = Path("deploy/kafka/start.sh").read_text()
LAST = "exec /etc/kafka/docker/run\n"


def cluster_id(volume: Path) -> str:
    """The id the broker would be started with on this volume."""
    script = START.removesuffix(LAST) + 'echo "$CLUSTER_ID"\n'
    variables = {"KAFKA_LOG_DIRS": str(volume), "PATH": os.environ["PATH"]}
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, env=variables)  # noqa: S603, S607 - our own script, by the shell of the path
    return done.stdout.strip()


def test_an_empty_volume_becomes_a_cluster_of_its_own(tmp_path: Path) -> None:
    drawn = {cluster_id(tmp_path) for _ in range(20)}
    assert len(drawn) == 20
    for id_ in drawn:
        assert len(base64.urlsafe_b64decode(id_ + "==")) == 16
        assert not id_.startswith("-")


def test_a_volume_that_is_formatted_keeps_its_id(tmp_path: Path) -> None:
    (tmp_path / "meta.properties").write_text("node.id=1\nversion=1\ncluster.id=GTOdx04mdZPDtbwB31S5NQ\n")
    assert cluster_id(tmp_path) == "GTOdx04mdZPDtbwB31S5NQ"


def test_the_start_of_the_official_image_comes_last() -> None:
    assert START.endswith(LAST)
