import re
from pathlib import Path

from deploy.cli.up import SERVICES
from deploy.compose import prepare
from shared.settings import Settings

COMPOSE = Path("docker-compose.yml").read_text()
DOCKERFILE = Path("Dockerfile").read_text()
OF_COMPOSE = {"UID", "GID", "VERSION", "SECRETS"} | {
    f"{name}_PORT"
    for name in (
        "INTAKE",
        "COMPLAINTS",
        "NOTIFICATIONS",
        "REPORTING",
        "GRAFANA",
        "PROMETHEUS",
        "JAEGER",
        "FRONT",
        "KAFKA",
    )
}
"""Read by compose alone."""


def test_every_setting_that_is_passed_on_is_one_somebody_reads() -> None:
    named = set(re.findall(r"GANDAN_([A-Z0-9_]+)", COMPOSE + DOCKERFILE))
    assert {name.removesuffix("_FILE") for name in named} - {
        name.upper() for name in Settings.model_fields
    } == OF_COMPOSE


def test_images_have_a_version_and_come_from_where_the_engine_looks_by_default() -> None:
    images = re.findall(r"^\s+image: (\S+)", COMPOSE, re.MULTILINE) + re.findall(
        r"^FROM (\S+)", DOCKERFILE, re.MULTILINE
    )
    assert len(images) == 10
    assert not [name for name in images if not re.fullmatch(r"[a-z-]+(/[a-z-]+)?:[\w.${}:-]+", name)]
    assert not [name for name in images if name.endswith(":latest")]


def test_every_mounted_file_is_here() -> None:
    mounted = re.findall(r'"(\./[^:]+):', COMPOSE)
    assert len(mounted) == 7
    assert not [path for path in mounted if not Path(path).exists()]


def test_every_secret_is_made_before_it_is_needed(tmp_path: Path) -> None:
    prepare.prepare(tmp_path / "secrets", tmp_path / ".env")
    named = set(re.findall(r"GANDAN_SECRETS:-[^}]+}/([\w.]+)", COMPOSE))
    assert named == {path.name for path in (tmp_path / "secrets").iterdir()}
    assert set(re.findall(r"GANDAN_SECRETS:-([^}]+)}", COMPOSE)) == {str(prepare.SECRETS)}


def test_secrets_and_tests_stay_out_of_the_image() -> None:
    kept_out = Path(".dockerignore").read_text().splitlines()
    assert kept_out.index("!deploy") < kept_out.index(str(prepare.SECRETS))
    assert {"*", "**/tests"} < set(kept_out)
    assert f"/{prepare.SECRETS}/" in Path(".gitignore").read_text().splitlines()
    assert f"/{prepare.ENVIRONMENT}" in Path(".gitignore").read_text().splitlines()


def test_each_service_starts_itself_and_holds_its_own_password() -> None:
    for service in SERVICES:
        block = re.search(rf"^  {service}:.*?(?=^  \w)", COMPOSE, re.MULTILINE | re.DOTALL)
        assert block is not None
        assert f"command: [up, {service}]" in block[0]
        assert f"source: {service}, target: pgpass" in block[0]
        assert f"source: {service}-login, target: login" in block[0]


def test_the_image_is_not_root_and_takes_hashed_packages_only() -> None:
    assert re.findall(r"^USER (.*)", DOCKERFILE, re.MULTILINE) == [f"{prepare.NOBODY}:{prepare.NOBODY}"]
    assert "--require-hashes" in DOCKERFILE
