"""Test vectors of the sealing of contacts: whoever opens and makes these, opens and makes real ones. No key of them is used.

A sealed box holds no secret of its sender: a fresh key pair for each box. Here that pair is given too, so that every step can be
compared: nonce = BLAKE2b-24(ephemeral public key, receiver's public key); box = X25519, XSalsa20-Poly1305.
"""

from __future__ import annotations

import base64
import json
from hashlib import blake2b, sha256
from typing import Any, Final

from nacl.bindings import crypto_box
from nacl.public import PrivateKey

from shared.store.vault import fingerprint

_PEOPLE: Final = (
    {"name": "Nguyễn Văn An", "phone": "0912345678", "email": "an@example.vn", "identity_no": "044085001234"},
    {"name": "Hồ Thị Bé"},
)
"""Invented."""


def document() -> dict[str, Any]:
    """The committed file: the receiver's pair, and for each contact its ephemeral pair, its nonce and its box."""
    receiver = PrivateKey(sha256(b"gandan sealing vectors: receiver").digest())
    return {
        "about": "Invented keys and people. contact_sealed = base64(ephemeral public key + box), a libsodium crypto_box_seal.",
        "key_id": fingerprint(bytes(receiver.public_key)), "public_key": _text(bytes(receiver.public_key)), "private_key": _text(bytes(receiver)),
        "vectors": [_vector(receiver, number, person) for number, person in enumerate(_PEOPLE)],
    }  # fmt: skip


def _vector(receiver: PrivateKey, number: int, person: dict[str, str]) -> dict[str, str]:
    plain = json.dumps(person, ensure_ascii=False, separators=(",", ":"))
    ephemeral = PrivateKey(sha256(f"gandan sealing vectors: sender {number}".encode()).digest())
    mine, theirs = bytes(ephemeral.public_key), bytes(receiver.public_key)
    nonce = blake2b(mine + theirs, digest_size=24).digest()
    box = crypto_box(plain.encode(), nonce, theirs, bytes(ephemeral))
    return {
        "plain": plain, "ephemeral_private_key": _text(bytes(ephemeral)), "nonce": _text(nonce), "sealed": _text(mine + box),
    }  # fmt: skip


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
