"""A source system as its owner and the province see it: first what is to be done, then the figures behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from starlette.responses import RedirectResponse, Response

from services.intake import data, handlers
from services.intake.domain.source_quality import (
    LAGS,
    LEARNING,
    NEVER,
    REGULAR,
    SILENT,
    Day,
    Missing,
    Quality,
    Silence,
    clock_of,
)
from services.intake.domain.sources import Mandate
from services.intake.handlers import Desk
from services.intake.handlers.source_quality import SHOWN_DAYS, Glance
from shared.law.zone import local
from shared.web.pages import Visit, charts
from shared.web.pages.writing import day_text, decimal_text, minute_text, number_text, share_text

WATCHERS: Final = ("publisher", "admin", "ops")
_MANY: Final = 0.05
"""A share of rejected events that is no accident any more."""
_MOST_SERIES, _MOST_GAPS = 10, 8
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


async def show_all(desk: Desk, visit: Visit) -> Response:
    """All sources for those who run the installation; a vendor comes to their own."""
    if not visit.somebody.has("admin", "ops"):
        own = await handlers.own_source(desk, visit.somebody)
        return RedirectResponse(f"/nguon/{own.id}", 303)
    found = await handlers.read_glances(desk)
    rows = [_glance(visit, each) for each in found]
    return visit.page(
        "sources.html", "source", rows=rows, days=SHOWN_DAYS, silent=sum(each.silence.state == SILENT for each in found)
    )


def _glance(visit: Visit, each: Glance) -> dict[str, Any]:
    words, language, silence = visit.words("source"), visit.language, each.silence
    sent = each.accepted + each.rejected + each.waiting
    return {
        "id": each.source.id, "name": each.source.name, "sandbox": each.source.sandbox, "closed": each.source.state != "active",
        "silent": silence.state == SILENT, "state": words[f"silence-{silence.state}"], "heard": minute_text(silence.heard_at) if silence.heard_at else "",
        "sent": number_text(sent, language), "rejected": number_text(each.rejected, language), "many": each.rejected > sent * _MANY,
        "share": share_text(each.rejected, sent, language), "waiting": number_text(each.waiting, language),
        "clock": _clock(words, each.skew, language),
    }  # fmt: skip


async def show_one(desk: Desk, visit: Visit) -> Response:
    """The report of one source."""
    found = await handlers.read_quality(desk, visit.somebody, visit.request.path_params["id"])
    return visit.page("source.html", "source", **_report(desk, visit, found))


def _spoken_for(desk: Desk, mandate: Mandate, words: Mapping[str, str]) -> str:
    """A unit by its name, with the days that bound it where today is not among them for good."""
    name = desk.shelf.units[mandate.unit].name if mandate.unit in desk.shelf.units else mandate.unit
    if mandate.valid_to is not None:
        return f"{name} ({words['speaks-until'].format(day=day_text(mandate.valid_to))})"
    if mandate.valid_from > local(desk.works.clock()).date():
        return f"{name} ({words['speaks-from'].format(day=day_text(mandate.valid_from))})"
    return name


def _report(desk: Desk, visit: Visit, found: Quality) -> dict[str, Any]:
    words, language, total, source = visit.words("source"), visit.language, found.total, found.source
    units = [_spoken_for(desk, each, words) for each in source.units]
    findings = list(_findings(words, found, language))
    return {
        "source": source, "units": units, "findings": findings, "tiles": _tiles(words, found, language), "total": total,
        "heard": _heard(words, found.silence, language), "days": [_day(each, language) for each in found.days], "first": found.days[0].day, "last": found.days[-1].day,
        "chart": charts.stacked([_parts(each) for each in found.days], words["chart"]), "most": number_text(max(each.sent for each in found.days), language),
        "reasons": _reasons(words, found, language), "lags": _lags(words, found, language), "clock": _clock(words, found.skew, language),
        "clock_bad": found.clock in {"ahead", "behind"}, "timed": found.lags.timed, "gaps": _gaps(found, language),
        "missing": number_text(found.missing_number, language), "waits": [(words[f"waits-{each}"], number_text(number, language)) for each, number in found.waits_for.items()],
        "compared": visit.somebody.has("admin", "publisher"), "span": SHOWN_DAYS,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """What the reader should know first: how bad it is, what it is, and what to do about it."""

    kind: str
    text: str
    advice: str


def _findings(words: Mapping[str, str], found: Quality, language: str) -> Iterator[Finding]:
    """The most urgent first; nothing where all is well."""
    yield from _of_silence(words, found.silence, language)
    yield from _of_rejections(words, found, language)
    if found.clock in {"ahead", "behind"}:
        yield Finding(
            "bad",
            words[f"found-{found.clock}"].format(time=_length(words, abs(found.skew or 0), language)),
            words[f"advice-{found.clock}"],
        )
    yield from _of_what_is_late(words, found, language)


def _of_silence(words: Mapping[str, str], silence: Silence, language: str) -> Iterator[Finding]:
    if silence.state == SILENT:
        found, advice = ("found-silent", "advice-silent") if silence.heard_at else ("found-unheard", "advice-never")
        yield Finding("bad", words[found].format(time=hours_text(words, silence.lasts, language)), words[advice])
    elif silence.state == NEVER:
        yield Finding("soon", words["found-never"], words["advice-never"])


def _of_rejections(words: Mapping[str, str], found: Quality, language: str) -> Iterator[Finding]:
    total = found.total
    if total.rejected:
        kind = "bad" if total.rejected > total.sent * _MANY else "soon"
        reason = next(iter(found.reasons))
        share = share_text(total.rejected, total.sent, language)
        text = words["found-rejected"].format(
            number=number_text(total.rejected, language), share=share, reason=words[f"reason-{reason}"]
        )
        yield Finding(kind, text, data.source_reasons()[reason][language])


def _of_what_is_late(words: Mapping[str, str], found: Quality, language: str) -> Iterator[Finding]:
    """Events that came late, did not come, or still wait."""
    if found.lags.late > found.lags.timed * _MANY:
        share = share_text(found.lags.late, found.lags.timed, language)
        yield Finding("soon", words["found-late"].format(share=share), words["advice-late"])
    if found.missing_number:
        yield Finding(
            "soon",
            words["found-missing"].format(number=number_text(found.missing_number, language)),
            words["advice-missing"],
        )
    if found.total.waiting and found.oldest_waiting_at is not None:
        text = words["found-waiting"].format(
            number=number_text(found.total.waiting, language), day=day_text(local(found.oldest_waiting_at).date())
        )
        yield Finding("soon", text, words["advice-waiting"])


def _tiles(words: Mapping[str, str], found: Quality, language: str) -> list[dict[str, Any]]:
    total = found.total
    bad = total.rejected > total.sent * _MANY
    return [
        {"name": words[f"tile-{name}"], "value": number_text(number, language), "bad": name == "rejected" and bad}
        for name, number in (
            ("sent", total.sent), ("accepted", total.accepted), ("waiting", total.waiting), ("rejected", total.rejected),
            ("again", total.duplicates), ("late", found.lags.late),
        )
    ]  # fmt: skip


def _heard(words: Mapping[str, str], silence: Silence, language: str) -> dict[str, Any]:
    """When it was heard last, how long ago in office time, and what that is compared with."""
    if silence.limit is None:
        limit = words["limit-unknown"]
    else:
        name = "limit-set" if silence.configured else "limit-usual"
        limit = words[name].format(time=hours_text(words, silence.limit, language))
    lasts = words["ago"].format(time=hours_text(words, silence.lasts, language)) if silence.heard_at else ""
    return {
        "state": words[f"silence-{silence.state}"], "at": minute_text(silence.heard_at) if silence.heard_at else words["never"], "lasts": lasts, "limit": limit,
        "kind": {SILENT: "bad", REGULAR: "good", LEARNING: "good"}.get(silence.state, ""),
    }  # fmt: skip


def hours_text(words: Mapping[str, str], lasts: timedelta | None, language: str) -> str:
    """Office time: `25 phút`, `3,5 giờ làm việc`."""
    seconds = 0.0 if lasts is None else lasts.total_seconds()
    if seconds < _HOUR:
        return words["minutes"].format(n=int(seconds // _MINUTE))
    return words["office-hours"].format(n=decimal_text(seconds / _HOUR, language))


def _length(words: Mapping[str, str], seconds: float, language: str) -> str:
    """Plain time, in the unit people would use."""
    for name, size in (("days", _DAY), ("hours", _HOUR), ("minutes", _MINUTE)):
        if seconds >= size:
            return words[name].format(n=decimal_text(seconds / size, language))
    return words["seconds"].format(n=int(seconds))


def _clock(words: Mapping[str, str], skew: float | None, language: str) -> str:
    """Its clock beside ours, in words."""
    return words[f"clock-{clock_of(skew) or 'unknown'}"].format(time=_length(words, abs(skew or 0), language))


def _parts(each: Day) -> Sequence[tuple[str, int]]:
    return (("plain", each.accepted), ("came", each.waiting), ("late", each.rejected))


def _day(each: Day, language: str) -> dict[str, Any]:
    numbers = (each.sent, each.accepted, each.waiting, each.rejected, each.duplicates)
    return {
        "day": each.day,
        "numbers": [number_text(number, language) for number in numbers],
        "some": each.sent + each.duplicates,
    }


def _reasons(words: Mapping[str, str], found: Quality, language: str) -> list[dict[str, Any]]:
    most = max(found.reasons.values(), default=0)
    return [
        {
            "code": reason, "name": words[f"reason-{reason}"], "number": number_text(number, language), "bar": charts.bar(number, most, "late"),
            "advice": data.source_reasons()[reason][language],
        }
        for reason, number in found.reasons.items()
    ]  # fmt: skip


def _lags(words: Mapping[str, str], found: Quality, language: str) -> list[dict[str, Any]]:
    counts = found.lags.counts
    most = max(counts.values(), default=0)
    bad = {"ahead", "late", "stale"}
    return [
        {
            "name": words[f"lag-{lag}"], "number": number_text(counts.get(lag, 0), language), "share": share_text(counts.get(lag, 0), found.lags.timed, language),
            "bar": charts.bar(counts.get(lag, 0), most, "late" if lag in bad else "plain"),
        }
        for lag in LAGS
    ]  # fmt: skip


def _gaps(found: Quality, language: str) -> list[tuple[str, str, str]]:
    """Of each series the numbers that are missing, and how many that is."""
    series: dict[str, list[Missing]] = {}
    for each in found.missing:
        series.setdefault(each.series, []).append(each)
    return [
        (name, _ranges(gaps), number_text(sum(each.number for each in gaps), language))
        for name, gaps in list(series.items())[:_MOST_SERIES]
    ]


def _ranges(gaps: Sequence[Missing]) -> str:
    shown = [
        f"{each.first:04}" if each.first == each.last else f"{each.first:04}–{each.last:04}"
        for each in gaps[:_MOST_GAPS]
    ]
    return ", ".join([*shown, "…"] if len(gaps) > _MOST_GAPS else shown)
