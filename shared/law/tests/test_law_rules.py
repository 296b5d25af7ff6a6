"""The rule rows themselves: every number has a citation, versions do not overlap, what was not read is flagged."""

import re
import tomllib
from datetime import date, timedelta
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import shared.law
from shared.law import Rule, Unit, UnknownLimit, UnknownRule, rulebook
from shared.law.hours import profiles
from shared.law.refusals import MissingField
from shared.law.rules import Given, read_rules

ROWS: list[dict[str, Any]] = tomllib.loads((files("shared.law.data") / "rules.toml").read_text("utf-8"))["rule"]
RULES = [rule for versions in rulebook().rules.values() for rule in versions]

EXPECTED = """
one-stop.settlement one-stop.online-answer one-stop.applicant-answer complaint.acceptance complaint.settlement.first
complaint.settlement.second complaint.decision-delivery complaint.decision-delivery.second complaint.second-complaint
complaint.in-force complaint.limitation denunciation.processing denunciation.settlement denunciation.notice
denunciation.publication denunciation.transfer petition.transfer petition.sanction-alert reception.answer
reception.posting reception.referral-answer reception.inform information.online-simple information.online-complex
information.post-simple information.onsite-complex recommendation.front recommendation.peoples-inspection
recommendation.investment-board democracy.consultation dialogue.complaint-notice dialogue.commune-notice
dialogue.commune-result case.transfer-acceptance feedback.answer procedure.publicity
"""

named = pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.id}@{rule.version}")


def test_the_book_holds_exactly_the_rules_of_the_design() -> None:
    assert set(rulebook().rules) == set(EXPECTED.split())


@named
def test_every_row_cites_its_source_and_says_what_it_is_in_both_languages(rule: Rule) -> None:
    assert len(rule.legal_basis) > 10
    assert rule.vi
    assert rule.en
    assert rule.kinds


@named
def test_a_verified_row_cites_an_instrument_by_its_number(rule: Rule) -> None:
    if rule.verified:
        assert re.search(r"\d+/\d{4}/(QH\d+|NĐ-CP)", rule.legal_basis)


@named
def test_a_row_has_an_amount_or_takes_one_from_outside(rule: Rule) -> None:
    assert rule.amounts.normal is not None or rule.given is Given.REQUIRED


@named
def test_an_extension_has_a_legal_maximum_and_can_be_counted(rule: Rule) -> None:
    assert (rule.extension is None) == (rule.extensions == 0)
    if rule.extension is not None:
        assert rule.extension.unit in {Unit.DAYS, rule.limit_for().unit}


@named
def test_alerts_come_before_the_end(rule: Rule) -> None:
    assert not rule.alerts or max(rule.alerts) < rule.limit_for().amount


@pytest.mark.parametrize("versions", rulebook().rules.values(), ids=lambda versions: versions[0].id)
def test_versions_of_a_rule_follow_each_other_without_overlap_or_hole(versions: tuple[Rule, ...]) -> None:
    assert [rule.version for rule in versions] == list(range(1, len(versions) + 1))
    for earlier, later in pairwise(versions):
        assert earlier.valid_to == later.valid_from - timedelta(days=1)
    assert versions[-1].valid_to is None


@pytest.mark.parametrize("versions", rulebook().rules.values(), ids=lambda versions: versions[0].id)
def test_all_versions_of_a_rule_count_in_the_same_direction(versions: tuple[Rule, ...]) -> None:
    assert len({rule.backward for rule in versions}) == 1


def test_a_row_without_a_citation_cannot_be_read() -> None:
    for row in ROWS:
        with pytest.raises(TypeError, match="legal_basis"):
            read_rules([{name: value for name, value in row.items() if name != "legal_basis"}])


def test_a_row_that_does_not_say_whether_it_was_verified_cannot_be_read() -> None:
    with pytest.raises(TypeError, match="verified"):
        read_rules([{name: value for name, value in ROWS[0].items() if name != "verified"}])


def test_no_number_of_law_stands_in_the_code() -> None:
    written = re.compile(r"""["'][1-9]\d*(wd|d|wh)["']""")
    for module in Path(shared.law.__file__).parent.glob("*.py"):
        code = re.sub(r'""".*?"""', "", module.read_text("utf-8"), flags=re.DOTALL)
        assert not written.search(code), module.name


def test_office_hours_and_the_hour_of_the_same_day_cite_their_source() -> None:
    for row in tomllib.loads((files("shared.law.data") / "hours.toml").read_text("utf-8"))["profile"]:
        assert row["legal_basis"]
        assert row["same_day_basis"]
    assert profiles()[0].valid_to is None


def test_what_the_design_marks_as_not_read_is_not_verified() -> None:
    unread = {
        "one-stop.settlement",
        "one-stop.online-answer",
        "one-stop.applicant-answer",
        "recommendation.front",
        "dialogue.commune-notice",
        "dialogue.commune-result",
        "case.transfer-acceptance",
        "feedback.answer",
    }
    on = date(2026, 8, 1)
    assert {rule_id for rule_id in rulebook().rules if not rulebook().rule(rule_id, on).verified} == unread


def test_the_revised_information_law_stands_in_with_old_numbers_unverified() -> None:
    for rule_id in ("information.online-simple", "information.post-simple", "information.onsite-complex"):
        before, after = (rulebook().rule(rule_id, day) for day in (date(2026, 8, 31), date(2026, 9, 1)))
        assert (before.verified, after.verified) == (True, False)
        assert before.limit_for() == after.limit_for()


def test_the_version_follows_the_day_of_receipt() -> None:
    assert str(rulebook().rule("complaint.acceptance", date(2026, 6, 30)).limit_for()) == "10d"
    assert str(rulebook().rule("complaint.acceptance", date(2026, 7, 1)).limit_for()) == "7wd"


def test_circumstances_choose_the_amount_and_unnamed_ones_change_nothing() -> None:
    second = rulebook().rule("complaint.settlement.second", date(2026, 1, 1))
    amounts = [second.limit_for(complex=hard, remote=far).amount for hard in (False, True) for far in (False, True)]
    assert amounts == [45, 60, 60, 70]
    assert second.limit_for(several_places=True).amount == 45


def test_a_rule_with_its_own_limit_takes_no_other() -> None:
    with pytest.raises(UnknownLimit):
        rulebook().rule("complaint.limitation", date(2026, 1, 1)).limit_for("10d")


def test_the_settlement_limit_must_come_with_the_procedure() -> None:
    with pytest.raises(MissingField):
        rulebook().rule("one-stop.settlement", date(2026, 1, 1)).limit_for()


def test_the_applicants_own_limit_has_a_default_that_a_command_may_replace() -> None:
    rule = rulebook().rule("one-stop.applicant-answer", date(2026, 1, 1))
    assert (str(rule.limit_for()), str(rule.limit_for("10d"))) == ("30d", "10d")


def test_an_unknown_rule_and_one_not_yet_in_force_are_refused() -> None:
    for rule_id, on in (("no.such", date(2026, 1, 1)), ("petition.sanction-alert", date(2026, 6, 30))):
        with pytest.raises(UnknownRule):
            rulebook().rule(rule_id, on)
    with pytest.raises(UnknownRule):
        rulebook().version("complaint.acceptance", 9)
