from datetime import UTC, timedelta, timezone
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.telemetry.redaction import MARK, redact, redact_event


def grouped(number: str, sizes: tuple[int, ...], gap: str) -> str:
    parts, at = [], 0
    for size in sizes:
        parts.append(number[at : at + size])
        at += size
    return gap.join(parts)


def of_length(length: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=length, max_size=length)


GAPS = st.sampled_from([" ", "-", "\u00a0"])
identities = st.one_of(
    of_length(12),
    of_length(9),
    st.builds(grouped, of_length(12), st.sampled_from([(3, 3, 3, 3), (4, 4, 4)]), GAPS),
    st.builds(grouped, of_length(9), st.just((3, 3, 3)), GAPS),
)
mobiles = st.builds(lambda head, rest: f"{head}{rest}", st.sampled_from(["03", "05", "07", "08", "09"]), of_length(8))
landlines = st.builds(lambda rest: f"02{rest}", of_length(9))
phones = st.one_of(
    mobiles,
    landlines,
    st.builds(lambda gap, n: grouped(n, (4, 3, 3), gap), st.sampled_from([" ", ".", "-"]), mobiles),
    st.builds(lambda gap, n: grouped(n, (3, 3, 4), gap), st.sampled_from([" ", ".", "-"]), mobiles),
    mobiles.map(lambda n: f"({n[:3]}) {n[3:]}"),
    landlines.map(lambda n: f"({n[:4]}) {n[4:]}"),
    st.builds(
        lambda head, n: head + n[1:], st.sampled_from(["+84", "84", "0084", "+84 ", "(+84) ", "+84 (0)"]), mobiles
    ),
    mobiles.map(lambda n: f"+84 {grouped(n[1:], (3, 3, 3), ' ')}"),
)
names = st.text("abcdefghijklmnopqrstuvwxyz0123456789ăâđêôơưạ_.+-", min_size=1, max_size=20)
labels = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=10)
emails = st.builds(
    lambda who, host, top: f"{who}@{host}.{top}", names, labels, st.sampled_from(["vn", "com.vn", "gov.vn"])
)
personal = st.one_of(identities, phones, emails)
around = st.text(st.characters(exclude_categories=["Nd", "Cs"], exclude_characters="0123456789"), max_size=12)


@settings(deadline=None)  # the machine may be busy
@given(around, personal, around)
def test_no_identity_number_phone_or_e_mail_survives(before: str, secret: str, after: str) -> None:
    assert secret not in redact(f"{before}{secret}{after}")


@settings(deadline=None)
@given(st.lists(personal, min_size=2, max_size=4))
def test_none_of_several_survives(secrets: list[str]) -> None:
    text = redact("; ".join(secrets))
    assert text == "; ".join([MARK] * len(secrets))


codes = st.builds(
    lambda level, tail, day, n: f"H50{level}{tail}-{day:06d}-{n:04d}",
    st.sampled_from(["", ".44", ".07"]),
    st.sampled_from(["", ".12", ".125"]),
    st.integers(0, 999_999),
    st.integers(0, 9999),
)
zones = st.sampled_from([UTC, timezone(timedelta(hours=7))])
instants = st.datetimes(timezones=zones).filter(lambda at: 1900 <= at.year < 2200).map(lambda at: at.isoformat())
hashes = st.one_of(
    st.binary(min_size=1).map(lambda data: sha256(data).hexdigest()),
    st.binary(min_size=1).map(lambda data: sha256(data).hexdigest().upper()),
    st.uuids().map(lambda key: f"00-{key.hex}-{key.hex[:16]}-01"),
)
harmless = st.one_of(
    st.uuids().map(str),
    codes,
    instants,
    instants.map(lambda text: text.replace("T", " ")),
    instants.map(lambda t: t[:10]),
    hashes,
)


@settings(deadline=None)
@given(
    st.lists(harmless, min_size=1, max_size=4),
    st.sampled_from([" ", ", ", " 09 ", " 123 456 ", " +84 9 ", ":", "/", '","']),
)
def test_ids_codes_instants_and_hashes_stay(words: list[str], between: str) -> None:
    text = between.join(words)
    assert redact(text) == text


@settings(deadline=None)
@given(harmless, personal, harmless)
def test_what_stands_beside_a_secret_stays(before: str, secret: str, after: str) -> None:
    assert redact(f"{before}, {secret}, {after}") == f"{before}, {MARK}, {after}"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("CCCD044078001234", "CCCD[…]"),
        ("cccd_044078001234_x", "cccd_[…]_x"),
        ("phone 0905 123 456 at 2026-11-23T08:00:00Z", "phone […] at 2026-11-23T08:00:00Z"),
        ("gọi 0905 123 456 2 lần", "gọi […] 2 lần"),
        ("postgresql://intake:s3cret@127.0.0.1:5432/intake", "postgresql://[…]@127.0.0.1:5432/intake"),
        ("<bound at 0x7f1234567890>", "<bound at 0x7f1234567890>"),
        ("192.168.100.101:9092", "192.168.100.101:9092"),
        ("000.00.00.H50-261123-0007", "000.00.00.H50-261123-0007"),
        ("H50.44.12-261123-0007", "H50.44.12-261123-0007"),
        ("offset 12345678, 1732543210123 ms", "offset 12345678, 1732543210123 ms"),
        ("ngày 05-12-2026 10:30", "ngày 05-12-2026 10:30"),
    ],
)
def test_examples(text: str, redacted: str) -> None:
    assert redact(text) == redacted


def test_an_event_is_redacted_however_deep_and_whatever_the_type() -> None:
    class Citizen:
        def __repr__(self) -> str:
            return "Citizen('044078001234')"

    event: dict[str, Any] = {
        "event": "0905123456",
        "deep": [{"a@b.vn": ("044078001234", 7, None, 1.5, True)}],
        "object": Citizen(),
        "error": ValueError("044078001234"),
        "_record": "044078001234",
    }
    assert redact_event(None, "info", event) == {
        "event": MARK,
        "deep": [{MARK: [MARK, 7, None, 1.5, True]}],
        "object": "Citizen('[…]')",
        "error": MARK,
        "_record": "044078001234",
    }
