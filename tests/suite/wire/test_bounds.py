"""Bounds on what is unpacked and kept, and how long a run puts up with trouble."""

from __future__ import annotations

import gzip
import zlib

import pytest
from wires import URL, Probe, answering

from commit_conformance.model import NOT_JSON, Answer
from commit_conformance.wire import Exchange
from commit_conformance.wire.bounds import Body
from commit_conformance.wire.client import Limits
from commit_conformance.wire.errors import Trouble, Undecodable
from commit_conformance.wire.exchange import RECENT, RECENT_BYTES, Recent
from commit_conformance.wire.outages import NotSent, Outages


def unpacked(coding: str, packed: bytes, *, limit: int = 1000, piece: int = 7) -> bytes:
    body = Body(coding, limit=limit)
    for at in range(0, len(packed), piece):
        body.add(packed[at : at + piece])
    return body.end()


RAW = zlib.compressobj(wbits=-zlib.MAX_WBITS)
RAW_DEFLATED = RAW.compress(b"text" * 50) + RAW.flush()


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("", b"text" * 50),
        ("identity", b"text" * 50),
        ("br", b"text" * 50),
        ("gzip", gzip.compress(b"text" * 50, mtime=0)),
        ("X-GZIP", gzip.compress(b"text" * 50, mtime=0)),
        ("deflate", zlib.compress(b"text" * 50)),
        ("deflate", RAW_DEFLATED),
    ],
)
@pytest.mark.parametrize("piece", [1000, 64, 2])
def test_a_body_is_unpacked_however_it_arrives(coding: str, packed: bytes, piece: int) -> None:
    assert unpacked(coding, packed, piece=piece) == b"text" * 50


def test_unpacking_stops_at_the_limit() -> None:
    bomb = gzip.compress(bytes(50_000_000), mtime=0)
    body = Body("gzip", limit=1000)
    with pytest.raises(Trouble, match="larger than 1000 bytes"):
        body.add(bomb)
    assert len(body.content) == 1001


@pytest.mark.parametrize("coding", ["gzip, gzip", "deflate,gzip"])
def test_what_is_packed_twice_is_not_unpacked(coding: str) -> None:
    with pytest.raises(Trouble, match="2 times over"):
        Body(coding, limit=1000)


@pytest.mark.parametrize(
    ("coding", "packed"),
    [("gzip", b"no gzip"), ("deflate", b"\xff\xff\xff"), ("gzip", gzip.compress(b"a" * 99, mtime=0)[:-9])],
)
def test_what_is_not_in_its_coding_is_told(coding: str, packed: bytes) -> None:
    with pytest.raises(Undecodable):
        unpacked(coding, packed)


def test_the_patience_of_a_run_comes_to_an_end() -> None:
    outages = Outages(10.0)
    outages.note("ReadTimeout", seconds=9.0, lost=True)
    outages.check(cleaning=False)
    outages.note("ReadTimeout", seconds=1.0)
    with pytest.raises(NotSent, match=r"10 seconds were lost .* \(2 × ReadTimeout\); nothing more is sent"):
        outages.check(cleaning=False)
    outages.check(cleaning=True)
    outages.waited(5.0)
    with pytest.raises(NotSent):
        outages.check(cleaning=True)
    assert outages.lost == 1


def test_after_that_nothing_is_sent() -> None:
    probe = Probe(answering(201), limits=Limits(patience=0.0))
    with pytest.raises(NotSent):
        probe.wire.send("GET", URL)
    assert probe.requests == []


def test_waiting_as_told_comes_to_an_end_too() -> None:
    probe = Probe(answering(201), limits=Limits(follow=3.0))
    probe.wire.wait_as_told(2.0)
    probe.wire.wait_as_told(2.0)
    with pytest.raises(Trouble, match="has waited 4 seconds"):
        probe.wire.wait_as_told(2.0)
    assert probe.slept == [2.0, 2.0]


def exchange(number: int, size: int) -> Exchange:
    answer = Answer(status=200, body=bytes(size))
    return Exchange(n=number, at="", method="GET", url="", answer=answer, error=None, record={})


def test_of_the_exchanges_of_a_test_the_latest_are_kept() -> None:
    recent = Recent()
    for number in range(RECENT + 5):
        recent.append(exchange(number, 1))
    assert [known.n for known in recent] == list(range(5, RECENT + 5))
    assert [known.n for known in recent[-2:]] == [RECENT + 3, RECENT + 4]
    recent.append(exchange(-1, RECENT_BYTES))
    assert [known.n for known in recent] == [-1]


@pytest.mark.parametrize("depth", [0, 1, 99, 100])
def test_json_as_deep_as_anybody_needs_is_json(depth: int) -> None:
    assert Answer(status=200, body=b"[" * depth + b"1" + b"]" * depth).json is not NOT_JSON


@pytest.mark.parametrize(
    "body", [b"[" * 102 + b"]" * 102, b'{"a":' * 900 + b"1" + b"}" * 900, b"[" * 10**5, b"1" * 10**5]
)
def test_json_that_nobody_can_hold_is_none(body: bytes) -> None:
    assert Answer(status=200, body=body).json is NOT_JSON


def test_numbers_beyond_a_float_are_the_largest_there_is() -> None:
    found = Answer(status=200, body=b"[1e999, -1e999, 1.5]").json
    assert found == [1.7976931348623157e308, -1.7976931348623157e308, 1.5]
