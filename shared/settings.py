"""Settings: one frozen object from `GANDAN_*`; a secret may come from a file named by `GANDAN_<NAME>_FILE`."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, Self

from nacl.public import PrivateKey
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.kernel import TENANT

KEY_BYTES = 32
MOST_FILE_BYTES = 200_000_000
"""No setting takes larger files than this."""
LOGIN = r"^[^:\s]+:\S+$"
RATE = r"^[1-9]\d{0,6}/[1-9]\d{0,4}$"
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?|https?://\[[0-9a-f:]+\](:\d{1,5})?")


class WrongSetting(Exception):  # noqa: N818 - reads as the sentence an operator sees
    """A setting has a wrong value; the message names it."""


@contextmanager
def usable(home: Path) -> Iterator[None]:
    """A home that cannot hold what is made in it is a wrong setting, said with what to do."""
    try:
        yield
    except OSError as error:
        place, advice = error.filename or home, "give it to this user, or choose another with --home or GANDAN_HOME"
        raise WrongSetting(f"GANDAN_HOME: cannot use {place} ({error.strerror}): {advice}") from None


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """Secret keys, 32 bytes each; made once by the embedded default, given as settings elsewhere."""

    people: bytes
    """HMAC of identity numbers -> recipients; never rotated (decisions 11)."""
    lookup: bytes
    """HMAC that yields the secret printed on a receipt slip."""
    verifier: bytes
    """HMAC of a slip's secret, kept in facts so that reporting checks it alone."""
    vault: bytes
    """Key-encryption key of the vaults (AES-256)."""
    index: bytes
    """HMAC of blind indices."""
    actor: bytes
    """HMAC of the acting subject in facts."""
    cursor: bytes
    """HMAC of page cursors and stream tickets."""
    contact: bytes
    """Private X25519 key that opens sealed contacts; only notifications needs it."""

    @property
    def contact_public(self) -> bytes:
        """Public key contacts are sealed with."""
        return bytes(PrivateKey(self.contact).public_key)

    @staticmethod
    def load_or_make(path: Path) -> Keys:
        """The keys of an embedded home: `keys.json` (0600), made at the first start."""
        with usable(path.parent):
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                made = {f.name: base64.b64encode(secrets.token_bytes(32)).decode() for f in fields(Keys)}
                with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                    json.dump(made, file)
            kept = path.read_text()
        return Keys.from_texts(json.loads(kept))

    @staticmethod
    def from_texts(texts: dict[str, str]) -> Keys:
        """Keys from base64 texts; refuses a missing or short one by its name."""
        values: dict[str, bytes] = {}
        for f in fields(Keys):
            try:
                values[f.name] = base64.b64decode(texts[f.name], validate=True)
            except (KeyError, ValueError):
                raise WrongSetting(f"GANDAN_KEYS: the key `{f.name}` is missing or not base64") from None
            if len(values[f.name]) != KEY_BYTES:
                raise WrongSetting(f"GANDAN_KEYS: the key `{f.name}` must be 32 bytes, got {len(values[f.name])}")
        return Keys(**values)


class Settings(BaseSettings):
    """Everything that differs between installations; defaults run the embedded stack on loopback."""

    model_config = SettingsConfigDict(env_prefix="GANDAN_", frozen=True, extra="ignore")

    home: Path = Path(".local")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    database_url: str | None = None
    """PostgreSQL URL with `{service}` in it; together with `kafka` or not at all."""
    kafka: str | None = None
    """Bootstrap servers, `host:port[,host:port]`."""
    kafka_login: str | None = Field(default=None, repr=False, pattern=LOGIN)
    """`user:password` (SCRAM-SHA-512) where the broker wants one; read by the bus itself, `kafka_login()`."""
    topic_prefix: str = Field(default="", pattern=r"^[a-z0-9.-]{0,60}$")
    """Put before every topic's name, so that several installations can share one Kafka."""
    replication: int = Field(default=1, ge=1, le=5)
    slot: str | None = None
    """A name that only one process has at a time (StatefulSet ordinal): makes consumers static members."""
    clock: Path | None = None
    """A file with an offset in seconds that moves the time of domain decisions; demos and tests only."""
    keys: str | None = Field(default=None, repr=False)
    """JSON of base64 keys; default: `keys.json` in the home."""
    issuer: str | None = None
    audience: str = "gandan"
    jwks_url: str | None = None
    client_id: str | None = None
    """What the pages are called at the issuer when people sign in there; default: `audience`."""
    client_secret: str | None = Field(default=None, repr=False)
    """Of a confidential client; without it the pages are a public one, and PKCE protects its codes."""
    rate_principal: str | None = Field(default=None, pattern=RATE)
    """`600/60`: one signed-in principal may send 600 requests in 60 s to a service of this process; default: as many as it likes."""
    rate_address: str | None = Field(default=None, pattern=RATE)
    """As `rate_principal`, for requests nobody is known to have signed in for: by the client's address."""
    trusted_proxies: str = "127.0.0.1"
    """Addresses and networks, `10.0.0.0/8,127.0.0.1`, whose `X-Forwarded-For` names the client that rates are counted for."""
    cors_origins: str = ""
    """Origins whose scripts may read the API's answers, `https://app.example,https://m.example`; default: none."""
    otlp_endpoint: str | None = None
    environment: str = "local"
    smtp_url: str | None = Field(default=None, repr=False)
    """`smtp://user:password@host:port?tls=starttls`; without it e-mail goes to the sandbox."""
    mail_from: str | None = None
    portal_url: str | None = Field(default=None, repr=False, pattern=r"^https?://[^\s]+$")
    """Where the national portal's adapter takes our own dossiers, `https://user:password@host/path`; default: nothing is sent."""
    portal_session: str | None = Field(default=None, repr=False)
    """Sent along as `session`, where the adapter wants one."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_json: bool | None = None
    province: str = TENANT
    public_url: str | None = None
    """Where citizens reach this installation; printed on slips."""
    pool_size: int = Field(default=8, ge=2, le=100)
    max_in_flight: int = Field(default=32, ge=1, le=10_000)
    """Requests one service of this process has at work at once; twice as many may wait, the rest hear 429 before any work."""
    max_streams: int = Field(default=1_000, ge=1, le=100_000)
    """Live streams one service keeps open at once."""
    sweep_seconds: float = Field(default=1.0, gt=0)
    files: str | None = None
    """Where files are kept, encrypted: a folder, or `s3://bucket/prefix`; default: `files` in the home."""
    file_bytes: int = Field(default=20_000_000, ge=1_000, le=MOST_FILE_BYTES)
    """The largest file that is taken."""
    s3_endpoint: str | None = None
    """`https://host:port` of an S3-compatible store; default: that of `s3_region`."""
    s3_region: str = "us-east-1"
    s3_key: str | None = None
    """Access key id; default: what the environment of the process gives."""
    s3_secret: str | None = Field(default=None, repr=False)
    clamd: str | None = Field(default=None, pattern=r"^(/.+|[^/\s:]+:\d{1,5})$")
    """`host:port` or the socket's path of a clamd that looks at every file; without it nobody looks for viruses."""
    parts: str = "api,relay,consumers,timers"
    """Which doors and workers this process runs: any of api, relay, consumers, timers."""

    @model_validator(mode="after")
    def _together(self) -> Self:
        if (self.database_url is None) != (self.kafka is None):
            raise ValueError("GANDAN_DATABASE_URL and GANDAN_KAFKA are set together or not at all")
        if self.database_url is not None and "{service}" not in self.database_url:
            raise ValueError("GANDAN_DATABASE_URL must contain {service}: each service has its own database")
        if self.clock is not None and self.issuer is not None:
            raise ValueError("GANDAN_CLOCK moves time and is refused with a real issuer (GANDAN_ISSUER)")
        if self.client_secret is not None and self.issuer is None:
            raise ValueError("GANDAN_CLIENT_SECRET is for a real issuer: set GANDAN_ISSUER too")
        return self

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: str) -> str:
        for origin in _listed(value):
            if not _ORIGIN.fullmatch(origin):
                raise ValueError(
                    f"{origin!r} is not an origin such as https://app.example: scheme, host and port alone"
                )
        return value

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins of `cors_origins`."""
        return _listed(self.cors_origins)

    @property
    def embedded(self) -> bool:
        """Whether the embedded stack is started."""
        return self.database_url is None

    @property
    def base_url(self) -> str:
        """Public URL without a trailing slash."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    def load_keys(self) -> Keys:
        """Keys from the setting, else from the home."""
        return Keys.from_texts(json.loads(self.keys)) if self.keys else Keys.load_or_make(self.home / "keys.json")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part for each in text.split(",") if (part := each.strip()))


_OURS = "Value error, "
"""What pydantic puts before a sentence of ours."""


@dataclass(frozen=True, slots=True)
class Login:
    """A user of Kafka."""

    name: str
    password: str = field(repr=False)

    @staticmethod
    def read(text: str) -> Login:
        """From `user:password`; `ValueError` when it is not of that form."""
        if not re.fullmatch(LOGIN, text):
            raise ValueError("a login is written user:password")
        name, _, password = text.partition(":")
        return Login(name, password)

    def written(self) -> str:
        """As `read` takes it; never by accident, as a `str` would be."""
        return f"{self.name}:{self.password}"


def kafka_login() -> Login | None:
    """The login of this process, from `GANDAN_KAFKA_LOGIN` or the file `GANDAN_KAFKA_LOGIN_FILE` names; `WrongSetting`."""
    name = "GANDAN_KAFKA_LOGIN"
    text = _of_file(f"{name}_FILE") if f"{name}_FILE" in os.environ else os.environ.get(name)
    try:
        return None if text is None else Login.read(text)
    except ValueError as error:
        raise WrongSetting(f"{name}: {error}") from None


def _of_file(name: str) -> str:
    """What stands in the file this variable names."""
    try:
        return Path(os.environ[name]).read_text().strip()
    except OSError as error:
        raise WrongSetting(f"{name}: {error.strerror}: {os.environ[name]}") from None


def load(**overrides: Any) -> Settings:
    """Settings from the environment (`*_FILE` read first); `WrongSetting` names what is wrong."""
    for name in [name for name in os.environ if name.startswith("GANDAN_") and name.endswith("_FILE")]:
        overrides.setdefault(name[7:-5].lower(), _of_file(name))
    try:
        return Settings(**overrides)
    except ValidationError as error:
        lines = [
            (f"GANDAN_{'.'.join(map(str, e['loc'])).upper()}: " if e["loc"] else "") + e["msg"].removeprefix(_OURS)
            for e in error.errors()
        ]
        raise WrongSetting("; ".join(lines)) from None
