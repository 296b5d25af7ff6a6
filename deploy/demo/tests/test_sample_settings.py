"""Where and whether the sample is played."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from deploy.demo import filling
from deploy.demo.people import officer
from deploy.demo.stage import Hands
from deploy.demo.traffic import lives_of
from shared.moments import MovableClock, system_clock
from shared.settings import Settings, WrongSetting


@pytest.mark.parametrize(
    ("environ", "choice"),
    [({}, "yes"), ({"SAMPLE": "no"}, "no"), ({"SAMPLE": "no", "GANDAN_SAMPLE": "day"}, "day"), ({"SAMPLE": " NO "}, "no"), ({"SAMPLE": ""}, "yes")],
)  # fmt: skip
def test_the_environment_says_whether_it_is_played(environ: dict[str, str], choice: str) -> None:
    assert filling.chosen(environ) == choice


def test_another_word_is_refused_by_its_name() -> None:
    with pytest.raises(WrongSetting, match="SAMPLE: 'perhaps' is not yes, day or no"):
        filling.chosen({"SAMPLE": "perhaps"})


def test_it_is_not_played_with_a_real_issuer_mail_server_or_portal_or_half_a_process(tmp_path: Path) -> None:
    usual = Settings.model_construct(home=tmp_path, parts="api,relay,consumers,timers")
    assert filling.fits(usual)
    outside = (
        {"issuer": "https://id.example"},
        {"smtp_url": "smtp://mail.example"},
        {"portal_url": "https://portal.example"},
    )
    for change in (*outside, {"parts": "api"}):
        assert not filling.fits(usual.model_copy(update=change))


def test_with_a_real_issuer_there_are_no_tokens_for_invented_people(tmp_path: Path) -> None:
    with pytest.raises(WrongSetting, match="GANDAN_ISSUER is set"):
        filling.tokens(Settings.model_construct(home=tmp_path, issuer="https://id.example"))
    with pytest.raises(WrongSetting, match="nothing was ever started"):
        filling.tokens(Settings.model_construct(home=tmp_path, issuer=None), made=False)
    assert filling.tokens(Settings.model_construct(home=tmp_path, issuer=None))(officer("clerk", "19360"))


def test_every_move_of_the_hands_is_seen_and_time_is_real_afterwards(tmp_path: Path) -> None:
    hands, clock, now = Hands(tmp_path / "clock"), MovableClock(tmp_path / "clock"), system_clock()
    for days in range(200):
        hands.move_to(now - timedelta(days=days))
        assert abs(clock() - (now - timedelta(days=days))) < timedelta(minutes=1)
    hands.let_go()
    assert abs(clock() - system_clock()) < timedelta(seconds=5)
    assert not (tmp_path / "clock").exists()


def test_a_clock_that_was_moved_before_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "clock").write_text("-86400")
    hands = Hands(tmp_path / "clock", "-86400")
    hands.move_to(system_clock())
    hands.let_go()
    assert (tmp_path / "clock").read_text() == "-86400"
    (tmp_path / "clock").write_text("60")
    hands.let_go()
    assert (tmp_path / "clock").read_text() == "60", "what others do with it later is theirs"


async def test_a_database_that_cannot_be_asked_is_not_taken_for_empty() -> None:
    nowhere = "postgresql://nobody:nothing@127.0.0.1:1/nowhere"
    assert not await filling.is_empty({"intake": nowhere, "complaints": nowhere})


def test_traffic_has_as_many_lives_as_asked_for_and_no_key_twice() -> None:
    dossiers, letters = lives_of(20, 5, tag="t")
    keys = [act.key for life in (*dossiers, *letters) for act in life]
    assert (len(dossiers), len(letters)) == (20, 5)
    assert len(keys) == len(set(keys))
