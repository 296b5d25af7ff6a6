from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from starlette.requests import Request
from starlette.responses import Response

from shared.kernel import Principal
from shared.settings import Keys
from shared.web.signin import FormForged, Seal, Session, SessionExpired, Sessions, SessionTooLarge, local_path

HEAD = Principal("u-17", frozenset({"head"}), frozenset({"19360"}), acting="head")
NOON = 1_795_000_000.0


class Browser:
    """Keeps cookies between requests, as a browser does."""

    def __init__(self) -> None:
        self.jar: dict[str, str] = {}
        self.attributes: dict[str, str] = {}

    def request(self) -> Request:
        cookie = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        return Request({"type": "http", "headers": [(b"cookie", cookie.encode())]})

    def take(self, response: Response) -> None:
        for name, value in response.raw_headers:
            if name == b"set-cookie":
                pair, _, rest = value.decode().partition(";")
                key, _, text = pair.partition("=")
                self.jar[key], self.attributes[key] = text.strip('"'), rest


class Time:
    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def sessions(keys: Keys, time: Time) -> Sessions:
    return Sessions(Seal.of(keys, time), secure=False)


@pytest.fixture
def browser() -> Browser:
    return Browser()


def sign_in(sessions: Sessions, browser: Browser, who: Principal = HEAD) -> Session:
    response = Response()
    session = sessions.begin(response, who)
    browser.take(response)
    return session


def test_a_session_comes_back_as_it_was(sessions: Sessions, browser: Browser) -> None:
    citizen = Principal("c-1", frozenset({"citizen"}), recipient=UUID(int=7), acting="citizen")
    guest = Principal("g-1", frozenset(), acting="nobody")
    for who in (HEAD, citizen, guest):
        session = sign_in(sessions, browser, who)
        assert sessions.read(browser.request()) == session


def test_the_cookie_is_for_the_server_alone_and_holds_nothing_readable(sessions: Sessions, browser: Browser) -> None:
    sign_in(sessions, browser)
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in browser.attributes["gandan-session"].split(";")}  # fmt: skip
    assert "Max-Age" not in browser.attributes["gandan-session"]
    assert "u-17" not in browser.jar["gandan-session"]


def test_over_https_the_cookie_belongs_to_this_host_only(keys: Keys, browser: Browser) -> None:
    sign_in(Sessions(Seal.of(keys), secure=True), browser)
    assert "Secure" in browser.attributes["__Host-gandan-session"]


def test_a_session_ends_after_a_working_day_and_says_so(sessions: Sessions, browser: Browser, time: Time) -> None:
    sign_in(sessions, browser)
    time.at += 8 * 3600 - 1
    assert sessions.read(browser.request()) is not None
    time.at += 1
    with pytest.raises(SessionExpired):
        sessions.read(browser.request())


def test_a_changed_cookie_is_no_session(sessions: Sessions, browser: Browser) -> None:
    sign_in(sessions, browser)
    kept = browser.jar["gandan-session"]
    changes: list[Callable[[str], str]] = [
        lambda t: t[:-2] + ("AA" if t[-2:] != "AA" else "BB"), lambda t: t[4:], lambda _: "", lambda _: "*", lambda t: t + "é", lambda t: t * 50,
    ]  # fmt: skip
    for change in changes:
        browser.jar["gandan-session"] = change(kept).encode("ascii", "ignore").decode()
        if browser.jar["gandan-session"] != kept:
            assert sessions.read(browser.request()) is None


def test_what_was_sealed_for_one_purpose_does_not_open_for_another(sessions: Sessions, browser: Browser) -> None:
    session = sign_in(sessions, browser)
    browser.jar["gandan-session"] = sessions.form_token(browser.request(), Response(), session)
    assert sessions.read(browser.request()) is None


def test_signing_out_takes_the_cookie_away(sessions: Sessions, browser: Browser) -> None:
    sign_in(sessions, browser)
    response = Response()
    sessions.end(response)
    browser.take(response)
    assert sessions.read(browser.request()) is None
    assert "Max-Age=0" in browser.attributes["gandan-session"]


def test_a_form_counts_in_its_own_session_only(sessions: Sessions, browser: Browser) -> None:
    session = sign_in(sessions, browser)
    token = sessions.form_token(browser.request(), Response(), session)
    sessions.check_form(browser.request(), session, token)
    other = sign_in(sessions, browser)
    for given in (token, "", "AAAA", token[:-4] + "AAAA"):
        with pytest.raises(FormForged):
            sessions.check_form(browser.request(), other, given)


def test_a_form_shown_to_nobody_in_particular_counts_in_that_browser_only(sessions: Sessions) -> None:
    mine, theirs = Browser(), Browser()
    response = Response()
    token = sessions.form_token(mine.request(), response, None)
    mine.take(response)
    sessions.check_form(mine.request(), None, token)
    again = Response()
    sessions.form_token(mine.request(), again, None)
    assert "set-cookie" not in again.headers
    other = Response()
    sessions.form_token(theirs.request(), other, None)
    theirs.take(other)
    for browser in (theirs, Browser()):
        with pytest.raises(FormForged):
            sessions.check_form(browser.request(), None, token)


def test_a_form_is_good_for_a_day(sessions: Sessions, browser: Browser, time: Time) -> None:
    session = sign_in(sessions, browser)
    token = sessions.form_token(browser.request(), Response(), session)
    time.at += 24 * 3600
    with pytest.raises(FormForged):
        sessions.check_form(browser.request(), session, token)


def test_more_units_than_a_cookie_holds_are_refused_by_name(sessions: Sessions) -> None:
    many = Principal("u-1", frozenset({"head"}), frozenset(f"{n:05}" for n in range(600)), acting="head")
    with pytest.raises(SessionTooLarge):
        sessions.begin(Response(), many)


@pytest.mark.parametrize(
    ("asked", "goes"),
    [
        ("/ho-so?unit=19360", "/ho-so?unit=19360"), ("", "/"), ("https://evil.example", "/"), ("//evil.example", "/"), ("/\\evil.example", "/"),
        ("/a\r\nset-cookie: x", "/"), ("javascript:alert(1)", "/"), ("/a\\b", "/"),
    ],
)  # fmt: skip
def test_the_way_back_never_leads_to_another_host(asked: str, goes: str) -> None:
    assert local_path(asked) == goes
