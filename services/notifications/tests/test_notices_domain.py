"""Which fact owes which notice, in which words, and what marks do. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications import domain
from services.notifications.data import BadCatalogue, book, read
from services.notifications.domain import BLOCKS, LANGUAGES, LONGEST_TITLE, Mark, Place, Rendered
from services.notifications.tests import letters, samples
from shared.contracts import complaints, intake
from shared.contracts.envelope import Fact, fact_type
from shared.kernel import Principal

CITIZEN = UUID(int=7)
AT = datetime(2026, 11, 23, 1, 15, tzinfo=UTC)
PUBLISHED = {
    ("HS-00", 1): "cfde88ed2725",
    ("HS-01", 1): "e0b79ef6339d",
    ("HS-02", 1): "0a14d59178fe",
    ("HS-03", 1): "d26b3d9bcfec",
    ("HS-06a", 1): "ef5432cead17",
    ("HS-07", 1): "0fc06d1a23fd",
    ("HS-08", 1): "3bc4013cdfa0",
    ("HS-04", 1): "b5f2e484b98b",
    ("HS-06b", 1): "651aa1c98f67",
    ("HS-09a", 1): "2b819e4fc537",
    ("HS-09b", 1): "1e6a04b8d79a",
    ("HS-09c", 1): "228c3e1a9630",
    ("HS-12a", 1): "7edc7a67badc",
    ("HS-12b", 1): "a640be949fd8",
    ("HS-12c", 1): "fb0d3d7d9650",
    ("HS-10", 1): "fc31540816be",
    ("DT-01a", 1): "42b58bd7faac",
    ("DT-01b", 1): "88c2eb383f8b",
    ("DT-01c", 1): "531a7ecf3e7f",
    ("DT-01d", 1): "89f270901b8f",
    ("DT-01e", 1): "d6b0c0494156",
    ("DT-01f", 1): "15fe110a555c",
    ("DT-02a", 1): "8986cc1dc9a9",
    ("DT-02b", 1): "dce3af7bd861",
    ("KN-01a", 1): "6522caa6c897",
    ("KN-01b", 1): "3d8f29d32199",
    ("KN-02", 1): "c432150e4b34",
    ("KN-03", 1): "1b79de772d1b",
    ("KN-04", 1): "791b34049415",
    ("PA-01", 1): "ca5184eacff2",
}
SAMPLES: dict[str, Any] = {
    "HS-00": samples.submitted(CITIZEN),
    "HS-01": samples.accepted(CITIZEN),
    "HS-02": samples.supplement_requested(CITIZEN),
    "HS-03": samples.refused(CITIZEN),
    "HS-04": samples.payment_required(CITIZEN),
    "HS-06a": samples.breached(CITIZEN),
    "HS-06b": samples.moved(CITIZEN),
    "HS-07": samples.settled(CITIZEN),
    "HS-08": samples.returned(CITIZEN),
    "HS-09a": samples.withdrawn(CITIZEN),
    "HS-09b": samples.stopped(CITIZEN),
    "HS-09c": samples.paused(CITIZEN),
    "HS-12a": samples.handed_over(CITIZEN),
    "HS-12b": samples.escalated(CITIZEN),
    "HS-12c": samples.succeeded(CITIZEN),
    "HS-10": samples.recounted(CITIZEN),
    "DT-01a": letters.registered(CITIZEN),
    "DT-01b": letters.transferred(CITIZEN),
    "DT-01c": letters.asked(CITIZEN),
    "DT-01d": letters.handed_on(CITIZEN),
    "DT-01e": letters.handed_on(CITIZEN, to_unit=None),
    "DT-01f": letters.linked(CITIZEN),
    "DT-02a": letters.recounted(CITIZEN),
    "DT-02b": letters.case_recounted(CITIZEN),
    "KN-01a": letters.accepted(CITIZEN),
    "KN-01b": letters.refused(CITIZEN),
    "KN-02": letters.dialogue(CITIZEN),
    "KN-03": letters.extended(CITIZEN),
    "KN-04": letters.resolved(CITIZEN),
    "PA-01": letters.answered(CITIZEN),
}


def owed(fact: Fact, sequence: int = 1) -> list[domain.Notice]:
    return domain.owed(book(), fact_type(type(fact)), fact, sequence)


def digest(template: domain.Template) -> str:
    texts = [[language, text.title, *text.blocks] for language, text in template.texts.items()]
    return sha256(json.dumps([sorted(template.names.items()), texts]).encode()).hexdigest()[:12]


def said(fact: Fact, language: domain.Language = "vi") -> Rendered:
    notice = owed(fact)[0]
    return domain.render(book(), notice.template, notice.variables, language)


@pytest.mark.parametrize("code", SAMPLES)
def test_each_fact_owes_the_notice_of_the_catalogue_to_its_applicant(code: str) -> None:
    (notice,) = owed(SAMPLES[code], 3)
    about = UUID(SAMPLES[code].subject)
    assert (notice.code, notice.recipient, notice.aggregate) == (code, CITIZEN, about)
    assert notice.dedupe_key == f"{code}:{about}:3:{CITIZEN}"


def test_every_rule_of_the_catalogue_has_a_sample_here() -> None:
    assert {rule.code for rules in book().rules.values() for rule in rules} == set(SAMPLES)


def test_a_limit_that_moved_for_the_office_alone_is_told_to_nobody() -> None:
    assert owed(samples.recounted(CITIZEN, moved_to=None)) == []
    assert owed(letters.case_recounted(CITIZEN, moved_to=None)) == []
    assert owed(letters.case_recounted(None)) == owed(letters.recounted(None)) == []


def test_a_new_date_by_a_change_of_the_calendar_says_both_dates_and_why() -> None:
    told = said(samples.recounted(CITIZEN))
    assert "30/11/2026" in told.title
    assert "27/11/2026" in told.body
    assert "lịch nghỉ" in told.body


def test_a_dossier_handed_in_at_the_counter_gets_no_notice_of_arrival() -> None:
    assert owed(samples.submitted(CITIZEN, channel="direct")) == []
    assert [n.code for n in owed(samples.submitted(CITIZEN, channel="postal"))] == ["HS-00"]


def test_only_the_breach_of_the_settlement_is_apologised_for() -> None:
    assert owed(samples.breached(CITIZEN, kind="answer")) == []


def test_a_source_that_tells_its_citizens_itself_still_leaves_a_notice_in_the_inbox() -> None:
    assert [n.code for n in owed(samples.breached(CITIZEN, tells_citizens=False))] == ["HS-06a"]
    assert [n.code for n in owed(samples.submitted(CITIZEN, tells_citizens=False))] == ["HS-00"]


def test_a_fact_no_rule_names_owes_nothing() -> None:
    assert owed(samples.assigned()) == owed(letters.assigned()) == []


def test_the_same_type_of_fact_on_another_topic_is_another_fact() -> None:
    assert [n.code for n in owed(samples.breached(CITIZEN))] == ["HS-06a"]
    assert owed(letters.breached(CITIZEN)) == []


@pytest.mark.parametrize(
    "make",
    [
        letters.registered,
        letters.asked,
        letters.handed_on,
        letters.linked,
        letters.accepted,
        letters.resolved,
        letters.answered,
    ],
)
def test_nobody_is_told_about_an_anonymous_letter(make: Callable[[UUID | None], Fact]) -> None:
    assert owed(make(None)) == []
    assert len(owed(make(CITIZEN))) == 1


def test_no_text_about_a_letter_names_a_number_of_days() -> None:
    for template in book().templates.values():
        for text in template.texts.values():
            assert not re.search(r"\d+ (ngày|days)", " ".join(text.blocks))


def test_the_same_fact_names_the_same_notice_and_the_next_one_another() -> None:
    first, again, second = (owed(samples.supplement_requested(CITIZEN), n)[0] for n in (4, 4, 9))
    assert first.id == again.id != second.id


def test_the_id_of_a_notice_never_changes() -> None:
    assert owed(samples.accepted(CITIZEN), 2)[0].id == UUID("ae9d105a-f477-584f-9086-d4135bb857fd")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", SAMPLES)
def test_every_notice_is_said_in_five_filled_paragraphs(code: str, language: domain.Language) -> None:
    text = said(SAMPLES[code], language)
    paragraphs = text.body.split("\n\n")
    assert len(paragraphs) == len(BLOCKS)
    assert all(re.fullmatch(r"\S.*\.", paragraph) for paragraph in paragraphs)
    assert len(text.title) <= LONGEST_TITLE
    assert SAMPLES[code].code in text.title
    assert samples.UNIT in paragraphs[-1]
    assert "{" not in text.title + text.body


@pytest.mark.parametrize("code", SAMPLES)
def test_a_citizen_is_addressed_in_vietnamese_as_quy_cong_dan(code: str) -> None:
    body = said(SAMPLES[code]).body
    assert body.startswith("Kính gửi Quý công dân: ")
    assert not re.search(r"\b(anh|chị|ông|bà)\b", body, re.IGNORECASE)


def test_dates_are_written_as_a_vietnamese_reader_writes_them() -> None:
    assert "26/11/2026" in said(samples.accepted(CITIZEN)).body
    assert "09:15 ngày 24/11/2026" in said(samples.submitted(CITIZEN)).body
    assert "09:15 on 24/11/2026" in said(samples.submitted(CITIZEN), "en").body
    assert "08:30 ngày 10/12/2026" in said(letters.dialogue(CITIZEN)).body
    extended = said(letters.extended(CITIZEN)).body
    assert "hết ngày 07/01/2027, thay cho ngày 23/12/2026" in extended


def test_the_promised_date_is_told_not_the_lawful_one() -> None:
    body = said(samples.accepted(CITIZEN)).body
    assert ("26/11/2026" in body, "27/11/2026" in body) == (True, False)


def test_who_was_answered_a_first_time_may_complain_again_and_who_a_second_time_may_go_to_court() -> None:
    again = "khiếu nại lần hai"
    second = replace(letters.resolved(CITIZEN), level=2)
    assert (again in said(letters.resolved(CITIZEN)).body, again in said(second).body) == (True, False)
    assert "Tòa án" in said(second).body


def test_a_letter_passed_on_says_until_when_it_is_read_there_and_one_given_away_says_no_day() -> None:
    inside, outside = said(letters.handed_on(CITIZEN)).body, said(letters.handed_on(CITIZEN, to_unit=None)).body
    assert ("18880" in inside, "hết ngày 02/12/2026" in inside) == (True, True)
    assert ("None" in outside, re.search(r"\d\d/\d\d/\d{4}", outside)) == (False, None)


def test_nobody_is_told_whose_letter_says_the_same() -> None:
    (notice,) = owed(letters.linked(CITIZEN))
    assert str(letters.letter(99)) not in str(notice.variables) + said(letters.linked(CITIZEN)).body


def test_an_apology_names_both_days_and_a_payment_its_amount_as_vietnamese_write_it() -> None:
    apology, payment = said(samples.moved(CITIZEN)).body, said(samples.payment_required(CITIZEN)).body
    assert ("27/11/2026" in apology, "02/12/2026" in apology) == (True, True)
    assert ("1.500.000 đồng" in payment, "07/12/2026" in payment) == (True, True)
    assert "số tiền ghi trong thông báo" in said(samples.payment_required(CITIZEN, amount=None)).body
    assert "the amount in the notice" in said(samples.payment_required(CITIZEN, amount=None), "en").body


def test_a_payment_without_a_day_owes_nothing() -> None:
    assert owed(samples.payment_required(CITIZEN, respond_by=None)) == []


def test_a_provisional_date_says_so() -> None:
    assert "tạm tính" in said(samples.accepted(CITIZEN, provisional=True)).body
    assert "tạm tính" not in said(samples.accepted(CITIZEN)).body


@pytest.mark.parametrize(
    ("make", "known"),
    [
        (lambda word: samples.refused(CITIZEN, reason_class=word), "wrong-place"),
        (lambda word: samples.settled(CITIZEN, outcome=word), "granted"),
        (lambda word: samples.returned(CITIZEN, method=word), "post"),
        (lambda word: samples.submitted(CITIZEN, channel=word), "online"),
        (lambda word: samples.moved(CITIZEN, reason_class=word), "technical"),
        (lambda word: samples.paused(CITIZEN, reason_class=word), "expert-opinion"),
        (lambda word: letters.transferred(CITIZEN, reason=word), "shared-matter"),
        (lambda word: letters.handed_on(CITIZEN, reason=word), "shared-matter"),
        (lambda word: letters.handed_on(CITIZEN, reason=word, to_unit=None), "not-competent"),
        (lambda word: letters.refused(CITIZEN, ground=word), "in-court"),
        (lambda word: letters.extended(CITIZEN, ground=word), "many-agencies"),
        (lambda word: letters.resolved(CITIZEN, outcome=word), "upheld"),
        (lambda word: letters.answered(CITIZEN, outcome=word), "planned"),
    ],
)
def test_codes_become_words_and_an_unknown_code_stops_nothing(make: Callable[[str], Fact], known: str) -> None:
    for word in (known, "a-word-of-tomorrow"):
        assert word not in said(make(word)).body
    assert said(make(known)).body != said(make("a-word-of-tomorrow")).body


def test_a_published_text_is_never_changed_only_followed_by_a_new_version() -> None:
    assert {key: digest(template) for key, template in book().templates.items()} == PUBLISHED


def test_every_rule_reads_fields_its_fact_has() -> None:
    known = {intake.DOSSIERS: intake.CATALOGUE, complaints.CASES: complaints.CATALOGUE}
    for (topic, type_), rules in book().rules.items():
        kind = known[topic].kinds[type_]
        assert kind.topic == topic
        names = set(kind.__dataclass_fields__)
        for rule in rules:
            assert {rule.audience, *book().newest[rule.code].names} <= names
            assert rule.guard is None or rule.guard.field in names


TEXT = {"title": "A {code}", "happened": "a", "meaning": "b", "action": "c", "rights": "d", "office": "e"}
RULE = {
    "topic": "s",
    "when": "t",
    "code": "HS-01",
    "audience": "recipient",
    "class": "statutory",
    "severity": "info",
    "action_url": "/",
}


@pytest.mark.parametrize(
    ("vietnamese", "complaint"),
    [
        ({"title": "{name}"}, "{name}"), ({"title": "{code.__class__}"}, "{code.__class__}"), ({"title": "{code:>9}"}, "{code}"),
        ({"action": ""}, "not empty"), ({"action": "a\nb"}, "one line"), ({"title": "x" * 66}, "too long"), ({"more": "f"}, "five paragraphs"),
    ],
)  # fmt: skip
def test_a_text_that_cannot_be_said_is_refused_when_it_is_read(vietnamese: dict[str, str], complaint: str) -> None:
    templates = {"HS-01": {"1": {"variables": {"code": "text"}, "vi": {**TEXT, **vietnamese}, "en": TEXT}}}
    with pytest.raises(BadCatalogue, match=re.escape(complaint)):
        read({"rule": [RULE]}, templates, {})


def test_a_rule_without_a_text_and_a_variable_without_words_are_refused() -> None:
    with pytest.raises(BadCatalogue, match="without a template"):
        read({"rule": [RULE]}, {}, {})
    with pytest.raises(BadCatalogue, match="no word list colour"):
        read({"rule": []}, {"HS-01": {"1": {"variables": {"code": "colour"}, "vi": TEXT, "en": TEXT}}}, {})


def test_the_newest_version_is_written_and_the_older_stays_readable() -> None:
    row = {"variables": {"code": "text"}, "vi": TEXT, "en": TEXT}
    made = read({"rule": [RULE]}, {"HS-01": {"1": row, "10": row, "9": row}}, {})
    assert made.newest["HS-01"].version == 10
    assert set(made.templates) == {("HS-01", 1), ("HS-01", 9), ("HS-01", 10)}


@given(st.lists(st.sampled_from(Mark), max_size=8))
def test_a_mark_given_twice_is_the_same_as_given_once(acts: list[Mark]) -> None:
    place = Place()
    for act in acts:
        place = domain.mark(place, act, AT)
        assert domain.mark(place, act, datetime(2027, 1, 1, tzinfo=UTC)) == place
        assert act not in place.marks


@given(st.lists(st.sampled_from(Mark), max_size=8))
def test_only_an_item_neither_read_nor_archived_counts_as_unread(acts: list[Mark]) -> None:
    place = Place()
    for act in acts:
        place = domain.mark(place, act, AT)
    assert place.counts == (place.state == "unread")


def test_archiving_does_not_mark_as_read_and_unread_brings_an_item_back() -> None:
    archived = domain.mark(Place(), Mark.ARCHIVE, AT)
    assert (archived.state, archived.read_at) == ("archived", None)
    assert domain.mark(archived, Mark.UNREAD, AT) == Place()


def test_a_badge_shows_at_most_99() -> None:
    assert [domain.Standing(500, unread, 1).badge for unread in (0, 99, 100, 500)] == [0, 99, 99, 99]


def test_a_token_without_a_person_has_no_inbox() -> None:
    with pytest.raises(domain.NoInbox):
        domain.inbox_of(Principal("s", frozenset({"citizen"})))
