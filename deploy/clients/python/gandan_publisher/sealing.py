"""Sealing of contacts: whoever carries an event reads no name in it, only the service that sends notices does."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass

from nacl.public import PublicKey, SealedBox


@dataclass(frozen=True, repr=False)
class Contact:
    """Who a dossier is of, and how to reach them. With an identity number they have one inbox for everything."""

    name: str
    phone: str | None = None
    email: str | None = None
    identity_no: str | None = None


def seal(public_key: str, contact: Contact) -> str:
    """`contact_sealed` of an event: a libsodium sealed box over UTF-8 JSON; the key as `GET /notifications/v1/keys/contact` says it."""
    said = {name: value for name, value in asdict(contact).items() if value is not None}
    plain = json.dumps(said, ensure_ascii=False).encode()
    return base64.b64encode(SealedBox(PublicKey(base64.b64decode(public_key))).encrypt(plain)).decode()
