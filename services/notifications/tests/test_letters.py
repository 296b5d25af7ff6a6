"""Letters as they are written and addressed: layouts that may say little, headers, addresses, settings, answers of servers. Pure."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications import data, domain
from services.notifications.adapters import letters, messages, replies
from services.notifications.adapters.letters import LayoutRefused, Written
from services.notifications.adapters.messages import Posted, address_of, sender_of
from services.notifications.adapters.settings import MailSettings, Server
from services.notifications.data import book
from services.notifications.domain import LANGUAGES, Fault, Rejected, Rendered
from services.notifications.tests import letters as letters_of_complaints
from services.notifications.tests import samples
from shared.contracts.envelope import fact_type
from shared.settings import WrongSetting

LINK, STOP = "https://gandan.example/tra-cuu", "https://gandan.example/notifications/v1/u/abc"
PUBLISHED = {1: "9b335d37ece2"}


def rendered(language: domain.Language = "vi") -> Rendered:
    fact = samples.accepted(UUID(int=7))
    notice = domain.owed(book(), fact_type(type(fact)), fact, 1)[0]
    return domain.render(book(), notice.template, notice.variables, language)


def written(notice: Rendered | None = None, stop_link: str | None = None, language: domain.Language = "vi") -> Written:
    return letters.write(notice or rendered(language), link=LINK, stop_link=stop_link, language=language)


def posted(to: Address | None = None, stop_link: str | None = None) -> Posted:
    return Posted(
        delivery=UUID(int=1), thread=UUID(int=2), sender=Address("Gần Dân", addr_spec="tin@quangtri.example"),
        to=to or Address("Nguyễn Thị Ánh", addr_spec="anh@example.vn"), language="vi", at=datetime(2026, 11, 23, 8, 15, tzinfo=UTC), stop_link=stop_link,
    )  # fmt: skip


def read(letter: domain.Letter) -> EmailMessage:
    made = email.message_from_bytes(letter.content, policy=email.policy.default)
    assert isinstance(made, EmailMessage)
    return made


# -- layouts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "layout",
    [
        "{{ 'a' * 10 ** 9 }}", "{% for x in y %}{% endfor %}", "{{ title.__class__ }}", "{{ title['x'] }}", "{{ range(9) }}",
        "{% include 'x' %}", "{{ title | attr('x') }}", "{% set x = 1 %}", "{% macro m() %}{% endmacro %}", "{{ a ~ b }}", "{{ a + b }}",
    ],
)  # fmt: skip
def test_a_layout_that_could_do_more_than_place_words_is_refused(layout: str) -> None:
    with pytest.raises(LayoutRefused):
        letters.checked(layout)


def test_a_layout_may_place_compare_choose_and_change_case() -> None:
    layout = "{{ a | upper }}{% if b == 1 and not c or d %}!{% endif %}"
    assert letters.checked(layout).render(a="<b>", b=1, c=False, d=False) == "&lt;B&gt;!"


def test_a_published_layout_is_never_changed_only_followed() -> None:
    found = {
        version: sha256((data.text(f"letter-{version}.html") + data.text(f"letter-{version}.toml")).encode()).hexdigest()[:12]
        for version in range(1, letters.LAYOUT + 1)
    }  # fmt: skip
    assert found == PUBLISHED


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_forms_of_a_letter_say_all_five_paragraphs_and_lead_back(language: domain.Language) -> None:
    made, notice = written(language=language), rendered(language)
    assert made.subject == notice.title
    for paragraph in notice.body.split("\n\n"):
        assert paragraph in made.plain
        assert paragraph in made.html
    assert LINK in made.plain
    assert f'href="{LINK}"' in made.html
    assert f'lang="{language}"' in made.html


def test_styles_stand_at_the_elements_where_every_mail_program_reads_them() -> None:
    html = written().html
    assert re.search(r'<p class="meaning" style="[^"]*border-left: 4px solid #d98e04', html)
    assert "@media (prefers-color-scheme: dark)" in html
    assert not re.search(r"<(img|script|link)\b|http-equiv|url\(", html)


def test_what_stands_in_a_notice_is_text_and_never_markup() -> None:
    evil = Rendered("<b>x</b>", "<script>alert(1)</script>\n\n{{ 7 * 7 }}\n\nc\n\nd\n\ne")
    html = written(evil).html
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "{{ 7 * 7 }}" in html


def test_only_what_may_be_stopped_says_how() -> None:
    kept, stoppable = written(), written(stop_link=STOP)
    assert STOP not in kept.plain + kept.html
    assert STOP in stoppable.plain
    assert f'href="{STOP}"' in stoppable.html


# -- messages ----------------------------------------------------------------------------------------------------------


def test_a_message_has_both_forms_and_speaks_vietnamese_in_ascii() -> None:
    letter = messages.compose(written(), posted())
    assert letter.content.isascii()
    assert max(len(line) for line in letter.content.splitlines()) <= 998
    message = read(letter)
    assert message["Subject"] == f"Đã tiếp nhận hồ sơ {samples.code()}"
    assert message["To"].addresses[0].display_name == "Nguyễn Thị Ánh"
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert "Quý công dân" in plain.get_content()
    assert "Quý công dân" in html.get_content()


@given(st.text(max_size=300))
def test_a_subject_arrives_as_it_was_written_whatever_it_says(text: str) -> None:
    wire = f"Subject: {messages.encoded(text)}\r\n\r\n"
    assert max(len(line) for line in wire.split("\r\n")) <= 85
    found = email.message_from_string(wire, policy=email.policy.default)["Subject"]
    assert found == "".join(letter for letter in text if letter.isprintable())


def test_the_blank_between_two_folded_words_is_not_lost() -> None:
    subject = f"Đã có quyết định giải quyết khiếu nại {letters_of_complaints.code()}.1"
    message = read(messages.compose(Written(subject, "a\n", "<p>a</p>"), posted()))
    assert message["Subject"] == subject


def test_the_same_delivery_is_the_same_message_however_often_it_is_written() -> None:
    first, again = (messages.compose(written(), posted()) for _ in range(2))
    assert first.content == again.content
    assert read(first)["Message-ID"] == f"<{UUID(int=1)}@quangtri.example>"
    assert read(first)["References"] == f"<{UUID(int=2)}@quangtri.example>"


def test_a_machine_says_that_it_is_one_and_when_it_wrote() -> None:
    message = read(messages.compose(written(), posted()))
    assert (message["Auto-Submitted"], message["Date"]) == ("auto-generated", "Mon, 23 Nov 2026 08:15:00 +0000")


def test_one_click_is_offered_by_both_headers_or_not_at_all() -> None:
    without, with_ = (read(messages.compose(written(), posted(stop_link=link))) for link in (None, STOP))
    assert (without["List-Unsubscribe"], without["List-Unsubscribe-Post"]) == (None, None)
    assert (with_["List-Unsubscribe"], with_["List-Unsubscribe-Post"]) == (f"<{STOP}>", "List-Unsubscribe=One-Click")


@pytest.mark.parametrize("name", ["Anna\r\nBcc: all@example.vn", "A\tB", '"quoted" <x@y>', "é" * 300, ""])
def test_no_name_can_add_a_header_or_a_recipient(name: str) -> None:
    to = address_of("anh@example.vn", name)
    message = read(messages.compose(written(), posted(to)))
    assert message["Bcc"] is None
    assert [address.addr_spec for address in message["To"].addresses] == ["anh@example.vn"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("anh@example.vn", "anh@example.vn"), (" anh@example.vn ", "anh@example.vn"), ("a.b+c@mail.example.vn", "a.b+c@mail.example.vn"),
        ("anh@bưu-điện.vn", "anh@xn--bu-in-7ya42ik46m.vn"), ("ánh@example.vn", None), ("anh", None), ("anh@", None), ("@example.vn", None),
        ("a b@example.vn", None), ("a@b@c", None), ("anh@example.vn\r\nRCPT TO:<x@y>", None), ("", None), ("a@" + "x" * 70 + ".vn", None),
    ],
)  # fmt: skip
def test_an_address_is_used_only_if_a_server_will_take_it(text: str, expected: str | None) -> None:
    found = address_of(text)
    assert (found.addr_spec if found else None) == expected


# -- settings ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", Server("mail.example", 587, "starttls")),
        ("smtps://u:p%40ss@mail.example", Server("mail.example", 465, "implicit", "u", "p@ss")),
        ("smtp://mail.example:25?tls=none", Server("mail.example", 25, "none")),
        ("smtp://u:p@127.0.0.1:2525?tls=none", Server("127.0.0.1", 2525, "none", "u", "p")),
        ("smtp://u:p@localhost:2525?tls=none", Server("localhost", 2525, "none", "u", "p")),
    ],
)
def test_a_server_is_read_from_one_address(url: str, expected: Server) -> None:
    assert MailSettings.of(url, "tin@quangtri.example").server == expected


@pytest.mark.parametrize(
    ("url", "sender", "named"),
    [
        ("http://mail.example", "a@b.vn", "GANDAN_SMTP_URL"), ("smtp://", "a@b.vn", "GANDAN_SMTP_URL"), ("smtp://m:99999", "a@b.vn", "port"),
        ("smtp://m?tls=maybe", "a@b.vn", "tls"), ("smtp://u:geheim@mail.example?tls=none", "a@b.vn", "without TLS"),
        ("smtp://mail.example", None, "GANDAN_MAIL_FROM"), ("smtp://mail.example", "nobody", "GANDAN_MAIL_FROM"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named_without_its_password(url: str, sender: str | None, named: str) -> None:
    with pytest.raises(WrongSetting, match=named) as wrong:
        MailSettings.of(url, sender)
    assert "geheim" not in str(wrong.value)


def test_a_password_is_not_shown() -> None:
    assert "geheim" not in repr(MailSettings.of("smtps://u:geheim@mail.example", "Tin <tin@quangtri.example>"))


def test_without_a_server_there_is_a_sender_all_the_same() -> None:
    assert MailSettings.of(None, None).server is None
    assert MailSettings.of(None, "Tin <a@b.vn>").sender == sender_of("Tin <a@b.vn>")


# -- answers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "text", "fault", "words"),
    [
        (550, "5.1.1 <anh@example.vn> unknown", Fault.ADDRESS, "550 5.1.1"), (550, "no such user anh@example.vn", Fault.ADDRESS, "550"),
        (553, "bad mailbox", Fault.ADDRESS, "553"), (550, "5.2.1 disabled", Fault.ADDRESS, "550 5.2.1"),
        (550, "5.7.1 we do not like you", Fault.RECIPIENT, "550 5.7.1"), (554, "5.7.606 banned", Fault.RECIPIENT, "554 5.7.606"),
        (552, "5.2.2 full", Fault.TEMPORARY, "552 5.2.2"), (552, "full", Fault.TEMPORARY, "552"), (450, "4.2.0 later", Fault.TEMPORARY, "450 4.2.0"),
        (451, "4.7.1 greylisted", Fault.THROTTLED, "451 4.7.1"), (421, "busy", Fault.THROTTLED, "421"),
    ],
)  # fmt: skip
def test_what_a_server_says_of_a_recipient(code: int, text: str, fault: Fault, words: str) -> None:
    assert replies.of_recipient(code, text) == Rejected(fault, words)


@pytest.mark.parametrize(
    ("code", "text", "fault"),
    [
        (554, "5.6.0 looks like spam", Fault.CONTENT), (552, "5.3.4 too large", Fault.CONTENT), (550, "5.1.1 unknown", Fault.ADDRESS),
        (451, "4.3.0 disk", Fault.TEMPORARY), (421, "bye", Fault.THROTTLED),
    ],
)  # fmt: skip
def test_what_a_server_says_of_a_message(code: int, text: str, fault: Fault) -> None:
    assert replies.of_content(code, text).fault is fault


def test_what_a_server_says_of_us_is_a_matter_for_a_person_unless_it_passes() -> None:
    assert replies.of_sender(530, "5.7.0 must issue STARTTLS") == Rejected(Fault.CONFIG, "530 5.7.0")
    assert replies.of_sender(451, "4.3.2 later") == Rejected(Fault.TEMPORARY, "451 4.3.2", unreachable=True)
