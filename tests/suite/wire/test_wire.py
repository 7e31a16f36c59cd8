"""The wire: what it sends, what it waits for, what it refuses."""

from __future__ import annotations

import gzip

import httpx
import pytest
from wires import TOKEN, URL, Probe, answering, in_pieces, retry_after

from commit_conformance.wire import (
    Limits,
    OriginRefused,
    Undecodable,
    Unsendable,
    Wire,
    WireError,
)
from commit_conformance.wire.client import PIECE, origin_of
from commit_conformance.wire.errors import Trouble
from commit_conformance.wire.outages import Busy, NotSent

SMALL = Limits(body=100, tries=3, wait=5.0)

# What is sent


def test_headers_are_sent_as_they_are_given() -> None:
    probe = Probe(answering(200))
    lines = [("Digest", "sha=a"), ("digest", "sha=b"), ("X-Text", "é"), ("x-empty", "")]
    probe.wire.send("POST", URL, headers=lines, content=b"{}")
    raw = probe.requests[0].headers.raw
    assert [(n, v) for n, v in raw if n.lower() == b"digest"] == [(b"Digest", b"sha=a"), (b"digest", b"sha=b")]
    assert (b"X-Text", "é".encode()) in raw
    assert (b"x-empty", b"") in raw


def test_nothing_is_sent_that_nobody_asked_for() -> None:
    probe = Probe(answering(200), token=None)
    probe.wire.send("GET", URL)
    probe.wire.send("POST", URL, content=b"{}")
    usual = {"accept", "connection", "host", "user-agent"}
    assert [set(request.headers) for request in probe.requests] == [usual, usual | {"content-length"}]


@pytest.mark.parametrize(
    ("lines", "sent"),
    [([], "*/*"), ([("accept", "application/json")], "application/json"), ([("accept", "")], None)],
)
def test_accept_is_sent_unless_it_is_given_empty(lines: list[tuple[str, str]], sent: str | None) -> None:
    probe = Probe(answering(200))
    probe.wire.send("GET", URL, headers=lines)
    assert probe.requests[0].headers.get("accept") == sent


def test_a_body_may_be_sent_in_chunks() -> None:
    probe = Probe(answering(200))
    exchange = probe.wire.send("POST", URL, headers=[("transfer-encoding", "chunked")], content=b"a" * 3000)
    request = probe.requests[0]
    assert request.headers["transfer-encoding"] == "chunked"
    assert "content-length" not in request.headers
    assert request.content == b"a" * 3000
    assert exchange.record["request_bytes"] == 3000


@pytest.mark.parametrize("more", [-1, 0, 1, PIECE + 1])
def test_a_large_body_has_its_length_and_comes_whole_each_time(more: int) -> None:
    content = bytes(number % 251 for number in range(PIECE + more))
    probe = Probe(answering(503, 200), limits=SMALL)
    exchange = probe.wire.send("PUT", URL, content=content)
    assert [request.content for request in probe.requests] == [content, content]
    assert [request.headers["content-length"] for request in probe.requests] == [str(len(content))] * 2
    assert not any("transfer-encoding" in request.headers for request in probe.requests)
    assert exchange.record["request_bytes"] == len(content)


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_an_empty_body_has_a_length(method: str) -> None:
    probe = Probe(answering(200))
    probe.wire.send(method, URL)
    assert probe.requests[0].headers["content-length"] == "0"


@pytest.mark.parametrize(("token", "sent"), [("", f"Bearer {TOKEN}"), ("other", "Bearer other"), (None, None)])
def test_another_token_or_none_may_be_sent(token: str | None, sent: str | None) -> None:
    probe = Probe(answering(200))
    probe.wire.send("GET", URL, token=token)
    assert probe.requests[0].headers.get("authorization") == sent


# Where it is sent


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://upload.test/2.0", "https://upload.test:443"),
        ("HTTPS://UPLOAD.test:443/x?y#z", "https://upload.test:443"),
        ("http://upload.test", "http://upload.test:80"),
        ("http://[::1]:8080/", "http://::1:8080"),
        ("https://upload.test@evil.test/", "https://evil.test:443"),
        ("https://upload.test:8443", "https://upload.test:8443"),
    ],
)
def test_an_origin_always_has_its_port(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        *(
            "https://evil.test/2.0",
            "http://upload.test/2.0",
            "https://upload.test:8443/",
            "https://upload.test.evil.test/",
        ),
        *("https://upload.test@evil.test/", "https://upload.test./", "//upload.test/", "/relative", ""),
    ],
)
def test_the_token_goes_to_no_other_origin(url: str) -> None:
    probe = Probe(answering(200))
    with pytest.raises(OriginRefused, match="the token may not go to"):
        probe.wire.send("GET", url)
    assert probe.requests == []
    assert probe.wire.purse.cost.requests == 0


def test_without_a_token_any_origin_may_be_asked() -> None:
    probe = Probe(answering(200))
    assert probe.wire.send("GET", "https://elsewhere.test/x", token=None).status == 200


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    probe = Probe(answering(httpx.Response(status, headers={"location": "https://evil.test/"})))
    exchange = probe.wire.send("POST", URL)
    assert (exchange.status, len(probe.requests)) == (status, 1)
    assert exchange.answer is not None
    assert exchange.answer.header("location") == "https://evil.test/"


@pytest.mark.parametrize(
    "url", ["https://upload.test:port/", "https://[::1/", "https://upload.test/\x00", "https://é\u2603.test:99999999/"]
)
@pytest.mark.parametrize("token", ["", None])
def test_a_url_that_is_none_is_not_sent(url: str, token: str | None) -> None:
    probe = Probe(answering(200))
    with pytest.raises(WireError):
        probe.wire.send("GET", url, token=token)
    assert probe.requests == []


@pytest.mark.parametrize("url", ["ftp://upload.test/x", "mailto:a@b.test", "/relative", ""])
def test_a_url_that_is_not_http_is_not_sent(url: str) -> None:
    wire = Wire(token=None, origins=[])
    with pytest.raises(Unsendable):
        wire.send("GET", url)
    wire.close()


def test_a_header_name_that_cannot_be_written_is_not_sent() -> None:
    probe = Probe(answering(200))
    with pytest.raises(Unsendable, match="cannot be sent"):
        probe.wire.send("GET", URL, headers=[("dígest", "x")])
    with pytest.raises(Unsendable):
        probe.wire.send("GET", URL, headers=[("digest", "\ud800")])
    assert probe.requests == []


# What is waited for


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_target_is_asked_again_after_the_time_it_names(status: int) -> None:
    probe = Probe(answering(retry_after(status, "3"), retry_after(status, "0"), 201))
    assert probe.wire.send("POST", URL, content=b"x").status == 201
    assert probe.slept == [3.0, 0.0]
    assert [request.content for request in probe.requests] == [b"x"] * 3


@pytest.mark.parametrize("value", [(), ("soon",), ("-1",), ("1.5",), ("Fri, 31 Dec 1999 23:59:59 GMT",)])
def test_without_seconds_the_pauses_double(value: tuple[str, ...]) -> None:
    probe = Probe(answering(retry_after(503, *value), retry_after(503, *value), retry_after(503, *value), 201))
    assert probe.wire.send("GET", URL).status == 201
    assert probe.slept == pytest.approx([0.4, 0.8, 1.6])


def test_no_pause_is_longer_than_the_limit() -> None:
    probe = Probe(answering(retry_after(429, "999999999"), 201), limits=SMALL)
    probe.wire.send("GET", URL)
    assert probe.slept == [5.0]


def test_a_target_that_stays_busy_is_given_up() -> None:
    probe = Probe(answering(retry_after(429, "1")), limits=SMALL)
    with pytest.raises(Busy, match="was answered 429, 3 times over") as caught:
        probe.wire.send("GET", URL)
    assert caught.value.exchange.status == 429
    assert (len(probe.requests), probe.slept) == (3, [1.0, 1.0])


@pytest.mark.parametrize("status", [200, 201, 202, 400, 404, 409, 500, 501])
def test_other_answers_are_final(status: int) -> None:
    probe = Probe(answering(status, 201))
    assert probe.wire.send("GET", URL).status == status
    assert (len(probe.requests), probe.slept) == (1, [])


def test_what_counts_as_passing_may_be_said() -> None:
    probe = Probe(answering(503, 201))
    assert probe.wire.send("GET", URL, passing=frozenset()).status == 503
    probe = Probe(answering(500, 201))
    assert probe.wire.send("GET", URL, passing=frozenset({500})).status == 201


def test_a_failed_connection_is_tried_again() -> None:
    probe = Probe(answering(httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), 201))
    assert probe.wire.send("GET", URL).status == 201
    assert probe.slept == pytest.approx([0.4, 0.8])


@pytest.mark.parametrize("error", [httpx.ReadError(""), httpx.RemoteProtocolError("x"), httpx.WriteError("")])
def test_what_may_have_arrived_is_not_repeated(error: Exception) -> None:
    probe = Probe(answering(error, 201))
    with pytest.raises(Trouble, match=type(error).__name__):
        probe.wire.send("POST", URL, repeatable=False)
    assert (len(probe.requests), probe.slept) == (1, [])


def test_what_never_left_is_repeated_whatever_it_is() -> None:
    probe = Probe(answering(200, httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), 201))
    probe.wire.send("GET", URL)
    exchange = probe.wire.send("POST", URL, repeatable=False)
    assert (exchange.status, exchange.lost, probe.wire.outages.lost) == (201, 0, 0)


def test_an_answer_tells_how_often_the_request_may_have_arrived_before() -> None:
    tries = (httpx.ConnectError("refused"), httpx.ReadError(""), 503, retry_after(429, "1"), 201)
    probe = Probe(answering(*tries), limits=Limits(tries=6))
    exchange = probe.wire.send("POST", URL)
    assert (exchange.status, exchange.lost) == (201, 2)
    assert probe.wire.outages.lost == 2
    assert str(probe.wire.outages) == "1 × ConnectError, 1 × ReadError, 1 × 503, 1 × 429"


def test_a_connection_that_keeps_failing_is_trouble() -> None:
    probe = Probe(answering(200, *[httpx.ConnectError("refused")] * 9), limits=SMALL)
    probe.wire.send("GET", URL)
    with pytest.raises(Trouble, match="refused"):
        probe.wire.send("GET", URL)
    assert len(probe.requests) == 1 + 3


def test_a_target_that_has_never_answered_is_asked_twice_only() -> None:
    probe = Probe(answering(httpx.ConnectError("refused")))
    with pytest.raises(NotSent, match="refused"):
        probe.wire.send("GET", URL)
    assert len(probe.requests) == 2


# What comes back


def test_an_answer_larger_than_the_limit_is_trouble() -> None:
    assert Probe(answering(httpx.Response(200, content=b"x" * 100)), limits=SMALL).wire.send("GET", URL).status == 200
    with pytest.raises(Trouble, match="larger than 100 bytes"):
        Probe(answering(httpx.Response(200, content=b"x" * 101)), limits=SMALL).wire.send("GET", URL)


def test_another_limit_may_be_given_for_a_download() -> None:
    probe = Probe(answering(httpx.Response(200, content=b"x" * 101)), limits=SMALL)
    exchange = probe.wire.send("GET", URL, body_limit=101)
    assert exchange.answer is not None
    assert len(exchange.answer.body) == 101


def test_the_limit_is_that_of_the_unpacked_body() -> None:
    def bomb(request: httpx.Request) -> httpx.Response:
        packed = gzip.compress(b"\0" * 10_000_000)
        return httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(packed))

    probe = Probe(bomb, limits=SMALL)
    with pytest.raises(Trouble, match="larger"):
        probe.wire.send("GET", URL, repeatable=False)


def test_an_answer_without_end_is_trouble() -> None:
    def endless(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=in_pieces(*[b"x"] * 10))

    with pytest.raises(Trouble, match="longer than 0 seconds"):
        Probe(endless, limits=Limits(total=0.0, tries=1)).wire.send("GET", URL)


def test_a_packed_answer_is_unpacked() -> None:
    def packed(request: httpx.Request) -> httpx.Response:
        content = gzip.compress(b'{"a":1}')
        return httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(content))

    exchange = Probe(packed).wire.send("GET", URL)
    assert exchange.answer is not None
    assert exchange.answer.json == {"a": 1}
    assert exchange.record["response_body"] == '{"a":1}'


def test_an_answer_that_cannot_be_unpacked_is_told_apart_and_not_asked_for_again() -> None:
    def broken(request: httpx.Request) -> httpx.Response:
        return httpx.Response(201, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip"))

    probe = Probe(broken)
    with pytest.raises(Undecodable, match="Undecodable"):
        probe.wire.send("GET", URL)
    assert len(probe.requests) == 1


def test_header_lines_of_an_answer_are_kept_apart() -> None:
    answer = httpx.Response(202, headers=[("Retry-After", "1"), ("retry-after", "2"), ("X-A", "b")])
    exchange = Probe(answering(answer)).wire.send("GET", URL)
    assert exchange.answer is not None
    assert exchange.answer.headers["retry-after"] == ("1", "2")
    assert [line for line in exchange.record["response_headers"] if line[0] == "retry-after"] == [
        ["retry-after", "1"],
        ["retry-after", "2"],
    ]
