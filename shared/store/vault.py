"""The vault: people's details, encrypted with one data key per person row; forgetting destroys that key.

AES-256-GCM with associated data `table|column|row`, keys wrapped with AES key wrap (RFC 3394), blind indices by HMAC-SHA256.
"""

from __future__ import annotations

import hmac
import os
import re
from dataclasses import asdict, dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from shared.settings import Keys

KEY_ID = 1
"""Which key-encryption key wrapped a data key; rises when the key is rotated."""

_NONCE = 12
_LONGEST_NAME = 200


class Forgotten(Exception):  # noqa: N818 - a state of the record, not an error
    """The data key of this person was destroyed, or never was ours."""


@dataclass(frozen=True, slots=True, repr=False)
class Details:
    """What a vault keeps of a person; never leaves it but sealed or to somebody with the right."""

    name: str
    identity_no: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class PersonRow:
    """One encrypted person, ready to be written."""

    id: UUID
    recipient: UUID
    data_key: bytes
    key_id: int
    sealed: bytes
    identity_index: bytes | None
    phone_index: bytes | None


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def recipient_of(people_key: bytes, person: str) -> UUID:
    """UUIDv8 of HMAC-SHA256(people key, normalised identity number): the same inbox whatever service wrote (decisions 11)."""
    raw = bytearray(_mac(people_key, person)[:16])
    raw[6] = 0x80 | (raw[6] & 0x0F)
    raw[8] = 0x80 | (raw[8] & 0x3F)
    return UUID(bytes=bytes(raw))


def blind_index(keys: Keys, what: str, value: str | None) -> bytes | None:
    """HMAC of a normalised value, for exact look-up without reading it; 16 bytes."""
    return _mac(keys.index, f"{what}|{value}")[:16] if value else None


def _associated(row: UUID) -> bytes:
    return b"person|sealed|" + row.bytes


def wrap(keys: Keys, data_key: bytes) -> bytes:
    """A data key as it may be kept: wrapped by the key-encryption key (RFC 3394)."""
    return aes_key_wrap(keys.vault, data_key)


def unwrap(keys: Keys, wrapped: bytes | None) -> bytes:
    """The data key again; `Forgotten` when it is gone or wrong."""
    if wrapped is None:
        raise Forgotten
    try:
        return aes_key_unwrap(keys.vault, wrapped)
    except InvalidUnwrap:
        raise Forgotten from None


def enclose(keys: Keys, row: UUID, recipient: UUID, details: Details) -> PersonRow:
    """Encrypt a person under a fresh data key."""
    data_key, nonce = os.urandom(32), os.urandom(_NONCE)
    plain = msgspec.json.encode({k: v for k, v in asdict(details).items() if v is not None})
    return PersonRow(
        id=row, recipient=recipient, data_key=wrap(keys, data_key), key_id=KEY_ID,
        sealed=nonce + AESGCM(data_key).encrypt(nonce, plain, _associated(row)),
        identity_index=blind_index(keys, "identity_no", details.identity_no), phone_index=blind_index(keys, "phone", details.phone),
    )  # fmt: skip


def disclose(keys: Keys, row: Any) -> Details:
    """Decrypt a person row (`id`, `data_key`, `sealed`); `Forgotten` when its key is gone or wrong."""
    data_key, sealed = unwrap(keys, row["data_key"]), row["sealed"]
    if sealed is None:
        raise Forgotten
    plain = AESGCM(data_key).decrypt(sealed[:_NONCE], sealed[_NONCE:], _associated(row["id"]))
    return Details(**msgspec.json.decode(plain))


def disclosed(keys: Keys, row: Any) -> Details | None:
    """As `disclose`; None where the person was forgotten."""
    try:
        return disclose(keys, row)
    except Forgotten:
        return None


def enclose_beside(keys: Keys, wrapped: bytes, place: str, row: UUID, value: object) -> bytes:
    """Encrypt more of a person under their own data key, so that it is forgotten with them; `place` is `table|column`."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(unwrap(keys, wrapped)).encrypt(nonce, msgspec.json.encode(value), _beside(place, row))


def disclose_beside(keys: Keys, wrapped: bytes | None, place: str, row: UUID, sealed: bytes) -> Any:
    """What `enclose_beside` encrypted; `Forgotten` when the person is."""
    data_key = unwrap(keys, wrapped)
    return msgspec.json.decode(AESGCM(data_key).decrypt(sealed[:_NONCE], sealed[_NONCE:], _beside(place, row)))


def _beside(place: str, row: UUID) -> bytes:
    return f"{place}|".encode() + row.bytes


def seal_contact(public_key: bytes, details: Details) -> bytes:
    """Libsodium sealed box over UTF-8 JSON `{name, phone, email, identity_no}` for the notifications service."""
    plain = {k: v for k, v in asdict(details).items() if v is not None and k != "address"}
    return SealedBox(PublicKey(public_key)).encrypt(msgspec.json.encode(plain))


class NotSealedForUs(Exception):  # noqa: N818 - names a box
    """This box was sealed for another key, or holds no contact."""


class _Contact(msgspec.Struct):
    name: str
    identity_no: str | None = None
    phone: str | None = None
    email: str | None = None


@lru_cache(maxsize=4)
def box_of(private_key: bytes) -> SealedBox[PrivateKey]:
    """What opens boxes sealed for this key: making it costs as much as opening one."""
    return SealedBox(PrivateKey(private_key))


def open_contact(private_key: bytes, sealed: bytes) -> Details:
    """The person in a box sealed for this key, numbers normalised as on a form; `NotSealedForUs`."""
    try:
        found = msgspec.json.decode(box_of(private_key).decrypt(sealed), type=_Contact)
    except (CryptoError, msgspec.MsgspecError, UnicodeDecodeError):
        raise NotSealedForUs from None
    identity, phone = _digits(found.identity_no), _digits(found.phone)
    wrong = (identity is not None and len(identity) not in {9, 12}) or (phone is not None and not 9 <= len(phone) <= 12)  # noqa: PLR2004 - the numbers' lengths
    if wrong or not found.name.strip() or len(found.name) > _LONGEST_NAME or len(found.email or "") > _LONGEST_NAME:
        raise NotSealedForUs
    return Details(
        found.name.strip(), identity, None if phone is None else "+84" + re.sub(r"^(84|0)", "", phone), found.email
    )


def _digits(number: str | None) -> str | None:
    """A number without what people put between its digits; None for none."""
    return re.sub(r"[\s.\-()+]", "", number) or None if number else None


def fingerprint(public_key: bytes) -> str:
    """Key id of a contact key: the first 16 hex digits of its SHA-256."""
    return sha256(public_key).hexdigest()[:16]
