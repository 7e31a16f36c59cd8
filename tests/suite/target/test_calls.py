"""What is read out of the companion calls' answers, however odd these are."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from targets import BASE, PART_SIZE, TOKEN, always, on_handler, on_reference

from commit_conformance.model import Answer
from commit_conformance.target.api import Api, created_file, file_state, id_of, is_gone, is_usable, part_of
from commit_conformance.target.capabilities import Capabilities
from commit_conformance.wire import OriginRefused, Unsendable, WireError

SESSION = {"id": "F971964745A5CD0C001BBE4E58196BFD", "part_size": 8_388_608}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "part_size", "session_endpoints", "commit", "part", "part_id", "entries", "size"])
            | st.text(max_size=4),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


def api() -> Api:
    return on_handler(always(200)).api


def answer(body: Any, status: int = 201) -> Answer:
    return Answer(status=status, body=body if isinstance(body, bytes) else json.dumps(body).encode())


# Sessions


def test_a_session_without_endpoints_has_the_documented_ones() -> None:
    session = api().session_of(answer(SESSION))
    assert session is not None
    base = f"{BASE}/files/upload_sessions/{SESSION['id']}"
    assert (session.session_id, session.part_size, session.shown) == (SESSION["id"], 8_388_608, SESSION)
    assert session.endpoints == {
        "upload_part": base,
        "commit": f"{base}/commit",
        "abort": base,
        "list_parts": f"{base}/parts",
        "status": base,
    }


@pytest.mark.parametrize("status", [200, 201])
@pytest.mark.parametrize(
    ("url", "resolved"),
    [
        ("https://other.test/x?y=1", "https://other.test/x?y=1"),
        ("/api/2.0/commit", "https://target.test/api/2.0/commit"),
        ("commit", f"{BASE}/commit"),
        ("//other.test/x", "https://other.test/x"),
        ("http://[", "http://["),
        ("https://target.test:port/", "https://target.test:port/"),
    ],
)
def test_the_endpoint_a_session_names_is_taken_as_it_is(status: int, url: str, resolved: str) -> None:
    session = api().session_of(answer(SESSION | {"session_endpoints": {"commit": url}}, status))
    assert session is not None
    assert session.endpoints["commit"] == resolved


@pytest.mark.parametrize("endpoints", [None, [], "x", {}, {"commit": None}, {"commit": 7}, {"commit": ""}])
def test_endpoints_that_name_nothing_leave_the_documented_ones(endpoints: Any) -> None:
    session = api().session_of(answer(SESSION | {"session_endpoints": endpoints}))
    assert session is not None
    assert session.endpoints["commit"].endswith("/commit")


@pytest.mark.parametrize(
    "body",
    [
        *(None, [], "x", 7, {}, b"", b"<html>", b"{", [SESSION]),
        *(SESSION | {"id": value} for value in (None, "", 7, ["x"])),
        *(SESSION | {"part_size": value} for value in (None, 0, -1, "8388608", 8.5, True, ["8"])),
    ],
    ids=repr,
)
def test_an_answer_that_shows_no_session_gives_none(body: Any) -> None:
    assert api().session_of(answer(body)) is None


@pytest.mark.parametrize("status", [202, 204, 302, 400, 409, 500])
def test_another_status_shows_no_session(status: int) -> None:
    assert api().session_of(answer(SESSION, status)) is None
    assert api().session_of(None) is None


def test_an_id_cannot_lead_elsewhere() -> None:
    session = api().session_of(answer(SESSION | {"id": "../../folders/0?x#y"}))
    assert session is not None
    assert session.endpoints["commit"] == f"{BASE}/files/upload_sessions/..%2F..%2Ffolders%2F0%3Fx%23y/commit"


@given(JSON)
def test_any_answer_is_read_without_error(body: Any) -> None:
    shown = answer(body)
    assert api().session_of(shown) is None or isinstance(body["id"], str)
    part = part_of(shown, offset=0, content=b"x")
    assert part is None or isinstance(part.part_id, str)
    assert id_of(shown) is None or isinstance(id_of(shown), str)
    created_file(shown)


@pytest.mark.parametrize(
    ("url", "error"),
    [("https://evil.test/x", OriginRefused), ("http://[", OriginRefused), ("https://target.test:port/", Unsendable)],
)
def test_an_endpoint_the_token_may_not_go_to_is_not_asked(url: str, error: type[Exception]) -> None:
    bench = on_handler(always(200))
    session = bench.api.session_of(answer(SESSION | {"session_endpoints": {"abort": url}}))
    assert session is not None
    with pytest.raises(error):
        bench.api.abort(session)
    assert bench.sent == []


# Parts


@pytest.mark.parametrize(
    "body", [{"part": {"part_id": "6F2D3486", "size": 99}}, {"part_id": "6F2D3486", "sha1": "of another"}]
)
def test_a_part_has_the_range_and_digest_that_were_sent(body: Any) -> None:
    part = part_of(answer(body, 200), offset=16, content=b"abc")
    assert part is not None
    assert (part.part_id, part.offset, part.size) == ("6F2D3486", 16, 3)
    assert part.sha1 == hashlib.sha1(b"abc").hexdigest()


@pytest.mark.parametrize("body", [None, [], {}, {"part": None}, {"part": {}}, {"part": {"part_id": 7}}, b"{"])
def test_an_answer_that_shows_no_part_gives_none(body: Any) -> None:
    assert part_of(answer(body, 200), offset=0, content=b"abc") is None
    assert part_of(answer({"part": {"part_id": "A"}}, 409), offset=0, content=b"abc") is None
    assert part_of(None, offset=0, content=b"") is None


def test_a_part_is_sent_with_its_range_and_digest() -> None:
    bench = on_handler(always(200))
    session = bench.api.session_of(answer(SESSION))
    assert session is not None
    bench.api.upload_part(session, b"abc", offset=16, total=19)
    bench.api.upload_part(session, b"abc", offset=16, total=19, digest="sha=wrong")
    first, second = (dict(exchange.record["request_headers"]) for exchange in bench.exchanges)
    assert first["content-range"] == "bytes 16-18/19"
    assert first["digest"] == "sha=qZk+NkcGgWq6PiVxeFDCbJzQ2J0="
    assert second["digest"] == "sha=wrong"
    assert bench.wire.purse.cost.upload_requests == 2


# Files and folders


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"id": "7"}, ("7", None, None, None, None, None, None)),
        ({"id": 7, "etag": 1, "size": 3}, ("7", "1", None, 3, None, None, None)),
        (
            {
                "id": "7",
                "etag": "1",
                "sha1": "a",
                "size": 0,
                "name": "n",
                "parent": {"id": 0},
                "file_version": {"id": "9"},
            },
            ("7", "1", "a", 0, "n", "0", "9"),
        ),
        ({"id": "7", "etag": True, "size": "3", "parent": None, "file_version": []}, ("7", *[None] * 6)),
        ({"id": "7", "etag": None, "size": True, "name": ["n"]}, ("7", *[None] * 6)),
    ],
)
def test_a_file_is_read_as_far_as_it_shows_itself(body: Any, expected: tuple[Any, ...]) -> None:
    state = file_state(body)
    assert state is not None
    seen = (state.file_id, state.etag, state.sha1, state.size, state.name, state.parent_id, state.version_id)
    assert seen == expected


@pytest.mark.parametrize("body", [None, [], "x", {}, {"entries": []}, {"entries": [None]}, {"entries": [{}]}])
def test_what_shows_no_file_gives_none(body: Any) -> None:
    assert created_file(answer(body)) is None


@pytest.mark.parametrize("body", [{"id": "7"}, {"entries": [{"id": "7"}]}, {"entries": [{"id": 7}, {"id": "8"}]}])
def test_a_created_file_is_read_from_its_list_or_bare(body: Any) -> None:
    state = created_file(answer(body))
    assert state is not None
    assert state.file_id == "7"


@pytest.mark.parametrize(
    ("body", "expected"), [({"id": "7"}, "7"), ({"id": 7}, "7"), ({"id": True}, None), ({"id": None}, None), ([], None)]
)
def test_an_id_is_a_text(body: Any, expected: str | None) -> None:
    assert id_of(answer(body)) == expected


def test_a_folder_is_listed_page_by_page() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        offset = int(request.url.params["offset"])
        entries = [{"id": str(number)} for number in range(offset, min(offset + 2, 5))]
        return httpx.Response(200, json={"total_count": 5, "entries": [*entries, None]})

    bench = on_handler(handle)
    items = bench.api.folder_items("0")
    assert isinstance(items, list)
    assert [item["id"] for item in items] == ["0", "1", "2", "3", "4"]
    assert len(bench.exchanges) == 3


@pytest.mark.parametrize("body", [{}, [], {"entries": {}}, b"<html>", {"entries": None, "total_count": 0}])
def test_a_folder_that_cannot_be_listed_gives_the_exchange(body: Any) -> None:
    items = on_handler(always(200, body)).api.folder_items("0")
    assert not isinstance(items, list)
    assert items.status == 200


@pytest.mark.parametrize("total", [10**9, None, "5"])
def test_a_folder_that_claims_more_than_it_has_ends(total: Any) -> None:
    bench = on_handler(always(200, {"total_count": total, "entries": []}))
    assert bench.api.folder_items("0") == []
    assert len(bench.exchanges) == 1


def test_a_folder_without_end_is_given_up() -> None:
    bench = on_handler(always(200, {"total_count": 10**9, "entries": [{"id": "1"}]}))
    items = bench.api.folder_items("0")
    assert isinstance(items, list)
    assert len(bench.exchanges) == 100


def test_a_download_is_followed_once_and_without_the_token() -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.host == "target.test":
            assert request.headers["authorization"] == f"Bearer {TOKEN}"
            return httpx.Response(302, headers={"location": "https://downloads.test/7?sig=1"})
        assert "authorization" not in request.headers
        return httpx.Response(302, headers={"location": "https://more.test/"}, content=b"bytes")

    exchange = on_handler(handle).api.get_content("7", limit=100)
    assert exchange.url == "https://downloads.test/7?sig=1"
    assert exchange.status == 302


def test_a_download_that_leads_nowhere_is_not_followed() -> None:
    with pytest.raises(WireError):
        on_handler(always(302, location="https://target.test:port/")).api.get_content("7", limit=100)


def test_the_calls_agree_with_the_reference_service() -> None:
    bench = on_reference()
    api = bench.api
    folder = api.create_folder(name="run", parent_id="0")
    folder_id = id_of(folder.answer)
    assert folder_id
    session = api.session_of(api.create_session(name="a", size=5, folder_id=folder_id).answer)
    assert session is not None
    assert session.part_size == PART_SIZE
    part = part_of(api.upload_part(session, b"12345", offset=0, total=5).answer, offset=0, content=b"12345")
    assert part is not None
    listed = api.list_parts(session).answer
    assert listed is not None
    assert [entry["part_id"] for entry in listed.json["entries"]] == [part.part_id]
    assert api.status(session).status == 200
    assert api.abort(session).status == 204
    assert api.get_folder(folder_id).status == 200
    assert id_of(api.whoami().answer) == "1"
    assert api.delete_folder(folder_id).status == 204


def test_a_capability_is_known_once_it_was_learned() -> None:
    known = Capabilities()
    assert "status" not in known
    assert known.get("status") is None
    assert known.learn("status", True, "200")
    assert not known.learn("abort", False, "405")
    assert "status" in known
    assert "abort" not in known
    assert known.as_json() == [
        {"name": "status", "available": True, "detail": "200"},
        {"name": "abort", "available": False, "detail": "405"},
    ]


# Ids and lost answers


@pytest.mark.parametrize("value", ["..", ".", "", "a\nb", "\ud800", "\x00", "x" * 3000, None, 7, True, ["a"]])
def test_an_id_that_no_path_can_hold_is_none(value: Any) -> None:
    assert not is_usable(value)
    body = json.dumps({"id": value, "part_size": 16}).encode()
    shown = on_handler(always(201)).api.session_of(Answer(status=201, body=body))
    assert shown is None


@pytest.mark.parametrize("value", ["1", "../../etc/passwd", "a b", "é", "{}", "%2e%2e", "x" * 2048])
def test_an_id_may_be_any_other_text(value: str) -> None:
    assert is_usable(value)


@pytest.mark.parametrize(("status", "lost", "gone"), [(204, 0, True), (404, 0, False), (404, 1, True), (409, 1, False)])
def test_what_was_to_be_deleted_is_gone_when_an_earlier_try_may_have_done_it(
    status: int, lost: int, gone: bool
) -> None:
    exchange = on_handler(always(status)).api.delete_file("7")
    assert is_gone(replace(exchange, lost=lost)) is gone


def test_a_part_is_found_among_those_that_a_session_lists() -> None:
    target = on_reference()
    upload = target.bank.open()
    offset, piece = upload.piece(2)
    found = target.api.find_part(upload.handle, offset=offset, content=piece)
    assert found == upload.session.parts[2]
    assert target.api.find_part(upload.handle, offset=offset, content=piece[::-1]) is None
    assert target.api.find_part(upload.handle, offset=offset + 1, content=piece) is None
