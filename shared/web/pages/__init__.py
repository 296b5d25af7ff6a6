"""Door 1 for people: what the server-rendered pages of all services share.

`visit` is one look at a page, `site` puts the pages of a service together, `signing` lets people in and out, `writing` says
how numbers and days are written; head, foot, style and their sentences stand beside them.
"""

from __future__ import annotations

from shared.web.pages.site import assemble
from shared.web.pages.visit import Endpoint, Show, Site, Tab, Visit, endpoint

__all__ = ["Endpoint", "Show", "Site", "Tab", "Visit", "assemble", "endpoint"]
