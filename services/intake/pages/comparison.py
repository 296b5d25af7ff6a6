"""Promised dates beside lawful ones: in sum, as a chart, dossier by dossier with the explanation, and all of it as a file."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

from starlette.responses import Response, StreamingResponse

from services.intake import handlers
from services.intake.domain.comparison import EARLIER, KINDS, LATER, SAME, SPANS, Compared, Comparison, OfProcedure
from services.intake.domain.sources import Source
from services.intake.handlers import Desk
from services.intake.pages.counter import procedure_of
from services.intake.store.comparison import Wanted
from shared.kernel import NotFound
from shared.law import parse_limit
from shared.law.words import LANGUAGES
from shared.law.zone import local
from shared.web.pages import Visit, charts
from shared.web.pages.writing import day_text, number_text, share_text

PER_PAGE: Final = 30
READERS: Final = ("publisher", "admin")
_MOST_PROCEDURES: Final = 10
_KIND, _SPAN = "loai", "lech"
_COLUMNS: Final = (
    "code", "unit", "procedure", "state", "received", "promised", "lawful", "days", "kind", "done", "late-slip", "late-law", "why",
)  # fmt: skip


async def show(desk: Desk, visit: Visit) -> Response:
    """The page."""
    source, wanted = await _asked(desk, visit)
    paging = visit.paging(PER_PAGE)
    after = paging.after[0] if paging.after else None
    found = await handlers.read_compared(desk, source, wanted, after=after, back=paging.back, limit=paging.fetch)
    page = paging.page(found, lambda each: (each.dossier.code,), lambda each: _row(desk, visit, each))
    total = await handlers.read_comparison(desk, source)
    return visit.page(
        "comparison.html", "comparison", source=source, wanted=wanted, rows=page.items, next=page.next, prev=page.prev, file=_file(visit),
        chosen=_chosen(visit, total, wanted), **_sums(desk, visit, total),
    )  # fmt: skip


async def show_file(desk: Desk, visit: Visit) -> Response:
    """All of them as CSV, written while it is read; with a mark so that spreadsheets take it for UTF-8."""
    source, wanted = await _asked(desk, visit)
    name = f"so-sanh-{source.id}-{local(desk.works.clock()):%Y%m%d}.csv"
    kept = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    words = visit.words("states", "comparison")
    return StreamingResponse(
        csv_of(desk, source, wanted, words, visit.language), headers=kept, media_type="text/csv; charset=utf-8"
    )


async def _asked(desk: Desk, visit: Visit) -> tuple[Source, Wanted]:
    source = await handlers.read_compared_source(desk, visit.somebody, visit.request.path_params["id"])
    query = visit.request.query_params
    kind, span = query.get(_KIND), query.get(_SPAN)
    if (kind is not None and kind not in KINDS) or (span is not None and span not in SPANS):
        raise NotFound
    return source, Wanted(kind, span)


def _file(visit: Visit) -> str:
    path, _, asked = visit.here.partition("?")
    pairs = [pair for pair in asked.split("&") if pair and not pair.startswith(("cursor=", "limit="))]
    return f"{path}.csv" + (f"?{'&'.join(pairs)}" if pairs else "")


def _chosen(visit: Visit, total: Comparison, wanted: Wanted) -> dict[str, str]:
    """What the list shows now, and how many that is."""
    words = visit.words("comparison")
    if wanted.span is not None:
        name, number = words[f"span-{wanted.span}"], total.spans[wanted.span]
    elif wanted.kind is not None:
        name, number = words[f"kind-{wanted.kind}"], total.counts[wanted.kind]
    else:
        name, number = words["kind-all"], total.number
    return {"name": name, "number": number_text(number, visit.language), "some": "1" if wanted != Wanted() else ""}


def _sums(desk: Desk, visit: Visit, total: Comparison) -> dict[str, Any]:
    words, language, counts, spans = visit.words("comparison"), visit.language, total.counts, total.spans
    compared, most = sum(spans.values()), max(spans.values())
    return {
        "number": number_text(total.number, language), "compared": number_text(compared, language), "comparable": compared > 0,
        "tiles": [_tile(words, kind, counts[kind], compared, language) for kind in (SAME, LATER, EARLIER)],
        "others": [(kind, words[f"kind-{kind}"], number_text(counts[kind], language)) for kind in KINDS[3:] if counts[kind]],
        "bars": [
            {"span": name, "text": words[f"span-{name}"], "number": number_text(number, language), "some": number,
             "bar": charts.bar(number, most, "late" if name[0] == "p" else "came" if name[0] == "m" else "plain")}
            for name, number in spans.items()
        ],
        "late": [(words[f"late-{name}"], number_text(number, language)) for name, number in (("slip", total.late_by_slip), ("law", total.late_by_law))],
        "hidden": number_text(total.hidden, language) if total.hidden else "",
        "procedures": [_procedure(desk, words, each, language) for each in total.procedures[:_MOST_PROCEDURES] if each.differing],
    }  # fmt: skip


def _tile(words: Mapping[str, str], kind: str, number: int, compared: int, language: str) -> dict[str, Any]:
    return {
        "kind": kind, "name": words[f"kind-{kind}"], "number": number_text(number, language), "share": share_text(number, compared, language),
        "bad": kind == LATER and number > 0, "some": number,
    }  # fmt: skip


def _procedure(desk: Desk, words: Mapping[str, str], each: OfProcedure, language: str) -> dict[str, Any]:
    versions = desk.shelf.procedures.get(each.procedure, ())
    return {
        "code": each.procedure, "name": versions[0].name if versions else each.procedure, "limit": LANGUAGES[language].limit(parse_limit(versions[0].limit)) if versions else "–",
        "later": number_text(each.counts[LATER], language), "earlier": number_text(each.counts[EARLIER], language),
        "same": number_text(each.counts[SAME], language), "usual": difference_text(words, each.usual_days),
    }  # fmt: skip


def difference_text(words: Mapping[str, str], days: int | None) -> str:
    """By how many days the promise lies behind the lawful date."""
    if days is None:
        return "–"
    return (
        words["differs-not"]
        if not days
        else words["differs-later" if days > 0 else "differs-earlier"].format(n=abs(days))
    )


def _row(desk: Desk, visit: Visit, each: Compared) -> dict[str, Any]:
    words, dossier = visit.words("states", "comparison"), each.dossier
    path = f"/ho-so/{dossier.id}" if visit.somebody.has("admin") else ""
    return {
        "code": dossier.code, "path": path, "what": procedure_of(desk, dossier), "state": words.get(dossier.state, dossier.state),
        "received": local(dossier.received_at).date(), "promised": each.promised_on, "lawful": each.lawful_on, "kind": each.kind,
        "difference": difference_text(words, each.days) if each.days is not None else words[f"kind-{each.kind}"], "bad": each.kind == LATER,
        "done": day_text(each.done_on) if each.done_on else "", "late_by_slip": each.late_by_slip, "late_by_law": each.late_by_law,
        "why": handlers.explanation(desk, dossier, visit.language),
    }  # fmt: skip


async def csv_of(desk: Desk, source: Source, wanted: Wanted, words: Mapping[str, str], language: str) -> AsyncIterator[str]:  # fmt: skip
    """The file, some lines at a time; others have their turn between them."""
    yield "\ufeff" + _lines([[words[f"file-{name}"] for name in _COLUMNS]])
    async for found in handlers.every_compared(desk, source, wanted):
        yield _lines(_cells(desk, words, each, language) for each in found)
        await asyncio.sleep(0)


def _lines(rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()


def _cells(desk: Desk, words: Mapping[str, str], each: Compared, language: str) -> Sequence[str]:
    """The columns of one dossier; days are written as they are sorted."""
    dossier = each.dossier
    return (
        dossier.code, dossier.unit, dossier.procedure, words.get(dossier.state, dossier.state), local(dossier.received_at).date().isoformat(),
        _day(each.promised_on), _day(each.lawful_on), "" if each.days is None else str(each.days), words[f"kind-{each.kind}"], _day(each.done_on),
        words["yes"] if each.late_by_slip else "", words["yes"] if each.late_by_law else "", " ".join(handlers.explanation(desk, dossier, language)),
    )  # fmt: skip


def _day(day: date | None) -> str:
    return "" if day is None else day.isoformat()
