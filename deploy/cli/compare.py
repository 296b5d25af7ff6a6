"""`gandan compare`: a source's promised dates beside the lawful ones; in sum, as CSV, as a chart."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Annotated, Literal, TextIO
from xml.sax.saxutils import escape

import typer

from deploy.cli.installation import DONE, WRONG_USAGE, HomeOption, Installation, JsonOption, run
from deploy.cli.screen import Bar, as_json, columns
from deploy.cli.sources import desk_of
from services.intake import handlers
from services.intake.api.comparison import comparison_view
from services.intake.domain.comparison import Comparison
from services.intake.domain.sources import Source
from services.intake.handlers import Desk
from services.intake.pages.comparison import csv_of
from services.intake.pages.routes import FOLDER
from services.intake.store.comparison import Wanted
from shared.kernel import Principal
from shared.web.pages.visit import texts

_WHO = Principal("operator", frozenset({"admin"}), acting="admin")
_LINE, _NAMES, _WIDTH = 26, 190, 420
_FILLS = {"p": "#a12b1d", "m": "#a9c9ce", "0": "#0b5a66"}
LangOption = Annotated[Literal["vi", "en"], typer.Option(help="Language of what is written.")]


def compare(
    source: Annotated[str, typer.Option(help="Id of the source system in the registry.")],
    csv: Annotated[Path | None, typer.Option(help="Write every dossier with both dates and the explanation (- for standard output).")] = None,
    chart: Annotated[Path | None, typer.Option(help="Write the summary as a picture (SVG).")] = None,
    lang: LangOption = "vi",
    home: HomeOption = None,
    *,
    as_json_: JsonOption = False,
) -> None:  # fmt: skip
    """Their dates beside the lawful ones, dossier by dossier. Example: gandan compare --source tan-thanh --csv so-sanh.csv --chart so-sanh.svg

    Load the source's history first (`backfill: true`): nobody is told of it, and this shows what the law says of each dossier.
    """

    async def work(here: Installation) -> int:
        async with desk_of(here) as desk:
            found = await handlers.read_compared_source(desk, _WHO, source)
            total = await handlers.read_comparison(desk, found)
            try:
                if csv is not None:
                    await _write(desk, found, csv, lang, total.number)
                if chart is not None:
                    chart.write_text(drawn(total, found.name, lang), "utf-8")
            except OSError as error:
                print(f"gandan compare: {error.filename}: {error.strerror}", file=sys.stderr)
                return WRONG_USAGE
        if str(csv) != "-":
            said = comparison_view(source, total).model_dump(mode="json")
            print(as_json(said) if as_json_ else "\n".join(_lines(total, lang)))
        return DONE

    run("compare", home, work)


async def _write(desk: Desk, source: Source, file: Path, lang: str, number: int) -> None:
    """Write as it is read, so that memory does not grow with the number of dossiers."""
    words, done = _words(lang) | {name: row[lang] for name, row in texts(FOLDER)["states"].items()}, -1
    with Bar(f"dossiers of {source.id}") as bar, _opened(file) as out:
        async for lines in csv_of(desk, source, Wanted(), words, lang):
            out.write(lines)
            done += lines.count("\r\n")
            bar.show(min(done, number), number)


def _opened(file: Path) -> AbstractContextManager[TextIO]:
    return nullcontext(sys.stdout) if str(file) == "-" else file.open("w", encoding="utf-8", newline="")


def _words(lang: str) -> dict[str, str]:
    return {name: row[lang] for name, row in texts(FOLDER)["comparison"].items()}


def _lines(total: Comparison, lang: str) -> Iterator[str]:
    words = _words(lang)
    yield words["lead"].format(number=total.number, compared=sum(total.spans.values()))
    most = max(total.spans.values()) or 1
    rows = [(words[f"span-{name}"], number, "█" * round(30 * number / most)) for name, number in total.spans.items()]
    yield columns(("", "", ""), rows)
    kinds = [(words[f"kind-{kind}"], number) for kind, number in total.counts.items() if number]
    late = [(words["late-slip"], total.late_by_slip), (words["late-law"], total.late_by_law)]
    yield columns(("", ""), [*kinds, *late])
    if total.hidden:
        yield words["hidden"].format(number=total.hidden)


def drawn(total: Comparison, name: str, lang: str) -> str:
    """The chart as a picture of its own: a bar for each difference, with its words and its number."""
    words, spans = _words(lang), total.spans
    most = max(spans.values()) or 1
    height = _LINE * (len(spans) + 2)
    bars = "".join(
        _bar(place, words[f"span-{span}"], number, most, _FILLS[span[0]])
        for place, (span, number) in enumerate(spans.items(), 1)
    )
    title = escape(f"{name}: {words['chart']}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_NAMES + _WIDTH + 90} {height}" font-family="system-ui, sans-serif" font-size="14">'
        f'<title>{title}</title><rect width="100%" height="100%" fill="#fff"/><text x="10" y="20" font-weight="600">{title}</text>{bars}</svg>\n'
    )


def _bar(place: int, text: str, number: int, most: int, fill: str) -> str:
    top, width = place * _LINE + 8, _WIDTH * number / most
    return (
        f'<text x="{_NAMES - 10}" y="{top + 14}" text-anchor="end">{escape(text)}</text>'
        f'<rect x="{_NAMES}" y="{top}" width="{width:.1f}" height="{_LINE - 8}" fill="{fill}"/>'
        f'<text x="{_NAMES + width + 8:.1f}" y="{top + 14}">{number}</text>'
    )
