"""Uploads whose file is never in memory as a whole: their content, how it is sent, what it takes."""

from __future__ import annotations

import base64
import hashlib
import tracemalloc
from collections.abc import Callable

import httpx
import pytest
from targets import PART_SIZE, TOKEN, Bench, always, bench, on_handler, on_reference

from commit_conformance.reference import configure
from commit_conformance.reference.respx_adapter import mock_transport
from commit_conformance.target.bank import SetupFailed
from commit_conformance.target.long_upload import (
    BOUNDARIES,
    DOCUMENTED_PART,
    TAIL,
    LongContent,
    boundaries,
    open_long,
)
from commit_conformance.target.upload import State, plain_digest
from commit_conformance.wire import Budget, BudgetSpent
from commit_conformance.wire.client import PIECE
from strategies.plan import CommitPlan, Material

MIB = 1024 * 1024
SHAPES = [(1, 1), (5, 16), (16, 16), (17, 16), (64, 16), (3 * 40, 40), (3 * 40 + 1, 40), (3 * 40 + 33, 40), (1000, 7)]


def pieces(content: LongContent) -> list[bytes]:
    return [content.piece(index) for index in range(content.total_parts)]


@pytest.mark.parametrize(("size", "part_size"), SHAPES)
def test_parts_make_the_file_and_have_the_digests_that_are_told(size: int, part_size: int) -> None:
    content = LongContent("7", size=size, part_size=part_size)
    told = [content.sha1_of(index) for index in range(content.total_parts)]
    made = pieces(content)
    assert [hashlib.sha1(piece).hexdigest() for piece in made] == told
    assert [len(piece) for piece in made[:-1]] == [part_size] * (content.total_parts - 1)
    assert len(b"".join(made)) == size
    assert hashlib.sha1(b"".join(made)).hexdigest() == content.sha1()


def test_content_is_the_same_each_time_and_another_for_another_key() -> None:
    first, again, other = (LongContent(key, size=500, part_size=64) for key in ("7/a", "7/a", "7/b"))
    assert pieces(first) == pieces(again)
    assert not set(pieces(first)) & set(pieces(other))
    assert pieces(first)[0][:16] != pieces(other)[0][:16]


def test_no_two_parts_are_alike_and_they_differ_at_their_ends_only() -> None:
    made = pieces(LongContent("7", size=100 * 64, part_size=64))
    assert len(set(made)) == 100
    assert len({piece[:-TAIL] for piece in made}) == 1


@pytest.mark.parametrize("key", ["a", "b", "c", "d", "e"])
def test_the_digest_has_no_character_that_careless_servers_stumble_over(key: str) -> None:
    sha1 = LongContent(key, size=1000, part_size=64).sha1()
    assert plain_digest(base64.b64encode(bytes.fromhex(sha1)).decode())


@pytest.mark.parametrize(
    ("part_size", "scaled", "expected"),
    [
        (DOCUMENTED_PART, False, BOUNDARIES),
        (4096, False, BOUNDARIES),
        (DOCUMENTED_PART, True, BOUNDARIES),
        (4 * DOCUMENTED_PART, True, BOUNDARIES),
        (4096, True, (256 * 4096, 512 * 4096)),
        (10_000, True, (2_560_000, 5_120_000)),
    ],
)
def test_boundaries_are_scaled_for_small_parts_of_the_embedded_service_only(
    part_size: int, scaled: bool, expected: tuple[int, int]
) -> None:
    assert boundaries(part_size, scaled=scaled) == expected


def commit(target: Bench, size: int) -> httpx.Response:
    upload = open_long(target.bank, size=size)
    request = CommitPlan().build(Material(session=upload.session, content=upload.content))
    exchange = target.wire.send("POST", upload.commit_url, headers=request.headers, content=request.body)
    assert exchange.answer is not None
    return httpx.Response(exchange.answer.status, content=exchange.answer.body)


@pytest.mark.parametrize("size", [1, PART_SIZE, 40 * PART_SIZE, 40 * PART_SIZE + 3])
def test_a_long_upload_commits(size: int) -> None:
    target = on_reference("processing=0")
    answer = commit(target, size)
    assert answer.status_code == 201
    upload = target.bank.uploads[-1]
    assert upload.session.complete
    assert not upload.in_memory
    assert [part.offset for part in upload.session.parts] == list(range(0, size, PART_SIZE))
    assert answer.json()["entries"][0]["sha1"] == upload.session.sha1
    kinds = [(entry["kind"], entry.get("name", "")) for entry in target.ledger.entries]
    assert kinds == [("name", upload.session.name), ("session", "")]


def test_a_part_whose_answer_was_lost_is_looked_up() -> None:
    lost: list[str] = []

    def through(transport: httpx.BaseTransport) -> httpx.BaseTransport:
        def handle(request: httpx.Request) -> httpx.Response:
            answer = transport.handle_request(request)
            if request.method == "PUT" and not lost:
                lost.append(str(request.url))
                raise httpx.ReadError("reset")
            return answer

        return httpx.MockTransport(handle)

    target = on_reference("processing=0", through=through)
    assert commit(target, 5 * PART_SIZE).status_code == 201
    assert lost
    assert any(sent.startswith("GET") and "/parts" in sent for sent in target.sent)


def without_lists(lose: Callable[[int], bool]) -> Bench:
    """The reference service without lists of parts; answers to the parts of these numbers are lost."""
    service = configure(["no-list-parts"], part_size=PART_SIZE, tokens={TOKEN: "1"}, seed=7)
    transport, count = mock_transport(service, base_url="https://target.test/2.0"), iter(range(10**6))

    def handle(request: httpx.Request) -> httpx.Response:
        answer = transport.handle_request(request)
        if request.method == "PUT" and lose(next(count)):
            raise httpx.ReadError("reset")
        return answer

    return bench(httpx.MockTransport(handle), service=service)


def test_where_parts_are_not_listed_another_session_is_opened() -> None:
    target = without_lists(lambda number: number == 0)
    upload = open_long(target.bank, size=3 * PART_SIZE)
    assert [each.state for each in target.bank.uploads] == [State.GONE, State.LIVE]
    assert upload is target.bank.uploads[-1]
    assert upload.session.complete


def test_a_session_that_is_refused_is_told_with_its_size() -> None:
    target = on_handler(always(403, {"type": "error", "status": 403, "code": "storage_limit_exceeded"}))
    with pytest.raises(SetupFailed, match="upload session for 4294967297 bytes was answered 403") as caught:
        open_long(target.bank, size=2**32 + 1)
    assert caught.value.exchange.method == "POST"
    assert target.bank.uploads == []


def test_a_part_that_is_refused_is_told_with_its_place() -> None:
    target = on_reference(faults=("narrow-part-offsets",))
    with pytest.raises(SetupFailed, match=r"uploading part \d+ of 514 was answered 409"):
        open_long(target.bank, size=514 * PART_SIZE)


def test_nothing_is_sent_that_could_not_come_to_its_end() -> None:
    service = configure(part_size=PART_SIZE, tokens={TOKEN: "1"}, seed=7)
    transport = mock_transport(service, base_url="https://target.test/2.0")
    target = bench(transport, service=service, budget=Budget(bytes_sent=100))
    with pytest.raises(BudgetSpent, match="101 bytes more do not fit into the budget of 100 bytes"):
        open_long(target.bank, size=101)
    assert target.sent == []


class Passing(httpx.BaseTransport):
    """Takes bodies as a socket does, piece by piece, and keeps none of them."""

    def __init__(self) -> None:
        self.taken = 0
        self.longest = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        assert isinstance(request.stream, httpx.SyncByteStream)
        for piece in request.stream:
            self.taken += len(piece)
            self.longest = max(self.longest, len(piece))
        if request.method == "POST":
            return httpx.Response(201, json={"id": "A", "part_size": MIB})
        return httpx.Response(200, json={"part": {"part_id": request.headers["content-range"]}})


def test_a_long_upload_takes_a_few_parts_of_memory() -> None:
    """Sixty-four parts of 1 MiB: one whose beginning they share, and four on their way."""
    taken = Passing()
    target = bench(taken)
    tracemalloc.start()
    try:
        upload = open_long(target.bank, size=64 * MIB)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(upload.session.parts) == 64
    assert taken.taken > 64 * MIB
    assert taken.longest == PIECE
    assert peak < 12 * MIB
