"""A FastAPI app of a yardstick, served exactly as the product serves its own."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser, Namespace
from typing import Annotated, Any, Literal

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel, Field


class Person(BaseModel):
    """A person on the form."""

    name: Annotated[str, Field(max_length=200)]
    identity_no: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None


class Paper(BaseModel):
    """A paper handed in."""

    name: Annotated[str, Field(max_length=300)]
    kind: Literal["original", "certified", "copy", "electronic"] = "original"
    count: int = 1


class Filed(BaseModel):
    """The body of the product's `POST /dossiers`."""

    procedure: str
    unit: str
    channel: Literal["online", "direct", "postal"]
    submitter: Person
    components: Annotated[list[Paper], Field(max_length=50)] = []
    summary: str | None = None


def arguments() -> Namespace:
    """Port and database of a yardstick."""
    parser = ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("url")
    parser.add_argument("home", nargs="?")
    return parser.parse_args()


async def serve(app: FastAPI, port: int) -> None:
    """Serve until a signal; says READY on standard output."""
    config: Any = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off", server_header=False, date_header=False
    )  # fmt: skip
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has a flag, no event
        await asyncio.sleep(0.02)
    print("READY", flush=True)
    await serving
