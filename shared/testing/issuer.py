"""A small OIDC issuer in a process of its own: discovery, a page to choose who signs in, one-time codes with PKCE, keys.

`with Issuer([Somebody("head", roles=["head"])]) as issuer:` starts it; `python -m shared.testing.issuer` is the process.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from hashlib import sha256
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

from shared.kernel import TENANT

CLIENT = "gandan"
_LIFE = 300


@dataclass(frozen=True)
class Somebody:
    """A person who can sign in; `identity` and `access` replace claims of the two tokens, so that a test can spoil them."""

    subject: str
    roles: Sequence[str] = ()
    units: Sequence[str] = ()
    person: str | None = None
    identity: Mapping[str, Any] = field(default_factory=dict)
    access: Mapping[str, Any] = field(default_factory=dict)
    stranger: bool = False
    """The identity token is signed by a key nobody published."""


@dataclass
class Issuer:
    """The process; `url` is the issuer's name, `secret` makes our client a confidential one."""

    people: Sequence[Somebody]
    secret: str | None = None
    url: str = ""

    def __enter__(self) -> Self:
        order = json.dumps({"people": [asdict(each) for each in self.people], "secret": self.secret})
        self._program = subprocess.Popen(
            [sys.executable, "-m", "shared.testing.issuer"], stdout=subprocess.PIPE, stdin=subprocess.PIPE
        )
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.write(order.encode() + b"\n")
        self._program.stdin.flush()
        self.url = self._program.stdout.readline().decode().strip()
        assert self.url, "the issuer does not start"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.close()
        self._program.wait(10)
        self._program.stdout.close()


@dataclass
class _Book:
    """What the process knows: its keys, its people, the codes it gave out."""

    people: Sequence[Somebody]
    secret: str | None
    url: str = ""
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "test-1"}))
    codes: dict[str, tuple[Somebody, dict[str, str]]] = field(default_factory=dict)

    def description(self) -> dict[str, Any]:
        return {
            "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize", "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks", "end_session_endpoint": f"{self.url}/logout", "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"], "authorization_response_iss_parameter_supported": True,
        }  # fmt: skip

    def jwks(self) -> dict[str, Any]:
        return {"keys": [{**self.key.as_dict(private=False), "kid": "test-1", "use": "sig", "alg": "ES256"}]}

    def read(self, path: str) -> dict[str, Any] | str | None:
        """What stands at an address: JSON, a page, or nothing."""
        match path:
            case "/.well-known/openid-configuration":
                return self.description()
            case "/jwks":
                return self.jwks()
            case "/authorize":
                return _choice(self.people)
            case "/logout":
                return "Signed out."
        return None

    def give(self, subject: str, asked: dict[str, str]) -> str:
        """The address of the way back, with a code that counts once."""
        somebody = next((each for each in self.people if each.subject == subject), None)
        answer = {"state": asked.get("state", ""), "iss": self.url}
        if somebody is None:
            answer["error"] = "access_denied"
        else:
            answer["code"] = secrets.token_urlsafe(24)
            self.codes[answer["code"]] = (somebody, asked)
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def tokens(self, form: Mapping[str, str], authorization: str) -> dict[str, Any] | None:
        """The tokens of a code, or None when anything about the request is not right."""
        somebody, asked = self.codes.pop(form.get("code", ""), (None, {}))
        proof = urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        right = form.get("redirect_uri") == asked.get("redirect_uri") and proof == asked.get("code_challenge")
        if somebody is None or not right or not self._known(form, authorization):
            return None
        return {"token_type": "Bearer", "expires_in": _LIFE, **self._pair(somebody, asked)}

    def _known(self, form: Mapping[str, str], authorization: str) -> bool:
        if self.secret is None:
            return form.get("client_id") == CLIENT
        given = b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        return (unquote(given[0]), unquote(given[2])) == (CLIENT, self.secret)

    def _pair(self, somebody: Somebody, asked: Mapping[str, str]) -> dict[str, str]:
        now = int(time.time())
        common = {"iss": self.url, "sub": somebody.subject, "aud": CLIENT, "iat": now, "exp": now + _LIFE}
        access = {**common, "tenant": TENANT, "roles": somebody.roles, "units": somebody.units, **somebody.access}
        if somebody.person is not None:
            access["person"] = somebody.person
        identity = {**common, "nonce": asked.get("nonce"), **somebody.identity}
        key = ECKey.generate_key("P-256") if somebody.stranger else self.key
        return {"access_token": _signed(access, self.key, "at+jwt"), "id_token": _signed(identity, key, "JWT")}


def _signed(claims: dict[str, Any], key: ECKey, kind: str) -> str:
    return jwt.encode({"alg": "ES256", "typ": kind, "kid": "test-1"}, claims, key, algorithms=["ES256"])


def _choice(people: Sequence[Somebody]) -> str:
    buttons = "".join(
        f'<p><button name="subject" value="{escape(each.subject)}">{escape(each.subject)}</button></p>'
        for each in people
    )
    return f'<!doctype html><title>Issuer</title><form method="post">{buttons}<button name="subject" value="">No</button></form>'


class _Handler(BaseHTTPRequestHandler):
    """The HTTP of a book."""

    def __init__(self, book: _Book, *served: Any) -> None:
        self.book = book
        super().__init__(*served)

    def do_GET(self) -> None:
        found = self.book.read(urlsplit(self.path).path)
        if found is None:
            self._send(HTTPStatus.NOT_FOUND, b"", "text/plain")
        elif isinstance(found, str):
            self._send(HTTPStatus.OK, found.encode(), "text/html")
        else:
            self._json(found)

    def do_POST(self) -> None:
        form = {name: values[0] for name, values in parse_qs(self._body(), keep_blank_values=True).items()}
        if urlsplit(self.path).path == "/token":
            found = self.book.tokens(form, self.headers.get("authorization", ""))
            self._json(found or {"error": "invalid_grant"}, HTTPStatus.OK if found else HTTPStatus.BAD_REQUEST)
            return
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("location", self.book.give(form["subject"], dict(parse_qsl(urlsplit(self.path).query))))
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Nothing: tests look at what comes back."""

    def _body(self) -> str:
        return self.rfile.read(int(self.headers["content-length"])).decode()

    def _json(self, value: Any, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._send(status, json.dumps(value).encode(), "application/json")

    def _send(self, status: HTTPStatus, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Serve until the input ends; its first line says who there is, the first line printed is the issuer's address."""
    wanted = json.loads(sys.stdin.readline())
    book = _Book([Somebody(**each) for each in wanted["people"]], wanted["secret"])
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, book))
    book.url = f"http://127.0.0.1:{server.server_port}"
    sys.stdout.write(f"{book.url}\n")
    sys.stdout.flush()
    Thread(target=server.serve_forever, name="issuer", daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
