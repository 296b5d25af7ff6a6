"""Files people hand in: checked, sealed piece by piece while they arrive, kept by their SHA-256 in a folder or an S3-compatible store.

Read `refusals` (what is not taken), `sealing` (the form at rest), `kinds` with `images`, `papers` and `archives` (what a
file is), `scanning` (clamd), `stores` (where it lies). Which files there are, whose and under which key is a table of the
service: a blob without a row is litter, a row without its blob never is, for the blob is written first.
"""

from __future__ import annotations

from shared.store.files.arriving import Arrived, arrive
from shared.store.files.kinds import MEDIA_TYPES
from shared.store.files.scanning import Scanner
from shared.store.files.sealing import opened
from shared.store.files.stores import Store, open_store

__all__ = ["MEDIA_TYPES", "Arrived", "Scanner", "Store", "arrive", "open_store", "opened"]
