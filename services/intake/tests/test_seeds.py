import re
from collections import Counter
from datetime import date

from services.intake.data import ProcedureSeed, UnitSeed, procedures, units

LIMIT = re.compile(r"\d+wd|\d+d|\d+wh|same-day")
COMMUNE_KINDS = {"commune", "ward", "special-zone"}
UNIT_COLUMNS = set(UnitSeed.__dataclass_fields__)
PROCEDURE_COLUMNS = set(ProcedureSeed.__dataclass_fields__)


def communes() -> list[UnitSeed]:
    return [unit for unit in units() if unit.level == "commune"]


def procedure(code: str) -> ProcedureSeed:
    return next(row for row in procedures() if row.code == code)


def test_the_province_has_78_units_of_which_69_communes_8_wards_and_one_special_zone() -> None:
    assert Counter(unit.kind for unit in communes()) == {"commune": 69, "ward": 8, "special-zone": 1}


def test_the_wards_and_the_special_zone_carry_their_official_codes() -> None:
    named = {unit.name: unit.code for unit in communes() if unit.kind != "commune"}
    assert named == {
        "Phường Đồng Thuận": "18859",
        "Phường Đồng Sơn": "18871",
        "Phường Đồng Hới": "18880",
        "Phường Ba Đồn": "19009",
        "Phường Bắc Gianh": "19066",
        "Phường Đông Hà": "19333",
        "Phường Nam Đông Hà": "19351",
        "Phường Quảng Trị": "19360",
        "Đặc khu Cồn Cỏ": "19742",
    }


def test_a_name_starts_with_the_word_of_its_kind() -> None:
    words = {"commune": "Xã ", "ward": "Phường ", "special-zone": "Đặc khu "}
    assert all(unit.name.startswith(words[unit.kind]) for unit in communes())


def test_codes_and_agency_ids_are_unique() -> None:
    assert len({unit.code for unit in units()}) == len(units())
    assert len({unit.agency for unit in units()}) == len(units())
    assert len({unit.name for unit in communes()}) == 78


def test_communes_have_five_digits_and_bodies_of_the_province_codes_that_are_clearly_ours() -> None:
    assert all(re.fullmatch(r"\d{5}", unit.code) for unit in communes())
    bodies = [unit for unit in units() if unit.level == "province" and unit.kind != "province"]
    assert all(re.fullmatch(r"44X\d{2}", unit.code) for unit in bodies)
    assert all("name" in unit.unverified for unit in bodies)


def test_the_province_has_two_service_centers() -> None:
    centers = [unit.name for unit in units() if unit.kind == "service-center"]
    assert [name.rpartition("cơ sở ")[2] for name in centers] == ["Đồng Hới", "Đông Hà"]


def test_agency_ids_fit_a_dossier_code_follow_the_order_of_the_codes_and_are_flagged() -> None:
    ordered = sorted(communes(), key=lambda unit: unit.code)
    assert [unit.agency for unit in ordered] == [f"H50.{number}" for number in range(101, 179)]
    assert all(re.fullmatch(r"H50\.\d{2,3}", unit.agency) for unit in units())
    assert all("agency" in unit.unverified for unit in units())


def test_every_unit_but_the_province_belongs_to_it_since_the_first_of_july_2025() -> None:
    assert {unit.parent for unit in units() if unit.code != "44"} == {"44"}
    assert {unit.valid_from for unit in units()} == {date(2025, 7, 1)}


def test_the_sixteen_candidates_for_remote_communes_are_only_candidates() -> None:
    remote = {unit.name.split(" ", 1)[1] for unit in units() if unit.remote}
    assert len(remote) == 16
    assert {"Hướng Lập", "A Dơi", "Đakrông", "Thượng Trạch"} <= remote
    assert all("remote" in unit.unverified for unit in units())


def test_flags_name_real_columns() -> None:
    assert all(unit.unverified <= UNIT_COLUMNS for unit in units())
    assert all(row.unverified <= PROCEDURE_COLUMNS for row in procedures())


def test_every_time_limit_is_one_of_the_four_kinds() -> None:
    limits = [row.limit for row in procedures()]
    special = [case.limit for row in procedures() for case in row.special_limits]
    assert [limit for limit in limits + special if not LIMIT.fullmatch(limit)] == []


def test_a_special_case_is_longer_than_the_normal_one_and_has_its_own_word() -> None:
    for row in procedures():
        normal = int(re.sub(r"\D", "", row.limit) or 0)  # same-day: 0
        assert all(int(re.sub(r"\D", "", case.limit)) > normal for case in row.special_limits), row.code
        assert len({case.case for case in row.special_limits}) == len(row.special_limits)


def test_every_limit_names_the_text_it_rests_on() -> None:
    assert [row.code for row in procedures() if not row.basis] == []


def test_every_amount_names_its_text_or_is_flagged() -> None:
    bare = [row.code for row in procedures() if row.fees and not row.fee_basis and "fees" not in row.unverified]
    assert bare == []


def test_a_free_procedure_costs_nothing_and_a_fixed_fee_has_amounts() -> None:
    for row in procedures():
        assert row.fee_policy in {"free", "fixed", "local"}
        assert bool(row.fees) or row.fee_policy != "fixed", row.code
        assert not row.fees or row.fee_policy != "free", row.code
        assert all(fee.amount > 0 and fee.per in {"case", "copy", "page", "person"} for fee in row.fees)


def test_limits_not_read_in_a_text_are_flagged_and_those_read_are_not() -> None:
    recalled = {
        "1.004873", "1.004884", "2.000528", "2.001035", "1.004222", "1.004194", "1.012783", "1.013225", "1.010824",
        "2.002307", "2.002226", "2.001263", "1.003197", "9.000001", "1.001731", "9.000002",
    }  # fmt: skip
    assert {row.code for row in procedures() if "limit" in row.unverified} == recalled


def test_components_and_the_other_filled_columns_are_flagged_for_every_row() -> None:
    filled = {"components", "field", "pause_mode", "max_supplements", "online"}
    assert all(filled <= row.unverified for row in procedures())


def test_components_can_be_handed_in() -> None:
    for row in procedures():
        assert row.components, row.code
        assert any(component.required for component in row.components), row.code
        assert {component.kind for component in row.components} <= {"original", "copy", "electronic"}
        assert all(component.count >= 1 for component in row.components)
        names = [component.name for component in row.components]
        assert len(set(names)) == len(names)


def test_procedure_codes_are_unique_and_none_belongs_to_the_complaints_service() -> None:
    codes = [row.code for row in procedures()]
    assert len(codes) == len(set(codes)) == 33
    assert all(re.fullmatch(r"[129]\.\d{6}", code) for code in codes)
    assert not [code for code in codes if code.startswith(("2.0024", "2.0025", "1.0109"))]


def test_every_procedure_is_version_one_with_a_known_way_to_pause_and_one_supplement() -> None:
    assert {(row.version, row.valid_from, row.pause_mode, row.max_supplements) for row in procedures()} == {
        (1, date(2025, 7, 1), "pause", 1)
    }
    assert {row.online for row in procedures()} <= {"full", "partial", "none"}


def test_the_certificate_of_marital_status_is_three_working_days_and_certified_copies_the_same_day() -> None:
    assert procedure("1.004873").limit == "3wd"
    assert procedure("2.000815").limit == "same-day"
    assert [(fee.amount, fee.per) for fee in procedure("2.000815").fees] == [
        (2000, "page"),
        (1000, "page"),
        (200_000, "copy"),
    ]


def test_seeds_are_read_once() -> None:
    assert units() is units()
    assert procedures() is procedures()
