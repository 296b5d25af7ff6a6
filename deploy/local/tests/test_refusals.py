"""What a person reads when the stack cannot start."""

import errno
import os
from pathlib import Path

import pytest

from deploy import local
from deploy.local.home import explain
from deploy.local.settings import draw_port


def test_a_file_in_place_of_the_home_is_explained(tmp_path: Path) -> None:
    place = tmp_path / "home"
    place.write_text("not a folder")
    with pytest.raises(local.StackError, match=r"cannot use .*home \(File exists\).*GANDAN_HOME"):
        local.start(place)
    with pytest.raises(local.StackError, match=r"cannot use .*\(Not a directory\).*--home"):
        local.start(place / "below")


def test_a_file_in_place_of_a_server_s_folder_is_explained(tmp_path: Path) -> None:
    (tmp_path / "kafka").write_text("not a folder")
    with pytest.raises(local.StackError, match=r"cannot use .*kafka"):
        local.start(tmp_path)


def test_a_full_disk_is_explained(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "pgdata/base")
    assert "no space left on the disk of" in str(explain(full, tmp_path))
    assert "free at least 500 MB" in str(explain(full, tmp_path))


@pytest.mark.postgres
def test_a_first_start_without_a_network_says_so_and_leaves_nothing_running(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GANDAN_JARS", str(tmp_path / "jars"))
    monkeypatch.setenv("GANDAN_JAR_REPOSITORY", f"http://127.0.0.1:{draw_port(set())}")
    with pytest.raises(local.StackError, match="the first start needs the network once"):
        local.start(tmp_path / "home")
    assert not local.status(tmp_path / "home").running


def test_looking_at_a_home_that_does_not_exist_creates_nothing(tmp_path: Path) -> None:
    assert not local.status(tmp_path / "none").running
    assert not local.stop(tmp_path / "none")
    assert not (tmp_path / "none").exists()
