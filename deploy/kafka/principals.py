"""Who may do what on the broker of `docker-compose.yml`: a user (SCRAM) for each service and each source system, their rights, and how
many bytes a second a source may send (`quotas.py`).

Made from the files of `deploy/compose/prepare.py` and intake's registry of sources; a right that neither names is taken
away again, and its user locked out. confluent-kafka asks, since aiokafka's admin client has neither users nor rights; it asks on the broker's own
loopback listener, where nobody needs a name: the first user cannot sign in before there is one.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
from confluent_kafka import KafkaException
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from deploy.cli.up import SERVICES
from deploy.kafka import quotas
from shared import settings as settings_
from shared.contracts.sources import is_our_user, reply_topic, source_topic
from shared.settings import Login, WrongSetting
from shared.store.db import TRANSIENT

OPERATOR, COLLECTOR = "operator", "collector"
OURS = (OPERATOR, *SERVICES, COLLECTOR)
"""Our own users; the operator is the broker's superuser by its configuration."""
READS: Mapping[str, Sequence[str]] = {
    "intake": ("intake.dossiers", "complaints.cases"),
    "complaints": ("intake.units", "intake.procedures", "intake.calendar", "intake.letters"),
    "notifications": ("intake.dossiers", "intake.contacts", "complaints.cases", "complaints.contacts"),
    "reporting": (
        "intake.units",
        "intake.procedures",
        "intake.calendar",
        "intake.dossiers",
        "complaints.cases",
        "notifications.notices",
    ),
}
"""Which topics a service reads: those of its listeners; contacts are for notifications alone."""
ITERATIONS = 8192
SECONDS = 30
_REGISTERED = """SELECT id, principal, events_per_second::float8 * max_bytes AS rate FROM source
WHERE state <> 'closed'"""
_ANY: Any = None
_EVERYTHING = AclBindingFilter(
    ResourceType.ANY, _ANY, ResourcePatternType.ANY, _ANY, _ANY, AclOperation.ANY, AclPermissionType.ANY
)
Rights = set[AclBinding]


class Registered(NamedTuple):
    """What the registry says of a source: its user, and how many bytes a second its quota comes to."""

    principal: str
    rate: float


class Place(NamedTuple):
    """What a right is about: one name, or all that begin with it."""

    kind: ResourceType
    name: str
    pattern: ResourcePatternType = ResourcePatternType.LITERAL


def topic(name: str) -> Place:
    """One topic."""
    return Place(ResourceType.TOPIC, name)


def topics(beginning: str) -> Place:
    """All topics whose names begin so."""
    return Place(ResourceType.TOPIC, beginning, ResourcePatternType.PREFIXED)


def group(name: str) -> Place:
    """One consumer group."""
    return Place(ResourceType.GROUP, name)


def groups(beginning: str) -> Place:
    """All consumer groups whose names begin so."""
    return Place(ResourceType.GROUP, beginning, ResourcePatternType.PREFIXED)


def _acl(user: str, place: Place, operation: AclOperation, permission: AclPermissionType) -> AclBinding:
    return AclBinding(place.kind, place.name, place.pattern, f"User:{user}", "*", operation, permission)


def _may(user: str, place: Place, *operations: AclOperation) -> Rights:
    return {_acl(user, place, operation, AclPermissionType.ALLOW) for operation in operations}


def of_service(service: str) -> Rights:
    """Writes its own topics and no other's, reads those of its listeners; all see which topics there are."""
    rights = _may(service, topics(f"{service}."), AclOperation.WRITE) | _may(
        service, groups(f"{service}."), AclOperation.READ
    )
    for owner in SERVICES:
        rights |= _may(service, topics(f"{owner}."), AclOperation.DESCRIBE)
    for name in READS[service]:
        rights |= _may(service, topic(name), AclOperation.READ)
    if service == "intake":  # it makes the topics of a new source, reads what comes and answers
        rights |= _may(service, topics(source_topic("")), AclOperation.CREATE, AclOperation.READ, AclOperation.WRITE)
    return rights


def of_source(id_: str, user: str) -> Rights:
    """A source system alone writes its topic, not even intake does; it reads its replies, in groups of its own name."""
    own = source_topic(id_)
    return (
        _may(user, topic(own), AclOperation.WRITE)
        | _may(user, topic(reply_topic(id_)), AclOperation.READ)
        | _may(user, group(own), AclOperation.READ)
        | _may(user, groups(f"{own}."), AclOperation.READ)
        | {_acl("intake", topic(own), AclOperation.WRITE, AclPermissionType.DENY)}
    )


def of_collector() -> Rights:
    """Sees how far readers are, and no record."""
    return (
        _may(COLLECTOR, topic("*"), AclOperation.DESCRIBE, AclOperation.DESCRIBE_CONFIGS)
        | _may(COLLECTOR, group("*"), AclOperation.DESCRIBE)
        | _may(COLLECTOR, Place(ResourceType.BROKER, "kafka-cluster"), AclOperation.DESCRIBE)
    )


def logins(text: str) -> list[Login]:
    """The lines of a file of logins; `ValueError` for one that is not of that form."""
    return [Login.read(line) for line in text.splitlines() if line]


def entitled(registered: Mapping[str, Registered], kept: Iterable[Login]) -> Iterator[tuple[str, Login]]:
    """The sources that get a user: those of the file which are in the registry, under the principal it has; the others are named."""
    for login in kept:
        source = registered.get(login.name)
        if source is None:
            _say(f"{login.name} is not in the registry of sources: no user is made")
        elif is_our_user(source.principal):
            _say(f"{login.name}: its principal {source.principal} is a name of ours: no user is made")
        else:
            yield login.name, Login(source.principal, login.password)


def provide(bootstrap: str, users: Sequence[Login], rights: Rights) -> tuple[int, int]:
    """Make exactly these users and rights; how many rights were added and taken away. `KafkaException` when Kafka refuses."""
    admin: Any = AdminClient({"bootstrap.servers": bootstrap, "socket.timeout.ms": SECONDS * 1000})
    there = admin.describe_user_scram_credentials().result(SECONDS)
    gone = set(there) - {user.name for user in users}
    found: Rights = set(admin.describe_acls(_EVERYTHING).result(SECONDS))
    missing, taken = sorted(rights - found), sorted(found - rights)
    # Users last: a new one finds its rights, one that is locked out has none by then.
    _await(admin.delete_acls([_exactly(acl) for acl in taken]) if taken else {})
    _await(admin.create_acls(missing) if missing else {})
    _await(admin.alter_user_scram_credentials([*map(_known, users), *map(_locked, sorted(gone))]))
    return len(missing), len(taken)


def _known(user: Login) -> UserScramCredentialUpsertion:
    info = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS)
    return UserScramCredentialUpsertion(user.name, info, user.password.encode())


def _locked(name: str) -> UserScramCredentialUpsertion:
    """Not removed: Kafka 4.3.1 can forget every user at its next start when its log holds the removal of one. Nobody knows this password."""
    return _known(Login(name, secrets.token_urlsafe(24)))


def _exactly(acl: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        acl.restype, acl.name, acl.resource_pattern_type, acl.principal, acl.host, acl.operation, acl.permission_type
    )


def _await(futures: Mapping[Any, Any]) -> None:
    for future in futures.values():
        future.result(SECONDS)


async def registered(url: str) -> dict[str, Registered]:
    """The sources of intake's registry that may still send, by their ids."""
    db = await asyncpg.connect(url, timeout=10)
    try:
        return {row["id"]: Registered(row["principal"], row["rate"]) for row in await db.fetch(_REGISTERED)}
    finally:
        await db.close()


def provision(ours: str, sources: str) -> int:
    """From the texts of both files; how many users there are now."""
    settings = settings_.load()
    known = asyncio.run(registered(str(settings.database_url).replace("{service}", "intake")))
    users, rights, rates = logins(ours), of_collector().union(*map(of_service, SERVICES)), {}
    for id_, login in entitled(known, logins(sources)):
        users.append(login)
        rights |= of_source(id_, login.name)
        rates[login.name] = known[id_].rate
    asyncio.run(quotas.limit(str(settings.kafka), rates))
    added, taken = provide(str(settings.kafka), users, rights)
    _say(f"{len(users)} users; rights: {len(rights)}, {added} of them new, {taken} others taken away")
    return len(users)


def _say(words: str) -> None:
    print(f"principals: {words}", flush=True)  # noqa: T201 - its output is for people


def main(ours: Path, sources: Path) -> int:
    """`python -m deploy.kafka.principals OURS SOURCES`."""
    try:
        provision(ours.read_text(), sources.read_text())
    except (*TRANSIENT, asyncpg.PostgresError, KafkaException, quotas.QuotaRefused, WrongSetting, ValueError) as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
