"""A service's document as one plain HTML page: no script, no style sheet and no font of any other host."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

_STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}
summary{cursor:pointer;padding:.4rem 0}code{font-size:.95em}details{border-bottom:1px solid #ccc}
.m{display:inline-block;min-width:4.5rem;font-weight:700}table{border-collapse:collapse;margin:.5rem 0 1rem}
td,th{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0;border-top:1px solid #e5e5e5}small{color:#555}"""


def page(document: dict[str, Any], mount: str) -> str:
    """The page of an OpenAPI document whose service is mounted at `mount`."""
    info = document["info"]
    rows = [
        _operation(document, mount + path, method, each)
        for path, item in document["paths"].items()
        for method, each in item.items()
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(info['title'])}</title><style>{_STYLE}</style></head><body><h1>{escape(info['title'])}</h1>"
        f"<p>{escape(info.get('description', ''))}</p><p>{len(rows)} operations. For programs: "
        f'<a href="{escape(mount)}/openapi.json">openapi.json</a>. Errors: <a href="/problems">/problems</a>.</p>{"".join(rows)}</body></html>'
    )


def _operation(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> str:
    says = operation.get("description") or operation.get("summary", "")
    return (
        f'<details><summary><span class="m">{method.upper()}</span> <code>{escape(path)}</code> <small>{escape(_right(operation))}</small></summary>'
        f"<p>{escape(says)}</p>{_table('Parameters', _parameters(operation))}{_table('Body', _body(document, operation))}"
        f"{_table('Answers', _answers(operation))}</details>"
    )


def _right(operation: dict[str, Any]) -> str:
    roles = operation.get("x-roles")
    return "public" if roles is None else ", ".join(roles) or "signed in"


def _parameters(operation: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for row in operation.get("parameters", []):
        yield (
            row["name"],
            f"{row['in']}, {'required' if row.get('required') else 'optional'}",
            row.get("description", _kind(row["schema"])),
        )


def _body(document: dict[str, Any], operation: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for content in operation.get("requestBody", {}).get("content", {}).values():
        schema = _resolved(document, content.get("schema", {}))
        for name, field in schema.get("properties", {}).items():
            yield (
                name,
                "required" if name in schema.get("required", []) else "optional",
                field.get("description", _kind(field)),
            )


def _answers(operation: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for status, answer in operation["responses"].items():
        yield status, ", ".join(answer.get("content", {})), answer["description"]


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = document["components"]["schemas"].get(name, schema)
    return found


def _kind(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("$ref", "").rpartition("/")[2] or schema.get("format") or schema.get("type", "anything"))


def _table(title: str, rows: Iterator[tuple[str, str, str]]) -> str:
    lines = "".join(
        f"<tr><td><code>{escape(a)}</code></td><td>{escape(b)}</td><td>{escape(c)}</td></tr>" for a, b, c in rows
    )
    return f"<table><tr><th colspan=3>{title}</th></tr>{lines}</table>" if lines else ""
