"""The embedded stack: a real PostgreSQL 18 and a real Apache Kafka 4.3 for one home folder, nothing to install.

`start(home)` starts them or attaches to them; one supervisor process per home owns both servers, restarts a killed one
at once, and stops both when the last process that started them is gone. POSIX only.

Kafka listens without a password on 127.0.0.1: any local user can connect to it.
"""

from deploy.local.client import (
    ServerStatus,
    Stack,
    Status,
    hold,
    kill,
    release,
    start,
    status,
    stop,
    wait_ready,
)
from deploy.local.home import StackError

__all__ = [
    "ServerStatus",
    "Stack",
    "StackError",
    "Status",
    "hold",
    "kill",
    "release",
    "start",
    "status",
    "stop",
    "wait_ready",
]
