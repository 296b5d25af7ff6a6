"""Letters with bad input from end to end: markup in every text stays text in mails and on pages; what is wrong is told clearly."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from deploy.tests.journeys.capital import Capital
from deploy.tests.province import UNIT
from shared.testing.clients import local_client
from shared.testing.waiting import wait_until

pytestmark = [pytest.mark.journey, pytest.mark.kafka, pytest.mark.postgres]

SUBMISSIONS = "/complaints/v1/submissions"
EVIL = "<script>alert('đ')</script><img src=x onerror=alert(1)>\"'&amp;{{7*7}}"
PERSON, EMAIL = "044190002244", "danhdau@thu-nghiem.example"
WHO = {"name": EVIL, "identity_no": PERSON, "email": EMAIL, "address": EVIL}


def letter(**changes: Any) -> dict[str, Any]:
    """A letter whose every text is markup."""
    about = {"project": EVIL, "decision_no": EVIL}
    return {"channel": "online", "unit": UNIT, "text": EVIL, "parties": [WHO], "about": about, **changes}


async def _handed_in(capital: Capital, citizen: str) -> Any:
    answer = await capital.call("POST", SUBMISSIONS, citizen, json=letter(), key="the-evil-letter")
    return answer.json() if answer.status_code == 201 else None


async def _do(capital: Capital, path: str, body: Any, token: str, version: int) -> Any:
    answer = await capital.call("POST", path, token, json=body, headers={"if-match": f'"{version}"'})
    assert answer.is_success, answer.text
    return answer.json()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def evil(capital: Capital) -> dict[str, Any]:
    """Such a letter, asked about, supplied, split and answered with nothing but markup."""
    citizen, officer = capital.token("citizen", person=PERSON), capital.token("screener", "head", "clerk")
    handed: dict[str, Any] = await wait_until(partial(_handed_in, capital, citizen), what="units in complaints")
    path = f"{SUBMISSIONS}/{handed['id']}"
    await _do(capital, f"{path}/request-supplement", {"reason": EVIL}, officer, 1)
    await _do(capital, f"{path}/supply", {"text": EVIL}, citizen, 2)
    split = await _do(
        capital, f"{path}/split", {"parts": [{"kind": "feedback", "summary": EVIL, "unit": UNIT}]}, officer, 3
    )
    case = f"/complaints/v1/cases/{split['opened'][0]['id']}"
    await _do(capital, f"{case}/assign", {"officer": "cb-01"}, officer, 1)
    await _do(capital, f"{case}/answer", {"outcome": "fixed", "text": EVIL}, officer, 2)
    await _do(capital, f"{case}/publish", {"text": EVIL}, officer, 3)
    return handed


async def test_markup_in_every_text_of_a_letter_reaches_no_mail(capital: Capital, evil: dict[str, Any]) -> None:
    def mails() -> list[Any]:
        return [m for m in capital.office.box if m["To"].addresses[0].addr_spec == EMAIL]

    async def all_came() -> bool:
        return len(mails()) >= 3

    await wait_until(all_came, what="receipt, request and answer by mail")
    assert {str(m["Subject"]) for m in mails()} == {
        f"Đã nhận đơn {evil['receipt_no']}", f"Đơn {evil['receipt_no']} cần bổ sung", f"Đã trả lời vụ việc {evil['receipt_no']}.1",
    }  # fmt: skip
    for mail in mails():
        assert [address.addr_spec for address in mail["To"].addresses] == [EMAIL]
        for kind in ("plain", "html"):
            body = mail.get_body((kind,)).get_content()
            assert not [each for each in ("<script", "<img", "alert(", "{{7*7}}") if each in body]


async def test_markup_in_every_text_of_a_letter_reaches_no_page(capital: Capital, evil: dict[str, Any]) -> None:
    form = {"code": evil["receipt_no"], "secret": evil["lookup"]["secret"]}

    async def shown() -> Any:
        async with local_client() as client:
            answer = await client.post(f"{capital.reporting.url}/tra-cuu", data=form)
        return answer if answer.status_code == 200 and f"{evil['receipt_no']}.1" in answer.text else None

    page = await wait_until(shown, what="the letter's page")
    assert "alert(" not in page.text
    looked_up = await capital.call("POST", "/complaints/v1/lookups", json=form)
    assert looked_up.headers["content-type"] == "application/json"
    assert [each["text"] for each in looked_up.json()["written"]] == [EVIL]


@pytest.mark.parametrize(
    ("changes", "pointer", "said"),
    [
        ({"parties": [{"name": "Ă" * 5_000}]}, "/parties/0/name", "200"),
        ({"parties": [{"name": "A", "address": "Ă" * 5_000}]}, "/parties/0/address", "500"),
        ({"parties": [{"name": "A", "email": "a@" + "b" * 5_000 + ".vn"}]}, "/parties/0/email", "200"),
        ({"about": {"project": "Ă" * 5_000}}, "/about/project", "100"),
        ({"text": "Ă" * 20_001}, "/text", "20000"),
    ],
)
async def test_five_thousand_letters_in_a_name_are_refused_with_the_field_and_its_limit(
    capital: Capital, changes: dict[str, Any], pointer: str, said: str
) -> None:
    citizen = capital.token("citizen", person=PERSON)
    answer = await capital.call("POST", SUBMISSIONS, citizen, json=letter(**changes))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    (error,) = answer.json()["errors"]
    assert (error["pointer"], said in error["detail"].replace(".", "")) == (pointer, True), error
    assert "Ă" * 20 not in answer.text


@pytest.mark.usefixtures("evil")
async def test_a_secret_that_is_wrong_five_times_is_locked_in_clear_words(capital: Capital) -> None:
    handed = await capital.call("POST", SUBMISSIONS, json={**letter(parties=[]), "anonymous": True})
    receipt = handed.json()["lookup"]
    wrong = {"code": receipt["code"], "secret": "00000000"}
    for left in (4, 3, 2, 1, 0):
        answer = await capital.call("POST", "/complaints/v1/lookups", json=wrong)
        assert (answer.status_code, answer.json()["code"]) == (404, "lookup-refused")
        assert f"Còn {left} lần thử" in answer.json()["detail"]
    locked = await capital.call("POST", "/complaints/v1/lookups", json=receipt)
    assert (locked.status_code, locked.json()["code"]) == (429, "lookup-locked")
    assert "15 phút" in locked.json()["detail"]
    assert "nơi tiếp công dân" in locked.text
