"""Questions in plain values: what is refused, with which code, and what an answer says."""

from typing import Any

import pytest

from shared.kernel import Refused
from shared.law import answer
from shared.law.ask import refusal

FROM = {"from": "2026-06-01T09:00:00+07:00"}


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ({}, "missing-field"),
        ({"limit": "7wd"}, "missing-field"),
        ({"rule": "one-stop.settlement"} | FROM, "missing-field"),
        ({"rule": "reception.posting"} | FROM, "missing-field"),
        ({"rule": "complaint.limitation", "event": "2026-06-01"}, "missing-field"),
        ({"limit": "7wd", "mode": "stop"} | FROM, "missing-field"),
        ({"limit": "7wd", "lang": "fr"} | FROM, "missing-field"),
        ({"rule": "complaint.settlement.first", "complex": "yes"} | FROM, "missing-field"),
        ({"rule": "no.such"} | FROM, "unknown-rule"),
        ({"rule": 7} | FROM, "unknown-rule"),
        ({"rule": "petition.sanction-alert", "from": "2026-06-30"}, "unknown-rule"),
        ({"limit": "7x"} | FROM, "unknown-limit"),
        ({"limit": 7} | FROM, "unknown-limit"),
        ({"rule": "complaint.limitation", "limit": "7wd"} | FROM, "unknown-limit"),
        ({"rule": "denunciation.settlement", "extensions": 3} | FROM, "unknown-limit"),
        ({"rule": "denunciation.settlement", "extensions": -1} | FROM, "unknown-limit"),
        ({"rule": "denunciation.settlement", "extensions": True} | FROM, "unknown-limit"),
        ({"limit": "7wd", "extensions": 1} | FROM, "unknown-limit"),
        ({"limit": "7wd", "from": "yesterday"}, "bad-time"),
        ({"limit": "7wd", "from": 20260601}, "bad-time"),
        ({"limit": "7wd", "from": "0001-01-01T00:00:00+14:00"}, "bad-time"),
        ({"limit": "7wd", "pause": [["2026-06-03T10:00:00+07:00"]]} | FROM, "bad-time"),
        ({"limit": "7wd", "pause": "2026-06-03"} | FROM, "bad-time"),
        ({"limit": "7wd", "pause": [["2026-06-03", "2026-06-02"]]} | FROM, "bad-time"),
        ({"limit": "7wd", "pause": [["2026-05-03", "2026-06-02"]]} | FROM, "bad-time"),
        ({"limit": "7wd", "from": "2019-06-01"}, "unknown-year"),
        ({"limit": "30d", "from": "2028-12-20"}, "unknown-year"),
        ({"limit": "9999wd"} | FROM, "unknown-year"),
        ({"limit": "9999d"} | FROM, "unknown-year"),
        ({"limit": "9999wh"} | FROM, "unknown-year"),
        ({"limit": "9999d", "event": "2026-06-01"}, "unknown-year"),
        ({"rule": "petition.sanction-alert", "from": "2019-01-01"}, "unknown-year"),
        ({"limit": "7wd", "from": "9999-12-31T23:00:00+07:00"}, "unknown-year"),
        ({"limit": "30d", "from": "9999-12-31T23:00:00+07:00"}, "unknown-year"),
        ({"limit": "30d", "event": "0001-01-05"}, "unknown-year"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_its_code(question: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        answer(question)
    told = refusal(refused.value)["error"]
    assert told["code"] == code
    assert told["detail"]


def test_an_unknown_year_is_named() -> None:
    with pytest.raises(Refused, match="2029"):
        answer({"limit": "20wd", "from": "2028-12-20"})


def test_an_answer_names_its_rule_version_basis_and_whether_the_text_was_read() -> None:
    given = answer({"rule": "complaint.acceptance", "from": "2026-07-02T10:00:00+07:00"})
    assert (given["rule"], given["version"], given["verified"], given["provisional"]) == (
        "complaint.acceptance",
        2,
        True,
        False,
    )
    assert "155/2026" in given["legal_basis"]


def test_a_bare_limit_names_no_rule() -> None:
    given = answer({"limit": "7wd"} | FROM)
    assert [given[field] for field in ("rule", "version", "legal_basis", "verified")] == [None] * 4


def test_an_open_pause_answers_no_due_date_but_what_is_left() -> None:
    given = answer({"limit": "7wd", "pause": [["2026-06-03T10:00:00+07:00", None]]} | FROM)
    assert (given["due"], given["remaining_working_hours"]) == (None, 45.0)


def test_a_time_without_zone_is_read_on_vietnams_clock_and_any_zone_is_understood() -> None:
    local, abroad = (answer({"limit": "8wh", "from": text}) for text in ("2026-06-01T09:00", "2026-06-01T02:00Z"))
    assert local == abroad
    assert local["due"] == "2026-06-02T09:00:00+07:00"


def test_a_bare_limit_can_be_counted_back_from_an_event() -> None:
    given = answer({"limit": "5wd", "event": "2026-05-07"})
    assert given["latest"] == "2026-04-28"
    assert "due" not in given


def test_overlapping_and_unordered_pauses_count_once() -> None:
    parts = [["2026-06-04", "2026-06-08"], ["2026-06-03", "2026-06-05"]]
    whole = [["2026-06-03", "2026-06-08"]]
    assert (
        answer({"limit": "7wd", "pause": parts} | FROM)["due"] == answer({"limit": "7wd", "pause": whole} | FROM)["due"]
    )


def test_one_extension_moves_the_end_and_keeps_the_original_date() -> None:
    given = answer({"rule": "denunciation.settlement", "from": "2026-03-02", "extensions": 1})
    assert (given["original_due"], given["due"]) == ("2026-04-01", "2026-05-04")
