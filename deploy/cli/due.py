"""`gandan due`: a due date with its explanation, for people and, line by line, for programs. Needs no database."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

import typer

from shared.kernel import Refused
from shared.law import BadTime, MissingField, UnknownLimit, answer
from shared.law.ask import refusal
from shared.law.rules import PauseMode
from shared.law.words import LANGUAGES, Language
from shared.law.zone import parse_instant

REFUSED, WRONG_USAGE = 1, 2

LABELS = {
    "vi": {
        "due": "Hạn",
        "latest": "Chậm nhất",
        "paused": "Đang tạm dừng, còn lại",
        "rule": "Quy định",
        "version": "phiên bản",
        "unverified": "chưa đối chiếu văn bản",
        "provisional": "tạm tính",
        "steps": "Cách tính",
        "days": "ngày",
        "office-time": "làm việc",
    },
    "en": {
        "due": "Due",
        "latest": "At the latest",
        "paused": "Paused, left",
        "rule": "Rule",
        "version": "version",
        "unverified": "not yet checked against the text",
        "provisional": "provisional",
        "steps": "How it was counted",
        "days": "days",
        "office-time": "of office time",
    },
}


REFUSALS = {
    "unknown-rule": "không có quy định này, hoặc quy định không có hiệu lực vào ngày đó",
    "unknown-limit": "thời hạn không hợp lệ",
    "bad-time": "thời điểm không hợp lệ",
    "unknown-year": "chưa có lịch nghỉ của năm này",
    "missing-field": "thiếu thông tin",
}
"""What each error means in Vietnamese; the exact detail follows it."""


class Lang(StrEnum):
    """Languages of the explanation."""

    VI = "vi"
    EN = "en"


def due(
    limit: Annotated[str | None, typer.Option(help="Time limit: 7wd, 30d, 8wh or same-day.")] = None,
    rule: Annotated[str | None, typer.Option(help="Rule id, such as complaint.settlement.first.")] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="When it was received: 2026-06-01T09:00 or a day.")
    ] = None,
    event: Annotated[str | None, typer.Option(help="The event a backward rule counts back from.")] = None,
    pause: Annotated[list[str] | None, typer.Option(help="A pause A..B; A.. is still open. May be repeated.")] = None,
    suspend: Annotated[list[str] | None, typer.Option(help="A suspension A..B; A.. is still open.")] = None,
    mode: Annotated[PauseMode | None, typer.Option(help="Go on after a pause, or count anew.")] = None,
    complex_: Annotated[bool, typer.Option("--complex", help="A complex case.")] = False,  # noqa: FBT002 - a flag
    remote: Annotated[bool, typer.Option("--remote", help="A remote area.")] = False,  # noqa: FBT002 - a flag
    several_places: Annotated[bool, typer.Option("--several-places", help="To be checked in several places.")] = False,  # noqa: FBT002 - a flag
    extensions: Annotated[int, typer.Option(help="How many extensions were granted.")] = 0,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", help="Count by what the rule said on this day; also --from where none is given."),
    ] = None,
    lang: Annotated[Lang, typer.Option(help="Language of the explanation.")] = Lang.VI,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,  # noqa: FBT002 - a flag
    jsonl: Annotated[bool, typer.Option("--jsonl", help="Read JSON lines, answer each with a line.")] = False,  # noqa: FBT002 - a flag
) -> None:
    """A due date and how it was counted.

    A rule counts in the version of the day of receipt; --as-of asks another day's: gandan due --rule complaint.acceptance --as-of 2026-06-30

    Example: gandan due --rule one-stop.settlement --limit 7wd --from 2026-06-01T09:00
    """
    if jsonl:
        for line in answer_lines(sys.stdin):
            print(line, flush=True)  # a program may wait for this answer before it asks again
        return
    asked = {
        "limit": limit, "rule": rule, "from": from_, "event": event, "pause": pause, "suspend": suspend, "mode": mode, "complex": complex_,
        "remote": remote, "several_places": several_places, "extensions": extensions, "as_of": as_of, "lang": lang.value,
    }  # fmt: skip
    _answer_once(asked, lang, as_json=as_json)


def _answer_once(asked: Mapping[str, Any], lang: Lang, *, as_json: bool) -> None:
    """Print the answer to these options; ends the program where there is none."""
    try:
        question = {**asked, **{name: _stretches(asked[name]) for name in ("pause", "suspend")}}
        given = answer({field: value for field, value in question.items() if value is not None})
    except Refused as error:
        _complain(error, lang, as_json=as_json)
        raise typer.Exit(WRONG_USAGE if isinstance(error, MissingField | BadTime | UnknownLimit) else REFUSED) from None
    print(_json(given) if as_json else "\n".join(_told(given, LANGUAGES[lang.value])))


def answer_lines(lines: Iterable[str]) -> Iterator[str]:
    """One JSON answer per line; what cannot be answered is `{"error": {"code", "detail"}}`."""
    for line in lines:
        try:
            yield _json(answer(_question(line)))
        except Refused as error:
            yield _json(refusal(error))


def _question(line: str) -> dict[str, Any]:
    try:
        question = json.loads(line)
    except ValueError as error:
        raise MissingField(f"this line is not JSON: {error}") from error
    if not isinstance(question, dict):
        raise MissingField("this line is not a JSON object")
    return question


def _stretches(given: list[str] | None) -> list[list[str | None]]:
    """`A..B` -> [A, B]; `A..` -> [A, None]."""
    stretches = [text.partition("..") for text in given or []]
    if not all(dots for _, dots, _ in stretches):
        raise BadTime("write a pause as FROM..TO, or FROM.. while it lasts")
    return [[began, ended or None] for began, _, ended in stretches]


def _complain(error: Refused, lang: Lang, *, as_json: bool) -> None:
    told = refusal(error)
    if as_json:
        print(_json(told))
    elif lang is Lang.EN:
        print(f"gandan due: {error}", file=sys.stderr)
    else:
        print(f"gandan due: {REFUSALS[told['error']['code']]} ({error})", file=sys.stderr)


def _told(given: dict[str, Any], language: Language) -> Iterator[str]:
    """The answer for people: the date first, then the rule, then the count."""
    labels = LABELS[language.code]
    notes = f" ({labels['provisional']})" if given["provisional"] else ""
    yield f"{_headline(given, labels, language)}{notes}"
    if given["rule"]:
        unverified = "" if given["verified"] else f", {labels['unverified']}"
        yield f"{labels['rule']}: {given['rule']} ({labels['version']} {given['version']}{unverified})"
    yield f"{labels['steps']}:"
    yield from (f"  {number}. {step}" for number, step in enumerate(given["steps"], 1))


def _headline(given: dict[str, Any], labels: dict[str, str], language: Language) -> str:
    field = "latest" if "latest" in given else "due"
    if given[field] is not None:
        return f"{labels[field]}: {_spoken(given[field], language)}"
    if given["remaining_days"] is not None:
        return f"{labels['paused']}: {given['remaining_days']} {labels['days']}"
    left = language.duration(timedelta(hours=given["remaining_working_hours"]))
    return f"{labels['paused']}: {left} {labels['office-time']}"


def _spoken(written: str, language: Language) -> str:
    at = parse_instant(written)
    return language.write(at if "T" in written else at.date())


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
