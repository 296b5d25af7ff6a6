"""Door 1, HTTP: what every service's `api.py` and `app.py` stand on.

Composition: `app.service_app`, `app.root_app`, `door.open_door`. In a route's signature: `auth.allow` / `auth.public`
(every route declares its right), `idempotency.once`, `etag.seen`, `cursor.paging`, `limits.limited`, `language.language`.
In a schema: `fields.Instant`, `fields.text(...)`, `cursor.Page`. Errors are RFC 9457 problems from a committed
catalogue (`problems`, `data/problems.toml`); a handler raises `kernel.Refused` and never thinks of HTTP.
"""
