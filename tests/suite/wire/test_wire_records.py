"""What is written down of an exchange, and the command line that repeats it."""

from __future__ import annotations

import json
import shlex
import subprocess
from typing import Any

import httpx
import pytest
from wires import URL, Probe, answering

from commit_conformance.wire.errors import Trouble


def test_a_record_has_this_shape() -> None:
    answer = httpx.Response(400, headers={"content-type": "application/json"}, json={"type": "error"})
    exchange = Probe(answering(answer)).wire.send("POST", URL, headers=[("digest", "sha=x")], content=b'{"parts":[]}')
    record = dict(exchange.record)
    assert record.pop("seconds") >= 0
    assert record.pop("at").endswith("Z")
    assert record == {
        "n": 1,
        "method": "POST",
        "url": URL,
        "request_headers": [["digest", "sha=x"], ["authorization", "Bearer [redacted]"]],
        "request_body": '{"parts":[]}',
        "request_bytes": 12,
        "status": 400,
        "reason": "Bad Request",
        "response_headers": [["content-type", "application/json"], ["content-length", "16"]],
        "response_body": '{"type":"error"}',
        "response_bytes": 16,
        "truncated": False,
        "error": None,
    }
    assert json.loads(json.dumps(record)) == record


def test_a_request_without_an_answer_is_recorded_too() -> None:
    probe = Probe(answering(httpx.ReadError("reset")))
    seen: list[Any] = []
    with probe.wire.listening(seen.append), pytest.raises(Trouble):
        probe.wire.send("POST", URL, repeatable=False)
    (exchange,) = seen
    assert (exchange.status, exchange.answer, exchange.record["status"]) == (None, None, None)
    assert exchange.error == "ReadError: reset"


def test_listeners_hear_every_exchange_while_they_listen() -> None:
    probe = Probe(answering(429, 200))
    seen: list[Any] = []
    with probe.wire.listening(seen.append):
        probe.wire.send("GET", URL)
    probe.wire.send("GET", URL)
    assert [(exchange.n, exchange.status) for exchange in seen] == [(1, 429), (2, 200)]


@pytest.mark.parametrize(
    ("content", "content_type", "shown"),
    [
        (b"\x01\x02\x03", "application/octet-stream", "<3 bytes of application/octet-stream>"),
        (b"a\0b", "", "<3 bytes of unknown type>"),
        (b"text", "", "text"),
        (b"\xff\xfe", "text/plain", "\ufffd\ufffd"),
        (b"", "text/plain", None),
    ],
)
def test_bodies_are_shown_as_text_or_by_their_size(content: bytes, content_type: str, shown: str | None) -> None:
    exchange = Probe(answering(200)).wire.send("POST", URL, headers=[("Content-Type", content_type)], content=content)
    assert exchange.record["request_body"] == shown


@pytest.mark.parametrize(("size", "cut"), [(8192, False), (8193, True), (100_000, True)])
def test_long_bodies_are_cut_and_said_to_be(size: int, cut: bool) -> None:
    exchange = Probe(answering(httpx.Response(200, content=b"x" * size))).wire.send("GET", URL)
    assert exchange.record["truncated"] is cut
    assert exchange.record["response_bytes"] == size
    assert exchange.record["response_body"] == "x" * min(size, 8192)


def test_a_flood_of_headers_is_not_recorded() -> None:
    answer = httpx.Response(200, headers=[(f"x-{number}", "y" * 5000) for number in range(300)])
    record = Probe(answering(answer)).wire.send("GET", URL).record
    assert len(record["response_headers"]) == 50
    assert all(len(value) == 1024 for _, value in record["response_headers"])


@pytest.mark.parametrize(
    "body", [b'{"a":"it\'s"}', b"@/etc/hostname", b"$HOME `id` \\", b" ", b"-d x", "é日".encode(), b"a\nb"]
)
def test_the_curl_line_is_one_a_shell_reads_as_the_same_request(body: bytes) -> None:
    exchange = Probe(answering(200)).wire.send(
        "POST", f"{URL}?a=1&b='2'", headers=[("digest", "sha=a"), ("digest", "sha='b'"), ("x-empty", "")], content=body
    )
    script = f"printf '%s\\0' {exchange.curl()}"
    ran = subprocess.run(
        ["sh", "-c", script], env={"COMMIT_CONFORMANCE_TOKEN": "from-environment"}, capture_output=True, check=True
    )
    words = ran.stdout.decode().split("\0")[:-1]
    assert words == [
        *(
            "curl",
            "-i",
            "-X",
            "POST",
            f"{URL}?a=1&b='2'",
            "-H",
            "digest: sha=a",
            "-H",
            "digest: sha='b'",
            "-H",
            "x-empty;",
        ),
        *("-H", "authorization: Bearer from-environment", "--data-raw", body.decode()),
    ]


def test_the_curl_line_of_a_get_has_no_body() -> None:
    exchange = Probe(answering(200), token=None).wire.send("GET", URL)
    assert shlex.split(exchange.curl()) == ["curl", "-i", "-X", "GET", URL]
