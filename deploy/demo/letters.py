"""The letters of the sample: fifteen in every stage, and feedback of the weeks before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from deploy.demo.acts import CASES, FILED, LETTERS, Act
from deploy.demo.days import Days, parsed
from deploy.demo.people import NOBODY, Who, citizen, handler, officer, person, read

FIRST_OF_LETTERS: Final = 500
FIRST_OF_EARLIER: Final = 600
_ROLES: Final = {
    "split": "screener", "guide": "screener", "file": "screener", "schedule-dialogue": "handler", "record-dialogue": "handler", "answer": "handler",
    "deliver": "clerk", "rate": "citizen", "reopen": "citizen",
}  # fmt: skip
_FRAME: Final = frozenset({"do", "at", "part", "by", "meets", "held", "findings"})
"""Words of an act that are not fields of its body as they stand."""


def of_the_day(days: Days) -> Iterator[Act]:
    """The acts of the letters in `letters.toml`."""
    data = read("letters.toml")
    for place, letter in enumerate(data["letter"], 1):
        number = FIRST_OF_LETTERS + place
        yield _filed(f"letter-{place:02d}", number, data["unit"], letter, days)
        for act in letter["acts"]:
            yield _act(f"letter-{place:02d}", number, act.get("by", data["unit"]), letter, act, days)


def of_the_weeks_before(days: Days) -> Iterator[Act]:
    """Feedback that was answered before the day, by several units."""
    earlier = read("letters.toml")["earlier"]
    for place, row in enumerate(earlier["rows"], 1):
        name, number, letter = f"earlier-{place:02d}", FIRST_OF_EARLIER + place, _earlier(row, earlier)
        yield _filed(name, number, row["unit"], letter, days)
        for act in letter["acts"]:
            yield _act(name, number, row["unit"], letter, act, days)


def _earlier(row: Mapping[str, Any], words: Mapping[str, Any]) -> dict[str, Any]:
    filed, answered = row["filed"], row["filed"] + row["answered"]
    acts = [
        {"do": "split", "at": f"{filed} 10:00"},
        {"do": "assign", "part": 1, "at": f"{filed} 10:30"},
        {"do": "answer", "part": 1, "at": f"{answered} 11:00", "outcome": "fixed", "text": words["answer"]},
    ]
    if "score" in row:
        acts.append({"do": "rate", "part": 1, "at": f"{answered} 16:00", "score": row["score"]})
    parts = [["feedback", words["summary"]]]
    return {"channel": "online", "filed": f"{filed} 09:00", "text": words["text"], "parts": parts, "acts": acts}


def _filed(matter: str, number: int, unit: str, letter: Mapping[str, Any], days: Days) -> Act:
    body: dict[str, Any] = {"channel": letter["channel"], "unit": unit, "text": letter["text"]}
    if letter.get("anonymous", False):
        who, body["anonymous"] = NOBODY, True
    else:
        who = citizen(number) if letter["channel"] == "online" else officer("screener", unit)
        body["parties"] = [{"role": "sender", **person(number).body()}]
    return Act(days.at(letter["filed"]), matter, LETTERS, FILED, who, body)


def _act(matter: str, number: int, unit: str, letter: Mapping[str, Any], act: Mapping[str, Any], days: Days) -> Act:
    about = f"{matter}.{act['part']}" if "part" in act else matter
    door = CASES if "part" in act else LETTERS
    return Act(
        days.at(act["at"]),
        about,
        door,
        act["do"],
        _who(act["do"], number, unit),
        _body(number, unit, letter, act, days),
    )


def _who(command: str, number: int, unit: str) -> Who:
    role = _ROLES.get(command, "head")
    return citizen(number) if role == "citizen" else officer(role, unit, number)


def _body(number: int, unit: str, letter: Mapping[str, Any], act: Mapping[str, Any], days: Days) -> dict[str, Any]:
    body = {name: value for name, value in act.items() if name not in _FRAME}
    match act["do"]:
        case "split":
            body["parts"] = [{"kind": kind, "summary": summary, "unit": unit} for kind, summary in letter["parts"]]
        case "assign":
            body["officer"] = handler(unit, number)
        case "schedule-dialogue":
            body["at"] = days.at(act["meets"]).isoformat()
        case "record-dialogue":
            body["held_on"] = days.on(parsed(f"{act['held']} 00:00")[0]).isoformat()
        case "decide":
            body["findings"] = [{"content": n, "finding": finding} for n, finding in enumerate(act["findings"], 1)]
    return body
