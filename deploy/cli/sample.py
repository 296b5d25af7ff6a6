"""The sample: lived by `gandan up` on an empty store; `gandan sample play` makes steady traffic on a running installation."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer

from deploy.cli.installation import DONE, REFUSED, UNREACHABLE, WRONG_USAGE, HomeOption, JsonOption
from deploy.cli.screen import Bar, as_json
from deploy.demo import filling, traffic
from deploy.demo.filling import Filling, Played
from deploy.demo.player import Unplayable, Unreached
from shared import settings as settings_
from shared.runtime.process import Process
from shared.settings import Settings, WrongSetting

app = typer.Typer(
    help="Traffic of invented people. Example: gandan sample play --dossiers 30",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def sample() -> None:
    """Traffic of invented people on a running installation. Example: gandan sample play --dossiers 30"""


@app.command()
def play(
    dossiers: Annotated[int, typer.Option(min=0, max=100_000, help="How many dossiers are filed and worked on.")] = 30,
    cases: Annotated[int, typer.Option(min=0, max=100_000, help="How many letters are handed in and answered.")] = 6,
    rate: Annotated[float, typer.Option(min=0.1, max=1000, help="Requests in a second.")] = 5,
    url: Annotated[str | None, typer.Option(help="Where it runs; default: GANDAN_HOST and GANDAN_PORT.")] = None,
    home: HomeOption = None,
    *,
    as_json_: JsonOption = False,
) -> None:
    """File dossiers and letters and work on them, steadily, with tokens of the dev issuer; refused with a real issuer.

    Example: gandan sample play --dossiers 30 --cases 6 --rate 10
    """
    raise typer.Exit(_play(dossiers, cases, rate, url, {"home": home} if home else {}, as_json_=as_json_))


def _play(
    dossiers: int, cases: int, rate: float, url: str | None, given: Mapping[str, object], *, as_json_: bool
) -> int:
    try:
        settings = settings_.load(**given)
        tokens = filling.tokens(settings, made=False)
        at = url or f"http://{settings.host}:{settings.port}"
        with Bar("sample") as bar:
            told = asyncio.run(traffic.play(at, tokens, dossiers=dossiers, cases=cases, rate=rate, show=bar.show))
    except (WrongSetting, Unplayable) as error:
        print(f"gandan sample play: {error}", file=sys.stderr)
        return (
            WRONG_USAGE if isinstance(error, WrongSetting) else UNREACHABLE if isinstance(error, Unreached) else REFUSED
        )
    print(as_json(told.shown()) if as_json_ else told.sentence())
    return DONE


@contextmanager
def prepared(settings: Settings, urls: Mapping[str, str], *, wanted: bool) -> Iterator[Filling | None]:
    """The sample to be lived first, where the store is empty and nothing forbids it; afterwards time is as it was, whatever happened."""
    choice = filling.chosen() if wanted else "no"
    if choice == "no" or not filling.fits(settings) or not asyncio.run(filling.is_empty(urls)):
        yield None
        return
    made = filling.prepared(settings, weeks=choice == "yes")
    print(
        "gandan up: the store is empty: a sample day is lived first (SAMPLE=no skips it)", file=sys.stderr, flush=True
    )
    try:
        made.begin()
        yield made
    finally:
        made.hands.let_go()


async def fill(made: Filling, process: Process, say: Callable[[Sequence[str]], None]) -> None:
    """Live the sample, then say that it is ready; what stops the sample does not stop the services."""
    try:
        with Bar("sample day") as bar:
            played = await made.live(process, bar.show)
    except Unreached:  # our own door: the process is ending
        print("gandan up: the sample day was interrupted; the store holds a part of it", file=sys.stderr)
    except (Unplayable, TimeoutError) as error:
        print(f"gandan up: the sample day stopped: {error or 'facts are on their way for too long'}", file=sys.stderr)
        say(())
    else:
        say(_look(played, made.url))


def _look(played: Played, url: str) -> Sequence[str]:
    """What a newcomer looks at first."""
    return (
        f"The sample day is {played.day}: {played.acts} acts of invented people in {played.seconds:.0f} s. Look at",
        f"  {url}/tra-cuu?ma={played.code}  as a citizen; the slip's secret is {played.secret}",
        f"  {url}/dang-nhap  sign in as a leader, then  {url}/bang-dieu-hanh  what is late and with whom",
    )
