"""Tokens by client credentials: asked for, renewed in time and on 401, and never shown."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from commit_conformance.wire import ClientCredentials, OriginRefused, TokenExpired, TokenTrouble
from commit_conformance.wire.tokens import LEEWAY
from tests.suite.wire.wires import URL, Probe

pytest.importorskip("oauthlib", reason="client credentials need the extra oauth")

TOKEN_URL = "https://login.test/oauth2/token"
SECRET = "s3cret of %&+ canary"
CREDENTIALS = ClientCredentials(token_url=TOKEN_URL, client_id="client-1", client_secret=SECRET)


class Servers:
    """A token endpoint that numbers its tokens, and a target that takes the latest of them.

    Attributes:
        lifetime: What it says of a token's life; None for nothing.
        good: Tokens the target takes.
        refused: Paths that the target answers 401, whatever the token.
    """

    def __init__(self, *, lifetime: Any = 3600, given: httpx.Response | None = None) -> None:
        self.lifetime = lifetime
        self.given = given
        self.asked: list[httpx.Request] = []
        self.good: set[str] = set()
        self.refused: set[str] = set()
        self.now = 0.0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.host == "login.test":
            self.asked.append(request)
            if self.given is not None:
                return httpx.Response(self.given.status_code, headers=self.given.headers, content=self.given.content)
            token = f"access-canary-{len(self.asked)}"
            self.good = {token}
            life = {} if self.lifetime is None else {"expires_in": self.lifetime}
            return httpx.Response(200, json={"access_token": token, "token_type": "bearer", **life})
        taken = request.headers.get("authorization", "").removeprefix("Bearer ") in self.good
        return httpx.Response(200 if taken and request.url.path not in self.refused else 401, json={})

    def probe(self, credentials: ClientCredentials = CREDENTIALS, **options: Any) -> Probe:
        return Probe(self, token=None, credentials=credentials, clock=lambda: self.now, **options)


def sent_to_target(probe: Probe) -> list[str]:
    return [request.headers.get("authorization", "") for request in probe.requests if request.url.host == "upload.test"]


def test_a_token_is_asked_for_once_and_sent() -> None:
    servers = Servers()
    probe = servers.probe()
    assert [probe.wire.send("GET", URL).status for _ in range(3)] == [200, 200, 200]
    assert sent_to_target(probe) == ["Bearer access-canary-1"] * 3
    assert len(servers.asked) == 1
    assert probe.wire.token == "access-canary-1"


def test_the_request_is_the_one_of_the_grant() -> None:
    servers = Servers()
    servers.probe().wire.send("GET", URL)
    (request,) = servers.asked
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert "authorization" not in request.headers
    assert dict(parse_qsl(request.content.decode())) == {
        "grant_type": "client_credentials",
        "client_id": "client-1",
        "client_secret": SECRET,
    }


def test_further_parameters_are_sent() -> None:
    servers = Servers()
    parameters = (("box_subject_type", "enterprise"), ("box_subject_id", "12345"), ("scope", "root_readwrite a"))
    credentials = ClientCredentials(
        token_url=TOKEN_URL, client_id="client-1", client_secret=SECRET, parameters=parameters
    )
    servers.probe(credentials).wire.send("GET", URL)
    body = dict(parse_qsl(servers.asked[0].content.decode()))
    assert {name: body[name] for name, _ in parameters} == dict(parameters)


def test_id_and_secret_may_travel_in_a_header() -> None:
    servers = Servers()
    credentials = ClientCredentials(token_url=TOKEN_URL, client_id="client-1", client_secret="a:b c", basic=True)
    servers.probe(credentials).wire.send("GET", URL)
    scheme, _, value = servers.asked[0].headers["authorization"].partition(" ")
    assert scheme == "Basic"
    assert base64.b64decode(value).decode() == "client-1:a%3Ab+c", "each is form-encoded first (RFC 6749, 2.3.1)"
    assert dict(parse_qsl(servers.asked[0].content.decode())) == {"grant_type": "client_credentials"}


@pytest.mark.parametrize(
    ("lifetime", "still_good", "too_old"),
    [(3600, 3600 - LEEWAY - 1, 3600 - LEEWAY), ("3600", 3539, 3540), (100, 49, 50), (2, 0.9, 1)],
)
def test_a_token_is_renewed_before_its_end(lifetime: Any, still_good: float, too_old: float) -> None:
    servers = Servers(lifetime=lifetime)
    probe = servers.probe()
    for now, token in (
        (0, "access-canary-1"),
        (still_good, "access-canary-1"),
        (too_old, "access-canary-2"),
    ):
        servers.now = now
        assert probe.wire.send("GET", URL).status == 200
        assert sent_to_target(probe)[-1] == f"Bearer {token}"


@pytest.mark.parametrize("lifetime", [None, 0, -5])
def test_of_a_token_without_a_known_life_the_next_401_tells(lifetime: Any) -> None:
    servers = Servers(lifetime=lifetime)
    probe = servers.probe()
    probe.wire.send("GET", URL)
    servers.now = 10**6
    assert probe.wire.send("GET", URL).status == 200
    assert len(servers.asked) == 1
    servers.good = set()
    assert probe.wire.send("GET", URL).status == 200
    assert len(servers.asked) == 2


def test_a_token_that_was_withdrawn_is_renewed_once_and_the_request_sent_again() -> None:
    servers = Servers()
    probe = servers.probe()
    probe.wire.send("GET", URL)
    servers.good = set()
    assert probe.wire.send("POST", f"{URL}/commit", content=b"{}").status == 200
    last = probe.requests[-1]
    assert (last.method, last.url.path, last.content) == ("POST", "/2.0/files/commit", b"{}")
    assert last.headers["authorization"] == "Bearer access-canary-2"
    assert len(servers.asked) == 2


def test_a_first_token_that_is_refused_is_renewed_once() -> None:
    servers = Servers()
    servers.refused = {"/2.0/files"}
    exchange = servers.probe().wire.send("GET", URL)
    assert exchange.status == 401, "with two fresh tokens it is the target's own answer"
    assert len(servers.asked) == 2


def test_a_401_that_speaks_of_the_request_is_an_answer_and_costs_no_token() -> None:
    servers = Servers()
    probe = servers.probe()
    probe.wire.send("GET", URL)
    servers.refused = {"/2.0/files/commit"}
    assert probe.wire.send("POST", f"{URL}/commit").status == 401
    assert len(servers.asked) == 1


def test_when_even_fresh_tokens_are_refused_they_have_expired() -> None:
    servers = Servers()
    probe = servers.probe()
    probe.wire.send("GET", URL)
    servers.refused = {"/2.0/files", "/2.0/files/commit"}
    with pytest.raises(TokenExpired, match="not accepted any more"):
        probe.wire.send("POST", f"{URL}/commit")


def test_threads_that_are_refused_together_ask_for_one_token() -> None:
    servers = Servers()
    probe = servers.probe()
    probe.wire.send("GET", URL)
    servers.good = set()
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda _: probe.wire.send("POST", f"{URL}/commit").status, range(8)))
    assert statuses == [200] * 8
    assert len(servers.asked) == 2


def test_another_token_than_the_runs_is_sent_as_it_is() -> None:
    servers = Servers()
    probe = servers.probe()
    assert probe.wire.send("GET", URL, token="made-up").status == 401
    assert probe.wire.send("GET", URL, token=None).status == 401
    assert servers.asked == []


def test_no_token_is_asked_for_when_the_url_is_not_one_it_may_go_to() -> None:
    servers = Servers()
    probe = servers.probe()
    with pytest.raises(OriginRefused):
        probe.wire.send("GET", "https://evil.test/2.0")
    assert probe.requests == []


def test_requests_for_tokens_are_counted_and_heard_by_nobody() -> None:
    servers = Servers()
    probe = servers.probe()
    heard: list[str] = []
    with probe.wire.listening(lambda exchange: heard.append(exchange.url)):
        probe.wire.send("GET", URL)
    assert heard == [URL]
    assert probe.wire.purse.cost.requests == 2


WRONG = {
    "refused": httpx.Response(400, json={"error": "invalid_client", "error_description": f"not {SECRET}"}),
    "unknown error": httpx.Response(403, json={"error": "no_such_thing"}),
    "a web page": httpx.Response(200, headers={"content-type": "text/html"}, text="<p>access_token=abcdef&x=1"),
    "a redirect": httpx.Response(302, headers={"location": "https://elsewhere.test/"}),
    "no token": httpx.Response(200, json={"token_type": "bearer"}),
    "an empty token": httpx.Response(200, json={"access_token": "", "token_type": "bearer"}),
    "no text": httpx.Response(200, json={"access_token": 7, "token_type": "bearer"}),
    "a token with a line": httpx.Response(200, json={"access_token": "a\r\nx: y", "token_type": "bearer"}),
    "another type": httpx.Response(200, json={"access_token": "abcdef", "token_type": "mac"}),
    "a life that is none": httpx.Response(200, json={"access_token": "abcdef", "expires_in": "soon"}),
    "a list": httpx.Response(200, json=["access_token"]),
    "not UTF-8": httpx.Response(200, content=b'{"access_token": "\xff"}'),
    "too much": httpx.Response(200, content=b" " * (5 * 1024 * 1024)),
    "nothing": httpx.Response(204),
    "a token and an error status": httpx.Response(500, json={"access_token": "abcdef", "token_type": "bearer"}),
}


@pytest.mark.parametrize("name", WRONG)
def test_an_endpoint_that_gives_no_token_is_told_of(name: str) -> None:
    servers = Servers(given=WRONG[name])
    probe = servers.probe()
    with pytest.raises(TokenTrouble, match=r"token endpoint https://login\.test/oauth2/token") as caught:
        probe.wire.send("GET", URL)
    assert not isinstance(caught.value, TokenExpired)
    assert_silent(str(caught.value))
    assert [request.url.host for request in probe.requests] == ["login.test"], "nothing was sent to the target"


def test_an_endpoint_that_cannot_be_reached_is_asked_again_and_then_told_of() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"refused {SECRET}")

    probe = Probe(handle, token=None, credentials=CREDENTIALS)
    with pytest.raises(TokenTrouble, match="did not answer") as caught:
        probe.wire.send("GET", URL)
    assert len(probe.requests) == probe.wire.limits.tries
    assert_silent(str(caught.value))
    assert caught.value.__cause__ is None, "the cause would be shown with it"


def test_a_busy_endpoint_is_asked_again_after_the_time_it_names() -> None:
    answers = [
        httpx.Response(503, headers={"retry-after": "7"}),
        httpx.Response(200, json={"access_token": "access-canary-1", "token_type": "bearer"}),
        httpx.Response(200),
    ]
    probe = Probe(lambda request: answers.pop(0), token=None, credentials=CREDENTIALS)
    assert probe.wire.send("GET", URL).status == 200
    assert probe.slept == [7]


def test_no_secret_and_no_token_is_ever_recorded() -> None:
    """The target echoes whatever it was sent, the endpoint's secrets included."""
    encoded = base64.b64encode(b"client-1:s3cret+of+%25%26%2B+canary").decode()
    told = [SECRET, "s3cret%20of%20%25%26%2B%20canary", "s3cret+of+%25%26%2B+canary", encoded]

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.host == "login.test":
            return httpx.Response(200, json={"access_token": "access-canary-1", "token_type": "bearer"})
        token = request.headers["authorization"]
        return httpx.Response(400, headers={"x-echo": token}, json={"message": " ".join([*told, token])})

    probe = Probe(handle, token=None, credentials=CREDENTIALS)
    exchange = probe.wire.send("POST", f"{URL}?secret=s3cret%20of%20%25%26%2B%20canary", content=SECRET.encode())
    assert_silent(json.dumps(exchange.record) + exchange.curl() + repr(CREDENTIALS))


def assert_silent(text: str) -> None:
    for secret in ("s3cret", "access-canary", "czNjcmV0"):
        assert secret not in text, text
