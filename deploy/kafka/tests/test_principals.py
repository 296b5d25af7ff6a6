from collections.abc import Iterator

import pytest
from confluent_kafka.admin import AclBinding, AclOperation, AclPermissionType, ResourcePatternType, ResourceType

from deploy.cli.installation import frame_of, quiet
from deploy.cli.up import SERVICES, blueprint
from deploy.kafka.principals import (
    OURS,
    READS,
    Registered,
    Rights,
    entitled,
    logins,
    of_collector,
    of_service,
    of_source,
)
from shared import settings
from shared.bus import topics
from shared.contracts.sources import OUR_USERS
from shared.moments import system_clock
from shared.runtime import Service
from shared.settings import Login, Settings


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Service]:
    """Every service as it is built, with a portal to tell."""
    chosen = settings.load(home=tmp_path_factory.mktemp("home"), portal_url="https://portal.example/")
    return dict(_built(chosen))


def _built(chosen: Settings) -> Iterator[tuple[str, Service]]:
    for name in SERVICES:
        yield name, blueprint(name).build(frame_of(chosen, name, quiet(chosen), None, system_clock, 1, "nowhere:1"))


def covers(right: AclBinding, kind: ResourceType, name: str) -> bool:
    """Whether a right is about this."""
    begins = right.resource_pattern_type == ResourcePatternType.PREFIXED and name.startswith(right.name)
    return right.restype == kind and (begins or right.name in {name, "*"})


def may(rights: Rights, user: str, operation: AclOperation, name: str, kind: ResourceType = ResourceType.TOPIC) -> bool:
    """As the broker judges: one refusal is enough, else one permission is."""
    found = {
        right.permission_type
        for right in rights
        if right.principal == f"User:{user}" and right.operation == operation and covers(right, kind, name)
    }
    return found == {AclPermissionType.ALLOW}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reads_what_it_listens_to_and_nothing_else(services: dict[str, Service], service: str) -> None:
    assert set(READS[service]) == {name for listener in services[service].listeners for name in listener.topics}
    rights = of_service(service)
    for group in [
        *(each.name for each in services[service].listeners),
        *(each.name for each in services[service].entries),
    ]:
        assert may(rights, service, AclOperation.READ, group, ResourceType.GROUP)
    unread = {topic.name for topic in topics.CATALOGUE} - set(READS[service])
    assert not [name for name in unread if may(rights, service, AclOperation.READ, name)]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_writes_its_own_topics_alone_and_sees_that_the_others_are_there(service: str) -> None:
    rights = of_service(service)
    for topic in topics.CATALOGUE:
        assert may(rights, service, AclOperation.WRITE, topic.name) == topic.name.startswith(f"{service}.")
        assert may(rights, service, AclOperation.DESCRIBE, topic.name)


def test_a_source_alone_writes_its_topic_and_reads_its_replies() -> None:
    rights = of_source("tan", "anh@tan") | of_source("tan-thanh", "thanh").union(*map(of_service, SERVICES))
    writers = {user for user in (*SERVICES, "anh@tan", "thanh") if may(rights, user, AclOperation.WRITE, "sources.tan")}
    assert writers == {"anh@tan"}
    outsiders = ("complaints", "notifications", "reporting", "thanh")
    for place in ("sources.tan", "sources.tan.replies"):
        assert not [user for user in outsiders if may(rights, user, AclOperation.READ, place)]
    assert may(rights, "anh@tan", AclOperation.READ, "sources.tan.replies")
    assert not may(rights, "anh@tan", AclOperation.READ, "sources.tan")
    assert may(rights, "intake", AclOperation.READ, "sources.tan")
    assert may(rights, "intake", AclOperation.WRITE, "sources.tan.replies")


def test_a_source_reads_in_groups_of_its_own_name_and_not_in_those_of_one_whose_name_is_longer() -> None:
    rights = of_source("tan", "anh@tan")
    for group, allowed in (("sources.tan", True), ("sources.tan.night", True), ("sources.tan-thanh", False), ("intake.sources", False)):  # fmt: skip
        assert may(rights, "anh@tan", AclOperation.READ, group, ResourceType.GROUP) == allowed


def test_the_collector_reads_no_record() -> None:
    assert not [right for right in of_collector() if right.operation in {AclOperation.READ, AclOperation.WRITE}]


def test_a_source_that_is_not_registered_or_takes_a_name_of_ours_gets_no_user(
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept = logins("tan:one\nhai:two\nba:three\nbon:four\n")
    known = {id_: Registered(user, 1.0) for id_, user in (("tan", "anh@tan"), ("ba", "operator"), ("bon", "ANONYMOUS"))}
    assert list(entitled(known, kept)) == [("tan", Login("anh@tan", "one"))]
    told = capsys.readouterr().out
    assert "hai is not in the registry" in told
    assert "operator is a name of ours" in told
    assert "ANONYMOUS is a name of ours" in told
    assert not [word for word in ("one", "two", "three", "four") if word in told.split()]
    assert set(SERVICES) < set(OURS)
    assert set(OURS) == OUR_USERS - {"anonymous"}
