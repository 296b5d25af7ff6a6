"""What is wrong in an event's form, by its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from services.intake.domain.source_shapes.codes import is_event_id, is_json
from services.intake.domain.source_shapes.reading import instant
from services.intake.domain.source_shapes.shapes import LETTER_UPSERTED, VISITS_COUNTED, Shape

MOST = 20
"""Wrong fields that are named."""


def wrong(plain: Mapping[str, Any], shape: Shape | None) -> list[str]:
    """JSON Pointers to everything wrong in an event's form; extensions are free."""
    found = [f"/{name}" for name in _wrong_attributes(plain, shape)]
    data = plain.get("data")
    if not isinstance(data, dict):
        return [*found, "/data"]
    if shape is not None:
        found += [f"/data/{name}" for name in shape.wrong(data)]
        found += _contradictions(plain, data, shape)
    return list(dict.fromkeys(found))[:MOST]


def _wrong_attributes(plain: Mapping[str, Any], shape: Shape | None) -> Iterator[str]:
    if plain.get("specversion") != "1.0":
        yield "specversion"
    if not is_event_id(plain.get("id")):
        yield "id"
    if not isinstance(plain.get("source"), str):
        yield "source"
    if shape is None:
        yield "type"
    if plain.get("time") is not None and instant(plain["time"]) is None:
        yield "time"
    if plain.get("datacontenttype") is not None and not is_json(plain["datacontenttype"]):
        yield "datacontenttype"


def _contradictions(plain: Mapping[str, Any], data: Mapping[str, Any], shape: Shape) -> list[str]:
    found = ["/subject"] if plain.get("subject") != data.get(shape.about) else []
    if data.get("correction") is True and data.get("reason_class") is None:
        found.append("/data/reason_class")
    if shape is VISITS_COUNTED and not found and _more(data, "served", "visits"):
        found.append("/data/served")
    if shape is LETTER_UPSERTED and data.get("anonymous") is True:
        found += ["/data/anonymous"] if data.get("kind") == "complaint" else []
        found += ["/data/contact_sealed"] if data.get("contact_sealed") is not None else []
    return found


def _more(data: Mapping[str, Any], name: str, than: str) -> bool:
    one, other = data.get(name), data.get(than)
    return isinstance(one, int) and isinstance(other, int) and one > other


def identifies(data: Mapping[str, Any]) -> list[str]:
    """What a denunciation must not carry, not even sealed: whoever made it stays with the body that has it (Law 25/2018, Art. 56)."""
    return (
        ["/data/contact_sealed"]
        if data.get("kind") == "denunciation" and data.get("contact_sealed") is not None
        else []
    )
